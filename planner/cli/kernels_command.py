"""`kernels`: every kernel that is modelled, and what it does."""

from __future__ import annotations

import click

from planner.cli.options import FORMATS, output_options
from planner.cli.output import Out
from planner.cli.param_types import KERNEL
from planner.render.blocks.kernels import blocks
from planner.studies.kernels import described

__all__ = ["kernels"]

_EPILOG = """\
A name, an alias or a version as `uname -r` prints it is what --kernel takes. Certainty: read in the source; configured:
the built configuration was read, the code is taken as mainline's; inferred from neighbours; unknown: the nearest
mainline kernel is shown.

\b
Example:
  crashkernel-planner kernels --format markdown
"""


@click.command(epilog=_EPILOG)
@click.argument("names", nargs=-1, metavar="[NAME]...", type=KERNEL)
@output_options(*FORMATS)
def kernels(names: tuple[str, ...], out: Out) -> None:
    """List the kernels that are modelled: versions, behaviour, source, certainty."""
    rows = described(names)
    out.result(lambda: blocks(rows), lambda: {"kernels": rows})
