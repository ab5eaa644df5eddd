"""A sweep over sizes as a page: the chart and the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.render.blocks import numbers, size
from planner.render.formats.html import Figure, filled, page
from planner.render.pages.plan import BROAD, NARROW
from planner.render.pictures import chart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.studies.size import Sweep

__all__ = ["render"]


def render(swept: Sweep, data: str, defaults: Sequence[tuple[str, int]] = ()) -> str:
    """The page of a sweep. data: its JSON. defaults: names and sizes of distributions' defaults."""
    figure = Figure(
        "sizes",
        chart.draw(swept, width=BROAD, prefix="wide", defaults=defaults),
        chart.draw(swept, width=NARROW, prefix="narrow", style=False, defaults=defaults),
    )
    title = f"Sizes from {numbers.size(swept.least)} to {numbers.size(swept.most)} on {swept.source}"
    shown = [block for block in size.sweep(swept) if filled(block)]
    return page(title, shown, figures=[figure], data=data)
