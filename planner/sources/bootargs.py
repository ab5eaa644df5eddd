"""The command line of a device tree beside other sources of the machine, which may show that it was not used.

A boot loader may replace a tree's command line. The map of a tree has `mem=` of the line applied, so that it is read
again under the line that the other sources give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from planner.base.errors import printable
from planner.base.ranges import difference, total, union
from planner.base.sizes import MIB
from planner.kernel.arm64_init import mem_limit
from planner.kernel.cmdline import values
from planner.kernel.machine import Machine
from planner.kernel.memory_map import MemoryMap
from planner.kernel.pgtable import SMALLEST_PAGE
from planner.sources.devicetree import read_tree

__all__ = ["allowed_difference", "hides", "under_boots_command_line", "without_mem"]

_ALLOWED = 64 * MIB


def allowed_difference(*sizes: int) -> int:
    """Bytes of RAM by which sources of one machine may differ: 64 MiB, or a tenth of all RAM if that is more."""
    return max(_ALLOWED, max(sizes) // 10)


def under_boots_command_line(machines: Sequence[Machine]) -> tuple[list[Machine], list[str]]:
    """The sources, with maps of trees as the boot's command line leaves them, and notes on lines that are ignored."""
    others = [m for m in machines if not m.traits.firmware]
    line = next((m.facts.cmdline for m in others if m.facts.cmdline is not None), None)
    found, notes = [], []
    for m in machines:
        own = m.facts.cmdline
        if m.facts.tree is None or not m.traits.firmware:
            found.append(m)
        elif line is not None:
            same = values(line, "mem") == values(own, "mem")
            found.append(m if same else _read_again(m, line, own))
        elif (beyond := next((other for other in others if hides(own, other, m.memory)), None)) is not None:
            found.append(_read_again(m, "", None))
            notes.append(
                f"{printable(beyond.source)} has RAM that mem={values(own, 'mem')[-1]} of {printable(m.source)} would "
                "hide: the command line of the tree was not that of this boot, it is ignored"
            )
        else:
            found.append(m)
    return found, notes


def without_mem(machine: Machine) -> Machine:
    """A device tree with all its RAM, whatever `mem=` says; any other source as it is."""
    if machine.facts.tree is None or not machine.traits.firmware:
        return machine
    return _read_again(machine, "", machine.facts.cmdline)


def hides(line: str | None, machine: Machine, limited: MemoryMap) -> bool:
    """True if a source has more RAM than `mem=` of a line leaves (`limited`): that was not the line of its boot."""
    if mem_limit(line, SMALLEST_PAGE) is None or not machine.memory.regions:
        return False
    beyond = difference(union(machine.memory.spans()), union(limited.spans()))
    return total(beyond) > allowed_difference(machine.memory.ram, limited.ram)


def _read_again(machine: Machine, line: str, shown: str | None) -> Machine:
    """A tree's machine as if this were its command line. shown: the one that it is said to have."""
    assert machine.facts.tree is not None  # noqa: S101 - the caller looked
    again = read_tree(machine.facts.tree, machine.source, cmdline=line)
    return replace(again, facts=replace(again.facts, cmdline=shown))
