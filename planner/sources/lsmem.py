"""`lsmem`: whole memory blocks, as text, pairs, raw or JSON; the coarsest of all sources.

It shows neither reservations nor firmware holes inside a block. Source: sys-utils/lsmem.c, util-linux 2.33
to 2.41: ranges are inclusive, sizes are rounded unless `-b` is given, so only the ranges are read.

The JSON reader is imported for that form only: this module is imported to recognise any listing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from planner.base.errors import InputError, Location
from planner.base.sizes import format_size, memparse
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region
from planner.sources.bounds import MAX_ROWS, check_range, too_many_rows
from planner.sources.reading import TABLE_ROW, text_lines

__all__ = ["COARSE", "looks_like", "parse"]

COARSE = (
    "lsmem shows whole memory blocks: reservations, and firmware holes and NOMAP memory inside the blocks, "
    "are unknown, so this plan is the best case"
)

_COLUMNS = ("RANGE", "SIZE", "STATE", "REMOVABLE", "BLOCK", "NODE", "ZONES", "CONFIGURED", "MEMMAP-ON-MEMORY")
_RANGE = re.compile(r"0x([0-9a-fA-F]{1,16})-0x([0-9a-fA-F]{1,16})")
_STATES = ("online", "offline", "going-offline", "on->off")

_CELL = rf"(?:[\d.,]+[BKMGTPE]?|\d+-\d+|yes|no|[A-Z][A-Za-z0-9/]*|{'|'.join(_STATES)})"
_LINE = re.compile(
    rf'^\s*(?:(?:{_CELL}\s+)*|(?:[A-Z_:-]+="[^"]*"\s+)*RANGE=")0x[0-9a-fA-F]{{1,16}}-0x[0-9a-fA-F]{{1,16}}"?(?:\s|$)'
)
"""A row whose columns are not known: a range among cells as lsmem prints them, or in pairs (`-P`)."""

_TABLE_ROW = re.compile(TABLE_ROW)  # begins with a range, too
_JSON = re.compile(r'\s*\{\s*"memory"\s*:\s*\[\s*(?:\{[^{}]*"range"\s*:\s*"0x|\]\s*\}\s*\Z)')
"""The beginning of the output of `lsmem -J`, whose list may be empty."""

_PAIR = re.compile(r'(?<![A-Z_:-])([A-Z][A-Z_:-]*+)="([^"]*+)"')  # NAME="VALUE"

_SIZES = 3
"""Sizes below the rows: of a block, of online and of offline memory."""

_SUMMARY = re.compile(r"^[^\W\d][^:]{0,80}:\s+(\d[\d.,]*[BKMGTPE]?)\s*$")  # words in the user's language, and a size


class _Row(NamedTuple):
    """One row: the number of its line, bytes `[start, end)`, the state ("" if unknown) and the node of its blocks."""

    line: int
    start: int
    end: int
    state: str
    node: int | None


class _Column(NamedTuple):
    """One column of a heading: its name, and where that stands in the line."""

    name: str
    start: int
    end: int


_WORD = re.compile(r"[^\W_]")
_BEGUN = re.compile(r"0x[0-9a-fA-F]*+ ?-")
"""The beginning of a range, which a damaged row has."""


def looks_like(head: str) -> bool:
    """True if a text is the output of lsmem."""
    if head.lstrip()[:1] == "{":
        return _JSON.match(head) is not None
    return any(
        _has_range(_heading(line)) or (_LINE.match(line) and not _TABLE_ROW.search(line))
        for line in head.splitlines()[:20]
    )


def _heading(line: str) -> list[_Column]:
    """The columns of a heading; empty if the line is not a heading."""
    if not line.strip()[:1].isupper():
        return []
    found = [_Column(m[0], m.start(), m.end()) for m in re.finditer(r"\S+", line)]
    return found if all(column.name in _COLUMNS for column in found) else []


def _has_range(columns: list[_Column]) -> bool:
    """True if one of the columns has the ranges."""
    return any(column.name == "RANGE" for column in columns)


def parse(text: str, name: str) -> Machine:
    """The online memory. Raises InputError."""
    totals: list[str] = []
    rows = list(_of_json(text, name)) if text.lstrip()[:1] == "{" else _of_text(text, name, totals)
    blocks: list[Region] = []
    offline = 0
    if not rows and not totals:
        raise InputError(name, "lsmem lists no memory", "run lsmem on the machine itself")
    stated = any(row.state for row in rows)
    if not stated and totals and totals[-1].strip("0.,B"):
        raise InputError(
            name,
            f"{totals[-1]} of it is offline, and no STATE column shows which blocks",
            "give the output of lsmem without -o, or with STATE in it",
        )
    _refuse_lost(rows, totals, name)
    for row in rows:
        check_range(row.start, row.end, name, row.line)
        if (row.state or "online") != "online":
            offline += row.end - row.start
        else:
            blocks.append(Region(row.start, row.end, 0, row.node))
    if not blocks:
        raise InputError(name, "there is no online memory in it", "give the whole output of lsmem")
    notes = [COARSE]
    if not stated and not totals:
        notes.append("lsmem was run without STATE: all blocks are taken as online")
    if offline:
        notes.append(f"{offline >> 20}M of memory is offline and left out")
    return Machine(name, "lsmem", MemoryMap(_joined(blocks, notes)), Facts(), settled=False, notes=tuple(notes))


def _refuse_lost(rows: list[_Row], totals: list[str], name: str) -> None:
    """Raise InputError if the rows hold less than the sizes below them count, which are rounded by up to a tenth."""
    shown = sum(row.end - row.start for row in rows)
    wholes = [re.sub(r"[.,]\d*", "", size) for size in totals[1:]]
    counted = sum(memparse(size)[0] for size in wholes)
    if len(totals) == _SIZES and 10 * shown < 9 * counted:
        what = f"its rows hold {format_size(shown)}, and it counts {' and '.join(totals[1:])}: lines are missing"
        raise InputError(name, what, "give the whole output of lsmem")


def _joined(blocks: list[Region], notes: list[str]) -> tuple[Region, ...]:
    """Regions of adjacent blocks, which `-a` lists one by one. A block of unknown node joins its neighbour."""
    regions: list[Region] = []
    for block in sorted(blocks, key=lambda r: r.start):
        last = regions[-1] if regions else None
        apart = last is not None and last.node is not None and block.node not in (None, last.node)
        if last is None or block.start > last.end or (block.start == last.end and apart):
            regions.append(block)
        else:
            if block.start < last.end and "blocks overlap and were joined" not in notes:
                notes.append("blocks overlap and were joined")
            node = block.node if last.node is None else last.node
            regions[-1] = Region(last.start, max(last.end, block.end), 0, node)
    return tuple(regions)


def _of_text(text: str, name: str, totals: list[str]) -> list[_Row]:
    """The rows. totals: takes the sizes below them, if there are three.

    The lines before the table, and those after the empty line or the rule that ends it, may be prompts or prose, below
    the sizes also with addresses.
    """
    rows: list[_Row] = []
    columns: list[_Column] = []
    inside = False
    for number, line in text_lines(text, name):
        heading = _heading(line)
        inside = bool(_WORD.search(line) and (inside or heading))
        if heading:
            columns = heading
            if not _has_range(columns):
                raise InputError(Location(name, number, 1), "there is no column RANGE", "use lsmem -o RANGE,NODE")
            continue
        cells = _cells(line, columns)
        span = _RANGE.fullmatch(cells.get("RANGE", ""))
        if span is not None:
            if len(rows) == MAX_ROWS:
                raise too_many_rows(Location(name, number, 1))
            rows.append(_row(number, span, cells.get("STATE", ""), cells.get("NODE", "")))
            inside = True
        elif (summary := _SUMMARY.match(line)) is not None:
            totals.append(summary[1])
        elif inside or ("0x" in line and (len(totals) < _SIZES or _BEGUN.search(line))):
            raise InputError(Location(name, number, 1), "this is not a line of lsmem", "give its output as it is")
    if len(totals) < _SIZES:
        totals.clear()
    return rows


def _cells(line: str, columns: list[_Column]) -> dict[str, str]:
    """The cells of a row by the names of their columns. Range and state are recognised by their form, in any column."""
    found = dict(_PAIR.findall(line))
    if found:
        return found
    for words in (line.split(), line.split(" ")):
        # With one blank between columns, an empty cell leaves two. Aligned cells begin or end with their heading.
        if columns and len(words) == len(columns):
            return dict(zip((column.name for column in columns), words, strict=True))
    if not columns and not _LINE.match(line):
        return {}
    for m in re.finditer(r"\S+", line):
        if _RANGE.fullmatch(m[0]):
            found["RANGE"] = m[0]
        elif m[0] in _STATES:
            found["STATE"] = m[0]
        else:
            found.update((c.name, m[0]) for c in columns if c.start == m.start() or c.end == m.end())
    return found


def _row(number: int, span: re.Match[str], state: str, node: str) -> _Row:
    """The row of a range. number: that of its line; node: as printed, which may be anything."""
    known = node.isascii() and node.isdigit() and len(node) < 7
    return _Row(number, int(span[1], 16), int(span[2], 16) + 1, state, int(node) if known else None)


def _of_json(text: str, name: str) -> Iterator[_Row]:
    """The rows of the output of `lsmem -J`, all of them on line 1. Raises InputError."""
    from planner.sources.json.text import load

    document = load(text, name)
    entries = document.get("memory") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise InputError(Location(name, 1, 1), "memory must be a list of blocks", "give the output of lsmem -J")
    for index, entry in enumerate(entries):
        span = _RANGE.fullmatch(str(entry.get("range"))) if isinstance(entry, dict) else None
        if span is None:
            what = f"memory.{index}.range is not a range of addresses"
            raise InputError(Location(name, 1, 1), what, "give the output of lsmem -J")
        yield _row(1, span, str(entry.get("state") or ""), str(entry.get("node")))
