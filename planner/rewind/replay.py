"""Reservations of another boot up to its crash kernel, made again from the state that was found for one boot.

Each boot fills memory from the top: page tables, page descriptors (before 7.x), the default CMA area. Another `cma=`,
another `mem=` or other base pages move them, and with them the crash kernel.

Source: arm64_memblock_init(), paging_init() and bootmem_init(), arch/arm64/mm/init.c and mmu.c, for the order @ 5.10,
6.1, 7.2.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from planner.base.ranges import Span, subtract, total
from planner.base.sizes import GIB, MIB, U64
from planner.kernel.cma import Cma
from planner.kernel.memory_map import PHYSICAL_TOP
from planner.rewind.cma_areas import place_cma
from planner.rewind.memmap import place_memmap
from planner.rewind.state import Allocation, State

__all__ = ["Boot", "Early", "lifted", "lowest_from_top", "lowest_pages", "more_tables", "replay"]


@dataclass(frozen=True, slots=True)
class Early:
    """Reservations of a boot right before the crash kernel, as far as they are known."""

    memmap: tuple[Span, ...] = ()
    """The page descriptors (before 7.x)."""
    cma: Span | None = None
    """The default CMA area."""
    paged: bool = False
    """True if the page descriptors are single pages."""
    on_nodes: tuple[Span, ...] = ()
    """The CMA areas of the nodes' own, which follow the default one."""

    @property
    def areas(self) -> tuple[Span, ...]:
        """All CMA areas."""
        return (*((self.cma,) if self.cma else ()), *self.on_nodes)


class Boot(NamedTuple):
    """Another boot, up to its crash kernel, as it differs from the one whose state was found."""

    cma: int
    """Bytes of the default CMA area."""
    request: Cma
    """What asks for that area: place and limit."""
    align: int
    """Alignment of CMA areas."""
    page_size: int
    low_max: int
    """The DMA limit."""
    lift: int = 0
    """Bytes that are taken less from the top of memory first; negative: more."""
    cut: int = 0
    """Where the other boot's memory ended but for what a `mem=` left above; 0: nowhere."""
    end: int | None = None
    """Where memory ends under a lower `mem=`; None: where it did."""
    beyond: int = 0
    """Bytes of RAM above that end which stay."""
    tables: int = 0
    """Bytes of page tables of base pages for all of memory, which shrink with it; 0: it has blocks."""
    memmap: Sequence[Allocation] = ()
    """The page descriptors, where they come before the crash kernel and have to be placed again."""
    nodes: Sequence[tuple[Span, int]] = ()
    """The nodes that have a CMA area of their own, each with its bytes."""
    gone: Sequence[Span] = ()
    """Areas of `hugetlb_cma=` that the other boot had, and this one has not."""
    gigantic: Sequence[tuple[Span, int]] = ()
    """The nodes that have an area of `hugetlb_cma=`, each with its bytes."""
    gigantic_align: int = GIB
    """Alignment of these areas."""


def replay(state: State, early: Early, boot: Boot) -> State:
    """The state right before the crash kernel in another boot, from that in one. early: what that one reserved last."""
    before, others = state.without([*early.areas, *boot.gone]), bool(boot.gone or boot.gigantic)
    if boot.end is None and (early.paged or not (boot.lift or (others and early.memmap))):
        before = _with_gigantic(lifted(before, boot.lift, boot.cut), boot)
    else:
        before = before.without(early.memmap)
        before = lifted(before, boot.lift, boot.cut) if boot.end is None else _cut(before, boot.end, boot)
        before = _with_gigantic(before, boot)
        before = before.with_allocated(place_memmap(before, boot.memmap, boot.page_size))
    area = place_cma(before, boot.cma, boot.request, boot.align, boot.low_max)
    after = before.with_allocated([area] if area else [])
    for node, size in boot.nodes if area or not boot.cma else ():
        area = place_cma(after, size, Cma(), boot.align, node[1], node)
        after = after.with_allocated([area] if area else [])
    return after


def _with_gigantic(state: State, boot: Boot) -> State:
    """The state with the areas for gigantic pages, which come before the page descriptors."""
    for node, size in boot.gigantic:
        area = place_cma(state, size, Cma(upward=boot.request.upward), boot.gigantic_align, PHYSICAL_TOP, node)
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
