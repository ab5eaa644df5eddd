"""`schema`: the JSON Schemas, as they are published; what makes them, and what reads documents, is imported for it."""

from __future__ import annotations

from json import dumps

import click

from planner.batch.columns import column_table
from planner.batch.fleet import Summary
from planner.cli.options import file_option
from planner.cli.output import emit
from planner.planning.result import Report
from planner.report.bbm import Cases
from planner.report.studies import DOCUMENTS

__all__ = ["schema"]

_PUBLISHED = (
    *("report", "map", "procedure", "bbm", "batch", "record"),
    *("need", "size", "sweep", "give-back", "default", "survey", "proposal"),
    *("compare", "explain", "fit", "diff", "parse", "verify", "summary"),
)

_EPILOG = f"""\
NAME is one of {", ".join(_PUBLISHED)}. The schema named after a command describes what it writes with --format json;
sweep and give-back are of size with that option, proposal is of survey alone, and summary of batch with that option.
record describes what batch reads.

\b
Example:
  crashkernel-planner schema > report.schema.json
"""


@click.command(epilog=_EPILOG)
@click.argument("what", metavar="[NAME]", type=click.Choice(_PUBLISHED), default="report")
@file_option()
def schema(what: str, output: str | None) -> None:
    """Print the JSON Schema of a document, by default of the report, or the columns of batch's tables."""
    from planner.batch import reading
    from planner.report.json_schema import schema_of
    from planner.sources.json import memory_map, procedure

    read = {"map": memory_map.schema, "procedure": procedure.schema, "batch": column_table, "record": reading.schema}
    written = {"report": Report, "bbm": Cases, "summary": Summary, **DOCUMENTS}
    made = read[what]() if what in read else schema_of(written[what], what)
    emit(dumps(made, indent=2) + "\n", output)
