"""The look of an outcome in every picture: a colour or hatch that no kind of memory has, and a glyph."""

from __future__ import annotations

from collections.abc import Iterable

from planner.render.pictures.canvas import FONT, MARGIN, Canvas
from planner.render.pictures.labels import text_width

__all__ = ["GLYPHS", "band", "kind", "legend", "write"]

GLYPHS = {"aligned": "A", "fallback": "F", "exact": "E", "failed": "x", "none": "-", "error": "?"}
"""One character per outcome, for cells too small for the word."""


def kind(outcome: str) -> str:
    """The class or pattern of an outcome; that of none for an error."""
    return "o-none" if outcome == "error" else f"o-{outcome}"


def band(
    canvas: Canvas, outcome: str, place: tuple[float, float], top: float, height: float, text: str, word: str = ""
) -> bool:
    """Draw a part of a band with one outcome, and the word in it if there is room. Returns True if there is."""
    x, wide = place
    canvas.shape(kind(outcome), [place], top, height, text)
    word = word or outcome
    if text_width(word, FONT) + 8 > wide:
        return False
    write(canvas, outcome, x + wide / 2, top + height / 2 + 4, word)
    return True


def write(canvas: Canvas, outcome: str, x: float, y: float, word: str) -> None:
    """Write a word on an outcome, with its hatch left out behind the word."""
    if outcome == "fallback":
        wide = text_width(word, FONT) * 0.9 + 2
        canvas.shape("f-o-fallback", [(x - wide / 2, wide)], y - 10, 13)
    canvas.text(x, y, word, cls=f"on-{outcome}", anchor="middle")


def legend(canvas: Canvas, y: float, used: Iterable[str]) -> float:
    """Draw the legend: swatches with their words, in lines. Returns the y below them."""
    shown = set(used)
    x, y = float(MARGIN), y + 8
    for outcome, glyph in GLYPHS.items():
        if outcome not in shown:
            continue
        wide = 24 + text_width(outcome, FONT)
        if x > MARGIN and x + wide > canvas.width - MARGIN:
            x, y = float(MARGIN), y + 18
        canvas.shape(kind(outcome), [(x, 16)], y, 14)
        write(canvas, outcome, x + 8, y + 11, glyph)
        canvas.text(x + 22, y + 11, outcome)
        x += wide + 14
    return y + 20
