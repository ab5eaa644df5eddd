"""The linear map of a plan: the mapping calls of a boot, and the strategy's changes afterwards.

Source: map_mem(), arch/arm64/mm/mmu.c @ 5.10, 6.1, 6.12, 6.18, 7.2.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from planner.base.ranges import Range, Span, subtract
from planner.base.sizes import GIB, round_down, round_up
from planner.kernel.force_pte import kfence_pool_size
from planner.kernel.linear_map import (
    BASE_PAGES,
    NO_CONT,
    Call,
    LeafSpan,
    Measured,
    build,
    build_over,
    measured,
    remapped,
)
from planner.kernel.memory_map import Flag
from planner.kernel.pgtable import Geometry
from planner.planning.context import Context
from planner.planning.result import ReservationView

__all__ = ["assumes_kfence_pool", "base_page_map", "baseline_map", "planned_map", "whole_leaves"]


class _Calls(NamedTuple):
    """The mapping calls of a boot, in order: those before memory (7.2), the ranges of memory, all others."""

    first: list[Call]
    memory: list[Span]
    after: list[Call]


def _calls(context: Context, cut: Span | None, cut_flags: int, flags: int, unmapped: Span | None = None) -> _Calls:
    """The mapping calls of a boot.

    cut: a range that is mapped by a call of its own, with `cut_flags`. flags: of all others. unmapped: a range that is
    left out.
    """
    profile, facts = context.profile, context.facts
    pool = _kfence_pool(context)
    first: list[Call] = []
    image, data = facts.kernel_image, facts.kernel_data
    skipped = Flag.NOMAP.value if profile.maps_driver_managed else Flag.NOMAP.value | Flag.DRIVER_MANAGED.value
    regions = context.memory.spans(skipped)
    if profile.rounds_inward:
        regions = _whole_pages(regions, context.geometry.page_size)
    if profile.image == "first":
        first += [(*pool, BASE_PAGES)] if pool else []
        if image is not None:
            first += [(r.start, r.end, flags) for r in (image, data) if r is not None and _inside(r, regions)]
        holes = [cut] if cut else []
        after: list[Call] = []
    else:
        holes = [image.span] if image is not None and _inside(image, regions) else []
        after = [(*h, NO_CONT) for h in holes]
        if cut:
            holes.append(cut)
        if pool is not None:
            holes.append(pool)
            after.append((*pool, BASE_PAGES))
    if cut:
        # An assumed pool may overlap the crash memory; no kernel maps a page by both calls.
        apart = [pool] if pool is not None and profile.image != "first" else []
        after += [(*piece, cut_flags) for piece in subtract(cut, apart)]
    if unmapped:
        holes.append(unmapped)
    return _Calls(first, _around(holes, regions), after)


def _around(holes: list[Span], regions: list[Span]) -> list[Span]:
    """The regions without the holes; one that no hole touches stays as it is."""
    if not holes:
        return regions
    holes.sort()
    mapped: list[Span] = []
    for start, end in regions:
        if any(low < end and start < high for low, high in holes):
            mapped += subtract((start, end), holes)
        else:
            mapped.append((start, end))
    return mapped


def _whole_pages(regions: Sequence[Span], page_size: int) -> list[Span]:
    inward = [(round_up(start, page_size), round_down(end, page_size)) for start, end in regions]
    return [(start, end) for start, end in inward if start < end]


def _inside(image: Range, regions: Sequence[Span]) -> bool:
    """True if the whole image is memory, possibly in several adjacent regions."""
    return not subtract(image.span, regions)


def _kfence_pool(context: Context) -> Span | None:
    """The early KFENCE pool: the source's, or an assumed one of the configured size at the top of RAM."""
    if not context.forcing.pool:
        return None
    given = context.facts.kfence_pool
    if given is not None:
        return given.span
    size = kfence_pool_size(context.facts.config, context.geometry.page_size)
    for region in reversed(context.memory.regions):
        end = round_down(region.end, context.geometry.page_size)
        if not region.flags & Flag.NOMAP and end - size >= region.start:
            return (end - size, end)
    return None


def assumes_kfence_pool(context: Context) -> bool:
    """True if the address of an early KFENCE pool had to be assumed."""
    return context.forcing.pool and context.facts.kfence_pool is None


def baseline_map(context: Context) -> Measured:
    """The linear map of the same machine without a crash kernel, under the same forced base pages."""
    return _map(context, None, BASE_PAGES, pages=bool(context.forcing.reasons))


def base_page_map(context: Context) -> Measured:
    """The linear map of the same machine with base pages only."""
    return _map(context, None, BASE_PAGES, pages=True)


def _map(
    context: Context,
    cut: Span | None,
    cut_flags: int,
    *,
    pages: bool,
    pages_below: int = 0,
    unmapped: Span | None = None,
) -> Measured:
    """The whole map, with `cut` mapped by a separate call.

    pages: with base pages everywhere. pages_below: with base pages below this address.
    """
    flags = BASE_PAGES if pages else 0
    geo, memstart = context.geometry, context.memstart
    first, ranges, after = _calls(context, cut, cut_flags | flags, flags, unmapped)
    calls = [(start, end, flags) for start, end in ranges]
    if pages_below:
        calls = [(start, min(end, pages_below), BASE_PAGES) for start, end in ranges if start < pages_below]
        calls += [(max(start, pages_below), end, flags) for start, end in ranges if end > pages_below]
    calls += after
    spans = build_over(first, calls, geo, memstart) if first else build(calls, geo, memstart)
    return measured(spans, geo, memstart)


def planned_map(context: Context, reservation: ReservationView, baseline: Measured, *, whole: bool) -> Measured:
    """The linear map of the plan; the baseline itself if the crash kernel changes nothing."""
    crash, area, effect = reservation.crash, reservation.area, context.effect
    left_out = _left_out(context, reservation)
    if context.forcing.reasons:
        return baseline if left_out is None else _map(context, None, BASE_PAGES, pages=True, unmapped=left_out)
    if effect == "pages":
        return base_page_map(context) if context.present else baseline
    if effect == "below-4G":
        held = context.provisional
        cut = None if held is None else (held.start, round_up(held.end, context.geometry.page_size))
        return _map(context, cut, BASE_PAGES, pages=False, pages_below=4 * GIB)
    if crash is None or effect == "none":
        return baseline
    geo, memstart = context.geometry, context.memstart
    if effect in ("area", "trimmed"):
        if area is None or not whole:
            return baseline
        if effect == "area":
            calls = [(area.start, area.end, BASE_PAGES)]
        else:
            calls = [
                (crash.start, crash.end, BASE_PAGES),
                *((r.start, r.end, 0) for r in reservation.returned),
            ]
        return remapped(baseline, area.span, calls, geo, memstart)
    flags = 0 if effect == "split" else BASE_PAGES
    cut = (crash.start, round_up(crash.end, geo.page_size))
    around = _call_around(context, cut) if left_out is None else None
    if around is None:
        return _map(context, cut, flags, pages=False, unmapped=left_out)
    (start, end), (low, high) = around, cut
    pieces = [piece for piece in ((start, low, 0), (low, high, flags), (high, end, 0)) if piece[0] < piece[1]]
    return remapped(baseline, around, pieces, geo, memstart)


def _left_out(context: Context, reservation: ReservationView) -> Span | None:
    """The low part, on kernels that remove it from the map permanently."""
    low = reservation.low
    if low is None or not context.profile.unmaps_low or context.strategy.effect is not None:
        return None
    return (low.start, round_up(low.end, context.geometry.page_size))


def _call_around(context: Context, cut: Span) -> Span | None:
    """The mapping call, in whole pages, that contains a range; None if there is none."""
    first, ranges, _ = _calls(context, None, 0, 0)
    index = bisect_right(ranges, (cut[0], 1 << 65)) - 1
    if first or index < 0:
        return None
    start, end = ranges[index]
    whole_pages = not (start | end) & (context.geometry.page_size - 1)
    return (start, end) if cut[1] <= end and whole_pages else None


def whole_leaves(spans: Sequence[LeafSpan], area: Range, geo: Geometry) -> bool:
    """True if the area consists of whole leaves and whole contiguous runs of the map."""
    units = geo.leaf_sizes
    for edge in area.span:
        i = bisect_right(spans, (edge,)) - 1
        if i >= 0 and spans[i][0] < edge < spans[i][1] and (edge - spans[i][0]) % units[spans[i][2]]:
            return False
    return True
