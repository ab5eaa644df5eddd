"""A fleet as a heat map: one row per machine, one column per candidate, each cell an outcome with its glyph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planner.base.text import counted
from planner.batch.fleet import Drawn
from planner.planning.doubts import doubt_on
from planner.render.blocks.numbers import size, span
from planner.render.blocks.sentences import in_doubt, verdict
from planner.render.pictures import outcomes
from planner.render.pictures.canvas import FONT, MARGIN, WHOLE, Canvas, Frame, number
from planner.render.pictures.labels import middle, text_width
from planner.studies.survey import Row, Surveyed

__all__ = ["Cell", "cells_of", "cells_of_fleet", "cells_of_proposal", "draw"]

_CELL, _HEIGHT, _SMALL = 130, 24, 10
_MOST_DESCRIBED = 200  # most cells in the description
_BARS = 8  # of the histogram


@dataclass(frozen=True, slots=True)
class Cell:
    """One candidate on one machine.

    text: its tooltip. met: the need is met. waste: memory permanently lost. doubtful: something of the map or the
    kernel is not known.
    """

    machine: str
    candidate: str
    outcome: str
    text: str
    met: bool = False
    waste: int | None = None
    doubtful: bool = False


def cells_of(rows: Sequence[Row]) -> list[Cell]:
    """The cells of a survey of candidates."""
    return [
        Cell(
            row.machine,
            _candidate(row, rows),
            row.outcome,
            _in_words(row),
            row.met,
            None if row.error else row.waste,
            bool(row.doubt),
        )
        for row in rows
    ]


def cells_of_proposal(machines: Sequence[Surveyed]) -> list[Cell]:
    """The cells of a survey of the proposal: the default of each machine's distribution, then the usual requests."""
    return [
        Cell(
            one.name,
            "default" if answer.preset else answer.request,
            answer.plan.reservation.outcome,
            f"{one.name}, {answer.preset or answer.request}: {verdict(answer.plan)}",
            waste=answer.plan.waste.kept + answer.plan.waste.extra_table_bytes,
            doubtful=bool(doubt_on(answer.plan)),
        )
        for one in machines
        for answer in one.answers
    ]


def cells_of_fleet(drawn: Sequence[Drawn]) -> list[Cell]:
    """The cells of a batch: each machine as requested, and after each change. Machines of one name get numbers."""
    first: dict[str, int] = {}
    cells = []
    for one in drawn:
        named = one.id and first.setdefault(one.id, one.record) == one.record
        name = one.id if named else f"{one.id} (record {one.record})".strip()
        result = one.error or f"{one.outcome}{f' at {span(one.crash)}' if one.crash is not None else ''}"
        cells.append(Cell(name, one.candidate, one.outcome, f"{name}, {one.candidate}: {result}", waste=one.lost))
    return cells


def draw(cells: Sequence[Cell], frame: Frame = WHOLE, *, note: str = "") -> Canvas:
    """Draw the heat map; the tooltip of a cell describes its plan. note: a line under the title."""
    title = "Each candidate on each machine"
    description = ". ".join([cell.text for cell in cells[:_MOST_DESCRIBED]])
    canvas = Canvas(frame, title, f"{title}: {len(cells)} plans. {description}")
    doubtful = sum(cell.doubtful for cell in cells)
    y = canvas.caption(f"{counted(doubtful, 'plan is', 'plans are')} in doubt" if doubtful else "")
    if note:
        y = canvas.paragraph(y, note, cls="soft")
    if cells:
        y = _grid(canvas, y, cells)
        y = _histogram(canvas, y + 4, [cell.waste for cell in cells if cell.waste is not None])
    canvas.height = y + MARGIN
    return canvas


def _grid(canvas: Canvas, y: float, cells: Sequence[Cell]) -> float:
    """Draw a row for each machine, a column for each candidate, and the legend of the cells."""
    columns = list(dict.fromkeys(cell.candidate for cell in cells))
    machines = list(dict.fromkeys(cell.machine for cell in cells))
    room = canvas.width - 2 * MARGIN
    names = min(max(text_width(name, FONT) for name in machines) + 10, room * 0.4)
    wide = min((room - names) / len(columns), _CELL)
    y = _heads(canvas, y, columns, MARGIN + names, wide)
    for machine in machines:
        canvas.text(MARGIN, y + _HEIGHT / 2 + 3, middle(machine, FONT, names - 8))
        for cell in cells:
            if cell.machine == machine:
                x = MARGIN + names + columns.index(cell.candidate) * wide
                _cell(canvas, cell, (x, wide - 2), y)
        y += _HEIGHT
    y = outcomes.legend(canvas, y, [cell.outcome for cell in cells])
    if any(cell.met for cell in cells):
        canvas.text(MARGIN, y + 8, "* the need is met", size=_SMALL, cls="soft")
        y += 14
    return y


def _heads(canvas: Canvas, y: float, columns: Sequence[str], left: float, cell: float) -> float:
    """Column heads; numbers with a list of their meanings where the columns are too narrow."""
    y += 18
    if all(text_width(column, _SMALL) + 4 <= cell for column in columns):
        for n, column in enumerate(columns):
            canvas.text(left + (n + 0.5) * cell, y, column, size=_SMALL, cls="soft", anchor="middle")
        return y + 6
    listed = "; ".join(f"{n}: {column}" for n, column in enumerate(columns, 1))
    y = canvas.paragraph(y - 14, listed, size=_SMALL, cls="soft") + 14
    for n in range(len(columns)):
        if text_width(str(n + 1), _SMALL) <= cell:
            canvas.text(left + (n + 0.5) * cell, y, str(n + 1), size=_SMALL, cls="soft", anchor="middle")
    return y + 6


def _cell(canvas: Canvas, cell: Cell, place: tuple[float, float], y: float) -> None:
    star = "*" if cell.met else ""
    if not outcomes.band(canvas, cell.outcome, place, y, _HEIGHT - 2, cell.text, cell.outcome + star):
        glyph = outcomes.GLYPHS[cell.outcome] + star
        if text_width(glyph, FONT) <= place[1]:
            outcomes.write(canvas, cell.outcome, place[0] + place[1] / 2, y + 15, glyph)


def _candidate(row: Row, rows: Sequence[Row]) -> str:
    """The head of a column: the request, with the kernel and the page size where there are several."""
    own = [other for other in rows if other.machine == row.machine]
    parts = [(row.preset or "").removesuffix("-64k") or row.request]
    if len({other.kernel for other in own}) > 1:
        parts.append(row.kernel)
    if len({other.page_size for other in own}) > 1:
        parts.append(size(row.page_size))
    return " ".join(parts)


def _in_words(row: Row) -> str:
    """The text of a cell."""
    where = f" at {span(row.crash)}" if row.crash is not None else ""
    met = "need met" if row.met else f"need of {size(row.need)} not met"
    what = row.error or f"{row.outcome}{where}, {met}, {size(row.low_free)} of low memory left"
    return f"{row.machine}, {row.preset or row.request}: {what}{in_doubt(row.doubt)}"


def _histogram(canvas: Canvas, y: float, values: Sequence[int]) -> float:
    """Draw the number of plans by bytes permanently lost, page tables included; each bar covers 8 times the last."""
    if not values:
        return y
    y = canvas.paragraph(y, "Plans by memory permanently lost, page tables included", cls="soft") + 12
    tops = [0, *[1 << shift for shift in range(14, 14 + 3 * (_BARS - 1), 3)]]
    counts = [0] * (len(tops) + 1)
    for value in values:
        counts[next((n for n, top in enumerate(tops) if value <= top), len(tops))] += 1
    wide, most, high = min((canvas.width - 2 * MARGIN) / len(counts), 90.0), max(counts), 48
    base = y + 12 + high
    names = ["0", *[f"\u2264{size(top)}" for top in tops[1:]], "more"]
    lower = 11 if any(text_width(name, 9) >= wide for name in names) else 0
    for n, (found, name) in enumerate(zip(counts, names, strict=True)):
        x, tall = MARGIN + n * wide, high * found / most
        if found:
            canvas.shape("bar", [(x, wide - 4)], base - tall, tall, f"{found} plans lose {name}")
            canvas.text(x + wide / 2 - 2, base - tall - 3, str(found), size=_SMALL, anchor="middle")
        canvas.text(x + wide / 2 - 2, base + 12 + n % 2 * lower, name, size=9, cls="soft", anchor="middle")
    canvas.line("thin", f"M{MARGIN} {number(base)}h{number(wide * len(counts))}")
    return base + 16 + lower
