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
\b
Example:
  crashkernel-planner schema > report.schema.json
"""


_PUBLISHED = ("report", "map", "procedure", "bbm", "batch")


@click.command(epilog=_EPILOG)
@click.argument("what", type=click.Choice(_PUBLISHED), default="report")
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write atomically to FILE.")
def schema(what: str, output: str | None) -> None:
    """The JSON Schema of the report (the default), of a map, a procedure or bbm, or the columns of batch's tables."""
    from planner.sources.json import memory_map, procedure

    makers: dict[str, Callable[[], object]] = {
        "report": report.schema,
        "map": memory_map.schema,
        "procedure": procedure.schema,
        "bbm": bbm.schema,
        "batch": column_table,
    }
    emit(dumps(makers[what](), indent=2) + "\n", output)
