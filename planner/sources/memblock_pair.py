"""memblock's debugfs files `memory` and `reserved` as one map: two files joined, and the doubts about such a pair."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from planner.base.ranges import Span, difference, total, union
from planner.base.sizes import MIB
from planner.base.text import together
from planner.kernel.machine import Machine
from planner.kernel.memory_map import Flag, MemoryMap, Reserved
from planner.kernel.pgtable import SMALLEST_PAGE

__all__ = ["ALONE", "Evidence", "MemblockFile", "covers", "doubt_of", "joined", "named_in"]

ALONE = "only memory regions are given: nothing is known to be reserved"
"""The beginning of the note on `memory` alone, which is obsolete in a pair."""

_SEVERAL = 3  # ranges of a kernel: firmware may reserve one, or a device tree, that ends within a page
_EMPTY = 64 * MIB  # of RAM above all that is reserved, which no kernel leaves
_NEVER_FIRST = Flag.NOMAP.value | Flag.HOTPLUG.value | Flag.DRIVER_MANAGED.value  # allocations avoid it, or may

Evidence: TypeAlias = Literal["content", "name", ""]
"""The evidence by which it is known which of the two files a text is; "" for none."""


@dataclass(frozen=True, slots=True)
class MemblockFile(Machine):
    """One of the two files, for `joined`.

    by: how it is known which one it is; "" if it is not, and taken for `memory`. as_memory: a file that is `reserved`
    only by its name, read as `memory`.
    """

    by: Evidence = ""
    as_memory: MemblockFile | None = None


def named_in(name: str) -> str:
    """The only one of `memory` and `reserved` in a file's name, or an empty string."""
    named = set(re.findall("memory|reserved", os.path.basename(name).lower()))  # noqa: PTH119 - a name in messages
    return named.pop() if len(named) == 1 else ""


def covers(outer: Sequence[Span], inner: Sequence[Span]) -> bool:
    """True if `outer` is larger, and half of `inner` or more lies in it: firmware also reserves what is not RAM."""
    return total(outer) > total(inner) >= 2 * total(difference(inner, outer))


def joined(machines: Sequence[Machine]) -> list[Machine]:
    """The sources, `memory` and `reserved` of two files as one in the place of the first."""
    files = [m for m in machines if isinstance(m, MemblockFile)]
    pair = _as_pair(*files) if len(files) == 2 else None
    if pair is None:
        return list(machines)
    memory, reserved = pair
    listed = reserved.memory.reserved or tuple(Reserved(r.start, r.end) for r in reserved.memory.regions)
    lost = reserved.notes if reserved.memory.reserved else ()
    held = MemoryMap(memory.memory.regions, listed)
    one = replace(
        memory,
        memory=held,
        doubt=doubt_of(held, lost),
        notes=(*(note for note in memory.notes if not note.startswith(ALONE)), *lost),
    )
    return [one if m is files[0] else m for m in machines if m is not files[1]]


def doubt_of(held: MemoryMap, lost: Sequence[str] = ()) -> str:
    """The doubt about two files: they may be of two machines, or rows are missing. lost: the notes on such rows.

    Kernels reserve within RAM, though firmware need not, and allocate from the top of RAM downwards: of 200 recorded
    boots, all have the last page of RAM reserved.
    """
    missing = "rows of reserved are missing" if lost else ""
    ram = union(held.spans())
    reserved = union(r.span for r in held.reserved)
    outside = [span for span in difference(reserved, ram) if any(edge % SMALLEST_PAGE for edge in span)]
    if not covers(ram, reserved) or len(outside) >= _SEVERAL:
        return together("memory and reserved may be of different machines", missing)
    above = difference(union(held.spans(_NEVER_FIRST)), [(0, reserved[-1][1])])
    empty = f"RAM at {above[0][0]:#x} may be another machine's, or added after boot" if total(above) >= _EMPTY else ""
    return together(empty, missing)


def _as_pair(one: MemblockFile, other: MemblockFile) -> tuple[MemblockFile, MemblockFile] | None:
    """`memory` and `reserved` of two files; None if they are no pair, such as `memory` of two machines."""
    for memory, reserved in ((one, other), (other, one)):
        if memory.memory.regions and (not reserved.memory.regions or _may_be_reserved(reserved, memory)):
            return memory, reserved
    for memory, reserved in ((one, other), (other, one)):
        ram, swapped = memory.as_memory, not reserved.memory.regions and named_in(reserved.source) == "memory"
        if ram is not None and swapped and _covers_reserved(ram, reserved):
            return ram, reserved
    return None


def _may_be_reserved(file: MemblockFile, memory: Machine) -> bool:
    """True if a file that was read as RAM, and has no name, is `reserved` beside a file `memory`.

    `memory` covers it, and it does not look like RAM of another machine: it does not begin where `memory` begins, and
    is less than half of it.
    """
    inner, outer = union(file.memory.spans()), union(memory.memory.spans())
    looks_like_ram = inner[0][0] == outer[0][0] or 2 * total(inner) >= total(outer)
    return not file.by and not looks_like_ram and covers(outer, inner)


def _covers_reserved(memory: Machine, reserved: Machine) -> bool:
    """True if the RAM of one file covers what is reserved in the other."""
    return covers(union(memory.memory.spans()), union(r.span for r in reserved.memory.reserved))
