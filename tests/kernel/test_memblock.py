"""Examples of memblock: minimal arrays, searches from the top or the bottom, one candidate per gap.

The kernel's own answers to 700 searches and 177 histories are in `tests/oracle`, the laws in `tests/property`.
"""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from tests.memblocks import alloc

PAGE = 4 * KIB


def memblock(*regions: Region, reserved: tuple[tuple[int, int], ...] = (), movable_node: bool = False) -> Memblock:
    """The state with these regions and reserved ranges."""
    return Memblock.of(MemoryMap(regions, [Reserved(a, b) for a, b in reserved]), movable_node=movable_node)


BANK = Region(GIB, 2 * GIB)
TAKEN = ((GIB + 256 * MIB, GIB + 512 * MIB), (GIB + 768 * MIB, 2 * GIB))
"""free 256M, reserved 256M, free 256M, reserved 256M."""


@pytest.mark.parametrize(
    ("size", "align", "start", "end", "top_down", "bottom_up"),
    [
        pytest.param(MIB, MIB, 0, 4 * GIB, GIB + 767 * MIB, GIB, id="the ends of the free gaps"),
        pytest.param(256 * MIB, MIB, 0, 4 * GIB, GIB + 512 * MIB, GIB, id="a gap that just holds it"),
        pytest.param(257 * MIB, MIB, 0, 4 * GIB, None, None, id="no gap holds it"),
        pytest.param(MIB, 512 * MIB, 0, 4 * GIB, GIB + 512 * MIB, GIB, id="aligned"),
        pytest.param(MIB, MIB, 0, GIB + 128 * MIB, GIB + 127 * MIB, GIB, id="only the part below the end counts"),
        pytest.param(MIB, MIB, GIB + 600 * MIB, 4 * GIB, GIB + 767 * MIB, GIB + 600 * MIB, id="above a start"),
        pytest.param(3 * MIB, 2 * MIB, 0, GIB + 5 * MIB, GIB + 2 * MIB, GIB, id="rounded down from the top"),
    ],
)
def test_find_returns_the_kernels_address(
    size: int, align: int, start: int, end: int, top_down: int | None, bottom_up: int | None
) -> None:
    state = memblock(BANK, reserved=TAKEN)
    assert state.find(size, align, start, end) == top_down
    assert state.find(size, align, start, end, bottom_up=True) == bottom_up


def test_page_zero_is_never_given() -> None:
    """memblock returns address 0 for a failure."""
    state = memblock(Region(0, GIB))
    assert state.find(PAGE, PAGE, 0, GIB, bottom_up=True) == PAGE
    assert state.find(GIB, PAGE, 0, GIB) is None


def test_a_gap_never_spans_two_regions_even_if_they_touch() -> None:
    """They may differ in node or flags."""
    state = memblock(Region(GIB, 2 * GIB, node=0), Region(2 * GIB, 3 * GIB, node=1))
    assert state.find(GIB + PAGE, PAGE, 0, 4 * GIB) is None
    assert state.find(GIB, PAGE, 0, 4 * GIB) == 2 * GIB


@pytest.mark.parametrize(
    ("flags", "movable_node", "found"),
    [
        pytest.param(Flag.NOMAP, False, GIB, id="NOMAP is skipped"),
        pytest.param(Flag.DRIVER_MANAGED, False, GIB, id="driver-managed is skipped"),
        pytest.param(Flag.HOTPLUG, False, 3 * GIB, id="hotplug memory is used"),
        pytest.param(Flag.HOTPLUG, True, GIB, id="unless movable_node is set"),
    ],
)
def test_which_regions_are_searched(flags: Flag, found: int, *, movable_node: bool) -> None:
    state = memblock(Region(GIB, 2 * GIB), Region(3 * GIB, 4 * GIB, flags), movable_node=movable_node)
    assert state.find(GIB, MIB, 0, 8 * GIB) == found


def test_mirrored_memory_comes_first() -> None:
    """Other memory is used if it does not fit there."""
    state = memblock(Region(GIB, 2 * GIB, Flag.MIRROR), Region(3 * GIB, 5 * GIB))
    assert alloc(state, 512 * MIB, MIB, 0, 8 * GIB) == GIB + 512 * MIB
    assert alloc(state, GIB, MIB, 0, 8 * GIB) == 4 * GIB


def test_neighbours_merge_only_with_the_same_node_and_flags() -> None:
    state = Memblock()
    state.add(GIB, GIB, node=0)
    state.add(2 * GIB, GIB, node=0)
    state.add(3 * GIB, GIB, node=1)
    assert [(r.start, r.end) for r in state.memory] == [(GIB, 3 * GIB), (3 * GIB, 4 * GIB)]
    state.mark(GIB, MIB, Flag.NOMAP)
    assert [(r.start, r.end, r.flags) for r in state.memory][:2] == [
        (GIB, GIB + MIB, Flag.NOMAP),
        (GIB + MIB, 3 * GIB, 0),
    ]


def test_memory_that_is_there_keeps_its_flags_when_more_is_added_over_it() -> None:
    """Only the parts that are not covered yet are added."""
    state = Memblock()
    state.add(GIB, MIB, Flag.HOTPLUG)
    state.add(0x100000, 2 * GIB)
    assert [r.flags for r in state.memory] == [0, Flag.HOTPLUG, 0]


def test_freeing_what_was_taken_restores_the_state() -> None:
    state = memblock(BANK, reserved=TAKEN)
    before = list(state.reserved)
    at = alloc(state, MIB, MIB, 0, 4 * GIB)
    assert at is not None
    assert state.is_region_reserved(at, MIB)
    state.free(at, MIB)
    assert state.reserved == before


def test_nomap_memory_counts_as_ram() -> None:
    """memblock_phys_mem_size() sums all regions."""
    assert memblock(BANK, Region(3 * GIB, 4 * GIB, Flag.NOMAP)).phys_mem_size == 2 * GIB


@pytest.mark.parametrize(
    ("start", "size", "is_memory", "is_reserved"),
    [
        pytest.param(GIB - MIB, MIB, False, False, id="up to the first byte"),
        pytest.param(GIB - MIB, MIB + 1, True, False, id="the first byte"),
        pytest.param(GIB + 256 * MIB - 1, 1, True, False, id="a free byte"),
        pytest.param(GIB, 256 * MIB + 1, True, True, id="up to the first reserved byte"),
        pytest.param(GIB + 512 * MIB - 1, MIB, True, True, id="from the last reserved byte on"),
        pytest.param(GIB + 512 * MIB, 256 * MIB, True, False, id="free memory between two"),
        pytest.param(2 * GIB - 1, MIB, True, True, id="the last byte"),
        pytest.param(2 * GIB, MIB, False, False, id="from the end on"),
        pytest.param(0, 1 << 64, True, True, id="a size beyond all addresses"),
        pytest.param(2 * GIB, 1 << 64, False, False, id="one from the end on"),
    ],
)
def test_one_byte_in_common_is_an_overlap(start: int, size: int, *, is_memory: bool, is_reserved: bool) -> None:
    state = memblock(BANK, reserved=TAKEN)
    assert state.overlaps(start, size) is is_memory
    assert state.is_region_reserved(start, size) is is_reserved
