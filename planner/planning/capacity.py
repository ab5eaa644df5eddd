"""Largest size each search window can satisfy for one form of crashkernel= (plain, high, fixed).

For one form of request (plain, high, fixed offset) the outcome changes only at certain sizes: the largest size that
each search of a window can place. Between two of them the same search succeeds, and a larger size is never placed
higher. So the largest size with a property is found by trying these sizes, without a scan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from planner.base.ranges import Span, intersect, total
from planner.base.sizes import U64, round_down, round_up
from planner.kernel.crash_reserve import Bounds, Placement, Proposal, reserve, windows_of
from planner.kernel.crashkernel import Reading
from planner.kernel.memblock import Memblock
from planner.kernel.profiles import Profile

__all__ = ["RequestForm", "Room", "Stretch", "free_below", "halved", "is_aligned", "is_reserved", "largest_size"]


class Room(NamedTuple):
    """The largest size that one search can place in the free range `[start, end)`."""

    size: int
    start: int
    end: int


class Stretch(NamedTuple):
    """Sizes `[least, most]`, in whole pages, for which the same search succeeds (or all fail)."""

    least: int
    most: int


class RequestForm:
    """Requests of one form and any size on one state of memblock, which is not changed.

    request: gives the form; its size does not matter.
    """

    __slots__ = ("_stretches", "bounds", "memblock", "page", "profile", "proposal", "request")

    def __init__(
        self, memblock: Memblock, request: Reading, profile: Profile, bounds: Bounds, proposal: Proposal | None
    ) -> None:
        self.memblock, self.request, self.profile = memblock, request, profile
        self.bounds, self.proposal = bounds, proposal
        self.page = memblock.page_size
        self._stretches: list[Stretch] | None = None

    @property
    def limit(self) -> int:
        """The largest size, in whole pages, that the parser accepts."""
        ram = self.memblock.phys_mem_size
        return round_down(ram - 1 if self.profile.combine == "generic" else U64 - 1, self.page)

    def sized(self, size: int) -> Reading:
        """The request of this form with another size, as if it had been parsed without an error."""
        return self.request._replace(rc=0, size=size, log=(), notes=())

    def place(self, size: int) -> Placement:
        """The kernel's placement for this size, on a copy of `memblock`."""
        return reserve(self.memblock.copy(), self.sized(size), self.profile, self.bounds, self.proposal)

    def windows(self) -> list[Span]:
        """The windows, in the kernel's order; none for a fixed offset."""
        return [] if self.request.base else windows_of(self.request, self.profile, self.bounds)

    def rooms(self, window: Span, *, aligned: bool) -> list[Room]:
        """Largest size that each gap of a window can hold, in whole pages, largest first; others are left out.

        aligned: for the aligned attempt, whose size is rounded up to the alignment.
        """
        return sorted(self._held(window, aligned=aligned), key=lambda r: (-r.size, -r.start))

    def _held(self, window: Span, *, aligned: bool, mirror_only: bool = False, best_only: bool = False) -> list[Room]:
        """Largest size that each gap can hold, by address; best_only: only gaps that hold more than all lower ones."""
        align, unit = self.bounds.align, self.page
        if aligned:
            if self.proposal is None:
                return []
            align, unit = max(align, self.proposal.granule), max(unit, self.proposal.granule)
        start, end = max(window[0], self.page), window[1]
        found: list[Room] = []
        most = 0
        for gap in self.memblock.gaps(mirror_only=mirror_only):
            low, high = gap
            if high - low <= most or high <= start or low >= end:
                continue
            low, high = max(low, start), min(high, end)
            size = (high - ((low + align - 1) & -align)) & -unit
            if size > most:
                found.append(Room(size, *gap))
                most = size if best_only else 0
        return found

    def stretches(self) -> list[Stretch]:
        """All sizes that can be reserved, in ascending stretches of the same successful search."""
        if self._stretches is not None:
            return self._stretches
        most = {min(size, self.limit) for size in self._most()}
        tops = sorted(size for size in most if size > 0)
        self._stretches = [Stretch(low + self.page, high) for low, high in zip([0, *tops], tops, strict=False)]
        return self._stretches

    def _most(self) -> Iterator[int]:
        """The largest size that each search can find, above and below the end of low memory."""
        if self.request.base:
            yield from self._fixed()
            return
        low_max = self.bounds.low_max
        for start, end in self.windows():
            # Above low memory a low part is needed as well, so the two parts of a window differ.
            parts = [(start, end), (low_max, end)] if start < low_max < end else [(start, end)]
            for part in parts:
                for aligned in (False, True):
                    for mirror_only in (False, True) if self.memblock.has_mirror else (False,):
                        held = self._held(part, aligned=aligned, mirror_only=mirror_only, best_only=True)
                        if held:
                            yield held[-1].size

    def _fixed(self) -> Iterator[int]:
        base, memblock, align = self.request.base, self.memblock, self.bounds.align
        if self.profile.fixed == "tests":
            for region in memblock.memory:
                if region.start <= base < region.end:
                    above = [start for start, end in memblock.reserved if end > base]
                    yield round_down(min([region.end, *above]) - base, self.page)
        elif self.proposal is not None and self.proposal.posted_offset_bug:
            # The search is [0, base + size): a gap can hold the size if it begins low enough, however high it ends.
            for start, end in memblock.gaps():
                low = round_up(max(start, self.page), align)
                if low <= base:
                    yield round_down(end - low, self.page)
        else:
            for start, end in memblock.gaps():
                if start <= base < end:
                    yield round_down(end - base, self.page)

    def largest(
        self,
        wanted: Callable[[Placement], bool],
        *,
        below: int | None = None,
        affordable: Callable[[Placement], bool] | None = None,
    ) -> int | None:
        """The largest size whose placement satisfies `wanted` (and `affordable`), or None.

        wanted: a test that all sizes of a stretch pass, or none. below: only sizes less than this. affordable: a test
        that sizes of a stretch pass up to some size.
        """
        for stretch in reversed(self.stretches()):
            most = stretch.most if below is None else min(stretch.most, round_down(below - 1, self.page))
            if most < stretch.least:
                continue
            place = self.place(most)
            if not wanted(place):
                continue
            if affordable is None or affordable(place):
                return most
            found = self._bisect(stretch.least, most, affordable)
            if found is not None:
                return found
        return None

    def _bisect(self, least: int, most: int, affordable: Callable[[Placement], bool]) -> int | None:
        """The largest affordable size in `[least, most)`; above a size that is not affordable none is."""
        page = self.page
        good = page * halved(least // page - 1, most // page, lambda pages: affordable(self.place(pages * page)))
        return good if good >= least else None


def halved(good: int, bad: int, holds: Callable[[int], bool]) -> int:
    """The largest number in `[good, bad)` for which `holds` is true, by bisection.

    `holds` is assumed true for `good` and false for `bad`, which are not tried.
    """
    while bad - good > 1:
        middle = (good + bad) // 2
        if holds(middle):
            good = middle
        else:
            bad = middle
    return good


def largest_size(
    memblock: Memblock, request: Reading, profile: Profile, bounds: Bounds, proposal: Proposal | None = None
) -> int | None:
    """The largest size, in whole pages, that can be reserved with a request of this form; None if no size can."""
    return RequestForm(memblock, request, profile, bounds, proposal).largest(is_reserved)


def is_reserved(place: Placement) -> bool:
    """True if crash memory is reserved."""
    return place.crash is not None


def is_aligned(place: Placement) -> bool:
    """True if crash memory is reserved in an aligned area."""
    return place.crash is not None and place.area is not None


def free_below(gaps: Sequence[Span], limit: int, place: Placement) -> int:
    """Bytes that stay free below `limit` after a placement; gaps: the free gaps before it."""
    free = sum([min(end, limit) - start for start, end in gaps if start < limit])
    taken = [(r.start, min(r.end, limit)) for r in (place.crash, place.low) if r is not None and r.start < limit]
    return free - sum([total(intersect(span, gaps)) for span in taken])
