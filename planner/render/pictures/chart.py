"""A sweep over sizes drawn: a band of outcomes with exact thresholds, and below it what each size costs.

The axis of sizes is logarithmic. The panel has the tail's waste as an area and the page tables as steps, each to the
scale written at its side; distributions' defaults are vertical lines.
"""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING

from planner.render.blocks.numbers import column, size, span
from planner.render.pictures import outcomes
from planner.render.pictures.canvas import MARGIN, Canvas, number
from planner.render.pictures.labels import Label, place, shorten, text_width, wrapped
from planner.render.pictures.painting import WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planner.studies.fit import Fit
    from planner.studies.size import Row, SizePlan, Sweep

__all__ = ["draw", "draw_canvas", "draw_fit", "draw_fit_canvas"]

_PANEL, _BAND, _LANE, _SMALL = 90, 24, 14, 10


def draw(
    swept: Sweep,
    *,
    width: int = WIDTH,
    prefix: str = "ckp",
    style: bool = True,
    defaults: Sequence[tuple[str, int]] = (),
) -> str:
    """The chart as one `svg` element. defaults: names and sizes of distributions' defaults."""
    canvas, height = draw_canvas(swept, width=width, prefix=prefix, style=style, defaults=defaults)
    return canvas.finish(height)


def draw_canvas(
    swept: Sweep,
    *,
    width: int = WIDTH,
    prefix: str = "ckp",
    style: bool = True,
    defaults: Sequence[tuple[str, int]] = (),
) -> tuple[Canvas, float]:
    """The drawing before it is text, and its height."""
    title = f"Sizes from {size(swept.least)} to {size(swept.most)} on {swept.source}"
    parts = [
        _Part(
            first.size, last.size, first.outcome, "" if first.crash is None else f", the first at {span(first.crash)}"
        )
        for first, last in _stretches(swept.rows)
    ]
    told = "; ".join([part.text for part in parts])
    canvas = Canvas(width, title, f"{title}: {told}.", prefix=prefix, style=style)
    scale = _Sizes(swept.least, swept.most, width - 2 * MARGIN)
    canvas.text(MARGIN, 22, shorten(title, 14, scale.width / 1.1), size=14, cls="strong")
    y = _outcomes(canvas, 30, parts, scale)
    y = _panel(canvas, y + 8, swept.rows, scale)
    y = _defaults(
        canvas, y - _PANEL - 4, y, [(name, at) for name, at in defaults if swept.least <= at <= swept.most], scale
    )
    y = outcomes.legend(canvas, y, [part.outcome for part in parts])
    return canvas, y + MARGIN


def draw_fit(fit: Fit, *, width: int = WIDTH, prefix: str = "ckp", style: bool = True) -> str:
    """The outcome of every size, as one `svg` element."""
    canvas, height = draw_fit_canvas(fit, width=width, prefix=prefix, style=style)
    return canvas.finish(height)


def draw_fit_canvas(fit: Fit, *, width: int = WIDTH, prefix: str = "ckp", style: bool = True) -> tuple[Canvas, float]:
    """The drawing before it is text, and its height."""
    title = f"Outcome by size on {fit.source}"
    parts = [_Part(max(rung.least, 1), rung.most, rung.outcome, "") for rung in fit.rungs]
    told = "; ".join([part.text for part in parts]) or "no size fits"
    canvas = Canvas(width, title, f"{title}: {told}.", prefix=prefix, style=style)
    room = width - 2 * MARGIN
    canvas.text(MARGIN, 22, shorten(title, 14, room / 1.1), size=14, cls="strong")
    if not parts:
        canvas.text(MARGIN, 40, "No size fits.", cls="soft")
        return canvas, 48.0
    least = min(1 << 20, parts[0].last)
    most = parts[-1].last
    parts = [*parts, _Part(most + 1, 2 * most, "failed", "")]
    scale = _Sizes(least, 2 * most, room)
    y = _outcomes(canvas, 30, parts, scale)
    y = outcomes.legend(canvas, y, [part.outcome for part in parts])
    return canvas, y + MARGIN


class _Part:
    """Neighbouring sizes with one outcome."""

    __slots__ = ("first", "last", "outcome", "text")

    def __init__(self, first: int, last: int, outcome: str, more: str) -> None:
        self.first, self.last, self.outcome = first, last, outcome
        self.text = f"{outcome} from {size(first)} to {size(last)}{more}"


class _Sizes:
    """Sizes on a logarithmic axis of `width` pixels."""

    __slots__ = ("least", "most", "width")

    def __init__(self, least: int, most: int, width: float) -> None:
        self.least, self.most, self.width = least, most, width

    def x(self, value: int) -> float:
        """The pixel of a size."""
        if self.most <= self.least:
            return 0
        inside = min(max(value, self.least), self.most)
        return self.width * log2(inside / self.least) / log2(self.most / self.least)


def _stretches(rows: Sequence[Row]) -> list[tuple[SizePlan, SizePlan]]:
    """Neighbouring rows with the same outcome as one."""
    result: list[tuple[SizePlan, SizePlan]] = []
    for row in rows:
        if result and result[-1][1].outcome == row.first.outcome:
            result[-1] = (result[-1][0], row.last)
        else:
            result.append((row.first, row.last))
    return result


def _outcomes(canvas: Canvas, y: float, parts: Sequence[_Part], scale: _Sizes) -> float:
    """The band, and below it the last size of every stretch, exactly and in one unit."""
    edges = [scale.x(part.first) for part in parts] + [scale.width]
    for n, part in enumerate(parts):
        place_ = (MARGIN + edges[n], max(edges[n + 1] - edges[n], 1))
        outcomes.band(canvas, part.outcome, place_, y, _BAND, part.text)
    y += _BAND
    ends = [scale.least, *[part.last for part in parts[:-1]], scale.most]
    words = column(ends)
    labels = [Label(words[n], min(max(scale.x(at), 1), scale.width - 1)) for n, at in reversed(list(enumerate(ends)))]
    placed, _ = place(labels, _SMALL, scale.width, 6)
    lanes = max([p.lane for p in placed], default=0) + 1
    for p in placed:
        base = y + 15 + p.lane * _LANE
        canvas.text(MARGIN + p.left, base, p.label.text, size=_SMALL)
        canvas.line("thin", f"M{number(MARGIN + p.label.x)} {number(y)}V{number(base - 10)}")
    return y + 6 + lanes * _LANE


def _panel(canvas: Canvas, y: float, rows: Sequence[Row], scale: _Sizes) -> float:
    """The rounding as an area and the page tables as steps, each with 0, half and its largest value."""
    waste = max([max(row.first.rounding, row.last.rounding) for row in rows], default=0)
    tables = max([max(row.first.extra_table_bytes, row.last.extra_table_bytes) for row in rows], default=0)
    for cls, text in (
        ("s-area", "area: tail of the aligned area, unavailable during boot (left scale)"),
        ("s-line", "steps: page tables, more than without a crash kernel (right scale)"),
    ):
        for line in wrapped(text, _SMALL, scale.width - 20):
            y += 14
            canvas.text(MARGIN + 20, y, line, size=_SMALL, cls="soft")
        if cls == "s-area":
            canvas.band("s-area", [(MARGIN, 14)], y - 9, 10)
        else:
            canvas.line("s-line", f"M{MARGIN} {number(y)}h7v-7h7")
    y += 8
    base = y + _PANEL
    points = _points(rows, scale, waste, base, lambda plan: plan.rounding)
    if points:
        first, last = points[0][0], points[-1][0]
        outline = "L".join([f"{number(x)} {number(at)}" for x, at in points])
        canvas.line("s-area", f"M{number(first)} {number(base)}L{outline}L{number(last)} {number(base)}z")
    points = _points(rows, scale, tables, base, lambda plan: plan.extra_table_bytes)
    if points:
        canvas.line("s-line", "M" + "L".join([f"{number(x)} {number(at)}" for x, at in points]))
    canvas.line("thin", f"M{MARGIN} {number(base)}h{number(scale.width)}")
    left, right = column([waste // 2, waste]), column([tables // 2, tables])
    for n, share in enumerate((0.5, 1.0)):
        at = base - _PANEL * share
        canvas.line("thin dash", f"M{MARGIN} {number(at)}h{number(scale.width)}")
        for text, x in ((left[n], MARGIN + 2), (right[n], MARGIN + scale.width - 2 - text_width(right[n], _SMALL))):
            canvas.band("paper", [(x - 1, text_width(text, _SMALL) + 2)], at + 2, 11)
        canvas.text(MARGIN + 2, at + 11, left[n], size=_SMALL, cls="soft")
        canvas.text(MARGIN + scale.width - 2, at + 11, right[n], size=_SMALL, cls="soft", anchor="end")
    return base + 4


def _points(
    rows: Sequence[Row], scale: _Sizes, top: int, base: float, of: Callable[[SizePlan], int]
) -> list[tuple[float, float]]:
    """A line that is level or slopes within a row, and steps between rows."""
    points: list[tuple[float, float]] = []
    for n, row in enumerate(rows):
        end = rows[n + 1].first.size if n + 1 < len(rows) else scale.most
        for plan, at in ((row.first, row.first.size), (row.last, row.last.size), (row.last, end)):
            high = _PANEL * max(of(plan), 0) / top if top else 0
            point = (round(MARGIN + scale.x(at), 1), round(base - high, 1))
            # Between two points of one pixel column, only the first, the last and the extremes could be seen.
            if len(points) > 1 and points[-1][0] == points[-2][0] == point[0]:
                points[-1] = point
            elif not points or points[-1] != point:
                points.append(point)
    return points


def _defaults(canvas: Canvas, top: float, base: float, defaults: Sequence[tuple[str, int]], scale: _Sizes) -> float:
    """A vertical line for each size that a distribution asks for by default, named below the panel."""
    named: dict[int, list[str]] = {}
    for name, at in defaults:
        named.setdefault(at, []).append(name)
    labels = [
        Label(shorten(f"{size(at)} {', '.join(names)}", _SMALL, min(scale.width, 220)), scale.x(at))
        for at, names in sorted(named.items(), reverse=True)
    ]
    placed, _ = place(labels, _SMALL, scale.width, 8)
    lanes = max([p.lane for p in placed], default=-1) + 1
    for p in placed:
        y = base + 14 + p.lane * _LANE
        canvas.text(MARGIN + p.left, y, p.label.text, size=_SMALL)
        canvas.line("line dash", f"M{number(MARGIN + p.label.x)} {number(top)}V{number(y - 10)}")
    return base + lanes * _LANE + 6
