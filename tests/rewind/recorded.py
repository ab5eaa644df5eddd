"""Recorded machines as /proc/iomem lists them, and the ways back from a machine."""

from __future__ import annotations

from dataclasses import replace

from planner.base.sizes import GIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.rewind.histories import histories
from planner.rewind.history import History
from planner.rewind.view import PlannedBoot, view_of
from tests.rewind.test_readings import PAGE

__all__ = ["listed", "ways"]

ASKED = PlannedBoot(select_profile("6.1").profile, PAGE, 4 * GIB)


def ways(machine: Machine, kernel: str = "6.1") -> list[History]:
    """The ways back, where low memory ends at 4 GiB; the likeliest first."""
    return histories(view_of(machine, replace(ASKED, profile=select_profile(kernel).profile)))


def listed(
    end: int, named: list[tuple[int, int, str]], unnamed: list[tuple[int, int]], *, kernel: str, page_size: int
) -> Machine:
    """A recorded machine, whose RAM begins at 1 GiB."""
    reserved = [Reserved(*entry) for entry in (*named, *((*span, "reserved") for span in unnamed))]
    memory, facts = MemoryMap((Region(GIB, end),), reserved), Facts(kernel=kernel, page_size=page_size)
    return Machine("iomem.txt", "iomem", memory, facts, settled=False)
