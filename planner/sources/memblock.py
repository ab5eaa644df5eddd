"""memblock's debugfs files, `memory` and `reserved`, in both formats; the state after boot.

Source: memblock_debug_show(), mm/memblock.c @ 5.10 and 6.12 (which added node and flags).
"""

from __future__ import annotations

import re
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
_DAMAGED = re.compile(r"^\s*\d++:\s*0x")
_NAMES = re.compile(r"\b(?:memory|reserved)\b")
_NEAR = 3  # lines from a file's name to its first row
_FLAGS = {
    "HOTPLUG": Flag.HOTPLUG,
    "MIRROR": Flag.MIRROR,
    "NOMAP": Flag.NOMAP,
    "DRV_MNG": Flag.DRIVER_MANAGED,
}


_Row = tuple[int, re.Match[str]]
"""Line number and match."""


def looks_like(head: str) -> bool:
    """True if a text is one of memblock's debugfs files, or both."""
    return re.search(r"\n[ \t]*+\d++:[ \t]++0x[0-9a-fA-F]++\.\.0x[0-9a-fA-F]", f"\n{head}") is not None


def parse(text: str, name: str) -> Machine:
    """The machine of `memory`, with `reserved` after it if given. Raises InputError."""
    notes: list[str] = []
    files = _files(text, name, notes)
    regions: list[Region] = []
    flagged = False
    for number, match in files["memory"]:
        check_range(start := int(match[2], 16), end := int(match[3], 16) + 1, name, number)
        flagged = flagged or match[5] is not None
        flags = sum(value.value for key, value in _FLAGS.items() if key in (match[5] or ""))
        node = int(match[4]) if match[4] and match[4] != "x" and int(match[4]) >= 0 else None
        regions.append(Region(start, end, flags, node))
    reserved = tuple(Reserved(int(match[2], 16), int(match[3], 16) + 1) for _, match in files["reserved"])
    if not regions:
        raise InputError(name, "there is no memory region in it", "give /sys/kernel/debug/memblock/memory")
    if not reserved:
        notes.append("only memory regions are given: nothing is known to be reserved")
    if all(r.end <= 1 for r in regions):
        raise InputError(name, "every address is zero", "read the files again, as root")
    regions.sort(key=lambda r: r.start)
    if any(a.end > b.start for a, b in pairwise(regions)):
        regions = added_one_by_one(regions)
        notes.append("memory regions overlap: the lower one keeps its flags, as memblock does")
    if not flagged:
        regions = inferred_nomap(regions, notes)
    return Machine(name, "memblock", MemoryMap(tuple(regions), reserved), Facts(), settled=False, notes=tuple(notes))


def _files(text: str, name: str, notes: list[str]) -> dict[str, list[_Row]]:
    """The rows of each file, with their line numbers. Raises InputError for damaged, missing and too many rows.

    A file begins with row 0. Its name may stand before it, in a prompt or a title; without names, `memory` is first.
    Of several states, the last is read.
    """
    files: dict[str, list[_Row]] = {"memory": [], "reserved": []}
    current, said, at, count = "", "", 0, 0
    for number, line in text_lines(text, name):
        match = _LINE.match(line)
        if match is not None:
            count += 1
            if count > MAX_ROWS:
                raise too_many_rows(Location(name, number, 1))
            if int(match[1]) == 0 or not current:
                current = said if number - at <= _NEAR and said else "reserved" if current else "memory"
                if current == "memory":
                    files = {"memory": [], "reserved": []}
            if int(match[3], 16) < int(match[2], 16):
                raise InputError(Location(name, number, 1), "the range ends before it starts", "check the line")
            files[current].append((number, match))
        elif _DAMAGED.match(line) is not None:
            what = "this is not a line of memblock's debugfs files"
            raise InputError(Location(name, number, 1), what, "give memory and reserved")
        elif named := _NAMES.findall(line):
            said, at = named[-1], number
    _check_rows(files, name, notes)
    return files


def _check_rows(files: dict[str, list[_Row]], name: str, notes: list[str]) -> None:
    """Raise InputError if rows of `memory` are missing; note that rows of `reserved` are."""
    for file, rows in files.items():
        lost = next(((i, number, m[1]) for i, (number, m) in enumerate(rows) if int(m[1]) != i), None)
        if lost is not None and file == "memory":
            raise InputError(Location(name, lost[1], 1), f"row {lost[2]} stands for row {lost[0]}", "give all rows")
        if lost is not None:
            notes.append(f"rows of `reserved` are missing from row {lost[0]} on: what they reserve is not known")
