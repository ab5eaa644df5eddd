"""A plan for the terminal: the verdict first, then how it came about, the map, what it costs.

80 columns of ASCII (names from the input aside); meaning never by colour alone. Loads neither click nor any
package outside the standard library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.errors import printable
from planner.render import bar, tables
from planner.render.numbers import address, size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.render.tables import Table
    from planner.result import Plan

__all__ = ["WIDTH", "heading", "lay_out", "render", "wrap"]

WIDTH = 80

_RESET = "\x1b[0m"
_BOLD, _RED, _GREEN, _YELLOW, _CYAN, _DIM = "1", "31", "32", "33", "36", "2"
_OUTCOME_COLOURS = {"aligned": _GREEN, "exact": _GREEN, "fallback": _YELLOW, "failed": _RED, "none": _RED}
_CELL_COLOURS = {
    bar.CRASH: f"{_BOLD};{_RED}",
    bar.TAIL: _YELLOW,
    bar.KEPT: _YELLOW,
    bar.LOW: _CYAN,
    bar.CMA: _CYAN,
    bar.RESERVED: _DIM,
    bar.PARTLY: _DIM,
}


def render(plan: Plan, *, color: bool = False, width: int = WIDTH) -> str:
    """The whole plan as text; ends with a newline. color: with ANSI escapes."""
    out: list[str] = []
    verdict = wrap(tables.verdict(plan), width)
    style = f"{_BOLD};{_OUTCOME_COLOURS.get(plan.reservation.outcome, _BOLD)}"
    out += [_paint(line, style) if color else line for line in verdict]
    out.append("")
    for label, text in tables.facts(plan):
        out += wrap(text, width, f"{label:<12}", " " * 12)
    for table in (tables.attempts(plan), tables.placement(plan)):
        if table.rows:
            out += _section(table, width, color=color)
    out += _map(plan, width, color=color)
    out += _section(tables.granularity(plan), width, color=color)
    out += _section(tables.waste(plan), width, color=color)
    for title, lines in (
        ("Kernel log", tables.log(plan)),
        ("Other readings of this map", tables.other_readings(plan)),
        ("Notes", tables.notes(plan)),
    ):
        if lines:
            out += ["", heading(title, color=color)]
            for line in lines:
                out += wrap(line, width, "  " if title == "Kernel log" else "  - ", "    ")
    assumed = tables.assumptions(plan)
    if assumed:
        out += ["", *wrap(", ".join(assumed), width, "Assumed, as no source says: ", "  ")]
    return "\n".join([line.rstrip() for line in out]) + "\n"


def heading(title: str, *, color: bool) -> str:
    """A title, bold where there is colour."""
    return _paint(title, _BOLD) if color else title


def _paint(text: str, style: str) -> str:
    return f"\x1b[{style}m{text}{_RESET}"


def wrap(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Text in lines of at most `width` characters, after `first` and then `rest`; long words are broken."""
    lines: list[str] = []
    line, empty = first, True
    for word in text.split(" "):
        if not empty and len(line) + 1 + len(word) > width:
            lines.append(line)
            line, empty = rest, True
        line += word if empty else " " + word
        empty = False
        while len(line) > width:
            lines.append(line[:width])
            line = rest + line[width:]
    lines.append(line)
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


def _section(table: Table, width: int, *, color: bool) -> list[str]:
    return ["", heading(table.title, color=color), *lay_out(table, width)]


def _map(plan: Plan, width: int, *, color: bool) -> list[str]:
    """The bars: one per bank, then the surroundings of the area if it is small in its bank."""
    ends = [address(end) for end in (0, *(r.end for r in plan.memory.regions))]
    left = max(map(len, ends))
    cells = max(width - left - len("   || 1234.56G low"), 16)
    rows = bar.rows(plan, cells)
    if not rows:
        return []
    close = bar.close_up(plan, cells)
    used = set("".join(row.cells for row in rows) + (close.cells if close else ""))
    legend = "  ".join(
        meaning if mark == bar.NOTHING else f"{mark} {meaning}" for mark, meaning in bar.LEGEND.items() if mark in used
    )
    lines = ["", heading("Memory, one bar per bank", color=color)]
    limit = plan.kernel.dma_limit or 0
    lines += _bars(rows, left, limit, color=color)
    if close is not None:
        lines += [f"  closer, up to {address(close.end)}:", *_bars([close], left, limit, color=color)]
    return lines + wrap_items(legend, width, "  ")


def wrap_items(text: str, width: int, indent: str) -> list[str]:
    """Items that are parted by two blanks, in lines that break only between items."""
    lines: list[str] = []
    line = indent
    for item in text.split("  "):
        if line.strip() and len(line) + 2 + len(item) > width:
            lines.append(line)
            line = indent
        line += ("  " if line.strip() else "") + item
    lines.append(line)
    return lines


def _bars(rows: Iterable[bar.Row], left: int, limit: int, *, color: bool) -> list[str]:
    """Bars between their first address and the memory in them, with a word where that is low memory."""
    lines = []
    for row in rows:
        cells = _coloured(row.cells) if color else row.cells
        low = " low" if row.end <= limit else ""
        lines.append(f"  {address(row.start):>{left}} |{cells}| {size(row.ram)}{low}")
    return lines


def _coloured(cells: str) -> str:
    out: list[str] = []
    at = 0
    while at < len(cells):
        mark = cells[at]
        end = at + len(cells[at:]) - len(cells[at:].lstrip(mark))
        style = _CELL_COLOURS.get(mark)
        out.append(_paint(cells[at:end], style) if style else cells[at:end])
        at = end
    return "".join(out)
