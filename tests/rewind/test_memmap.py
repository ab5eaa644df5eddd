"""Page descriptors: 64 bytes for each page, of whole sections, in a buffer that is used up with 4K pages alone."""

from __future__ import annotations

import pytest

from planner.base.ranges import Span
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.profiles import select_profile
from planner.rewind.memmap import late_memmaps, lowest_memmap, memmap, place_memmap
from planner.rewind.state import Allocation, State


@pytest.mark.parametrize(
    ("version", "page_size", "ram", "size", "count", "align", "buffer"),
    [
        pytest.param("6.1", 4 * KIB, 8 * GIB, 128 * MIB, 1, 2 * MIB, 0, id="4K pages: all of the buffer"),
        pytest.param("5.10", 4 * KIB, 8 * GIB, 128 * MIB, 1, 16 * MIB, 0, id="sections of 1G: aligned to theirs"),
        pytest.param(
            "6.12", 16 * KIB, 2 * GIB, 8 * MIB, 1, 32 * MIB, 512 * MIB, id="16K pages: 32M a section, 512K used"
        ),
        pytest.param("6.12", 64 * KIB, 8 * GIB, 8 * MIB, 1, 512 * MIB, 8 * GIB, id="64K pages: 512M a section"),
        pytest.param("7.1", 4 * KIB, 8 * GIB, 128 * MIB, 1, 2 * MIB, 0, id="7.1: all of the buffer"),
        pytest.param("7.1", 16 * KIB, 2 * GIB, 8 * MIB, 1, 32 * MIB, 512 * MIB, id="7.1, 16K: 512K a section used"),
        pytest.param("7.2", 4 * KIB, 8 * GIB, 2 * MIB, 64, 2 * MIB, 0, id="from 7.2: section by section"),
        pytest.param("7.2", 64 * KIB, 8 * GIB, 64 * KIB, 129, 64 * KIB, 0, id="from 7.2, 64K: one table for 512G"),
        pytest.param(
            "7.2", 16 * KIB, 8 * GIB, 16 * KIB, 2050, 16 * KIB, 0, id="from 7.2, 16K: page by page, and their tables"
        ),
    ],
)
def test_what_page_descriptors_take(
    version: str, page_size: int, ram: int, size: int, count: int, align: int, buffer: int
) -> None:
    (item,) = memmap(select_profile(version).profile, page_size, [(GIB, GIB + ram)], [])
    assert (item.size, item.times, item.align, item.buffer) == (size, count, align, buffer)


@pytest.mark.parametrize(
    ("version", "page_size", "nodes", "ways"),
    [
        pytest.param("7.1", 4 * KIB, [], [[(128 * MIB, 1, 0)]], id="7.1: a buffer that is used up"),
        pytest.param(
            "7.1",
            16 * KIB,
            [],
            [[(32 * MIB, 1, 2 * GIB)], [(16 * KIB, 2050, 0)]],
            id="7.1, 16K: the bottom of a buffer, or pages where no hole holds it",
        ),
        pytest.param(
            "7.1",
            16 * KIB,
            [(GIB, 3 * GIB), (3 * GIB, 9 * GIB)],
            [[(8 * MIB, 1, 512 * MIB), (24 * MIB, 1, 1536 * MIB)], [(16 * KIB, 513, 0), (16 * KIB, 1537, 0)]],
            id="7.1, 16K: for each node",
        ),
        pytest.param("7.1", 64 * KIB, [], [[(64 * KIB, 129, 0)]], id="7.1, 64K: as large as RAM, which has the image"),
        pytest.param("7.2", 4 * KIB, [], [[(2 * MIB, 64, 0)]], id="7.2: section by section"),
        pytest.param("7.2", 16 * KIB, [], [[(16 * KIB, 2050, 0)]], id="7.2, 16K: page by page"),
    ],
)
def test_the_ways_in_which_page_descriptors_may_come_after_the_crash_kernel(
    version: str, page_size: int, nodes: list[Span], ways: list[list[tuple[int, int, int]]]
) -> None:
    """Of 8G: the size of each, how many there are, and the buffer that was taken; all of them must be found."""
    found = late_memmaps(select_profile(version).profile, page_size, [(GIB, 9 * GIB)], nodes)
    assert [[(item.size, item.times, item.buffer) for item in items] for items in found] == ways
    assert all(item.needed for items in found for item in items)


def test_each_node_has_its_own_page_descriptors() -> None:
    nodes = [(GIB, 3 * GIB), (3 * GIB, 9 * GIB)]
    items = memmap(select_profile("6.1").profile, 4 * KIB, [(GIB, 9 * GIB)], nodes)
    assert [(item.size, item.start, item.end) for item in items] == [(32 * MIB, *nodes[0]), (96 * MIB, *nodes[1])]


@pytest.mark.parametrize(
    ("ram", "expected"),
    [
        pytest.param(
            2 * GIB, [(GIB + 1504 * MIB, GIB + 1512 * MIB)], id="the bottom of the buffer, in the middle of memory"
        ),
        pytest.param(
            256 * MIB, [(GIB + 254 * MIB - 16 * KIB, GIB + 255 * MIB)], id="pages and a table where no hole holds it"
        ),
    ],
)
def test_page_descriptors_lie_at_the_bottom_of_a_buffer_or_as_pages_and_a_table(ram: int, expected: list[Span]) -> None:
    """They are those of 16K pages, beneath a megabyte that is taken; 256M are two sections of 512K."""
    state = State(((GIB, GIB + ram),), ((GIB + 60 * MIB, GIB + 200 * MIB), (GIB + ram - MIB, GIB + ram)))
    if ram > 512 * MIB:
        state = State(state.memory, state.reserved[1:])
    items = memmap(select_profile("6.12").profile, 16 * KIB, state.memory, [])
    assert place_memmap(state, items, 16 * KIB) == expected


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        pytest.param([(20, 42)], 34, id="the-topmost-places"),
        pytest.param([(20, 30), (31, 35), (36, 41)], 28, id="only-whole-places-count"),
        pytest.param([(36, 42)], 0, id="there-are-not-so-many"),
        pytest.param([(20, 39)], 0, id="a-higher-one-is-free"),
    ],
)
def test_the_lowest_of_page_descriptors_that_fill_the_top_of_memory(blocks: list[Span], expected: int) -> None:
    """Four page descriptors of 2M each, in 42M."""
    state = State(((0, 42 * MIB),), tuple((a * MIB, b * MIB) for a, b in blocks))
    assert lowest_memmap(state, Allocation("memmap", 2 * MIB, 2 * MIB, times=4)) == expected * MIB
