"""What came later where all RAM is low memory: all that lies beneath the CMA area.

Page descriptors (up to 6.19) and the CMA area are taken from the top of memory before the crash kernel, which lies
right beneath them or, at an address that was asked for, elsewhere; on 7.x each node may have an area of its own.
Everything after that fills memory beneath. So where the area would lie, were an entry of the listing free, and is at
the top of that entry, the rest of it beneath came later, whatever it is. This needs no sizes of what came later: it is
what remains where `search` explains nothing.

Source: bootmem_init() and dma_contiguous_reserve(), arch/arm64/mm/init.c @ 6.1, 6.12, 7.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from planner.base.ranges import Span, intersect, subtract, union
from planner.base.sizes import MIB
from planner.kernel.cma import Cma, cma_align, default_area
from planner.rewind.changes import USUAL_CMA, Early, lowest_from_top, place_cma
from planner.rewind.listed_cma import area_sizes
from planner.rewind.memmap import place_memmap
from planner.rewind.undo import State
from planner.rewind.view import View

__all__ = ["Stack", "stacked"]

_LEAST = 16 * MIB
"""Bytes of an entry that may hold page descriptors and a CMA area with what came later."""


class Stack(NamedTuple):
    """early: page descriptors and CMA area of an entry; beneath: the rest of it beneath them.

    Small gaps between it and lower entries are what was free again soon, or too small for what came then.
    """

    early: Early
    beneath: Span

    @property
    def bottoms(self) -> set[int]:
        """The lowest addresses of the area and of the page descriptors."""
        return {self.beneath[1], *(min(start for start, _ in spans) for spans in [self.early.memmap] if spans)}

    def late(self, view: View) -> list[Span]:
        """What came after the crash kernel."""
        high, listed = self.beneath[1], view.listed
        blocks = intersect((lowest_from_top(listed, high), high), union(listed.blocks))
        return [piece for block in blocks for piece in subtract(block, listed.kept)]


def stacked(view: View, *, anywhere: bool) -> Stack | None:
    """The page descriptors and the CMA area that a listing shows, with what is beneath them; None if it shows none.

    The crash kernel lies right beneath the area or else beneath the descriptors, unless it may lie anywhere.
    """
    # An area of twice the size would lie where the default one and that of its node do.
    ends, found = {end for _, end in view.crash}, sorted(_stacks(view), key=lambda stack: not stack.early.on_nodes)
    right = [stack for stack in found if anywhere or stack.beneath[1] in ends]
    return next(iter(right or [stack for stack in found if stack.bottoms & ends]), None)


def _stacks(view: View) -> Iterator[Stack]:
    """Every way in which descriptors and an area may lie at the top of an entry, usual areas first."""
    beyond, align = view.asked.profile.cma_beyond, cma_align(view.asked.profile, view.asked.page_size)
    entries = [(entry, *_described(view, entry)) for entry in reversed(union(view.listed.blocks))]
    default = default_area(view.asked.config)
    usual = USUAL_CMA if default is None else (default,)
    for size in dict.fromkeys([*usual, *area_sizes(view), 0]):
        for (low, high), memmap, state in entries:
            if high - low < _LEAST:
                continue
            area = place_cma(state, size, Cma(beyond=beyond), align, view.low_max)
            if area is not None and low <= area[0] and area[1] <= high:
                if on_nodes := _on_nodes(view, state, area):
                    lowest = min(start for start, end in (area, *on_nodes) if low <= start and end <= high)
                    yield Stack(Early(memmap, area, on_nodes=on_nodes), (low, lowest))
                yield Stack(Early(memmap, area), (low, area[0]))
            elif not size and memmap and low <= (bottom := min(start for start, _ in memmap)):
                yield Stack(Early(memmap), (low, bottom))


def _on_nodes(view: View, state: State, area: Span) -> tuple[Span, ...]:
    """The areas of the nodes' own that follow the default one on 7.x; none where a node shows none."""
    if not view.asked.profile.first:
        return ()
    align, entries = cma_align(view.asked.profile, view.asked.page_size), union(view.listed.blocks)
    found: list[Span] = []
    for node in view.nodes:
        for low, high in reversed(entries):
            before = state.without([(low, high)]).with_more([area, *found])
            own = place_cma(before, area[1] - area[0], Cma(), align, node[1], node)
            if own is not None and low <= own[0] and own[1] <= high:
                found.append(own)
                break
        else:
            return ()
    return tuple(found)


def _described(view: View, entry: Span) -> tuple[tuple[Span, ...], State]:
    """The page descriptors as they would lie if an entry were free, and the state with them."""
    state = view.listed.without([entry])
    memmap = place_memmap(state, view.early_memmap, view.asked.page_size)
    return tuple(memmap), state.with_more(memmap)
