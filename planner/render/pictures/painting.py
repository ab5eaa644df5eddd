"""The look of marks and bands in a picture, and the legend that explains them."""

from __future__ import annotations

from collections.abc import Sequence

from planner.kernel.pgtable import geometry
from planner.planning.result import Plan
from planner.render.blocks.numbers import size
from planner.render.pictures.canvas import FONT, MARGIN, Canvas, number
from planner.render.pictures.labels import shorten, text_width
from planner.render.pictures.strip import KIND_NAMES, Band, Mark

__all__ = ["legend", "paint_bands", "paint_mark"]

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
    "area": "aligned area",
}
"""Each kind of memory, with its name in the legend."""

_EMPTY = 0.55  # share of a mark's height that stays empty where it is reserved in part
_HEIGHTS = (1.0, 0.8, 0.6, 0.42, 0.25)  # of a band by kind of leaf: higher for larger entries


def paint_mark(canvas: Canvas, mark: Mark, top: float, height: float, *, least: float = 0) -> None:
    """Draw a mark in a bar; a mark reserved in part fills only the lower part. least: least pixels of each piece."""
    pieces = [(x, max(wide, least)) for x, wide in mark.pieces]
    if mark.kind == "partly":
        canvas.shape("reserved", pieces, top + height * _EMPTY, height * (1 - _EMPTY), mark.text)
    else:
        canvas.shape(mark.kind, pieces, top, height, mark.text)


def paint_bands(canvas: Canvas, shown: Sequence[Band], bottom: float, height: int) -> None:
    """Draw the linear map below a bar: larger entries make higher bands."""
    for band in shown:
        high = round(height * _HEIGHTS[band.kind])
        if band.runs:
            canvas.shape(f"k{band.kind}", band.runs, bottom - high, high, band.text)
        if band.same:
            with canvas.pale(on=True):
                canvas.shape(f"k{band.kind}", band.same, bottom - high, high, band.text, stop=not band.runs)


def legend(canvas: Canvas, y: float, shown: Sequence[Mark], covers: Sequence[Band], plan: Plan) -> float:
    """Draw swatches of the kinds of memory and leaf entries in use. Returns the y below them."""
    used = {mark.kind for mark in shown}
    y = _swatches(canvas, y + 8, [(kind, text) for kind, text in _LEGEND.items() if kind in used])
    kinds = sorted({band.kind for band in covers})
    if kinds:
        sizes = geometry(plan.kernel.page_size, plan.kernel.va_bits).leaf_sizes
        pale = ", pale where the crash kernel changes nothing" if any(band.same for band in covers) else ""
        y = canvas.paragraph(y + 14, f"Linear map, higher for larger entries{pale}:", cls="soft")
        y = _swatches(canvas, y + 7, [(f"k{kind}", f"{KIND_NAMES[kind]}, {size(sizes[kind])}") for kind in kinds])
    return y + 22


def _swatches(canvas: Canvas, y: float, entries: Sequence[tuple[str, str]]) -> float:
    """Draw swatches and their words in lines, from `y`. Returns the top of the last line."""
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
    """Draw a sample of a kind of memory or leaf, as it looks in the picture."""
    if kind == "area":
        canvas.line("edge", f"M{number(x)} {number(y)}h16v12h-16z")
    elif kind.startswith("k") and kind[1:].isdigit():
        high = max(round(12 * _HEIGHTS[int(kind[1:])]), 3)
        canvas.shape(kind, [(x, 16)], y + 12 - high, high)
    elif kind == "partly":
        canvas.shape("reserved", [(x, 16)], y + 12 * _EMPTY, 12 * (1 - _EMPTY))
    else:
        canvas.shape(kind, [(x, 16)], y, 12)
