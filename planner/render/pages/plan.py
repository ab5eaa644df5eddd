"""A plan as a page: the answer, its memory, the search, every other strategy, and a guide to reading it."""

from __future__ import annotations

from planner.planning.result import Plan
from planner.render.blocks import compare
from planner.render.blocks.model import Block, Heading, Lead, Paragraph, Table, Terms
from planner.render.blocks.plan import blocks
from planner.render.formats.html import Figure, page
from planner.render.pages.figures import figure
from planner.render.pictures.memory_picture import draw
from planner.studies.compare import Comparison

__all__ = ["READING", "memory_figure", "render"]

READING = (
    (
        "The first word is the verdict. aligned: a whole area was free; the crash memory is its bottom, the tail is "
        "freed after boot. fallback: no area was free, and the ordinary reservation is used, which stays mapped. "
        "exact: the proposal does not apply to this request. failed and none: nothing is reserved."
    ),
    (
        "The picture shows memory by address, one row per bank, each row to its own scale; a new row begins after a "
        "large hole and at the end of low memory. The numbered tracks are the searches, from the top down. Below them "
        "is the linear map of the row, without the crash kernel and with it: high bands are large entries, low bands "
        "are base pages, which cost page tables and TLB entries."
    ),
    (
        "Attempts are the searches in the kernel's own order. Linear map counts entries and tables with the crash "
        "kernel and without. Crash memory, the returned part and the kept part add up to the area. Sizes are powers "
        "of 1024; one that begins with ~ is rounded."
    ),
)
"""A guide to reading a plan, in a few sentences."""


def render(plan: Plan, data: str, comparison: Comparison | None = None) -> str:
    """The page of a plan. data: its JSON report. comparison: the same request under every strategy."""
    content = blocks(plan, wide=True)
    assumed = [block for block in content if isinstance(block, Terms)]
    shown = [block for block in content if not isinstance(block, Terms)]
    reading: list[Block] = [Heading("How to read this"), *[Paragraph(text) for text in READING]]
    title = f"{plan.request.text or 'nothing'} on {plan.memory.source}: {plan.reservation.outcome}"
    others = _others(comparison) if comparison is not None else []
    return page(
        title,
        shown,
        figures=[memory_figure(plan)],
        after=[*others, *assumed, *reading],
        folded=["Attempts"],
        data=data,
    )


def memory_figure(plan: Plan) -> Figure:
    """Memory, the search and the linear map."""
    return figure("memory", lambda frame: draw(plan, frame))


def _others(comparison: Comparison) -> list[Block]:
    """Every strategy, side by side."""
    content = compare.blocks(comparison)
    said = [Paragraph(f"{block.word}: {block.text}.") for block in content if isinstance(block, Lead)]
    return [Heading("The same request under every strategy"), *said, *[b for b in content if isinstance(b, Table)]]
