"""What was reserved before the crash kernel under the command line that is asked for, from one way back.

Imports `above`, `changes`, `histories`, `later`, `undo`, `view` and what says which page tables a kernel makes.
"""

from __future__ import annotations

from collections.abc import Iterator

from planner.base.sizes import MIB, format_size
from planner.kernel.force_pte import forcing, kfence_pool_size
from planner.kernel.machine import NO_DMA_ZONES, Machine
from planner.rewind.above import is_hidden, mem_limit
from planner.rewind.changes import USUAL_CMA, Cma, cma_align, cma_of, replay
from planner.rewind.histories import History
from planner.rewind.memmap import memmap
from planner.rewind.undo import State
from planner.rewind.view import View

__all__ = ["areas", "changed", "other_tables"]


def changed(history: History, view: View) -> Iterator[tuple[str, State]]:
    """The state under the command line that is asked for, the likeliest first."""
    asked, machine = view.asked, view.machine
    own_line, new_line = machine.facts.cmdline, asked.cmdline
    own, new = cma_of(own_line), cma_of(new_line)
    tables, top, unlimited, lift = other_tables(history, view), _other_top(view), is_hidden(view), _lift(history, view)
    same = tables is None and top is None and not unlimited and not lift
    if new_line is None or (own == new and own_line is not None and same):
        yield history.what, history.state
        return
    for what, size in areas(history, view):
        if unlimited:
            yield f"{what}; RAM goes on above", _replayed(history, view, new, size, None, tables, above=True)
        if size == _area(history) and _same_cma(view) and same:
            yield what, history.state
        else:
            yield what, _replayed(history, view, new, size, top, tables, lift=lift)


def _replayed(
    history: History,
    view: View,
    new: Cma,
    size: int,
    top: int | None,
    tables: int | None,
    *,
    above: bool = False,
    lift: int = 0,
) -> State:
    asked = view.asked
    state, early = history.state, history.early
    if above:
        # With more memory, what was taken from its top lies there.
        lowest = min([span[0] for span in (*early.memmap, *early.tables)], default=view.low_max)
        state = state.without([(lowest, 1 << 64), *early.memmap, *early.tables])
    regions = [(a, min(b, top)) for a, b in view.regions if a < top] if top is not None else view.regions
    descriptors = [] if asked.profile.first or above else memmap(asked.profile, asked.page_size, regions, view.nodes)
    return replay(
        state,
        early,
        memmap=descriptors,
        tables=tables,
        top=top,
        lift=lift,
        cma=size,
        asked=new,
        align=cma_align(asked.profile, asked.page_size),
        page_size=asked.page_size,
        low_max=view.low_max if top is None else min(view.low_max, top),
    )


def _area(history: History) -> int:
    """Bytes of the area that there was."""
    return history.early.cma[1] - history.early.cma[0] if history.early.cma else 0


def _same_cma(view: View) -> bool:
    """Whether the same area is asked for, as far as it is known what was asked for."""
    own, new = view.machine.facts.cmdline, cma_of(view.asked.cmdline)
    return cma_of(own) == new if own is not None else new.size is None


def areas(history: History, view: View) -> list[tuple[str, int]]:
    """Sizes that the area may have then, the likeliest first, and what to say of each."""
    now, new = _area(history), cma_of(view.asked.cmdline)
    sizes = [now]
    if not _same_cma(view):
        sizes = [new.size] if new.size is not None else _default_cma(view.machine)
    elif view.machine.facts.cmdline is None and now != USUAL_CMA[0]:
        # No distribution configures such an area, or none: that came from a `cma=`, which is not asked for now.
        sizes = [now, USUAL_CMA[0]] if now in USUAL_CMA else [USUAL_CMA[0], now]
    others = [(f"{history.what}; a CMA area of {format_size(size)}", size) for size in sizes[1:]]
    return [(history.what, sizes[0]), *others]


def _default_cma(machine: Machine) -> list[int]:
    """Sizes of the area without `cma=`."""
    configured = machine.facts.config.get("CMA_SIZE_MBYTES", "")
    return [int(configured) * MIB] if configured.isdecimal() else [*USUAL_CMA, 0]


def _other_top(view: View) -> int | None:
    """Where memory ends under another `mem=`; None where that changes nothing."""
    own = mem_limit(view.machine.facts.cmdline, view.asked.page_size)
    left = mem_limit(view.asked.cmdline, view.asked.page_size)
    if left is None or own == left or view.machine.fixed:
        return None
    for start, end in view.regions:
        if left <= end - start:
            return start + left if left and start + left < view.regions[-1][1] else None
        left -= end - start
    return None


def other_tables(history: History, view: View) -> int | None:
    """Bytes of page tables, if the linear map has base pages there and not here, or the reverse; before 7.0."""
    return None if view.asked.profile.first else _tables(history, view)


def _lift(history: History, view: View) -> int:
    """How much higher all lies that is taken from the top, from 7.0 on: for want of page tables, or a KFENCE pool.

    There only small things lie beneath them before the crash kernel is placed.
    """
    asked, facts = view.asked, view.machine.facts
    if not asked.profile.first or asked.cmdline is None:
        return 0
    tables = _tables(history, view)
    lift = 0 if tables is None else -tables or view.page_tables
    if facts.cmdline is not None:
        own, new = (_pool(view, line) for line in (facts.cmdline, asked.cmdline))
        lift += own - new
    return lift


def _pool(view: View, cmdline: str) -> int:
    """Bytes of the early KFENCE pool under a command line."""
    asked, config = view.asked, view.machine.facts.config
    forced = forcing(asked.profile, cmdline, config, kfence=view.machine.facts.kfence)
    return kfence_pool_size(config, asked.page_size) if forced.pool else 0


def _tables(history: History, view: View) -> int | None:
    """Bytes of page tables that are there and not here, 0 for none where they are here; None where nothing changes."""
    asked, facts = view.asked, view.machine.facts
    if view.machine.fixed:
        return None
    forced = forcing(asked.profile, asked.cmdline, facts.config, rodata=facts.rodata, kfence=facts.kfence)
    effect = asked.profile.zoneless_effect if asked.dma_limit == NO_DMA_ZONES else asked.profile.effect
    pages = bool(forced.reasons) or (effect == "pages" and asked.crash)
    here = history.pages
    if pages and not here:
        return view.page_tables
    if not pages and here and "rodata" not in forced.assumed:
        return 0
    return None
