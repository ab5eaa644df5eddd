"""The histories of a running machine: what came after the crash kernel, and the state before it.

Where a log names what came later, all of it is taken back in order; without one, what is usual for so much RAM
(`histories_from_listing`). A log without a listing is a case of its own (`histories_from_log`).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace

from planner.base.ranges import Span, difference, subtract, union
from planner.base.sizes import MIB
from planner.kernel.cma import cma_align
from planner.kernel.pgtable import STRUCT_PAGE
from planner.kernel.profiles import CRASH_ALIGN
from planner.rewind.boot_steps import BOUNCE, CMA, Choice, steps_of_log
from planner.rewind.histories_from_listing import histories_from_listing
from planner.rewind.histories_from_log import histories_from_log
from planner.rewind.history import LISTED, History, early_of_log, explained_but_for, history_of, with_memmap
from planner.rewind.listed_cma import listed_area
from planner.rewind.memmap import MEMMAP, section_size
from planner.rewind.paging import paging_of_cmdline, paging_of_listing
from planner.rewind.replay import Early
from planner.rewind.search import explains_crash, search
from planner.rewind.state import Allocation, State
from planner.rewind.undo import Budget, Undone, undo
from planner.rewind.view import View

__all__ = ["histories"]


def histories(view: View) -> list[History]:
    """The histories that the sources leave open, the likeliest first."""
    if view.machine.settled:
        return [_as_logged(view)]
    if view.machine.traits.log:
        return list(histories_from_log(view))
    if view.planned.reserves_first:
        return [_reserved_first(view), _all_early(view)]
    logged = any(e.kind in ("hash", "percpu", "swiotlb") for e in view.events)
    found = _logged(view) if logged else []
    if found:
        return [*found, *_without_unnamed(view, found[0])]
    # A log that names allocations explains nothing here, or there is none: what is certain, and what is usual.
    others = [_simple(view)] if view.crash or logged else []
    ways = histories_from_listing(view, others) if not logged else [*others, *_without_unnamed(view, others[0])]
    return [*ways, _all_early(view) if ways else replace(_all_early(view), whole=False)]


def _reserved_first(view: View) -> History:
    """The crash kernel was reserved before all that memblock handed out: that fills memory downward from its tops.

    The tops are the end of memory, that of low memory, and the crash kernel.
    """
    profile, page = view.planned.profile, view.planned.page_size
    # What is aligned most leaves the largest holes.
    most = max(cma_align(profile, page), section_size(profile, page) // page * STRUCT_PAGE, CRASH_ALIGN)
    blocks = view.listed.without(view.crash).reserved
    late: set[Span] = set()
    for top in (view.listed.memory[-1][1], view.low_max, *(start for start, _ in view.crash)):
        reached = top
        for start, end in reversed(blocks[: bisect_left(blocks, (top, 0))]):
            if reached - end >= most:
                break
            reached = start
            late.add((start, end))
    what, kept = "what memblock handed out came later", view.listed.kept
    taken = [(piece, "from the top of what was free") for span in sorted(late) for piece in subtract(span, kept)]
    state = view.listed.without([*view.crash, *(span for span, _ in taken)])
    return History(what, state, tuple(taken), Early(), paging_of_listing(view, state))


def _early(view: View, state: State) -> Early:
    """Reservations right before the crash kernel, by the log, or else by the listing."""
    return early_of_log(view) if view.events else Early((), listed_area(view, state))


def _all_early(view: View) -> History:
    """The history in which nothing that is listed came after the crash kernel."""
    state = view.listed.without(view.crash)
    early = _early(view, state)
    return History(LISTED, state, (), early, paging_of_listing(view, state))


def _as_logged(view: View) -> History:
    """The state that a log with all early reservations shows; the page descriptors in it are those that fit."""
    state, early = view.listed.without(view.crash), early_of_log(view)
    undone = next(undo(state, _before(view, early), Budget(400)), Undone(state))
    descriptors = tuple(span for span, name in undone.freed if name == MEMMAP)
    early = with_memmap(view, state, replace(early, memmap=descriptors))
    return History("as the log shows it", state, (), early, paging_of_listing(view, state.without(descriptors)))


def _before(view: View, early: Early) -> list[Allocation]:
    """Allocations known to come right before the crash kernel, the first one first."""
    area = [Allocation(CMA, early.cma[1] - early.cma[0], at=early.cma[0])] if early.cma is not None else []
    return [*view.early_memmap, *area]


_MOST_LOGGED = 6
"""Histories in which a log names what came later, at most."""


def _logged(view: View) -> list[History]:
    """The histories that a log leaves open: all allocations that it names are undone in order."""
    pool = paging_of_cmdline(view, view.machine.facts.cmdline, crash=bool(view.crash)).kfence_pool
    early = early_of_log(view)
    ways = search(view, [[Choice(tuple(_before(view, early)))]], steps_of_log(view, kfence=pool))
    right = [way for way in ways if not way.rank.elsewhere] or ways
    best = [way for way in right if way.whole] or right
    found = [history_of(view, "what the log names", way, early) for way in best[:_MOST_LOGGED]]
    # What else may be in an entry is small; a larger piece is something that the log does not name.
    return [replace(one, whole=one.whole or explained_but_for(view, one) < CRASH_ALIGN) for one in found]


_LARGE = 64 * MIB
"""Bytes of a range that a boot hardly reserves without naming it, at least."""


def _without_unnamed(view: View, history: History) -> list[History]:
    """The history in which large ranges that a log does not name came later, too, such as shadow memory of a sanitizer.

    None where there are no such ranges, or where the crash kernel lies as it does because of them.
    """
    early = history.early
    unnamed = difference(history.state.reserved, union([*view.listed.kept, *early.memmap, *early.areas]))
    large = [span for span in unnamed if span[1] - span[0] >= _LARGE]
    state = history.state.without(large)
    if not large or (view.crash and explains_crash(view, history.state) and not explains_crash(view, state)):
        return []
    late = (*history.late, *((span, "not named by the log") for span in large))
    what = f"{history.assumption}, and large ranges that nothing names came later"
    return [replace(history, assumption=what, state=state, late=late, whole=False)]


def _simple(view: View) -> History:
    """The history in which only what lies directly beneath the crash kernel came later.

    With the bounce buffer that a log names.
    """
    late = [(e.span, BOUNCE) for e in view.events if e.kind == "swiotlb" and e.span is not None]
    late += view.after
    joined, crash = union(view.listed.without(view.crash).reserved), set(view.crash)
    kept = [span for span in view.listed.kept if span not in crash]
    for start, _ in view.crash:
        i = bisect_left(joined, (start, 0)) - 1
        if i >= 0 and joined[i][1] >= start:
            late += [(piece, "directly beneath the crash kernel") for piece in subtract((joined[i][0], start), kept)]
    state = view.listed.without([*view.crash, *(span for span, _ in late)])
    what = "only what lies directly beneath the crash kernel came later"
    early = _early(view, state)
    return History(what, state, tuple(late), early, paging_of_listing(view, state), whole=False)
