"""`maps`: the bundled maps of real machines."""

from __future__ import annotations

from json import dumps
from typing import Any

import click

from planner.cli.options import FORMATS, output_options
from planner.cli.output import colored, columns, emit
from planner.render.blocks.maps import blocks
from planner.render.layout import lay_out
from planner.sources.samples import samples

__all__ = ["maps"]

_EPILOG = """\
Use one with --map sample:NAME.

\b
Example:
  crashkernel-planner maps
"""


@click.command(epilog=_EPILOG)
@output_options(*FORMATS)
def maps(form: str, output: str | None, color: str) -> None:
    """The bundled maps of real machines."""
    if form == "json":
        emit(dumps([_facts(sample) for sample in samples()], indent=2) + "\n", output)
        return

    emit(lay_out(blocks(samples()), form, color=colored(color, output), width=columns(output)), output)


def _facts(sample: Any) -> dict[str, Any]:
    return {"name": sample.name, "ram": sample.ram, "page_size": sample.page_size, "shows": sample.shows}
