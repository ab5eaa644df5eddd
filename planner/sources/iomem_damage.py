"""Damage to a listing of /proc/iomem: rows that have lost a part, and other lines that may be pieces of rows.

A resource that cannot be read is an error: what it reserves, or adds, is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from planner.base.errors import InputError, Location
from planner.kernel.memory_map import PHYSICAL_TOP
from planner.sources.bounds import too_many_rows
from planner.sources.iomem_names import (
    ADDRESS,
    ANY_NAME,
    END,
    LINE,
    NAMES,
    OTHER,
    START,
    Row,
    begins_name,
    damage_of_name,
)
from planner.sources.left_out import stands_for_others
from planner.sources.reading import STRAY

__all__ = [
    "FEWEST_DIGITS",
    "READ_AGAIN",
    "Skipped",
    "check_digits",
    "damage_of_row",
    "range_error",
    "refuse_damaged",
    "skipped_line",
]

READ_AGAIN = "read the file again, whole"
"""The remedy for a listing that is damaged."""

FEWEST_DIGITS = 8
"""The fewest digits of an address that the kernel prints."""

_SECOND = re.compile(rf"{ADDRESS} ?- ?{ADDRESS}[ \t]*+[:|]")  # the beginning of another row, within a name
_BETWEEN = re.compile(r"\s*(?:--|~{2,}|\*{3,})\s*")  # what `grep -A` and people put between parts
_PIECE = re.compile(
    r"\W*+(?:0x)?[0-9a-fA-F]{7,16}+(?:\s*+$|-(?:0x)?[0-9a-fA-F]{0,16}+(?:$|[^\s\w-]| ?[:|;] |\s++" + ANY_NAME + "))"
)
"""A line that begins like a row, and was cut after an address or has another sign than the colon before its name."""

_HEX = "[0-9a-fA-F]{3,16}"
_ROW = re.compile(rf"(?<![0-9a-fA-FxX])(?:({_HEX}) ?- ?)?(?:0[xX])?({_HEX})[ \t]++: {ANY_NAME}")
"""The end of a row anywhere in a line: one address or two, and a name; groups: the addresses."""

_HIDDEN = re.compile(rf"[^:]* : {ANY_NAME}\W*")
"""A row whose addresses cannot be read at all: only its name is whole."""

_TORN = re.compile(rf"^\W*+(?:0[xX])?()([0-9a-fA-F]{{4}})[^:]* : {ANY_NAME}\W*$")
"""A row that begins with some digits of an address, and has no other; groups as in `_ROW`, the first one empty."""

_PADDED = re.compile(r"\n[ \t]*+0[xX]0[0-9a-fA-F]{7,15}+ ?- ?0[xX]")
"""A row whose first address has leading zeros, written with 0x."""

_SHORT = re.compile(
    r"\n[ \t]*+0[xX](?:[0-9a-fA-F]{1,7}+ ?-|[0-9a-fA-F]{8,16}+ ?- ?0[xX][0-9a-fA-F]{1,7}+[ \t]*+[:|]) ?"
)
"""A row with an address of fewer digits than the kernel prints, written with 0x."""


class Skipped(NamedTuple):
    """A line that is not a resource.

    left_out: it stands for lines that were left out; piece: it is a piece of one; rows: addresses of those within it;
    between: it stands for lines that were left out if it is between two resources.
    """

    number: int
    left_out: bool
    piece: bool
    rows: list[tuple[str, str]]
    between: bool = False


def skipped_line(line: str, name: str, number: int) -> Skipped:
    """A line that is not a resource, with what it may be.

    Raises InputError for a resource with a name that stray bytes damaged.
    """
    if not line.isascii() and re.search(STRAY, line) and any(known in line for known in NAMES):
        raise InputError(Location(name, number, 1), "this resource has bytes that are not text", "read the file again")
    within = (_ROW.findall(line) or _TORN.findall(line)) if " : " in line else []
    piece = _PIECE.match(line) is not None or (not within and _HIDDEN.fullmatch(line) is not None)
    return Skipped(number, stands_for_others(line), piece, within, _BETWEEN.fullmatch(line) is not None)


def refuse_damaged(rows: Sequence[Row], skipped: Iterable[Skipped], name: str) -> None:
    """Raise InputError for the piece of a resource among the lines that were skipped.

    A sentence may quote a resource that is listed, too.
    """
    begin, end = (rows[0][LINE], rows[-1][LINE]) if rows else (0, 0)
    listed: set[tuple[int, int]] = set()
    for line in skipped:
        piece = line.piece and begin - 1 <= line.number <= end + 1
        if line.rows and rows and not piece:
            listed = listed or {(row[START], row[END] - 1) for row in rows}
            piece = any(not start or (int(start, 16), int(end, 16)) not in listed for start, end in line.rows)
        if piece:
            what = "this resource is damaged, or has a sign before it"
            raise InputError(Location(name, line.number, 1), what, READ_AGAIN)


def check_digits(text: str, name: str) -> None:
    """Raise InputError for an address with fewer digits where others have leading zeros. text: after a line end."""
    if (short := _SHORT.search(text)) is not None and _PADDED.search(text) is not None:
        where = Location(name, text.count("\n", 0, short.start() + 1), 1)
        raise InputError(where, "an address has fewer digits than others, which have leading zeros", READ_AGAIN)


def damage_of_row(match: re.Match[str], shown: str, before: Sequence[Row]) -> str:
    """The damage of a row: lost digits of an address, the lost end of its name, or letters in it; "" for none.

    match: its indentation, start, end and name, as they stand there. shown: its name in `Row`. before: the row before,
    if there is one. A name does not matter in a device, and may be empty: then a blank is left, which a cut takes as
    well.
    """
    if "-" in match[4] and _SECOND.search(match[4]) is not None:
        return "the line has two resources"
    if shown == OTHER:
        if not begins_name(match[4]):
            return damage_of_name(match[4].strip())
        start, end = int(match[2], 16), int(match[3], 16)
        within = any(a <= start and end < b and what == OTHER for a, b, what, *_ in before)
        return "" if within or match[0].endswith(" : ") else "the line is cut off"
    if min(len(match[2]), len(match[3])) >= FEWEST_DIGITS:
        return ""
    if match[0].lstrip()[:2].lower() == "0x":
        return ""  # perhaps printed without leading zeros
    return f"an address has lost digits ({match[2]}-{match[3]})"


def range_error(match: re.Match[str], where: Location) -> InputError:
    """The error for a row whose range is not possible, or that is one too many. match: as in `lost`."""
    if int(match[3], 16) < int(match[2], 16):
        return InputError(where, f"the range ends before it starts ({match[2]}-{match[3]})", "check the line")
    if int(match[3], 16) >= PHYSICAL_TOP:
        return InputError(where, "the range lies beyond 52 physical address bits", "check the line")
    return too_many_rows(where)
