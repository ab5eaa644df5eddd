"""Properties of a plan: whether memory is reserved and protected."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB
from planner.planning.result import SCHEMA_VERSION, Plan, Report
from tests.planning.machines import plan


@pytest.mark.parametrize(
    ("crash", "reserved"),
    [
        pytest.param(None, False, id="nothing"),
        pytest.param(Range(GIB, GIB), False, id="0 bytes, which the kernel logs as a success"),
        pytest.param(Range(GIB, 2 * GIB), True, id="some"),
    ],
)
def test_memory_is_reserved_where_there_is_crash_memory(crash: Range | None, reserved: bool) -> None:
    """The exit status of `plan` follows from it."""
    own = plan("256M")
    assert replace(own, reservation=replace(own.reservation, crash=crash)).reserved is reserved


@pytest.mark.parametrize(
    ("strategy", "protected", "available", "certainty", "told"),
    [
        ("pud-aligned", True, True, "read", "yes"),
        ("pud-aligned", False, True, "read", "no"),
        ("pud-aligned", True, False, "read", "not available"),
        ("mainline", True, True, "unknown", "not known"),
        ("mainline", True, False, "unknown", "not available"),
        ("pud-aligned", True, True, "unknown", "yes"),
    ],
)
def test_how_protection_is_reported(strategy: str, protected: bool, available: bool, certainty: str, told: str) -> None:
    """An unknown linear map matters only for the kernel's own behaviour."""
    own = plan("256M")
    found = replace(
        own,
        kernel=replace(own.kernel, strategy=strategy, map_certainty=certainty),  # type: ignore[arg-type]
        reservation=replace(own.reservation, protected=protected, available=available),
    )
    assert found.protection == told
    assert found.protects is (told == "yes")


def test_a_plan_is_its_report_and_the_maps_that_it_counts() -> None:
    assert {each.name for each in fields(Plan)} - {each.name for each in fields(Report)} == {
        "leaf_spans",
        "baseline_spans",
    }
    own = plan("256M")
    assert own.schema_version == SCHEMA_VERSION == 1
    assert sum(end - start for start, end, _ in own.leaf_spans) == own.memory.ram
    assert sum(end - start for start, end, _ in own.baseline_spans) == own.memory.ram
