"""`schema`: the published JSON Schemas.

The schemas are imported when one is printed: pydantic makes them, which `schema --help` does not need.
"""

from __future__ import annotations

from json import dumps

import click

from planner.cli.options import file_option
from planner.cli.output import emit

__all__ = ["PUBLISHED", "schema"]

PUBLISHED = (
    *("report", "map", "procedure", "bbm", "batch", "record"),
    *("need", "size", "sweep", "give-back", "default", "survey", "proposal"),
    *("compare", "explain", "fit", "diff", "parse", "verify", "summary"),
)
"""The names of the schemas, in the order of the help."""

_EPILOG = f"""\
NAME is one of {", ".join(PUBLISHED)}. The schema named after a command describes what it writes with --format json;
sweep and give-back are of size with that option, proposal is of survey alone, and summary of batch with that option.
record describes what batch reads.

\b
Example:
  crashkernel-planner schema > report.schema.json
"""


@click.command(epilog=_EPILOG)
@click.argument("what", metavar="[NAME]", type=click.Choice(PUBLISHED), default="report")
@file_option()
def schema(what: str, output: str | None) -> None:
    """Print the JSON Schema of a document, by default of the report, or the columns of batch's tables."""
    from planner.cli.schemas import schema_named

    emit(dumps(schema_named(what), indent=2) + "\n", output)
