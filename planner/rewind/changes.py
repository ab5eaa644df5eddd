"""What another command line changes of what was reserved before the crash kernel.

Each boot fills memory from the top: page tables, page descriptors (before 7.x), the default CMA area. Another
`cma=`, another `mem=` or other base pages move them, and with them the crash kernel.

Imports `undo`, `later` and `cmdline`. Source: dma_contiguous_reserve(), kernel/dma/contiguous.c, and
cma_declare_contiguous_nid(), mm/cma.c @ 5.10, 6.1, 7.2; arm64_memblock_init() and paging_init() for the order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planner.base.ranges import Span, total
from planner.base.sizes import GIB, KIB, MIB, memparse, round_down, round_up
from planner.kernel.cmdline import values, words
from planner.kernel.profiles import Profile
from planner.rewind.memmap import place_memmap
from planner.rewind.undo import Later, State

__all__ = [
    "OTHER_CMA",
    "USUAL_CMA",
    "Cma",
    "Early",
    "cma_align",
    "cma_of",
    "lifted",
    "lowest_from_top",
    "place_cma",
    "replay",
    "tables_for",
]


USUAL_CMA = (64 * MIB, 32 * MIB, 16 * MIB)
"""Sizes that kernels are configured with (CMA_SIZE_MBYTES): distributions, arm64's own, the general default."""

OTHER_CMA = (128 * MIB, 256 * MIB, 512 * MIB, GIB, 8 * MIB, 4 * MIB)
"""Sizes that are asked for with `cma=`."""


@dataclass(frozen=True, slots=True)
class Cma:
    """What `cma=` asks for. size: 0 for none, None for what the kernel's configuration says."""

    size: int | None = None
    base: int = 0
    limit: int = 0


def cma_of(cmdline: str | None) -> Cma:
    """The last `cma=` of a command line: `size[@base[-limit]]`. Source: early_cma(), kernel/dma/contiguous.c."""
    given = values(words(cmdline or ""), "cma")
    if not given:
        return Cma()
    value = given[-1]
    size, end = memparse(value)
    if value[end : end + 1] != "@":
        return Cma(size)
    base, at = memparse(value[end + 1 :])
    rest = value[end + 1 + at :]
    if rest[:1] != "-":
        return Cma(size, base, base + size)
    return Cma(size, base, memparse(rest[1:])[0])


def cma_align(profile: Profile, page_size: int) -> int:
    """Bytes a CMA area is aligned to: a page block, up to 5.17 also the largest free block."""
    if page_size == 4 * KIB:
        return profile.cma_align
    return 32 * MIB if page_size == 16 * KIB else 512 * MIB


def place_cma(state: State, size: int, asked: Cma, align: int, low_max: int) -> Span | None:
    """Where the default area goes: below the DMA limit, from the top; above 4 GiB from below, where that is allowed."""
    if not size:
        return None
    end_of_memory = state.memory[-1][1]
    size = round_up(size, align)
    limit = round_down(min(asked.limit or low_max, low_max, end_of_memory), align)
    if asked.base and asked.base + (asked.size or 0) == asked.limit:
        return (asked.base, asked.base + size)
    if end_of_memory >= 4 * GIB + size:
        for low, high in state.gaps():
            start = round_up(max(low, 4 * GIB), align)
            if start + size <= min(high, limit):
                return (start, start + size)
    found = state.topmost(size, align, asked.base, limit)
    return None if found is None else (found, found + size)


@dataclass(frozen=True, slots=True)
class Early:
    """What a boot reserved right before the crash kernel, as far as it is known.

    memmap: the page descriptors (before 7.x). cma: the default area. tables: the page tables of the linear map.
    """

    memmap: tuple[Span, ...] = ()
    cma: Span | None = None
    tables: tuple[Span, ...] = ()


def replay(
    state: State,
    early: Early,
    *,
    memmap: Sequence[Later],
    tables: int | None = None,
    top: int | None = None,
    lift: int = 0,
    cma: int,
    asked: Cma,
    align: int,
    page_size: int,
    low_max: int,
) -> State:
    """The state of a boot with other page tables, another end of memory, or another CMA area.

    memmap: what is allocated for the page descriptors then; tables: bytes of other page tables, None: as they are.
    top: where memory ends, None: as it does. lift: as for `lifted`. cma: bytes of the default area.
    """
    before = lifted(state.without([early.cma] if early.cma else []), lift)
    if top is not None or tables is not None:
        # What lies beneath the descriptors is none of what every boot takes from the top.
        lowest = min((start for start, _ in early.memmap), default=lowest_from_top(before))
        before = before.without(early.memmap)
        own = total(early.tables) if tables is None else tables
        if tables == 0 or (top is not None and early.tables):
            before = before.without(early.tables)
        pages = tables or 0
        if top is not None:
            before, pages = _cut(before, top, max(lowest, top), own, page_size)
        before = before.with_more(before.pages(pages, page_size))
        before = before.with_more(place_memmap(before, memmap, page_size))
    area = place_cma(before, cma, asked, align, low_max)
    return before.with_more([area] if area else [])


def lowest_from_top(state: State) -> int:
    """Where what was taken from the top of memory begins: above the first hole of 2M from there."""
    low = state.memory[-1][1]
    for start, end in reversed(state.blocks):
        if low - end >= 2 * MIB:
            break
        low = start
    return low


def lifted(state: State, by: int) -> State:
    """The state where what was taken from the top of memory, down to the first hole of 2M, lies so much higher.

    What would lie above the top is gone; where all lies lower, the top is taken.
    """
    top, low = state.memory[-1][1], lowest_from_top(state)
    moved = [(start + by, min(end + by, top)) for start, end in state.blocks if start >= low and start + by < top]
    return state.without([(low, top)]).with_more([*moved, *([(top + by, top)] if by < 0 else [])]) if by else state


def _cut(state: State, top: int, lowest: int, tables: int, page_size: int) -> tuple[State, int]:
    """The state of a memory that ends at `top`, and how many bytes that lay above must go below now.

    lowest: where what every boot takes from the top begins. tables: bytes of page tables for the whole memory: they
    shrink with it. The arrays of sections do not.
    """
    memory = tuple((a, min(b, top)) for a, b in state.memory if a < top)
    above = total((max(a, lowest), b) for a, b in state.blocks if b > lowest)
    blocks = tuple((a, min(b, top)) for a, b in state.blocks if a < top)
    return State(memory, blocks, state.kept), above + tables_for(tables, total(memory) - total(state.memory), page_size)


def tables_for(tables: int, more: int, page_size: int) -> int:
    """Bytes of page tables, all of base pages, with so many bytes of RAM more, or less if negative; 0 stays 0.

    8 bytes for each page, and in the level above 8 for each page of those.
    """
    lowest = more // page_size * 8
    return max(tables + lowest + lowest // page_size * 8, 0) if tables else 0
