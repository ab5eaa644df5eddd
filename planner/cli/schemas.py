"""The published schemas by name: of documents that are read, and of those that commands write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planner.batch import reading
from planner.batch.columns import column_table
from planner.batch.fleet import Summary
from planner.planning.result import Report
from planner.report.bbm import Cases
from planner.report.json_schema import schema_of
from planner.report.studies import DOCUMENTS
from planner.sources.json import memory_map, procedure

__all__ = ["NAMES", "schema_named"]

_READ: dict[str, Callable[[], dict[str, Any]]] = {
    "map": memory_map.schema,
    "procedure": procedure.schema,
    "batch": column_table,
    "record": reading.schema,
}
_WRITTEN: dict[str, type] = {"report": Report, "bbm": Cases, "summary": Summary, **DOCUMENTS}

NAMES = frozenset((*_READ, *_WRITTEN))
"""The names of all schemas."""


def schema_named(name: str) -> dict[str, Any]:
    """The schema with a name of `NAMES`, as plain data; that of `batch` is the columns of its tables."""
    return _READ[name]() if name in _READ else schema_of(_WRITTEN[name], name)
