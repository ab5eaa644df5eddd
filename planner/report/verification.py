"""A verification as JSON: integers are bytes, ranges half-open."""

from __future__ import annotations

import json
from typing import Any

from planner.base.ranges import Range
from planner.planning.result import SCHEMA_VERSION
from planner.studies.verify import Verification

__all__ = ["to_json"]


def to_json(result: Verification) -> str:
    """The verdict of each source, and how many there are of each kind."""
    outcomes = ("agreed", "disagreed", "not checkable")
    document = {
        "schema_version": SCHEMA_VERSION,
        "sources": [
            {
                "source": verdict.source,
                "outcome": verdict.outcome,
                "profile": verdict.profile,
                "recorded": _parts(verdict.recorded),
                "planned": _parts(verdict.planned),
                "checks": [{"what": c.what, "outcome": c.outcome, "why": c.why} for c in verdict.checks],
                "notes": list(verdict.notes),
            }
            for verdict in result.verdicts
        ],
        "counts": {outcome.replace(" ", "_"): result.count(outcome) for outcome in outcomes},  # type: ignore[arg-type]
    }
    return json.dumps(document, indent=2) + "\n"


def _parts(parts: tuple[Range | None, Range | None]) -> dict[str, Any]:
    return {
        name: {"start": r.start, "end": r.end, "size": r.size} if r is not None else None
        for name, r in zip(("crash", "low"), parts, strict=True)
    }
