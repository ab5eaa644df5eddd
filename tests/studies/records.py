"""Machines and what their sources record of a crash kernel, for the tests of `verify`."""

from __future__ import annotations

from typing import Any

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import BootRecord, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region
from planner.planning.options import Options

TOP = 4 * GIB
PLACED = Range(TOP - 512 * MIB, TOP)
MAINLINE = Options(strategy="mainline")


def machine(
    *, settled: bool = False, kind: str = "dmesg", regions: tuple[Region, ...] | None = None, **facts: Any
) -> Machine:
    """A machine of 8 GiB from 1 GiB on, with nothing reserved."""
    given = {"kernel": "6.1.0-18-arm64", "page_size": 4 * KIB, "va_bits": 48, "cmdline": "crashkernel=512M", **facts}
    memory = MemoryMap((Region(GIB, 9 * GIB),) if regions is None else regions)
    return Machine("log", kind, memory, Facts(**given), settled=settled)


def recorded(crash: Range | None = None, low: Range | None = None, **more: Any) -> BootRecord:
    """A record of a placement."""
    return BootRecord(crash, low, **more)


def moved(by: int, span: Range = PLACED) -> Range:
    """The same size at another address."""
    return Range(span.start + by, span.end + by)
