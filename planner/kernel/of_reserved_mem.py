"""Reserved-memory nodes with several ranges in a device tree: some kernels reserve only the first range.

Source: fdt_scan_reserved_mem(), drivers/of/fdt.c @ 6.1 (all of them); drivers/of/of_reserved_mem.c @ 7.2 (the first).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from planner.kernel.machine import FurtherRange, Machine
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import Flag, MemoryMap
from planner.kernel.profiles import Profile

__all__ = ["as_reserved"]

_NAMED = 3  # most nodes named in a note


def as_reserved(machine: Machine, profile: Profile) -> tuple[Machine, list[str]]:
    """The machine with only those ranges of such nodes that this kernel reserves, and the notes on it."""
    further = machine.facts.further_ranges
    if not further:
        return machine, []
    names = list(dict.fromkeys(r.name for r in further))
    shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    if profile.reserved_reg == "all":
        return machine, [
            f"reserved-memory {shown}: all ranges of the node are reserved, as in 6.1; 7.2 reserves only the first"
        ]
    return replace(machine, memory=_without(machine.memory, further)), [
        f"reserved-memory {shown}: this kernel reserves only the first range of a node, the others are free memory"
    ]


def _without(memory: MemoryMap, further: Iterable[FurtherRange]) -> MemoryMap:
    dropped = {(r.start, r.end, r.name) for r in further if not r.nomap}
    memblock = Memblock.of(memory)
    for r in further:
        if r.nomap:
            memblock.mark(r.start, r.end - r.start, Flag.NOMAP.value, value=False)
    return MemoryMap(memblock.memory, [r for r in memory.reserved if (r.start, r.end, r.name) not in dropped])
