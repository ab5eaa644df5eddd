"""`diff`: exactly the fields that differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, MIB
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from planner.report import to_dict
from planner.report.diff import differences
from planner.report.document import plain
from planner.rewind.rewound import Rewound
from tests.plans import PLANS, plan_of
from tests.studies.test_explain import crowded


def put(report: dict[str, Any], path: str, value: Any) -> None:
    """Set the field of a path."""
    *inner, last = path.split(".")
    for name in inner:
        report = report[name]
    report[last] = value


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_plan_does_not_differ_from_itself(name: str) -> None:
    """The plan is made twice."""
    assert differences(plan_of(name), plan_of(name)).differences == ()


@pytest.mark.parametrize(
    ("left", "right"), [("aligned", "fallback"), ("aligned", "high-and-low"), ("failed", "fallback")]
)
def test_one_report_and_the_differences_make_the_other(left: str, right: str) -> None:
    """No difference is missing, except in `help`, which follows from the rest."""
    a, b = plan_of(left), plan_of(right)
    report, wanted = to_dict(a), to_dict(b)
    report["help"] = wanted["help"]
    for difference in differences(a, b).differences:
        if "[" not in difference.path:
            put(report, difference.path, difference.b)
            continue
        path = difference.path.partition("[")[0]
        section, key = path.split(".") if "." in path else ("", path)
        holder = report[section] if section else report
        entries = [entry for entry in holder[key] if entry != difference.a]
        holder[key] = [*entries, difference.b] if difference.b is not None else entries
    for section in ("reservation", "memory"):
        for key, value in wanted[section].items():
            if isinstance(value, list):
                report[section][key].sort(key=str)
                value.sort(key=str)
    report["notes"].sort()
    wanted["notes"].sort()
    assert report == wanted


@pytest.mark.parametrize(
    ("part", "name", "first", "second"),
    [
        pytest.param("memory", "regions", Region(GIB, 2 * GIB), Region(3 * GIB, 4 * GIB), id="regions"),
        pytest.param("memory", "reserved", Reserved(GIB, 2 * GIB), Reserved(3 * GIB, 4 * GIB), id="reservations"),
        pytest.param("memory", "rewound", Rewound(GIB, 2 * GIB, "a"), Rewound(3 * GIB, 4 * GIB, "b"), id="rewound"),
        pytest.param("reservation", "cma", Range(GIB, 2 * GIB), Range(3 * GIB, 4 * GIB), id="CMA ranges"),
        pytest.param("reservation", "returned", Range(GIB, 2 * GIB), Range(3 * GIB, 4 * GIB), id="what is returned"),
        pytest.param("reservation", "log", "a", "b", id="lines of the log"),
        pytest.param("kernel", "forced_base_pages", "a", "b", id="reasons for base pages"),
        pytest.param("kernel", "assumed", "a", "b", id="what is assumed"),
        pytest.param("", "notes", "a", "b", id="notes"),
    ],
)
def test_the_position_of_an_entry_is_no_difference(part: str, name: str, first: Any, second: Any) -> None:
    """One that only one side has is a difference."""
    plan = plan_of("aligned")

    def having(*entries: Any) -> Plan:
        changed: dict[str, Any] = {name: entries}
        whole: dict[str, Any] = {part: replace(getattr(plan, part), **changed)} if part else changed
        return replace(plan, **whole)

    both = having(first, second)
    assert differences(both, having(second, first)).differences == ()
    (found,) = differences(having(second), both).differences
    assert (found.path.removeprefix(f"{part}."), found.a) == (f"{name}[]", None)


def test_each_side_is_summed_up() -> None:
    plans = [make_plan(crowded(), "512M", Options(strategy=name)) for name in ("pud-aligned", "isolated")]
    found = plain(differences(*plans))
    assert [[found[side][key] for key in ("source", "request", "profile", "strategy", "outcome")] for side in "ab"] == [
        ["<test>", "512M", "6.1", "pud-aligned", "fallback"],
        ["<test>", "512M", "6.1", "isolated", "exact"],
    ]


def test_what_one_map_reserves_and_the_other_does_not() -> None:
    """Entries by address; the sources' names are ignored."""
    machine = crowded()
    more = (*machine.memory.reserved, Reserved(17 * GIB, 17 * GIB + MIB, "log"))
    other = replace(machine, source="other", memory=MemoryMap(machine.memory.regions, more))
    found = plain(differences(make_plan(machine, "512M"), make_plan(other, "512M")))
    entry = {"start": 17 * GIB, "end": 17 * GIB + MIB, "size": MIB, "name": "log"}
    assert found["differences"] == [{"path": "memory.reserved[]", "a": None, "b": entry}]
    assert (found["a"]["source"], found["b"]["source"]) == ("<test>", "other")


def test_two_strategies_differ_in_what_they_do_to_the_map() -> None:
    """Differences are in the order of the report."""
    plans = [make_plan(crowded(), "512M", Options(strategy=name)) for name in ("pud-aligned", "isolated")]
    paths = [d.path for d in differences(*plans).differences]
    assert paths[:2] == ["kernel.strategy", "reservation.outcome"]
    assert "waste.extra_table_bytes" in paths
