"""Blocks as text: at most 80 columns of ASCII (names from the input aside), with no meaning in colour alone.

Loads neither click nor any package outside the standard library.
"""

from __future__ import annotations

from collections.abc import Sequence

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
from planner.render.terminal import BOLD, GREEN, RED, WIDTH, YELLOW, abreast, fit, paint, wrap

__all__ = ["document", "lay_out"]

_MOODS = {"good": f"{BOLD};{GREEN}", "warn": f"{BOLD};{YELLOW}", "bad": f"{BOLD};{RED}", "plain": BOLD}
_LABEL = 12
_INDENT = "  "
_MARK = "\x00"
_JOINED = f",{_MARK}0x"
"""Stands for the comma inside a range of addresses while lines are broken."""
_ROOMY, _LEAST = 24, 8
"""Least width of a last column of texts while other columns can be narrowed, and in any case."""


def document(blocks: Sequence[Block], *, color: bool = False, width: int = WIDTH) -> str:
    """The blocks as text, separated by empty lines; ends with a newline. color: with ANSI escapes."""
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


def lay_out(table: Table, width: int = WIDTH) -> list[str]:
    """A table as aligned columns; where they are too wide together, texts wrap within their column, the last first.

    On a narrow terminal a table whose whole words do not fit becomes a list, one item per row. At the full width long
    words of the last and then of the first column are broken; a table of more columns than fit exceeds the line.
    """
    # A range of addresses stays on one line where other texts can give way.
    body = [tuple(printable(cell).replace(", 0x", _JOINED) for cell in row) for row in table.rows]
    rows = [table.head, *body] if any(table.head) else body
    widths, excess = _widths(rows, table.align, width - len(_INDENT))
    if excess > 0 and width < WIDTH:
        sentences = [_sentence(table.head, row).replace(_JOINED, ", 0x") for row in body]
        return [line for text in sentences for line in wrap(text, width, _INDENT, _INDENT + "  ")]
    for column, least in ((-1, _LEAST), (0, _ROOMY)):
        if excess > 0 and table.align[column] == "l" and widths[column] > least:
            cut = min(excess, widths[column] - least)
            widths[column] -= cut
            excess -= cut
    lines = []
    for row in rows:
        cells = [
            [line.replace(_JOINED, ", 0x").replace(_MARK, "") for line in wrap(cell, wide)]
            for cell, wide in zip(row, widths, strict=True)
        ]
        lines += [(_INDENT + line).rstrip() for line in abreast(cells, widths, table.align)]
    return lines


def _words(cell: str, side: str) -> list[str]:
    """The parts between which a line may break; a list of values also breaks after its commas."""
    return (cell.replace(",", ", ") if side == "l" and _JOINED not in cell else cell).split(" ")


def _sentence(head: tuple[str, ...], row: tuple[str, ...]) -> str:
    """A row as a sentence, without its columns."""
    return "; ".join([f"{name}: {cell}" if name else cell for name, cell in zip(head, row, strict=True) if cell])


def _widths(rows: Sequence[tuple[str, ...]], align: str, room: int) -> tuple[list[int], int]:
    """(width of each column with whole words, columns by which they and their gaps exceed `room` even so)."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    excess = sum(widths) + 2 * (len(widths) - 1) - room
    if excess <= 0:
        return widths, 0
    least = [
        max([len(word) for cell in column for word in _words(cell, side)])
        for column, side in zip(columns, align, strict=True)
    ]
    if align[-1] == "l":
        cut = min(excess, max(widths[-1] - _ROOMY, 0))
        widths[-1] -= cut
        excess -= cut
    return widths, fit(widths, least, excess)
