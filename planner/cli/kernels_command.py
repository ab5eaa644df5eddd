"""`kernels`: every kernel that is modelled, and what it does."""

from __future__ import annotations

from dataclasses import asdict
from json import dumps

import click

from planner.cli.options import FORMATS, output_options
from planner.cli.output import colored, columns, emit
from planner.kernel.described import described
from planner.render.blocks.kernels import blocks
from planner.render.layout import lay_out

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
@click.argument("names", nargs=-1, metavar="[NAME]...")
@output_options(*FORMATS)
def kernels(names: tuple[str, ...], form: str, output: str | None, color: str) -> None:
    """The kernels that are modelled: spans, what each does, source, certainty."""
    rows = described(names)
    if form == "json":
        data = {"schema_version": 1, "kernels": [asdict(row) for row in rows]}
        emit(dumps(data, indent=2) + "\n", output)
        return
    emit(lay_out(blocks(rows), form, color=colored(color, output), width=columns(output)), output)
