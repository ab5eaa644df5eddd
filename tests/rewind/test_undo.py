"""Undoing allocations: what memblock did, taken back, is among the states that are found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.ranges import union
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import MemoryMap, Region
from planner.rewind.state import Allocation, State
from planner.rewind.undo import Budget, Removal, Rooms, have_room, places, undo
from tests.memblocks import alloc

PAGE = 4 * KIB


def state_of(memblock: Memblock) -> State:
    """memblock as a listing of it shows it."""
    return State(tuple((r.start, r.end) for r in memblock.memory), tuple(memblock.reserved))


@given(
    taken=st.lists(st.tuples(st.integers(0, 500), st.integers(1, 60)), max_size=4),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4),
)
def test_the_state_before_is_found(taken: list[tuple[int, int]], sizes: list[int]) -> None:
    """The state before the allocations is one of those found, whatever was reserved and allocated from the top."""
    memory = MemoryMap((Region(GIB, GIB + 512 * MIB),))
    before = Memblock.of(memory)
    for start, size in taken:
        before.reserve(GIB + start * MIB, min(size, 512 - start) * MIB)
    after = before.copy()
    items = []
    for size in sizes:
        found = alloc(after, size * MIB, PAGE)
        if found is not None:
            items.append(
                Allocation("some", size * MIB, PAGE, at=found if _fills_a_hole(after, found, size * MIB) else None)
            )
    # An allocation that fills a hole to its last byte leaves no edge: where it lies must be known then.
    states = [union(u.state.reserved) for u in undo(state_of(after), items, Budget(20_000))]
    assert before.reserved in states


def _fills_a_hole(memblock: Memblock, start: int, size: int) -> bool:
    clear = memblock.copy()
    clear.free(start, size)
    return (start, start + size) in clear.gaps()


def test_a_place_below_a_hole_that_would_have_held_it_is_none() -> None:
    """memblock would have taken the hole above."""
    state = State(((0, 100 * MIB),), ((10 * MIB, 20 * MIB), (60 * MIB, 100 * MIB)))
    assert places(state, Allocation("table", 8 * MIB, PAGE)) == [60 * MIB]
    assert places(state, Allocation("table", 45 * MIB, PAGE)) == []


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(Allocation("table", 10 * MIB, PAGE), [65], id="it would reach up into the hole"),
        pytest.param(Allocation("table", 10 * MIB, PAGE, at=50 * MIB), [50], id="its place is known"),
        pytest.param(Allocation("table", 10 * MIB, PAGE, 50 * MIB, 60 * MIB), [50], id="it was searched for beneath"),
        pytest.param(Allocation("table", 10 * MIB, PAGE, 51 * MIB, 60 * MIB), [], id="the window has no room for it"),
        pytest.param(Allocation("table", 8 * MIB, PAGE, 30 * MIB, 60 * MIB), [50], id="in an empty window"),
    ],
)
def test_a_place_right_beneath_a_hole(item: Allocation, expected: list[int]) -> None:
    """The hole alone does not hold it, but with the place itself it does: the highest place of both counts."""
    state = State(((0, 100 * MIB),), ((30 * MIB, 38 * MIB), (50 * MIB, 60 * MIB), (65 * MIB, 100 * MIB)))
    assert places(state, item) == [at * MIB for at in expected]


def test_a_hole_of_what_was_free_again_holds_nothing() -> None:
    """Two pages beside the per-CPU areas were taken while these were, even if both would fit there."""
    state = State(((0, 100 * MIB),), ((60 * MIB, 90 * MIB), (90 * MIB + 2 * PAGE, 100 * MIB)))
    assert places(state, Allocation("areas", 2 * PAGE, PAGE, temporary=2 * PAGE)) == [60 * MIB, 90 * MIB + 2 * PAGE]
    assert places(state, Allocation("areas", 2 * PAGE, PAGE)) == [90 * MIB + 2 * PAGE]


@pytest.mark.parametrize(
    ("pages", "first"),
    [
        pytest.param(1, 60 * MIB, id="a block of one page may hold small things alone"),
        pytest.param(2, 90 * MIB, id="a larger block of this size holds nothing else"),
    ],
)
def test_which_place_is_likely(pages: int, first: int) -> None:
    middle = (90 * MIB, 90 * MIB + pages * PAGE)
    state = State(((0, 100 * MIB),), ((60 * MIB, 90 * MIB), middle, (middle[1], 100 * MIB)))
    likeliest = next(undo(state, [Allocation("slots", pages * PAGE, PAGE)], Budget(100)))
    assert likeliest.freed == (((first, first + pages * PAGE), "slots"),)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(Allocation("t", 4 * MIB, PAGE, at=62 * MIB), [62 * MIB], id="a known address needs no search"),
        pytest.param(Allocation("t", 4 * MIB, PAGE, at=18 * MIB), [], id="a known address that is free is none"),
        pytest.param(
            Allocation("t", 4 * MIB, PAGE, 0, 22 * MIB), [10 * MIB], id="a window that leaves too little of a hole"
        ),
        pytest.param(Allocation("t", 4 * MIB, 64 * MIB), [64 * MIB], id="an alignment inside the block"),
    ],
)
def test_an_allocation_may_lie_where_its_address_window_and_alignment_allow(
    item: Allocation, expected: list[int]
) -> None:
    state = State(((0, 100 * MIB),), ((10 * MIB, 20 * MIB), (60 * MIB, 100 * MIB)))
    assert places(state, item) == expected


def test_what_is_known_to_be_older_stays() -> None:
    """A kept range is never taken back."""
    state = State(((0, 100 * MIB),), ((60 * MIB, 100 * MIB),), kept=((60 * MIB, 62 * MIB),))
    assert places(state, Allocation("table", 8 * MIB, PAGE)) == []


def test_many_of_one_size_are_taken_back_together() -> None:
    """They are taken from the lowest up, across blocks."""
    state = State(((0, 100 * MIB),), ((50 * MIB, 60 * MIB), (61 * MIB, 71 * MIB), (72 * MIB, 100 * MIB)))
    found = next(undo(state, [Allocation("memmap", 2 * MIB, 2 * MIB, times=6)], Budget(100)))
    assert [span for span, _ in found.freed] == [(50 * MIB, 60 * MIB), (62 * MIB, 64 * MIB)]


def test_a_budget_of_nothing_finds_nothing() -> None:
    state = State(((0, 100 * MIB),), ((60 * MIB, 100 * MIB),))
    assert list(undo(state, [Allocation("t", MIB)], Budget(0))) == []


STATE = State(((0, 200 * MIB),), ((0, 30 * MIB), (40 * MIB, 60 * MIB), (100 * MIB, 140 * MIB), (150 * MIB, 160 * MIB)))
"""Gaps from the top: 40M, 10M, 40M, 10M."""


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(Allocation("a", 9 * MIB), False, id="the gap at the top would have held it"),
        pytest.param(Allocation("a", 41 * MIB), False, id="no block is as large"),
        pytest.param(
            Allocation("a", 9 * MIB, end=150 * MIB), False, id="the gap at the end of its window would have, too"
        ),
        pytest.param(Allocation("a", 11 * MIB, end=150 * MIB), True, id="a block beneath gaps that would not"),
        pytest.param(Allocation("a", 9 * MIB, needed=False), True, id="one that need not be there"),
    ],
)
def test_where_an_allocation_may_lie_at_all(item: Allocation, expected: bool) -> None:
    assert Rooms(STATE).may_hold(item) is expected


def test_no_allocation_lies_where_the_crash_kernel_does() -> None:
    item = Allocation("a", 35 * MIB, end=150 * MIB)
    assert Rooms(STATE).may_hold(item)
    assert not Rooms(STATE, ((100 * MIB, 140 * MIB),)).may_hold(item)


@pytest.mark.parametrize(
    ("taken", "item", "expected"),
    [
        pytest.param(
            (120, 122), Allocation("a", 12 * MIB, end=150 * MIB), True, id="a small gap: the block beneath holds it"
        ),
        pytest.param((100, 140), Allocation("a", 8 * MIB, end=150 * MIB), False, id="a gap that would have held it"),
        pytest.param(
            (140, 150), Allocation("many", 2 * MIB, 2 * MIB, end=150 * MIB, times=9), False, id="of many, one"
        ),
        pytest.param(
            (41, 42), Allocation("many", 4 * MIB, 4 * MIB, end=150 * MIB, times=9), True, id="no room for one"
        ),
    ],
)
def test_an_earlier_allocation_needs_room_above_what_is_free(
    taken: tuple[int, int], item: Allocation, expected: bool
) -> None:
    """Once the range of the allocation taken back is free, so is the highest place for the earlier one."""
    span = (taken[0] * MIB, taken[1] * MIB)
    assert have_room(Removal(STATE.without([span]), (span,)), [item]) is expected
