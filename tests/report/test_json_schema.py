"""The published schemas of the dataclasses: checked by an independent validator, every key described."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from planner.base.ranges import Range
from planner.kernel.memory_map import Region
from planner.planning.result import Report
from planner.report import to_dict
from planner.report.json_schema import schema_of
from tests.plans import PLANS, plan_of


@cache
def published() -> Draft202012Validator:
    """The schema of a report, made once."""
    return Draft202012Validator(schema_of(Report, "report"))


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_report_satisfies_the_published_schema(name: str) -> None:
    """An independent validator says so."""
    published().validate(to_dict(plan_of(name)))


def test_the_schema_of_a_report_is_valid() -> None:
    Draft202012Validator.check_schema(schema_of(Report, "report"))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(("schema_version",), 2, id="another version"),
        pytest.param(("reservation", "outcome"), "lucky", id="an unknown outcome"),
        pytest.param(("memory", "ram"), "4G", id="a size that is not a number"),
        pytest.param(("memory", "ram"), -1, id="a negative size"),
        pytest.param(("unheard",), 1, id="an unknown key"),
        pytest.param(
            ("memory", "regions"), [{"start": 0, "end": 1, "size": 1, "flags": ["odd"], "node": 0}], id="a flag"
        ),
    ],
)
def test_the_schema_refuses(path: tuple[str, ...], value: Any) -> None:
    report = to_dict(plan_of("aligned"))
    inner = report
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    assert not published().is_valid(report)


def test_every_key_of_the_schema_is_explained() -> None:
    """A description for each property, its own or its type's."""
    published = schema_of(Report, "report")
    for model in [published, *published["$defs"].values()]:
        for name, described in model["properties"].items():
            assert "description" in described or "$ref" in described, (model["title"], name)
        assert set(model["required"]) == set(model["properties"])


@dataclass(frozen=True, slots=True)
class Made:
    """A result of a test."""

    where: Range
    """Where it is."""
    region: Region
    """What it lies in."""
    extra_table_bytes: int = 0
    """May be negative."""
    count: int = 0
    """May not."""


@pytest.fixture(scope="module")
def made() -> Draft202012Validator:
    return Draft202012Validator(schema_of(Made, "made"))


WHOLE: dict[str, Any] = {
    "schema_version": 1,
    "where": {"start": 0, "end": 4, "size": 4},
    "region": {"start": 0, "end": 4, "size": 4, "flags": ["nomap"], "node": None},
    "extra_table_bytes": -4096,
    "count": 0,
}


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        pytest.param({}, True, id="the output of document.plain"),
        pytest.param({"where": {"start": 0, "end": 4}}, False, id="a range without its size"),
        pytest.param({"region": {**WHOLE["region"], "flags": 4}}, False, id="flags as bits"),
        pytest.param({"region": {**WHOLE["region"], "flags": ["odd"]}}, False, id="an unknown flag"),
        pytest.param({"count": -1}, False, id="a count below nothing"),
        pytest.param({"schema_version": 2}, False, id="another version"),
        pytest.param({"more": 1}, False, id="a key more"),
        pytest.param({"count": None}, False, id="null where a number must be"),
    ],
)
def test_a_dataclass_as_it_is_written(made: Draft202012Validator, change: dict[str, Any], valid: bool) -> None:
    assert made.is_valid({**WHOLE, **change}) is valid


@pytest.mark.parametrize("key", sorted(WHOLE))
def test_every_key_is_always_there(made: Draft202012Validator, key: str) -> None:
    """Keys with a default too."""
    assert not made.is_valid({name: value for name, value in WHOLE.items() if name != key})
