"""`kernels`: every kernel that is modelled, and what it does."""

from __future__ import annotations

from dataclasses import asdict
from json import dumps

import click

from planner.cli.options import FORMATS, output_options
from planner.cli.output import colored, columns, emit
from planner.kernel.described import KernelRow, kernel_rows
from planner.kernel.profiles import select_profile
from planner.render.blocks.model import Block, Facts, Heading
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
    rows = kernel_rows()
    if names:
        chosen = {s.row or s.profile.name for s in map(select_profile, names)}
        rows = tuple(row for row in rows if row.name in chosen or set(names) & {row.name, *row.aliases})
    if form == "json":
        data = {"schema_version": 1, "kernels": [asdict(row) for row in rows]}
        emit(dumps(data, indent=2) + "\n", output)
        return
    emit(lay_out(_told(rows), form, color=colored(color, output), width=columns(output)), output)


def _told(rows: tuple[KernelRow, ...]) -> list[Block]:
    """One paragraph a kernel, vendor by vendor: its text is too long for a column of a table."""
    blocks: list[Block] = []
    for vendor in dict.fromkeys(row.vendor for row in rows):
        blocks.append(Heading("Mainline and stable" if vendor == "mainline" else vendor))
        blocks += [_paragraph(row) for row in rows if row.vendor == vendor]
    return blocks


def _paragraph(row: KernelRow) -> Facts:
    return Facts(
        [
            ("Kernel", ", ".join((row.name, *row.aliases))),
            ("Versions", row.spans),
            ("Does", row.does),
            ("Certainty", f"{row.certainty} ({row.note})" if row.note else row.certainty),
            ("Source", row.source),
            *([("Built as", row.configuration)] if row.configuration else []),
        ]
    )
