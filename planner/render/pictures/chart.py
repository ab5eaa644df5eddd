"""A sweep over sizes drawn: a band of outcomes with exact thresholds, and below it what each size costs.

The axis of sizes is logarithmic. The panel has the tail's waste as an area and the page tables as steps, each to the
scale written at its side; distributions' defaults are vertical lines.
"""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING

from planner.render.blocks.numbers import column, signed_size, size, span
from planner.render.pictures import outcomes
from planner.render.pictures.canvas import MARGIN, Canvas, number
from planner.render.pictures.images import paint_positions
from planner.render.pictures.labels import Label, place_most, shorten, text_width, wrapped
from planner.render.pictures.painting import WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planner.studies.fit import Fit
    from planner.studies.kaslr import Chances
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
        for first, last in _stretches(swept.sweep)
    ]
    told = "; ".join([part.text for part in parts])
    canvas = Canvas(width, title, f"{title}: {told}.", prefix=prefix, style=style)
    ticks = _ticks(swept.sweep)
    left, right = (MARGIN + max(text_width(text, _SMALL) for text in side) + 6 for side in ticks)
    scale = _Sizes(swept.least, swept.most, width - left - right, left)
    canvas.text(MARGIN, 22, shorten(title, 14, (width - 2 * MARGIN) / 1.1), size=14, cls="strong")
    ends = [scale.least, *[part.last for part in parts[:-1]], scale.most]
    y = _outcomes(canvas, 30, parts, scale, ends)
    y = _panel(canvas, y + 8, swept.sweep, scale, ticks)
    y = _defaults(
        canvas, y - _PANEL - 4, y, [(name, at) for name, at in defaults if swept.least <= at <= swept.most], scale
    )
    y = outcomes.legend(canvas, y, [part.outcome for part in parts])
    return canvas, y + MARGIN


def draw_fit(
    fit: Fit, *, width: int = WIDTH, prefix: str = "ckp", style: bool = True, over: Sequence[Chances] = ()
) -> str:
    """The outcome of every size, as one `svg` element. over: what is known of every position of the kernel image."""
    canvas, height = draw_fit_canvas(fit, width=width, prefix=prefix, style=style)
    if over:
        height = paint_positions(canvas, height, over) + MARGIN
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
    y = _outcomes(canvas, 30, parts, scale, [part.last for part in parts[:-1]])
    y = outcomes.legend(canvas, y, [part.outcome for part in parts])
    return canvas, y + MARGIN


class _Part:
    """Neighbouring sizes with one outcome."""

    __slots__ = ("first", "last", "outcome", "text")

    def __init__(self, first: int, last: int, outcome: str, more: str) -> None:
        self.first, self.last, self.outcome = first, last, outcome
        self.text = f"{outcome} from {size(first)} to {size(last)}{more}"


class _Sizes:
    """Sizes on a logarithmic axis of `width` pixels that begins at `left`."""

    __slots__ = ("least", "left", "most", "width")

    def __init__(self, least: int, most: int, width: float, left: float = MARGIN) -> None:
        self.least, self.most, self.width, self.left = least, most, width, left

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
        if result and result[-1][1].outcome == row.outcome:
            result[-1] = (result[-1][0], row.end)
        else:
            result.append((row, row.end))
    return result


def _outcomes(canvas: Canvas, y: float, parts: Sequence[_Part], scale: _Sizes, ends: Sequence[int]) -> float:
    """The band, and below it the sizes `ends` (where stretches end), exactly and in one unit."""
    edges = [scale.x(part.first) for part in parts] + [scale.width]
    for n, part in enumerate(parts):
        place_ = (scale.left + edges[n], max(edges[n + 1] - edges[n], 1))
        outcomes.band(canvas, part.outcome, place_, y, _BAND, part.text)
    y += _BAND
    edge = canvas.width - 2 * MARGIN
    labels = [
        Label(text, min(max(scale.left - MARGIN + scale.x(at), 1), edge - 1))
        for text, at in zip(column(ends), ends, strict=True)
    ]
    placed = place_most(labels, _SMALL, edge, 8)
    lanes = max([p.lane for p in placed], default=0) + 1
    for p in placed:
        base = y + 15 + p.lane * _LANE
        canvas.text(MARGIN + p.left, base, p.label.text, size=_SMALL)
        canvas.line("thin", f"M{number(MARGIN + p.label.x)} {number(y)}V{number(base - 10)}")
    return y + 6 + lanes * _LANE


def _largest(rows: Sequence[Row]) -> tuple[int, int]:
    """The largest tail, and the most page tables."""
    both = [plan for row in rows for plan in (row, row.end)]
    return max([plan.rounding for plan in both], default=0), max([plan.extra_table_bytes for plan in both], default=0)


def _ticks(rows: Sequence[Row]) -> tuple[list[str], list[str]]:
    """What stands at 0, half and the largest value, at the left and at the right."""
    waste, tables = _largest(rows)
    return column([0, waste // 2, waste]), column([0, tables // 2, tables])


def _panel(
    canvas: Canvas, y: float, rows: Sequence[Row], scale: _Sizes, ticks: tuple[Sequence[str], Sequence[str]]
) -> float:
    """The rounding as areas and the page tables as steps, each with 0, half and its largest value."""
    waste, tables = _largest(rows)
    for cls, text in (
        ("s-area", "area: tail of the aligned area, unavailable during boot (left scale)"),
        ("s-line", "steps: page tables, more than without a crash kernel (right scale)"),
    ):
        for line in wrapped(text, _SMALL, canvas.width - 2 * MARGIN - 20):
            y += 14
            canvas.text(MARGIN + 20, y, line, size=_SMALL, cls="soft")
        if cls == "s-area":
            canvas.band("s-area", [(MARGIN, 14)], y - 9, 10)
        else:
            canvas.line("s-line", f"M{MARGIN} {number(y)}h7v-7h7")
    y += 12
    base = y + _PANEL
    for n, share in enumerate((0, 0.5, 1.0)):
        at = base - _PANEL * share
        canvas.line("thin dash" if n else "thin", f"M{number(scale.left)} {number(at)}h{number(scale.width)}")
        canvas.text(scale.left - 4, at + 4, ticks[0][n], size=_SMALL, cls="soft", anchor="end")
        canvas.text(scale.left + scale.width + 4, at + 4, ticks[1][n], size=_SMALL, cls="soft")
    for n, row in enumerate(rows):
        end = rows[n + 1].size if n + 1 < len(rows) else scale.most
        points = _points([(row, end)], scale, waste, base, lambda plan: plan.rounding)
        if max(row.rounding, row.end.rounding) and points[0][0] < points[-1][0]:
            outline = "L".join([f"{number(x)} {number(at)}" for x, at in points])
            d = f"M{number(points[0][0])} {number(base)}L{outline}L{number(points[-1][0])} {number(base)}z"
            canvas.path("s-area", d, _said(row))
    ends = [row.size for row in rows[1:]] + [scale.most]
    points = _points(list(zip(rows, ends, strict=True)), scale, tables, base, lambda plan: plan.extra_table_bytes)
    if points:
        d = "M" + "L".join([f"{number(x)} {number(at)}" for x, at in points])
        canvas.path("s-line", d, f"page tables, more than without a crash kernel: up to {ticks[1][2]}")
    return base + 4


def _said(row: Row) -> str:
    """The cost of one row of a sweep."""
    first, last = column([row.rounding, row.end.rounding])
    return (
        f"{size(row.size)} to {size(row.end.size)}: tail of {first} down to {last}, "
        f"{signed_size(row.end.extra_table_bytes)} of page tables"
    )


def _points(
    rows: Sequence[tuple[Row, int]], scale: _Sizes, top: int, base: float, of: Callable[[SizePlan], int]
) -> list[tuple[float, float]]:
    """A line that is level or slopes within a row, and steps between rows. rows: each with the size where it ends."""
    points: list[tuple[float, float]] = []
    for row, end in rows:
        for plan, at in ((row, row.size), (row.end, row.end.size), (row.end, end)):
            high = _PANEL * max(of(plan), 0) / top if top else 0
            point = (round(scale.left + scale.x(at), 1), round(base - high, 1))
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
    labels, whole = [], {}
    for at, names in sorted(named.items()):
        text = shorten(f"{size(at)} {', '.join(names)}", _SMALL, min(scale.width, 220))
        labels.append(Label(text, scale.left - MARGIN + scale.x(at)))
        whole[labels[-1]] = f"the default of {', '.join(names)}: {size(at)}"
    placed = place_most(labels, _SMALL, canvas.width - 2 * MARGIN, 8)
    lanes = max([p.lane for p in placed], default=-1) + 1
    for p in placed:
        y = base + 14 + p.lane * _LANE
        canvas.text(MARGIN + p.left, y, p.label.text, size=_SMALL)
        canvas.path("line dash", f"M{number(MARGIN + p.label.x)} {number(top)}V{number(y - 10)}", whole.pop(p.label))
    for label, text in whole.items():  # no room for their names
        canvas.path("line dash", f"M{number(MARGIN + label.x)} {number(top)}V{number(base)}", text)
    return base + lanes * _LANE + 6
