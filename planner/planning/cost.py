"""The cost of a plan: page tables, TLB entries and waste, computed from ranges in the report."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from planner.base.ranges import Range, Span, difference, union
from planner.base.sizes import U64
from planner.kernel.linear_map import Measured, base_page_bytes
from planner.kernel.memblock import Memblock
from planner.kernel.pgtable import Geometry
from planner.planning.result import ReservationView, Waste

__all__ = ["LowMemory", "base_pages_outside", "hole_above", "ideal_table_bytes", "low_memory", "waste"]


class LowMemory(NamedTuple):
    """Free bytes below the DMA limit, and the largest free range there, before and after; as `Waste` has them."""

    low_free_before: int
    low_free_after: int
    low_largest_before: int
    low_largest_after: int


def low_memory(gaps: Sequence[Span], low_limit: int, taken: Iterable[Range]) -> LowMemory:
    """Low memory before and after a reservation. gaps: free gaps before it; low_limit: end of low memory."""
    before = [(start, min(end, low_limit)) for start, end in gaps[: bisect_left(gaps, (low_limit,))]]
    after = difference(before, union(r.span for r in taken))
    sizes_before, sizes_after = ([end - start for start, end in gaps] for gaps in (before, after))
    return LowMemory(sum(sizes_before), sum(sizes_after), max(sizes_before, default=0), max(sizes_after, default=0))


def waste(
    reservation: ReservationView,
    *,
    mapped: Measured,
    baseline: Measured,
    memblock: Memblock,
    low: LowMemory,
    unaligned: int | None,
    ideal: int,
) -> Waste:
    """The waste table of a plan.

    memblock: its state before the reservation. low: low memory before and after. unaligned: the address that a search
    without the alignment would have found.
    """
    crash, area, mapping, without = reservation.crash, reservation.area, mapped.mapping, baseline.mapping
    outside = 0 if mapped is baseline else base_pages_outside(mapped, crash) - base_pages_outside(baseline, crash)
    rounding = returned = 0
    loss = 0
    if crash is not None and area is not None:
        rounding = area.size - crash.size
        returned = sum([r.size for r in reservation.returned])
        loss = max(0, (crash.start if unaligned is None else unaligned) - crash.start)
    return Waste(
        rounding=rounding,
        returned=returned,
        kept=rounding - returned,
        base_pages_outside_crash=outside,
        extra_table_bytes=mapping.table_bytes - without.table_bytes,
        extra_tlb_entries=mapping.tlb_entries - without.tlb_entries,
        alignment_loss=loss,
        hole_above=0 if area is None else hole_above(memblock.gaps(below=area.end), area),
        ideal_table_bytes=ideal,
        **low._asdict(),
    )


def base_pages_outside(measured: Measured, crash: Range | None) -> int:
    """Bytes that a linear map maps with base pages outside the crash memory."""
    spans, mapping = measured
    everywhere = mapping.bytes.pte + mapping.bytes.cont_pte
    if crash is None:
        return everywhere
    return everywhere - base_page_bytes(spans, crash.span)


def hole_above(gaps: Sequence[Span], area: Range) -> int:
    """Free bytes between the area and the next reservation or end of memory above it."""
    index = bisect_right(gaps, (area.start, U64)) - 1
    return max(0, gaps[index][1] - area.end) if index >= 0 else 0


def ideal_table_bytes(crash: Range | None, geometry: Geometry, *, forced: bool) -> int:
    """The minimum of extra table bytes that map as much crash memory with base pages, at any address.

    PTE tables for the size, and PMD tables if the rest of the map uses PUD blocks; 0 if everything has base pages
    anyway.
    """
    size = crash.size if crash else 0
    if forced or size <= 0:
        return 0
    tables = -(-size // geometry.pmd_size)
    if geometry.pud_leaf:
        tables += -(-size // geometry.pud_size)
    return tables * geometry.page_size
