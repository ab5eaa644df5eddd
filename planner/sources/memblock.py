"""memblock's debugfs files, `memory` and `reserved`, in both formats; the state after boot.

Source: memblock_debug_show(), mm/memblock.c @ 5.10 and 6.12 (which added node and flags).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from planner.base.errors import InputError, Location
from planner.kernel.machine import Facts, Machine
from planner.kernel.memblock import added_one_by_one
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.sources.bounds import MAX_ROWS, check_range, too_many_rows
from planner.sources.nomap import inferred_nomap
from planner.sources.reading import text_lines

__all__ = ["looks_like", "parse"]

_LINE = re.compile(
    r"^\s*(\d{1,9}):\s+0x([0-9a-fA-F]{1,16})\.\.0x([0-9a-fA-F]{1,16})(?:\s+(-?\d{1,9}|x))?(?:\s+(\S.*))?\s*$"
)
_FLAGS = {
    "HOTPLUG": Flag.HOTPLUG,
    "MIRROR": Flag.MIRROR,
    "NOMAP": Flag.NOMAP,
    "DRV_MNG": Flag.DRIVER_MANAGED,
}


def looks_like(head: str) -> bool:
    """True if a text is one of memblock's debugfs files, or both."""
    return re.search(r"^[ \t]*+\d++:[ \t]++0x[0-9a-fA-F]++\.\.0x[0-9a-fA-F]", head, re.MULTILINE) is not None


def parse(text: str, name: str) -> Machine:
    """The machine of `memory`, with `reserved` after it if given. Raises InputError."""
    regions: list[Region] = []
    reserved: list[Reserved] = []
    part = 0
    expected = 0
    flagged = False
    for number, match in _rows(text, name):
        index, start, end = int(match[1]), int(match[2], 16), int(match[3], 16) + 1
        if end <= start:
            raise InputError(Location(name, number, 1), "the range ends before it starts", "check the line")
        if index == 0 and expected:
            part += 1
        expected = index + 1
        if part == 0:
            check_range(start, end, name, number)
            flagged = flagged or match[5] is not None
            flags = sum(value.value for key, value in _FLAGS.items() if key in (match[5] or ""))
            node = int(match[4]) if match[4] and match[4] != "x" and int(match[4]) >= 0 else None
            regions.append(Region(start, end, flags, node))
        else:
            reserved.append(Reserved(start, end))
    if not regions:
        raise InputError(name, "there is no memory region in it", "give /sys/kernel/debug/memblock/memory")
    notes = [] if part else ["only memory regions are given: nothing is known to be reserved"]
    if all(r.end <= 1 for r in regions):
        raise InputError(name, "every address is zero", "read the files again, as root")
    regions.sort(key=lambda r: r.start)
    if any(a.end > b.start for a, b in pairwise(regions)):
        regions = added_one_by_one(regions)
        notes.append("memory regions overlap: the lower one keeps its flags, as memblock does")
    if not flagged:
        regions = inferred_nomap(regions, notes)
    return Machine(
        name, "memblock", MemoryMap(tuple(regions), tuple(reserved)), Facts(), settled=False, notes=tuple(notes)
    )


def _rows(text: str, name: str) -> Iterator[tuple[int, re.Match[str]]]:
    """The rows of both files with their line numbers. Raises InputError for any other line, and for too many rows."""
    count = 0
    for number, line in text_lines(text, name):
        match = _LINE.match(line)
        if match is not None:
            count += 1
            if count > MAX_ROWS:
                raise too_many_rows(Location(name, number, 1))
            yield number, match
        elif line.strip() and not line.lstrip().startswith("#"):
            raise InputError(
                Location(name, number, 1), "this is not a line of memblock's debugfs files", "give memory and reserved"
            )
