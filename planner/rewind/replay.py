"""Changes that another command line makes to the reservations before the crash kernel.

Each boot fills memory from the top: page tables, page descriptors (before 7.x), the default CMA area. Another
`cma=`, another `mem=` or other base pages move them, and with them the crash kernel.

Source: dma_contiguous_reserve() and dma_numa_cma_reserve(), kernel/dma/contiguous.c; cma_declare_contiguous_nid(),
mm/cma.c @ 5.10, 6.1, 7.2; arm64_memblock_init() and paging_init() for the order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

from planner.base.ranges import Span, intersect, subtract, total, union
from planner.base.sizes import GIB, MIB, U64, memparse, round_down, round_up
from planner.kernel.cma import Cma
from planner.kernel.cmdline import values
from planner.kernel.memory_map import PHYSICAL_TOP, MemoryMap
from planner.rewind.memmap import place_memmap
from planner.rewind.state import Allocation, State

__all__ = [
    "USUAL_CMA",
    "Boot",
    "Early",
    "area_in",
    "areas_of",
    "cma_of_nodes",
    "lifted",
    "lowest_from_top",
    "lowest_pages",
    "more_tables",
    "place_cma",
    "replay",
]


USUAL_CMA = (64 * MIB, 32 * MIB, 16 * MIB)
"""Sizes that kernels are configured with (CMA_SIZE_MBYTES): distributions, arm64's own, the general default."""

_OTHER_CMA = (128 * MIB, 256 * MIB, 512 * MIB, GIB, 8 * MIB, 4 * MIB)
"""Sizes that are asked for with `cma=`."""


def areas_of(align: int, sizes: Sequence[int] = (*USUAL_CMA, *_OTHER_CMA)) -> tuple[int, ...]:
    """Bytes that areas of these sizes take: a request for less than a page block gets the whole of it."""
    return tuple(dict.fromkeys(round_up(size, align) for size in sizes))


def cma_of_nodes(cmdline: str | None, count: int, default: int) -> list[int]:
    """Bytes of each node's own area on 7.x: those of the default one, or what `numa_cma=` and `cma_pernuma=` say."""
    single, every = values(cmdline, "numa_cma"), values(cmdline, "cma_pernuma")
    if not single and not every:
        return [default] * count
    sizes = [memparse(every[-1])[0] if every else 0] * count
    for node, _, size in (pair.partition(":") for value in single for pair in value.split(",")):
        if node.isdecimal() and int(node) < count:
            sizes[int(node)] = memparse(size)[0] or sizes[int(node)]
    return sizes


def place_cma(state: State, size: int, asked: Cma, align: int, low_max: int, node: Span = (0, U64)) -> Span | None:
    """The place of an area: below the DMA limit, from the top; above 4 GiB from below, if that is allowed.

    None if there is no room, or no room at the address asked for. node: where the node lies that it must be on.
    """
    if not size:
        return None
    end_of_memory = state.memory[-1][1]
    size = round_up(size, align)
    own = asked.limit or low_max
    limit = round_down(min(own if asked.beyond else min(own, low_max), end_of_memory), align)
    if asked.fixed:
        area = (asked.base, asked.base + size)
        return None if asked.base % align or area[1] > limit or intersect(area, state.reserved) else area
    if end_of_memory >= 4 * GIB + size:
        high_up = takewhile(lambda gap: gap[1] > 4 * GIB, state.gaps_down())
        for low, high in reversed([*high_up]):
            start = round_up(max(low, 4 * GIB, node[0]), align)
            if start + size <= min(high, limit, node[1]):
                return (start, start + size)
    found = state.topmost(size, align, max(asked.base, node[0]), min(limit, node[1]))
    return None if found is None else (found, found + size)


def area_in(memory: MemoryMap, skipped: int, size: int, asked: Cma, align: int, low_max: int) -> Span | None:
    """The place of an area in a map. skipped: flags of regions that a search skips."""
    state = State(tuple(memory.spans(skipped)), tuple(union((r.start, r.end) for r in memory.reserved)))
    return place_cma(state, size, asked, align, low_max)


@dataclass(frozen=True, slots=True)
class Early:
    """Reservations of a boot right before the crash kernel, as far as they are known.

    memmap: the page descriptors (before 7.x). paged: they are single pages. cma: the default area; on_nodes: those of
    each node that followed it.
    """

    memmap: tuple[Span, ...] = ()
    cma: Span | None = None
    paged: bool = False
    on_nodes: tuple[Span, ...] = ()

    @property
    def areas(self) -> tuple[Span, ...]:
        """All CMA areas."""
        return (*((self.cma,) if self.cma else ()), *self.on_nodes)


class Boot(NamedTuple):
    """Another boot, up to its crash kernel.

    cma: bytes of the default area; asked: what asks for it; align: what it is aligned to; low_max: the DMA limit;
    nodes: those that have an area of their own, and its bytes.
    lift: by how much less is taken from the top of memory first. cut: where the former boot's memory ended but for what
    a `mem=` left above, 0: nowhere. end: where memory ends, None: where it does; beyond: bytes above that, which stay.
    tables: bytes of page tables of base pages for all of memory, which shrink with it.
    memmap: what is taken for page descriptors, where that changes.
    gone: areas for gigantic pages that it does not have; gigantic: the nodes that have one, and its bytes; page: what
    these are aligned to.
    """

    cma: int
    asked: Cma
    align: int
    page_size: int
    low_max: int
    lift: int = 0
    cut: int = 0
    end: int | None = None
    beyond: int = 0
    tables: int = 0
    memmap: Sequence[Allocation] = ()
    nodes: Sequence[tuple[Span, int]] = ()
    gone: Sequence[Span] = ()
    gigantic: Sequence[tuple[Span, int]] = ()
    page: int = GIB


def replay(state: State, early: Early, boot: Boot) -> State:
    """The state right before the crash kernel in another boot, from that in one."""
    before, others = state.without([*early.areas, *boot.gone]), bool(boot.gone or boot.gigantic)
    if boot.end is None and (early.paged or not (boot.lift or (others and early.memmap))):
        before = _with_gigantic(lifted(before, boot.lift, boot.cut), boot)
    else:
        before = before.without(early.memmap)
        before = lifted(before, boot.lift, boot.cut) if boot.end is None else _cut(before, boot.end, boot)
        before = _with_gigantic(before, boot)
        before = before.with_allocated(place_memmap(before, boot.memmap, boot.page_size))
    area = place_cma(before, boot.cma, boot.asked, boot.align, boot.low_max)
    after = before.with_allocated([area] if area else [])
    for node, size in boot.nodes if area or not boot.cma else ():
        area = place_cma(after, size, Cma(), boot.align, node[1], node)
        after = after.with_allocated([area] if area else [])
    return after


def _with_gigantic(state: State, boot: Boot) -> State:
    """The state with the areas for gigantic pages, which come before the page descriptors."""
    for node, size in boot.gigantic:
        area = place_cma(state, size, Cma(), boot.page, PHYSICAL_TOP, node)
        state = state.with_allocated([area] if area else [])
    return state


def lowest_from_top(state: State, top: int = 0) -> int:
    """The lowest address that was taken from `top` (0: the top of memory) downward, without a hole of 2M in between."""
    gaps = ((start, min(end, top or end)) for start, end in state.gaps_down(top))
    hole = next((end for start, end in gaps if end - start >= 2 * MIB), 0)
    return max(hole, state.reserved[0][0]) if state.reserved else hole


def lowest_pages(state: State, size: int, top: int) -> list[Span]:
    """The lowest `size` bytes of what was taken from `top` downward."""
    found, low = [], lowest_from_top(state, top)
    for start, end in state.reserved[bisect_left(state.reserved, (low, 0)) :]:
        for a, b in subtract((start, end), state.kept):
            part = min(size, b - a)
            if part > 0:
                found.append((a, a + part))
                size -= part
    return found


def lifted(state: State, by: int, top: int = 0) -> State:
    """The state with all that was taken from `top` (0: that of memory), down to a hole of 2M, moved up by `by` bytes.

    What would lie above the top is gone; where all lies lower, the top is taken.
    """
    low, top = lowest_from_top(state, top), top or state.memory[-1][1]
    taken = state.reserved[bisect_left(state.reserved, (low,)) : bisect_left(state.reserved, (top,))]
    moved = [(start + by, min(end + by, top)) for start, end in taken if start + by < top]
    return state.without([(low, top)]).with_reserved([*moved, *([(top + by, top)] if by < 0 else [])]) if by else state


def _cut(state: State, end: int, boot: Boot) -> State:
    """The state where memory ends lower: allocations from the top lie below the new end, with smaller page tables.

    What describes sections stays as large as it is.
    """
    memory = tuple((a, min(b, end)) for a, b in state.memory if a < end)
    lowest, top = max(lowest_from_top(state, boot.cut), end), boot.cut or U64
    above = total((max(a, lowest), min(b, top)) for a, b in state.reserved if b > lowest and a < top)
    cut = State(memory, tuple((a, min(b, end)) for a, b in state.reserved if a < end), state.kept)
    size = above - boot.lift
    size += more_tables(boot.tables, total(memory) + boot.beyond - total(state.memory), boot.page_size)
    return cut.with_allocated(cut.topmost_pages(max(size, 0), boot.page_size))


def more_tables(tables: int, more: int, page_size: int) -> int:
    """Bytes of page tables that map `more` bytes of RAM with base pages, negative for less; 0 without base pages."""
    lowest = more // page_size * 8
    return max(lowest + lowest // page_size * 8, -tables) if tables else 0
