"""Histories from a listing alone, or beside a log that does not tell what came later: what is usual for so much RAM.

Allocations of usual sizes are looked for in the listing by `search`. Where all RAM is low memory, the CMA area may tell
more: see `cma_stack`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import NamedTuple

from planner.base.ranges import difference, intersect, total, union
from planner.base.sizes import KIB
from planner.kernel.cma import cma_align
from planner.rewind.boot_steps import CMA, MOST_PER_CPU, PER_CPU, SECTION_TABLE, Choice, guess_in_words, usual_steps
from planner.rewind.cma_areas import USUAL_CMA, areas_of
from planner.rewind.cma_stack import cma_stack
from planner.rewind.history import History, history_of
from planner.rewind.listed_cma import area_sizes, listed_area
from planner.rewind.memmap import MEMMAP, in_pages
from planner.rewind.paging import paging_bytes, paging_of_listing
from planner.rewind.replay import Early
from planner.rewind.search import Effort, Search, Way, is_at_a_place, is_late
from planner.rewind.state import Allocation
from planner.rewind.undo import Undone
from planner.rewind.view import View

__all__ = ["histories_from_listing"]

_MOST_OF_RAM = 6
"""The part of RAM that came later at most where that is all that is known of it."""


class _Hypothesis(NamedTuple):
    """One set of assumptions about a boot. where: words on its nodes, "" for none; search: under these assumptions."""

    where: str
    search: Callable[[], Search | None]


def histories_from_listing(view: View, others: list[History]) -> list[History]:
    """Histories of allocations that are usual for so much RAM, the likeliest first.

    others: what is possible if none of these explains the listing; they are put where they belong among them.
    """
    effort = Effort.of(view)
    hypotheses = _hypotheses(view)
    found = _found(hypotheses, effort)
    whole = bool(found) and found[0][0].whole
    if whole and _is_sure(view, found[0][0]):
        return [*_named(view, found), *others]
    if view.all_low:
        stack = _beneath_cma(view)
        if stack is not None:
            others = [stack]
        elif not found:
            found = _found(hypotheses, effort.less())
        # Areas of a size that fits above the CMA area mean little where several nodes have them.
        first = not whole or bool(view.nodes) or any(way.late for way in others)
        return [*others, *_named(view, found)] if first else [*_named(view, found), *others]
    named = _named(view, found)
    wider = _with_all_beside(view, named[0]) if named and not whole else None
    return [*([wider] if wider is not None else ()), *named, *others]


def _beneath_cma(view: View) -> History | None:
    """The way back in which all that lies beneath the CMA area came later."""
    found = cma_stack(view, anywhere=not view.crash or is_at_a_place(view))
    if found is None:
        return None
    late = found.late(view)
    if total(late) > view.machine.memory.ram // _MOST_OF_RAM:
        return None
    state = view.listed.without([*view.crash, *late])
    above = "the CMA area" if found.early.cma is not None else "the page descriptors"
    named = tuple((span, f"beneath {above}") for span in late)
    return History(f"all beneath {above} came later", state, named, found.early, paging_of_listing(view, state))


def _found(hypotheses: Sequence[_Hypothesis], effort: Effort) -> list[tuple[Way, str]]:
    """The ways back of the first hypothesis that has some, the best first, each with a word on its nodes.

    With other nodes those are only looked for, beside the others, where none explains everything.
    """
    found: list[tuple[Way, str]] = []
    for hypothesis in hypotheses:
        if effort.left > 0 and not any(way.whole or where == hypothesis.where for way, where in found):
            search = hypothesis.search()
            found += [(way, hypothesis.where) for way in search.ways(effort)] if search is not None else []
    return sorted(found, key=lambda entry: entry[0].rank) if any(where for _, where in found) else found


def _hypotheses(view: View) -> list[_Hypothesis]:
    """The hypotheses of usual allocations, the likeliest first."""
    paged = _with_paged_memmap(view)
    descriptors = [()] if paged is not view else dict.fromkeys([tuple(view.early_memmap), ()])
    usual = cache(partial(_usual, paged))
    hypotheses = [_Hypothesis("", cache(partial(_search, usual, before))) for before in descriptors]
    if view.nodes:
        # What looks like the edge of a node may be that of memory that was plugged in, or flagged.
        one = replace(view, nodes=())
        own = partial(_search, partial(_usual, one), tuple(one.early_memmap))
        hypotheses.append(_Hypothesis("; all RAM in one node", cache(own)))
    return hypotheses


def _named(view: View, found: list[tuple[Way, str]]) -> list[History]:
    """The histories of the best ways, three at most."""
    return [
        history_of(view, _in_words(view, way) + where, way, _likely_early(view, way.undone)) for way, where in found[:3]
    ]


def _is_sure(view: View, way: Way) -> bool:
    """True if a way that explains everything takes back more than nothing, and no per-CPU areas of a size that fits.

    Right beneath the crash kernel any size is sure: all of that came later.
    """
    starts = {start for start, _ in view.crash}
    names = {name for (_, end), name in way.undone.freed if is_late(view, name) and end not in starts}
    return PER_CPU not in names and bool(names or not is_at_a_place(view))


def _with_all_beside(view: View, way: History) -> History | None:
    """The way back with each entry that holds a later allocation taken as later as a whole; None if that adds nothing.

    Page descriptors stay. So it is where the areas of many processors lie there, whose size is in no listing, in high
    memory.
    """
    spans = union(span for span, _ in way.late)
    known = union([*spans, *way.early.memmap, *way.early.areas, *view.listed.kept])
    blocks = view.listed.reserved[bisect_left(view.listed.reserved, (view.low_max, 0)) :]
    beside = difference([block for block in blocks if intersect(block, spans)], known)
    beside = [(start, end) for start, end in beside if end - start <= MOST_PER_CPU]
    if not beside:
        return None
    late = (*way.late, *((piece, "beside a later allocation") for piece in beside))
    return replace(way, assumption=f"{way.assumption}, and all beside it", state=way.state.without(beside), late=late)


def _with_paged_memmap(view: View) -> View:
    """The view in which an entry of the size of the page descriptors came before the crash kernel.

    With 64K pages no hole holds their buffer, so they are single pages; later arrays may lie right beneath them.
    """
    page, listed = view.planned.page_size, view.listed
    if page != 64 * KIB or not view.early_memmap:
        return view
    sizes = {size for item in view.early_memmap for size in (item.size, in_pages(item.size, page))}
    own = [
        (end - size, end)
        for start, end in listed.reserved
        for size in sorted(sizes, reverse=True)
        if size <= end - start <= size + 2 * page and (start, end) not in listed.kept
    ]
    return replace(view, listed=listed._replace(kept=tuple(sorted([*listed.kept, *own]))))


def _with_kfence_pool(view: View) -> tuple[View, bool]:
    """The view in which the topmost entry came before the crash kernel, if page tables and a KFENCE pool fill it.

    And True if there is a pool.
    """
    listed = view.listed
    paging = paging_of_listing(view, listed._replace(reserved=listed.reserved[-1:]))
    start, end = listed.reserved[-1] if listed.reserved else (0, 0)
    if not paging.kfence_pool or end - start > paging_bytes(paging, view) + 64 * KIB:
        return view, paging.kfence_pool
    kept = (*(span for span in listed.kept if span[0] < start), (start, end))
    return replace(view, listed=listed._replace(kept=kept)), True


def _in_words(view: View, way: Way) -> str:
    """The words for a guess: what is assumed to have come later, with the bytes of each."""
    late: dict[str, int] = {}
    for (start, end), name in way.undone.freed:
        if is_late(view, name) and not name.endswith(("slots", SECTION_TABLE)):
            late[name] = late.get(name, 0) + end - start
    return guess_in_words(late.items())


def _usual(view: View) -> tuple[View, list[Choice], list[list[Choice]]]:
    """A view with what is known of its top, CMA areas that may have come right before, and what usually came later."""
    view, pool = _with_kfence_pool(view)
    late = usual_steps(view, kfence=pool)
    areas = [Choice()]
    if view.all_low and late:
        # All RAM is low memory: the area lies right beneath the page descriptors and must be taken back with them.
        align = cma_align(view.planned.profile, view.planned.page_size)
        usual = areas_of(align, USUAL_CMA)
        areas = [
            Choice((Allocation(CMA, size, align, 0, view.low_max),), unusual=size not in usual)
            for size in area_sizes(view)
        ] + areas
    return view, areas, late


def _search(
    usual: Callable[[], tuple[View, list[Choice], list[list[Choice]]]], before: tuple[Allocation, ...]
) -> Search | None:
    """The search for ways from usual allocations to the listing; None where there are none.

    before: page descriptors that came first.
    """
    view, areas, late = usual()
    return Search(view, [[Choice(before)], areas], late) if late else None


def _likely_early(view: View, undone: Undone) -> Early:
    """The CMA area right before the crash kernel: one that was undone, or one whose place agrees with the listing."""
    own = [span for span, name in undone.freed if name == CMA]
    if own:
        return Early((), own[0])
    described = any(name == MEMMAP for _, name in undone.freed)
    return Early((), listed_area(view, undone.state.without(view.crash), described=described))
