"""Notes on a plan for a person, one sentence each."""

from __future__ import annotations

from planner.base.ranges import Range
from planner.base.sizes import GIB, format_size
from planner.kernel import crashkernel as ck
from planner.kernel.cmdline import has_word
from planner.kernel.crash_reserve import Placement, windows_of
from planner.kernel.kexec_handover import SCRATCH_TIMES, is_on
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import Flag
from planner.planning.capacity import largest_size
from planner.planning.context import Context
from planner.planning.doubts import AS_NEAREST_MAP
from planner.planning.result import ReservationView

__all__ = ["notes_on", "why_failed"]


def notes_on(
    request: ck.Reading, placement: Placement, reservation: ReservationView, context: Context, *, whole: bool
) -> list[str]:
    """The notes on a plan, the most important first. whole: the area consists of whole leaves."""
    notes: list[str] = []
    if placement.hang:
        notes.append("the kernel would loop for ever here: no DMA zones, and its retry loop has no guard")
    if placement.low_failed:
        notes.append("the low part could not be reserved, so the main part was freed again")
    if reservation.crash is not None:
        notes += _on_the_memory(request, reservation.crash, reservation.low, context)
    if reservation.outcome == "fallback":
        notes.append("no aligned area is free: the ordinary reservation is used and stays mapped")
    if reservation.outcome == "aligned" and not whole:
        notes.append(
            f"the area, aligned to {format_size(context.granule)}, shares a larger leaf of the linear map with other "
            "memory: it is not remapped and not protected (--align block avoids this)"
        )
    if context.forcing.reasons and request.valid:
        notes += _what_would_help(context)
    if context.strategy.early and context.profile.effect != "isolated" and context.zones:
        notes.append(
            "a kernel that isolates the crash memory reserves it before CMA and the memmap; this map is the state at "
            "the chosen kernel's own reservation, so the real place may be higher"
        )
    if context.strategy.proposal and context.effect == "isolated" and not context.forcing.reasons:
        notes.append("no DMA zones: the crash kernel is reserved early and isolated; no aligned attempt is made")
    if context.strategy.proposal:
        notes += _on_the_proposal(request, reservation, context)
    on_the_map = _on_the_map(reservation, context)
    if context.effect == "pages" and context.present and not context.forcing.reasons:
        on_the_map.append(
            "a crashkernel parameter is present: the whole linear map is made of base pages; blocks would need a "
            "kernel from 6.4 on, which gives up the protection, or another strategy"
        )
    unknown = context.kernel.map_certainty == "unknown" and context.strategy.effect is None
    doubt = AS_NEAREST_MAP if unknown else ""
    return [*notes, *(doubt + note for note in on_the_map)]


def _on_the_memory(request: ck.Reading, crash: Range, low: Range | None, context: Context) -> list[str]:
    """Notes on the crash memory itself, and on what it makes the kernel set aside besides."""
    notes: list[str] = []
    if not crash.size:
        notes.append(f"{request.size:#x} wraps to 0 bytes when it is rounded up to a page: no memory is reserved")
    if request.base:
        notes += _in_unmapped(crash, context)
    own_sizes = has_word(context.cmdline, "kho_scratch")
    if is_on(context.profile, context.facts.config, context.cmdline) and not own_sizes:
        more = SCRATCH_TIMES * (crash.size + (low.size if low is not None else 0))
        notes.append(
            f"kexec handover is on: for this crash kernel the boot sets {format_size(more)} more aside, last of all, "
            "for movable memory only; handover is off where there is no room for that (kho=off, kho_scratch=)"
        )
    return notes


def _in_unmapped(crash: Range, context: Context) -> list[str]:
    """The note on crash memory that is not for the kernel's use: up to 5.14, any free memory may be at an offset."""
    for region in context.memory.regions:
        if region.flags & Flag.NOMAP.value and region.start < crash.end and region.end > crash.start:
            where = f"{max(region.start, crash.start):#x}"
            return [f"the memory at {where} is no-map, for firmware or a device: this kernel reserves it all the same"]
    return []


def _on_the_map(reservation: ReservationView, context: Context) -> list[str]:
    """Notes on unusual changes of this kernel to the map."""
    notes: list[str] = []
    profile = context.profile
    if context.effect == "below-4G":
        notes.append(
            "for a plain request this kernel maps all RAM below 4G with base pages, and also the memory that it "
            "reserves provisionally before it searches there"
        )
    if profile.unmaps_low and reservation.low is not None and context.strategy.effect is None:
        notes.append("this kernel permanently removes the low part from the linear map")
    in_blocks = context.effect == "none" and not context.forcing.reasons and context.strategy.effect is None
    if profile.protects and in_blocks and reservation.crash is not None:
        notes.append(
            "this kernel unmaps a loaded crash kernel although its memory may lack base pages: if blocks map it, "
            "loading a crash kernel crashes the machine"
        )
    return notes


def _what_would_help(context: Context) -> list[str]:
    reasons, remedies = "; ".join(context.forcing.reasons), ", and ".join(context.forcing.remedies)
    notes = [f"the whole linear map has base pages already ({reasons}); blocks would need {remedies}"]
    if context.strategy.proposal:
        notes.append("an aligned area has no benefit here: the crash memory can be unmapped without one")
    return notes


def _on_the_proposal(request: ck.Reading, reservation: ReservationView, context: Context) -> list[str]:
    notes: list[str] = []
    geo, proposal = context.geometry, context.proposal
    if proposal is None or not request.valid:
        return notes
    if request.base:
        notes.append("the proposal does not apply to a fixed offset: no aligned attempt, no protection")
        if reservation.crash and reservation.crash.start != request.base:
            notes.append(
                f"the posted patch ignores the offset: it searches below {request.base + request.size:#x} instead"
            )
        return notes
    if len(windows_of(request, context.profile, context.bounds)) > 1:
        order = "aligned in every window, then exact" if proposal.prefer_aligned else "per window: aligned, then exact"
        notes.append(f"{order} is an extension of this tool: the posted code has one window and one aligned attempt")
    if context.align == "pud" and geo.pud_size > GIB:
        notes.append(
            f"PUD_SIZE is {format_size(geo.pud_size)} with {format_size(geo.page_size)} pages: rounding up to it "
            "practically always ends in the fallback (--align block takes the largest leaf the map really uses)"
        )
    elif context.align == "pud" and geo.levels == 2:
        notes.append(f"with two table levels the PUD folds to the PMD, {format_size(geo.pmd_size)}")
    return notes


def why_failed(memblock: Memblock, request: ck.Reading, context: Context) -> list[str]:
    """The note on a failed plan: the largest size that could be reserved with a request of this form."""
    # A failed reservation leaves memblock unchanged.
    size = largest_size(memblock, request, context.profile, context.bounds, context.proposal)
    wanted = format_size(request.size)
    if size is None:
        return [f"{wanted} cannot be reserved, nor can any smaller size of this form"]
    return [f"{wanted} cannot be reserved; the largest size of this form that can is {format_size(size)}"]
