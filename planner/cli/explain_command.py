"""`explain`: the story of one plan, and what would help."""

from __future__ import annotations

from typing import Any

import click

from planner.cli.machine_input import read_machine
from planner.cli.options import (
    FORMATS,
    PICTURES,
    image_options,
    kernel_options,
    map_options,
    output_options,
    preset_form,
)
from planner.cli.output import emit, emit_result
from planner.cli.progress import progress
from planner.planning.plan import Options
from planner.render.blocks.explain import blocks
from planner.render.pages import explain as page
from planner.render.pictures import memory_picture, png
from planner.report.document import document
from planner.report.studies import explained
from planner.studies.explain import Explanation
from planner.studies.explain import explain as explain_plan

__all__ = ["explain"]

_EPILOG = """\
CRASHKERNEL is given as for `plan`. Long lists of gaps are told in short; --format json has every gap of every attempt,
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
@click.pass_context
def explain(
    ctx: click.Context,
    /,
    crashkernel: str | None,
    sources: tuple[str, ...],
    map_format: str | None,
    log: str | None,
    any_image: bool,  # noqa: FBT001 - click hands options over as they are
    image_size: int | None,
    form: str,
    output: str | None,
    color: str,
    **options: Any,
) -> None:
    """The story of one plan, attempt by attempt, and what would help."""
    machine = read_machine(sources, map_format=map_format, log=log, options=options)
    told = explain_plan(
        machine,
        crashkernel,
        Options(**options),
        any_image=any_image or image_size is not None,
        image_size=image_size,
        progress=progress("what would help"),
    )
    if form in {*PICTURES, "html"}:
        emit(_drawn(told, form), output)
    else:
        emit_result(form, output, color, blocks=lambda: blocks(told), document=lambda: explained(told))
    ctx.exit(0 if told.plan.reserved else 1)


def _drawn(told: Explanation, form: str) -> str | bytes:
    """Memory, the search and every position of the image as a picture, or the page."""
    if form == "html":
        return page.render(told, document(explained(told)))
    picture = memory_picture.draw(told.plan, over=[] if told.any_image is None else [told.any_image]).svg()
    return png.rendered(picture) if form == "png" else picture
