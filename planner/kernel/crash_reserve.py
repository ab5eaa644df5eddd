"""Reserving the crash kernel: windows tried in a kernel's order, and the aligned attempt before each of them.

The windows and their order are data of the profile (`plain` and `high` of the rows in mainline.py and vendors.py).
With a *proposal*, each window is first searched for the size rounded up to the granule, at granule alignment; the crash
memory is the bottom of what is found, and the tail goes back at once.

Source: reserve_crashkernel(), arch/arm64/mm/init.c @ 5.10 to 6.6; reserve_crashkernel_generic(), kernel/crash_reserve.c
@ 6.12 to 7.2; for the aligned attempt the idea of July 2022 and the patch 20220819041156.873873-1-rppt@kernel.org.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from planner.base.ranges import Range
from planner.base.sizes import GIB, MIB, U64, round_up
from planner.kernel.cma import reserve_crashkernel_cma
from planner.kernel.crashkernel import Reading
from planner.kernel.memblock import Memblock
from planner.kernel.profiles import CRASH_ALIGN, Bound, Profile, Window

__all__ = ["Attempt", "Bounds", "Placement", "Proposal", "reserve"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One search of memblock: purpose (`aligned`, `exact`, `low`), the window [start, end), the address found."""

    purpose: str
    """Its purpose: `aligned`, `exact`, `low` and the like."""
    size: int
    """Bytes searched for."""
    align: int
    """Alignment asked for."""
    start: int
    """Lower bound of the window."""
    end: int
    """Upper bound of the window, exclusive."""
    found: int | None
    """The address found; null when nothing fits."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of one machine in bytes. low_max: `arm64_dma_phys_limit`; high_max: the physical limit.

    has_cma: the kernel is built with CMA.
    """

    low_max: int
    high_max: int
    align: int = CRASH_ALIGN
    default_low: int = 128 * MIB
    has_cma: bool = True

    def resolve(self, bound: Bound) -> int:
        """The address a named bound stands for."""
        if bound == "low":
            return self.low_max
        return self.high_max if bound == "high" else _FIXED_BOUNDS[bound]


_FIXED_BOUNDS = {"0": 0, "2M": 2 * MIB, "4G": 4 * GIB, "64T": 64 << 40, "none": U64 - 1}


class Proposal(NamedTuple):
    """The aligned attempt. granule: bytes, a power of two. prefer_aligned: try it in all windows first.

    posted_offset_bug: X@base falls back to [0, base + X) as in the posted patch.
    """

    granule: int
    prefer_aligned: bool = False
    posted_offset_bug: bool = False


@dataclass(slots=True)
class Placement:
    """The result of reserving.

    area: the aligned range, or None. unaligned: where the exact search of the same window would have put the crash
    memory, before anything was reserved. hang: the kernel would retry for ever. low_failed: the main part was freed
    again, because the low part found no place. provisional: what was taken first and may have been given back
    (`Profile.provisional`). cma: the areas of the `,cma` memory.
    """

    crash: Range | None = None
    low: Range | None = None
    area: Range | None = None
    unaligned: int | None = None
    provisional: Range | None = None
    cma: list[Range] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    hang: bool = False
    low_failed: bool = False


def reserve(
    memblock: Memblock, request: Reading, profile: Profile, bounds: Bounds, proposal: Proposal | None = None
) -> Placement:
    """Reserve what a valid request asks for; `memblock` is left as the kernel leaves it."""
    place = _main_and_low(memblock, request, profile, bounds, proposal)
    if profile.cma and request.cma:
        if bounds.has_cma:
            place.cma, line = reserve_crashkernel_cma(memblock, request.cma, profile)
        else:
            line = "crashkernel CMA reservation not supported"
        place.log.append(line)
    return place


def _main_and_low(
    memblock: Memblock, request: Reading, profile: Profile, bounds: Bounds, proposal: Proposal | None
) -> Placement:
    """The main part, and the low part where one comes with it."""
    place = Placement()
    ram = memblock.phys_mem_size
    size = request.size
    if profile.rounds_size:
        size = round_up(size, memblock.page_size) % U64
    if request.base:
        found = _fixed(memblock, request.base, size, profile, bounds, proposal, place)
        wants_low = request.low
    elif profile.provisional and not request.high:
        found, size = _after_provisional(memblock, request, profile, bounds, proposal, place)
        wants_low = request.low
    else:
        windows = profile.high if request.high else profile.plain
        if request.high and not profile.loops_high and bounds.low_max == bounds.high_max:
            windows = windows[:1]  # The guard against retrying for ever skips the second window.
        index, found = _windows(memblock, size, windows, bounds, proposal, place)
        # A plain request that is only met by a later window needs low memory besides.
        wants_low = request.low if request.high or index == 0 or profile.low_with_plain else bounds.default_low
    if found is None:
        if not place.log and not place.hang:
            _say_failed(place, request, profile, bounds, size)
        return place
    end = found + (size if place.area is None else round_up(size, memblock.page_size))
    memblock.reserve(found, end - found)
    if _takes_low(found, end, wants_low, profile, bounds) and not _low(
        memblock, wants_low, profile, bounds, place, ram=ram
    ):
        memblock.free(found, end - found)
        place.area = None
        return place
    place.crash = Range(found, end)
    place.log.append(_reserved_line(place.crash, profile, ram))
    return place


def _after_provisional(
    memblock: Memblock,
    request: Reading,
    profile: Profile,
    bounds: Bounds,
    proposal: Proposal | None,
    place: Placement,
) -> tuple[int | None, int]:
    """The place and size of a plain request whose kernel takes memory anywhere first.

    It does so before the linear map is built, and gives that memory back once it has found low memory; the search
    below the limit goes round it, and only the provisional size is rounded up to a page.
    """
    low, high = profile.plain
    rounded = round_up(request.size, memblock.page_size) % U64
    start, end = bounds.resolve(high.start), bounds.resolve(high.end)
    kept = memblock.search(rounded, bounds.align, start, end) if rounded else None
    if kept is not None:
        place.provisional = Range(kept, kept + rounded)
        memblock.reserve(kept, rounded)
    _, found = _windows(memblock, request.size, (low,), bounds, proposal, place)
    if kept is not None:
        memblock.free(kept, rounded)
    if found is not None:
        return found, request.size
    place.attempts.append(Attempt("exact", rounded, bounds.align, start, end, kept))
    return kept, rounded


def _takes_low(start: int, end: int, size: int, profile: Profile, bounds: Bounds) -> bool:
    """True if a low part comes with a main part that was placed at [start, end)."""
    limit = bounds.low_max
    if not size:
        return False
    if profile.low_when == "near-limit":
        return start > limit - size
    if profile.low_when == "over-limit":
        return end > limit
    return profile.low_when == "always" or start >= limit


def _reserved_line(crash: Range, profile: Profile, ram: int) -> str:
    if profile.messages == "openeuler":
        return (
            f"Reserving {crash.size >> 20}MB of memory at {crash.start >> 20}MB for crashkernel "
            f"(System RAM: {ram >> 20}MB)"
        )
    return f"crashkernel reserved: {crash.start:#018x} - {crash.end:#018x} ({crash.size >> 20} MB)"


def _say_failed(place: Placement, request: Reading, profile: Profile, bounds: Bounds, size: int) -> None:
    loops = profile.loops_high if request.high else profile.loops_plain
    if not request.base and loops and bounds.low_max == bounds.high_max:
        place.hang = True
    elif request.base and (profile.in_use_message or profile.messages == "openeuler"):
        place.log.append("crashkernel reservation failed - memory is in use.")
    elif profile.messages == "openeuler":
        place.log.append("crashkernel reservation failed - No suitable area found.")
    else:
        place.log.append(f"cannot allocate crashkernel (size:{size:#x})")


def _windows(
    memblock: Memblock,
    size: int,
    windows: tuple[Window, ...],
    bounds: Bounds,
    proposal: Proposal | None,
    place: Placement,
) -> tuple[int, int | None]:
    """The index of the window that held the request and the address found."""
    spans = [(bounds.resolve(w.start), bounds.resolve(w.end)) for w in windows]
    steps = [(i, aligned) for i in range(len(spans)) for aligned in ((True, False) if proposal else (False,))]
    if proposal and proposal.prefer_aligned:
        steps.sort(key=lambda step: not step[1])
    for index, aligned in steps:
        start, end = spans[index]
        if not aligned:
            found = _search(memblock, "exact", size, bounds.align, start, end, place)
        else:
            assert proposal is not None  # noqa: S101 - steps holds aligned ones only with a proposal
            area = round_up(size, proposal.granule)
            align = max(proposal.granule, bounds.align)
            found = _search(memblock, "aligned", area, align, start, end, place)
            if found is not None:
                place.area = Range(found, found + area)
                place.unaligned = memblock.search(size, bounds.align, start, end)
        if found is not None:
            return index, found
    return 0, None


def _search(
    memblock: Memblock, purpose: str, size: int, align: int, start: int, end: int, place: Placement
) -> int | None:
    # An `end` of 0 or 1 would mean "no limit" to memblock; a window never means that.
    found = memblock.search(size, align, start, end) if end > 1 and size < U64 else None
    place.attempts.append(Attempt(purpose, size, align, start, end, found))
    return found


def _low(memblock: Memblock, size: int, profile: Profile, bounds: Bounds, place: Placement, *, ram: int) -> bool:
    own = profile.messages != "mainline"
    start = bounds.resolve(profile.low_from)
    found = _search(memblock, "low", size, bounds.align, start, bounds.low_max, place)
    if found is None:
        place.log.append(
            f"Cannot reserve {size >> 20}MB crashkernel low memory, please try smaller size."
            if own
            else f"cannot allocate crashkernel low memory (size:{size:#x})."
        )
        place.low_failed = True
        return False
    memblock.reserve(found, size)
    place.low = Range(found, found + size)
    place.log.append(
        f"Reserving {size >> 20}MB of low memory at {found >> 20}MB for crashkernel "
        f"(low RAM limit: {min(ram, bounds.low_max) >> 20}MB)"
        if own
        else f"crashkernel low memory reserved: {found:#010x} - {found + size:#010x} ({size >> 20} MB)"
    )
    return True


def _fixed(
    memblock: Memblock,
    base: int,
    size: int,
    profile: Profile,
    bounds: Bounds,
    proposal: Proposal | None,
    place: Placement,
) -> int | None:
    end = (base + size) % U64
    if profile.fixed == "aligned" and base % bounds.align:
        place.attempts.append(Attempt("exact", size, bounds.align, base, end, None))
        place.log.append("cannot reserve crashkernel: base address is not 2MB aligned")
        return None
    if profile.fixed != "tests":
        start = 0 if proposal is not None and proposal.posted_offset_bug else base
        if start == 0:
            end = base + size
        return _search(memblock, "exact", size, bounds.align, start, end, place)
    problem = None
    if not memblock.is_region_memory(base, size):
        problem = "cannot reserve crashkernel: region is not memory"
    elif memblock.is_region_reserved(base, size):
        problem = "cannot reserve crashkernel: region overlaps reserved memory"
    elif base % bounds.align:
        problem = "cannot reserve crashkernel: base address is not 2MB aligned"
    place.attempts.append(Attempt("exact", size, bounds.align, base, end, None if problem else base))
    if problem:
        place.log.append(problem)
        return None
    return base
