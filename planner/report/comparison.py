"""The JSON of a comparison: plain data with documented keys. Integers are bytes; ranges are half-open.

Imports the report of plans and the result's types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.planning.result import SCHEMA_VERSION
from planner.report import kernel_to_dict, leaves_to_dict, range_to_dict, waste_to_dict

if TYPE_CHECKING:
    from planner.studies.compare import Comparison, Row

__all__ = ["comparison_to_dict", "to_json"]


def comparison_to_dict(comparison: Comparison) -> dict[str, Any]:
    """A comparison as plain dicts, lists and values.

    kernel: as in the report of the `mainline` plan. best, reason: for the first of `sizes`; every row says whether it
    is the best for its own size. Each row's waste is that of the plan's report.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "request": comparison.request,
        "source": comparison.source,
        "ram": comparison.ram,
        "kernel": kernel_to_dict(comparison.kernel),
        "aim": comparison.aim,
        "sizes": list(comparison.sizes),
        "best": comparison.best,
        "reason": comparison.reason,
        "rows": [_row(row) for row in comparison.rows],
        "notes": list(comparison.notes),
    }


def to_json(comparison: Comparison) -> str:
    """The comparison as JSON text; ASCII, ends with a newline."""
    from json import dumps  # noqa: PLC0415 - only for this format

    return dumps(comparison_to_dict(comparison), indent=2) + "\n"


def _row(row: Row) -> dict[str, Any]:
    return {
        "size": row.size,
        "strategy": row.strategy,
        "outcome": row.outcome,
        "crash": range_to_dict(row.crash),
        "low": range_to_dict(row.low),
        "area": range_to_dict(row.area),
        "protected": row.protected,
        "bytes": leaves_to_dict(row.bytes),
        "table_bytes": row.table_bytes,
        "tlb_entries": row.tlb_entries,
        "extra_table_bytes": row.waste.extra_table_bytes,
        "extra_tlb_entries": row.waste.extra_tlb_entries,
        "waste": waste_to_dict(row.waste),
        "needs": row.needs,
        "bbm_level": row.bbm_level,
        "no_conflict_aborts": row.no_aborts,
        "boot_time_only": row.boot_time_only,
        "one_cpu": row.one_cpu,
        "since": row.since,
        "obstacle": row.obstacle,
        "best": row.best,
    }
