"""The CMA area before the crash kernel, where no log names it: which of its usual sizes a listing shows.

It is one entry of /proc/iomem with what lies right above and beneath it. Its size is one that kernels are configured
with or that `cma=` asks for; its place, beneath the DMA limit, is the topmost one.

Source: dma_contiguous_reserve(), kernel/dma/contiguous.c; cma_declare_contiguous_nid(), mm/cma.c @ 5.10, 6.1, 7.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from planner.base.ranges import Span
from planner.kernel.cma import cma_align
from planner.rewind.boot_steps import CMA
from planner.rewind.cma_areas import areas_of
from planner.rewind.state import Allocation, State
from planner.rewind.undo import places
from planner.rewind.view import View

__all__ = ["area_sizes", "listed_area"]


def listed_area(view: View, state: State, *, described: bool = False) -> Span | None:
    """A CMA area whose place agrees with the listing; None where there is none.

    First one of a usual size that fills its entry, up to the limit or to page descriptors right above it; then one of
    any size. described: whether the descriptors were found elsewhere.
    """
    if view.planned.reserves_first:
        return None
    sizes, usual = area_sizes(view), areas_of(cma_align(view.planned.profile, view.planned.page_size))
    ends = {start: min(end, view.low_max) for start, end in state.reserved}
    lengths, above = {end - start for start, end in ends.items()}, _above_area(view, described=described)
    filling = [*_lowest_areas(view, state, [size for size in sizes if any(size + more in lengths for more in above)])]
    whole = [area for more in above for area in filling if ends.get(area[0]) == area[1] + more]
    whole.sort(key=lambda area: (area[1] - area[0] not in usual, ends[area[0]] != area[1]))
    return next(chain(whole, _lowest_areas(view, state, sizes)), None)


def area_sizes(view: View) -> list[int]:
    """Bytes that a CMA area may have, usual ones first; no more than the largest entry in low memory has.

    Any other area shows as an entry right above the crash kernel, or at the end of low memory.
    """
    align, above = cma_align(view.planned.profile, view.planned.page_size), _above_area(view)
    low, crash, begins = view.low_max, set(view.crash), {end for _, end in view.crash[:2]}
    entries = [(start, end) for start, end in view.listed.reserved if start < low and (start, end) not in crash]
    most = max((end - start for start, end in entries), default=0)
    at_an_edge = [(start, min(end, low)) for start, end in entries if start in begins or low <= end]
    filling = [end - start - more for start, end in at_an_edge for more in above]
    sizes = dict.fromkeys((*areas_of(align), *(size for size in filling if not size % align)))
    return [size for size in sizes if 0 < size <= most]


def _lowest_areas(view: View, state: State, sizes: Iterable[int]) -> Iterator[Span]:
    """The lowest place of a CMA area of each of these sizes, where there is one."""
    align = cma_align(view.planned.profile, view.planned.page_size)
    for size in sizes:
        for at in places(state, Allocation(CMA, size, align, 0, view.low_max))[:1]:
            yield at, at + size


def _above_area(view: View, *, described: bool = False) -> list[int]:
    """Bytes that may be reserved right above a CMA area: none, or page descriptors, if these were not found elsewhere.

    Those with a buffer may have left it there.
    """
    low = view.all_low and not described
    return [0, *(item.size for item in view.early_memmap if item.times == 1 and (low or item.buffer))]
