"""A sweep over sizes as a page: the chart and the table."""

from __future__ import annotations

from collections.abc import Sequence

from planner.render.blocks import numbers, size
from planner.render.formats.html import page
from planner.render.pages.figures import figure
from planner.render.pictures import chart
from planner.studies.size import Sweep

__all__ = ["render"]


def render(swept: Sweep, data: str, defaults: Sequence[tuple[str, int]] = ()) -> str:
    """The page of a sweep. data: its JSON. defaults: names and sizes of distributions' defaults."""
    figures = [figure("sizes", lambda frame: chart.draw(swept, frame, defaults=defaults))]
    title = f"Sizes from {numbers.size(swept.least)} to {numbers.size(swept.most)} on {swept.source}"
    return page(title, size.sweep(swept), figures=figures, data=data)
