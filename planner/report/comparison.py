"""The JSON of a comparison: plain data with documented keys. Integers are bytes; ranges are half-open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.planning.result import SCHEMA_VERSION
from planner.report.document import laid_out, plain

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
        "kernel": plain(comparison.kernel),
        "aim": comparison.aim,
        "sizes": list(comparison.sizes),
        "best": comparison.best,
        "reason": comparison.reason,
        "rows": [_row(row) for row in comparison.rows],
        "notes": list(comparison.notes),
    }


def to_json(comparison: Comparison) -> str:
    """The comparison as JSON text; ASCII, ends with a newline."""
    return laid_out(comparison_to_dict(comparison))


def _row(row: Row) -> dict[str, Any]:
    return {
        "size": row.size,
        "strategy": row.strategy,
        "outcome": row.outcome,
        "crash": plain(row.crash),
        "low": plain(row.low),
        "area": plain(row.area),
        "protected": row.protected,
        "protection": row.protection,
        "bytes": plain(row.bytes),
        "table_bytes": row.table_bytes,
        "tlb_entries": row.tlb_entries,
        "extra_table_bytes": row.waste.extra_table_bytes,
        "extra_tlb_entries": row.waste.extra_tlb_entries,
        "waste": plain(row.waste),
        "needs": row.needs,
        "bbm_level": row.bbm_level,
        "no_conflict_aborts": row.no_aborts,
        "boot_time_only": row.boot_time_only,
        "one_cpu": row.one_cpu,
        "since": row.since,
        "obstacle": row.obstacle,
        "best": row.best,
    }
