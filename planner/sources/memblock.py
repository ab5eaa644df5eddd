"""memblock's debugfs files, `memory` and `reserved`, in both formats; the state after boot.

Source: memblock_debug_show(), mm/memblock.c @ 5.10 and 6.12 (which added node and flags). Both files have the same
form. What tells them apart, the surest first: flags that only one has; an edge within a page, which arm64 never has in
`memory` (early_init_dt_add_memory_arch() and efi_init() round); a name; and that `memory` covers `reserved`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from planner.base.errors import InputError, Location, printable
from planner.base.ranges import Span, union
from planner.kernel.machine import Machine, Obstacle
from planner.kernel.memblock import added_one_by_one
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.kernel.pgtable import SMALLEST_PAGE
from planner.sources.bounds import MAX_ROWS, check_range, too_many_rows
from planner.sources.memblock_pair import ALONE, Evidence, MemblockFile, covers, doubt_of, named_in
from planner.sources.nomap import inferred_nomap
from planner.sources.reading import text_lines

__all__ = ["ABOUT_RESERVED", "MAY_BE_EITHER", "looks_like", "parse"]

_LINE = re.compile(
    r"^\s*(\d{1,9}):\s+0x([0-9a-fA-F]{1,16})\.\.0x([0-9a-fA-F]{1,16})(?:\s+(-?\d{1,9}|x))?(?:\s+(\S.*))?\s*$"
)
"""A row; groups: its number, first and last byte, node (`x` for none), flags."""

_DAMAGED = re.compile(r"^\s*\d++:\s*0x")  # the beginning of a row
_NAMES = re.compile(r"\b(?:memory|reserved)\b")
_NEAR = 3  # lines from a file's name to its first row, at most
_FLAGS = {
    "HOTPLUG": Flag.HOTPLUG,
    "MIRROR": Flag.MIRROR,
    "NOMAP": Flag.NOMAP,
    "DRV_MNG": Flag.DRIVER_MANAGED,
}
"""Flags of `memory` by their names (flagname[], mm/memblock.c @ 6.12)."""

_LOST = "rows of `reserved` are missing"
ABOUT_RESERVED = (ALONE, _LOST)
"""The beginnings of notes that are obsolete where another source lists what is reserved."""

MAY_BE_EITHER = "this may be memblock's reserved, not its memory"
"""The doubt about one file that neither name nor content tells; the RAM of another source does."""

_NAME_IT = "name the file memory, if it is that, and give the file reserved, too"


class _Row(NamedTuple):
    """One row: the number of its line, its number in the list, bytes `[start, end)`, the node, and flags as printed."""

    line: int
    number: int
    start: int
    end: int
    node: int | None
    flags: str | None


class _List(NamedTuple):
    """The rows of one file, or of one state of it.

    title: its name in the text before it, "" for none. content: `memory` or `reserved` if flags or edges that only one
    of them has tell it, "" if not.
    """

    title: str
    rows: list[_Row]
    content: str = ""

    def spans(self) -> list[Span]:
        """The ranges in the list, touching ones joined."""
        return union((row.start, row.end) for row in self.rows)


def _content(of: _List) -> str:
    """The content of a list, by its rows."""
    flags = {flag for row in of.rows for flag in re.split(r"[|\s]", row.flags or "")}
    if any(flag.startswith("RSV_") for flag in flags):
        return "reserved"
    if flags & _FLAGS.keys():
        return "memory"
    return "reserved" if any(edge % SMALLEST_PAGE for span in of.spans() for edge in span) else ""


def looks_like(head: str) -> bool:
    """True if a text is one of memblock's debugfs files, or both."""
    return re.search(r"\n[ \t]*+\d++:[ \t]++0x[0-9a-fA-F]++\.\.0x[0-9a-fA-F]", f"\n{head}") is not None


def parse(text: str, name: str) -> Machine:
    """The machine of `memory`, of `reserved` (a map without RAM, for `joined`), or of both. Raises InputError."""
    notes: list[str] = []
    lists = _lists(text, name)
    memory, listed = _memory_and_reserved(lists, name)
    _check_rows(memory, listed, name, notes)
    if not memory and not listed:
        raise InputError(name, "there is no memory region in it", "give /sys/kernel/debug/memblock/memory")
    _check_ranges(memory or listed, name)
    by = _known_by(lists, name)
    if not memory:
        return _of_reserved(listed, name, by, notes)
    if not listed:
        return _of_memory(memory, name, by, notes)
    lost = tuple(notes)
    regions, unsure = _regions(memory, notes)
    held = MemoryMap(regions, _reserved(listed))
    doubt = doubt_of(held, lost)
    return Machine(name, "memblock", held, settled=False, notes=tuple(notes), doubt=doubt, unsure_nomap=unsure)


def _of_memory(rows: Sequence[_Row], name: str, by: Evidence, notes: Sequence[str]) -> MemblockFile:
    """The file `memory` alone."""
    notes = list(notes)
    regions, unsure = _regions(rows, notes)
    doubt, note = ("", ALONE) if by else (MAY_BE_EITHER, f"{ALONE}; {_NAME_IT}")
    return MemblockFile(
        name,
        "memblock",
        MemoryMap(regions),
        settled=False,
        notes=(*notes, note),
        doubt=doubt,
        unsure_nomap=unsure,
        by=by,
    )


def _of_reserved(rows: Sequence[_Row], name: str, by: Evidence, notes: Sequence[str]) -> MemblockFile:
    """The file `reserved` alone."""
    what = "these are memblock's reserved ranges"
    return MemblockFile(
        name,
        "memblock",
        MemoryMap((), _reserved(rows)),
        settled=False,
        notes=tuple(notes),
        incomplete=Obstacle(what),
        on_facts=(f"{printable(name)}: {what}; not used without the file memory",),
        by=by,
        as_memory=_of_memory(rows, name, "name", ()) if by == "name" and not notes else None,
    )


def _reserved(rows: Sequence[_Row]) -> tuple[Reserved, ...]:
    """The reserved ranges of a list, which have no names."""
    return tuple(Reserved(row.start, row.end) for row in rows)


def _check_ranges(rows: Sequence[_Row], name: str) -> None:
    """Raise InputError for addresses that no arm64 machine has, and for hidden ones."""
    for row in rows:
        check_range(row.start, row.end, name, row.line)
    if all(row.end == 1 for row in rows):
        raise InputError(name, "every address is zero", "read the files again, as root")


def _regions(rows: Sequence[_Row], notes: list[str]) -> tuple[tuple[Region, ...], tuple[Span, ...]]:
    """The regions of `memory`, sorted and disjoint; and `Machine.unsure_nomap`."""
    regions: list[Region] = []
    for row in rows:
        flags = sum(flag.value for name, flag in _FLAGS.items() if name in row.flags) if row.flags else 0
        regions.append(Region(row.start, row.end, flags, row.node))
    regions.sort(key=lambda r: r.start)
    if any(a.end > b.start for a, b in pairwise(regions)):
        regions = added_one_by_one(regions)
        notes.append("memory regions overlap: the lower one keeps its flags, as memblock does")
    if any(row.flags is not None for row in rows):
        return tuple(regions), ()
    inferred = inferred_nomap(regions)
    notes += filter(None, [inferred.note])
    return tuple(inferred.regions), inferred.unsure


def _lists(text: str, name: str) -> list[_List]:
    """The lists of a text in order. A list begins with row 0, and its name may stand before it, in a prompt or a title.

    A line with both names (`cat reserved memory`) names no list. Raises InputError for damaged and too many rows.
    """
    lists: list[_List] = []
    title, titled_at, count = "", 0, 0
    for number, line in text_lines(text, name):
        match = _LINE.match(line)
        if match is not None:
            count += 1
            if count > MAX_ROWS:
                raise too_many_rows(Location(name, number, 1))
            row = _row(number, match)
            if row.number == 0 or not lists:
                lists.append(_List(title if number - titled_at <= _NEAR else "", []))
            if row.end <= row.start:
                raise InputError(Location(name, number, 1), "the range ends before it starts", "check the line")
            lists[-1].rows.append(row)
        elif _DAMAGED.match(line) is not None:
            what = "this is not a line of memblock's debugfs files"
            raise InputError(Location(name, number, 1), what, "give memory and reserved")
        elif named := set(_NAMES.findall(line)):
            title, titled_at = named.pop() if len(named) == 1 else "", number
    return [one._replace(content=_content(one)) for one in lists]


def _row(line: int, match: re.Match[str]) -> _Row:
    """The row on a line. A node below 0 is none."""
    number, first, last, node, flags = match.groups()
    known = int(node) if node and node != "x" and int(node) >= 0 else None
    return _Row(line, int(number), int(first, 16), int(last, 16) + 1, known, flags)


def _memory_and_reserved(lists: Sequence[_List], name: str) -> tuple[list[_Row], list[_Row]]:
    """The rows of `memory` and of `reserved`; of several states the last.

    A text that begins with `reserved` has that of each state first.
    """
    kinds = _kinds(lists, name)
    states = [at for at, kind in enumerate(kinds) if kind == "memory"]
    if not states:
        return [], lists[-1].rows if lists else []
    last = states[-1]
    before = range(states[-2] + 1 if len(states) > 1 else 0, last)
    theirs = before if kinds[0] == "reserved" else range(last + 1, len(lists))
    return lists[last].rows, [row for at in theirs for row in lists[at].rows]


def _kinds(lists: Sequence[_List], name: str) -> list[str]:
    """`memory` or `reserved` for each list: by certain content, by its title; else by its place among the others.

    Titles are not used if one of them contradicts certain content: they are swapped.
    """
    if any(one.title and one.content not in ("", one.title) for one in lists):
        lists = [one._replace(title="") for one in lists]
    kinds: list[str] = []
    for one in lists:
        known = one.content or one.title
        if not known and kinds:
            known = "reserved" if kinds[-1] == "memory" else "memory"
        elif not known and len(lists) > 1:
            known = "reserved" if _begins_reserved(lists) else "memory"
        kinds.append(known or named_in(name) or "memory")
    return kinds


def _known_by(lists: Sequence[_List], name: str) -> Evidence:
    """The evidence for which of the files a text is; "" for none."""
    if any(one.content for one in lists):
        return "content"
    return "name" if any(one.title for one in lists) or named_in(name) else ""


def _begins_reserved(lists: Sequence[_List]) -> bool:
    """True if the first of some lists, of unknown content and title, is `reserved`: the second covers it."""
    first, second, *_ = lists
    return "reserved" not in (second.title, second.content) and covers(second.spans(), first.spans())


def _check_rows(memory: Sequence[_Row], reserved: Sequence[_Row], name: str, notes: list[str]) -> None:
    """Raise InputError if rows of `memory` are missing; note that rows of `reserved` are."""
    for file, rows in (("memory", memory), ("reserved", reserved)):
        wrong = next(((expected, row) for expected, row in enumerate(rows) if row.number != expected), None)
        if wrong is None:
            continue
        expected, row = wrong
        if file == "memory":
            what = f"row {row.number} stands for row {expected}"
            raise InputError(Location(name, row.line, 1), what, "give all rows")
        notes.append(f"{_LOST} from row {expected} on: what they reserve is not known")
