"""A survey as a page: the heat map and the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.render.blocks.survey import tabulated
from planner.render.formats.html import Figure, filled, page
from planner.render.pages.plan import BROAD, NARROW
from planner.render.pictures.heat_map import draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.studies.survey import Row

__all__ = ["render"]


def render(rows: Sequence[Row], data: str) -> str:
    """The page of a survey. data: its JSON."""
    figure = Figure(
        "outcomes", draw(rows, width=BROAD, prefix="wide"), draw(rows, width=NARROW, prefix="narrow", style=False)
    )
    shown = [block for block in tabulated(rows) if filled(block)]
    return page("Requests on machines", shown, figures=[figure], data=data)
