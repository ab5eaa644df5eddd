"""Undoing allocations: which states of memblock, followed by these allocations, end in the state that is listed.

memblock takes the topmost place that fits. So an allocation that came last lies at the bottom of a reserved block,
and no free gap above it would have held it: few places qualify, mostly one. Taking them back one after the other,
last one first, leads to the state before all of them, or shows that the account is wrong.

Imports `ranges` and `later`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from planner.base.ranges import Span, subtract, union
from planner.base.sizes import round_down, round_up

__all__ = ["Budget", "Later", "State", "Undone", "free", "places", "topmost", "undo"]


@dataclass(frozen=True, slots=True)
class Later:
    """One allocation, from the topmost place that holds it.

    start, end: the window that was searched; at: the address where it is known. needed: an account without it is
    no account (small ones may hide in any hole). temporary: bytes right above that were free again soon after.
    count: how many of this size came one after the other. buffer: bytes that were taken at once, of which all above
    the first `size` were free again before anything else was allocated.
    """

    name: str
    size: int
    align: int = 64
    start: int = 0
    end: int = 0
    at: int | None = None
    needed: bool = True
    temporary: int = 0
    count: int = 1
    buffer: int = 0


@dataclass(slots=True)
class Budget:
    """How many places may still be looked for: a listing that no account explains must not take for ever."""

    left: int


@dataclass(frozen=True, slots=True)
class State:
    """memblock as a later view shows it.

    memory: regions that a search may use, ascending. blocks: what is reserved, ascending and disjoint; blocks that
    touch are kept apart, as listed: with addresses rounded to pages, there was less than a page between them.
    kept: what is known to have been there before, ascending.
    """

    memory: tuple[Span, ...]
    blocks: tuple[Span, ...]
    kept: tuple[Span, ...] = ()

    def gaps(self) -> list[Span]:
        """Free gaps, ascending."""
        return [gap for region in self.memory for gap in subtract(region, self.blocks)]

    def gaps_down(self) -> Iterator[Span]:
        """Free gaps, descending: most questions end near the top."""
        for region in reversed(self.memory):
            yield from reversed(subtract(region, self.blocks))

    def pages(self, size: int, page_size: int) -> list[Span]:
        """Where so many bytes of single pages go, from the top."""
        left, taken = round_up(size, page_size), []
        for start, end in self.gaps_down():
            high = round_down(end, page_size)
            part = min(left, high - round_up(start, page_size))
            if part > 0:
                taken.append((high - part, high))
                left -= part
            if not left:
                break
        return taken

    def without(self, spans: Iterable[Span]) -> State:
        """The state with ranges free."""
        state = self
        for start, end in spans:
            state = free(state, start, end)
        return state

    def with_more(self, spans: Iterable[Span]) -> State:
        """The state with more ranges reserved."""
        blocks = self.without(spans := list(spans)).blocks
        return State(self.memory, tuple(sorted((*blocks, *spans))), self.kept)


@dataclass(frozen=True, slots=True)
class Undone:
    """A state before the allocations. freed: what was taken back and its name, first allocation first."""

    state: State
    freed: tuple[tuple[Span, str], ...] = ()


def free(state: State, start: int, end: int) -> State:
    """The state without what is reserved of a range."""
    blocks = state.blocks
    first = max(bisect_right(blocks, (start, 0)) - 1, 0)
    last = bisect_left(blocks, (end, 0))
    pieces = [piece for block in blocks[first:last] for piece in subtract(block, [(start, end)])]
    return State(state.memory, (*blocks[:first], *pieces, *blocks[last:]), state.kept)


def undo(state: State, items: Sequence[Later], budget: Budget) -> Iterator[Undone]:
    """States from which exactly these allocations, in this order, lead to `state`; likely ones first."""
    if not items:
        yield Undone(state)
        return
    item = items[-1]
    budget.left -= item.count
    if budget.left < 0:
        return
    if item.count > 1:
        steps = [_undo_pieces(state, item)]
    else:
        spans = [(start, start + item.size) for start in places(state, item)]
        steps = [(free(state, *span), [span]) for span in spans]
    for before, spans in steps:
        if spans:
            for first in undo(before, items[:-1], budget):
                yield Undone(first.state, (*first.freed, *((span, item.name) for span in spans)))
    if not item.needed:
        yield from undo(state, items[:-1], budget)


def _undo_pieces(state: State, item: Later) -> tuple[State, list[Span]]:
    """Many allocations of one size, taken back from the lowest one up; no span if they are not all there."""
    spans: list[Span] = []
    for _ in range(item.count):
        starts = places(state, item)
        if not starts:
            return state, []
        span = (starts[0], starts[0] + item.size)
        spans.append(span)
        state = free(state, *span)
    return state, union(spans)


def places(state: State, item: Later) -> list[int]:
    """Where the last allocation may lie, lowest first: allocations go downward from the top of the largest holes."""
    size = item.size
    if item.at is not None:
        return [item.at] if any(a <= item.at and item.at + size <= b for a, b in state.blocks) else []
    found: list[int] = []
    large = [block for block in state.blocks if block[1] - block[0] >= size and block[0] >= item.start]
    gaps = state.gaps_down()
    gap, above = next(gaps, None), None
    for low, high in reversed(large):
        while gap is not None and gap[0] >= high:
            if _highest(gap, item) is not None:
                return found[::-1]
            gap, above = next(gaps, None), gap
        start = round_up(low, item.align)
        end = start + size
        if end > high or (item.end and end > item.end) or _touches(state.kept, start, end):
            continue
        top = end
        if end == high and above is not None and above[0] == end and not _edge(state.memory, end):
            top = above[1]
        whole = item.temporary >= top - end and (low, high) == (start, end)
        if (whole or _highest((low, top), item) == start) and _inside(state.memory, start, end):
            found.append(start)
    return found[::-1]


def topmost(gaps: Sequence[Span], size: int, align: int, start: int, end: int) -> int | None:
    """The address that a search from the top gives."""
    item = Later("", size, align, start, end)
    found = (_highest(gap, item) for gap in reversed(gaps))
    return next((address for address in found if address is not None), None)


def _highest(gap: Span, item: Later) -> int | None:
    """The address in a free gap that the allocation would have got."""
    low, high = max(gap[0], item.start), min(gap[1], item.end) if item.end else gap[1]
    start = high - (item.buffer or item.size) & -item.align
    return start if start >= low else None


def _touches(spans: Sequence[Span], start: int, end: int) -> bool:
    """Whether a range overlaps one of the sorted spans."""
    i = bisect_right(spans, (start, 1 << 64))
    return (i > 0 and spans[i - 1][1] > start) or (i < len(spans) and spans[i][0] < end)


def _inside(regions: Sequence[Span], start: int, end: int) -> bool:
    i = bisect_right(regions, (start, 1 << 64)) - 1
    return i >= 0 and end <= regions[i][1]


def _edge(regions: Sequence[Span], at: int) -> bool:
    i = bisect_left(regions, (at, 0))
    return i < len(regions) and regions[i][0] == at
