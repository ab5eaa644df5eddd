"""The largest sizes as a page: the outcome of every size, and the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.render.blocks.fit import blocks
from planner.render.formats.html import Figure, filled, page
from planner.render.pages.explain import image_figure
from planner.render.pages.plan import BROAD, NARROW
from planner.render.pictures.chart import draw_fit

if TYPE_CHECKING:
    from planner.studies.fit import Fit

__all__ = ["render"]


def render(found: Fit, data: str) -> str:
    """The page of a fit. data: its JSON."""
    narrow = draw_fit(found, width=NARROW, prefix="narrow", style=False)
    figures = [Figure("outcome by size", draw_fit(found, width=BROAD, prefix="wide"), narrow)]
    if found.any_image is not None and found.any_image.at:
        figures.append(image_figure(found.any_image.at))
    title = f"The largest crash kernel of {found.source}"
    return page(title, [block for block in blocks(found) if filled(block)], figures=figures, data=data)
