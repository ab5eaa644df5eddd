"""Sources that cannot be of one machine by its name, or by what it reserves: they are refused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from planner.base.errors import InputError, printable
from planner.base.ranges import Span, difference, union
from planner.kernel.machine import Machine
from planner.kernel.memory_map import PHYSICAL_TOP, MemoryMap, Region
from planner.sources.devicetree import read_tree

__all__ = ["check_agreement"]

_ALL = (Region(0, PHYSICAL_TOP),)
"""RAM in which both of two trees are read, as one of them may have none of its own."""


def check_agreement(machines: Sequence[Machine]) -> None:
    """Refuse sources of different boards, and two maps or device trees that reserve other memory."""
    for first, second in combinations(machines, 2):
        _check_models(first, second)
        _check_reserved(first, second)


def _check_models(first: Machine, second: Machine) -> None:
    """Refuse two names of a machine, unless one continues the other.

    The line of a log may be cut off, and boot loaders append the revision of a board.
    """
    one, other = first.facts.model, second.facts.model
    if one is None or other is None or one.startswith(other) or other.startswith(one):
        return
    raise InputError(
        second.source,
        f"sources of different boards: the machine is {printable(other)} here and {printable(one)} in "
        f"{printable(first.source)}",
        "give sources of the same machine",
    )


def _check_reserved(first: Machine, second: Machine) -> None:
    """Refuse two maps, or two trees, of which one reserves memory that the other does not."""
    if first.traits.stated and second.traits.stated:
        what, one, other = "this map", first.memory, second.memory
    elif None not in (first.facts.tree, second.facts.tree) and first.facts.tree != second.facts.tree:
        _check_reach(first, second)
        what, one, other = "this device tree", _of_tree(first), _of_tree(second)
    else:
        return
    more, less = difference(_taken(other), _taken(one)), difference(_taken(one), _taken(other))
    if not more and not less:
        return
    where = _named(other, more[0]) if more else _named(one, less[0])
    here, there = ("reserved", "free") if more else ("free", "reserved")
    raise InputError(
        second.source,
        f"{what} contradicts {printable(first.source)} in what is reserved: {where} is {here} here and {there} there",
        "give only the one of the boot that is meant",
    )


def _check_reach(first: Machine, second: Machine) -> None:
    """Refuse two trees whose devices reach different addresses."""
    one, other = first.facts.firmware_dma_limit, second.facts.firmware_dma_limit
    if one is None or other is None or one == other:
        return
    raise InputError(
        second.source,
        f"this device tree contradicts {printable(first.source)} in what all devices can reach: up to {other:#x} here "
        f"and {one:#x} there",
        "give only the one of the boot that is meant",
    )


def _taken(memory: MemoryMap) -> list[Span]:
    """All that a map reserves or marks NOMAP, without a crash kernel."""
    return union([*((r.start, r.end) for r in memory.reserved if not r.is_crash), *memory.nomap()])


def _named(memory: MemoryMap, span: Span) -> str:
    """What a map reserves there, by its name if it has one: a node without an address lies elsewhere in a real map."""
    name = next((r.name for r in memory.reserved if r.start < span[1] and span[0] < r.end), "")
    return printable(name) or f"memory between {span[0]:#x} and {span[1]:#x}"


def _of_tree(machine: Machine) -> MemoryMap:
    """What a tree reserves, wherever RAM is; without the initrd, which is that of one boot."""
    assert machine.facts.tree is not None  # noqa: S101 - the caller looked
    memory = read_tree(machine.facts.tree, machine.source, ram=_ALL, cmdline="").memory
    return MemoryMap(memory.regions, [r for r in memory.reserved if r.name != "initrd"])
