"""A survey as a page: the heat map and the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.render.blocks.survey import blocks, tabulated
from planner.render.formats.html import page
from planner.render.pages.figures import figure
from planner.render.pictures import heat_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.render.blocks.model import Block
    from planner.studies.survey import Row, Surveyed

__all__ = ["render", "render_proposal"]


def render(rows: Sequence[Row], data: str) -> str:
    """The page of candidates on machines. data: its JSON."""
    return _page("Requests on machines", tabulated(rows), heat_map.cells_of(rows), data)


def render_proposal(machines: Sequence[Surveyed], data: str) -> str:
    """The page of the question whether the proposal would have worked. data: its JSON."""
    return _page("Would it have worked?", blocks(machines), heat_map.cells_of_proposal(machines), data)


def _page(title: str, told: Sequence[Block], cells: Sequence[heat_map.Cell], data: str) -> str:
    return page(title, told, figures=[figure("outcomes", lambda frame: heat_map.draw(cells, frame))], data=data)
