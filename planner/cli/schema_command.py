"""`schema`: the JSON Schemas, as they are published; what reads these documents is imported to say its shape."""

from __future__ import annotations

from collections.abc import Callable
from json import dumps

import click

from planner import report
from planner.batch.columns import column_table
from planner.cli.output import emit
from planner.report import bbm

__all__ = ["schema"]

_EPILOG = """\
A schema of a command's name is of what it writes with --format json; sweep and give-back are of size with that option,
proposal is of survey alone.

\b
Example:
  crashkernel-planner schema > report.schema.json
"""


_PUBLISHED = (
    *("report", "map", "procedure", "bbm", "batch"),
    *("need", "size", "sweep", "give-back", "default", "survey", "proposal"),
    *("compare", "explain", "fit", "diff", "verify"),
)


@click.command(epilog=_EPILOG)
@click.argument("what", type=click.Choice(_PUBLISHED), default="report")
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write atomically to FILE.")
def schema(what: str, output: str | None) -> None:
    """The JSON Schema of the report (the default), of a map or of another document; the columns of batch's tables."""
    from planner.report.json_schema import schema_of
    from planner.report.studies import DOCUMENTS
    from planner.sources.json import memory_map, procedure

    makers: dict[str, Callable[[], object]] = {
        "report": report.schema,
        "map": memory_map.schema,
        "procedure": procedure.schema,
        "bbm": bbm.schema,
        "batch": column_table,
    }
    made = schema_of(DOCUMENTS[what], what) if what in DOCUMENTS else makers[what]()
    emit(dumps(made, indent=2) + "\n", output)
