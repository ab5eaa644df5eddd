"""From a running machine back to the moment of the reservation, in every way that the sources leave open."""

from __future__ import annotations

from itertools import islice

from planner.forcing import words, last_value
from planner.kernels import Profile
from planner.limits import derived_dma_limit
from planner.machine import NO_DMA_ZONES, Machine
from planner.memblock import Memblock
from planner.memory_map import MemoryMap, Reserved
from planner.ranges import Span, subtract, union
from planner.records import dataclass
from planner.result import Rewound
from planner.rewinding.later import accounts_of_log, guessed_accounts, memmap
from planner.rewinding.undo import places, undo
from planner.kernels import CRASH_ALIGN


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
    ram = sum(b - a for a, b in regions)
    size = sum(b - a for a, b in crash)
    events = machine.facts.events
    if machine.settled:
        accounts = []
    elif any(e.kind == "hash" or e.kind=="swiotlb" for e in events):
        accounts = accounts_of_log(events, profile, page_size, regions, low_max)
    else:
        accounts = guessed_accounts(profile, page_size, ram, size, regions, low_max)
    anchor = [] if profile.first else memmap(profile, page_size, regions, ())
    states = []
    windows = {(low_max if w.start == "low" else 1 << 32 if w.start == "4G" else 0, low_max if w.end == "low" else 1 << 52)
               for w in (*profile.plain, *profile.high)}
    for account in accounts:
        for undone in islice(undo(listed, account.items), 4):
            state = undone.memblock
            for a, b in reversed(crash):
                state.free(a, b - a)
            if any(not places(state, item) for item in anchor):
                continue
            fits = all(any(state.search(b - a, CRASH_ALIGN, *w) == a for w in windows) for a, b in crash)
            states.append((account, undone, fits))
    states.sort(key=lambda s: not s[2])
    readings = []
    for account, undone, fits in states:
        holes = union([*crash, *(span for span, _ in undone.freed)])
        rewound = [Rewound(a, b, "the crash kernel itself") for a, b in crash]
        rewound += [Rewound(*span, f"{name}: allocated after the crash kernel") for span, name in undone.freed]
        reading = Reading(account.what, _without(memory, holes), tuple(rewound))
        if all(r.memory != reading.memory for r in readings):
            readings.append(reading)
    plain = list(crash)
    taken = union((r.start, r.end) for r in memory.reserved if not r.name.startswith("Crash kernel"))
    for start, _ in crash:
        beneath = next((span for span in taken if span[0] < start <= span[1]), None)
        if beneath is not None:
            plain.append((beneath[0], start))
    readings.append(Reading("only beneath", _without(memory, union(plain)), ()))
    readings.append(Reading("every reservation listed came before the crash kernel", _without(memory, crash)))
    return Rewind(tuple(readings))


def _without(memory, holes):
    return MemoryMap(memory.regions, tuple(
        Reserved(a, b, r.name)
        for r in memory.reserved
        if not r.name.startswith("Crash kernel")
        for a, b in subtract((r.start, r.end), holes)
    ))
