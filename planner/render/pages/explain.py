"""The search of a plan as a page: its memory with the attempts, and every position of the image."""

from __future__ import annotations

from collections.abc import Sequence

from planner.render.blocks.explain import blocks
from planner.render.formats.html import Figure, page
from planner.render.pages.figures import figure
from planner.render.pages.plan import memory_figure
from planner.render.pictures import images
from planner.studies.explain import Explanation
from planner.studies.kaslr import Chances

__all__ = ["image_figure", "render"]


def render(explanation: Explanation, data: str) -> str:
    """The page of an explanation. data: its JSON."""
    plan = explanation.plan
    figures = [memory_figure(plan)]
    if explanation.any_image is not None:
        figures.append(image_figure([explanation.any_image]))
    title = f"How {plan.request.text or 'nothing'} is placed on {plan.memory.source}: {plan.reservation.outcome}"
    return page(title, blocks(explanation), figures=figures, data=data)


def image_figure(over: Sequence[Chances]) -> Figure:
    """Outcomes by position of the kernel image."""
    return figure("kernel image positions", lambda frame: images.draw(over, frame), "-image")
