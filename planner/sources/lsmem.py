"""`lsmem`: whole memory blocks, as text, pairs, raw or JSON; the coarsest view of a machine there is.

It shows neither reservations nor the firmware's holes inside a block. Source: sys-utils/lsmem.c, util-linux 2.33
to 2.41: ranges are inclusive, sizes are rounded unless `-b` is given, so only the ranges are read.
"""

from __future__ import annotations

import re

from planner.errors import InputError, Location
from planner.machine import Facts, Machine
from planner.memory_map import MemoryMap, Region
from planner.sources.bounds import MAX_ROWS, too_many_rows
from planner.sources.reading import text_lines

__all__ = ["COARSE", "looks_like", "parse"]

COARSE = (
    "lsmem shows whole memory blocks: what is reserved, and the firmware's holes and nomap memory inside the blocks, "
    "are unknown, so this plan is the best that could be"
)

_RANGE = re.compile(r"0x([0-9a-fA-F]{1,16})-0x([0-9a-fA-F]{1,16})")
_LINE = re.compile(r'^\s*(?:RANGE=)?"?0x[0-9a-fA-F]{1,16}-0x[0-9a-fA-F]{1,16}"?(?:\s|$)')
_HEADING = re.compile(r"^\s*RANGE\s.*\b(?:SIZE|STATE)\b")
_PAIR = re.compile(r'([A-Z]+)="([^"]*)"')
_STATES = ("online", "offline", "going-offline", "on->off")
_SUMMARY = ("Memory block size:", "Total online memory:", "Total offline memory:")


def looks_like(head: str) -> bool:
    """Whether a text is the output of lsmem."""
    if head.lstrip()[:1] == "{":
        return re.match(r'\s*\{\s*"memory"\s*:\s*\[\s*\{\s*"range"\s*:\s*"0x', head) is not None
    return any(_HEADING.match(line) or _LINE.match(line) for line in head.splitlines()[:20])


def parse(text: str, name: str) -> Machine:
    """The online memory. Raises InputError."""
    rows = _of_json(text, name) if text.lstrip()[:1] == "{" else _of_text(text, name)
    blocks: list[Region] = []
    offline = 0
    for number, start, end, state, node in rows:
        if end <= start:
            raise InputError(Location(name, number, 1), "the range ends before it starts", "check the line")
        if end > 1 << 52:
            raise InputError(
                Location(name, number, 1), "the range lies beyond 52 physical address bits", "check the line"
            )
        if state != "online":
            offline += end - start
        else:
            blocks.append(Region(start, end, 0, node))
    if not blocks:
        raise InputError(name, "there is no online memory in it", "give the whole output of lsmem")
    notes = [COARSE]
    if offline:
        notes.append(f"{offline >> 20}M of memory is offline and left out")
    return Machine(name, "lsmem", MemoryMap(_joined(blocks, notes)), Facts(), settled=False, notes=tuple(notes))


def _joined(blocks: list[Region], notes: list[str]) -> tuple[Region, ...]:
    """Blocks that touch are one region: `-a` lists each block by itself."""
    regions: list[Region] = []
    for block in sorted(blocks, key=lambda r: r.start):
        last = regions[-1] if regions else None
        if last is None or block.start > last.end or (block.start == last.end and block.node != last.node):
            regions.append(block)
        else:
            if block.start < last.end and "blocks overlap and were joined" not in notes:
                notes.append("blocks overlap and were joined")
            regions[-1] = Region(last.start, max(last.end, block.end), 0, last.node)
    return tuple(regions)


def _of_text(text: str, name: str) -> list[tuple[int, int, int, str, int | None]]:
    rows: list[tuple[int, int, int, str, int | None]] = []
    columns: list[str] = []
    for number, line in text_lines(text, name):
        words = line.split()
        if _HEADING.match(line):
            columns = words
        elif _LINE.match(line):
            if len(rows) == MAX_ROWS:
                raise too_many_rows(Location(name, number, 1))
            pairs = dict(_PAIR.findall(line))
            if not pairs and len(words) == len(columns):
                pairs = dict(zip(columns, words, strict=True))
            span = _RANGE.search(line)
            assert span is not None  # noqa: S101 - the line's form has it
            state = pairs.get("STATE") or next((word for word in words[1:] if word in _STATES), "online")
            node = pairs.get("NODE", "")
            rows.append((number, int(span[1], 16), int(span[2], 16) + 1, state, int(node) if _is_node(node) else None))
        elif words and not line.startswith(_SUMMARY):
            raise InputError(Location(name, number, 1), "this is no line of lsmem", "give its output as it is")
    return rows


def _is_node(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 7


def _of_json(text: str, name: str) -> list[tuple[int, int, int, str, int | None]]:
    from planner.sources.json_text import load  # noqa: PLC0415 - most sources are no JSON

    document = load(text, name)
    entries = document.get("memory") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise InputError(Location(name, 1, 1), "memory must be a list of blocks", "give the output of lsmem -J")
    rows: list[tuple[int, int, int, str, int | None]] = []
    for index, entry in enumerate(entries):
        span = _RANGE.fullmatch(str(entry.get("range"))) if isinstance(entry, dict) else None
        if span is None:
            raise InputError(
                Location(name, 1, 1), f"memory.{index}.range is no range of addresses", "give the output of lsmem -J"
            )
        node = str(entry.get("node"))
        rows.append(
            (
                1,
                int(span[1], 16),
                int(span[2], 16) + 1,
                str(entry.get("state") or "online"),
                int(node) if _is_node(node) else None,
            )
        )
    return rows
