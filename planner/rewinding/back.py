"""From a running machine back to the moment of the reservation, in every way that the sources leave open.

What a later view (/proc/iomem, debugfs) shows as reserved is more than there was: the crash kernel itself, and
what was allocated after it. Imports the other modules of this package.
"""

from __future__ import annotations

from collections.abc import Iterator

from planner.cmdline import values, words
from planner.forcing import forcing
from planner.machine import NO_DMA_ZONES, Machine
from planner.memory_map import MemoryMap, Reserved
from planner.ranges import intersect, subtract, union
from planner.records import dataclass, replace
from planner.result import Rewound
from planner.rewinding.above import grown, is_hidden, is_high, mem_limit, totals, with_more
from planner.rewinding.changes import USUAL_CMA, Cma, cma_align, cma_of, replay
from planner.rewinding.histories import History, histories
from planner.rewinding.later import memmap
from planner.rewinding.undo import State
from planner.rewinding.view import Asked, View, view_of
from planner.sizes import MIB, format_size, memparse

__all__ = ["Reading", "Rewind", "rewind"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One state of memory at the reservation, under an assumption, and what was put back to get there.

    more: whether the memory has more RAM than the map lists.
    """

    assumption: str
    memory: MemoryMap
    rewound: tuple[Rewound, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Rewind:
    """readings: the likeliest first; more than one where nobody can know. notes: what a person must know."""

    readings: tuple[Reading, ...]
    notes: tuple[str, ...] = ()


_latest: list[tuple[Machine, Asked, list[History]]] = []
"""The latest ways back: one machine is mostly asked many times."""


def rewind(machine: Machine, asked: Asked) -> Rewind:
    """The reservations of a running machine as they are when `asked` boots and places its crash kernel."""
    view = view_of(machine, asked)
    same = replace(asked, cmdline=None)
    if not _latest or _latest[0][0] is not machine or _latest[0][1] != same:
        _latest[:] = [(machine, same, histories(view))]
    found = _latest[0][2]
    readings: list[Reading] = []
    for history in found:
        _add(readings, history, view)
    if _may_be_hidden(view):
        readings += _larger(found, view)
    certain = len([reading for reading in readings if not reading.more]) == 1
    return Rewind(tuple(readings), tuple(_notes(view, certain=certain)))


def _notes(view: View, *, certain: bool) -> Iterator[str]:
    if not certain:
        yield (
            "the sources do not tell which reservations came after the crash kernel would be placed: the likeliest "
            "reading is planned, the others are listed where they differ"
        )
    if is_hidden(view):
        own = values(words(view.machine.facts.cmdline or ""), "mem")
        yield f"the map was taken under mem={own[-1]}: how much RAM lies above is not known"


def _add(readings: list[Reading], history: History, view: View) -> None:
    """The readings of one history under the command line that is asked for."""
    for what, state in changed(history, view):
        memory = _memory(view.machine.memory, state)
        if all(reading.memory != memory for reading in readings):
            rewound = [Rewound(*span, "the crash kernel itself") for span in view.crash]
            rewound += [Rewound(*span, f"{name}: allocated after the crash kernel") for span, name in history.late]
            readings.append(Reading(what, memory, tuple(rewound)))


def _memory(memory: MemoryMap, state: State) -> MemoryMap:
    """The map with what is reserved in `state`, names kept."""
    kept = [
        Reserved(a, b, r.name)
        for r in memory.reserved
        if not r.name.startswith("Crash kernel")
        for a, b in intersect((r.start, r.end), state.blocks)
    ]
    old = union((r.start, r.end) for r in kept)
    moved = [Reserved(a, b, "moved") for block in state.blocks for a, b in subtract(block, old)]
    return MemoryMap(memory.regions, (*kept, *moved))


def _larger(found: list[History], view: View) -> Iterator[Reading]:
    """What may be where the map was cut, for usual amounts of RAM.

    For all but the likeliest way back the least amount tells all: a low crash kernel lies alike under any.
    """
    new, amounts = cma_of(view.asked.cmdline), list(totals(view))
    others = [] if is_high(view) else amounts[:1]
    for history in found:
        tables = _other_tables(history, view)
        for what, size in _areas(history, view):
            for ram in amounts:
                more = ram - view.machine.memory.ram
                state = with_more(history, view, more, cma=size, asked=new, tables=tables)
                there = f"{what}; the machine has {format_size(ram)} of RAM, with no hole above what is listed"
                yield Reading(there, _memory(grown(view.machine.memory, more), state), more=True)
            amounts = others


def _may_be_hidden(view: View) -> bool:
    """Whether a `mem=` cut the map, or may have: without its own command line nothing tells, if all RAM is low."""
    if view.machine.facts.cmdline is not None or view.asked.cmdline is None:
        return is_hidden(view)
    return not values(words(view.asked.cmdline), "mem") and view.regions[-1][1] <= view.low_max


def changed(history: History, view: View) -> Iterator[tuple[str, State]]:
    """The state under the command line that is asked for, the likeliest first."""
    asked, machine = view.asked, view.machine
    own_line, new_line = machine.facts.cmdline, asked.cmdline
    own, new = cma_of(own_line), cma_of(new_line)
    tables, top, unlimited, lift = _other_tables(history, view), _other_top(view), is_hidden(view), _lift(history, view)
    same = tables is None and top is None and not unlimited and not lift
    if new_line is None or (own == new and own_line is not None and same):
        yield history.what, history.state
        return
    for what, size in _areas(history, view):
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


def _areas(history: History, view: View) -> list[tuple[str, int]]:
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


def _other_tables(history: History, view: View) -> int | None:
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
    lift = 0 if tables is None else -tables or view.machine.memory.ram // asked.page_size * 8
    if facts.cmdline is not None:
        own, new = (_pool(view, line) for line in (facts.cmdline, asked.cmdline))
        lift += own - new
    return lift


def _pool(view: View, cmdline: str) -> int:
    """Bytes of the early KFENCE pool under a command line."""
    asked, config = view.asked, view.machine.facts.config
    forced = forcing(asked.profile, cmdline, config, kfence=view.machine.facts.kfence)
    objects = memparse(config.get("KFENCE_NUM_OBJECTS", "255"))[0]
    return (objects + 1) * 2 * asked.page_size if forced.pool else 0


def _tables(history: History, view: View) -> int | None:
    """Bytes of page tables that are there and not here, 0 for none where they are here; None where nothing changes."""
    asked, facts = view.asked, view.machine.facts
    if view.machine.fixed:
        return None
    forced = forcing(asked.profile, asked.cmdline, facts.config, rodata=facts.rodata, kfence=facts.kfence)
    effect = asked.profile.zoneless_effect if asked.dma_limit == NO_DMA_ZONES else asked.profile.effect
    pages = bool(forced.reasons) or (effect == "pages" and asked.crash)
    if pages and not history.early.tables:
        return view.machine.memory.ram // asked.page_size * 8
    if not pages and history.early.tables and "rodata" not in forced.assumed:
        return 0
    return None
