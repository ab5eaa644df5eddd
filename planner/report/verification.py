"""A verification as JSON: integers are bytes, ranges half-open."""

from __future__ import annotations

from typing import Any

from planner.report.document import document, plain
from planner.studies.verify import Verdict, Verification

__all__ = ["to_json"]


def to_json(result: Verification) -> str:
    """The verdict of each source, and how many there are of each kind."""
    outcomes = ("agreed", "disagreed", "not checkable")
    counts = {outcome.replace(" ", "_"): result.count(outcome) for outcome in outcomes}  # type: ignore[arg-type]
    return document({"sources": [_verdict(verdict) for verdict in result.verdicts], "counts": counts})


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "source": verdict.source,
        "outcome": verdict.outcome,
        "profile": verdict.profile,
        "recorded": dict(zip(("crash", "low"), verdict.recorded, strict=True)),
        "planned": dict(zip(("crash", "low"), verdict.planned, strict=True)),
        "checks": plain(verdict.checks),
        "notes": verdict.notes,
    }
