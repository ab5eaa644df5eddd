"""From a running machine back to the moment of the reservation, in every way that the sources leave open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from planner.kernels import CRASH_ALIGN, Profile
from planner.limits import derived_dma_limit
from planner.machine import NO_DMA_ZONES, Machine
from planner.memblock import Memblock
from planner.memory_map import MemoryMap, Reserved
from planner.ranges import Span, subtract, union
from planner.records import dataclass
from planner.result import Rewound
from planner.rewinding.later import Account, Later, accounts_of_log, guessed_accounts, memmap
from planner.rewinding.undo import Undone, places, undo


@dataclass(frozen=True, slots=True)
class Reading:
    assumption: str
    memory: MemoryMap
    rewound: tuple[Rewound, ...] = ()


@dataclass(frozen=True, slots=True)
class Rewind:
    readings: tuple[Reading, ...]
    notes: tuple[str, ...] = ()


def rewind(machine: Machine, profile: Profile, page_size: int, dma_limit: int | None, cmdline: str | None) -> Rewind:
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
    listed = Memblock.of(memory, page_size=page_size)
    for span in crash:
        listed.reserve(span[0], span[1] - span[0])
    regions = [(r.start, r.end) for r in memory.regions]
    events = machine.facts.events
    nodes = [(e.start, e.end) for e in events if e.kind == "node"]
    kept = union([*crash, *_known(machine)])
    logged = any(e.kind in ("hash", "swiotlb") for e in events)
    if logged:
        found = _from_log(listed, accounts_of_log(events, profile, page_size, regions, low_max), kept)
    else:
        found = _guessed(listed, guessed_accounts(profile, page_size, memory.ram, sum(b - a for a, b in crash), regions, low_max), kept)
    anchor = [] if profile.first else memmap(profile, page_size, regions, nodes if len(nodes) > 1 else ())
    windows = {(low_max if w.start == "low" else 1 << 32 if w.start == "4G" else 0, low_max if w.end == "low" else 1 << 52)
               for w in (*profile.plain, *profile.high)}
    states = []
    for what, undone in found:
        state = undone.memblock
        for a, b in reversed(crash):
            state.free(a, b - a)
        anchored = all(places(state, item, kept) for item in anchor)
        fits = all(any(state.search(b - a, CRASH_ALIGN, *w) == a for w in windows) for a, b in crash)
        states.append((what, undone, anchored, fits))
        if not logged and len(states)>60: break
    if any(s[2] for s in states):
        states = [s for s in states if s[2]]
    if any(s[3] for s in states):
        states = [s for s in states if s[3]]
    if not logged:
        states.sort(key=lambda s: -sum(b - a for (a, b), _ in s[1].freed))
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


def _known(machine: Machine) -> list[Span]:
    facts = machine.facts
    spans = [(r.start, r.end) for r in machine.memory.reserved if r.name.startswith("Kernel")]
    image, data = facts.kernel_image, facts.kernel_data
    if image and data and image.start < data.start:
        spans.append((image.start, data.end))
    spans += [(e.start, e.end) for e in facts.events if e.kind in ("cma", "node_data", "reserved-memory", "kfence")
              and e.start is not None and e.end is not None]
    return spans


def _from_log(listed, accounts, kept):
    for account in accounts:
        for undone in islice(undo(listed, account.items, kept), 8):
            yield account.what, undone


def _guessed(listed, accounts, kept):
    last, before = accounts
    for account in last:
        for late in islice(undo(listed, account.items, kept), 3):
            for earlier in before:
                for early in islice(undo(late.memblock, earlier.items, kept), 2):
                    what = ", ".join(filter(None, (earlier.what, account.what)))
                    yield what, Undone(early.memblock, (*early.freed, *late.freed))


def _without(memory: MemoryMap, holes: Sequence[Span]) -> MemoryMap:
    return MemoryMap(memory.regions, tuple(
        Reserved(a, b, r.name)
        for r in memory.reserved
        if not r.name.startswith("Crash kernel")
        for a, b in subtract((r.start, r.end), holes)
    ))
