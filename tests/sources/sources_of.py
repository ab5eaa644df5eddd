"""Sources of one machine for tests: its RAM, what a listing shows, and facts."""

from __future__ import annotations

from typing import Any

from planner.base.sizes import GIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved

RAM = MemoryMap((Region(GIB, 9 * GIB),))
NOTHING = MemoryMap(())
TAKEN = Reserved(2 * GIB, 2 * GIB + MIB, "reserved")
LISTED = MemoryMap(RAM.regions, (TAKEN,))
"""As a whole /proc/iomem shows it."""


def source(name: str, kind: str, memory: MemoryMap = NOTHING, *, settled: bool = False, **facts: Any) -> Machine:
    """One source with these facts."""
    return Machine(name, kind, memory, Facts(**facts), settled=settled)
