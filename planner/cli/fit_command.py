"""`fit`: the largest crash kernel a machine can give."""

from __future__ import annotations

from typing import Any

import click

from planner.cli.machine_input import read_machine
from planner.cli.options import FORMATS, Maps, image_options, kernel_options, map_options, output_options
from planner.cli.output import PICTURES, Out
from planner.cli.param_types import SIZE_OR_ZERO
from planner.planning.options import Options
from planner.render.blocks.fit import blocks
from planner.render.pages import fit_page
from planner.render.pictures import chart
from planner.studies.fit import fit as fit_machine

__all__ = ["fit"]

_EPILOG = """\
CRASHKERNEL gives the form of the request: its suffix, offset and low part matter, its size does not (",high" alone is
enough); without it the form is plain. "largest" is the largest size, in whole pages, for which the plan is aligned, and
for which memory is reserved at all; "next best location" is the largest size if that place were taken. Exit status: 0
some size is reserved; 1 none is; 2 wrong usage or input.

\b
Example:
  crashkernel-planner fit --map sample:honeycomb-30g --keep-low 512M
"""


@click.command(epilog=_EPILOG)
@click.argument("crashkernel", required=False)
@map_options
@kernel_options
@click.option("--high", is_flag=True, help="A ,high request; the same as giving ,high as CRASHKERNEL.")
@click.option(
    "--keep-low",
    metavar="SIZE",
    type=SIZE_OR_ZERO,
    default=0,
    help="Leave at least this much free below the DMA limit, in any number of pieces, after the tail is freed.",
)
@image_options
@output_options(*FORMATS, *PICTURES)
def fit(
    crashkernel: str | None,
    maps: Maps,
    high: bool,  # noqa: FBT001 - click hands options over as they are
    keep_low: int,
    any_image: bool,  # noqa: FBT001 - likewise
    image_size: int | None,
    out: Out,
    **options: Any,
) -> int:
    """Find the largest crash kernel that fits on a machine."""
    if high and crashkernel is not None:
        raise click.UsageError("--high and CRASHKERNEL both give the form of the request")
    if high and options["preset"] is not None:
        options["preset"] += ",high"
    machine = read_machine(maps, options)
    found = fit_machine(
        machine,
        ",high" if high and options["preset"] is None else crashkernel,
        Options(**options),
        keep_low=keep_low,
        any_image=any_image,
        image_size=image_size,
    )
    out.result(
        lambda: blocks(found),
        lambda: found,
        picture=lambda: chart.draw_fit(found, over=[] if found.any_image is None else found.any_image.at),
        page=lambda data: fit_page(found, data),
    )
    return 0 if found.largest.reserved is not None else 1
