"""The JSON of what asks the plan many times: documented keys in their order, and numbers that belong together.

Whole documents are kept in tests/golden/asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from planner.base.sizes import GIB, MIB
from planner.planning.plan import Options, make_plan
from planner.report import to_dict
from planner.report.document import document
from planner.report.studies import (
    default_dict,
    explain_dict,
    fit_dict,
    give_back_dict,
    need_dict,
    presets_dict,
    recommendation_dict,
    sweep_dict,
)
from planner.studies.default import One, default
from planner.studies.explain import explain
from planner.studies.fit import fit
from planner.studies.need import Given, need
from planner.studies.recommend import Asked, recommend
from planner.studies.size import give_back, presets, sweep
from tests.planning.machines import machine
from tests.studies.test_explain import crowded

OWN = machine(kernel="6.12")


def recommendation() -> dict[str, Any]:
    return recommendation_dict(recommend(OWN, Options(), Asked(need=256 * MIB)), presets(OWN))


MADE: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "fit": (
        lambda: fit_dict(fit(OWN, any_image=True)),
        "form offset keep_low source ram kernel largest next_best plans windows rungs any_image notes",
    ),
    "explain": (
        lambda: explain_dict(explain(crowded(), "512M", any_image=True)),
        "request kernel memory outcome crash low area protected log attempts help any_image notes",
    ),
    "presets": (lambda: presets_dict(presets(OWN)), "source ram kernel low_free_before presets notes"),
    "size": (
        recommendation,
        "recommended need need_source candidates source ram kernel low_free_before presets notes",
    ),
    "sweep": (
        lambda: sweep_dict(sweep(OWN, 128 * MIB, GIB)),
        "source ram form kernel least most step low_free_before sweep notes",
    ),
    "need": (
        lambda: need_dict(need(Given(37 * MIB, 23 * MIB, 27 * MIB))),
        "least recommended binding margin page_size components",
    ),
    "default": (
        lambda: default_dict(default([One("a", OWN, Options(), 256 * MIB)])),
        "crashkernel machines served bytes failed others",
    ),
}
"""What makes each document, and its keys."""


@pytest.mark.parametrize("name", sorted(MADE))
def test_keys(name: str) -> None:
    """Users rely on them, and on their order; whatever is in it can be written down."""
    made, keys = MADE[name]
    found = made()
    assert " ".join(list(found)[: len(keys.split())]) == keys
    assert json.loads(document(found)) == {"schema_version": 1, **json.loads(json.dumps(found))}


def test_fit_names_both_largest_sizes_and_what_a_plan_of_each_says() -> None:
    found = fit_dict(fit(OWN))
    for kind in ("aligned", "reserved"):
        plan = make_plan(OWN, str(found["largest"][kind]))
        assert found["plans"][kind]["outcome"] == plan.reservation.outcome
    assert found["any_image"] is None


def test_explain_tells_the_plan_it_explains() -> None:
    """Its request, kernel, outcome and place; every change with what comes of it."""
    told, plan = explain_dict(explain(crowded(), "512M")), to_dict(make_plan(crowded(), "512M"))
    assert {key: told[key] for key in ("request", "kernel")} == {key: plan[key] for key in ("request", "kernel")}
    for key in ("outcome", "crash", "low", "area", "protected", "log"):
        assert told[key] == plan["reservation"][key]
    assert told["help"]
    for entry in told["help"]:
        assert " ".join(entry) == "change crashkernel options free reserve outcome crash text"
        assert all(list(hole) == ["start", "end", "name"] for hole in (*entry["free"], *entry["reserve"]))


def test_chances_name_every_outcome_that_matters() -> None:
    """Those that never happen with 0, so that scripts need not ask."""
    found = explain_dict(explain(crowded(), "512M", any_image=True))["any_image"]
    assert list(found["probability"])[:3] == ["aligned", "fallback", "failed"]
    assert sum(found["probability"].values()) == pytest.approx(1)
    assert sum(part["slots"] for part in found["positions"]) == found["image"]["slots"]


def test_a_row_of_a_sweep_has_its_last_plan_only_where_it_differs() -> None:
    rows = sweep_dict(sweep(OWN, 512 * MIB, GIB, step=512 * MIB))["sweep"]
    assert [(row["size"], row["to"], row["last"]) for row in rows] == [
        (512 * MIB, 512 * MIB, None),
        (GIB, GIB, None),
    ]
    (row,) = [row for row in sweep_dict(sweep(OWN, 512 * MIB, GIB))["sweep"] if row["last"] is not None][:1]
    assert row["last"]["size"] == row["to"] > row["size"]


def test_what_is_given_back_is_summed() -> None:
    given = give_back_dict(give_back(OWN, "512M", 256 * MIB))
    assert list(given)[:2] == ["source", "freed_bytes"]
    assert given["freed_bytes"] == sum(r["size"] for r in given["freed"]) == 256 * MIB


def test_the_recommended_request_is_the_first_candidate() -> None:
    found = recommendation()
    assert found["recommended"]["crashkernel"] == found["candidates"][0]["crashkernel"]
    assert found["need"] == 256 * MIB


def test_the_presets_are_planned_on_this_machine() -> None:
    """Each with its source; the size is what the list gives here."""
    rows = {row["preset"]: row for row in presets_dict(presets(OWN))["presets"]}
    assert rows["debian"]["size"] == 512 * MIB
    assert all(row["source"] and row["date"] for row in rows.values())
