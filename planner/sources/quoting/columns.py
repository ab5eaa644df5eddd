"""Kernel messages in one column of a table, in values separated by commas, semicolons or tabs (RFC 4180).

The reader of such tables is imported for a text that may be one.
"""

from __future__ import annotations

import re
from collections import Counter
from io import StringIO

from planner.sources.log.messages import MESSAGES
from planner.sources.log.timestamps import without_timestamp
from planner.sources.quoting.sample import some_lines

__all__ = ["messages_in_column"]

_MOST_NARROW = 2  # lines that are not rows, such as a count of all rows
_SEPARATORS = (",", ";", "\t")
# A first line with the names of the columns, such as `@timestamp,host.name,message`.
_NAME = r"\"?[\w@$.#][\w@$.# -]{0,40}\"?"
_HEADER = rf"{_NAME}(?:[,;\t]{_NAME}){{1,40}}\n"


def messages_in_column(text: str) -> str | None:
    """The messages of the only column that has some, one row per line; None for a text that is no such table."""
    first = text[: text.find("\n") + 1]
    for separator in _SEPARATORS:
        if separator not in first:
            continue
        header = re.fullmatch(_HEADER, first) is not None
        if header or all(separator in line for line in some_lines(text) if line):
            rows = _rows(text, separator)
            width = len(rows[0]) if header and rows else _width(rows, text, separator)
            found = _column(rows, width, separator)
            if found is not None:
                return found
    return None


def _width(rows: list[list[str]], text: str, separator: str) -> int:
    """The number of columns of a table without a header; 0 if the commas may be those of the messages themselves."""
    width, count = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
    quoted = text[0] == '"' or f'{separator}"' in text
    sure = separator == "\t" or (quoted and all(len(row) <= width for row in rows))
    return width if sure and 2 * count > len(rows) else 0


def _column(rows: list[list[str]], width: int, separator: str) -> str | None:
    """The only column of a table with messages. In a row with more cells, the message has separators without quotes."""
    whole = [row for row in rows if len(row) == width]
    hits = [at for at, cells in enumerate(zip(*whole, strict=True)) if any(map(_is_known, dict.fromkeys(cells)))]
    if len(hits) != 1 or sum(0 < len(row) < width for row in rows) > _MOST_NARROW:
        return None
    (column,) = hits
    if not any(cell.strip() for row in whole for at, cell in enumerate(row) if at != column):
        return None  # a list of strings
    return "\n".join(separator.join(row[column : column + 1 + max(len(row) - width, 0)]) for row in rows)


def _is_known(cell: str) -> bool:
    """True if a cell has a message that boot logs have, perhaps with a time stamp."""
    return without_timestamp(cell).startswith(MESSAGES)


def _rows(text: str, separator: str) -> list[list[str]]:
    """The cells of each row; [] for a text that cannot be such a table."""
    import csv

    try:
        return list(csv.reader(StringIO(text), delimiter=separator, strict=True))
    except csv.Error:
        return []
