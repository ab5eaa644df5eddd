"""Undoing allocations: which states of memblock, followed by these allocations, end in the state that is listed.

memblock takes the topmost place that fits. So an allocation that came last lies at the bottom of a reserved block,
and no free gap above it would have held it: few places qualify, mostly one. Taking them back one after the other,
last one first, leads to the state before all of them, or shows that the account is wrong.

Imports `memblock` and `later`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from planner.memblock import Memblock
from planner.ranges import Span
from planner.records import dataclass
from planner.rewinding.later import Later
from planner.sizes import round_up

__all__ = ["Undone", "places", "undo"]


@dataclass(frozen=True, slots=True)
class Undone:
    """A state before the allocations. freed: what was taken back and its name, first allocation first."""

    memblock: Memblock
    freed: tuple[tuple[Span, str], ...] = ()


def undo(memblock: Memblock, items: Sequence[Later], kept: Sequence[Span] = ()) -> Iterator[Undone]:
    """Every state from which exactly these allocations, in this order, lead to `memblock`; likely ones first.

    kept: sorted ranges that are known to have been there before.
    """
    if not items:
        yield Undone(memblock)
        return
    item = items[-1]
    found = False
    for start in places(memblock, item, kept):
        found = True
        before = memblock.copy()
        before.free(start, item.size)
        for first in undo(before, items[:-1], kept):
            yield Undone(first.memblock, (*first.freed, ((start, start + item.size), item.name)))
    if not found and not item.needed:
        yield from undo(memblock, items[:-1], kept)


def places(memblock: Memblock, item: Later, kept: Sequence[Span] = ()) -> list[int]:
    """Where the last allocation may lie, lowest first: allocations go downward from the top of the largest holes."""
    reserved, size = memblock.reserved, item.size
    if item.at is not None:
        covered = any(a <= item.at and item.at + size <= b for a, b in reserved)
        return [item.at] if covered else []
    found: list[int] = []
    gaps = memblock.gaps()
    i = len(gaps) - 1
    for low, high in reversed(reserved):
        while i >= 0 and gaps[i][0] >= high:
            if _highest(gaps[i], item) is not None:
                return found[::-1]
            i -= 1
        start = round_up(max(low, item.start), item.align)
        end = start + size
        if end > high or (item.end and end > item.end) or _touches(kept, start, end):
            continue
        region = next((r for r in memblock.memory if r.start <= start and end <= r.end), None)
        if region is None:
            continue
        top = end
        if end == high and i + 1 < len(gaps) and gaps[i + 1][0] == end and end < region.end:
            top = gaps[i + 1][1]
        if _highest((low, top), item) == start:
            found.append(start)
    return found[::-1]


def _highest(gap: Span, item: Later) -> int | None:
    """The address in a free gap that the allocation would have got."""
    low, high = max(gap[0], item.start), min(gap[1], item.end) if item.end else gap[1]
    start = high - item.size & -item.align
    return start if start >= low else None


def _touches(spans: Sequence[Span], start: int, end: int) -> bool:
    """Whether a range overlaps one of the sorted spans."""
    i = bisect_right(spans, (start, 1 << 64))
    return (i > 0 and spans[i - 1][1] > start) or (i < len(spans) and spans[i][0] < end)
