"""`diff`: exactly the fields that differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.base.sizes import GIB, MIB
from planner.kernel.memory_map import MemoryMap, Reserved
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.report import to_dict
from planner.report.diff import differences
from planner.report.document import plain
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
