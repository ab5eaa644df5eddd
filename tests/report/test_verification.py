"""The JSON of a verification: the verdict of each source, and how many there are of each kind."""

from __future__ import annotations

import json

from planner.base.ranges import Range
from planner.base.sizes import GIB, MIB
from planner.report.verification import to_json
from planner.studies.verify import Check, Verdict, Verification

CRASH, LOW = Range(3 * GIB, 3 * GIB + 512 * MIB), Range(GIB, GIB + 128 * MIB)


def verdict(source: str, *outcomes: str) -> Verdict:
    """One check for each outcome."""
    checks = tuple(Check("placement", outcome, f"because {outcome}") for outcome in outcomes)  # type: ignore[arg-type]
    return Verdict(source, checks, "6.12", recorded=(CRASH, LOW), planned=(CRASH, None), notes=("a note",))


ALL = Verification(
    (
        verdict("a", "agreed"),
        verdict("b", "agreed", "disagreed"),
        verdict("c", "not checkable"),
        verdict("d", "not checkable", "agreed"),
    )
)


def test_each_source_has_its_verdict_and_its_checks() -> None:
    document = json.loads(to_json(ALL))
    assert list(document) == ["schema_version", "sources", "counts"]
    assert [(s["source"], s["outcome"]) for s in document["sources"]] == [
        ("a", "agreed"),
        ("b", "disagreed"),
        ("c", "not checkable"),
        ("d", "agreed"),
    ]
    assert document["sources"][1]["checks"][1] == {
        "what": "placement",
        "outcome": "disagreed",
        "why": "because disagreed",
    }


def test_what_was_recorded_stands_beside_what_is_planned() -> None:
    """Main and low part; null where there is none."""
    source = json.loads(to_json(ALL))["sources"][0]
    assert source["recorded"]["crash"] == {"start": CRASH.start, "end": CRASH.end, "size": CRASH.size}
    assert source["recorded"]["low"]["start"] == LOW.start
    assert source["planned"]["low"] is None
    assert (source["profile"], source["notes"]) == ("6.12", ["a note"])


def test_how_many_there_are_of_each_kind() -> None:
    assert json.loads(to_json(ALL))["counts"] == {"agreed": 2, "disagreed": 1, "not_checkable": 1}
