"""Several plans of one machine drawn below each other: a strip of memory and of the linear map for each.

All strips share one axis, broken where memory has large holes and where low memory ends.
"""

from __future__ import annotations

from itertools import pairwise
from math import log2
from typing import TYPE_CHECKING

from planner.render.blocks import bar, tables
from planner.render.blocks.numbers import address
from planner.render.pictures.canvas import FONT, MARGIN, Canvas, number
from planner.render.pictures.labels import shorten, text_width, wrapped
from planner.render.pictures.painting import WIDTH, legend, paint_bands, paint_mark
from planner.render.pictures.strip import Band, Mark, Scale, bands, items, marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.planning.result import Plan

__all__ = ["draw", "draw_canvas"]

_BAR, _BAND, _GAP, _SMALL = 18, 13, 12, 10
_MARKS = 60  # so many marks of one strip can be told apart
_STEPS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


def draw(
    title: str,
    plans: Sequence[tuple[str, Plan]],
    *,
    width: int = WIDTH,
    caption: bool = True,
    prefix: str = "ckp",
    style: bool = True,
) -> str:
    """The picture as one `svg` element. plans: name and plan of each strip, all of one map."""
    canvas, height = draw_canvas(title, plans, width=width, caption=caption, prefix=prefix, style=style)
    return canvas.finish(height)


def draw_canvas(
    title: str,
    plans: Sequence[tuple[str, Plan]],
    *,
    width: int = WIDTH,
    caption: bool = True,
    prefix: str = "ckp",
    style: bool = True,
) -> tuple[Canvas, float]:
    """The drawing before it is text, and its height."""
    told = " ".join([f"{name}: {tables.verdict(plan)}." for name, plan in plans])
    canvas = Canvas(width, title, told, prefix=prefix, style=style)
    room = width - 2 * MARGIN
    y = float(MARGIN)
    if caption:
        y = 22
        canvas.text(MARGIN, y, shorten(title, 14, room / 1.1), size=14, cls="strong")
    if not plans:
        return canvas, y + MARGIN
    segments = _segments(plans[0][1], room)
    y = _axis(canvas, y + 6, segments)
    shown: list[Mark] = []
    covers: list[Band] = []
    for name, plan in plans:
        y, more, layers = _strip(canvas, y, name, plan, segments)
        shown += more
        covers += layers
    y = legend(canvas, y, shown, covers, plans[0][1])
    return canvas, y + MARGIN


def _segments(plan: Plan, room: float) -> list[tuple[float, Scale]]:
    """Where each bank begins, and its scale: the larger the wider, but not as much as it is larger."""
    found = bar.banks(plan)
    if not found:
        return []
    weights = [log2(end - start) - 19 if end - start > 1 << 21 else 2 for start, end in found]
    free = room - _GAP * (len(found) - 1)
    result, x = [], float(MARGIN)
    for (start, end), weight in zip(found, weights, strict=True):
        wide = free * weight / sum(weights)
        result.append((x, Scale(start, end, wide)))
        x += wide + _GAP
    return result


def _axis(canvas: Canvas, y: float, segments: Sequence[tuple[float, Scale]]) -> float:
    """The first address of each bank, where there is room, and a mark where the axis is broken."""
    y += 12
    used = 0.0
    for x, scale in segments:
        text = address(scale.start)
        wide = text_width(text, _SMALL)
        if x >= used and x + wide <= canvas.width - MARGIN:
            canvas.text(x, y, text, size=_SMALL, cls="soft")
            used = x + wide + 10
    return y + 4


def _strip(
    canvas: Canvas, y: float, name: str, plan: Plan, segments: Sequence[tuple[float, Scale]]
) -> tuple[float, list[Mark], list[Band]]:
    """One plan: its name and verdict, memory, and the linear map below it."""
    room = canvas.width - 2 * MARGIN
    y += 16
    canvas.text(MARGIN, y, shorten(name, 12, room / 1.1), size=12, cls="strong")
    after = text_width(name, 12) * 1.1 + 12
    verdict = tables.verdict(plan)
    if text_width(verdict, FONT) <= room - after:
        canvas.text(MARGIN + after, y, verdict, cls="soft")
    else:
        for line in wrapped(verdict, FONT, room):
            y += 14
            canvas.text(MARGIN, y, line, cls="soft")
    top = y + 7
    memory, reserved, special = items(plan)
    shown: list[Mark] = []
    covers: list[Band] = []
    for step in _STEPS:
        drawn = [(x, marks(memory, scale, step) + marks(reserved, scale, step)) for x, scale in segments]
        if sum(len(found) for _, found in drawn) <= _MARKS:
            break
    for (x, scale), (_, under) in zip(segments, drawn, strict=True):
        for mark in under:
            paint_mark(canvas, mark, [(x + at, wide) for at, wide in mark.pieces], top, _BAR, stop=False)
        over = [mark for item in special for mark in marks([item], scale, 0)]
        for mark in over:
            if mark.kind == "area":
                canvas.frame(x + mark.x - 1, top - 2, mark.width + 2, _BAR + 4, mark.text)
            else:
                pieces = [(x + at, max(wide, 2)) for at, wide in mark.pieces]
                canvas.shape(mark.kind, pieces, top, _BAR, f"{name}: {mark.text}")
        cover = bands(plan, scale, 2)
        paint_bands(canvas, cover, x, top + _BAR + 3 + _BAND, _BAND)
        shown += under + over
        covers += cover
    for (x, scale), _ in pairwise(segments):
        at = x + scale.width + _GAP / 2
        canvas.line(
            "thin", f"M{number(at - 3)} {number(top + _BAR)}l3-{_BAR}M{number(at)} {number(top + _BAR)}l3-{_BAR}"
        )
    return top + _BAR + 3 + _BAND + 4, shown, covers
