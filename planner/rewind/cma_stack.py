"""The CMA area of a machine whose RAM is all low memory: everything beneath it came later.

There a boot stacks downward from the top of memory: page descriptors (up to 6.19), the CMA area (on 7.x with one more
on each node), the crash kernel, unless its request has an address, and then everything else. So if the CMA area would
lie at the top of a listed entry, were that entry free, the rest of the entry beneath it came later, whatever it is.
This needs no sizes of later allocations: it is what can be told where `search` explains nothing.

Source: bootmem_init() and dma_contiguous_reserve(), arch/arm64/mm/init.c @ 6.1, 6.12, 7.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from planner.base.ranges import Span, difference, intersect, subtract, union
from planner.base.sizes import MIB
from planner.kernel.cma import Cma, as_placed_by, cma_align
from planner.rewind.cma_areas import USUAL_CMA, place_cma
from planner.rewind.listed_cma import area_sizes
from planner.rewind.memmap import place_memmap
from planner.rewind.replay import Early, lowest_from_top
from planner.rewind.state import State
from planner.rewind.view import View

__all__ = ["CmaStack", "cma_stack"]

_LEAST = 16 * MIB
"""Bytes of an entry, at least, that may hold page descriptors and a CMA area with what came later."""

_MOST_ENTRIES, _MOST_RANGES = 16, 1024
"""Entries that are looked at, from the top; reserved ranges of a listing: if it has more, nothing is looked for."""


class CmaStack(NamedTuple):
    """Page descriptors and CMA area at the top of an entry (`early`), and the rest of the entry `beneath` them.

    Small gaps between the rest and lower entries are what was free again soon, or too small for what came then.
    """

    early: Early
    beneath: Span

    def late(self, view: View) -> list[Span]:
        """Ranges allocated after the crash kernel."""
        high, listed = self.beneath[1], view.listed
        blocks = intersect((lowest_from_top(listed, high), high), union(listed.reserved))
        return difference(blocks, listed.kept)


class _Entry(NamedTuple):
    """An entry of the listing, as if all of it were free that is not known to be earlier.

    parts: what that is. memmap: where the page descriptors would lie then. state: the listing with them instead.
    """

    span: Span
    parts: list[Span]
    memmap: tuple[Span, ...]
    state: State

    def holds(self, area: Span) -> bool:
        """True if an area lies in it."""
        return self.span[0] <= area[0] and area[1] <= self.span[1]


def cma_stack(view: View, *, anywhere: bool) -> CmaStack | None:
    """The page descriptors and the CMA area that a listing shows, with what is beneath them; None if it shows none.

    The crash kernel lies right beneath the area or else beneath the descriptors, unless it may lie anywhere.
    """
    ends, entries = {end for _, end in view.crash}, list(_entries(view))
    # An area of twice the size would lie where the default one and that of its node do.
    ways = chain(_with_nodes(view, entries), _stacks(view, entries))
    found = next((stack for stack in ways if anywhere or stack.beneath[1] in ends), None)
    if found is None and view.early_memmap:
        described = (stack for stack in _stacks(view, entries) if stack.early.memmap)
        found = next((stack for stack in described if min(stack.early.memmap)[0] in ends), None)
    return found


def _entries(view: View) -> Iterator[_Entry]:
    """The entries that are large enough, from the top."""
    listed = view.listed
    large = [span for span in union(listed.reserved) if span[1] - span[0] >= _LEAST]
    for span in reversed(large[-_MOST_ENTRIES:] if len(listed.reserved) <= _MOST_RANGES else []):
        parts = subtract(span, listed.kept)
        state = listed.without(parts)
        memmap = place_memmap(state, view.early_memmap, view.planned.page_size)
        yield _Entry(span, parts, tuple(memmap), state.with_reserved(memmap))


def _sizes(view: View) -> list[int]:
    """Bytes that the area may have: what is configured or usual first, then none, or one elsewhere."""
    default = view.default_area()
    usual = USUAL_CMA if default is None else (default,)
    return list(dict.fromkeys([*usual, 0, *area_sizes(view)]))


def _areas(view: View, entries: Sequence[_Entry]) -> Iterator[tuple[_Entry, Span]]:
    """Every way in which an area may lie in an entry, with that entry."""
    profile = view.planned.profile
    asked, align = as_placed_by(profile, Cma()), cma_align(profile, view.planned.page_size)
    for size in _sizes(view):
        for entry in entries:
            area = place_cma(entry.state, size, asked, align, view.low_max)
            if area is not None and entry.holds(area):
                yield entry, area
            elif not size and entry.memmap and entry.holds(lowest := min(entry.memmap)):
                yield entry, (lowest[0], lowest[0])


def _stacks(view: View, entries: Sequence[_Entry]) -> Iterator[CmaStack]:
    """Every way in which descriptors and an area may lie at the top of an entry, usual areas first."""
    for entry, area in _areas(view, entries):
        yield CmaStack(Early(entry.memmap, area if area[0] < area[1] else None), (entry.span[0], area[0]))


def _with_nodes(view: View, entries: Sequence[_Entry]) -> Iterator[CmaStack]:
    """The same with areas of the nodes' own, which follow the default one on 7.x."""
    for entry, area in _areas(view, entries) if view.planned.profile.first and view.nodes else ():
        found = _on_nodes(view, entries, entry.state, area)
        if found:
            lowest = min(start for start, _ in (area, *filter(entry.holds, found)))
            yield CmaStack(Early(entry.memmap, area, on_nodes=found), (entry.span[0], lowest))


def _on_nodes(view: View, entries: Sequence[_Entry], state: State, area: Span) -> tuple[Span, ...]:
    """An area on each node, as large as the default one; none where a node shows none."""
    align = cma_align(view.planned.profile, view.planned.page_size)
    found: list[Span] = []
    for node in view.nodes:
        for entry in entries:
            if intersect(node, [entry.span]):
                before = state.without(entry.parts).with_reserved([area, *found])
                own = place_cma(before, area[1] - area[0], Cma(), align, node[1], node)
                if own is not None and entry.holds(own):
                    found.append(own)
                    break
        else:
            return ()
    return tuple(found)
