"""Blocks as Markdown (GitHub flavour: pipe tables) for documents; the same blocks give the same bytes.

Text from the input cannot become markup: everything that means something to Markdown or HTML is escaped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from planner.base.errors import printable
from planner.render.blocks.model import Facts, Heading, Lead, Listing, Paragraph, Picture, Table, spaced
from planner.render.formats.terminal import WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.render.blocks.model import Block

__all__ = ["document", "escape", "fence", "lay_out"]

_SPECIAL = str.maketrans({c: "\\" + c for c in "\\`*_{}[]<>#|~$&"})


def escape(text: str) -> str:
    """Text that stands for itself in Markdown, also inside a table cell; one line, no control characters."""
    escaped = printable(text.strip()).translate(_SPECIAL)
    if escaped[:1] in {"-", "+", "="}:
        return "\\" + escaped
    number = len(escaped) - len(escaped.lstrip("0123456789"))
    if number and escaped[number : number + 1] in {".", ")"} and escaped[number + 1 : number + 2] in {"", " "}:
        return escaped[:number] + "\\" + escaped[number:]
    # A scheme, a host or an address would become a link by itself.
    return escaped.replace("://", ":\\//").replace("www.", "www\\.").replace("@", "\\@")


def lay_out(table: Table) -> list[str]:
    """One pipe table."""
    marks = {"l": ":---", "r": "---:"}
    lines = [_row(table.head), "| " + " | ".join(marks[side] for side in table.align) + " |"]
    return lines + [_row(row) for row in table.rows]


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join([escape(cell) for cell in cells]) + " |"


def document(blocks: Sequence[Block]) -> str:
    """The blocks as Markdown; ends with a newline."""
    return spaced([_lines(block) for block in blocks])


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
        return title + lay_out(block)
    if isinstance(block, (Listing, Picture)):
        lines = block.lines if isinstance(block, Listing) else block.draw(WIDTH, False)
        return [*title, f"{fence(lines)}text", *[printable(line) for line in lines], fence(lines)]
    return title + [f"- {escape(item)}" for item in block.items]


def fence(lines: Sequence[str]) -> str:
    """The fence of a code block: longer than any run of backticks in it."""
    return "`" * max([3, *(len(run) + 1 for line in lines for run in re.findall("`++", line))])
