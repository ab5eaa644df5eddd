"""Blocks as reStructuredText that docutils reads without a word of complaint; the same blocks give the same bytes.

Text from the input cannot become markup. Tables are tabulate's, with the escaping done before; one with wide characters
becomes a list table, whose columns need not line up.

tabulate is imported by a document that has a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import combining, east_asian_width

from planner.base.errors import printable
from planner.render.blocks.model import Facts, Heading, Lead, Listing, Paragraph, Picture, Table, spaced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.render.blocks.model import Block

__all__ = ["document", "escape"]

_SPECIAL = str.maketrans({c: "\\" + c for c in "\\`*_|<>[]:"})
_ALIGN = {"l": "left", "r": "right"}


def escape(text: str) -> str:
    """Text that stands for itself in reStructuredText; one line, no control characters."""
    escaped = " ".join(printable(text).split()).translate(_SPECIAL)
    # A first character that opens a list, a table, a title or a block of its own kind is escaped like the others.
    if (
        escaped
        and escaped[0] != "\\"
        and not escaped[0].isspace()
        and (not escaped[0].isalnum() or _enumerated(escaped))
    ):
        return "\\" + escaped
    return escaped.replace("@", "\\@")


def _enumerated(text: str) -> bool:
    """Whether a text begins as an item of a numbered list does: `1.`, `a)`, `IV.`."""
    word = text.split(" ", 1)[0]
    return word[-1:] in {".", ")"} and word[:-1].isalnum()


def document(blocks: Sequence[Block]) -> str:
    """The blocks as reStructuredText; ends with a newline."""
    return spaced([_lines(block) for block in blocks])


def _lines(block: Block) -> list[str]:
    if isinstance(block, Lead):
        return [f"**{escape(block.word)}**\\: {escape(block.text)}"]
    if isinstance(block, Paragraph):
        return [escape(block.text)]
    if isinstance(block, Facts):
        return _table(("", ""), [tuple(row) for row in block.rows], "ll")
    if isinstance(block, Picture):
        return []
    title = [f".. rubric:: {escape(block.title)}"] if block.title else []
    if isinstance(block, Heading):
        return title
    if title:
        title.append("")
    if isinstance(block, Table):
        return title + _table(block.head, block.rows, block.align)
    if isinstance(block, Listing):
        return [*title, "::", "", *[f"   {printable(line)}".rstrip() for line in _marked(block.lines)]]
    return title + [f"- {escape(item)}" for item in block.items]


def _marked(lines: Sequence[str]) -> Sequence[str]:
    """Lines of a literal block; empty ones alone would be no block."""
    return lines if any(line.strip() for line in lines) else ["(empty)"]


def _table(head: Sequence[str], rows: Sequence[tuple[str, ...]], align: str) -> list[str]:
    from tabulate import tabulate

    cells = [[escape(cell) for cell in row] for row in rows]
    titles = [escape(cell) for cell in head]
    if any(_wide(cell) for row in [titles, *cells] for cell in row):
        return _list_table(titles, cells)
    # An empty first cell would continue the row above; tabulate writes an empty comment there.
    columns = [_ALIGN[side] for side in align]
    text = tabulate(cells, titles if any(titles) else (), tablefmt="rst", disable_numparse=True, colalign=columns)
    return [line.rstrip() for line in text.splitlines()]


def _wide(text: str) -> bool:
    """Whether a text takes other than one column per character."""
    return not text.isascii() and any(east_asian_width(c) in "WFA" or combining(c) for c in text)


def _list_table(titles: list[str], cells: list[list[str]]) -> list[str]:
    head = [titles] if any(titles) else []
    lines = [".. list-table::"]
    if head:
        lines.append("   :header-rows: 1")
    lines.append("")
    for row in [*head, *cells]:
        lines += [
            f"   {'-' if n else '* -'} {cell}".replace("   -", "     -", 1).rstrip() for n, cell in enumerate(row)
        ]
    return lines
