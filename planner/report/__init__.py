"""The report of a plan, and every other result, as plain data and as JSON text."""

from __future__ import annotations

from planner.report.document import to_dict, to_json

__all__ = ["to_dict", "to_json"]
