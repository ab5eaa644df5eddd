"""The look of marks and bands in a picture, and the legend that explains them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.kernel.pgtable import geometry
from planner.render.blocks.numbers import size
from planner.render.pictures.canvas import FONT, MARGIN, Canvas, number
from planner.render.pictures.labels import shorten, text_width, wrapped
from planner.render.pictures.strip import KIND_NAMES, Band, Mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.planning.result import Plan

__all__ = ["WIDTH", "legend", "paint_bands", "paint_mark"]

WIDTH = 960
"""Pixels of a picture, where nothing else is asked for."""

_LEGEND = {
    "ram": "memory",
    "nomap": "firmware memory (nomap)",
    "reserved": "reserved",
    "partly": "reserved in part",
    "crash": "crash memory",
    "tail": "tail (freed after boot)",
    "kept": "rest of the area (kept)",
    "low": "crash kernel's low memory",
    "cma": "crash cma",
}
"""Each kind of memory and what the legend calls it."""

_EMPTY = 0.55  # the upper part of a mark that is reserved in part
_HEIGHTS = (1.0, 0.8, 0.6, 0.42, 0.25)  # of a band, by kind of leaf: the larger, the higher


def paint_mark(
    canvas: Canvas, mark: Mark, pieces: Sequence[tuple[float, float]], top: float, height: float, *, stop: bool = True
) -> None:
    """A mark in a bar; what is reserved in part fills the lower part. stop: whether the keyboard stops there."""
    paint = canvas.shape if stop else canvas.band
    if mark.kind == "partly":
        paint("reserved", pieces, top + height * _EMPTY, height * (1 - _EMPTY), mark.text)
    else:
        paint(mark.kind, pieces, top, height, mark.text)


def paint_bands(canvas: Canvas, shown: Sequence[Band], x: float, bottom: float, height: int) -> None:
    """The linear map below a bar: the larger the entries, the higher the band."""
    for band in shown:
        high = round(height * _HEIGHTS[band.kind])
        runs = [(x + at, wide) for at, wide in band.runs]
        if runs:
            canvas.shape(f"k{band.kind}", runs, bottom - high, high, band.text)
        if band.same:
            paint = canvas.band if runs else canvas.shape
            with canvas.pale(on=True):
                paint(f"k{band.kind}", [(x + at, wide) for at, wide in band.same], bottom - high, high, band.text)


def legend(canvas: Canvas, y: float, shown: Sequence[Mark], covers: Sequence[Band], plan: Plan) -> float:
    """Swatches of what marks and bands show, in lines; the y below them."""
    used = {mark.kind for mark in shown}
    entries: list[tuple[str, str]] = [(kind, text) for kind, text in _LEGEND.items() if kind in used]
    if "area" in used:
        entries.append(("area", "aligned area"))
    y = _swatches(canvas, y + 8, entries)
    kinds = sorted({band.kind for band in covers})
    if kinds:
        sizes = _leaf_sizes(plan)
        y += 19
        for line in wrapped("Linear map, the higher the larger the entries:", FONT, canvas.width - 2 * MARGIN):
            canvas.text(MARGIN, y + 10, line, cls="soft")
            y += 14
        y -= 14
        y = _swatches(canvas, y + 17, [(f"k{kind}", f"{KIND_NAMES[kind]}, {sizes[kind]}") for kind in kinds])
    return y + 22


def _swatches(canvas: Canvas, y: float, entries: Sequence[tuple[str, str]]) -> float:
    """Swatches and their words in lines, from `y`; the top of the last line."""
    x = float(MARGIN)
    for kind, text in entries:
        wide = 22 + text_width(text, FONT)
        if x > MARGIN and x + wide > canvas.width - MARGIN:
            x, y = float(MARGIN), y + 17
        _swatch(canvas, kind, x, y)
        canvas.text(x + 22, y + 10, shorten(text, FONT, canvas.width - MARGIN - x - 22))
        x += wide + 14
    return y


def _swatch(canvas: Canvas, kind: str, x: float, y: float) -> None:
    if kind == "area":
        canvas.line("edge", f"M{number(x)} {number(y)}h16v12h-16z")
    elif kind.startswith("k") and kind[1:].isdigit():
        high = max(round(12 * _HEIGHTS[int(kind[1:])]), 3)
        canvas.band(kind, [(x, 16)], y + 12 - high, high)
    elif kind == "partly":
        canvas.band("reserved", [(x, 16)], y + 12 * _EMPTY, 12 * (1 - _EMPTY))
    else:
        canvas.band(kind, [(x, 16)], y, 12)


def _leaf_sizes(plan: Plan) -> tuple[str, ...]:
    """What one entry, or one contiguous run, of each kind maps."""
    geo = geometry(plan.kernel.page_size, plan.kernel.va_bits)
    return tuple([size(run) for run in geo.leaf_sizes])
