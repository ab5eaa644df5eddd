"""Blocks for the terminal: 80 columns of ASCII (names from the input aside); meaning never by colour alone.

Loads neither click nor any package outside the standard library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.errors import printable
from planner.render.document import Bullets, Facts, Heading, Lead, Listing, Paragraph, Picture, Table, Terms, spaced
from planner.render.terminal import BOLD, GREEN, RED, WIDTH, YELLOW, paint, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.render.document import Block

__all__ = ["document", "lay_out"]

_MOODS = {"good": f"{BOLD};{GREEN}", "warn": f"{BOLD};{YELLOW}", "bad": f"{BOLD};{RED}", "plain": BOLD}
_LABEL = 12


def document(blocks: Sequence[Block], *, color: bool = False, width: int = WIDTH) -> str:
    """The blocks as text, parted by empty lines; ends with a newline. color: with ANSI escapes."""
    return spaced([[line.rstrip() for line in _lines(block, width, color=color)] for block in blocks])


def _lines(block: Block, width: int, *, color: bool) -> list[str]:
    if isinstance(block, Lead):
        return _styled(wrap(f"{block.word}: {block.text}", width), _MOODS[block.mood], color=color)
    if isinstance(block, Heading):
        return _styled(wrap(block.title, width), BOLD, color=color)
    if isinstance(block, Paragraph):
        return wrap(block.text, width)
    if isinstance(block, Facts):
        return _facts(block, width)
    if isinstance(block, Terms):
        return wrap(", ".join(block.items), width, f"{block.title}: ", "  ")
    title = _styled(wrap(block.title, width), BOLD, color=color) if block.title else []
    if isinstance(block, Picture):
        drawn = list(block.draw(width, color))
        return title + drawn if drawn else []
    if isinstance(block, Table):
        return title + lay_out(block, width)
    if isinstance(block, Bullets):
        return title + [line for item in block.items for line in wrap(item, width, "  - ", "    ")]
    assert isinstance(block, Listing)  # noqa: S101 - the last kind there is
    return title + [line for item in block.lines for line in wrap(item, width, "  ", "    ")]


def _styled(lines: list[str], style: str, *, color: bool) -> list[str]:
    return [paint(line, style) for line in lines] if color else lines


def _facts(block: Facts, width: int) -> list[str]:
    label_width = max(_LABEL, *(len(label) + 2 for label, _ in block.rows))
    lines: list[str] = []
    for label, text in block.rows:
        lines += wrap(text, width, f"{label:<{label_width}}", " " * label_width)
    return lines


def lay_out(table: Table, width: int = WIDTH, indent: str = "  ") -> list[str]:
    """A table as aligned columns; the last column wraps below itself."""
    body = [tuple(printable(cell) for cell in row) for row in table.rows]
    head = [table.head] if any(table.head) else []
    columns = list(zip(*head, *body, strict=True))
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for row in [*head, *body]:
        cells = [
            cell.rjust(wide) if side == "r" else cell.ljust(wide)
            for cell, wide, side in zip(row, widths, table.align, strict=True)
        ]
        start = indent + "  ".join(cells[:-1]) + "  "
        if table.align[-1] == "r" or len(start) + len(row[-1]) <= width:
            lines.append(start + cells[-1])
        else:
            lines += wrap(row[-1], width, start, " " * len(start))
    return [line.rstrip() for line in lines]
