"""memblock as a later view shows it, and one allocation from it.

Both are values: taking an allocation back, or placing one, makes another state.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from planner.base.ranges import Span, difference, union
from planner.base.sizes import U64, round_down, round_up

__all__ = ["Allocation", "State"]

_MANY = 16
"""Ranges of which more are freed in one pass over all reserved ranges, instead of one by one."""


class Allocation(NamedTuple):
    """One allocation of a boot: memblock gives it the topmost place that holds it."""

    name: str
    size: int
    """Bytes that stay allocated; with `times`, of each."""
    align: int = 64
    """SMP_CACHE_BYTES, where the kernel asks for no alignment."""
    start: int = 0
    """Lower bound of the window that was searched."""
    end: int = 0
    """Upper bound of that window, exclusive; 0: none."""
    at: int | None = None
    """Its address, if that is known."""
    needed: bool = True
    """False for a small one, which may hide in any hole: it need not be found."""
    temporary: int = 0
    """Bytes right above it that were free again soon after."""
    times: int = 1
    """How many of this size came one after the other."""
    buffer: int = 0
    """Bytes that were taken at once, if more than `size`: all above was free again before anything else came."""
    spans: tuple[Span, ...] = ()
    """All its ranges, if these are known."""


class State(NamedTuple):
    """memblock at one moment of a boot.

    Ranges of `reserved` that touch stay apart, as listed: with addresses rounded to pages, there was less than a page
    between them.
    """

    memory: tuple[Span, ...]
    """Regions that a search may use, ascending."""
    reserved: tuple[Span, ...]
    """Reserved ranges, ascending and disjoint."""
    kept: tuple[Span, ...] = ()
    """Parts of `reserved` that are known to be earlier than the crash kernel, ascending: they are never taken back."""

    def gaps_down(self, end: int = 0) -> Iterator[Span]:
        """Free gaps of the regions that begin below `end` (0: of all), descending: most questions end near the top."""
        regions, reserved = self.memory, self.reserved
        region = (bisect_left(regions, (end,)) if end else len(regions)) - 1
        block = len(reserved) - 1
        if 0 <= region < len(regions) - 1:
            block = bisect_left(reserved, (regions[region][1],)) - 1
        while region >= 0:
            low, top = regions[region]
            region -= 1
            while block >= 0 and reserved[block][0] >= top:
                block -= 1
            while block >= 0 and reserved[block][1] > low:
                start, stop = reserved[block]
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
        i = bisect_left(self.reserved, (start, 0))
        if i:
            low = max(low, self.reserved[i - 1][1])
        if i < len(self.reserved):
            high = min(high, self.reserved[i][0])
        return low, high

    def topmost(self, size: int, align: int, start: int = 0, end: int = 0) -> int | None:
        """The address that memblock gives an allocation in a window (end 0: to the top); None if nothing holds it."""
        for low, high in self.gaps_down(end):
            if high <= start:
                break
            at = (min(high, end) if end else high) - size & -align
            if at >= low and at >= start:
                return at
        return None

    def topmost_pages(self, size: int, page_size: int, window: Span = (0, 0)) -> list[Span]:
        """The ranges of `size` bytes of single pages, from the top of a window (end 0: of memory) downward."""
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
        return difference(union(self.reserved), self.kept)

    def without(self, spans: Iterable[Span]) -> State:
        """The state after freeing ranges (memblock_free())."""
        spans = list(spans)
        if len(spans) > _MANY:
            holes = union(spans)
            pieces = tuple(difference(self.reserved, holes))
            return State(self.memory, pieces, self.kept)
        state = self
        for start, end in spans:
            state = state.freed(start, end)
        return state

    def freed(self, start: int, end: int) -> State:
        """The state after freeing [start, end)."""
        reserved = self.reserved
        first = max(bisect_right(reserved, (start, U64)) - 1, 0)
        last = bisect_left(reserved, (end, 0))
        if last - first == 1 and reserved[first][0] <= start:
            low, high = reserved[first]
            if high <= start:
                return self
            left = ((low, start),) if low < start else ()
            right = ((end, high),) if end < high else ()
            return State(self.memory, (*reserved[:first], *left, *right, *reserved[last:]), self.kept)
        pieces = difference(reserved[first:last], [(start, end)])
        return State(self.memory, (*reserved[:first], *pieces, *reserved[last:]), self.kept)

    def with_reserved(self, spans: Iterable[Span]) -> State:
        """The state with more ranges reserved, whether they are free or not (memblock_reserve())."""
        spans = list(spans)
        return self.without(spans).with_allocated(spans)

    def with_allocated(self, spans: Sequence[Span]) -> State:
        """The state with free ranges reserved, such as places that a search found."""
        return State(self.memory, tuple(sorted((*self.reserved, *spans))), self.kept) if spans else self
