"""Blocks as Markdown (GitHub flavour: pipe tables) for documents; the same blocks give the same bytes.

A paragraph and a list item are one line each: GitHub's comments show the line breaks within them.

Text from the input cannot become markup: everything that means something to Markdown or HTML is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from planner.base.errors import printable
from planner.render.blocks.model import (
    Block,
    Bullets,
    Facts,
    Heading,
    Lead,
    Listing,
    Paragraph,
    Picture,
    Table,
    Terms,
    spaced,
)
from planner.render.terminal import WIDTH

__all__ = ["document", "escape", "fence"]

_LISTS = (Facts, Bullets, Terms)

_SPECIAL = str.maketrans({c: "\\" + c for c in "\\`*_{}[]<>#|~$&"})

_FIRST = re.compile(r"([0-9]*)(?:(?<=[0-9])[.)](?: |$)|(?<![0-9])(?:[-+](?: |$)|[-=:][-=: ]*$))")
"""The beginning of a line that Markdown would read as a list item, a rule, or the line below a title or table head."""


def escape(text: str) -> str:
    """Escape text so that Markdown shows it as it is, also in a table cell; one line, no control characters."""
    escaped = " ".join(printable(text).split()).translate(_SPECIAL)
    # A scheme, a host or an address would become a link by itself.
    escaped = escaped.replace("://", ":\\//").replace("www.", "www\\.").replace("@", "\\@")
    begun = _FIRST.match(escaped)
    return escaped if begun is None else f"{begun[1]}\\{escaped[begun.end(1) :]}"


def _table(table: Table) -> list[str]:
    """One pipe table."""
    marks = [{"l": ":---", "r": "---:"}[side] for side in table.align]
    head, *body = [[escape(cell) for cell in row] for row in (table.head, *table.rows)]
    return [f"| {' | '.join(row)} |" for row in (head, marks, *body)]


def document(blocks: Sequence[Block]) -> str:
    """The blocks as Markdown; ends with a newline."""
    parts = []
    for before, block in pairwise([None, *blocks]):
        if isinstance(block, Facts) and isinstance(before, _LISTS):
            parts.append(["---"])  # else both would be one list, under the title of the first
        parts.append(_lines(block) if block is not None else [])
    return spaced(parts)


def _lines(block: Block) -> list[str]:
    if isinstance(block, Lead):
        return [f"**{escape(block.word)}**: {escape(block.text)}"]
    if isinstance(block, Paragraph):
        return [escape(block.text)]
    if isinstance(block, Facts):
        return [f"- {escape(label)}: {escape(text)}" for label, text in block.rows]
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
    return title + [f"- {escape(item)}" for item in block.items]


def fence(lines: Sequence[str]) -> str:
    """The fence of a code block: longer than any run of backticks in it."""
    return "`" * max([3, *(len(run) + 1 for line in lines for run in re.findall("`++", line))])
