"""Listings in another layout than the kernel's: columns of a table, brackets, YAML, names on lines of their own.

A table may hold sizes, or ends that are exclusive, where the kernel prints the last byte. arm64's memory consists of
whole pages (request_standard_resources(), arch/arm64/kernel/setup.c @ 6.1), so the address of its last byte ends in
fff: anything else is refused.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from planner.base.errors import InputError, Location
from planner.kernel.pgtable import SMALLEST_PAGE
from planner.sources.iomem_names import ADDRESS, ANY_NAME, canonical_name

__all__ = ["as_printed", "looks_like"]

_RAM = "System RAM"

# A row of memory as the kernel prints it; the range of any row, with its two addresses.
_PRINTED = re.compile(rf"{ADDRESS} ?- ?{ADDRESS}[ \t]*+[:|][^\w\n]*+{_RAM}")
_RANGE = re.compile(rf"({ADDRESS}) ?- ?({ADDRESS})")
# A row of a table without delimiters; groups: first and last byte, name.
_BARE = re.compile(rf"\s*+\[?(?:mem )?({ADDRESS})(?: ?- ?|[ \t]++)({ADDRESS})[\])]?[ \t]++(\S.*)")
_SECOND = re.compile(rf"{ADDRESS}(?: ?[-,;|] ?|[ \t]++){ADDRESS}")  # of another row, within a name
# A range whose name is on the line below, and a name that is alone on its line.
_BELOW = re.compile(rf"^([ \t]*+{ADDRESS} ?- ?{ADDRESS}[ \t]*+:)[ \t]*\n(?!\s*+{ADDRESS} ?- ?)(.++)", re.MULTILINE)
_ALONE = re.compile(rf"\n[ \t]*+{_RAM}[ \t]*(?:\n|$)")
_OF_YAML = rf"(?:'{ADDRESS}'|\"{ADDRESS}\"|(?=\d*+[a-fA-FxX]){ADDRESS})"  # a number without quotes is decimal

# An item as jc writes it; names that have lost their range, and items of another form, once those were joined.
_ITEM = re.compile(
    rf"^[ \t]*+- start: *+({_OF_YAML})\n[ \t]*+end: *+({_OF_YAML})\n[ \t]*+device: *+(.*)$", re.MULTILINE
)
_NO_RANGE = re.compile(rf"^[ \t]*+{ANY_NAME}[ \t]*$", re.MULTILINE)
_OTHER_ITEM = re.compile(r"^[ \t]*+(?:- )?(?:start|end|device):", re.MULTILINE)
_DELIMITERS = ("\t", ";", ",", "|")
_AROUND = " `'\"*"  # signs around the text of a cell
_DIGITS = re.compile(r"[0-9a-fA-F]{7}")  # what is left of an address
_NAME = rf"{ANY_NAME}[`'\"* \t|]*$"
_BEGIN = r"^[^\w\n]*(?:mem )?(?:0[xX])?"
_LOST = re.compile(
    rf"{_BEGIN}[0-9a-fA-F]{{4}}.*{_NAME}|[0-9a-fA-F]{{3}}[\])`'\"]*[ \t,;|]+[`'\"*]*{_NAME}"
    rf"|{_BEGIN}[0-9a-fA-F]{{7}}[0-9a-fA-FxX \t,;|\[\]()`'\"-]*$"
)
"""A row that has lost a part: it begins with an address or has one before the name, or has nothing but addresses."""

_MOST_MENTIONS, _LONGEST = 20, 1000  # lines to find the columns in, and characters around a name


class _Row(NamedTuple):
    """A resource: its addresses as they are written, and its name."""

    start: str
    end: str
    name: str


class _Columns(NamedTuple):
    """The cells of a table's rows that hold the addresses and the name; end: -1 if the cell of the start has both.

    cells: how many a row has; more are a name with delimiters in it.
    """

    start: int
    end: int
    name: int
    cells: int


_Reader = Callable[[str], _Row | None]
"""A function from a line to its resource; None for any other line."""


def looks_like(text: str) -> bool:
    """True if a text is a listing in such a layout."""
    return _is_other(text) and (_joined(text) != text or _reader(text) is not None)


def _is_other(text: str) -> bool:
    """True if a text names memory, but not as the kernel prints it."""
    return _RAM in text and _PRINTED.search(text) is None


def as_printed(text: str, name: str) -> str:
    """The listing as the kernel prints it, each resource on its first line; any other text as it is.

    Raises InputError for a table that is damaged, or may hold something else than first and last bytes.
    """
    if not _is_other(text):
        return text
    joined = _joined(text)
    if joined != text:
        for pattern, what in (
            (_OTHER_ITEM, "this item is not start, end and device, as jc writes them"),
            (_NO_RANGE, "the range of this name is missing"),
        ):
            if (other := pattern.search(joined)) is not None:
                where = Location(name, joined.count("\n", 0, other.start()) + 1, 1)
                raise InputError(where, what, "read the listing again, whole")
        return joined
    read = _reader(text)
    return text if read is None else "\n".join(_of_table(text.split("\n"), name, read))


def _joined(text: str) -> str:
    """The text with the lines of a resource joined: of jc's YAML, or the name that is on the line below."""
    if _ITEM.search(text) is not None:
        return _ITEM.sub(lambda item: "{}-{} : {}\n\n".format(*(part.strip(_AROUND) for part in item.groups())), text)
    if _ALONE.search(text) is not None:
        return _BELOW.sub(lambda row: f"{row[1]} {row[2].strip()}\n", text)
    return text


def _reader(text: str) -> _Reader | None:
    """The reader of a table's rows, found by one of memory; None for any other text."""
    at = -1
    for _ in range(_MOST_MENTIONS):
        if (at := text.find(_RAM, at + 1)) < 0:
            return None
        end = text.find("\n", at)
        end = end if end >= 0 else len(text)
        line = text[max(text.rfind("\n", 0, at) + 1, at - _LONGEST) : min(end, at + _LONGEST)]
        at = end
        for delimiter in _DELIMITERS:
            if delimiter in line and (columns := _columns(_cells(line, delimiter))) is not None:
                return partial(_of_cells, delimiter, columns)
        if (row := _bare(line)) is not None and canonical_name(row.name) == _RAM:
            return _bare
    return None


def _cells(line: str, delimiter: str) -> list[str]:
    """The cells of a table's line, without the signs around their text; none if its quotes do not match."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True), [])
    except csv.Error:
        return []
    if delimiter == "|" and cells and not cells[0].strip():
        del cells[0]  # left of the table's border
    return [cell.strip(_AROUND) for cell in cells]


def _columns(cells: list[str]) -> _Columns | None:
    """The columns of a table by a row of memory; None for any other row."""
    if _RAM not in cells:
        return None
    name = cells.index(_RAM)
    for at, cell in enumerate(cells):
        if _RANGE.fullmatch(cell) is not None:
            return _Columns(at, -1, name, len(cells))
    addresses = [at for at, cell in enumerate(cells) if re.fullmatch(ADDRESS, cell) is not None]
    return _Columns(addresses[0], addresses[1], name, len(cells)) if len(addresses) > 1 else None


def _of_cells(delimiter: str, columns: _Columns, line: str) -> _Row | None:
    """The resource of a table's line with these columns; None for a line without one."""
    cells = _cells(line, delimiter)
    if len(cells) < columns.cells:
        return None
    name = delimiter.join(cells[columns.name :] if columns.name == columns.cells - 1 else cells[columns.name :][:1])
    span = cells[columns.start] if columns.end < 0 else f"{cells[columns.start]}-{cells[columns.end]}"
    found = _RANGE.fullmatch(span)
    if found is None or _SECOND.search(name) is not None:
        return None
    return _Row(found[1], found[2], name)


def _bare(line: str) -> _Row | None:
    """The resource of a line that has no delimiters but blanks."""
    found = _BARE.fullmatch(line)
    if found is None or _SECOND.search(found[3]) is not None:
        return None
    return _Row(found[1], found[2], found[3].strip())


def _of_table(lines: list[str], name: str, read: _Reader) -> Iterator[str]:
    """The lines of a table as the kernel prints them. Raises InputError for a row that is not certain."""
    rows = [read(line) for line in lines]
    numbers = [number for number, row in enumerate(rows, 1) if row is not None]
    for number, (line, row) in enumerate(zip(lines, rows, strict=True), 1):
        if row is not None:
            _check_memory(row, Location(name, number, 1))
            yield f"{row.start}-{row.end} : {row.name}".rstrip()
            continue
        within = numbers[0] < number < numbers[-1]
        if (within and _DIGITS.search(line) is not None) or _LOST.search(line) is not None:
            raise InputError(
                Location(name, number, 1),
                "this row of the table has no start and end",
                "write both as the kernel does, in eight digits or more, or with 0x",
            )
        yield line


def _check_memory(row: _Row, where: Location) -> None:
    """Raise InputError for memory whose end is not the last byte of a page, or whose start is not the first of one."""
    start, end = int(row.start, 16), int(row.end, 16)
    if canonical_name(row.name) == _RAM and (start % SMALLEST_PAGE or end % SMALLEST_PAGE != SMALLEST_PAGE - 1):
        raise InputError(
            where,
            f"this memory, {row.start} to {row.end}, is not from the first byte of a page to the last of one: "
            "the columns may be sizes, or ends that are exclusive",
            "give /proc/iomem as the kernel prints it",
        )
