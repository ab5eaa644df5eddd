"""A fleet in blocks and as data: the total leads, groups stand the largest first, bad machines are named."""

from __future__ import annotations

import json

import pytest

from planner.base.errors import InputError
from planner.batch.fleet import Fleet
from planner.planning.result import Plan
from planner.render.blocks.batch import blocks
from planner.report.document import plain
from tests.plans import plan_of
from tests.render.blocks.found import bullets_of, lead_of, table_of, titles_of


def fleet(*names: str, errors: int = 0, changes: tuple[str, ...] = ()) -> Fleet:
    """Plans of tests/plans by name, and so many broken records."""
    found = Fleet(list(changes))
    for number, name in enumerate(names):
        found.add(f"{name}-{number}", plan_of(name))
    for number in range(errors):
        found.add_error("" if number % 2 else f"bad-{number}\x1b", "no map")
    return found


@pytest.mark.parametrize(
    ("names", "errors", "mood"),
    [
        pytest.param(("aligned",), 0, "good", id="all are reserved and protected"),
        pytest.param(("aligned", "fallback"), 0, "warn", id="one is not protected"),
        pytest.param(("aligned",), 1, "warn", id="a record is broken"),
        pytest.param(("aligned", "failed"), 0, "bad", id="one gets nothing"),
    ],
)
def test_the_mood_of_a_fleet(names: tuple[str, ...], errors: int, mood: str) -> None:
    assert lead_of(blocks(fleet(*names, errors=errors))).mood == mood


def test_the_total_in_one_sentence() -> None:
    lead = lead_of(blocks(fleet("aligned", "fallback", "failed", errors=2)))
    assert lead.word == "3 machines"
    assert lead.text == (
        "2 get crash memory, 1 of them is not protected; 1 does not; "
        "+2052K of extra page tables; in addition, 2 records are broken"
    )


def test_groups_stand_the_largest_first() -> None:
    """Then by name, so that the order of the records does not matter."""
    one = table_of(blocks(fleet("fallback", "aligned", "aligned", "fixed-offset")), "By outcome")
    assert [row[:2] for row in one.rows] == [("aligned", "2"), ("exact", "1"), ("fallback", "1")]


def test_the_worst_are_named_with_what_is_wrong() -> None:
    worst = table_of(blocks(fleet("aligned", "failed", "fallback")), "The worst 3")
    assert [row[:3] for row in worst.rows] == [
        ("failed-1", "failed", "no"),
        ("fallback-2", "fallback", "no"),
        ("aligned-0", "aligned", "yes"),
    ]


@pytest.mark.parametrize(("errors", "title"), [(2, "Broken records"), (11, "Broken records, the first")])
def test_broken_records_are_named_by_id_or_number(errors: int, title: str) -> None:
    told = bullets_of(blocks(fleet("aligned", errors=errors)), title)
    assert told[:2] == ["bad-0\x1b: no map", "record 3: no map"]
    assert len(told) == min(errors, 10)


def test_nothing_but_broken_records() -> None:
    told = blocks(fleet(errors=1))
    assert titles_of(told) == []
    assert lead_of(told).word == "0 machines"


def changed(after: Plan | InputError) -> Fleet:
    """A change that makes this of a machine whose crash memory falls back."""
    found = fleet("fallback", changes=("kernel=6.18",))
    found.add_change("kernel=6.18", "fallback-0", plan_of("fallback"), after)
    return found


@pytest.mark.parametrize(
    ("after", "cells", "row"),
    [
        pytest.param(
            plan_of("aligned"),
            ("0", "+1", "0", "0", "+2052K", "0"),
            ("fallback-0", "fallback", "aligned", "0xde000000", "0x80780000000"),
            id="another place, and protected",
        ),
        pytest.param(
            plan_of("failed"),
            ("-1", "0", "0", "0", "0", "0"),
            ("fallback-0", "fallback", "failed", "0xde000000", "-"),
            id="nothing any more",
        ),
    ],
)
def test_what_a_change_would_do(after: Plan, cells: tuple[str, ...], row: tuple[str, ...]) -> None:
    told = blocks(changed(after))
    assert table_of(told, "Effect of one change").rows == [("kernel=6.18", *cells)]
    assert table_of(told, "kernel=6.18 changes 1 machine").rows == [row]


@pytest.mark.parametrize(("machines", "end", "rows"), [(20, "20 machines", 20), (21, "21 machines, the first 20", 20)])
def test_of_many_machines_that_a_change_concerns_the_first(machines: int, end: str, rows: int) -> None:
    found = Fleet(["strategy=mainline"])
    for number in range(machines):
        found.add(f"{number}", plan_of("fallback"))
        found.add_change("strategy=mainline", f"{number}", plan_of("fallback"), plan_of("aligned"))
    table = table_of(blocks(found), "strategy=mainline changes ")
    assert table.title == f"strategy=mainline changes {end}"
    assert len(table.rows) == rows


def test_the_data_says_what_the_blocks_say() -> None:
    data = plain(changed(InputError("a", "b", "c")).summary())
    assert json.loads(json.dumps(data)) == data
    assert (data["records"], data["errors"], data["total"]["machines"], data["total"]["unprotected"]) == (1, 0, 1, 1)
    assert [group["outcome"] for group in data["by"]["outcome"]] == ["fallback"]
    assert data["worst"][0]["id"] == "fallback-0"
    assert (data["what_if"][0]["change"], data["what_if"][0]["errors"]) == ("kernel=6.18", 1)
