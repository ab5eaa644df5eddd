"""The largest sizes as a page: the outcome of every size, and the tables."""

from __future__ import annotations

from planner.render.blocks.fit import blocks
from planner.render.formats.html import page
from planner.render.pages.explain import image_figure
from planner.render.pages.figures import figure
from planner.render.pictures.chart import draw_fit
from planner.studies.fit import Fit

__all__ = ["render"]


def render(found: Fit, data: str) -> str:
    """The page of a fit. data: its JSON."""
    figures = [figure("outcome by size", lambda frame: draw_fit(found, frame))]
    if found.any_image is not None and found.any_image.at:
        figures.append(image_figure(found.any_image.at))
    return page(f"The largest crash kernel of {found.source}", blocks(found), figures=figures, data=data)
