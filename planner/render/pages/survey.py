"""A survey, or the summary of a batch, as a page: the heat map and the tables."""

from __future__ import annotations

from collections.abc import Sequence

from planner.batch.fleet import MOST_DRAWN, Fleet
from planner.render.blocks import batch
from planner.render.blocks.model import Block
from planner.render.blocks.survey import blocks, tabulated
from planner.render.formats.html import page
from planner.render.pages.figures import figure
from planner.render.pictures import heat_map
from planner.studies.survey import Row, Surveyed

__all__ = ["note_of", "render", "render_fleet", "render_proposal"]


def render(rows: Sequence[Row], data: str) -> str:
    """The page of candidates on machines. data: its JSON."""
    return _page("Requests on machines", tabulated(rows), heat_map.cells_of(rows), data)


def render_proposal(machines: Sequence[Surveyed], data: str) -> str:
    """The page of the survey whether the proposal would have worked. data: its JSON."""
    return _page("Would it have worked?", blocks(machines), heat_map.cells_of_proposal(machines), data)


def render_fleet(fleet: Fleet, data: str) -> str:
    """The page of a batch's summary. data: its JSON."""
    return _page("A fleet", batch.blocks(fleet), heat_map.cells_of_fleet(fleet.drawn), data, note_of(fleet))


def note_of(fleet: Fleet) -> str:
    """The number of machines drawn, where these are not all."""
    return f"the first {MOST_DRAWN} of {fleet.records:,} machines" if fleet.records > MOST_DRAWN else ""


def _page(title: str, content: Sequence[Block], cells: Sequence[heat_map.Cell], data: str, note: str = "") -> str:
    drawn = figure("outcomes", lambda frame: heat_map.draw(cells, frame, note=note))
    return page(title, content, figures=[drawn], data=data)
