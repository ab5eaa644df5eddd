"""`compare`: one machine, one request, every strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from planner.cli.machine_input import read_machine
from planner.cli.options import FORMATS, PICTURES, kernel_options, map_options, output_options, preset_form
from planner.cli.output import colored, columns, emit
from planner.cli.param_types import SIZE
from planner.planning.options import Options
from planner.render.blocks.compare import render
from planner.render.pages import compare as compare_page
from planner.render.pictures import png
from planner.report.document import document
from planner.studies.compare import make_comparison

if TYPE_CHECKING:
    from planner.studies.compare import Comparison

__all__ = ["compare"]

_EPILOG = """\
CRASHKERNEL is what `plan` takes. With --sizes each size takes the place of its size; ,high, ,low and an offset stay.
Exit status: 0 some strategy reserves memory; 1 none does; 2 wrong usage or input.

\b
Example:
  crashkernel-planner compare 512M --map sample:honeycomb-30g --kernel 6.1
"""


def _sizes(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, ...]:
    return tuple(SIZE.convert(part.strip(), param, ctx) for part in value.split(",")) if value is not None else ()


@click.command(epilog=_EPILOG)
@click.argument("crashkernel", required=False)
@map_options
@kernel_options
@preset_form
@click.option("--sizes", metavar="SIZE,...", callback=_sizes, help="Several sizes, such as 256M,512M,1G: a matrix.")
@click.option(
    "--aim",
    type=click.Choice(["protected", "fast", "small"]),
    default="protected",
    show_default=True,
    help="What the best row is best for.",
)
@output_options(*FORMATS, *PICTURES)
@click.pass_context
def compare(
    ctx: click.Context,
    /,
    crashkernel: str | None,
    sources: tuple[str, ...],
    map_format: str | None,
    log: str | None,
    sizes: tuple[int, ...],
    aim: str,
    form: str,
    output: str | None,
    color: str,
    **options: Any,
) -> None:
    """Every strategy on one machine, and which serves an aim best."""
    machine = read_machine(sources, map_format=map_format, log=log, options=options)
    result = make_comparison(machine, crashkernel, Options(**options), sizes=sizes, aim=aim)
    emit(_rendered(result, form, color=colored(color, output), width=columns(output)), output)
    ctx.exit(0 if result.reserved else 1)


# Every strategy is in every answer, so there is none to choose.
compare.params = [param for param in compare.params if param.name != "strategy"]


def _rendered(result: Comparison, form: str, *, color: bool, width: int) -> str | bytes:
    if form == "json":
        return document(result)
    if form in PICTURES:
        picture = compare_page.picture(result).svg()
        return png.rendered(picture) if form == "png" else picture
    if form == "html":
        return compare_page.render(result, document(result))

    return render(result, form, color=color, width=width)
