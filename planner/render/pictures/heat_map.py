"""Candidates on machines as a heat map: one row per machine, one column per candidate, coloured by the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.render.blocks.numbers import size, span
from planner.render.pictures.canvas import MARGIN, Canvas
from planner.render.pictures.labels import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.studies.survey import Row

__all__ = ["draw"]

_COLOURS = {
    "aligned": "good",
    "fallback": "warn",
    "exact": "k1",
    "failed": "bad",
    "none": "f-nomap",
    "error": "f-nomap",
}
_MARKS = {"aligned": "A", "fallback": "F", "exact": "E", "failed": "x", "none": "-", "error": "?"}
_LABEL, _CELL, _HEIGHT = 170, 92, 24


def draw(rows: Sequence[Row]) -> str:
    """The heat map as one `svg` element; each cell tells its plan."""
    columns = list(dict.fromkeys(_candidate(row, rows) for row in rows))
    machines = list(dict.fromkeys(row.machine for row in rows))
    width = 2 * MARGIN + _LABEL + _CELL * len(columns)
    told = ", ".join(f"{mark} {name}" for name, mark in _MARKS.items() if any(r.outcome == name for r in rows))
    title = "Each candidate on each machine"
    canvas = Canvas(width, title, f"{title}: {told}; a star where the need is met.", prefix="heat")
    for n, column in enumerate(columns):
        x = MARGIN + _LABEL + n * _CELL
        canvas.text(x + 2, 20 if n % 2 == 0 else 34, shorten(column, 11, 2 * _CELL - 8), cls="soft")
    top = 42
    for at, machine in enumerate(machines):
        y = top + at * _HEIGHT
        canvas.text(MARGIN, y + 16, shorten(machine, 11, _LABEL - 8))
        for row in rows:
            if row.machine == machine:
                x = MARGIN + _LABEL + columns.index(_candidate(row, rows)) * _CELL
                canvas.shape(_COLOURS.get(row.outcome, "f-nomap"), [(x, _CELL - 2)], y, _HEIGHT - 2, _told(row))
                canvas.text(x + _CELL / 2, y + 15, _mark(row), cls="strong", anchor="middle")
    y = top + len(machines) * _HEIGHT + 14
    canvas.text(MARGIN, y, shorten(f"{told}; * the need is met", 11, width - 2 * MARGIN), cls="soft")
    return canvas.finish(y + MARGIN)


def _candidate(row: Row, rows: Sequence[Row]) -> str:
    """What a column stands for: the request, and the kernel and pages where several were asked for."""
    own = [other for other in rows if other.machine == row.machine]
    parts = [(row.preset or "").removesuffix("-64k") or row.request]
    if len({other.kernel for other in own}) > 1:
        parts.append(row.kernel)
    if len({other.page_size for other in own}) > 1:
        parts.append(size(row.page_size))
    return " ".join(parts)


def _mark(row: Row) -> str:
    return _MARKS.get(row.outcome, "?") + ("*" if row.met else "")


def _told(row: Row) -> str:
    """What a cell says."""
    where = f" at {span(row.crash)}" if row.crash is not None else ""
    met = "need met" if row.met else f"need of {size(row.need)} not met"
    what = row.error or f"{row.outcome}{where}, {met}, {size(row.low_free)} of low memory left"
    return f"{row.machine}, {row.preset or row.request}: {what}"
