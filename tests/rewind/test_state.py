"""memblock as a value: where an allocation goes, and the states after freeing and reserving."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.ranges import Span, subtract, union
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.rewind.state import State

PAGE = 4 * KIB

STATE = State(((0, 100 * MIB), (200 * MIB, 300 * MIB)), ((10 * MIB, 20 * MIB), (90 * MIB, 100 * MIB)))

STATE_GAPS = [(0, 10 * MIB), (20 * MIB, 90 * MIB), (200 * MIB, 300 * MIB)]

# Ranges of pages, which may overlap.
SPANS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 8)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=24
)


@given(st.one_of(st.integers(1, 80), st.integers(890, 910)), st.sampled_from([PAGE, MIB, 4 * MIB]))
def test_topmost_is_what_memblock_finds(size: int, align: int) -> None:
    """The address is that of memblock's own search: above the reservation, beneath it, or none."""
    memory = MemoryMap((Region(GIB, 2 * GIB),), (Reserved(GIB + 900 * MIB, GIB + 950 * MIB),))
    memblock = Memblock.of(memory)
    found = memblock.search(size * MIB, align, 0, 0)
    assert State(((GIB, 2 * GIB),), tuple(memblock.reserved)).topmost(size * MIB, align) == found


@pytest.mark.parametrize(
    ("end", "gaps"),
    [
        pytest.param(0, [(200, 300), (20, 90), (0, 10)], id="of all regions"),
        pytest.param(150 * MIB, [(20, 90), (0, 10)], id="of the regions that begin below an address"),
    ],
)
def test_gaps_come_from_the_top_down(end: int, gaps: list[Span]) -> None:
    assert [(low // MIB, high // MIB) for low, high in STATE.gaps_down(end)] == gaps


def test_without_an_address_gaps_are_those_of_all_regions() -> None:
    assert list(STATE.gaps_down()) == list(STATE.gaps_down(400 * MIB)) == [*reversed(STATE_GAPS)]


def test_the_gap_around_an_address_ends_at_a_region_or_a_reservation() -> None:
    assert STATE.gap_around(50 * MIB) == (20 * MIB, 90 * MIB)
    assert STATE.gap_around(250 * MIB) == (200 * MIB, 300 * MIB)


def test_single_pages_fill_gaps_from_the_top_of_a_window() -> None:
    assert STATE.topmost_pages(80 * MIB, PAGE, (0, 150 * MIB)) == [(20 * MIB, 90 * MIB), (0, 10 * MIB)]
    assert STATE.topmost_pages(1, PAGE) == [(300 * MIB - PAGE, 300 * MIB)]


@given(reserved=SPANS, gone=SPANS)
def test_what_is_freed_is_no_longer_reserved(reserved: list[Span], gone: list[Span]) -> None:
    """Few ranges are freed one by one, many in one pass: the same bytes remain."""
    state = State(((0, 50),), tuple(union(reserved)))
    remain = [piece for span in union(reserved) for piece in subtract(span, union(gone))]
    assert union(state.without(gone).reserved) == union(remain)


@given(reserved=SPANS, more=SPANS)
def test_what_is_reserved_may_have_been_reserved_before(reserved: list[Span], more: list[Span]) -> None:
    state = State(((0, 50),), tuple(union(reserved)))
    assert union(state.with_reserved(union(more)).reserved) == union([*reserved, *more])


def test_ranges_that_are_kept_are_told_from_the_others() -> None:
    state = STATE._replace(kept=((10 * MIB, 12 * MIB),))
    assert state.not_kept() == [(12 * MIB, 20 * MIB), (90 * MIB, 100 * MIB)]
