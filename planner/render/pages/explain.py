"""The story of a plan as a page: its memory, the search attempt by attempt, and every position of the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.render.blocks.explain import blocks
from planner.render.formats.html import Figure, filled, page
from planner.render.pages.plan import BROAD, NARROW, memory_figure, search_figure
from planner.render.pictures import images

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.studies.explain import Explanation
    from planner.studies.kaslr import Chances

__all__ = ["image_figure", "render"]


def render(told: Explanation, data: str) -> str:
    """The page of an explanation. data: its JSON."""
    plan = told.plan
    figures = [search_figure(plan), memory_figure(plan, attempts=False)]
    if told.any_image is not None:
        figures.append(image_figure([told.any_image]))
    title = f"How {plan.request.text or 'nothing'} is placed on {plan.memory.source}: {plan.reservation.outcome}"
    return page(title, [block for block in blocks(told) if filled(block)], figures=figures, data=data)


def image_figure(over: Sequence[Chances]) -> Figure:
    """Outcomes by position of the kernel image."""
    narrow = images.draw(over, width=NARROW, prefix="narrow-image", style=False)
    return Figure("kernel image positions", images.draw(over, width=BROAD, prefix="wide-image", style=False), narrow)
