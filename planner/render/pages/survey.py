"""A survey as a page: the heat map and the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.render.blocks.survey import blocks, tabulated
from planner.render.formats.html import Figure, filled, page
from planner.render.pages.plan import BROAD, NARROW
from planner.render.pictures.heat_map import Cell, cells_of, cells_of_proposal, draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.render.blocks.model import Block
    from planner.studies.survey import Row, Surveyed

__all__ = ["render", "render_proposal"]


def render(rows: Sequence[Row], data: str) -> str:
    """The page of candidates on machines. data: its JSON."""
    return _page("Requests on machines", tabulated(rows), cells_of(rows), data)


def render_proposal(machines: Sequence[Surveyed], data: str) -> str:
    """The page of the question whether the proposal would have worked. data: its JSON."""
    return _page("Would it have worked?", blocks(machines), cells_of_proposal(machines), data)


def _page(title: str, told: Sequence[Block], cells: Sequence[Cell], data: str) -> str:
    narrow = draw(cells, width=NARROW, prefix="narrow", style=False)
    figure = Figure("outcomes", draw(cells, width=BROAD, prefix="wide"), narrow)
    return page(title, [block for block in told if filled(block)], figures=[figure], data=data)
