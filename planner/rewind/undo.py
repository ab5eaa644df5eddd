"""Undoing allocations: which states of memblock, followed by these allocations, end in the state that is listed.

memblock takes the topmost place that fits. So an allocation that came last lies at the bottom of a reserved block,
and no free gap above it would have held it: few places qualify, mostly one. Taking them back one after the other,
last one first, leads to the state before all of them, or shows that the account is wrong.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from planner.base.ranges import Span, difference, union
from planner.base.sizes import U64, round_down, round_up

__all__ = ["Budget", "Known", "Later", "Rooms", "State", "Step", "Undone", "have_room", "places", "undo"]

_MANY = 16
"""Ranges of which more are taken out of all blocks at once, instead of each for itself."""

_LOOKED_FOR = 3
"""Steps that it costs, besides one, to find the places of an allocation; where there are none, just the one."""


class Later(NamedTuple):
    """One allocation, from the topmost place that holds it.

    start, end: the window that was searched (end 0: to the top); at: the address, if it is known. needed: the search
    fails without it (small ones may hide in any hole). temporary: bytes right above that were free again soon after.
    times: how many of this size came one after the other. spans: all ranges of it, if these are known. buffer: bytes
    that were taken at once, of which all above the first `size` were free again before anything else came.
    """

    name: str
    size: int
    align: int = 64
    start: int = 0
    end: int = 0
    at: int | None = None
    needed: bool = True
    temporary: int = 0
    times: int = 1
    buffer: int = 0
    spans: tuple[Span, ...] = ()


class State(NamedTuple):
    """memblock as a later view shows it.

    memory: regions that a search may use, ascending. blocks: what is reserved, ascending and disjoint; blocks that
    touch are kept apart, as listed: with addresses rounded to pages, there was less than a page between them.
    kept: what is known to have been there before, ascending.
    """

    memory: tuple[Span, ...]
    blocks: tuple[Span, ...]
    kept: tuple[Span, ...] = ()

    def gaps_down(self, end: int = 0) -> Iterator[Span]:
        """Free gaps of the regions that begin below `end` (0: of all), descending: most questions end near the top."""
        regions, blocks = self.memory, self.blocks
        region = (bisect_left(regions, (end,)) if end else len(regions)) - 1
        block = len(blocks) - 1
        if 0 <= region < len(regions) - 1:
            block = bisect_left(blocks, (regions[region][1],)) - 1
        while region >= 0:
            low, top = regions[region]
            region -= 1
            while block >= 0 and blocks[block][0] >= top:
                block -= 1
            while block >= 0 and blocks[block][1] > low:
                start, stop = blocks[block]
                if stop < top:
                    yield (stop, top)
                top = start
                if start <= low:
                    break
                block -= 1
            if top > low:
                yield (low, top)

    def gap_around(self, start: int) -> Span:
        """The free gap that holds an address."""
        low, high = self.memory[bisect_right(self.memory, (start, U64)) - 1]
        i = bisect_left(self.blocks, (start, 0))
        if i:
            low = max(low, self.blocks[i - 1][1])
        if i < len(self.blocks):
            high = min(high, self.blocks[i][0])
        return low, high

    def topmost(self, size: int, align: int, start: int = 0, end: int = 0) -> int | None:
        """The address that an allocation gets, in a window (end 0: to the top)."""
        for low, high in self.gaps_down(end):
            if high <= start:
                break
            at = (min(high, end) if end else high) - size & -align
            if at >= low and at >= start:
                return at
        return None

    def pages(self, size: int, page_size: int, window: Span = (0, 0)) -> list[Span]:
        """The places of `size` bytes of single pages, from the top of a window (end 0: of memory) downward."""
        left, taken = round_up(size, page_size), []
        for start, end in self.gaps_down(window[1]):
            high = round_down(min(end, window[1] or end), page_size)
            part = min(left, high - round_up(max(start, window[0]), page_size))
            if part > 0:
                taken.append((high - part, high))
                left -= part
            if not left:
                break
        return taken

    def not_kept(self) -> list[Span]:
        """The reserved ranges without those that are kept; touching ones are joined."""
        return difference(union(self.blocks), self.kept)

    def without(self, spans: Iterable[Span]) -> State:
        """The state with ranges free."""
        spans = list(spans)
        if len(spans) > _MANY:
            holes = union(spans)
            pieces = tuple(difference(self.blocks, holes))
            return State(self.memory, pieces, self.kept)
        state = self
        for start, end in spans:
            state = _free(state, start, end)
        return state

    def with_more(self, spans: Iterable[Span]) -> State:
        """The state with more ranges reserved, whether they are free or not."""
        spans = list(spans)
        return self.without(spans).taking(spans)

    def taking(self, spans: Sequence[Span]) -> State:
        """The state with free ranges reserved, such as places that were found."""
        return State(self.memory, tuple(sorted((*self.blocks, *spans))), self.kept) if spans else self


Step: TypeAlias = tuple[State, tuple[Span, ...]]
"""The state before one allocation, and where it lies."""

Known: TypeAlias = dict[tuple[tuple[Span, ...], Later], list[Step]]
"""Steps that were looked for, by what is reserved and the allocation."""


@dataclass(slots=True)
class Budget:
    """Steps that are left: a listing that no account explains must not take for ever.

    skips: whether an allocation that need not be there may be left out although there is a place for it; places: how
    many of its places are tried, the likeliest first (None: all). known: what was looked for before, which several
    searches of one listing share: their states have the same memory and the same of it kept.
    """

    left: int
    skips: bool = True
    places: int | None = None
    known: Known = field(default_factory=dict)

    def steps(self, state: State, item: Later) -> list[Step]:
        """The ways to take back the last allocation, likely ones first; none once no steps are left."""
        self.left -= 1
        if self.left < 0:
            return []
        key = (state.blocks, item)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = list(_steps(state, item))
            self.left -= _LOOKED_FOR if found else 0
        return found


class Undone(NamedTuple):
    """A state before the allocations. freed: what was taken back and its name, first allocation first.

    skipped: how many allocations were not found.
    """

    state: State
    freed: tuple[tuple[Span, str], ...] = ()
    skipped: int = 0


def _free(state: State, start: int, end: int) -> State:
    """The state after freeing [start, end)."""
    blocks = state.blocks
    first = max(bisect_right(blocks, (start, U64)) - 1, 0)
    last = bisect_left(blocks, (end, 0))
    if last - first == 1 and blocks[first][0] <= start:
        low, high = blocks[first]
        if high <= start:
            return state
        left = ((low, start),) if low < start else ()
        right = ((end, high),) if end < high else ()
        return State(state.memory, (*blocks[:first], *left, *right, *blocks[last:]), state.kept)
    pieces = difference(blocks[first:last], [(start, end)])
    return State(state.memory, (*blocks[:first], *pieces, *blocks[last:]), state.kept)


def undo(
    state: State, items: Sequence[Later], budget: Budget, accepts: Callable[[int, Step], bool] | None = None
) -> Iterator[Undone]:
    """States from which exactly these allocations, in this order, lead to `state`; likely ones first.

    accepts: whether to go on once an allocation is taken back, from how many are left, and the step.
    """
    if not items:
        yield Undone(state)
        return
    *others, item = items
    steps = budget.steps(state, item)
    if budget.left < 0:
        return
    for step in steps if item.needed else steps[: budget.places]:
        before, taken = step
        if accepts is not None and not accepts(len(others), step):
            continue
        if not others:
            yield Undone(before, tuple((span, item.name) for span in taken))
        else:
            for first in undo(before, others, budget, accepts):
                yield Undone(first.state, (*first.freed, *((span, item.name) for span in taken)), first.skipped)
    if not item.needed and (budget.skips or not steps):
        for first in undo(state, others, budget, accepts):
            yield Undone(first.state, first.freed, first.skipped + 1)


def _steps(state: State, item: Later) -> Iterator[Step]:
    """The states before one allocation, with where it lies."""
    if item.spans:
        yield state.without(item.spans), item.spans
    elif item.times > 1:
        spans = _undo_many(state, item)
        if spans:
            yield state.without(spans), tuple(spans)
    else:
        for at in _likeliest_first(state, item):
            yield _free(state, at, at + item.size), ((at, at + item.size),)


def _undo_many(state: State, item: Later) -> list[Span]:
    """Many allocations of one size, from the lowest one up; none if they are not all there."""
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


class Rooms:
    """The blocks of a listing, and the largest gap above each: where an allocation may lie.

    taken: blocks in which none does.
    """

    def __init__(self, state: State, taken: Iterable[Span] = ()) -> None:
        self.state, self.taken = state, set(taken)
        self.above: dict[int, tuple[list[int], list[int]]] = {}

    def may_hold(self, item: Later) -> bool:
        """False for an allocation that lies nowhere, whatever is taken back before it.

        There is no block as large, or only beneath a gap that would have held it.
        """
        if not item.needed or item.times > 1 or item.spans:
            return True
        if item.end not in self.above:
            self.above[item.end] = _rooms(self.state, item.end, self.taken)
        gaps, sizes = self.above[item.end]
        above = bisect_left(gaps, max(item.buffer or item.size, item.temporary + 1) + item.align)
        return above > 0 and sizes[above - 1] >= item.size


def _rooms(state: State, end: int, taken: Container[Span]) -> tuple[list[int], list[int]]:
    """For each block beneath an address (0: of all), the highest first, two sizes.

    That of the largest gap between it and there, and that of the largest block from there down to it.
    """
    sizes, largest, most, widest = [], [], 0, 0
    gaps = state.gaps_down(end)
    gap = next(gaps, None)
    for low, high in reversed(state.blocks):
        if low < (end or high):
            while gap is not None and gap[0] >= high:
                most = max(most, min(gap[1], end or gap[1]) - gap[0])
                gap = next(gaps, None)
            if (low, high) not in taken:
                widest = max(widest, min(high, end or high) - low)
                sizes.append(most)
                largest.append(widest)
    return sizes, largest


def have_room(step: Step, items: Iterable[Later]) -> bool:
    """True if each allocation may still lie before this step: enough is reserved above what the step leaves free.

    Places that were free before have been looked at then.
    """
    state, spans = step
    gaps = [state.gap_around(start) for start, _ in spans]
    return all(_has_room(state, item, gap) for gap in gaps for item in items)


def _has_room(state: State, item: Later, gap: Span) -> bool:
    """True if a gap does not hold an allocation, or enough is reserved above it."""
    if gap[1] - gap[0] < max(item.buffer or item.size, item.temporary + 1) or _highest(gap, item) is None:
        return True
    left, blocks = item.times, state.blocks
    last = bisect_left(blocks, (item.end,)) if item.end else len(blocks)
    for low, high in blocks[bisect_left(blocks, gap) : last]:
        left -= max(high - round_up(low, item.align), 0) // item.size
        if left <= 0:
            return True
    return False


def _end_of(state: State, start: int) -> int:
    """The end of the block that holds an address, or the start of what is kept of it."""
    end = state.blocks[bisect_right(state.blocks, (start, U64)) - 1][1]
    i = bisect_left(state.kept, (start, 0))
    return min(end, state.kept[i][0]) if i < len(state.kept) else end


def _likeliest_first(state: State, item: Later) -> list[int]:
    """Places of the last allocation: first where a block holds little else, then the lowest.

    Several allocations of less than a page may share one.
    """
    found = places(state, item)
    if len(found) > 1 and item.size > item.align:
        most = item.size + item.size // 64
        found.sort(key=lambda at: _end_of(state, at) - at > most)
    return found


def places(state: State, item: Later) -> list[int]:
    """Places of the last allocation, lowest first: allocations go downward from the top of the largest holes."""
    size, blocks = item.size, state.blocks
    if item.at is not None:
        i = bisect_right(blocks, (item.at, U64)) - 1
        return [item.at] if i >= 0 and item.at + size <= blocks[i][1] else []
    found = [_place_in(state, low, high, above, item) for low, high, above in _candidates(state, item)]
    return [start for start in found if start is not None]


def _candidates(state: State, item: Later) -> list[tuple[int, int, Span | None]]:
    """Blocks that may hold the last allocation, down to the first gap that would have held it, lowest first.

    With each, the gap above it.
    """
    found: list[tuple[int, int, Span | None]] = []
    blocks, size, needed = state.blocks, item.size, max(item.buffer or item.size, item.temporary + 1)
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


def _place_in(state: State, low: int, high: int, above: Span | None, item: Later) -> int | None:
    """The place of the last allocation at the bottom of a block with this gap above it, if it may lie there."""
    start = low + item.align - 1 & -item.align
    end = start + item.size
    if end > high or (item.end and end > item.end):
        return None
    top = end
    if end == high and above is not None and above[0] == end and not _edge(state.memory, end):
        top = above[1]
    whole = item.temporary >= top - end and low == start and high == end
    # Where nothing above the range was free, it is the highest place.
    highest = top == end and not item.buffer and start >= item.start
    if not (whole or highest) and _highest((low, top), item) != start:
        return None
    return start if _inside(state.memory, start, end) and not _touches(state.kept, start, end) else None


def _highest(gap: Span, item: Later) -> int | None:
    """The highest address for the allocation in a free gap."""
    low, high = max(gap[0], item.start), min(gap[1], item.end) if item.end else gap[1]
    start = high - (item.buffer or item.size) & -item.align
    return start if start >= low else None


def _touches(spans: Sequence[Span], start: int, end: int) -> bool:
    """True if a range overlaps one of the sorted spans."""
    i = bisect_right(spans, (start, U64))
    return (i > 0 and spans[i - 1][1] > start) or (i < len(spans) and spans[i][0] < end)


def _inside(regions: Sequence[Span], start: int, end: int) -> bool:
    """True if a range lies in one of the regions."""
    i = bisect_right(regions, (start, U64)) - 1
    return i >= 0 and end <= regions[i][1]


def _edge(regions: Sequence[Span], at: int) -> bool:
    """True if a region begins at an address."""
    i = bisect_left(regions, (at, 0))
    return i < len(regions) and regions[i][0] == at
