"""Reservation of the crash kernel: windows tried in a kernel's order, and the aligned attempt before each of them.

The windows and their order are data of the profile (`plain` and `high` of the rows in mainline.py and
vendor_profiles.py). With a *proposal*, each window is first searched for the size rounded up to the
alignment, at that alignment; the crash memory is the bottom of what is found, and the tail is freed at once.

Source: reserve_crashkernel(), arch/arm64/mm/init.c @ 5.10 to 6.6; reserve_crashkernel_generic(), kernel/crash_reserve.c
@ 6.12 to 7.2; for the aligned attempt the idea of July 2022 and the patch 20220819041156.873873-1-rppt@kernel.org.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from planner.base.ranges import Range, Span
from planner.base.sizes import GIB, MIB, TIB, U64, round_up
from planner.kernel.cma import reserve_crashkernel_cma
from planner.kernel.crashkernel import Reading
from planner.kernel.memblock import Memblock
from planner.kernel.profiles import CRASH_ALIGN, Bound, Profile

__all__ = ["Attempt", "Bounds", "Placement", "Proposal", "reserve", "windows_of"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One search of memblock."""

    purpose: str
    """Its purpose: `aligned`, `exact` or `low`."""
    size: int
    """Requested bytes."""
    align: int
    """Requested alignment."""
    start: int
    """Lower bound of the window."""
    end: int
    """Upper bound of the window, exclusive."""
    found: int | None
    """The address found; null when nothing fits."""


class Bounds(NamedTuple):
    """The limits of one machine in bytes. low_max: `arm64_dma_phys_limit`; high_max: the physical limit.

    has_cma: the kernel is built with CMA.
    """

    low_max: int
    high_max: int
    align: int = CRASH_ALIGN
    default_low: int = 128 * MIB
    has_cma: bool = True

    def resolve(self, bound: Bound) -> int:
        """The address of a named bound."""
        if bound == "low":
            return self.low_max
        return self.high_max if bound == "high" else _FIXED_BOUNDS[bound]


_FIXED_BOUNDS = {"0": 0, "2M": 2 * MIB, "4G": 4 * GIB, "64T": 64 * TIB, "none": U64 - 1}


class Proposal(NamedTuple):
    """The aligned attempt. granule: bytes, a power of two. prefer_aligned: try it in all windows first.

    posted_offset_bug: X@base falls back to [0, base + X) as in the posted patch.
    """

    granule: int
    prefer_aligned: bool = False
    posted_offset_bug: bool = False


@dataclass(slots=True)
class Placement:
    """The result of reserving."""

    crash: Range | None = None
    """The crash memory."""
    low: Range | None = None
    """The low part, if there is one."""
    area: Range | None = None
    """The aligned range, if the aligned attempt found one."""
    unaligned: int | None = None
    """Where the exact search of the same window would have put the crash memory, before anything was reserved."""
    provisional: Range | None = None
    """The range taken first, which may have been freed again (`Profile.provisional`)."""
    cma: list[Range] = field(default_factory=list)
    """The areas of the `,cma` memory."""
    attempts: list[Attempt] = field(default_factory=list)
    """Every search, in order."""
    log: list[str] = field(default_factory=list)
    """The kernel's log lines."""
    hang: bool = False
    """True if the kernel would loop for ever."""
    low_failed: bool = False
    """True if the main part was freed again because the low part found no place."""


def reserve(
    memblock: Memblock, request: Reading, profile: Profile, bounds: Bounds, proposal: Proposal | None = None
) -> Placement:
    """Make the reservations of a valid request in `memblock`, exactly as the kernel does."""
    place = _Reserver(memblock, request, profile, bounds, proposal).main_and_low()
    if profile.cma and request.cma:
        if bounds.has_cma:
            place.cma, line = reserve_crashkernel_cma(memblock, request.cma, profile)
        else:
            line = "crashkernel CMA reservation not supported"
        place.log.append(line)
    return place


def windows_of(request: Reading, profile: Profile, bounds: Bounds) -> list[Span]:
    """The windows searched for a request without a fixed offset, in order."""
    windows = profile.high if request.high else profile.plain
    if request.high and not profile.loops_high and bounds.low_max == bounds.high_max:
        windows = windows[:1]  # The kernel's guard against an endless retry skips the second window.
    return [(bounds.resolve(w.start), bounds.resolve(w.end)) for w in windows]


class _Reserver:
    """One reservation while it is made. place: its result so far; ram: RAM as the log lines count it."""

    def __init__(
        self, memblock: Memblock, request: Reading, profile: Profile, bounds: Bounds, proposal: Proposal | None
    ) -> None:
        self.memblock, self.request, self.profile = memblock, request, profile
        self.bounds, self.proposal = bounds, proposal
        self.place = Placement()
        self.ram = memblock.phys_mem_size

    def main_and_low(self) -> Placement:
        """Reserve the main part, and the low part if the kernel adds one."""
        memblock, request, profile, place = self.memblock, self.request, self.profile, self.place
        size, wants_low = request.size, request.low
        if profile.rounds_size or (profile.provisional and request.high):
            size = self._page_rounded(size)
        if request.base:
            found = self._fixed(request.base, size)
        elif profile.provisional and not request.high:
            found, size = self._after_provisional()
        else:
            index, found = self._in_windows(size, windows_of(request, profile, self.bounds))
            if index and not request.high and not profile.low_with_plain:
                wants_low = self.bounds.default_low  # of a plain request that only a later window meets
        if found is None:
            if not place.log:
                self._say_failed(size)
            return place
        end = found + (size if place.area is None else round_up(size, memblock.page_size))
        memblock.reserve(found, end - found)
        if self._takes_low(found, end, wants_low) and not self._low(wants_low):
            memblock.free(found, end - found)
            place.area = None
            return place
        place.crash = Range(found, end)
        place.log.append(_reserved_line(place.crash, profile, self.ram))
        return place

    def _page_rounded(self, size: int) -> int:
        return round_up(size, self.memblock.page_size) % U64

    def _after_provisional(self) -> tuple[int | None, int]:
        """Address and size for a plain request on a kernel that first reserves memory anywhere.

        That reservation is made before the linear map is built and freed once low memory is found; the search below the
        limit avoids it. Only the provisional size is rounded up to a page.
        """
        memblock, size, place = self.memblock, self.request.size, self.place
        low, (start, end) = windows_of(self.request, self.profile, self.bounds)
        rounded = self._page_rounded(size)
        kept = memblock.search(rounded, self.bounds.align, start, end) if rounded else None
        if kept is not None:
            place.provisional = Range(kept, kept + rounded)
            memblock.reserve(kept, rounded)
        _, found = self._in_windows(size, [low])
        if kept is not None:
            memblock.free(kept, rounded)
        if found is not None:
            return found, size
        place.attempts.append(Attempt("exact", rounded, self.bounds.align, start, end, kept))
        return kept, rounded

    def _takes_low(self, start: int, end: int, size: int) -> bool:
        """True if the kernel also reserves a low part for a main part at [start, end)."""
        limit, when = self.bounds.low_max, self.profile.low_when
        if not size:
            return False
        if when == "near-limit":
            return start > limit - size
        if when == "over-limit":
            return end > limit
        return when == "always" or start >= limit

    def _say_failed(self, size: int) -> None:
        profile, request, log = self.profile, self.request, self.place.log
        loops = profile.loops_high if request.high else profile.loops_plain
        if not request.base and loops and self.bounds.low_max == self.bounds.high_max:
            self.place.hang = True
        elif request.base and (profile.in_use_message or profile.messages == "openeuler"):
            log.append("crashkernel reservation failed - memory is in use.")
        elif profile.messages == "openeuler":
            log.append("crashkernel reservation failed - No suitable area found.")
        else:
            log.append(f"cannot allocate crashkernel (size:{size:#x})")

    def _in_windows(self, size: int, windows: list[Span]) -> tuple[int, int | None]:
        """The index of the window that held the request and the address found."""
        proposal, align, place = self.proposal, self.bounds.align, self.place
        steps = [(i, aligned) for i in range(len(windows)) for aligned in ((True, False) if proposal else (False,))]
        if proposal and proposal.prefer_aligned:
            steps.sort(key=lambda step: not step[1])
        for index, aligned in steps:
            start, end = windows[index]
            if not aligned:
                found = self._search("exact", size, align, start, end)
            else:
                assert proposal is not None  # noqa: S101 - steps holds aligned ones only with a proposal
                area = round_up(size, proposal.granule)
                found = self._search("aligned", area, max(proposal.granule, align), start, end)
                if found is not None:
                    place.area = Range(found, found + area)
                    place.unaligned = self.memblock.search(size, align, start, end)
            if found is not None:
                return index, found
        return 0, None

    def _search(self, purpose: str, size: int, align: int, start: int, end: int) -> int | None:
        # An `end` of 0 or 1 would mean "no limit" to memblock; a window never means that.
        found = self.memblock.search(size, align, start, end) if end > 1 and size < U64 else None
        self.place.attempts.append(Attempt(purpose, size, align, start, end, found))
        return found

    def _low(self, size: int) -> bool:
        """Reserve the low part; False if it finds no place."""
        own, bounds, log = self.profile.messages != "mainline", self.bounds, self.place.log
        found = self._search("low", size, bounds.align, bounds.resolve(self.profile.low_from), bounds.low_max)
        if found is None:
            log.append(
                f"Cannot reserve {size >> 20}MB crashkernel low memory, please try smaller size."
                if own
                else f"cannot allocate crashkernel low memory (size:{size:#x})."
            )
            self.place.low_failed = True
            return False
        self.memblock.reserve(found, size)
        self.place.low = Range(found, found + size)
        log.append(
            f"Reserving {size >> 20}MB of low memory at {found >> 20}MB for crashkernel "
            f"(low RAM limit: {min(self.ram, bounds.low_max) >> 20}MB)"
            if own
            else f"crashkernel low memory reserved: {found:#010x} - {found + size:#010x} ({size >> 20} MB)"
        )
        return True

    def _fixed(self, base: int, size: int) -> int | None:
        """The address for X@base, checked or searched as this kernel does; None if it is refused."""
        fixed, align, proposal = self.profile.fixed, self.bounds.align, self.proposal
        if fixed == "window" or (fixed == "aligned" and base % align == 0):
            start = 0 if proposal is not None and proposal.posted_offset_bug else base
            return self._search("exact", size, align, start, base + size if start == 0 else (base + size) % U64)
        problem = None
        if fixed == "tests" and not self.memblock.is_region_memory(base, size):
            problem = "region is not memory"
        elif fixed == "tests" and self.memblock.is_region_reserved(base, size):
            problem = "region overlaps reserved memory"
        elif base % align:
            problem = "base address is not 2MB aligned"
        found = None if problem else base
        self.place.attempts.append(Attempt("exact", size, align, base, (base + size) % U64, found))
        if problem:
            self.place.log.append(f"cannot reserve crashkernel: {problem}")
        return found


def _reserved_line(crash: Range, profile: Profile, ram: int) -> str:
    if profile.messages == "openeuler":
        return (
            f"Reserving {crash.size >> 20}MB of memory at {crash.start >> 20}MB for crashkernel "
            f"(System RAM: {ram >> 20}MB)"
        )
    return f"crashkernel reserved: {crash.start:#018x} - {crash.end:#018x} ({crash.size >> 20} MB)"
