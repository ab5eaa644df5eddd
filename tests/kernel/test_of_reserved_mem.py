"""Reserved-memory nodes with several ranges: 6.1 reserves all of them, 7.2 only the first."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, MIB
from planner.kernel.machine import Facts, FurtherRange, Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.kernel.of_reserved_mem import as_reserved
from planner.kernel.profiles import select_profile

NOMAP, HOTPLUG = Flag.NOMAP.value, Flag.HOTPLUG.value
FIRST, SECOND = Reserved(GIB, GIB + MIB, "buffer"), Reserved(GIB + 4 * MIB, GIB + 8 * MIB, "buffer")
LISTED = MemoryMap(
    (
        Region(GIB, GIB + 64 * MIB, 0, 0),
        Region(GIB + 64 * MIB, GIB + 72 * MIB, NOMAP | HOTPLUG, 0),
        Region(GIB + 72 * MIB, 2 * GIB, HOTPLUG, 0),
    ),
    (FIRST, SECOND),
)
"""A node with two ranges, and 8 MiB of NOMAP: half of it by one node, half as another node's second range."""
FURTHER = (
    FurtherRange(SECOND.start, SECOND.end, "buffer"),
    FurtherRange(GIB + 68 * MIB, GIB + 72 * MIB, "firmware", nomap=True),
)


def machine(*further: FurtherRange) -> Machine:
    return Machine("board.dtb", "dtb", LISTED, Facts(further_ranges=further))


@pytest.mark.parametrize("version", ["5.10", "6.1", "6.12"])
def test_older_kernels_reserve_all_ranges(version: str) -> None:
    """A note says that newer kernels do not."""
    found, notes = as_reserved(machine(*FURTHER), select_profile(version).profile)
    assert found.memory == LISTED
    assert notes == [
        "reserved-memory buffer, firmware: all ranges of the node are reserved, as in 6.1; 7.2 reserves only the first"
    ]


@pytest.mark.parametrize("version", ["7.2", "7.3"])
def test_newer_kernels_reserve_the_first(version: str) -> None:
    """The others are free memory; a range split off as NOMAP is merged with its neighbour."""
    found, notes = as_reserved(machine(*FURTHER), select_profile(version).profile)
    assert found.memory.reserved == (FIRST,)
    assert found.memory.regions == (
        Region(GIB, GIB + 64 * MIB, 0, 0),
        Region(GIB + 64 * MIB, GIB + 68 * MIB, NOMAP | HOTPLUG, 0),
        Region(GIB + 68 * MIB, 2 * GIB, HOTPLUG, 0),
    )
    assert "reserves only the first range" in notes[0]


def test_without_such_nodes_there_is_nothing_to_say() -> None:
    own = machine()
    assert as_reserved(own, select_profile("7.2").profile) == (own, [])


def test_of_many_nodes_three_are_named() -> None:
    further = [FurtherRange(SECOND.start, SECOND.end, f"node{n}") for n in range(5)]
    _, notes = as_reserved(machine(*further), select_profile("6.1").profile)
    assert notes[0].startswith("reserved-memory node0, node1, node2 and 2 more: ")
