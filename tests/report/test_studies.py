"""The documents of studies: documented keys in their order, numbers that belong together, and published shapes.

Whole documents are in tests/golden/asked; tests/cli validates the commands' output with the schemas.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from planner.base.ranges import Range
from planner.base.sizes import GIB, MIB
from planner.kernel.profiles import NEWEST, select_profile
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.request import reading
from planner.planning.strategies import STRATEGIES
from planner.report import to_dict
from planner.report.diff import differences
from planner.report.document import to_json
from planner.report.json_schema import schema_of
from planner.report.parsed import parsed
from planner.report.studies import DOCUMENTS, Proposal, Survey, sized
from planner.studies.check import Check
from planner.studies.compare import make_comparison
from planner.studies.default import FleetMachine, default
from planner.studies.explain import explain
from planner.studies.fit import fit
from planner.studies.give_back import give_back
from planner.studies.need import need
from planner.studies.need_inputs import Given
from planner.studies.recommend import Goal, recommend
from planner.studies.size import presets
from planner.studies.survey import Candidates, survey, tabulate
from planner.studies.sweep import sweep
from planner.studies.verify import Parts, Verdict, verdict, verification
from tests.planning.machines import machine
from tests.studies.test_explain import crowded

OWN = machine(kernel="6.12")
CRASH, LOW = Range(3 * GIB, 3 * GIB + 512 * MIB), Range(GIB, GIB + 128 * MIB)


def told(result: object) -> dict[str, Any]:
    """A document, parsed again."""
    made: dict[str, Any] = json.loads(to_json(result))
    assert made.pop("schema_version") == 1
    return made


def checked(source: str, *outcomes: str) -> Verdict:
    """One check for each outcome."""
    checks = [Check("placement", outcome, f"because {outcome}") for outcome in outcomes]  # type: ignore[arg-type]
    recorded, planned = Parts(CRASH, LOW), Parts(CRASH)
    return verdict(
        source, *checks, kernel="6.12.1", profile="6.12", recorded=recorded, planned=planned, notes=("a note",)
    )


VERIFIED = verification(
    [
        checked("a", "agreed"),
        checked("b", "agreed", "disagreed"),
        checked("c", "not checkable"),
        checked("d", "not checkable", "agreed"),
    ]
)

GIVEN_BACK = (
    "source freed_bytes boot kernel before asked after refused freed crash low table_bytes base_pages "
    "low_free_after reboot reboot_crashkernel notes doubt"
)

MADE: dict[str, tuple[Callable[[], object], str]] = {
    "compare": (
        lambda: make_comparison(machine(), "256M", sizes=[256 * MIB, GIB]),
        "request source ram kernel aim sizes best reason rows notes doubt",
    ),
    "default": (
        lambda: default([FleetMachine("a", OWN, Options(), 256 * MIB)]),
        "crashkernel machines served bytes failed others wasted entries longer notes doubtful",
    ),
    "diff": (
        lambda: differences(make_plan(OWN, "512M"), make_plan(OWN, "1G")),
        "a b differences",
    ),
    "explain": (
        lambda: explain(crowded(), "512M", any_image=True),
        "request kernel memory outcome crash low area protected log attempts help any_image notes",
    ),
    "fit": (
        lambda: fit(OWN, any_image=True),
        (
            "form offset keep_low source ram kernel largest next_best plans windows rungs any_image notes cause "
            "other_readings doubt"
        ),
    ),
    "give-back": (lambda: give_back(OWN, "512M", 256 * MIB), GIVEN_BACK),
    "need": (
        lambda: need(Given(37 * MIB, 23 * MIB, 27 * MIB)),
        "least recommended binding margin page_size components estimates assumed unmeasured notes",
    ),
    "parse": (
        lambda: parsed("2G-:512M", 8 * GIB, select_profile("6.12"), reading("2G-:512M", 8 * GIB, NEWEST)),
        "text ram profile certainty valid size offset high low_size cma_size steps log notes doubt",
    ),
    "proposal": (lambda: Proposal(tuple(survey([("a", OWN)]))), "machines"),
    "size": (
        lambda: sized(recommend(OWN, Options(), Goal(need=256 * MIB)), presets(OWN)),
        "recommended need need_source candidates source ram kernel low_free_before presets notes doubt",
    ),
    "survey": (lambda: Survey(tuple(tabulate([("a", OWN, Options())], Candidates()))), "rows"),
    "sweep": (
        lambda: sweep(OWN, 128 * MIB, GIB),
        "source ram form kernel least most step low_free_before sweep notes doubt",
    ),
    "verify": (lambda: VERIFIED, "sources counts"),
}
"""A result of each document, and its keys."""


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_has_its_keys_and_its_published_shape(name: str) -> None:
    """Users rely on the keys, and on their order."""
    made, keys = MADE[name]
    found, schema = told(made()), schema_of(DOCUMENTS[name], name)
    assert " ".join(found) == keys
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate({"schema_version": 1, **found})
    assert (schema["$id"], schema["additionalProperties"]) == (f"urn:crashkernel-planner:{name}:1", False)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda made: made.pop("least"), id="a key is missing"),
        pytest.param(lambda made: made.update(more=1), id="a key is unknown"),
        pytest.param(lambda made: made.update(least="61M"), id="a size is not a number"),
        pytest.param(lambda made: made["components"][0].update(bytes=-1), id="a size is negative"),
    ],
)
def test_what_is_not_a_need(change: Callable[[dict[str, Any]], None]) -> None:
    made = json.loads(to_json(need(Given(37 * MIB, 23 * MIB, 27 * MIB))))
    change(made)
    with pytest.raises(ValidationError):
        Draft202012Validator(schema_of(DOCUMENTS["need"], "need")).validate(made)


def test_a_comparison_has_a_row_for_each_strategy_at_each_size() -> None:
    """One row of each size is the best, and the document names the first size's; plans of rows are not written."""
    found = told(make_comparison(machine(), "256M", sizes=[256 * MIB, GIB]))
    rows = found["rows"]
    keys = (
        "size strategy outcome crash low area protected protection bytes table_bytes tlb_entries extra_table_bytes "
        "extra_tlb_entries waste needs bbm_level no_conflict_aborts boot_time_only one_cpu since obstacle best"
    )
    assert {" ".join(row) for row in rows} == {keys}
    assert [row["size"] for row in rows] == [256 * MIB] * len(STRATEGIES) + [GIB] * len(STRATEGIES)
    assert [row["strategy"] for row in rows[: len(STRATEGIES)]] == list(STRATEGIES)
    best = [row["strategy"] for row in rows if row["best"]]
    assert (len(best), found["best"]) == (2, best[0])


def test_where_no_strategy_reserves_there_is_null() -> None:
    found = told(make_comparison(machine(), "64G"))
    assert found["best"] is None
    assert all((row["outcome"], row["crash"], row["best"]) == ("failed", None, False) for row in found["rows"])


def test_fit_names_both_largest_sizes_and_what_a_plan_of_each_says() -> None:
    found = told(fit(OWN))
    for kind in ("aligned", "reserved"):
        plan = make_plan(OWN, str(found["largest"][kind]))
        assert found["plans"][kind]["outcome"] == plan.reservation.outcome
    assert found["any_image"] is None


def test_explain_tells_the_plan_it_explains() -> None:
    """Its request, kernel, outcome and place; every change with its outcome."""
    found, plan = told(explain(crowded(), "512M")), to_dict(make_plan(crowded(), "512M"))
    assert {key: found[key] for key in ("request", "kernel")} == {key: plan[key] for key in ("request", "kernel")}
    assert found["memory"] == {key: plan["memory"][key] for key in ("source", "ram")}
    for key in ("outcome", "crash", "low", "area", "protected", "log"):
        assert found[key] == plan["reservation"][key]
    assert found["help"]
    for entry in found["help"]:
        assert " ".join(entry) == "change crashkernel options free reserve outcome crash text"
        assert all(list(hole) == ["start", "end", "size", "name"] for hole in (*entry["free"], *entry["reserve"]))


def test_chances_name_every_outcome_that_matters() -> None:
    """Outcomes that never happen are present with 0."""
    found = told(explain(crowded(), "512M", any_image=True))["any_image"]
    assert list(found["probability"])[:3] == ["aligned", "fallback", "failed"]
    assert sum(found["probability"].values()) == pytest.approx(1)
    assert sum(part["slots"] for part in found["positions"]) == found["image"]["slots"] == sum(found["slots"].values())


def test_a_row_of_a_sweep_has_its_last_plan_only_where_it_differs() -> None:
    rows = told(sweep(OWN, 512 * MIB, GIB, step=512 * MIB))["sweep"]
    assert [(row["size"], row["to"], row["last"]) for row in rows] == [
        (512 * MIB, 512 * MIB, None),
        (GIB, GIB, None),
    ]
    (row,) = [row for row in told(sweep(OWN, 512 * MIB, GIB))["sweep"] if row["last"] is not None][:1]
    assert row["last"]["size"] == row["to"] > row["size"]


def test_what_is_given_back_is_summed() -> None:
    given = told(give_back(OWN, "512M", 256 * MIB))
    assert given["freed_bytes"] == sum(r["size"] for r in given["freed"]) == 256 * MIB


def test_the_recommended_request_is_the_first_candidate() -> None:
    found = told(MADE["size"][0]())
    assert found["recommended"]["crashkernel"] == found["candidates"][0]["crashkernel"]
    assert found["need"] == 256 * MIB


def test_the_presets_are_planned_on_this_machine() -> None:
    """Each with its source and the size that its list gives here."""
    rows = {row["preset"]: row for row in told(presets(OWN))["presets"]}
    assert rows["debian"]["size"] == 512 * MIB
    assert all(row["source"] and row["date"] for row in rows.values())


def test_each_verified_source_has_its_verdict_and_its_checks() -> None:
    found = told(VERIFIED)
    assert [(s["source"], s["outcome"]) for s in found["sources"]] == [
        ("a", "agreed"),
        ("b", "disagreed"),
        ("c", "not checkable"),
        ("d", "agreed"),
    ]
    assert found["counts"] == {"agreed": 2, "disagreed": 1, "not_checkable": 1}
    assert found["sources"][1]["checks"][1] == {
        "what": "placement",
        "outcome": "disagreed",
        "why": "because disagreed",
    }


def test_what_was_recorded_stands_beside_what_is_planned() -> None:
    """Main and low part; null if there is none."""
    source = told(VERIFIED)["sources"][0]
    assert " ".join(source) == "source outcome kernel profile recorded planned checks notes"
    assert source["recorded"]["crash"] == {"start": CRASH.start, "end": CRASH.end, "size": CRASH.size}
    assert source["recorded"]["low"]["start"] == LOW.start
    assert source["planned"]["low"] is None
