"""`maps`: the bundled maps of real machines."""

from __future__ import annotations

from json import dumps
from typing import Any

import click

from planner.cli.options import FORMATS, output_options
from planner.cli.output import colored, columns, emit
from planner.render.blocks.model import Table
from planner.render.blocks.numbers import column, size
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

    ram = column([s.ram for s in samples()])
    rows: list[tuple[str, ...]] = [
        (s.name, ram[n], size(s.page_size) if s.page_size else "?", s.shows) for n, s in enumerate(samples())
    ]
    head = ("name", "RAM", "pages", "what it shows")
    table = Table("Bundled maps, for --map sample:NAME", "lrrl", head, rows)
    emit(lay_out([table], form, color=colored(color, output), width=columns(output)), output)


def _facts(sample: Any) -> dict[str, Any]:
    return {"name": sample.name, "ram": sample.ram, "page_size": sample.page_size, "shows": sample.shows}
