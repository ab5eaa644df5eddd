"""A sweep over sizes as a picture: a band of outcomes with exact thresholds, and below it what each size costs.

The axis of sizes is logarithmic. The panel shows the tail's waste as an area and the page tables as steps, each with
its own scale at the side; distributions' defaults are vertical lines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import log2

from planner.render.blocks.fit import doubts_of
from planner.render.blocks.numbers import column, signed_size, size, span
from planner.render.blocks.sentences import doubts_said
from planner.render.pictures import outcomes
from planner.render.pictures.canvas import MARGIN, WHOLE, Canvas, Frame, number
from planner.render.pictures.images import paint_positions
from planner.render.pictures.labels import Label, place_most, shorten, text_width
from planner.studies.fit import Fit
from planner.studies.kaslr import Chances
from planner.studies.size import SizePlan
from planner.studies.sweep import Row, Sweep

__all__ = ["draw", "draw_fit"]

_PANEL, _BAND, _LANE, _SMALL = 90, 24, 14, 10


@dataclass(frozen=True, slots=True)
class _Part:
    """Neighbouring sizes with one outcome. more: text to add."""

    first: int
    last: int
    outcome: str
    more: str = ""

    @property
    def text(self) -> str:
        """The part in one sentence."""
        return f"{self.outcome} from {size(self.first)} to {size(self.last)}{self.more}"


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Sizes on a logarithmic axis of `width` pixels that begins at `left`."""

    least: int
    most: int
    width: float
    left: float = MARGIN

    def x(self, value: int) -> float:
        """The pixel of a size."""
        if self.most <= self.least:
            return self.left
        inside = min(max(value, self.least), self.most)
        return self.left + self.width * log2(inside / self.least) / log2(self.most / self.least)


def draw(swept: Sweep, frame: Frame = WHOLE, *, defaults: Sequence[tuple[str, int]] = ()) -> Canvas:
    """Draw the chart of a sweep. defaults: names and sizes of distributions' defaults."""
    parts = [
        _Part(
            first.size, last.size, first.outcome, "" if first.crash is None else f", the first at {span(first.crash)}"
        )
        for first, last in _stretches(swept.sweep)
    ]
    doubt = doubts_said(swept.kernel, swept.doubt)
    canvas = _canvas(frame, f"Sizes from {size(swept.least)} to {size(swept.most)} on {swept.source}", parts, doubt)
    ticks = [column([0, most // 2, most]) for most in _largest(swept.sweep)]
    left, right = (MARGIN + max(text_width(text, _SMALL) for text in side) + 6 for side in ticks)
    scale = _Sizes(swept.least, swept.most, canvas.width - left - right, left)
    ends = [scale.least, *[part.last for part in parts[:-1]], scale.most]
    y = _outcomes(canvas, canvas.caption(doubt) + 8, parts, scale, ends)
    y = _panel(canvas, y + 8, swept.sweep, scale, ticks)
    shown = [(name, at) for name, at in defaults if swept.least <= at <= swept.most]
    y = _defaults(canvas, y - _PANEL - 4, y, shown, scale)
    canvas.height = outcomes.legend(canvas, y, [part.outcome for part in parts]) + MARGIN
    return canvas


def draw_fit(fit: Fit, frame: Frame = WHOLE, *, over: Sequence[Chances] = ()) -> Canvas:
    """Draw the outcome of every size. over: the outcomes for every position of the kernel image, if known."""
    parts = [_Part(max(rung.least, 1), rung.most, rung.outcome) for rung in fit.rungs]
    doubt = doubts_said(fit.kernel, *doubts_of(fit))
    canvas = _canvas(frame, f"Outcome by size on {fit.source}", parts, doubt)
    y = canvas.caption(doubt)
    if parts:
        most = parts[-1].last
        scale = _Sizes(min(1 << 20, parts[0].last), 2 * most, canvas.width - 2 * MARGIN)
        ends = [part.last for part in parts]
        parts.append(_Part(most + 1, 2 * most, "failed"))
        y = _outcomes(canvas, y + 8, parts, scale, ends)
        y = outcomes.legend(canvas, y, [part.outcome for part in parts])
    else:
        y = canvas.paragraph(y + 3, "No size fits.", cls="soft")
    canvas.height = (paint_positions(canvas, y, over) if over else y) + MARGIN
    return canvas


def _canvas(frame: Frame, title: str, parts: Sequence[_Part], doubt: str) -> Canvas:
    text = "; ".join([*([part.text for part in parts] or ["no size fits"]), *([doubt] if doubt else [])])
    return Canvas(frame, title, f"{title}: {text}.")


def _stretches(rows: Sequence[Row]) -> list[tuple[SizePlan, SizePlan]]:
    """Neighbouring rows with the same outcome as one."""
    grouped = [list(group) for _, group in groupby(rows, lambda row: row.outcome)]
    return [(group[0], group[-1].end) for group in grouped]


def _outcomes(canvas: Canvas, y: float, parts: Sequence[_Part], scale: _Sizes, ends: Sequence[int]) -> float:
    """Draw the band, and below it the sizes `ends` (where the outcome changes), exactly and in one unit."""
    edges = [scale.x(part.first) for part in parts] + [scale.left + scale.width]
    for n, part in enumerate(parts):
        outcomes.band(canvas, part.outcome, (edges[n], max(edges[n + 1] - edges[n], 1)), y, _BAND, part.text)
    y += _BAND
    room = (MARGIN, canvas.width - MARGIN)
    labels = [
        Label(text, min(max(scale.x(at), room[0] + 1), room[1] - 1))
        for text, at in zip(column(ends), ends, strict=True)
    ]
    placed = place_most(labels, _SMALL, room, 8)
    lanes = max([p.lane for p in placed], default=0) + 1
    for p in placed:
        base = y + 15 + p.lane * _LANE
        canvas.text(p.left, base, p.label.text, size=_SMALL)
        canvas.line("thin", f"M{number(p.label.x)} {number(y)}V{number(base - 10)}")
    return (
        canvas.paragraph(y + lanes * _LANE, "size of the request, on a logarithmic scale", size=_SMALL, cls="soft") + 6
    )


def _largest(rows: Sequence[Row]) -> tuple[int, int]:
    """The largest tail, and the most page tables."""
    both = [plan for row in rows for plan in (row, row.end)]
    return max([plan.rounding for plan in both], default=0), max([plan.extra_table_bytes for plan in both], default=0)


def _panel(canvas: Canvas, y: float, rows: Sequence[Row], scale: _Sizes, ticks: Sequence[Sequence[str]]) -> float:
    """Draw the rounding as areas and the page tables as steps. ticks: 0, half and the largest value of each."""
    waste, tables = _largest(rows)
    canvas.shape("tail", [(MARGIN, 14)], y + 5, 10)
    text = "area: tail of the aligned area, unavailable during boot (left scale)"
    y = canvas.paragraph(y, text, left=MARGIN + 20, size=_SMALL, cls="soft")
    canvas.line("s-line", f"M{MARGIN} {number(y + 14)}h7v-7h7")
    text = "steps: page tables, more than without a crash kernel (right scale)"
    y = canvas.paragraph(y, text, left=MARGIN + 20, size=_SMALL, cls="soft") + 12
    base = y + _PANEL
    for n, share in enumerate((0, 0.5, 1.0)):
        at = base - _PANEL * share
        if waste or tables or not n:
            canvas.line("thin dash" if n else "thin", f"M{number(scale.left)} {number(at)}h{number(scale.width)}")
        if waste or not n:
            canvas.text(scale.left - 4, at + 4, ticks[0][n], size=_SMALL, cls="soft", anchor="end")
        if tables or not n:
            canvas.text(scale.left + scale.width + 4, at + 4, ticks[1][n], size=_SMALL, cls="soft")
    for n, row in enumerate(rows):
        end = rows[n + 1].size if n + 1 < len(rows) else scale.most
        points = _points([(row, end)], scale, waste, base, lambda plan: plan.rounding)
        if max(row.rounding, row.end.rounding) and points[0][0] < points[-1][0]:
            outline = "L".join([f"{number(x)} {number(at)}" for x, at in points])
            d = f"M{number(points[0][0])} {number(base)}L{outline}L{number(points[-1][0])} {number(base)}z"
            canvas.path("tail", d, _cost_in_words(row))
    ends = [row.size for row in rows[1:]] + [scale.most]
    points = _points(list(zip(rows, ends, strict=True)), scale, tables, base, lambda plan: plan.extra_table_bytes)
    if points:
        d = "M" + "L".join([f"{number(x)} {number(at)}" for x, at in points])
        canvas.path("s-line", d, f"page tables, more than without a crash kernel: up to {ticks[1][2]}")
    return base + 4


def _cost_in_words(row: Row) -> str:
    """The cost of one row of a sweep."""
    first, last = column([row.rounding, row.end.rounding])
    return (
        f"{size(row.size)} to {size(row.end.size)}: tail of {first} down to {last}, "
        f"{signed_size(row.end.extra_table_bytes)} of page tables"
    )


def _points(
    rows: Sequence[tuple[Row, int]], scale: _Sizes, top: int, base: float, of: Callable[[SizePlan], int]
) -> list[tuple[float, float]]:
    """The points of a line that is level or slopes within a row, and steps between rows. rows: (row, last size)."""
    points: list[tuple[float, float]] = []
    for row, end in rows:
        for plan, at in ((row, row.size), (row.end, row.end.size), (row.end, end)):
            high = _PANEL * max(of(plan), 0) / top if top else 0
            point = (round(scale.x(at), 1), round(base - high, 1))
            # Of several points in one pixel column only the first, the last and the extremes are visible.
            if len(points) > 1 and points[-1][0] == points[-2][0] == point[0]:
                points[-1] = point
            elif not points or points[-1] != point:
                points.append(point)
    return points


def _defaults(canvas: Canvas, top: float, base: float, defaults: Sequence[tuple[str, int]], scale: _Sizes) -> float:
    """Draw a vertical line for each size that is a distribution's default, with its name below the panel."""
    named: dict[int, list[str]] = {}
    for name, at in defaults:
        named.setdefault(at, []).append(name)
    groups = [[at] for at in sorted(named)]
    labels, placed = [], []
    while True:
        labels = [
            Label("; ".join([f"{size(at)} {', '.join(named[at])}" for at in group]), scale.x(group[0]))
            for group in groups
        ]
        labels = [Label(shorten(label.text, _SMALL, min(scale.width, 220)), label.x) for label in labels]
        placed = place_most(labels, _SMALL, (MARGIN, canvas.width - MARGIN), 8)
        if len(placed) == len(labels) or len(groups) == 1:
            break
        # Neighbours without room side by side share a label.
        n = min(range(len(groups) - 1), key=lambda n: scale.x(groups[n + 1][0]) - scale.x(groups[n][-1]))
        groups[n : n + 2] = [groups[n] + groups[n + 1]]
    ends = {p.label.x: base + 14 + p.lane * _LANE for p in placed}
    for p in placed:
        canvas.text(p.left, ends[p.label.x], p.label.text, size=_SMALL)
    for at, names in sorted(named.items()):
        end = ends.get(scale.x(at), base + 10) - 10
        text = f"the default of {', '.join(names)}: {size(at)}"
        canvas.path("line dash", f"M{number(scale.x(at))} {number(top)}V{number(end)}", text)
    lanes = max([p.lane for p in placed], default=-1) + 1
    return base + lanes * _LANE + 6
