"""A sweep over sizes drawn as steps: outcome, waste, page tables and low memory over the size asked for.

The axis of sizes is logarithmic; each quantity has a panel and a scale of its own.
"""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING

from planner.render.blocks.numbers import size, span
from planner.render.pictures.canvas import FONT, MARGIN, Canvas, number
from planner.render.pictures.labels import Label, place, shorten, text_width, wrapped
from planner.render.pictures.painting import WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planner.studies.size import Row, SizePlan, Sweep

__all__ = ["draw", "draw_canvas"]

_PANEL, _BAND, _LANE, _SMALL = 56, 20, 14, 10
_COLOURS = {"aligned": "good", "fallback": "warn", "exact": "k1", "failed": "bad", "none": "f-nomap"}

_QUANTITIES: tuple[tuple[str, Callable[[SizePlan], int]], ...] = (
    ("rounding: taken while booting, beyond the size asked for", lambda p: p.rounding),
    ("page tables, beyond those without a crash kernel", lambda p: p.extra_table_bytes),
    ("low memory left free", lambda p: p.low_free_after),
)


def draw(swept: Sweep, *, width: int = WIDTH, prefix: str = "ckp", style: bool = True) -> str:
    """The chart as one `svg` element."""
    canvas, height = draw_canvas(swept, width=width, prefix=prefix, style=style)
    return canvas.finish(height)


def draw_canvas(swept: Sweep, *, width: int = WIDTH, prefix: str = "ckp", style: bool = True) -> tuple[Canvas, float]:
    """The drawing before it is text, and its height."""
    title = f"Sizes from {size(swept.least)} to {size(swept.most)} on {swept.source}"
    stretches = _stretches(swept.rows)
    told = "; ".join([f"{first.outcome} from {size(first.size)} to {size(last.size)}" for first, last in stretches])
    canvas = Canvas(width, title, f"{title}: {told}.", prefix=prefix, style=style)
    room = width - 2 * MARGIN
    scale = _Sizes(swept.least, swept.most, room)
    canvas.text(MARGIN, 22, shorten(title, 14, room / 1.1), size=14, cls="strong")
    y = _outcomes(canvas, 28, stretches, scale)
    for n, (label, of) in enumerate(_QUANTITIES):
        y = _panel(canvas, y, label, [(row, of(row.first), of(row.last)) for row in swept.rows], scale, n)
    return canvas, _axis(canvas, y, scale) + MARGIN


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


def _outcomes(canvas: Canvas, y: float, stretches: Sequence[tuple[SizePlan, SizePlan]], scale: _Sizes) -> float:
    """A band that shows the outcome, with words above it."""
    edges = [scale.x(first.size) for first, _ in stretches] + [scale.width]
    wide = sorted(range(len(stretches)), key=lambda n: (edges[n] - edges[n + 1], n))
    labels = [Label(stretches[n][0].outcome, (edges[n] + edges[n + 1]) / 2) for n in wide]
    placed, _ = place(labels, FONT, scale.width, 3)
    lanes = max([p.lane for p in placed], default=0) + 1
    top = y + lanes * _LANE + 6
    for p in placed:
        base = top - 5 - p.lane * _LANE
        canvas.text(MARGIN + p.left, base, p.label.text)
        canvas.line("thin", f"M{number(MARGIN + p.label.x)} {number(base + 3)}V{number(top)}")
    for n, (first, last) in enumerate(stretches):
        text = f"{first.outcome} from {size(first.size)} to {size(last.size)}"
        if first.crash is not None:
            text += f", the first at {span(first.crash)}"
        pieces = [(MARGIN + edges[n], max(edges[n + 1] - edges[n], 1))]
        canvas.shape(_COLOURS.get(first.outcome, "f-nomap"), pieces, top, _BAND, text)
    return top + _BAND


def _panel(
    canvas: Canvas, y: float, label: str, values: Sequence[tuple[Row, int, int]], scale: _Sizes, number_: int
) -> float:
    """One quantity: a line that is level or rises within a row, and steps between rows."""
    top = max([max(a, b) for _, a, b in values], default=0)
    y += 9
    for line in wrapped(f"{label}; at most {size(top)}", FONT, scale.width):
        y += 15
        canvas.text(MARGIN, y, line, cls="soft")
    base = y + 8 + _PANEL
    canvas.line("thin", f"M{MARGIN} {number(base)}h{number(scale.width)}")
    points: list[tuple[float, float]] = []
    for n, (row, first, last) in enumerate(values):
        end = values[n + 1][0].first.size if n + 1 < len(values) else scale.most
        for value, at in ((first, row.first.size), (last, row.last.size), (last, end)):
            point = (round(MARGIN + scale.x(at), 1), round(base - _PANEL * max(value, 0) / top if top else base, 1))
            # Between two points of one pixel column, only the first, the last and the extremes could be seen.
            if len(points) > 1 and points[-1][0] == points[-2][0] == point[0]:
                points[-1] = point
            elif not points or points[-1] != point:
                points.append(point)
    if points:
        steps = "L".join([f"{number(x)} {number(at)}" for x, at in points])
        canvas.line(f"line s{number_ % 4}", f"M{steps}")
    return base


def _axis(canvas: Canvas, y: float, scale: _Sizes) -> float:
    """Powers of two, where there is room."""
    y += 16
    first, last = size(scale.least), size(scale.most)
    canvas.text(MARGIN, y, first, size=_SMALL, cls="soft")
    used = text_width(first, _SMALL) + 10
    right = scale.width - text_width(last, _SMALL)
    if right <= used:
        return y + 6
    canvas.text(MARGIN + scale.width, y, last, size=_SMALL, cls="soft", anchor="end")
    at = 1 << scale.least.bit_length()
    while at < scale.most:
        half = text_width(size(at), _SMALL) / 2
        x = scale.x(at)
        if x - half > used and x + half + 10 < right:
            canvas.text(MARGIN + x, y, size(at), size=_SMALL, cls="soft", anchor="middle")
            canvas.line("thin", f"M{number(MARGIN + x)} {number(y - 16)}v4")
            used = x + half + 10
        at *= 2
    return y + 6
