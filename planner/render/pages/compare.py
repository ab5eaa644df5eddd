"""A comparison as a picture, one strip per strategy, and as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.render.blocks.compare import blocks
from planner.render.blocks.numbers import size
from planner.render.formats.html import Figure, filled, page
from planner.render.pages.plan import NARROW
from planner.render.pictures.strips import draw

if TYPE_CHECKING:
    from planner.planning.result import Plan
    from planner.studies.compare import Comparison

__all__ = ["picture", "render"]


def picture(comparison: Comparison) -> str:
    """One strip per strategy and size, as one `svg` element."""
    return draw(_title(comparison), _plans(comparison))


def render(comparison: Comparison, data: str) -> str:
    """The page of a comparison. data: its JSON."""
    plans = _plans(comparison)
    figure = Figure(
        "strategies",
        draw(_title(comparison), plans, caption=False, prefix="wide"),
        draw(_title(comparison), plans, width=NARROW, caption=False, prefix="narrow", style=False),
    )
    shown = [block for block in blocks(comparison, wide=True) if filled(block)]
    return page(_title(comparison), shown, figures=[figure], data=data)


def _title(comparison: Comparison) -> str:
    return f"Strategies for {comparison.request or 'nothing'} on {comparison.source}"


def _plans(comparison: Comparison) -> list[tuple[str, Plan]]:
    several = len(comparison.sizes) > 1
    return [(f"{row.strategy}, {size(row.size)}" if several else row.strategy, row.plan) for row in comparison.rows]
