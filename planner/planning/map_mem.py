"""The linear map of a plan: which mapping calls a boot makes, and what the strategy does to them afterwards.

Source: map_mem(), arch/arm64/mm/mmu.c @ 5.10, 6.1, 6.12, 6.18, 7.2.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

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
    map_alike,
    measured,
    remapped,
)
from planner.kernel.memory_map import Flag
from planner.kernel.pgtable import Geometry
from planner.planning.context import Setting
from planner.planning.result import ReservationView

__all__ = ["assumes_kfence_pool", "baseline_map", "planned_map", "whole_leaves"]


def _calls(
    setting: Setting, cut: Span | None, cut_flags: int, flags: int, unmapped: Span | None = None
) -> tuple[list[Call], list[Span], list[Call]]:
    """The mapping calls of a boot, in order: those made before memory (7.2), memory with `flags`, all others.

    unmapped: a range that is left out.
    """
    profile, facts = setting.profile, setting.facts
    pool = _kfence_pool(setting)
    special: list[Call] = []
    image, data = facts.kernel_image, facts.kernel_data
    skipped = Flag.NOMAP.value if profile.maps_driver_managed else Flag.NOMAP.value | Flag.DRIVER_MANAGED.value
    regions = setting.memory.spans(skipped)
    if profile.rounds_inward:
        regions = _whole_pages(regions, setting.geometry.page_size)
    if image is not None and profile.image == "first":
        if pool is not None:
            special.append((*pool, BASE_PAGES))
        special += [(r.start, r.end, flags) for r in (image, data) if r is not None and _inside(r, regions)]
        holes = [cut] if cut else []
        after: list[Call] = []
    elif image is None and profile.image == "first":
        special += [(*pool, BASE_PAGES)] if pool else []
        holes = [cut] if cut else []
        after = []
    else:
        holes = [(image.start, image.end)] if image is not None and _inside(image, regions) else []
        after = [(*h, NO_CONT) for h in holes]
        if cut:
            holes.append(cut)
        if pool is not None:
            holes.append(pool)
            after.append((*pool, BASE_PAGES))
    if cut:
        after.append((*cut, cut_flags))
    if unmapped:
        holes.append(unmapped)
    holes.sort()
    if not holes:
        return special, regions, after
    mapped: list[Span] = []
    for start, end in regions:
        if any(low < end and start < high for low, high in holes):
            mapped += subtract((start, end), holes)
        else:
            mapped.append((start, end))
    return special, mapped, after


def _whole_pages(regions: Sequence[Span], page_size: int) -> list[Span]:
    """The whole pages of each range."""
    inward = [(round_up(start, page_size), round_down(end, page_size)) for start, end in regions]
    return [(start, end) for start, end in inward if start < end]


def _inside(image: Range, regions: Sequence[Span]) -> bool:
    """Whether all of the image is memory; it may lie in several regions that touch."""
    return not subtract((image.start, image.end), regions)


def _kfence_pool(setting: Setting) -> Span | None:
    """The early KFENCE pool: as the source says, or the topmost pages of RAM of its usual size."""
    if not setting.forcing.pool:
        return None
    given = setting.facts.kfence_pool
    if given is not None:
        return (given.start, given.end)
    size = kfence_pool_size(setting.facts.config, setting.geometry.page_size)
    for region in reversed(setting.memory.regions):
        end = round_down(region.end, setting.geometry.page_size)
        if not region.flags & Flag.NOMAP and end - size >= region.start:
            return (end - size, end)
    return None


def assumes_kfence_pool(setting: Setting) -> bool:
    """Whether the place of an early KFENCE pool had to be assumed."""
    return setting.forcing.pool and setting.facts.kfence_pool is None


def baseline_map(setting: Setting) -> Measured:
    """The linear map of the same machine without a crash kernel, under the same forced base pages."""
    return _map(setting, None, BASE_PAGES, pages=bool(setting.forcing.reasons))


def _map(
    setting: Setting,
    cut: Span | None,
    cut_flags: int,
    *,
    pages: bool,
    pages_below: int = 0,
    unmapped: Span | None = None,
) -> Measured:
    """The whole map, with `cut` as a mapping call of its own; pages: base pages everywhere, or below an address."""
    flags = BASE_PAGES if pages else 0
    geo, memstart = setting.geometry, setting.memstart
    special, ranges, after = _calls(setting, cut, cut_flags | flags, flags, unmapped)
    if not special and not after and not pages_below:
        return map_alike(ranges, flags, geo, memstart)
    below = [(start, min(end, pages_below), BASE_PAGES) for start, end in ranges if start < pages_below]
    calls = [*below, *((max(start, pages_below), end, flags) for start, end in ranges if end > pages_below), *after]
    spans = build_over(special, calls, geo, memstart) if special else build(calls, geo, memstart)
    return measured(spans, geo, memstart)


def planned_map(setting: Setting, reservation: ReservationView, baseline: Measured, *, whole: bool) -> Measured:
    """The linear map of the plan; the baseline itself where the crash kernel changes nothing."""
    crash, area, effect = reservation.crash, reservation.area, setting.effect
    left_out = _left_out(setting, reservation)
    if setting.forcing.reasons:
        return baseline if left_out is None else _map(setting, None, BASE_PAGES, pages=True, unmapped=left_out)
    if effect == "pages":
        return _map(setting, None, BASE_PAGES, pages=True) if setting.present else baseline
    if effect == "below-4G":
        held = setting.provisional
        cut = None if held is None else (held.start, round_up(held.end, setting.geometry.page_size))
        return _map(setting, cut, BASE_PAGES, pages=False, pages_below=4 * GIB)
    if crash is None or effect == "none":
        return baseline
    geo, memstart = setting.geometry, setting.memstart
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
        return remapped(baseline, (area.start, area.end), calls, geo, memstart)
    flags = 0 if effect == "split" else BASE_PAGES
    cut = (crash.start, round_up(crash.end, geo.page_size))
    around = _call_around(setting, cut) if left_out is None else None
    if around is None:
        return _map(setting, cut, flags, pages=False, unmapped=left_out)
    (start, end), (low, high) = around, cut
    pieces = [piece for piece in ((start, low, 0), (low, high, flags), (high, end, 0)) if piece[0] < piece[1]]
    return remapped(baseline, around, pieces, geo, memstart)


def _left_out(setting: Setting, reservation: ReservationView) -> Span | None:
    """The low part, where the kernel takes it out of the map for good."""
    low = reservation.low
    if low is None or not setting.profile.unmaps_low or setting.strategy.effect is not None:
        return None
    return (low.start, round_up(low.end, setting.geometry.page_size))


def _call_around(setting: Setting, cut: Span) -> Span | None:
    """The one mapping call, of whole pages, that holds a range; None where it is not so simple."""
    special, ranges, _ = _calls(setting, None, 0, 0)
    index = bisect_right(ranges, (cut[0], 1 << 65)) - 1
    if special or index < 0:
        return None
    start, end = ranges[index]
    whole_pages = not (start | end) & (setting.geometry.page_size - 1)
    return (start, end) if cut[1] <= end and whole_pages else None


def whole_leaves(spans: Sequence[LeafSpan], area: Range, geo: Geometry) -> bool:
    """Whether the area consists of whole leaves (and whole contiguous runs) of the map: nobody else lives there."""
    units = (geo.pud_size, geo.cont_pmd_size, geo.pmd_size, geo.cont_pte_size, geo.page_size)
    for edge in (area.start, area.end):
        i = bisect_right(spans, (edge,)) - 1
        if i >= 0 and spans[i][0] < edge < spans[i][1] and (edge - spans[i][0]) % units[spans[i][2]]:
            return False
    return True
