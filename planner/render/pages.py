"""Results as pages: pictures, drawn for wide and for narrow screens, and tables, around the JSON of the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from planner.base.text import together
from planner.batch.fleet import MOST_DRAWN, Fleet
from planner.planning.result import Plan
from planner.render.blocks import batch, compare, explain, fit, numbers, size, survey
from planner.render.blocks import plan as plan_blocks
from planner.render.blocks.model import Block, Heading, Lead, Paragraph, Table, Terms
from planner.render.blocks.sentences import doubts_said
from planner.render.formats.html import Figure, page
from planner.render.pictures import chart, heat_map, images, memory_picture, strips
from planner.render.pictures.canvas import WHOLE, Canvas, Frame
from planner.studies.compare import Comparison
from planner.studies.explain import Explanation
from planner.studies.fit import Fit
from planner.studies.kaslr import Chances
from planner.studies.survey import Row, Surveyed
from planner.studies.sweep import Sweep

__all__ = [
    "BROAD",
    "NARROW",
    "READING",
    "comparison_page",
    "comparison_picture",
    "explanation_page",
    "figure",
    "fit_page",
    "fleet_page",
    "note_of",
    "plan_page",
    "proposal_page",
    "survey_page",
    "sweep_page",
]

BROAD, NARROW = 720, 288
"""Widths of a page's pictures on wide and on narrow screens: on 320 pixels no text is smaller than 9."""


def figure(title: str, draw: Callable[[Frame], Canvas], name: str = "") -> Figure:
    """Both drawings. name: begins their ids; the drawings without one carry the style sheet of all."""
    wide = Frame(BROAD, f"wide{name}", style=not name, caption=False)
    narrow = Frame(NARROW, f"narrow{name}", style=False, caption=False)
    return Figure(title, draw(wide).svg(), draw(narrow).svg())


# -- one machine ------------------------------------------------------------------------------------------------

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


def plan_page(plan: Plan, data: str, comparison: Comparison | None = None) -> str:
    """The page of a plan. data: its JSON report. comparison: the same request under every strategy."""
    content = plan_blocks.blocks(plan, wide=True)
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
    return figure("memory", lambda frame: memory_picture.draw(plan, frame))


def _others(comparison: Comparison) -> list[Block]:
    """Every strategy, side by side."""
    content = compare.blocks(comparison)
    leads = [Paragraph(f"{block.word}: {block.text}.") for block in content if isinstance(block, Lead)]
    return [Heading("The same request under every strategy"), *leads, *[b for b in content if isinstance(b, Table)]]


def explanation_page(explanation: Explanation, data: str) -> str:
    """The page of an explanation. data: its JSON."""
    plan = explanation.plan
    figures = [memory_figure(plan)]
    if explanation.any_image is not None:
        figures.append(image_figure([explanation.any_image]))
    title = f"How {plan.request.text or 'nothing'} is placed on {plan.memory.source}: {plan.reservation.outcome}"
    return page(title, explain.blocks(explanation), figures=figures, data=data)


def image_figure(over: Sequence[Chances]) -> Figure:
    """Outcomes by position of the kernel image."""
    return figure("kernel image positions", lambda frame: images.draw(over, frame), "-image")


def comparison_picture(comparison: Comparison, frame: Frame = WHOLE) -> Canvas:
    """One strip for each group of strategies and sizes."""
    several = len(comparison.sizes) > 1
    shown = [
        strips.Strip(
            f"{row.strategy} ({numbers.size(row.size)})" if several else row.strategy, row.plan, row.best, row.obstacle
        )
        for row in comparison.rows
    ]
    return strips.draw(_title(comparison), shown, frame, doubt=doubts_said(comparison.kernel, comparison.doubt))


def comparison_page(comparison: Comparison, data: str) -> str:
    """The page of a comparison. data: its JSON."""
    figures = [figure("strategies", lambda frame: comparison_picture(comparison, frame))]
    return page(_title(comparison), compare.blocks(comparison), figures=figures, data=data)


def _title(comparison: Comparison) -> str:
    return f"Strategies for {compare.requested(comparison)} on {comparison.source}"


def fit_page(found: Fit, data: str) -> str:
    """The page of a fit. data: its JSON."""
    figures = [figure("outcome by size", lambda frame: chart.draw_fit(found, frame))]
    if found.any_image is not None and found.any_image.at:
        figures.append(image_figure(found.any_image.at))
    return page(f"The largest crash kernel of {found.source}", fit.blocks(found), figures=figures, data=data)


def sweep_page(swept: Sweep, data: str, defaults: Sequence[tuple[str, int]] = ()) -> str:
    """The page of a sweep. data: its JSON. defaults: names and sizes of distributions' defaults."""
    figures = [figure("sizes", lambda frame: chart.draw(swept, frame, defaults=defaults))]
    title = f"Sizes from {numbers.size(swept.least)} to {numbers.size(swept.most)} on {swept.source}"
    return page(title, size.sweep(swept), figures=figures, data=data)


# -- many machines ----------------------------------------------------------------------------------------------


def survey_page(rows: Sequence[Row], data: str) -> str:
    """The page of candidates on machines. data: its JSON."""
    return _heat_map_page("Requests on machines", survey.tabulated(rows), heat_map.cells_of(rows), data)


def proposal_page(machines: Sequence[Surveyed], data: str) -> str:
    """The page of the survey whether the proposal would have worked. data: its JSON."""
    return _heat_map_page("Would it have worked?", survey.blocks(machines), heat_map.cells_of_proposal(machines), data)


def fleet_page(fleet: Fleet, data: str) -> str:
    """The page of a batch's summary. data: its JSON."""
    return _heat_map_page("A fleet", batch.blocks(fleet), heat_map.cells_of_fleet(fleet.drawn), data, note_of(fleet))


def note_of(fleet: Fleet) -> str:
    """The number of machines drawn, where these are not all, and the number of those in doubt."""
    first = f"the first {MOST_DRAWN} of {fleet.records:,} machines" if fleet.records > MOST_DRAWN else ""
    return together(first, batch.doubts_of(fleet.all))


def _heat_map_page(
    title: str, content: Sequence[Block], cells: Sequence[heat_map.Cell], data: str, note: str = ""
) -> str:
    drawn = figure("outcomes", lambda frame: heat_map.draw(cells, frame, note=note))
    return page(title, content, figures=[drawn], data=data)
