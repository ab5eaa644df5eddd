"""From a running machine back to the moment of the reservation, in every way that the sources leave open.

What a later view (/proc/iomem, debugfs) shows as reserved is more than there was: the crash kernel itself, and
what was allocated after it. Imports the other modules of this package.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from planner.cmdline import values, words
from planner.forcing import forcing
from planner.kernels import CRASH_ALIGN, Profile
from planner.limits import derived_dma_limit
from planner.machine import NO_DMA_ZONES, Event, Machine
from planner.memory_map import Flag, MemoryMap, Region, Reserved
from planner.ranges import Span, subtract, total, union
from planner.records import dataclass, replace
from planner.result import Rewound
from planner.rewinding.changes import Cma, Early, cma_align, cma_of, replay
from planner.rewinding.later import Account, Later, accounts_of_log, guessed_accounts, memmap
from planner.rewinding.undo import Budget, State, Undone, places, topmost, undo
from planner.sizes import GIB, MIB, format_size, memparse, round_down

__all__ = ["Asked", "Reading", "Rewind", "rewind"]

_CRASH, _CMA, _MEMMAP = "crash kernel", "CMA", "memmap"
_USUAL_CMA = (64 * MIB, 32 * MIB, 16 * MIB)
"""Sizes that kernels are configured with (CMA_SIZE_MBYTES): distributions, arm64's own, the general default."""
_OTHER_CMA = (128 * MIB, 256 * MIB, 512 * MIB, GIB, 8 * MIB, 4 * MIB)


@dataclass(frozen=True, slots=True)
class Asked:
    """The boot that is planned.

    dma_limit: as the user or the source says, None unknown. cmdline: its whole command line, None unknown.
    crash: whether a crash kernel is asked for.
    """

    profile: Profile
    page_size: int
    dma_limit: int | None = None
    cmdline: str | None = None
    crash: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """One state of memory at the reservation, under an assumption, and what was put back to get there."""

    assumption: str
    memory: MemoryMap
    rewound: tuple[Rewound, ...] = ()


@dataclass(frozen=True, slots=True)
class Rewind:
    """readings: the likeliest first; more than one where nobody can know. notes: what a person must know."""

    readings: tuple[Reading, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _View:
    """What the sources show of one running machine."""

    machine: Machine
    asked: Asked
    listed: State
    crash: tuple[Span, ...]
    regions: tuple[Span, ...]
    nodes: tuple[Span, ...]
    low_max: int

    @property
    def events(self) -> tuple[Event, ...]:
        """What a log named."""
        return self.machine.facts.events

    @property
    def early_memmap(self) -> list[Later]:
        """The page descriptors, where they come before the crash kernel."""
        profile = self.asked.profile
        return [] if profile.first else memmap(profile, self.asked.page_size, self.regions, self.nodes)


@dataclass(frozen=True, slots=True)
class _History:
    """One way back: the state at the reservation, what came later, and what came right before."""

    what: str
    state: State
    late: tuple[tuple[Span, str], ...]
    early: Early


_latest: list[tuple[Machine, Asked, list[_History]]] = []
"""The latest ways back: one machine is mostly asked many times."""


def rewind(machine: Machine, asked: Asked) -> Rewind:
    """The reservations of a running machine as they are when `asked` boots and places its crash kernel."""
    view = _view(machine, asked)
    same = replace(asked, cmdline=None)
    if not _latest or _latest[0][0] is not machine or _latest[0][1] != same:
        _latest[:] = [(machine, same, _histories(view))]
    histories = _latest[0][2]
    readings: list[Reading] = []
    for history in histories:
        _add(readings, history, view)
    return Rewind(tuple(readings), tuple(_notes(view, certain=len(readings) == 1)))


def _histories(view: _View) -> list[_History]:
    """The ways back, the likeliest first."""
    if view.machine.settled:
        return [_History("as the log shows it", view.listed.without(view.crash), (), _early_of_log(view))]
    logged = any(e.kind in ("hash", "swiotlb") for e in view.events)
    found = _logged(view) if logged else _guessed(view)
    if logged and found:
        return found
    # Nothing explains all that is listed: what is certain, and what would be if nothing came later.
    return [*found, _simple(view), _History(_LISTED, view.listed.without(view.crash), (), _early_of_log(view))]


def _view(machine: Machine, asked: Asked) -> _View:
    memory, record, events = machine.memory, machine.facts.record, machine.facts.events
    recorded = [r for r in (record.crash, record.low) if r is not None] if record is not None else []
    named = [(r.start, r.end) for r in memory.reserved if r.name.startswith("Crash kernel")]
    crash = union([*((r.start, r.end) for r in recorded), *named])
    if named:
        # Where it is listed by name, nothing else that is listed is part of it.
        others = union((r.start, r.end) for r in memory.reserved if not r.name.startswith("Crash kernel"))
        crash = [piece for span in crash for piece in subtract(span, others)]
    low_max = asked.dma_limit
    if low_max is None:
        low_max = derived_dma_limit(asked.profile, memory.regions)
    elif low_max == NO_DMA_ZONES:
        low_max = 1 << 52
    usable = tuple(
        (r.start, r.end) for r in memory.regions if not r.flags & (Flag.NOMAP.value | Flag.DRIVER_MANAGED.value)
    )
    blocks = _apart([*((r.start, r.end) for r in memory.reserved), *crash])
    tables = _top(usable, blocks, memory.ram // asked.page_size * 8)
    nodes = [(e.start, e.end) for e in events if e.kind == "node" and e.start is not None and e.end is not None]
    return _View(
        machine,
        asked,
        State(usable, tuple(blocks), tuple(_apart([*crash, *_known(machine), *tables]))),
        tuple(crash),
        tuple((r.start, r.end) for r in memory.regions),
        tuple(nodes) if len(nodes) > 1 else (),
        low_max,
    )


def _top(usable: Sequence[Span], blocks: Sequence[Span], size: int) -> list[Span]:
    """What page tables of so many bytes take: the first allocation, they fill memory from its top."""
    ends = {end: start for start, end in blocks}
    found: list[Span] = []
    for start, end in reversed(usable):
        low = max(ends.get(end, end), start, end - size)
        if low < end:
            found.append((low, end))
            size -= end - low
        if low > start or size <= 0:
            break
    return found[::-1]


def _known(machine: Machine) -> list[Span]:
    """What is known to have been reserved before the crash kernel."""
    facts = machine.facts
    image, data = facts.kernel_image, facts.kernel_data
    spans = [(r.start, r.end) for r in machine.memory.reserved if r.name.startswith("Kernel")]
    if image is not None and data is not None and image.start < data.start:
        spans.append((image.start, data.end))
    kinds = ("cma", "node_data", "reserved-memory")
    return spans + [
        (e.start, e.end) for e in facts.events if e.kind in kinds and e.start is not None and e.end is not None
    ]


def _apart(spans: Sequence[Span]) -> list[Span]:
    """Spans ascending and disjoint; touching ones stay apart."""
    result: list[Span] = []
    for start, end in sorted(spans):
        first = max(start, result[-1][1]) if result else start
        if first < end:
            result.append((first, end))
    return result


# -- readings ------------------------------------------------------------------------------------------


_LISTED = "every reservation listed came before the crash kernel"


def _notes(view: _View, *, certain: bool) -> Iterator[str]:
    if not certain:
        yield (
            "the sources do not tell which reservations came after the crash kernel would be placed: the likeliest "
            "reading is planned, the others are listed where they differ"
        )
    own = values(words(view.machine.facts.cmdline or ""), "mem")
    new = values(words(view.asked.cmdline or ""), "mem")
    if own and view.asked.cmdline is not None and not new:
        yield f"the map was taken under mem={own[-1]}: how much RAM lies above is not known"


def _add(readings: list[Reading], history: _History, view: _View) -> None:
    """The readings of one history under the command line that is asked for."""
    for what, state in _changed(history, view):
        memory = _memory(view.machine.memory, view.listed, state)
        if all(reading.memory != memory for reading in readings):
            rewound = [Rewound(*span, "the crash kernel itself") for span in view.crash]
            rewound += [Rewound(*span, f"{name}: allocated after the crash kernel") for span, name in history.late]
            readings.append(Reading(what, memory, tuple(rewound)))


def _memory(memory: MemoryMap, listed: State, state: State) -> MemoryMap:
    """The map with what is reserved in `state`, names kept."""
    kept = [
        Reserved(a, b, r.name)
        for r in memory.reserved
        if not r.name.startswith("Crash kernel")
        for a, b in _common((r.start, r.end), state.blocks)
    ]
    old = union((r.start, r.end) for r in kept)
    moved = [Reserved(a, b, "moved") for block in state.blocks for a, b in subtract(block, old)]
    return MemoryMap(memory.regions, (*kept, *moved))


def _common(span: Span, blocks: Sequence[Span]) -> list[Span]:
    return [(max(a, span[0]), min(b, span[1])) for a, b in blocks if a < span[1] and span[0] < b]


# -- ways back -----------------------------------------------------------------------------------------


def _early_of_log(view: _View) -> Early:
    areas = [
        (e.start, e.end)
        for e in view.events
        if e.kind == "cma" and e.start is not None and e.end is not None and e.start < view.low_max
    ]
    return Early((), areas[-1] if areas else None, _tables(view))


def _tables(view: _View) -> tuple[Span, ...]:
    """Page tables, if the linear map has base pages."""
    most = view.machine.memory.ram // view.asked.page_size * 8
    found = _top(view.listed.memory, view.listed.blocks, most)
    return tuple(found) if total(found) >= most * 9 // 10 else ()


def _logged(view: _View) -> list[_History]:
    """The ways back that a log leaves open: all that it names is taken back, in order."""
    profile, page = view.asked.profile, view.asked.page_size
    accounts = accounts_of_log(view.events, profile, page, view.regions, view.nodes, view.low_max)
    early = _early_of_log(view)
    before = [*view.early_memmap]
    if early.cma is not None:
        before.append(Later(_CMA, early.cma[1] - early.cma[0], at=early.cma[0]))
    before += [Later(_CRASH, end - start, at=start) for start, end in view.crash]
    for account in accounts:
        budget = Budget(2000)
        found: list[_History] = []
        for undone in undo(view.listed, [*before, *account.items], budget):
            history = _history(view, account.what, undone, early)
            if all(history.state != other.state for other in found):
                found.append(history)
            if len(found) == 24:
                break
        if found:
            return _likeliest(view, found)
    return []


def _likeliest(view: _View, found: list[_History]) -> list[_History]:
    """Those that put the recorded crash kernel where it is, the ones that leave the fewest entries in pieces first."""
    right = [history for history in found if _explains_crash(view, history.state)] or found
    return sorted(right, key=lambda history: _pieces(view, history))[:6]


def _pieces(view: _View, history: _History) -> int:
    holes = union(span for span, _ in history.late)
    rests = [(end - start, total(subtract((start, end), holes))) for start, end in view.listed.blocks]
    return sum(view.asked.page_size < rest < size for size, rest in rests)


def _history(view: _View, what: str, undone: Undone, early: Early) -> _History:
    own = (_CMA, _CRASH) if view.asked.profile.first else (_CMA, _CRASH, _MEMMAP)
    late = tuple(entry for entry in undone.freed if entry[1] not in own)
    state = view.listed.without([*view.crash, *(span for span, _ in late)])
    swept = _swept(view, state, [span for span, _ in late])
    descriptors = tuple(span for span, name in undone.freed if name == _MEMMAP and name in own)
    state = state.without(swept)
    late += tuple((span, "a small allocation") for span in swept)
    return _History(what, state, late, Early(descriptors, early.cma, early.tables))


def _swept(view: _View, state: State, late: Sequence[Span]) -> list[Span]:
    """Small allocations among the later ones: allocations go downward, so what lies between two is later too."""
    page, holes = view.asked.page_size, union(late)
    found: list[Span] = []
    for block in view.listed.blocks if holes else ():
        pieces = subtract(block, holes)
        rest = total(pieces)
        if 0 < rest <= page and rest < block[1] - block[0]:
            found += pieces
        elif rest == block[1] - block[0] <= 4 * page and block not in view.listed.kept:
            below, above = [h[1] for h in holes if h[1] <= block[0]], [h[0] for h in holes if h[0] >= block[1]]
            if below and above and _open(state, max(below), min(above), 4 * page):
                found.append(block)
    return found


def _open(state: State, low: int, high: int, most: int) -> bool:
    """Whether a range lies in one region and holds no larger block."""
    inside = any(start <= low and high <= end for start, end in state.memory)
    return inside and not any(start < high and low < end and end - start > most for start, end in state.blocks)


def _explains_crash(view: _View, state: State) -> bool:
    """Whether a search from the top gives the places that are recorded."""
    profile, limits = view.asked.profile, {"0": 0, "low": view.low_max, "4G": 4 * GIB, "high": 1 << 52}
    gaps = state.gaps()
    windows = {(limits[w.start], limits[w.end]) for w in (*profile.plain, *profile.high)}
    return all(
        any(topmost(gaps, end - start, CRASH_ALIGN, *window) == start for window in windows)
        for start, end in view.crash
    )


def _guessed(view: _View) -> list[_History]:
    """The ways back that are usual for so much RAM: those that explain best what is listed, three at most."""
    profile, page = view.asked.profile, view.asked.page_size
    accounts = guessed_accounts(profile, page, view.machine.memory.ram, total(view.crash), view.regions, view.low_max)
    crash = [Later(_CRASH, end - start, at=start) for start, end in view.crash]
    align = cma_align(profile, page)
    areas: list[list[Later]] = [[]]
    if view.regions and view.regions[-1][1] <= view.low_max:
        # All RAM is low memory: the area lies right beneath the page descriptors and must be taken back with them.
        areas = [[Later(_CMA, size, align, 0, view.low_max)] for size in (*_USUAL_CMA, *_OTHER_CMA)] + areas
    for descriptors in [view.early_memmap, []] if view.early_memmap else [[]]:
        tried = [entry for area in areas for entry in _tried(view, accounts, (*descriptors, *area, *crash))]
        if tried:
            tried.sort(key=lambda entry: entry[0])
            return [_history(view, what, undone, _guessed_early(view, undone)) for _, what, undone in tried[:3]]
    return []


def _tried(
    view: _View, accounts: Sequence[Account], before: Sequence[Later]
) -> Iterator[tuple[tuple[int, ...], str, Undone]]:
    """The accounts that lead to what is listed, with their ranks; none after one that leaves nothing in pieces."""
    for account in accounts:
        whole = False
        for undone in islice(undo(view.listed, (*before, *account.items), Budget(100)), 3):
            rank = _rank(view, undone, account)
            whole = whole or not any(rank[:4])
            yield rank, account.what, undone
        if whole:
            return


def _guessed_early(view: _View, undone: Undone) -> Early:
    """What came right before the crash kernel: the area that was taken back, or one that would lie where it lies."""
    own = [span for span, name in undone.freed if name == _CMA]
    if own:
        return Early((), own[0], _tables(view))
    state = undone.state.without(view.crash)
    align = cma_align(view.asked.profile, view.asked.page_size)
    found: list[Span] = []
    for size in (*_USUAL_CMA, *_OTHER_CMA):
        found += [(at, at + size) for at in places(state, Later(_CMA, size, align, 0, view.low_max))[:1]]
    whole = [area for area in found if area in state.blocks]
    return Early((), next(iter((*whole, *found)), None), _tables(view))


def _rank(view: _View, undone: Undone, account: Account) -> tuple[int, ...]:
    """How well a guess explains what is listed, the best lowest.

    First that the crash kernel lies where it would be put, then that nothing is left right beneath it, that the
    kernel does so by itself, how few entries are left in pieces, and how much is explained.
    """
    own = (_CMA, _CRASH) if view.asked.profile.first else (_CMA, _CRASH, _MEMMAP)
    late = [span for span, name in undone.freed if name not in own]
    state = view.listed.without([*view.crash, *late])
    holes = union(span for span, _ in undone.freed)
    rests = [(end - start, total(subtract((start, end), holes))) for start, end in view.listed.blocks]
    ends = {end for _, end in state.blocks}
    return (
        not _explains_crash(view, state),
        sum(start in ends for start, _ in view.crash),
        account.unusual,
        sum(view.asked.page_size < rest < size for size, rest in rests),
        -total(holes),
    )


def _simple(view: _View) -> _History:
    """What lies directly beneath the crash kernel came later, and the bounce buffer that a log names."""
    late = [
        ((e.start, e.end), "software IO TLB")
        for e in view.events
        if e.kind == "swiotlb" and e.start is not None and e.end is not None
    ]
    joined = union(view.listed.without(view.crash).blocks)
    for start, _ in view.crash:
        beneath = next((span for span in joined if span[0] < start <= span[1]), None)
        if beneath is not None:
            late += [
                (piece, "directly beneath the crash kernel")
                for piece in subtract((beneath[0], start), [k for k in view.listed.kept if k not in view.crash])
            ]
    state = view.listed.without([*view.crash, *(span for span, _ in late)])
    what = "only what lies directly beneath the crash kernel came later"
    return _History(what, state, tuple(late), _early_of_log(view))


# -- another command line ------------------------------------------------------------------------------


def _changed(history: _History, view: _View) -> Iterator[tuple[str, State]]:
    """The state under the command line that is asked for, the likeliest first."""
    asked, machine = view.asked, view.machine
    own_line, new_line = machine.facts.cmdline, asked.cmdline
    own, new = cma_of(own_line), cma_of(new_line)
    tables = _other_tables(history, view)
    top = _other_top(view)
    unlimited = _lost_limit(view)
    if new_line is None or (own == new and own_line is not None and tables is None and top is None and not unlimited):
        yield history.what, history.state
        return
    now = history.early.cma[1] - history.early.cma[0] if history.early.cma else 0
    same = own == new if own_line is not None else new.size is None
    sizes: list[int] = [now]
    if not same:
        sizes = [new.size] if new.size is not None else _default_cma(machine)
    elif own_line is None and now != _USUAL_CMA[0]:
        # No distribution configures such an area, or none: that came from a `cma=`, which is not asked for now.
        sizes = [now, _USUAL_CMA[0]] if now in _USUAL_CMA else [_USUAL_CMA[0], now]
    for size in sizes:
        what = history.what if size == sizes[0] else f"{history.what}; a CMA area of {format_size(size)}"
        above = f"{what}; RAM goes on above"
        if unlimited:
            yield above, _replayed(history, view, new, size, None, tables, above=True)
        if same and size == now and tables is None and top is None and not unlimited:
            yield what, history.state
        else:
            yield what, _replayed(history, view, new, size, top, tables)
        if own_line is None and not values(words(new_line), "mem") and view.regions[-1][1] <= view.low_max:
            yield above, _replayed(history, view, new, size, None, tables, above=True)


def _replayed(
    history: _History, view: _View, new: Cma, size: int, top: int | None, tables: int | None, *, above: bool = False
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
        cma=size,
        asked=new,
        align=cma_align(asked.profile, asked.page_size),
        page_size=asked.page_size,
        low_max=view.low_max if top is None else min(view.low_max, top),
    )


def _default_cma(machine: Machine) -> list[int]:
    """Sizes of the area without `cma=`."""
    configured = machine.facts.config.get("CMA_SIZE_MBYTES", "")
    return [int(configured) * MIB] if configured.isdecimal() else [*_USUAL_CMA, 0]


def _other_top(view: _View) -> int | None:
    """Where memory ends under another `mem=`; None where that changes nothing."""
    own = values(words(view.machine.facts.cmdline or ""), "mem")
    new = values(words(view.asked.cmdline or ""), "mem")
    if not new or (own and own[-1] == new[-1]) or view.machine.settled:
        return None
    left = round_down(memparse(new[-1])[0], view.asked.page_size)
    for start, end in view.regions:
        if left <= end - start:
            return start + left if left and start + left < view.regions[-1][1] else None
        left -= end - start
    return None


def _lost_limit(view: _View) -> bool:
    """Whether the map was cut by a `mem=` that the command line asked for lacks."""
    own_line, new_line = view.machine.facts.cmdline, view.asked.cmdline
    return bool(
        own_line and new_line and values(words(own_line), "mem") and not values(words(new_line), "mem")
    )


def _other_tables(history: _History, view: _View) -> int | None:
    """Bytes of page tables, if the linear map has base pages there and not here, or the reverse."""
    asked, facts = view.asked, view.machine.facts
    if asked.profile.first or view.machine.settled:
        return None
    parameters = words(asked.cmdline) if asked.cmdline is not None else None
    forced = forcing(asked.profile, parameters, facts.config, rodata=facts.rodata, kfence=facts.kfence)
    effect = asked.profile.zoneless_effect if asked.dma_limit == NO_DMA_ZONES else asked.profile.effect
    pages = bool(forced.reasons) or (effect == "pages" and asked.crash)
    if pages and not history.early.tables:
        return view.machine.memory.ram // asked.page_size * 8
    if not pages and history.early.tables and "rodata" not in forced.assumed:
        return 0
    return None
