"""`schema`: the JSON Schemas, as they are published."""

from __future__ import annotations

from json import dumps

import click

from planner import report
from planner.batch.columns import column_table
from planner.cli.output import emit
from planner.report import bbm
from planner.sources.json import memory_map, procedure

__all__ = ["schema"]

_EPILOG = """\
\b
Example:
  crashkernel-planner schema > report.schema.json
"""


_PUBLISHED = {
    "report": report.schema,
    "map": memory_map.schema,
    "procedure": procedure.schema,
    "bbm": bbm.schema,
    "batch": column_table,
}


@click.command(epilog=_EPILOG)
@click.argument("what", type=click.Choice(list(_PUBLISHED)), default="report")
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write atomically to FILE.")
def schema(what: str, output: str | None) -> None:
    """The JSON Schema of the report (the default), of a map, a procedure or bbm, or the columns of batch's tables."""
    emit(dumps(_PUBLISHED[what](), indent=2) + "\n", output)
