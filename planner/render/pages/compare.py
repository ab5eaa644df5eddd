"""A comparison as a picture, one strip for each group of strategies, and as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.render.blocks.compare import blocks
from planner.render.blocks.numbers import size
from planner.render.formats.html import Figure, filled, page
from planner.render.pages.plan import BROAD, NARROW
from planner.render.pictures.strips import Strip, draw

if TYPE_CHECKING:
    from planner.studies.compare import Comparison

__all__ = ["picture", "render"]


def picture(comparison: Comparison, prefix: str = "ckp") -> str:
    """One strip for each group of strategies and sizes, as one `svg` element. prefix: begins the ids in it."""
    return draw(_title(comparison), _strips(comparison), prefix=prefix)


def render(comparison: Comparison, data: str) -> str:
    """The page of a comparison. data: its JSON."""
    strips = _strips(comparison)
    figure = Figure(
        "strategies",
        draw(_title(comparison), strips, caption=False, width=BROAD, prefix="wide"),
        draw(_title(comparison), strips, width=NARROW, caption=False, prefix="narrow", style=False),
    )
    shown = [block for block in blocks(comparison) if filled(block)]
    return page(_title(comparison), shown, figures=[figure], data=data)


def _title(comparison: Comparison) -> str:
    return f"Strategies for {comparison.request or 'nothing'} on {comparison.source}"


def _strips(comparison: Comparison) -> list[Strip]:
    several = len(comparison.sizes) > 1
    return [
        Strip(f"{row.strategy} ({size(row.size)})" if several else row.strategy, row.plan, row.best, row.obstacle)
        for row in comparison.rows
    ]
