"""The page descriptors of sparse memory: their sizes and places.

A section of memory has its descriptors together. Up to 7.1 a node takes a buffer for those of all of its sections at
once, each rounded up to what one entry of the page middle directory maps. With 4K pages it is used up; with 16K and
64K pages only a small part of it is used, from its bottom, and the rest is free again before anything else is placed.
Where no hole holds the buffer, single pages are taken from the top. From 7.2 on each section has a place of its own.

Source: sparse_init_nid(), sparse_buffer_init() and sparse_buffer_fini(), mm/sparse.c; vmemmap_populate(),
arch/arm64/mm/mmu.c @ 5.10, 6.1, 6.12, 7.0, 7.1; sparse_init(), mm/sparse.c @ 7.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from planner.base.ranges import Span, difference, intersect, total, union
from planner.base.sizes import GIB, KIB, MIB, U64, round_up
from planner.kernel.pgtable import STRUCT_PAGE
from planner.kernel.profiles import Profile
from planner.rewind.state import Allocation, State

__all__ = [
    "MEMMAP",
    "WIDEST",
    "in_pages",
    "late_memmaps",
    "lowest_memmap",
    "memmap",
    "page_by_page",
    "place_memmap",
    "section_size",
    "section_table",
]

MEMMAP = "memmap"
"""Their name among the allocations of a boot."""

WIDEST = 52
"""Bits of the widest physical addresses."""


def section_size(profile: Profile, page_size: int) -> int:
    """Bytes of a sparsemem section: 1 GiB up to 5.11, then 512 MiB with 64K pages and 128 MiB with others."""
    if profile.section_64k == GIB or page_size == 64 * KIB:
        return profile.section_64k
    return 128 * MIB


def section_table(profile: Profile, page_size: int, pa_bits: int, config: Mapping[str, str]) -> int:
    """Bytes of the table of sections: a pointer for each page of their entries, for all physical addresses.

    An entry (struct mem_section, include/linux/mmzone.h) has 32 bytes, and 16 without CONFIG_PAGE_EXTENSION.
    """
    entry = 16 if config.get("PAGE_EXTENSION") == "n" else 32
    return (1 << pa_bits) // section_size(profile, page_size) * entry // page_size * 8


def memmap(profile: Profile, page_size: int, regions: Sequence[Span], nodes: Sequence[Span]) -> list[Allocation]:
    """The page descriptors of each node, as a boot of this kernel allocates them.

    regions: all memory, which has descriptors even if it is NOMAP. nodes: their ranges, none if there is one.
    """
    blocks = page_size == 4 * KIB  # which map the descriptors; with larger pages base pages do
    section = section_size(profile, page_size)
    map_size, pmd = section // page_size * STRUCT_PAGE, page_size * (page_size // 8)
    items: list[Allocation] = []
    known = union(regions)
    for low, high in nodes or [(0, U64)]:
        sections = total(
            union((start // section, (end - 1) // section + 1) for start, end in intersect((low, high), known))
        )
        if not sections:
            continue
        start, end = (low, high) if nodes else (0, 0)
        if blocks and not profile.memmap_buffer:  # section by section
            items.append(Allocation(MEMMAP, map_size, map_size, start, end, times=sections))
            continue
        if blocks:
            items.append(Allocation(MEMMAP, sections * map_size, map_size, start, end))
            continue
        buffer = sections * round_up(map_size, pmd)
        item = Allocation(MEMMAP, sections * map_size, pmd, start, end, needed=False, buffer=buffer)
        items.append(item if profile.memmap_buffer else page_by_page(item, page_size))
    return items


def page_by_page(item: Allocation, page_size: int) -> Allocation:
    """The page descriptors of a node where no hole holds the buffer for them, or a kernel takes none."""
    count = in_pages(item.size, page_size) // page_size
    return Allocation(item.name, page_size, page_size, item.start, item.end, times=count)


def late_memmaps(
    profile: Profile, page_size: int, regions: Sequence[Span], nodes: Sequence[Span]
) -> list[list[Allocation]]:
    """The page descriptors of a kernel that takes them after the crash kernel, in each way that it may (7.0, 7.1).

    What is free then tells whether a hole holds the buffer, which no listing shows.
    """
    items = memmap(profile, page_size, regions, nodes)
    if not any(item.buffer for item in items):
        return [items]
    paged = [page_by_page(item, page_size) for item in items]
    whole = all(item.buffer < total(intersect((item.start, item.end or U64), union(regions))) for item in items)
    return [[item._replace(needed=True) for item in items], paged] if whole else [paged]


def in_pages(size: int, page_size: int) -> int:
    """Bytes that descriptors take page by page, with the tables that map them; those above are there for the fixmap."""
    return size + (size // (page_size * (page_size // 8)) + 1) * page_size


def lowest_memmap(listed: State, item: Allocation) -> int:
    """The lowest address of the page descriptors from 7.0 on, which fill memory from its top; 0: they do not.

    As many of their places as there are descriptors are full from there up, of whatever. So what came later lies
    beneath, but for what fits into holes between them. They do not if there are fewer full places, or a higher one is
    free.
    """
    left, lowest = item.times, 0
    # What is reserved without gaps, but for what is known to have been there before.
    for low, high in reversed(union(difference(listed.reserved, listed.kept))):
        first, last = -(-max(low, item.start) // item.align), min(high, item.end or high) // item.align
        if first < last:
            lowest = max(last - left, first) * item.align
            left -= last - first
            if left <= 0:
                free = listed.topmost(item.size, item.align, item.start, item.end)
                return lowest if free is None or free < lowest else 0
    return 0


def place_memmap(state: State, items: Sequence[Allocation], page_size: int) -> list[Span]:
    """The places of the page descriptors in a boot with this state."""
    taken: list[Span] = []
    for item in items:
        at = state.topmost(item.buffer or item.size * item.times, item.align, item.start, item.end)
        size = item.size * item.times
        spans = [(at, at + size)] if at is not None else []
        if at is None and item.buffer:
            spans = state.topmost_pages(in_pages(size, page_size), page_size, (item.start, item.end))
        state = state.with_allocated(spans)
        taken += spans
    return taken
