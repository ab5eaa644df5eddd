"""The report of a plan as plain data and as JSON text."""

from __future__ import annotations

from json import JSONEncoder
from typing import Any

from planner.planning.result import SCHEMA_VERSION, Report
from planner.report.document import laid_out, plain

__all__ = ["to_dict", "to_json"]


def to_dict(plan: Report) -> dict[str, Any]:
    """The report of one plan: dicts, lists and values, with the documented keys."""
    return {"schema_version": SCHEMA_VERSION, **plain(plan)}


def to_json(plan: Report, *, compact: bool = False) -> str:
    """The report as JSON text; ASCII, ends with a newline. compact: without any blanks, for a page that carries it."""
    if compact:
        return JSONEncoder(separators=(",", ":")).encode(to_dict(plan)) + "\n"
    return laid_out(to_dict(plan))
