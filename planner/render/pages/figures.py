"""A picture of a page, drawn twice: for wide and for narrow screens."""

from __future__ import annotations

from collections.abc import Callable

from planner.render.formats.html import Figure
from planner.render.pictures.canvas import Canvas, Frame

__all__ = ["BROAD", "NARROW", "figure"]

BROAD, NARROW = 720, 288
"""Widths of a page's pictures on wide and on narrow screens: on 320 pixels no text is smaller than 9."""


def figure(title: str, draw: Callable[[Frame], Canvas], name: str = "") -> Figure:
    """Both drawings. name: begins their ids; the drawings without one carry the style sheet of all."""
    wide = Frame(BROAD, f"wide{name}", style=not name, caption=False)
    narrow = Frame(NARROW, f"narrow{name}", style=False, caption=False)
    return Figure(title, draw(wide).svg(), draw(narrow).svg())
