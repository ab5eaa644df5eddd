"""`explain`: the search of one plan, and what would help."""

from __future__ import annotations

from typing import Any

import click

from planner.cli.machine_input import read_machine
from planner.cli.options import FORMATS, Maps, image_options, kernel_options, map_options, output_options, preset_form
from planner.cli.output import PICTURES, Out
from planner.cli.progress import progress
from planner.planning.options import Options
from planner.render.blocks.explain import blocks
from planner.render.pages import explanation_page
from planner.render.pictures import memory_picture
from planner.studies.explain import explain as explain_plan

__all__ = ["explain"]

_EPILOG = """\
CRASHKERNEL is given as for `plan`. Long lists of gaps are shortened; --format json has every gap of every attempt,
and each change that would help as data: another request, options, ranges to free. Exit status: 0 memory is reserved; 1
it is not; 2 wrong usage or input.

\b
Example:
  crashkernel-planner explain 512M --map sample:altra-32g --kernel 6.1
"""


@click.command(epilog=_EPILOG)
@click.argument("crashkernel", required=False)
@map_options
@kernel_options
@preset_form
@image_options
@output_options(*FORMATS, *PICTURES)
def explain(
    crashkernel: str | None,
    maps: Maps,
    any_image: bool,  # noqa: FBT001 - click hands options over as they are
    image_size: int | None,
    out: Out,
    **options: Any,
) -> int:
    """Show the search of one plan, attempt by attempt, and what would help."""
    machine = read_machine(maps, options)
    explanation = explain_plan(
        machine,
        crashkernel,
        Options(**options),
        any_image=any_image,
        image_size=image_size,
        progress=progress("what would help"),
    )
    out.result(
        lambda: blocks(explanation),
        lambda: explanation,
        picture=lambda: memory_picture.draw(
            explanation.plan, over=[] if explanation.any_image is None else [explanation.any_image]
        ),
        page=lambda data: explanation_page(explanation, data),
    )
    return 0 if explanation.plan.reserved else 1
