"""`parse`: a `crashkernel=` value as the kernel reads it, step by step."""

from __future__ import annotations

import click

from planner.base.text import valid_utf8
from planner.cli.options import FORMATS, output_options
from planner.cli.output import Out
from planner.cli.param_types import KERNEL, SIZE
from planner.kernel.profiles import NEWEST, Selection, stated_profile
from planner.planning.request import doubt_of_reading, reading
from planner.render.blocks.parse import asked, blocks
from planner.report.parsed import parsed

__all__ = ["parse"]

_EPILOG = """\
Exit status: 0 the kernel would go on to reserve memory; 1 it would not; 2 wrong usage or input.

\b
Example:
  crashkernel-planner parse 2G-4G:256M,4G-:512M --ram 8G
"""


@click.command(epilog=_EPILOG)
@click.argument("value")
@click.option("--ram", metavar="SIZE", type=SIZE, required=True, help="How much memory the machine has.")
@click.option(
    "--kernel",
    metavar="VERSION",
    type=KERNEL,
    help="Kernel, as uname -r prints it, or a name that the command kernels lists; by default the newest known.",
)
@output_options(*FORMATS)
def parse(value: str, ram: int, kernel: str | None, out: Out) -> int:
    """Show how the kernel reads a crashkernel= value, step by step."""
    selection = stated_profile(kernel) if kernel else Selection(NEWEST)
    value = valid_utf8(value)
    result = reading(value, ram, selection.profile)
    name = selection.profile.name
    unsure = doubt_of_reading(value, ram, selection if kernel else None, result)
    out.result(
        lambda: blocks(result, asked(value, ram, name), selection.note, unsure=unsure),
        lambda: parsed(value, ram, selection, result, unsure),
    )
    return 0 if result.valid else 1
