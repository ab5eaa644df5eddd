"""The arm64 linear map: leaves and tables from mapping calls, in time that depends only on the number of calls.

A map is a sorted list of *spans* `(start, end, kind)`: physical bytes that are mapped by leaves of one kind, an
index into `KINDS` (0 PUD block, 1 contiguous PMDs, 2 PMD block, 3 contiguous PTEs, 4 page). Every span starts
and ends on a boundary of its kind. One mapped range makes at most nine spans, however long it is.

Tables follow from spans: there is a PTE table wherever pages are mapped, a PMD table wherever anything smaller than a
PUD block is mapped, and so on up; the root and folded levels are not counted.

Source: alloc_init_pud(), alloc_init_cont_pmd(), init_pmd(), alloc_init_cont_pte(), init_pte() and map_mem(),
arch/arm64/mm/mmu.c @ 5.10, 6.1, 6.12, 6.18, 7.2.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import floordiv
from typing import NamedTuple, TypeAlias

from planner.base.errors import KernelBugError
from planner.base.ranges import Span, subtract, union
from planner.base.sizes import U64, round_down, round_up
from planner.kernel.pgtable import Geometry
from planner.kernel.ptdump import KINDS, TABLES, Leaves, Mapping, Tables

__all__ = [
    "BASE_PAGES",
    "NO_CONT",
    "PMD",
    "PTE",
    "PUD",
    "Call",
    "LeafSpan",
    "Measured",
    "base_page_bytes",
    "build",
    "build_over",
    "kinds_used",
    "measured",
    "remapped",
]

PUD, CONT_PMD, PMD, CONT_PTE, PTE = range(5)

NO_BLOCKS, NO_CONT = 1, 2
"""Flags of one mapping call (NO_BLOCK_MAPPINGS, NO_CONT_MAPPINGS)."""

BASE_PAGES = NO_BLOCKS | NO_CONT
"""Flags of a call that maps pages only."""

LeafSpan: TypeAlias = tuple[int, int, int]
"""One span: start, end, an index into `KINDS`."""

Call: TypeAlias = tuple[int, int, int]
"""One mapping call: start, end, flags."""

_Level: TypeAlias = tuple[int, int, int]
"""One kind of leaf: its size less one, the mask that rounds down to it, the kind."""


class Measured(NamedTuple):
    """A linear map and its numbers."""

    spans: tuple[LeafSpan, ...]
    mapping: Mapping


@lru_cache(maxsize=128)
def _levels(geometry: Geometry, memstart: int, flags: int) -> tuple[_Level, ...]:
    """The leaves larger than a page that a call with these flags may use, smallest first.

    A leaf needs its virtual and its physical address aligned; if memstart is not a multiple of the leaf's size, no
    address has both. With two-level tables the kernel maps one PMD at a time, so it never makes a contiguous run.
    """
    levels = []
    if not flags & NO_CONT:
        levels.append((geometry.cont_pte_size, CONT_PTE))
    if not flags & NO_BLOCKS:
        levels.append((geometry.pmd_size, PMD))
        if not flags & NO_CONT and geometry.levels > 2:
            levels.append((geometry.cont_pmd_size, CONT_PMD))
        if geometry.pud_leaf:
            levels.append((geometry.pud_size, PUD))
    return tuple((size - 1, -size, kind) for size, kind in levels if not memstart % size)


def kinds_used(geometry: Geometry, memstart: int) -> tuple[int, ...]:
    """The kinds of leaves possible at some address of the map, largest first."""
    return tuple(sorted([PTE, *(kind for _, _, kind in _levels(geometry, memstart, 0))]))


def _place(
    calls: Iterable[Call], geometry: Geometry, memstart: int, out: list[LeafSpan], *, largest: int = PUD
) -> bool:
    """Append the spans of calls on empty tables: pages at the ends, larger leaves inside.

    largest: the largest kind of leaf allowed. Returns True if the spans appended are sorted and disjoint.
    """
    by_flags = [
        [level for level in _levels(geometry, memstart, flags) if level[2] >= largest]
        for flags in range(BASE_PAGES + 1)
    ]
    page_mask, page_down = geometry.page_size - 1, -geometry.page_size
    append = out.append
    previous = -U64
    ascending = True
    for call_start, call_end, flags in calls:
        start, end = call_start & page_down, (call_end + page_mask) & page_down
        if start >= end:
            continue
        if start < previous:
            ascending = False
        previous = end
        kind = PTE
        tails: list[LeafSpan] = []
        for mask, down, larger in by_flags[flags]:
            low = (start + mask) & down
            high = end & down
            if low >= high:
                break
            if low != start:
                append((start, low, kind))
                start = low
            if high != end:
                tails.append((high, end, kind))
                end = high
            kind = larger
        append((start, end, kind))
        if tails:
            tails.reverse()
            out += tails
    return ascending


def build(calls: Iterable[Call], geometry: Geometry, memstart: int) -> list[LeafSpan]:
    """The spans of a sequence of mapping calls on empty tables, sorted.

    Raises KernelBugError if two calls map one page and either maps it with more than a plain page: the kernel stops
    there (BUG_ON of pgattr_change_is_safe() in init_pte(), up to 6.18).
    """
    spans: list[LeafSpan] = []
    ascending = _place(calls, geometry, memstart, spans)
    return spans if ascending else _settle(spans)


def _settle(spans: list[LeafSpan]) -> list[LeafSpan]:
    """The spans sorted and disjoint; a plain page mapped twice to the same frame counts once."""
    spans.sort()
    result: list[LeafSpan] = []
    for start, end, kind in spans:
        if result and start < result[-1][1]:
            last = result[-1]
            if kind != PTE or last[2] != PTE:
                raise KernelBugError(
                    f"two mappings meet in the page at {start:#x} and one of them is not a plain page: "
                    "the kernel stops with a BUG in init_pte()"
                )
            if end > last[1]:
                result[-1] = (last[0], end, PTE)
        else:
            result.append((start, end, kind))
    return result


def build_over(first: Iterable[Call], calls: Iterable[Call], geometry: Geometry, memstart: int) -> list[LeafSpan]:
    """The spans after the calls `first` and then `calls`, which may map the same memory again (7.x).

    An entry that is a table is descended into, so nothing larger replaces it; a contiguous run is only set if
    none of its entries is a valid entry without the hint. Rewriting an entry with the same frame is allowed.
    """
    leaves = build(first, geometry, memstart)
    spans: list[LeafSpan] = []
    covered: list[Span] = []
    largest = geometry.largest_leaf
    page = geometry.page_size
    reach = union((start & -largest, (end + largest - 1) & -largest) for start, end, _ in leaves)
    for start, end, flags in calls:
        if any(low < end and start < high for low, high in reach):
            levels = _levels(geometry, memstart, flags)
            _place_over(start & -page, -(-end // page) * page, levels, leaves, spans)
        else:
            _place([(start, end, flags)], geometry, memstart, spans)
        covered.append((start, end))
    covered = union(covered)
    for start, end, kind in leaves:
        # Entries of `first` stay where `calls` map nothing; a partly covered page counts as covered.
        spans += [(a & -page, b, kind) for a, b in subtract((start, end), covered) if b - a >= page]
    return _settle(spans)


def _place_over(
    start: int, end: int, levels: Sequence[_Level], leaves: Sequence[LeafSpan], out: list[LeafSpan]
) -> None:
    pieces = [(start, end)]
    for mask, down, kind in reversed(levels):
        smaller = union((s & down, (e + mask) & down) for s, e, k in leaves if k > kind)
        rest: list[Span] = []
        for piece in pieces:
            low, high = (piece[0] + mask) & down, piece[1] & down
            taken = subtract((low, high), smaller) if low < high else []
            out.extend((a, b, kind) for a, b in taken)
            rest += subtract(piece, taken)
        pieces = rest
    out.extend((a, b, PTE) for a, b in pieces)


def remap(
    spans: Sequence[LeafSpan], area: Span, calls: Iterable[Call], geometry: Geometry, memstart: int
) -> list[LeafSpan]:
    """The spans after `area` was removed from a map and mapped again by `calls`, which lie inside it.

    A leaf that crosses an edge of the area is split: the rest of it outside is mapped with the largest leaves that fit.
    """
    start, end = area
    result: list[LeafSpan] = []
    for span in spans:
        low, high, kind = span
        if high <= start or end <= low:
            result.append(span)
            continue
        left = [(a, b, 0) for a, b in subtract((low, high), [area])]
        _place(left, geometry, memstart, result, largest=kind)
    _place(calls, geometry, memstart, result)
    return _settle(result)


def remapped(base: Measured, area: Span, calls: Sequence[Call], geometry: Geometry, memstart: int) -> Measured:
    """`remap` of a measured map; only the PUD entries that the area touches are counted again.

    Every split leaf and every added or removed table lies in these entries; upper tables stay.
    """
    whole, before = base
    size = geometry.pud_size
    window = (round_down(area[0] - memstart, size) + memstart, round_up(area[1] - memstart, size) + memstart)
    first = max(bisect_right(whole, (window[0], U64)) - 1, 0)
    first += bool(whole and whole[first][1] <= window[0])
    last = bisect_left(whole, (window[1],))
    old = whole[first:last]
    new = remap(old, area, calls, geometry, memstart)
    gone, come = (measure(_within(window, spans), geometry, memstart) for spans in (old, new))
    sizes = [getattr(before.bytes, k) - getattr(gone.bytes, k) + getattr(come.bytes, k) for k in KINDS]
    counts = [getattr(before.tables, k) - getattr(gone.tables, k) + getattr(come.tables, k) for k in TABLES]
    mapping = _mapping(sizes, counts[5 - geometry.levels :], geometry)
    return Measured((*whole[:first], *new, *whole[last:]), mapping)


def _within(window: Span, spans: Iterable[LeafSpan]) -> list[LeafSpan]:
    low, high = window
    return [(max(start, low), min(end, high), kind) for start, end, kind in spans if start < high and low < end]


def measure(spans: Sequence[LeafSpan], geometry: Geometry, memstart: int) -> Mapping:
    """Leaves, bytes, tables and TLB entries of a map; `spans` is sorted."""
    sizes = [0, 0, 0, 0, 0]
    for start, end, kind in spans:
        sizes[kind] += end - start
    small = [span for span in spans if span[2]] if sizes[PUD] else spans
    pages = [span for span in small if span[2] > PMD]
    pmd_shift, pud_shift = geometry.pmd_size.bit_length() - 1, geometry.pud_size.bit_length() - 1
    # There are upper tables wherever anything is mapped; each maps as much as an entry of the next level.
    counts = [
        _count(spans, memstart, pud_shift + above * (geometry.page_shift - 3))
        for above in range(geometry.levels - 3, 0, -1)
    ]
    counts += [_count(small, memstart, pud_shift), _count(pages, memstart, pmd_shift)]
    return _mapping(sizes, counts, geometry)


def _mapping(sizes: Sequence[int], counts: Sequence[int], geometry: Geometry) -> Mapping:
    """The numbers of a map. sizes: bytes of each kind; counts: tables of the lowest levels, the PTE tables last."""
    # Folded levels have no tables of their own, and the root is not counted.
    tables = Tables(*[0] * (5 - geometry.levels), *counts[1 - geometry.levels :])
    return Mapping(
        leaves=Leaves(*map(floordiv, sizes, geometry.entry_sizes)),
        bytes=Leaves(*sizes),
        tables=tables,
        table_bytes=geometry.page_size * tables.total,
        tlb_entries=sum(map(floordiv, sizes, geometry.leaf_sizes)),
    )


def _count(spans: Sequence[LeafSpan], memstart: int, shift: int) -> int:
    """Number of tables at a level where one table maps `1 << shift` bytes."""
    tables, seen_end = 0, -U64
    for start, end, _ in spans:
        if end > seen_end:
            last = (end - 1 - memstart) >> shift
            tables += last - ((start - memstart) >> shift) + (start >= seen_end)
            seen_end = ((last + 1) << shift) + memstart
    return tables


def measured(spans: Sequence[LeafSpan], geometry: Geometry, memstart: int) -> Measured:
    """Sorted spans with their numbers."""
    return Measured(tuple(spans), measure(spans, geometry, memstart))


def base_page_bytes(spans: Sequence[LeafSpan], within: Span) -> int:
    """Bytes inside `within` that are mapped by PTEs, with or without the contiguous hint; `spans` is sorted."""
    low, high = within
    found = 0
    for i in range(max(bisect_right(spans, (low, U64, PTE)) - 1, 0), len(spans)):
        start, end, kind = spans[i]
        if start >= high:
            break
        if kind > PMD and end > low:
            found += min(end, high) - max(start, low)
    return found
