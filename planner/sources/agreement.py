"""Sources that cannot be of one machine by its name, or by what it reserves: they are refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

from planner.base.errors import InputError, printable
from planner.base.ranges import Span, difference, union, whole_pages
from planner.base.sizes import KIB, round_up
from planner.kernel.machine import Machine
from planner.kernel.memory_map import PHYSICAL_TOP, MemoryMap, Region
from planner.kernel.pgtable import SMALLEST_PAGE
from planner.sources.devicetree import compatible_of, read_tree

__all__ = ["check_agreement"]

_ALL = (Region(0, PHYSICAL_TOP),)
"""RAM in which both of two trees are read, as one of them may have none of its own."""

_REVISION = re.compile(r"[\s,(]+(?:rev(?:ision)?|ver(?:sion)?|r|v)[.\s]*\d[\w.]*\)?", re.IGNORECASE)
"""The text that boot loaders append to the name of a board, such as ` Rev 1.4` or ` (v2)`."""

_SLACK = 64 * KIB
"""Room that boot loaders leave in a tree to add to it; U-Boot reserves it with the tree."""


def check_agreement(machines: Sequence[Machine]) -> str:
    """Refuse sources of different boards, and two maps or device trees that reserve other memory.

    Returns the doubt about sources that may be of different boards, "" for none.
    """
    doubts = []
    for first, second in combinations(machines, 2):
        doubts.append(_check_models(first, second))
        _check_reserved(first, second)
    return max(doubts, default="")


def _check_models(first: Machine, second: Machine) -> str:
    """Refuse two names of a machine, unless one continues the other in a way that boards do. Returns a doubt.

    Boot loaders append the revision of a board; the line of a log may be cut off. Another word may be another board's,
    which two trees tell by what they are compatible with.
    """
    one, other = first.facts.model, second.facts.model
    if one is None or other is None or one == other:
        return ""
    (short, cut), (long, _) = sorted(((one, first), (other, second)), key=lambda pair: len(pair[0]))
    rest = long.removeprefix(short) if long.startswith(short) else ""
    if _REVISION.fullmatch(rest):
        return ""
    trees = [m.facts.tree for m in (first, second) if m.facts.tree is not None]
    kinds = {compatible_of(tree) for tree in trees} if rest[:1].isspace() and len(trees) == 2 else {""}
    if len(kinds) == 1 and "" not in kinds:
        return ""
    if (rest and cut.facts.tree is None) or (rest[:1].isspace() and "" in kinds):
        return "the sources may be of different boards"
    raise InputError(
        second.source,
        f"sources of different boards: the machine is {printable(other)} here and {printable(one)} in "
        f"{printable(first.source)}",
        "give sources of the same machine",
    )


class _Reservations(NamedTuple):
    """The map of one source, whose reservations are compared. passing: ranges that are of one boot only."""

    machine: Machine
    memory: MemoryMap
    passing: Sequence[Span] = ()


def _check_reserved(first: Machine, second: Machine) -> None:
    """Refuse two maps, or two trees, of which one reserves memory that the other does not, or maps it."""
    if first.traits.stated and second.traits.stated:
        _check_maps("this map", _Reservations(first, first.memory), _Reservations(second, second.memory))
    elif None not in (first.facts.tree, second.facts.tree) and first.facts.tree != second.facts.tree:
        _check_reach(first, second)
        one, other = _reservations_of_tree(first), _reservations_of_tree(second)
        _check_maps("this device tree", one, other)
        _check_default(one, other)


def _check_maps(what: str, one: _Reservations, other: _Reservations) -> None:
    """Refuse maps that differ in what is reserved or in what is NOMAP. what: words for the second one."""
    for matter, yes, no, of in (
        ("what is reserved", "reserved", "free", _reserved_or_nomap),
        ("what is mapped", "NOMAP", "mapped", MemoryMap.nomap),
    ):
        more, less = _excess(of, other, one), _excess(of, one, other)
        if not more and not less:
            continue
        where = _name_or_place(other.memory, more[0]) if more else _name_or_place(one.memory, less[0])
        here, there = (yes, no) if more else (no, yes)
        raise _contradiction(one.machine, other.machine, what, matter, f"{where} is {here} here and {there} there")


def _excess(of: Callable[[MemoryMap], list[Span]], one: _Reservations, other: _Reservations) -> list[Span]:
    """The ranges of a map that another lacks, without those that are of one boot only. of: takes them from a map."""
    return difference(of(one.memory), union([*of(other.memory), *one.passing]))


def _check_default(one: _Reservations, other: _Reservations) -> None:
    """Refuse two trees with different default CMA areas: `cma=` replaces that, and no other pool."""
    first, second = _default_area(one), _default_area(other)
    if first == second:
        return
    where = _name_or_place(other.memory, second[0]) if second else _name_or_place(one.memory, first[0])
    contrast = f"{where} is it {'here and not there' if second else 'there and not here'}"
    raise _contradiction(one.machine, other.machine, "this device tree", "the default CMA area", contrast)


def _contradiction(first: Machine, second: Machine, what: str, matter: str, contrast: str) -> InputError:
    """The error for the second of two sources.

    what: words for that one. matter: what the two differ in. contrast: how.
    """
    message = f"{what} contradicts {printable(first.source)} in {matter}: {contrast}"
    return InputError(second.source, message, "give only the one of the boot that is meant")


def _check_reach(first: Machine, second: Machine) -> None:
    """Refuse two trees whose devices reach different addresses."""
    one, other = first.facts.firmware_dma_limit, second.facts.firmware_dma_limit
    if one is None or other is None or one == other:
        return
    contrast = f"up to {other:#x} here and {one:#x} there"
    raise _contradiction(first, second, "this device tree", "what all devices can reach", contrast)


def _reserved_or_nomap(memory: MemoryMap) -> list[Span]:
    """All that a map reserves or marks NOMAP, without a crash kernel."""
    return union([*(r.span for r in memory.reserved if not r.is_crash), *memory.nomap()])


def _name_or_place(memory: MemoryMap, span: Span) -> str:
    """The name of a reservation there, or else its place: a node without an address lies elsewhere in a real map."""
    name = next((r.name for r in memory.reserved if r.start < span[1] and span[0] < r.end), "")
    return printable(name) or f"memory between {span[0]:#x} and {span[1]:#x}"


def _map_of_tree(machine: Machine, cmdline: str = "") -> MemoryMap:
    """The map of a tree with all of its reservations, wherever RAM is."""
    assert machine.facts.tree is not None  # noqa: S101 - the caller looked
    return read_tree(machine.facts.tree, machine.source, ram=_ALL, cmdline=cmdline).memory


def _default_area(tree: _Reservations) -> list[Span]:
    """The pools of a tree that `cma=` frees."""
    return difference(_reserved_or_nomap(tree.memory), _reserved_or_nomap(_map_of_tree(tree.machine, "cma=0")))


def _reservations_of_tree(machine: Machine) -> _Reservations:
    """The reservations of a tree. Boot loaders add the initrd, by either name, and the tree itself."""
    assert machine.facts.tree is not None  # noqa: S101 - the caller looked
    memory = _map_of_tree(machine)
    size = int.from_bytes(machine.facts.tree[4:8], "big")  # of the header
    initrd = [whole_pages(r.span, SMALLEST_PAGE) for r in memory.reserved if r.name == "initrd"]
    tree = [
        whole_pages(r.span, SMALLEST_PAGE)
        for r in memory.reserved
        if r.name == "memreserve" and size <= r.end - r.start <= round_up(size + _SLACK, SMALLEST_PAGE)
    ]
    return _Reservations(machine, memory, [*initrd, *tree])
