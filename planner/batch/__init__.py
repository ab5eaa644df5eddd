"""Plans of a fleet of machines: in one run, in tables, or inside a data engine.

    plan_batches(batches)         record batches in, record batches out: Spark, Ray, Dask (extra `batch`)
    input_schema, output_schema   the Arrow schemas of both; ddl: the second in Spark's syntax
    to_arrow(plans)               plans as a table, which `.to_pandas()` makes a data frame
    answer_record(record, ...)    one record as decoded from JSON Lines
    run_batch, summarize          the work of the command

Names are resolved on first use: importing this package loads neither pyarrow nor pydantic.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.batch.columns import ddl, input_schema, output_schema, to_arrow
    from planner.batch.defaults import Defaults
    from planner.batch.engines import plan_batches
    from planner.batch.records import Answer, answer_record
    from planner.batch.running import open_input, run_batch, summarize
    from planner.batch.work import Counts, Job

__all__ = [
    "Answer",
    "Counts",
    "Defaults",
    "Job",
    "answer_record",
    "ddl",
    "input_schema",
    "open_input",
    "output_schema",
    "plan_batches",
    "run_batch",
    "summarize",
    "to_arrow",
]

_NAMES = {
    "columns": ("ddl", "input_schema", "output_schema", "to_arrow"),
    "defaults": ("Defaults",),
    "engines": ("plan_batches",),
    "records": ("Answer", "answer_record"),
    "running": ("open_input", "run_batch", "summarize"),
    "work": ("Counts", "Job"),
}
"""The public names of each module."""


if not TYPE_CHECKING:  # a checker sees a wrong name

    def __getattr__(name: str) -> Any:
        home = next((module for module, names in _NAMES.items() if name in names), None)
        if home is None:
            raise AttributeError(f"module 'planner.batch' has no attribute {name!r}")

        value = getattr(import_module(f"planner.batch.{home}"), name)
        globals()[name] = value
        return value
