"""Undoing allocations: the states of memblock from which given allocations lead to the state that is listed.

memblock takes the topmost place that fits. So the allocation that came last lies at the bottom of a reserved block, and
no free gap above it would have held it: few places qualify, mostly one. Taking allocations back one after the other,
the last one first, leads to the state before all of them, or shows that they are not what the boot allocated.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from planner.base.ranges import Span, union
from planner.base.sizes import U64, round_up
from planner.rewind.state import Allocation, State

__all__ = ["Budget", "Known", "Removal", "Rooms", "Undone", "have_room", "places", "undo"]

_COST_OF_PLACES = 3
"""Tries of a budget that it costs to find the places of an allocation, beside the one that looking costs anyway."""


class Removal(NamedTuple):
    """One allocation taken back. before: the state before it; spans: where it lies."""

    before: State
    spans: tuple[Span, ...]


Known: TypeAlias = dict[tuple[tuple[Span, ...], Allocation], list[Removal]]
"""Every way to take back an allocation, by what is reserved and the allocation."""


@dataclass(slots=True)
class Budget:
    """The tries that a search has left: a listing that nothing explains must not take for ever.

    left: their number; a try looks for the places of one allocation. skips: an allocation that need not be found
    (`Allocation.needed`) may be left out although there is a place for it. places: how many places of such an
    allocation are tried, the likeliest first (None: all). known: what was looked for before, which several searches of
    one listing share: their states have the same memory, and the same of it kept.
    """

    left: int
    skips: bool = True
    places: int | None = None
    known: Known = field(default_factory=dict)

    def removals(self, state: State, item: Allocation) -> list[Removal]:
        """The ways to take back the last allocation, likely ones first; none once no tries are left."""
        self.left -= 1
        if self.left < 0:
            return []
        key = (state.reserved, item)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = list(_removals(state, item))
            self.left -= _COST_OF_PLACES if found else 0
        return found


class Undone(NamedTuple):
    """The state before some allocations.

    freed: what was taken back, each range with its name, the first allocation first. skipped: how many allocations were
    not found.
    """

    state: State
    freed: tuple[tuple[Span, str], ...] = ()
    skipped: int = 0


def undo(
    state: State, items: Sequence[Allocation], budget: Budget, accepts: Callable[[int, Removal], bool] | None = None
) -> Iterator[Undone]:
    """The states from which exactly these allocations, in this order, lead to `state`; likely ones first.

    accepts: called for each allocation that is taken back, with the number of those before it; False ends this way.
    """
    if not items:
        yield Undone(state)
        return
    *others, item = items
    removals = budget.removals(state, item)
    if budget.left < 0:
        return
    for removal in removals if item.needed else removals[: budget.places]:
        before, taken = removal
        if accepts is not None and not accepts(len(others), removal):
            continue
        if not others:
            yield Undone(before, tuple((span, item.name) for span in taken))
        else:
            for first in undo(before, others, budget, accepts):
                yield Undone(first.state, (*first.freed, *((span, item.name) for span in taken)), first.skipped)
    if not item.needed and (budget.skips or not removals):
        for first in undo(state, others, budget, accepts):
            yield Undone(first.state, first.freed, first.skipped + 1)


def _removals(state: State, item: Allocation) -> Iterator[Removal]:
    """The ways to take back the last allocation, likely ones first."""
    if item.spans:
        yield Removal(state.without(item.spans), item.spans)
    elif item.times > 1:
        spans = _undo_many(state, item)
        if spans:
            yield Removal(state.without(spans), tuple(spans))
    else:
        for at in _likeliest_first(state, item):
            yield Removal(state.freed(at, at + item.size), ((at, at + item.size),))


def _undo_many(state: State, item: Allocation) -> list[Span]:
    """The ranges of many allocations of one size, from the lowest one up; none if they are not all there."""
    spans: list[Span] = []
    left = item.times
    for bottom, high, above in _candidates(state, item):
        low = bottom
        while left and (start := _place_in(state, low, high, above, item)) is not None:
            # If the first of several side by side has the highest place, all but the last have it, too.
            run = max(min(left, (_end_of(state, start) - start - 1) // item.size), 1)
            low = start + run * item.size
            spans.append((start, low))
            left -= run
    return [] if left else union(spans)


# -- places of one allocation ---------------------------------------------------------------------------------


def _likeliest_first(state: State, item: Allocation) -> list[int]:
    """Places of the last allocation: first where a block holds little else, then the lowest.

    Several allocations of less than a page may share one.
    """
    found = places(state, item)
    if len(found) > 1 and item.size > item.align:
        most = item.size + item.size // 64
        found.sort(key=lambda at: _end_of(state, at) - at > most)
    return found


def places(state: State, item: Allocation) -> list[int]:
    """Places of the last allocation, lowest first: allocations go downward from the top of the largest gaps."""
    size, blocks = item.size, state.reserved
    if item.at is not None:
        i = bisect_right(blocks, (item.at, U64)) - 1
        return [item.at] if i >= 0 and item.at + size <= blocks[i][1] else []
    found = [_place_in(state, low, high, above, item) for low, high, above in _candidates(state, item)]
    return [start for start in found if start is not None]


def _candidates(state: State, item: Allocation) -> list[tuple[int, int, Span | None]]:
    """Blocks that may hold the last allocation, lowest first, each with the gap above it: (start, end, gap).

    They are the blocks above the highest gap that would have held it.
    """
    found: list[tuple[int, int, Span | None]] = []
    blocks, size, needed = state.reserved, item.size, _least_gap(item)
    gaps = state.gaps_down(item.end)
    gap, above = next(gaps, None), None
    for low, high in reversed(blocks[: bisect_left(blocks, (item.end,))] if item.end else blocks):
        while gap is not None and gap[0] >= high:
            if gap[1] - gap[0] >= needed and _highest(gap, item) is not None:
                return found[::-1]
            gap, above = next(gaps, None), gap
        if low < item.start:
            break
        if high - low >= size:
            found.append((low, high, above))
    return found[::-1]


def _place_in(state: State, low: int, high: int, above: Span | None, item: Allocation) -> int | None:
    """The place of the last allocation at the bottom of the block [low, high); None if it cannot lie there.

    above: the lowest gap above the block.
    """
    start = low + item.align - 1 & -item.align
    end = start + item.size
    if end > high or (item.end and end > item.end):
        return None
    top = end
    if end == high and above is not None and above[0] == end and not _begins_region(state.memory, end):
        top = above[1]
    whole = item.temporary >= top - end and low == start and high == end
    # Where nothing above the range was free, it is the highest place.
    highest = top == end and not item.buffer and start >= item.start
    if not (whole or highest) and _highest((low, top), item) != start:
        return None
    return start if _inside(state.memory, start, end) and not _touches(state.kept, start, end) else None


def _least_gap(item: Allocation) -> int:
    """Bytes of the smallest gap that would have held an allocation, with what was free again beside it."""
    size = item.buffer or item.size
    return size if size > item.temporary else item.temporary + 1


def _highest(gap: Span, item: Allocation) -> int | None:
    """The highest address for an allocation in a free gap; None if the gap does not hold it."""
    low, high = max(gap[0], item.start), min(gap[1], item.end) if item.end else gap[1]
    start = high - (item.buffer or item.size) & -item.align
    return start if start >= low else None


def _end_of(state: State, start: int) -> int:
    """The end of the block that holds an address, or the start of what is kept of it."""
    end = state.reserved[bisect_right(state.reserved, (start, U64)) - 1][1]
    i = bisect_left(state.kept, (start, 0))
    return min(end, state.kept[i][0]) if i < len(state.kept) else end


def _touches(spans: Sequence[Span], start: int, end: int) -> bool:
    """True if [start, end) overlaps one of the sorted spans."""
    i = bisect_right(spans, (start, U64))
    return (i > 0 and spans[i - 1][1] > start) or (i < len(spans) and spans[i][0] < end)


def _inside(regions: Sequence[Span], start: int, end: int) -> bool:
    """True if [start, end) lies in one of the sorted regions."""
    i = bisect_right(regions, (start, U64)) - 1
    return i >= 0 and end <= regions[i][1]


def _begins_region(regions: Sequence[Span], at: int) -> bool:
    """True if one of the sorted regions begins at an address."""
    i = bisect_left(regions, (at, 0))
    return i < len(regions) and regions[i][0] == at


# -- allocations that cannot lie anywhere ---------------------------------------------------------------------


class Rooms:
    """The blocks of a listing with the largest gap above each: which allocations cannot lie in any of them.

    taken: blocks that hold no allocation.
    """

    def __init__(self, state: State, taken: Iterable[Span] = ()) -> None:
        self.state, self.taken = state, set(taken)
        self.by_end: dict[int, tuple[list[int], list[int]]] = {}

    def may_hold(self, item: Allocation) -> bool:
        """False for an allocation that lies nowhere, whatever is taken back before it.

        No block is as large, or only blocks beneath a gap that would have held it.
        """
        if not item.needed or item.times > 1 or item.spans:
            return True
        if item.end not in self.by_end:
            self.by_end[item.end] = _rooms(self.state, item.end, self.taken)
        gaps, sizes = self.by_end[item.end]
        above = bisect_left(gaps, _least_gap(item) + item.align)
        return above > 0 and sizes[above - 1] >= item.size


def _rooms(state: State, end: int, taken: Container[Span]) -> tuple[list[int], list[int]]:
    """Two sizes for each block, the highest one first: the largest above it, beneath an address (0: of all).

    That of the largest gap between the block and the address, and that of the largest block from there down to it.
    """
    largest_gaps, largest_blocks, most, widest = [], [], 0, 0
    gaps = state.gaps_down(end)
    gap = next(gaps, None)
    for low, high in reversed(state.reserved):
        while gap is not None and gap[0] >= high:
            most = max(most, min(gap[1], end or gap[1]) - gap[0])
            gap = next(gaps, None)
        if (low, high) not in taken:
            widest = max(widest, min(high, end or high) - low)
            largest_gaps.append(most)
            largest_blocks.append(widest)
    return largest_gaps, largest_blocks


def have_room(removal: Removal, items: Iterable[Allocation]) -> bool:
    """True if each allocation may have come before the one taken back: enough is reserved above what that leaves free.

    Only the gaps that this makes are looked at: other gaps were looked at when they were made.
    """
    state, spans = removal
    gaps = [state.gap_around(start) for start, _ in spans]
    return all(_has_room(state, item, gap) for gap in gaps for item in items)


def _has_room(state: State, item: Allocation, gap: Span) -> bool:
    """True if a gap does not hold an allocation, or enough is reserved above it."""
    if gap[1] - gap[0] < _least_gap(item) or _highest(gap, item) is None:
        return True
    left, blocks = item.times, state.reserved
    last = bisect_left(blocks, (item.end,)) if item.end else len(blocks)
    for low, high in blocks[bisect_left(blocks, gap) : last]:
        left -= max(high - round_up(low, item.align), 0) // item.size
        if left <= 0:
            return True
    return False
