"""Undoing allocations: which states of memblock, followed by these allocations, end in the state that is listed.

memblock takes the topmost place that fits. So an allocation that came last lies at the bottom of a reserved block,
and no free gap above it would have held it: few places qualify, mostly one. Taking them back one after the other,
last one first, leads to the state before all of them, or shows that the account is wrong.

Imports `memblock` and `later`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planner.memblock import Memblock
from planner.ranges import Span
from planner.records import dataclass
from planner.rewinding.later import Later
from planner.sizes import round_up

__all__ = ["Undone", "places", "undo"]


@dataclass(frozen=True, slots=True)
class Undone:
    """A state before the allocations. freed: what was taken back, with its name, last allocation first."""

    memblock: Memblock
    freed: tuple[tuple[Span, str], ...] = ()


def undo(memblock: Memblock, items: Sequence[Later]) -> Iterator[Undone]:
    """Every state from which exactly these allocations, in this order, lead to `memblock`; likely ones first."""
    if not items:
        yield Undone(memblock)
        return
    item = items[-1]
    found = False
    for start in places(memblock, item):
        found = True
        before = memblock.copy()
        before.free(start, item.size)
        for rest in undo(before, items[:-1]):
            yield Undone(rest.memblock, (((start, start + item.size), item.name), *rest.freed))
    if not found and not item.needed:
        yield from undo(memblock, items[:-1])


def places(memblock: Memblock, item: Later) -> list[int]:
    """Where the last allocation may lie, lowest first: allocations go downward from the top of the largest holes."""
    if item.at is not None:
        covered = any(a <= item.at and item.at + item.size <= b for a, b in memblock.reserved)
        return [item.at] if covered else []
    found: list[int] = []
    gaps = memblock.gaps()
    i = len(gaps) - 1
    for low, high in reversed(memblock.reserved):
        while i >= 0 and gaps[i][0] >= high:
            if _fits(gaps[i], item):
                return found[::-1]
            i -= 1
        start = round_up(max(low, item.start), item.align)
        if item.end and start + item.size > item.end:
            start = item.end - item.size & -item.align
        if start < low or start + item.size > high:
            continue
        before = memblock.copy()
        before.free(start, item.size)
        if before.search(item.size, item.align, item.start, item.end) == start:
            found.append(start)
    return found[::-1]


def _fits(gap: Span, item: Later) -> bool:
    """Whether a free gap would have held the allocation."""
    low, high = max(gap[0], item.start), min(gap[1], item.end) if item.end else gap[1]
    return high - item.size & -item.align >= low
