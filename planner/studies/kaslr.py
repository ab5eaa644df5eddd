"""Positions of the kernel image under KASLR, and the outcome for the crash kernel at each, computed exactly.

Under UEFI the stub places the image at random in free memory: every aligned position of every free range is equally
likely. The position affects the reservation only if the image lies in the gap that the crash kernel (or its low part)
would take; and within that gap the outcome changes only at a few positions: where the size just fits below the image,
and where it just fits above. So a machine with millions of positions takes a few plans.

The other reservations are assumed not to move. Source: efi_random_alloc() and get_entry_num_slots(),
drivers/firmware/efi/libstub/randomalloc.c; efi_kaslr_relocate_kernel(), kaslr.c; EFI_KIMG_ALIGN,
arch/arm64/include/asm/efi.h @ 6.12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeVar

from planner.base.errors import InputError
from planner.base.ranges import Range, Span, difference, subtract, union
from planner.base.sizes import KIB, MIB, format_size, round_down, round_up
from planner.kernel.crash_reserve import Placement, reserve
from planner.kernel.crashkernel import Reading
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import Flag, MemoryMap, Reserved
from planner.planning.capacity import RequestForm, halved
from planner.planning.context import memblock_of
from planner.planning.outcomes import ALIGNED, RESERVED
from planner.planning.views import outcome_of
from planner.studies.inquiry import Inquiry
from planner.studies.owners import image_of

__all__ = ["Chances", "Image", "Places", "Positions"]

ASSUMED_SIZE = 40 * MIB
"""Assumed size of an image that no source shows: typical of distributions' arm64 kernels, bss included."""

_Outcome = TypeVar("_Outcome")


@dataclass(frozen=True, slots=True)
class Image:
    """The kernel image whose position varies.

    size: bytes. align: of its positions; slots: their number. where: its place in the map. assumed: no source shows an
    image; the size is a typical one.
    """

    size: int
    align: int
    where: Range | None
    assumed: bool
    slots: int


@dataclass(frozen=True, slots=True)
class Positions:
    """Positions with one outcome: every `align` bytes in `[start, end)`; slots: their number."""

    start: int
    end: int
    slots: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Chances:
    """The outcomes of one request over all positions of the image.

    probability: of each outcome, 0 for those that never happen. slots: number of positions with each outcome, the
    likeliest first. as_mapped: the outcome with the image at its place in the map (None: the map has none). breaking:
    positions with a worse outcome than the best one. positions: all positions, ascending.
    """

    image: Image
    size: int
    probability: Mapping[str, float]
    slots: Mapping[str, int]
    as_mapped: str | None
    breaking: tuple[Positions, ...]
    positions: tuple[Positions, ...]


class _Search(NamedTuple):
    """One search for a part of the reservation: its size and alignment in bytes, and its window `[start, end)`."""

    size: int
    align: int
    start: int
    end: int


def position_align(page_size: int) -> int:
    """EFI_KIMG_ALIGN: the segment alignment of 64K, or the alignment of a stack (twice its size) if that is larger."""
    return max(64 * KIB, 2 * max(16 * KIB, page_size))


class Places:
    """One machine without its image, and every possible position of the image in the firmware's map.

    Raises InputError if there is no position.
    """

    def __init__(self, inquiry: Inquiry, image_size: int | None = None) -> None:
        context = inquiry.context
        self.inquiry, self.context = inquiry, context
        memory = context.memory
        where = image_of(memory, context.facts)
        size = image_size or (where.size if where else ASSUMED_SIZE)
        align = position_align(context.geometry.page_size)
        holes = [where.span] if where else []
        others = tuple(Reserved(a, b, r.name) for r in memory.reserved for a, b in subtract(r.span, holes))
        self.memblock = memblock_of(context._replace(memory=MemoryMap(memory.regions, others)))
        self.spans = slots_of(self.memblock, size, align)
        self.image = Image(size, align, where, where is None, sum([_count(span, align) for span in self.spans]))
        if not self.image.slots:
            stated = image_size is not None
            raise InputError(
                "--image-size" if stated else "--any-image",
                f"the map has no place for a kernel image of {format_size(size)}",
                "give a smaller one" if stated else "give --image-size, or a map",
            )

    def chances(self, request: Reading) -> Chances:
        """The outcomes of a request at all positions."""
        found: list[Positions] = []
        used = self._used(request)
        for low, high, outcome in self._parts(used, self._cuts(request, used), lambda at: self._outcome(request, at)):
            first = low
            if found and found[-1].end == low and found[-1].outcome == outcome:
                first = found.pop().start
            found.append(Positions(first, high, _count((first, high), self.image.align), outcome))
        totals: dict[str, int] = {}
        for part in found:
            totals[part.outcome] = totals.get(part.outcome, 0) + part.slots
        best = next((o for o in RESERVED if o in totals), None)
        slots = dict(sorted(totals.items(), key=lambda item: (-item[1], item[0])))
        outcomes = dict.fromkeys(("aligned", "fallback", "failed", *slots))
        return Chances(
            image=self.image,
            size=request.size,
            probability={outcome: slots.get(outcome, 0) / self.image.slots for outcome in outcomes},
            slots=slots,
            as_mapped=None if self.image.where is None else self._outcome(request, self.image.where.start),
            breaking=tuple(part for part in found if part.outcome != best),
            positions=tuple(found),
        )

    def share(
        self,
        request: Reading,
        holds: Callable[[Placement], bool],
        known: Placement,
        also: tuple[Places, str] | None = None,
    ) -> float:
        """The share of positions at which the placement satisfies `holds`.

        holds: may depend on the crash memory's position relative to the DMA limit and to its place in `known`, on the
        presence of an area, and on the size of each part. also: the same machine under another strategy, and the
        outcome that is required there too.
        """
        used = self._used(request)
        cuts = self._cuts(request, used) | self._crossings(request, known)

        def held(at: int | None) -> bool:
            as_wanted = holds(self._placed(request, at))
            return as_wanted and (also is None or also[0]._outcome(request, at) == also[1])  # noqa: SLF001 - of this class

        if also is not None:
            theirs = also[0]._used(request)  # noqa: SLF001
            used, cuts = [*used, *theirs], cuts | also[0]._cuts(request, theirs)  # noqa: SLF001
        parts = self._parts(used, cuts, held)
        return sum([_count((low, high), self.image.align) for low, high, good in parts if good]) / self.image.slots

    def _parts(
        self, used: Sequence[Span], cuts: set[int], outcome_at: Callable[[int | None], _Outcome]
    ) -> Iterator[tuple[int, int, _Outcome]]:
        """Positions in ascending runs with the same outcome: start, end, outcome.

        used, cuts: as of `_used` and `_cuts`. outcome_at: the outcome for a position; None: without an image.
        """
        usual = outcome_at(None)
        for start, end in self.spans:
            edges = [start, *sorted({cut for cut in cuts if start < cut < end}), end]
            for low, high in pairwise(edges):
                relevant = any(a - self.image.size < high and low < b for a, b in used)
                yield low, high, outcome_at(low) if relevant else usual

    def _crossings(self, request: Reading, known: Placement) -> set[int]:
        """Positions at which a placement just below the image crosses the DMA limit or an edge of a known placement."""
        crash, limit = known.crash, self.context.bounds.low_max
        cuts: set[int] = set()
        for search in self._searches(request):
            size, align = search.size, search.align
            for edge in (limit, *(crash.span if crash is not None else ())):
                cuts |= {size + round_up(edge, align), size + round_down(edge - size, align) + align}
        return {round_up(cut, self.image.align) for cut in cuts if cut > 0}

    def certain(self, outcomes: Sequence[str]) -> int | None:
        """The largest size with one of these outcomes at every position of the image; None if there is none.

        Found by bisection of each stretch of sizes for which, without an image, the same search succeeds: within a
        stretch, a larger size can be blocked at more positions. Every size tried is tried at all positions.
        """
        form = self.inquiry.form
        bare = RequestForm(self.memblock, form.request, form.profile, form.bounds, form.proposal)
        unit = max(form.page, form.proposal.granule) if form.proposal and outcomes == ALIGNED else form.page

        def always(size: int) -> bool:
            return all(part.outcome in outcomes for part in self.chances(bare.sized(size)).positions)

        for stretch in reversed(bare.stretches()):
            if always(stretch.most):
                return stretch.most
            least, most = (stretch.least - 1) // unit, -(-stretch.most // unit)
            size = unit * halved(least, most, lambda units: always(units * unit))
            if size >= stretch.least:
                return size
        return None

    def _outcome(self, request: Reading, position: int | None) -> str:
        return outcome_of(request, self._placed(request, position), self.context)

    def _placed(self, request: Reading, position: int | None) -> Placement:
        """The placement with the image at a position; None: without an image."""
        if not request.valid:
            return Placement()
        context, memblock = self.context, self.memblock.copy()
        if position is not None:
            memblock.reserve(position, self.image.size)
        return reserve(memblock, request, context.profile, context.bounds, context.proposal)

    def _used(self, request: Reading) -> list[Span]:
        """The gaps that the crash memory and its low part would take without an image; others have no influence.

        An image elsewhere makes no failing search succeed, and takes nothing from the gap that the first successful
        search finds.
        """
        starts = [one.found for one in self._placed(request, None).attempts if one.found is not None]
        return [gap for gap in self.memblock.gaps() if any(gap[0] <= start < gap[1] for start in starts)]

    def _cuts(self, request: Reading, used: Sequence[Span]) -> set[int]:
        """Positions, on the grid, where the result of a search may change."""
        align, size = self.image.align, self.image.size
        near = [gap for gap in self.memblock.gaps() if any(gap[0] < b + size and a - size < gap[1] for a, b in used)]
        cuts = {edge for a, b in used for edge in (a - size + 1, b)}
        for search in self._searches(request):
            for gap in near:
                low, high = max(gap[0], search.start, self.memblock.page_size), min(gap[1], search.end)
                below = round_up(low, search.align) + search.size  # from here on it fits below the image
                above = round_down(high - search.size, search.align) - size  # up to here it fits above
                cuts |= {below, above + 1}
        return {round_up(cut, align) for cut in cuts if cut > 0}

    def _searches(self, request: Reading) -> Iterator[_Search]:
        """Every search for a request, split at the end of low memory."""
        context = self.context
        bounds, proposal, page = context.bounds, context.proposal, self.memblock.page_size
        size = round_up(request.size, page) if context.profile.rounds_size else request.size
        if request.base:
            align = 1 if context.profile.fixed == "tests" else bounds.align
            yield _Search(size, align, request.base, request.base + size)
            yield _Search(size, bounds.align, 0, request.base + size)
        form = RequestForm(self.memblock, request, context.profile, bounds, proposal)
        for start, end in form.windows():
            for low in {start, max(start, min(bounds.low_max, end))}:
                yield _Search(size, bounds.align, low, end)
                if proposal is not None:
                    granule = proposal.granule
                    yield _Search(round_up(size, granule), max(granule, bounds.align), low, end)
        for low in {request.low, bounds.default_low} - {0}:
            yield _Search(low, bounds.align, 0, bounds.low_max)


def slots_of(memblock: Memblock, size: int, align: int) -> list[Span]:
    """Positions of an image with this size: ascending half-open ranges with bounds on the grid of positions.

    The stub uses the firmware's conventional memory: never hot-pluggable memory, only mirrored memory if there is any,
    never page 0. Here memblock's regions stand for it, merged where they touch, without reserved ranges.
    """
    never = Flag.NOMAP.value | Flag.DRIVER_MANAGED.value | Flag.HOTPLUG.value
    usable = [r for r in memblock.memory if not r.flags & never]
    for wanted in ([r for r in usable if r.flags & Flag.MIRROR.value], usable):
        spans = []
        for start, end in difference(union(r.span for r in wanted), memblock.reserved):
            first = round_up(max(start, align), align)
            last = round_down(end - size, align)
            if first <= last:
                spans.append((first, last + align))
        if spans:
            return spans
    return []


def _count(span: Span, align: int) -> int:
    """The number of positions in a range whose bounds are on their grid."""
    return (span[1] - span[0]) // align
