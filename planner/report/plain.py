"""Typed results as plain data for JSON: the keys are the field names. Imports the value types only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.ranges import Range
from planner.report import to_dict
from planner.result import SCHEMA_VERSION, Plan

__all__ = ["document", "plain"]


def document(fields: Mapping[str, Any]) -> str:
    """A JSON document of this schema version: `fields` in their order, short values on a line of their own."""
    from json import JSONEncoder  # noqa: PLC0415 - only where JSON is written

    from planner.report import layout  # noqa: PLC0415 - likewise

    return layout({"schema_version": SCHEMA_VERSION, **plain(fields)}, JSONEncoder().encode, "") + "\n"


def plain(value: Any) -> Any:
    """Dicts, lists and values. A `Range` has its size too; a plan is its report."""
    if isinstance(value, Plan):
        return to_dict(value)
    if isinstance(value, Range):
        return {"start": value.start, "end": value.end, "size": value.size}
    names = getattr(type(value), "__match_args__", None)
    if names is not None:
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value
