"""`compare`: one machine, one request, every strategy."""

from __future__ import annotations

from typing import Any

import click

from planner.cli.machine_input import read_machine
from planner.cli.options import FORMATS, Maps, kernel_options, map_options, output_options, preset_form
from planner.cli.output import PICTURES, Out
from planner.cli.param_types import Value
from planner.planning.options import Options
from planner.planning.values import size
from planner.render.blocks.compare import blocks
from planner.render.pages import comparison_page, comparison_picture
from planner.studies.compare import make_comparison

__all__ = ["compare"]

_EPILOG = """\
CRASHKERNEL is what `plan` takes. With --sizes each size replaces the size in it; ,high, ,low and an offset stay.
Exit status: 0 some strategy reserves memory; 1 none does; 2 wrong usage or input.

\b
Example:
  crashkernel-planner compare 512M --map sample:honeycomb-30g --kernel 6.1
"""


def _sizes(value: str) -> tuple[int, ...]:
    """Several sizes. Raises BadValue."""
    return tuple(size(part.strip()) for part in value.split(","))


@click.command(epilog=_EPILOG)
@click.argument("crashkernel", required=False)
@map_options
@kernel_options
@preset_form
@click.option(
    "--sizes",
    metavar="SIZE,...",
    type=Value("sizes", _sizes),
    help="Several sizes, such as 256M,512M,1G: a matrix.",
)
@click.option(
    "--aim",
    type=click.Choice(["protected", "fast", "small"]),
    default="protected",
    show_default=True,
    help="The aim that decides which row is the best.",
)
@output_options(*FORMATS, *PICTURES)
def compare(
    crashkernel: str | None,
    maps: Maps,
    sizes: tuple[int, ...] | None,
    aim: str,
    out: Out,
    **options: Any,
) -> int:
    """Compare all strategies on one machine, and name the best for an aim."""
    machine = read_machine(maps, options)
    result = make_comparison(machine, crashkernel, Options(**options), sizes=sizes or (), aim=aim)
    out.result(
        lambda: blocks(result),
        lambda: result,
        picture=lambda: comparison_picture(result),
        page=lambda data: comparison_page(result, data),
    )
    return 0 if result.reserved else 1


# Every strategy is compared, so there is no option --strategy.
compare.params = [param for param in compare.params if param.name != "strategy"]
