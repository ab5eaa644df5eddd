"""From a running machine back to the moment of the reservation. Imports the machine's types.

What a later view (/proc/iomem, debugfs) shows as reserved is more than there was: the crash kernel itself, and
what was allocated after it, which memblock puts directly beneath it.
"""

from __future__ import annotations

from planner.machine import Machine
from planner.memory_map import Reserved
from planner.ranges import Span, subtract, union
from planner.records import dataclass
from planner.result import Rewound

__all__ = ["Rewind", "rewind"]


@dataclass(frozen=True, slots=True)
class Rewind:
    """reserved: the state at reservation as far as it can be told. rewound: what was put back, and why.

    certain: whether nothing else can have come later. notes: what a person must know.
    """

    reserved: tuple[Reserved, ...]
    rewound: tuple[Rewound, ...] = ()
    certain: bool = True
    notes: tuple[str, ...] = ()


def rewind(machine: Machine) -> Rewind:
    """The reservations as they were when the crash kernel was placed."""
    record = machine.facts.record
    crash: list[Span] = [(r.start, r.end) for r in machine.memory.reserved if r.name.startswith("Crash kernel")]
    if record is not None:
        crash += [(r.start, r.end) for r in (record.crash, record.low) if r is not None]
    crash = union(crash)
    taken = union((r.start, r.end) for r in machine.memory.reserved if not r.name.startswith("Crash kernel"))
    if not crash:
        note = "nothing tells which reservations came after the crash kernel would be placed: all are kept"
        return Rewind(machine.memory.reserved, certain=False, notes=(note,))
    rewound = [Rewound(start, end, "the crash kernel itself") for start, end in crash]
    drop = list(crash)
    for start, _ in crash:
        beneath = next((span for span in taken if span[0] < start <= span[1]), None)
        if beneath is not None:
            rewound.append(Rewound(beneath[0], start, "directly beneath the crash kernel: allocated after it"))
            drop.append((beneath[0], start))
    holes = union(drop)
    reserved = tuple(
        Reserved(a, b, r.name)
        for r in machine.memory.reserved
        if not r.name.startswith("Crash kernel")
        for a, b in subtract((r.start, r.end), holes)
    )
    return Rewind(reserved, tuple(rewound), certain=False)
