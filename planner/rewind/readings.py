"""From a running machine back to the moment of the reservation, in every way that the sources leave open.

What a later view (/proc/iomem, debugfs) shows as reserved is more than there was: the crash kernel itself, and
what was allocated after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice

from planner.base.ranges import Span, intersect, subtract, union
from planner.base.sizes import format_size
from planner.kernel.arm64_init import mem_limit
from planner.kernel.cmdline import values
from planner.kernel.machine import SINGLE_PAGES, Machine
from planner.kernel.memory_map import MemoryMap, Reserved
from planner.rewind.boot_steps import needs_bounce_buffer
from planner.rewind.handover import SCRATCH, may_be_listed, scratch_areas
from planner.rewind.hidden_ram import asks_for_high, is_hidden, likely_totals, map_with, settles, with_more, without_top
from planner.rewind.histories import histories
from planner.rewind.history import LISTED, History
from planner.rewind.other_cmdline import (
    asks_for_unplaced_hugetlb_cma,
    boot_of,
    cma_sizes,
    lift_of,
    new_end_of_memory,
    planned_states,
)
from planner.rewind.paging import pagings_planned
from planner.rewind.rewound import AFTERWARDS, UNNAMED, UNTOLD, MapReading, Rewound
from planner.rewind.search import is_at_a_place
from planner.rewind.state import State
from planner.rewind.view import PlannedBoot, View, view_of

__all__ = ["PlannedBoot", "Rewind", "rewind"]


@dataclass(frozen=True, slots=True)
class Rewind:
    """The states of memory at the reservation that the sources leave open."""

    readings: tuple[MapReading, ...]
    """The likeliest first; more than one where nothing tells which is right."""
    notes: tuple[str, ...] = ()
    """Remarks for the user."""
    doubts: tuple[str, ...] = ()
    """What belongs in the first line of an answer."""


_LIKELIEST = 2
"""Histories for which more RAM is assumed if no `mem=` is known to have cut the map."""

_MOST_SCRATCH = 6
"""Ways to take scratch memory for what is listed that are tried: the likeliest ones."""

_latest: list[tuple[Machine, PlannedBoot, tuple[Span, ...], list[History]]] = []
"""The scratch memory and the histories of the two maps that were rewound last.

Mostly one machine is planned for many times; a map of which it is open what is NOMAP is rewound both ways.
"""


def rewind(machine: Machine, planned: PlannedBoot) -> Rewind:
    """The state of a running machine's memory at the moment when the planned boot places its crash kernel.

    With every reading that the sources leave open.
    """
    view = view_of(machine, planned)
    if not view.listed.memory:  # all of it is no-map: nothing was allocated
        return Rewind((MapReading(LISTED, _memory(machine.memory, view.listed.without(view.crash))),))
    lack = _lacks(view)
    if lack:
        view = view_of(replace(machine, facts=replace(machine.facts, events=())), planned)
    scratch, found = _histories(machine, view)
    view = _without_scratch(view, scratch)
    readings: list[MapReading] = []
    for history in found:
        _add(readings, history, view)
    if _may_be_hidden(view):
        readings += _larger(found, view)
    certain = len([reading for reading in readings if not reading.more]) == 1
    lower, explained = _may_end_lower(view), found[0].whole
    notes = [f"{lack}: what came after the crash kernel is told from the listing alone"] if lack else []
    notes += _notes(view, certain=certain, lower=lower, explained=explained)
    unsure = _doubt(UNNAMED if view.events else UNTOLD, lower=lower, explained=explained)
    doubts = _doubt_of_areas(view), _doubt_of_scratch(view, found[0]), unsure, _doubt_of_nodes(view)
    return Rewind(tuple(readings), tuple(notes), tuple(filter(None, doubts)))


def _lacks(view: View) -> str:
    """What a log beside a listing lacks to tell what came later, in a few words; "" if it lacks nothing.

    A log alone is used as it is.
    """
    machine = view.machine
    if machine.traits.log or machine.settled or not view.events:
        return ""
    if len(view.nodes) > 1 and any(e.kind == "percpu" and e.name == SINGLE_PAGES for e in view.events):
        return "the log does not tell which node has which pages of the per-CPU areas (percpu_alloc=page)"
    lost_buffer = not any(e.kind == "swiotlb" for e in view.events) and needs_bounce_buffer(view)
    return machine.facts.events_lack or ("the log lacks the line of the bounce buffer" if lost_buffer else "")


def _histories(machine: Machine, view: View) -> tuple[tuple[Span, ...], list[History]]:
    """The scratch memory and the histories of a machine in this view, whatever command line is planned."""
    same = replace(view.planned, cmdline=None)
    for known, planned, scratch, found in _latest:
        if _is_same(known, machine) and planned == same:
            return scratch, found
    scratch, found = _likeliest_scratch(view)
    _latest[:] = [(machine, same, scratch, found), *_latest[:1]]
    return scratch, found


def _likeliest_scratch(view: View) -> tuple[tuple[Span, ...], list[History]]:
    """The scratch memory with which all that is listed is explained, or else the last found, and the histories."""
    scratch: tuple[Span, ...] = ()
    found: list[History] = []
    for scratch in islice(scratch_areas(view), _MOST_SCRATCH) if may_be_listed(view) else ():
        found = histories(_without_scratch(view, scratch))
        if found[0].whole:
            break
    return scratch, found or histories(view)


def _without_scratch(view: View, scratch: tuple[Span, ...]) -> View:
    """The view as it was before the scratch memory was set aside."""
    return replace(view, listed=view.listed.without(scratch), scratch=scratch) if scratch else view


def _is_same(one: Machine, other: Machine) -> bool:
    """True if both are one machine, which is compared with itself without looking at its ranges."""
    shared = one.memory is other.memory and one.facts is other.facts
    return shared and (one.kind, one.settled) == (other.kind, other.settled)


def _doubt(untold: str, *, lower: bool, explained: bool) -> str:
    """The doubt that belongs in the first line of an answer; "" for none. untold: that about an unexplained listing."""
    if lower:
        return "low memory may end lower, as the listed crash kernel hints"
    return "" if explained else untold


def _doubt_of_scratch(view: View, likeliest: History) -> str:
    """The doubt about scratch memory that a boot set aside, where not all of its areas are found; "" for none."""
    areas = 1 if view.all_low else 2
    told = len(view.scratch) == areas and likeliest.whole
    return f"{SCRATCH} may be among what is listed" if not told and may_be_listed(view) else ""


def _doubt_of_nodes(view: View) -> str:
    """The doubt about the CMA areas of nodes that a `mem=` cuts, which only a log tells; "" without such nodes."""
    moved = bool(view.nodes) and not view.events and not view.machine.settled and new_end_of_memory(view) is not None
    return "what a mem= moves on each node is not known from a listing alone" if moved else ""


def _doubt_of_areas(view: View) -> str:
    """The doubt about what the planned boot reserves before the crash kernel and is not placed; "" for none."""
    if asks_for_unplaced_hugetlb_cma(view):
        return "where the areas of hugetlb_cma= are is not known"
    return "where protected KVM reserves memory is not known" if _asks_for_protected_kvm(view) else ""


def _may_end_lower(view: View) -> bool:
    """True if the crash kernel lies lower than a search would put it, and nothing tells the limit or its address."""
    facts, planned = view.machine.facts, view.planned
    limit_known = (
        facts.cmdline is not None or planned.dma_limit is not None or view.machine.settled or view.machine.traits.log
    )
    low = [span for span in view.crash if span[1] <= view.low_max]
    return bool(low) and not limit_known and is_at_a_place(replace(view, crash=tuple(low)))


def _notes(view: View, *, certain: bool, lower: bool, explained: bool) -> Iterator[str]:
    if not certain:
        yield (
            "the sources do not say which reservations came later; the most likely "
            "reading is planned, the others are listed where they differ"
        )
    if not explained and view.events:
        yield "the allocations that the log names do not lead to all that is listed: others came later, or earlier"
    elif not explained:
        yield (
            "no usual sequence of allocations leads to all that is listed: give the log of the same boot (--log) to "
            "tell what came after the crash kernel"
        )
    if lower:
        yield (
            "the listed crash kernel lies lower than a search from the top would put it: its request had an address, "
            f"or low memory ends below {view.low_max:#x} (then give --dma-limit)"
        )
    if asks_for_unplaced_hugetlb_cma(view):
        yield "the CMA areas of hugetlb_cma= are not placed anew: they are taken as they were"
    if _asks_for_protected_kvm(view):
        yield "the memory that kvm-arm.mode=protected reserves is not placed: the result may be too high"
    if is_hidden(view):
        own = values(view.machine.facts.cmdline, "mem")
        yield f"the map was taken under mem={own[-1]}: how much RAM lies above is not known"


def _asks_for_protected_kvm(view: View) -> bool:
    """True if the planned boot may reserve memory for protected KVM, which the machine's own did not.

    Before the crash kernel, from 5.11 to 6.17, and only where the kernel has been started in EL2. Source:
    kvm_hyp_reserve(), arch/arm64/kvm/hyp/reserved_mem.c @ 5.13, pkvm.c @ 6.12; bootmem_init(), arch/arm64/mm/init.c.
    """
    own, new = (values(line, "kvm_arm.mode")[-1:] for line in (view.machine.facts.cmdline, view.planned.cmdline))
    return new == ("protected",) and own != new and not view.planned.profile.first


def _add(readings: list[MapReading], history: History, view: View) -> None:
    """Add the readings of one history under the requested command line."""
    for what, state in planned_states(history, view):
        memory = _memory(view.machine.memory, state)
        if all(reading.memory != memory for reading in readings):
            rewound = [Rewound(*span, "the crash kernel itself") for span in view.crash]
            rewound += [Rewound(*span, f"{name}: {AFTERWARDS}") for span, name in history.late]
            rewound += [Rewound(*span, f"{SCRATCH}: {AFTERWARDS}") for span in view.scratch]
            rewound += [Rewound(*span, f"interrupt tables: {AFTERWARDS}") for span in union(view.lpi_tables)]
            readings.append(MapReading(what, memory, tuple(rewound)))


def _memory(memory: MemoryMap, state: State) -> MemoryMap:
    """The map with what is reserved in `state`, names kept."""
    # Overlapping rows share their blocks, so blocks that touch are joined first.
    runs, blocks = union(state.reserved), set(state.reserved)
    kept: list[Reserved] = []
    for r in memory.reserved:
        if r.is_crash:
            continue
        if r.span in blocks:
            kept.append(r)
        else:
            kept += [Reserved(a, b, r.name) for a, b in intersect(r.span, runs)]
    old = union(r.span for r in kept)
    blocks.difference_update(r.span for r in kept)
    moved = [Reserved(a, b, "early reservation") for block in sorted(blocks) for a, b in subtract(block, old)]
    return MemoryMap(memory.regions, (*kept, *moved))


def _larger(found: list[History], view: View) -> Iterator[MapReading]:
    """Readings with RAM where the map was cut, one for each usual amount.

    For all but the likeliest history the least amount is enough: a low crash kernel has the same place under any.
    Where no `mem=` is known to have cut it, the two likeliest histories are enough: more would be guesses upon guesses.
    """
    listed, high = view.machine.memory.ram, asks_for_high(view)
    larger = [(more, map_with(view, more.ram - listed)) for more in likely_totals(view)]
    row = cache(Reserved)  # most are the same in all
    for history in found if is_hidden(view) else found[:_LIKELIEST]:
        paging = next(pagings_planned(view, history.paging))
        lift = lift_of(history, view, paging)
        bare = without_top(history, view, lift)
        for what, area in cma_sizes(history, view):
            boot = boot_of(view, area, paging, view.regions, early=history.early, lift=lift)
            settled = None  # the requested size whose place is the same with any more RAM
            for (ram, size), memory in larger:
                if size == settled:
                    continue
                state = with_more(bare, view, memory, boot)
                assumption = f"{what}; the machine has {format_size(ram)} of RAM, with no hole above what is listed"
                reserved = [row(start, end) for start, end in union(state.reserved)]
                yield MapReading(assumption, MemoryMap(memory.regions, reserved), more=True)
                settled = size if not high and settles(view, memory, state, size) else None
            larger = [] if high else larger[:1]


def _may_be_hidden(view: View) -> bool:
    """True if a `mem=` cut the map, or may have: without its own command line nothing tells, if all RAM is low."""
    if view.machine.facts.cmdline is not None or view.planned.cmdline is None:
        return is_hidden(view)
    new = mem_limit(view.planned.cmdline, view.planned.page_size)
    low = view.regions[-1][1] - 1 <= view.low_max  # which is a byte less on kernels of the 32-bit zone
    return (new is None or new > view.machine.memory.ram) and (low or view.cut > 0)
