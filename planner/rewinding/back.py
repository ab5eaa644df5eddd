"""From a running machine back to the moment of the reservation, in every way that the sources leave open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planner.kernels import CRASH_ALIGN, Profile
from planner.limits import derived_dma_limit
from planner.machine import NO_DMA_ZONES, Machine
from planner.memory_map import Flag, MemoryMap, Reserved
from planner.ranges import Span, subtract, union
from planner.records import dataclass
from planner.result import Rewound
from planner.rewinding.later import Account, Later, accounts_of_log, guessed_accounts, memmap
from planner.rewinding.undo import State, Undone, free, places, undo
from planner.sizes import MIB, GIB


@dataclass(frozen=True, slots=True)
class Reading:
    assumption: str
    memory: MemoryMap
    rewound: tuple[Rewound, ...] = ()


@dataclass(frozen=True, slots=True)
class Rewind:
    readings: tuple[Reading, ...]
    notes: tuple[str, ...] = ()

_LAST = []

def rewind(machine: Machine, profile: Profile, page_size: int, dma_limit: int | None, cmdline: str | None) -> Rewind:
    if _LAST and _LAST[0][0] is machine and _LAST[0][1] is profile:
        return _LAST[0][2]
    r = rewind1(machine, profile, page_size, dma_limit, cmdline)
    _LAST[:] = [(machine, profile, r)]
    return r

def rewind1(machine: Machine, profile: Profile, page_size: int, dma_limit: int | None, cmdline: str | None) -> Rewind:
    memory = machine.memory
    record = machine.facts.record
    crash = [(r.start, r.end) for r in memory.reserved if r.name.startswith("Crash kernel")]
    if record is not None:
        crash += [(r.start, r.end) for r in (record.crash, record.low) if r is not None]
    crash = union(crash)
    if dma_limit is None or dma_limit == NO_DMA_ZONES:
        low_max = derived_dma_limit(profile, memory.regions) if dma_limit is None else 1 << 48
    else:
        low_max = dma_limit
    events = machine.facts.events
    skipped = Flag.NOMAP.value | Flag.DRIVER_MANAGED.value
    usable = tuple((r.start, r.end) for r in memory.regions if not r.flags & skipped)
    blocks = tuple(_apart([*((r.start, r.end) for r in memory.reserved), *crash]))
    whole = set(usable)
    tables = [b for b in blocks if b in whole and b[0]]
    if blocks:
        a, b = blocks[-1]
        tables.append((max(a, b - memory.ram // page_size * 8), b))
    listed = State(
        usable, blocks, tuple(_apart([*crash, *_known(machine), *tables])),
    )
    regions = [(r.start, r.end) for r in memory.regions]
    nodes = [(e.start, e.end) for e in events if e.kind == "node"]
    logged = any(e.kind in ("hash", "swiotlb") for e in events)
    if logged:
        found = _from_log(listed, accounts_of_log(events, profile, page_size, regions, low_max), profile, page_size, regions, nodes, events, crash, low_max)
    else:
        found = _guessed(listed, guessed_accounts(profile, page_size, memory.ram, sum(b - a for a, b in crash), regions, low_max))
    anchor = [] if profile.first else memmap(profile, page_size, regions, nodes if len(nodes) > 1 else ())
    cma = [Later("CMA", e.size, at=e.start) for e in events if e.kind == "cma" and e.start and e.start < low_max]
    early = [[*anchor, *cma]] if logged else [[*anchor, Later("CMA", s, 2 * MIB, 0, low_max)] for s in (64*MIB,32*MIB,16*MIB,128*MIB,256*MIB,512*MIB,GIB)]+[anchor]
    windows = {(low_max if w.start == "low" else 1 << 32 if w.start == "4G" else 0, low_max if w.end == "low" else 1 << 52)
               for w in (*profile.plain, *profile.high)}
    states = []
    for i, what, undone in found:
        if states and i > states[0][5]: break
        state = undone.state
        for a, b in crash:
            state = free(state, a, b)
        state = State(state.memory, state.blocks, tuple(_known(machine) if False else ()))
        anchored = not anchor or any(next(undo(state, e), None) for e in early)
        fits = all(any(_fits(state, a, b, w) for w in windows) for a, b in crash)
        undone = Undone(undone.state, undone.freed + _swept(listed, state, undone.freed, page_size))
        states.append((what, undone, anchored, fits, _fragments(listed, undone.freed, page_size), i))
        if len(states)>120: break
    if any(s[2] for s in states):
        states = [s for s in states if s[2]]
    if any(s[3] for s in states):
        states = [s for s in states if s[3]]
    if logged:
        states = [s for s in states if s[4] == min(x[4] for x in states)]
    else:
        states.sort(key=lambda s: (-sum(b - a for (a, b), _ in s[1].freed), s[4]))
        states=states[:4]
    readings = []
    for what, undone, *_ in states:
        holes = union([*crash, *(span for span, _ in undone.freed)])
        rewound = [Rewound(a, b, "the crash kernel itself") for a, b in crash]
        rewound += [Rewound(*span, f"{name}: allocated after the crash kernel") for span, name in undone.freed]
        reading = Reading(what, _without(memory, holes), tuple(rewound))
        if all(r.memory != reading.memory for r in readings):
            readings.append(reading)
    if logged and readings:
        return Rewind(tuple(readings))
    plain = list(crash)
    plain += [(e.start,e.end) for e in events if e.kind=="swiotlb"]
    taken = union((r.start, r.end) for r in memory.reserved if not r.name.startswith("Crash kernel"))
    for start, _ in crash:
        beneath = next((span for span in taken if span[0] < start <= span[1]), None)
        if beneath is not None:
            plain.append((beneath[0], start))
    readings.append(Reading("only beneath", _without(memory, union(plain)), ()))
    readings.append(Reading("every reservation listed came before the crash kernel", _without(memory, crash)))
    return Rewind(tuple(readings))


def _fragments(listed, freed, page):
    holes = union([s for s, _ in freed])
    n = 0
    for b in listed.blocks:
        rest = sum(y - x for x, y in subtract(b, holes))
        n += page < rest < b[1] - b[0]
    return n


def _swept(listed, state, freed, page):
    holes = union([s for s, _ in freed])
    result = []
    if not holes: return ()
    for b in listed.blocks:
        pieces = subtract(b, holes)
        rest = sum(y - x for x, y in pieces)
        if 0 < rest <= page and rest < b[1] - b[0]:
            result += pieces
        elif rest == b[1] - b[0] <= 4 * page and any(x >= b[1] for x, _ in holes) and any(y <= b[0] for _, y in holes) and b not in listed.kept:
            lo = max(y for _, y in holes if y <= b[0]); hi = min(x for x, _ in holes if x >= b[1])
            if any(m[0] <= lo and hi <= m[1] for m in listed.memory) and not any(x<hi and lo<y and y-x>4*page for x,y in state.blocks):
                result.append(b)
    return tuple((p, 'a small one') for p in result)


def _fits(state, a, b, w):
    return any(r == a for r in [_top(state, b-a, w)])

def _top(state, size, w):
    for lo, hi in reversed(state.gaps()):
        lo, hi = max(lo, w[0]), min(hi, w[1])
        s = hi - size & -CRASH_ALIGN
        if s >= lo: return s
    return None


def _apart(spans):
    """Spans ascending and disjoint; touching ones stay apart."""
    result = []
    for a, b in sorted(spans):
        a = max(a, result[-1][1]) if result else a
        if a < b:
            result.append((a, b))
    return result


def _known(machine: Machine) -> list[Span]:
    facts = machine.facts
    spans = [(r.start, r.end) for r in machine.memory.reserved if r.name.startswith("Kernel")]
    image, data = facts.kernel_image, facts.kernel_data
    if image and data and image.start < data.start:
        spans.append((image.start, data.end))
    spans += [(e.start, e.end) for e in facts.events if e.kind in ("cma", "node_data", "reserved-memory", "kfence")
              and e.start is not None and e.end is not None]
    return spans


def _from_log(listed, accounts, profile, page_size, regions, nodes, events, crash, low_max):
    anchor = [] if profile.first else memmap(profile, page_size, regions, nodes if len(nodes) > 1 else ())
    cma = [Later("CMA", e.size, at=e.start) for e in events if e.kind == "cma" and e.start and e.start < low_max]
    known = State(listed.memory, listed.blocks, tuple(s for s in listed.kept if s not in crash and not any(c.at == s[0] for c in cma)))
    early = (*anchor, *cma, *(Later("crash", b - a, at=a) for a, b in crash))
    for i, account in enumerate(accounts):
        for undone in undo(listed, (*early, *account.items), most=24):
            late = tuple(f for f in undone.freed if f[1] not in ('CMA','crash') and not (anchor and f[1]=='memmap'))
            state = listed
            for s, _ in late:
                state = free(state, *s)
            yield i, account.what, Undone(state, late)


def _guessed(listed, accounts):
    last, before = accounts
    for account in last:
        for late in undo(listed, account.items, most=3):
            for earlier in before:
                for early in undo(late.state, earlier.items, most=2):
                    what = ", ".join(filter(None, (earlier.what, account.what)))
                    yield 0, what, Undone(early.state, (*early.freed, *late.freed))


def _without(memory: MemoryMap, holes: Sequence[Span]) -> MemoryMap:
    return MemoryMap(memory.regions, tuple(
        Reserved(a, b, r.name)
        for r in memory.reserved
        if not r.name.startswith("Crash kernel")
        for a, b in subtract((r.start, r.end), holes)
    ))
