"""A comparison as a picture, one strip per group of strategies, and as a page."""

from __future__ import annotations

from planner.render.blocks.compare import blocks
from planner.render.blocks.numbers import size
from planner.render.formats.html import page
from planner.render.pages.figures import figure
from planner.render.pictures.canvas import WHOLE, Canvas, Frame
from planner.render.pictures.strips import Strip, draw
from planner.studies.compare import Comparison

__all__ = ["picture", "render"]


def picture(comparison: Comparison, frame: Frame = WHOLE) -> Canvas:
    """One strip for each group of strategies and sizes."""
    several = len(comparison.sizes) > 1
    strips = [
        Strip(f"{row.strategy} ({size(row.size)})" if several else row.strategy, row.plan, row.best, row.obstacle)
        for row in comparison.rows
    ]
    return draw(_title(comparison), strips, frame)


def render(comparison: Comparison, data: str) -> str:
    """The page of a comparison. data: its JSON."""
    figures = [figure("strategies", lambda frame: picture(comparison, frame))]
    return page(_title(comparison), blocks(comparison), figures=figures, data=data)


def _title(comparison: Comparison) -> str:
    return f"Strategies for {comparison.request or 'nothing'} on {comparison.source}"
