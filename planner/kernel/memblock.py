"""memblock, the kernel's boot-time allocator: search, reserve, remove and free with the kernel's exact results.

Two sorted arrays, `memory` (regions with flags) and `reserved`. A *free gap* is a part of a memory region that a search
may use and that is not reserved; gaps are never joined across two regions, even if these touch. A search tries one
candidate address per gap.

Source: mm/memblock.c at 5.10, 6.1 and 7.2 (the same search in all).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from operator import attrgetter, lt
from typing import NamedTuple

from planner.base.ranges import Span, difference, subtract, union
from planner.base.sizes import U64
from planner.kernel.memory_map import Flag, MemoryMap, Region

__all__ = ["ACCESSIBLE", "NOLEAKTRACE", "PHYS_ADDR_MAX", "Memblock", "Rejection", "added_one_by_one"]

PHYS_ADDR_MAX = U64 - 1
"""The highest address, inclusive (include/linux/limits.h)."""

_MIRROR = Flag.MIRROR.value
_NEVER = Flag.NOMAP.value | Flag.DRIVER_MANAGED.value  # memory that no search uses
_BEYOND = 1 << 65  # an address above all
_NO_HOLE = (_BEYOND, _BEYOND)
_start = attrgetter("start")

ACCESSIBLE, NOLEAKTRACE = 0, 1
"""Values of `end` that stand for the current limit (MEMBLOCK_ALLOC_ACCESSIBLE, _NOLEAKTRACE)."""

SMP_CACHE_BYTES = 64
"""The alignment used for a requested alignment of 0 on arm64 (the kernel also dumps its stack)."""


class Rejection(NamedTuple):
    """The reason why one free gap could not hold a request.

    gap: `[start, end)` of the free gap; usable: the part inside the window, or None; reason: `outside` (no byte
    of it in the window), `small` (usable part shorter than the size), `alignment` (the only aligned address of
    the required end lies below the usable part); short_by: bytes that are missing for it to fit.
    """

    gap: Span
    usable: Span | None
    reason: str
    short_by: int


class Memblock:
    """The state of memblock. Mutable; nothing else may hold its arrays.

    Invariants: `memory` is sorted and disjoint; `reserved` is sorted, disjoint, and no two entries touch.
    """

    def __init__(self, *, page_size: int = 4096, movable_node: bool = False) -> None:
        self.memory: list[Region] = []
        self.reserved: list[Span] = []
        self.page_size, self.movable_node = page_size, movable_node
        self.has_mirror = False
        self._merged = True
        # Caches for searches: usable regions, and free gaps up to an address.
        self._spans: list[Span] | None = None
        self._gaps: list[Span] | None = None
        self._gaps_to = 0

    @classmethod
    def of(cls, memory: MemoryMap, *, page_size: int = 4096, movable_node: bool = False) -> Memblock:
        """The state of a map, its regions as listed (touching ones stay apart)."""
        self = cls(page_size=page_size, movable_node=movable_node)
        self.memory = list(memory.regions)
        self._merged = False
        starts, ends = [r.start for r in memory.reserved], [r.end for r in memory.reserved]
        self.reserved = list(zip(starts, ends, strict=True))
        # Nearly every map lists its regions sorted, disjoint and non-empty.
        if not (all(map(lt, starts, ends)) and all(map(lt, ends, starts[1:]))):
            self.reserved = union(self.reserved)
        self.has_mirror = any(r.flags & _MIRROR for r in memory.regions)
        return self

    def copy(self) -> Memblock:
        """An independent copy."""
        other = Memblock(page_size=self.page_size, movable_node=self.movable_node)
        other.memory, other.reserved = list(self.memory), list(self.reserved)
        other.has_mirror, other._merged = self.has_mirror, self._merged
        other._spans, other._gaps, other._gaps_to = self._spans, self._gaps, self._gaps_to
        return other

    # -- the arrays ------------------------------------------------------------------------------------

    def add(self, start: int, size: int, flags: int = 0, node: int | None = None) -> None:
        """Add memory: only parts not yet covered are inserted, existing parts keep their flags; then merge."""
        end = start + min(size, PHYS_ADDR_MAX - start)
        if end <= start:
            return
        first, last = self._touching(start, end)
        near = self.memory[first:last]
        new = [Region(low, high, flags, node) for low, high in subtract((start, end), [(r.start, r.end) for r in near])]
        self.memory[first:last] = sorted([*near, *new], key=_start) if near and new else near or new
        self._merge(first, last + len(new))
        if flags & _MIRROR:
            self.has_mirror = True

    def mark(self, start: int, size: int, flag: int, *, value: bool = True) -> None:
        """Set or clear a flag on the memory inside the range, splitting regions at its ends; then merge."""
        end = start + size
        self._isolate(start, end)
        first, last = self._touching(start, end)
        self.memory[first:last] = [
            Region(r.start, r.end, r.flags | flag if value else r.flags & ~flag, r.node)
            if start <= r.start and r.end <= end
            else r
            for r in self.memory[first:last]
        ]
        self._merge(first, last)
        if flag & _MIRROR and value:
            self.has_mirror = True

    def remove(self, start: int, size: int) -> None:
        """Take a range out of memory (no merging)."""
        end = start + min(size, PHYS_ADDR_MAX - start)
        self._isolate(start, end)
        first, last = self._touching(start, end)
        self.memory[first:last] = [r for r in self.memory[first:last] if not (start <= r.start and r.end <= end)]

    def reserve(self, start: int, size: int) -> None:
        """Reserve a range, whether or not it is memory; size 0 does nothing."""
        end = start + min(size, PHYS_ADDR_MAX - start)
        if end <= start:
            return
        reserved = self.reserved
        first = bisect_left(reserved, (start,))
        if first and reserved[first - 1][1] >= start:
            first -= 1
        last = bisect_right(reserved, (end, PHYS_ADDR_MAX + 1))
        if first < last:
            start = min(start, reserved[first][0])
            end = max(end, reserved[last - 1][1])
        reserved[first:last] = [(start, end)]
        self._gaps = None

    def free(self, start: int, size: int) -> None:
        """Remove a range from `reserved`; unreserved parts are ignored, partly covered reservations are trimmed."""
        end = start + min(size, PHYS_ADDR_MAX - start)
        if end <= start:
            return
        self.reserved = difference(self.reserved, [(start, end)])
        self._gaps = None

    def _touching(self, start: int, end: int) -> tuple[int, int]:
        """The slice of `memory` that overlaps or touches a range."""
        first = bisect_left(self.memory, start, key=_start)
        while first and self.memory[first - 1].end >= start:
            first -= 1
        return first, bisect_right(self.memory, end, key=_start)

    def _isolate(self, start: int, end: int) -> None:
        first, last = self._touching(start, end)
        pieces: list[Region] = []
        for r in self.memory[first:last]:
            cuts = [r.start, *(c for c in (start, end) if r.start < c < r.end), r.end]
            if len(cuts) == 2:
                pieces.append(r)
            else:
                pieces += [Region(a, b, r.flags, r.node) for a, b in pairwise(cuts)]
        self.memory[first:last] = pieces
        self._gaps = self._spans = None

    def _merge(self, first: int, last: int) -> None:
        """Merge neighbours that touch and have the same flags and node. first, last: the slice that changed."""
        if not self._merged:
            first, last, self._merged = 0, len(self.memory), True
        first, last = max(first - 1, 0), min(last + 1, len(self.memory))
        merged: list[Region] = []
        for r in self.memory[first:last]:
            before = merged[-1] if merged else None
            if before and before.end == r.start and before.flags == r.flags and before.node == r.node:
                merged[-1] = Region(before.start, r.end, r.flags, r.node)
            else:
                merged.append(r)
        self.memory[first:last] = merged
        self._gaps = self._spans = None

    # -- searching -------------------------------------------------------------------------------------

    def gaps(self, *, below: int = _BEYOND, mirror_only: bool = False) -> list[Span]:
        """Free gaps in ascending order: all that start below the address, possibly more."""
        if not mirror_only and self._gaps is not None and below <= self._gaps_to:
            return self._gaps
        result: list[Span] = []
        append = result.append
        holes = iter(self.reserved)
        hole_start, hole_end = next(holes, _NO_HOLE)
        for low, end in self._usable(mirror_only=mirror_only):
            if low >= below:
                break
            start = low
            while hole_end <= start:
                hole_start, hole_end = next(holes, _NO_HOLE)
            while hole_start < end:
                if hole_start > start:
                    append((start, hole_start))
                start = hole_end
                if hole_end >= end:
                    break  # it may reach into the next region
                hole_start, hole_end = next(holes, _NO_HOLE)
            if start < end:
                append((start, end))
        if not mirror_only:
            self._gaps, self._gaps_to = result, below
        return result

    def _usable(self, *, mirror_only: bool) -> list[Span]:
        """The regions that a search may use, ascending."""
        skipped = _NEVER | Flag.HOTPLUG.value if self.movable_node else _NEVER
        if mirror_only:
            return [(r.start, r.end) for r in self.memory if not r.flags & skipped and r.flags & _MIRROR]
        if self._spans is None:
            self._spans = [(r.start, r.end) for r in self.memory if not r.flags & skipped]
        return self._spans

    def find(
        self, size: int, align: int, start: int, end: int, *, bottom_up: bool = False, mirror_only: bool = False
    ) -> int | None:
        """The address found for `size` bytes in the window `[start, end)`, or None.

        align: a power of two. end: `ACCESSIBLE` or `NOLEAKTRACE` for no limit. Page 0 is never returned.
        Source: memblock_find_in_range_node() and __memblock_find_range_top_down() / _bottom_up().
        """
        start, end = self._window(start, end)
        if bottom_up:
            return _bottom_up(self.gaps(mirror_only=mirror_only), size, align, start, end)
        if not size:  # a gap outside the window is empty after clamping, and holds nothing
            gaps: Iterable[Span] = reversed(self.gaps(mirror_only=mirror_only))
        else:
            gaps = self._gaps_met(size, start, end, self._usable(mirror_only=mirror_only))
        return _top_down(gaps, size, align, start, end)

    def _window(self, start: int, end: int) -> Span:
        start = max(start, self.page_size)
        return start, max(start, PHYS_ADDR_MAX if end in (ACCESSIBLE, NOLEAKTRACE) else end)

    def _gaps_met(self, size: int, start: int, end: int, regions: list[Span]) -> Iterator[Span]:
        """Gaps of a window that can hold `size` bytes, from the top, lazily: most searches need only the first."""
        reserved = self.reserved
        for index in range(bisect_left(regions, (end,)) - 1, -1, -1):
            low, high = regions[index]
            if high - low < size:
                continue
            if high <= start:
                break
            for hole in range(bisect_left(reserved, (high,)) - 1, -1, -1):
                hole_low, hole_high = reserved[hole]
                if hole_high <= low:
                    break
                if hole_high < high:
                    yield hole_high, high
                high = hole_low
            if low < high:
                yield low, high

    def search(
        self, size: int, align: int, start: int = 0, end: int = ACCESSIBLE, *, bottom_up: bool = False
    ) -> int | None:
        """As `find`, in mirrored memory first if the system has any. Reserves nothing."""
        align = align or SMP_CACHE_BYTES
        if self.has_mirror:
            found = self.find(size, align, start, end, bottom_up=bottom_up, mirror_only=True)
            if found is not None:
                return found
        return self.find(size, align, start, end, bottom_up=bottom_up)

    def rejections(self, size: int, align: int, start: int, end: int, *, mirror_only: bool = False) -> list[Rejection]:
        """The reason why a top-down search for this request skips each free gap, from the top.

        Ends at the gap that holds the request, if one does. mirror_only: for the pass over mirrored memory.
        """
        start, end = self._window(start, end)
        result = []
        for gap in reversed(self.gaps(mirror_only=mirror_only)):
            low, high = max(gap[0], start), min(gap[1], end)
            if low >= high:
                result.append(Rejection(gap, None, "outside", size))
            elif high - low < size:
                result.append(Rejection(gap, (low, high), "small", size - (high - low)))
            else:
                candidate = (high - size) & -align
                if candidate >= low:
                    break
                result.append(Rejection(gap, (low, high), "alignment", low - candidate))
        return result

    def is_region_memory(self, start: int, size: int) -> bool:
        """True if the whole range lies inside one memory region, whatever its flags."""
        end = start + min(size, PHYS_ADDR_MAX - start)
        return any(r.start <= start < r.end and end <= r.end for r in self.memory)

    def is_region_reserved(self, start: int, size: int) -> bool:
        """True if any byte of the range is reserved."""
        end = start + min(size, PHYS_ADDR_MAX - start)
        index = bisect_left(self.reserved, (end,)) - 1
        return index >= 0 and start < self.reserved[index][1]

    def overlaps(self, start: int, size: int) -> bool:
        """True if any byte of the range is memory, whatever its flags."""
        end = start + min(size, PHYS_ADDR_MAX - start)
        index = bisect_left(self.memory, end, key=_start) - 1
        return index >= 0 and start < self.memory[index].end

    @property
    def phys_mem_size(self) -> int:
        """Bytes of all memory regions, NOMAP ones included."""
        return sum([r.end - r.start for r in self.memory])


def added_one_by_one(regions: Iterable[Region]) -> list[Region]:
    """Overlapping regions resolved as memblock does, adding one by one: parts already present keep their flags."""
    memblock = Memblock()
    for region in regions:
        memblock.add(region.start, region.end - region.start, region.flags, region.node)
    return memblock.memory


def _top_down(gaps: Iterable[Span], size: int, align: int, start: int, end: int) -> int | None:
    mask = -align
    for gap_low, gap_high in gaps:
        # Most of the hundreds of gaps that a search passes over are too small before they are clamped.
        if gap_high - gap_low < size:
            continue
        low, high = min(max(gap_low, start), end), max(min(gap_high, end), start)
        if high < size:
            continue
        candidate = (high - size) & mask
        if candidate >= low:
            return candidate or None
    return None


def _bottom_up(gaps: Iterable[Span], size: int, align: int, start: int, end: int) -> int | None:
    mask = -align
    for gap_low, gap_high in gaps:
        low = min(max(gap_low, start), end)
        high = min(max(gap_high, start), end)
        candidate = (low + align - 1) & mask & PHYS_ADDR_MAX
        if candidate < high and high - candidate >= size:
            return candidate or None
    return None
