"""RAM that replaces a source's own: stated with `--memory`, or that of another source.

A device tree keeps its reserved memory, carve-outs, CMA areas and DMA limit. It is read again with that RAM, because
the places of its reservations depend on RAM.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from planner.base.ranges import Span, subtract, union
from planner.base.sizes import format_size
from planner.base.text import together
from planner.kernel.machine import Event, Machine
from planner.kernel.memory_map import MemoryMap, Region, with_nomap
from planner.sources.devicetree import ABOUT_MEMORY, read_tree

__all__ = ["beside_tree", "with_stated_ram"]

_STATED = "--memory"  # the name of the source in messages

_LISTS_RESERVED = ("cma", "reserved-memory")
"""Events in a log that show where nodes of the tree without an address were placed."""


def with_stated_ram(machine: Machine | None, spans: Sequence[Span]) -> Machine:
    """The machine with this RAM instead of its own; with None, a machine of which only the RAM is known."""
    regions = [Region(a, b) for a, b in union(spans)]
    if machine is None:
        return _ram_alone(regions)
    origin = "RAM is as stated with --memory; " + ("reservations are" if machine.memory.reserved else "facts are")
    notes = (f"{origin} those of the source",)
    if machine.facts.tree is not None and not _lists_placed(machine):
        return _of_tree(machine, regions, notes, whole=True)
    return _in_other_ram(machine, regions, notes)


def _ram_alone(regions: Sequence[Region]) -> Machine:
    """A machine of which only the RAM is known."""
    note = (
        "RAM is stated: firmware, the kernel image and other early reservations are not known, so the result may "
        "be too high"
    )
    return Machine(_STATED, "memory", MemoryMap(regions), settled=False, notes=(note,))


def _in_other_ram(machine: Machine, regions: Sequence[Region], notes: Sequence[str]) -> Machine:
    """The machine with its own reservations and carve-outs in other RAM."""
    carved = with_nomap(regions, machine.memory.nomap())
    facts = machine.facts
    if machine.memory.regions and facts.dma_limit == machine.memory.end < regions[-1].end:
        facts = replace(facts, dma_limit=None)  # the zone ended with memory
    memory = MemoryMap(carved, machine.memory.reserved)
    maps = (
        m._replace(memory=MemoryMap(with_nomap(regions, m.memory.nomap()), m.memory.reserved)) for m in facts.tree_maps
    )
    facts = replace(facts, tree_maps=tuple(maps))
    # What a boot reserves from the top of its RAM lies elsewhere in other RAM.
    other = bool(machine.memory.regions and machine.memory.reserved) and memory.spans() != machine.memory.spans()
    moved = "what is reserved is that of other RAM" if other and not machine.settled else ""
    doubt = together(machine.doubt, moved)
    return replace(machine, memory=memory, facts=facts, notes=(*machine.notes, *notes), doubt=doubt)


def beside_tree(machine: Machine) -> Machine:
    """A machine whose RAM is not from its device tree, with the tree's reservations added."""
    if machine.facts.tree is None or not machine.memory.regions:
        return machine
    return _of_tree(machine, machine.memory.regions, (), whole=not _lists_placed(machine))


def _lists_placed(machine: Machine) -> bool:
    """True if the machine's own map lists what the kernel placed, so that it must not be placed again."""
    if machine.traits.firmware:
        return False
    return any(e.kind in _LISTS_RESERVED for e in machine.facts.events) or machine.lists_reserved


def _of_tree(machine: Machine, regions: Sequence[Region], notes: Sequence[str], *, whole: bool) -> Machine:
    """The machine with this RAM and the tree's reservations. whole: also nodes without an address, the initrd."""
    facts, own = machine.facts, machine.traits.firmware
    assert facts.tree is not None  # noqa: S101 - the caller looked
    name = machine.source if own else "the device tree"
    # Without a line of the boot's, one that the tree has is ignored; see `bootargs`.
    tree = read_tree(facts.tree, name, ram=regions, cmdline=facts.cmdline or "", whole=whole)
    added = [n for n in tree.notes if n not in machine.notes]
    memory, early = (tree.memory, ()) if own else _with_trees_reservations(machine, tree.memory)
    size = sum(r.end - r.start for r in memory.reserved[len(machine.memory.reserved) :])
    size += sum(b - a for a, b in tree.memory.nomap())
    if size and not own:
        added.append(f"the device tree's reserved memory and carve-outs ({format_size(size)}) are added to this map")
    maps = []
    for m in tree.facts.tree_maps:
        merged, events = (m.memory, ()) if own else _with_trees_reservations(machine, m.memory)
        maps.append(m._replace(memory=merged, events=events))
    return replace(
        machine,
        memory=memory,
        facts=replace(
            facts,
            further_ranges=tree.facts.further_ranges,
            tree_maps=tuple(maps),
            default_cma=tree.facts.default_cma,
            events=(*facts.events, *early),
        ),
        settled=machine.settled and not own,
        notes=tuple(dict.fromkeys((*(n for n in machine.notes if n not in ABOUT_MEMORY), *added, *notes))),
    )


def _with_trees_reservations(machine: Machine, tree: MemoryMap) -> tuple[MemoryMap, tuple[Event, ...]]:
    """The tree's map with what the machine's own lists as reserved, and events for what the tree reserves.

    Rewinding needs to know that these came before the crash kernel.
    """
    kept = machine.memory.reserved
    known = union(r.span for r in kept)
    added = [r for r in tree.reserved if subtract(r.span, known)]
    events = (
        Event("reserved-memory", r.end - r.start, r.start, r.end, before_crash=True, name=r.name) for r in tree.reserved
    )
    return MemoryMap(tree.regions, (*kept, *added)), tuple(events)
