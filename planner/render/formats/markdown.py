"""Blocks as Markdown (GitHub flavour: pipe tables) for documents; the same blocks give the same bytes.

Lines of running text have at most 80 columns; a row of a pipe table cannot be broken.

Text from the input cannot become markup: everything that means something to Markdown or HTML is escaped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from planner.base.errors import printable
from planner.render.blocks.model import Facts, Heading, Lead, Listing, Paragraph, Picture, Table, spaced
from planner.render.formats.terminal import WIDTH, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.render.blocks.model import Block

__all__ = ["document", "escape", "fence"]

_SPECIAL = str.maketrans({c: "\\" + c for c in "\\`*_{}[]<>#|~$&"})

_FIRST = re.compile(r"([0-9]*)(?:(?<=[0-9])[.)](?: |$)|(?<![0-9])(?:[-+](?: |$)|[-=:][-=: ]*$))")
"""The beginning of a line that Markdown would read as a list item, a rule, or the line below a title or table head."""


def escape(text: str) -> str:
    """Escape text so that Markdown shows it as it is, also in a table cell; one line, no control characters."""
    escaped = printable(text.strip()).translate(_SPECIAL)
    # A scheme, a host or an address would become a link by itself.
    return _as_text(escaped.replace("://", ":\\//").replace("www.", "www\\.").replace("@", "\\@"))


def _as_text(line: str) -> str:
    """An escaped line that does not begin a list or end a title."""
    begun = _FIRST.match(line)
    return line if begun is None else f"{begun[1]}\\{line[begun.end(1) :]}"


def _table(table: Table) -> list[str]:
    """One pipe table."""
    marks = [{"l": ":---", "r": "---:"}[side] for side in table.align]
    head, *body = [[escape(cell) for cell in row] for row in (table.head, *table.rows)]
    return [f"| {' | '.join(row)} |" for row in (head, marks, *body)]


def document(blocks: Sequence[Block]) -> str:
    """The blocks as Markdown; ends with a newline."""
    return spaced([_lines(block) for block in blocks])


def _filled(text: str, first: str = "", rest: str = "") -> list[str]:
    """Escaped text in lines of at most 80 columns, as far as its words allow."""
    head, *more = wrap(" ".join(text.split()), WIDTH, first, rest, whole=True)
    return [head, *[rest + _as_text(line.removeprefix(rest)) for line in more]]


def _lines(block: Block) -> list[str]:
    if isinstance(block, Lead):
        return _filled(f"**{escape(block.word)}**: {escape(block.text)}")
    if isinstance(block, Paragraph):
        return _filled(escape(block.text))
    if isinstance(block, Facts):
        return [line for label, text in block.rows for line in _filled(f"{escape(label)}: {escape(text)}", "- ", "  ")]
    title = [f"### {escape(block.title)}"] if block.title else []
    if isinstance(block, Heading):
        return title
    if title:
        title.append("")
    if isinstance(block, Table):
        return title + _table(block)
    if isinstance(block, (Listing, Picture)):
        lines = block.lines if isinstance(block, Listing) else block.draw(WIDTH, False)
        return [*title, f"{fence(lines)}text", *[printable(line) for line in lines], fence(lines)]
    return title + [line for item in block.items for line in _filled(escape(item), "- ", "  ")]


def fence(lines: Sequence[str]) -> str:
    """The fence of a code block: longer than any run of backticks in it."""
    return "`" * max([3, *(len(run) + 1 for line in lines for run in re.findall("`++", line))])
