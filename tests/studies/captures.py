"""Inputs of a capture kernel's need, for its tests."""

from __future__ import annotations

from planner.base.sizes import GIB, MIB
from planner.kernel.machine import Capture, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region
from planner.studies.need import Need
from planner.studies.need_inputs import Given

KERNEL = Given(kernel_size=37 * MIB, initrd_size=23 * MIB, initrd_unpacked=27 * MIB)


def machine(capture: Capture | None = None, ram: int = 2 * GIB, **facts: object) -> Machine:
    """A machine whose source gives these facts."""
    regions = (Region(GIB, GIB + ram),) if ram else ()
    return Machine("m", "iomem", MemoryMap(regions), Facts(capture=capture, **facts))  # type: ignore[arg-type]


def part(found: Need, name: str) -> tuple[int, str]:
    """Bytes and source of one component."""
    return next((c.bytes, c.source) for c in found.components if c.name == name)
