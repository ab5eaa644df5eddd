"""`maps`: the bundled maps of real machines."""

from __future__ import annotations

import click

from planner.cli.options import FORMATS, output_options
from planner.cli.output import Out, emit
from planner.render.blocks.maps import blocks
from planner.report.document import laid_out
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
def maps(out: Out) -> None:
    """List the bundled maps of real machines."""
    if out.form == "json":
        keys = ("name", "ram", "page_size", "shows")
        emit(laid_out([{key: getattr(sample, key) for key in keys} for sample in samples()]), out.path)
    else:
        out.blocks(blocks(samples()))
