"""Reserved-memory nodes of a device tree, where kernels differ: CMA pools, places, several ranges, no-map memory.

Source: drivers/of/of_reserved_mem.c @ 6.1, 6.12.117, 7.2. Nodes with several ranges: fdt_scan_reserved_mem(),
drivers/of/fdt.c @ 6.1 (all of them); drivers/of/of_reserved_mem.c @ 7.2 (the first). Order of nodes without an address:
sort(), lib/sort.c @ 6.1. No-map memory: early_init_dt_reserve_memory_arch(), drivers/of/fdt.c @ 5.10.262 (marked, since
86588296acbf of 5.12), and the removed lines of that commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from planner.base.sizes import format_size
from planner.kernel.cma import cma_align, has_cma
from planner.kernel.cmdline import values
from planner.kernel.machine import FurtherRange, Machine, TreeRules
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import Flag, MemoryMap
from planner.kernel.profiles import Profile

__all__ = ["as_counted", "as_read", "as_reserved", "kernel_sorted"]

_T = TypeVar("_T")

_NAMED = 3  # most nodes named in a note


def as_read(
    machine: Machine, profile: Profile, page_size: int, cmdline: str | None, *, own: Mapping[str, str] | None = None
) -> tuple[Machine, list[str]]:
    """The machine with the map that this kernel makes of its device tree, and the notes on it.

    cmdline: of the boot that is planned. own: the configuration of the machine's own kernel, by default the planned
    one's. A map that shows a later state has the tree's CMA areas, or not, as its own boot had them; rewinding changes
    that for the default area.
    """
    shown = machine.settled or machine.traits.shows_later
    given = bool(values(machine.facts.cmdline if shown else cmdline, "cma"))
    config = own if shown and own is not None else machine.facts.config
    rules = TreeRules(placing=profile.reserved_nodes, cma=has_cma(config), keeps_pools=profile.keeps_pools)
    if rules.cma:
        rules = rules._replace(cma_align=cma_align(profile, page_size), cma_given=given)
    maps = machine.facts.tree_maps
    found = next((m for m in maps if m.rules == rules), None)
    if found is None:
        return machine, []
    of_tree = {event for m in maps for event in m.events}
    events = [event for event in machine.facts.events if event not in of_tree] + list(found.events)
    notes = list(found.notes)
    others = {m.memory for m in maps if m.rules._replace(placing=rules.placing) == rules}
    if len(others) > 1:
        notes.append("kernels of other versions place reserved-memory nodes without an address elsewhere")
    facts = replace(machine.facts, events=tuple(events), default_cma=found.default_cma)
    return replace(machine, memory=found.memory, facts=facts), notes


def kernel_sorted(items: Sequence[_T], key: Callable[[_T], tuple[int, int]]) -> list[_T]:
    """The items in the order of the kernel's sort(), a heapsort that does not keep the order of equal ones."""
    heap = list(items)
    end, top = len(heap), len(heap) // 2
    while end > 1:
        if top:
            top -= 1
        else:
            end -= 1
            heap[0], heap[end] = heap[end], heap[0]
        _sift_down(heap, top, end, key)
    return heap


def _sift_down(heap: list[_T], top: int, end: int, key: Callable[[_T], tuple[int, int]]) -> None:
    """Move an item down to its place in a heap of `end` items: down to a leaf first, then back up."""
    place = top
    while 2 * place + 2 < end:
        left, right = 2 * place + 1, 2 * place + 2
        place = left if key(heap[left]) >= key(heap[right]) else right
    if 2 * place + 2 == end:
        place = 2 * place + 1
    while place != top and key(heap[top]) >= key(heap[place]):
        place = (place - 1) // 2
    target = place
    while place != top:
        place = (place - 1) // 2
        heap[place], heap[target] = heap[target], heap[place]


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


def as_counted(machine: Machine, profile: Profile) -> tuple[Machine, list[str]]:
    """The machine without the no-map memory that this kernel removes from a device tree's RAM, and the notes on it."""
    memory = machine.memory
    if not (profile.removes_nomap and machine.traits.firmware):
        return machine, []
    kept = [r for r in memory.regions if not r.flags & Flag.NOMAP.value]
    removed = memory.ram - sum(r.end - r.start for r in kept)
    if not removed or not kept:
        return machine, []
    note = f"{format_size(removed)} of no-map memory does not count as RAM: this kernel removes it, 5.12 does not"
    return replace(machine, memory=MemoryMap(kept, memory.reserved)), [note]


def _without(memory: MemoryMap, further: Iterable[FurtherRange]) -> MemoryMap:
    dropped = {(r.start, r.end, r.name) for r in further if not r.nomap}
    memblock = Memblock.of(memory)
    for r in further:
        if r.nomap:
            memblock.mark(r.start, r.end - r.start, Flag.NOMAP.value, value=False)
    return MemoryMap(memblock.memory, [r for r in memory.reserved if (r.start, r.end, r.name) not in dropped])
