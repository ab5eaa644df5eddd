"""CSV tables of answers, read for a summary row by row: a damaged row is one error, and the others count.

The standard library's reader needs no pyarrow, and numbers the lines; a text with line ends takes several.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

from planner.base.errors import InputError, unreadable
from planner.batch.columns import NEEDED, OUTPUT_COLUMNS
from planner.batch.inputs import TASK_RECORDS, Cells
from planner.batch.lines import MAX_RECORD

__all__ = ["CsvAnswers", "open_csv"]

_KINDS = {column.name: column.kind for column in OUTPUT_COLUMNS}
_BOOLS = {"true": True, "false": False}
_REMEDY = "give a table that batch -o FILE.csv wrote; records are JSON Lines, Parquet or Arrow"


class CsvAnswers:
    """The rows of a CSV table of answers."""

    def __init__(self, file: TextIO, name: str) -> None:
        csv.field_size_limit(MAX_RECORD)  # of a whole report
        self._file, self._name, self._reader = file, name, csv.reader(file)

    def tasks(self) -> Iterator[Cells]:
        """All rows. Raises InputError if the columns are not those of answers."""
        rows = self._rows()
        _, names = next(rows, (0, []))
        if not names:
            raise InputError(self._name, "is empty", _REMEDY)
        if not NEEDED.issubset(names):
            raise InputError(self._name, "is not a table of answers: its first line has other columns", _REMEDY)
        held: list[tuple[int, dict[str, object] | None]] = []
        for number, row in rows:
            held.append((number, _values(names, row)))
            if len(held) == TASK_RECORDS:
                yield Cells(held)
                held = []
        if held:
            yield Cells(held)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Rows that are not blank, with the number of the first line of each."""
        number = 1
        try:
            for row in self._reader:
                if row:
                    yield number, row
                number = self._reader.line_num + 1
        except (csv.Error, OSError) as error:
            raise InputError(self._name, f"cannot be read from line {number} on: {error}", "check the file") from None

    def count(self) -> None:
        """Not known before the rows are read."""

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _values(names: list[str], row: list[str]) -> dict[str, object] | None:
    """The values by column; None for a row that is not whole."""
    try:
        return {name: _value(_KINDS.get(name), text) for name, text in zip(names, row, strict=True)}
    except (KeyError, ValueError):
        return None


def _value(kind: str | None, text: str) -> object:
    """The value of a cell; None for an empty one."""
    if not text:
        return None
    return _BOOLS[text.lower()] if kind == "bool" else int(text) if kind == "int64" else text


def open_csv(path: str) -> CsvAnswers:
    """The answers in a file. Raises InputError if it cannot be opened."""
    try:
        # Stray bytes are of a name or a note, which a summary does not add up.
        file = open(path, encoding="utf-8-sig", errors="replace", newline="")  # noqa: PTH123, SIM115 - to the end of the run
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    return CsvAnswers(file, path)
