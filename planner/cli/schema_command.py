"""`schema`: the JSON Schemas, as they are published."""

from __future__ import annotations

import click

from planner.cli.output import emit

__all__ = ["schema"]

_EPILOG = """\
\b
Example:
  crashkernel-planner schema > report.schema.json
"""


@click.command(epilog=_EPILOG)
@click.argument("what", type=click.Choice(["report", "map", "procedure", "bbm", "batch"]), default="report")
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write to this file, whole or not at all.")
def schema(what: str, output: str | None) -> None:
    """The JSON Schema of the report (the default), of a map, a procedure or bbm, or the columns of batch's tables."""
    from json import dumps  # noqa: PLC0415 - `--help` stays at click's own cost

    if what == "map":
        from planner.sources.json.memory_map import schema as published  # noqa: PLC0415 - likewise
    elif what == "procedure":
        from planner.sources.json.procedure import schema as published  # noqa: PLC0415 - likewise
    elif what == "bbm":
        from planner.report.bbm import schema as published  # noqa: PLC0415 - likewise
    elif what == "batch":
        from planner.batch.columns import column_table as published  # noqa: PLC0415 - likewise
    else:
        from planner.report import schema as published  # noqa: PLC0415 - likewise
    emit(dumps(published(), indent=2) + "\n", output)
