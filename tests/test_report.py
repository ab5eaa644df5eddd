"""The JSON report: its keys, its schema, and the derivations that the accounting promises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from planner.memory_map import Flag, MemoryMap, Region
from planner.planning import make_plan
from planner.report import Report, schema, to_dict, to_json
from tests.plans import PLANS, plan_of
from tests.strategies import machine_of, memory_maps, requests

KEYS = {
    "": "schema_version request kernel memory reservation mapping baseline waste notes processors steps",
    "request": "text size offset high low_size cma_size",
    "kernel": "profile version page_size va_bits pud_size granule strategy align dma_limit forced_base_pages assumed",
    "memory": "source ram regions reserved rewound",
    "reservation": "outcome crash low cma area returned protected attempts log other_readings",
    "mapping": "leaves bytes tables table_bytes tlb_entries",
    "baseline": "leaves bytes tables table_bytes tlb_entries",
    "waste": "rounding returned kept base_pages_outside_crash extra_table_bytes extra_tlb_entries low_free_before "
    "low_free_after low_largest_before low_largest_after alignment_loss hole_above ideal_table_bytes",
}
"""The published keys, in their order."""


@pytest.mark.parametrize("section", sorted(KEYS))
def test_keys(section: str) -> None:
    """Users rely on them, and on their order."""
    report = to_dict(plan_of("aligned"))
    assert list(report[section] if section else report) == KEYS[section].split()


def test_keys_of_entries() -> None:
    """Of everything that comes in lists."""
    report = to_dict(plan_of("aligned"))
    assert list(report["memory"]["regions"][0]) == ["start", "end", "size", "flags", "node"]
    assert list(report["memory"]["reserved"][0]) == ["start", "end", "size", "name"]
    assert list(report["reservation"]["crash"]) == ["start", "end", "size"]
    attempt = report["reservation"]["attempts"][0]
    assert list(attempt) == ["purpose", "size", "align", "start", "end", "found"]
    assert list(report["mapping"]["leaves"]) == ["pud", "cont_pmd", "pmd", "cont_pte", "pte"]
    assert list(report["mapping"]["bytes"]) == ["pud", "cont_pmd", "pmd", "cont_pte", "pte"]
    assert list(report["mapping"]["tables"]) == ["p4d", "pud", "pmd", "pte"]


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_report_satisfies_the_published_schema(name: str) -> None:
    """By our model, and by a validator that is not ours."""
    report = to_dict(plan_of(name))
    Draft202012Validator.check_schema(schema())
    Draft202012Validator(schema()).validate(report)
    assert Report.model_validate(report).model_dump() == report


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(("schema_version",), 2, id="another version"),
        pytest.param(("reservation", "outcome"), "lucky", id="an unknown outcome"),
        pytest.param(("memory", "ram"), "4G", id="a size that is no number"),
        pytest.param(("memory", "ram"), -1, id="a negative size"),
        pytest.param(("unheard",), 1, id="an unknown key"),
        pytest.param(
            ("memory", "regions"), [{"start": 0, "end": 1, "size": 1, "flags": ["odd"], "node": 0}], id="a flag"
        ),
    ],
)
def test_the_schema_refuses(path: tuple[str, ...], value: Any) -> None:
    """Both the model and the schema."""
    report = to_dict(plan_of("aligned"))
    inner = report
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    assert not Draft202012Validator(schema()).is_valid(report)
    with pytest.raises(ValidationError):
        Report.model_validate(report)


def test_every_key_of_the_schema_is_explained() -> None:
    """A description for each property, its own or its type's."""
    published = schema()
    for model in [published, *published["$defs"].values()]:
        for name, described in model["properties"].items():
            assert "description" in described or "$ref" in described, (model["title"], name)
        assert set(model["required"]) == set(model["properties"])


@given(memory=memory_maps(), value=requests)
def test_the_text_is_the_dict(memory: MemoryMap, value: str) -> None:
    """Our own layout changes nothing; it is ASCII and no line is long without need."""
    plan = make_plan(machine_of(memory), value)
    written = to_json(plan)
    assert json.loads(written) == to_dict(plan)
    assert written.isascii()
    assert written.endswith("}\n")


def test_flags_are_named() -> None:
    """Every combination of the flags that memblock knows."""
    for bits in range(16):
        region = Region(0x8000_0000, 0xC000_0000, bits)
        memory = MemoryMap((region, Region(0xC000_0000, 0x1_0000_0000)))
        report = to_dict(make_plan(machine_of(memory), "none=1"))
        assert sum(Flag[name.upper()] for name in report["memory"]["regions"][0]["flags"]) == bits


def test_ranges_carry_their_size() -> None:
    """`size` is always `end` - `start`."""
    for name in PLANS:
        _check_ranges(to_dict(plan_of(name)))


def _check_ranges(value: Any) -> None:
    if isinstance(value, dict):
        if {"start", "end", "size"} == set(value) & {"start", "end", "size", "purpose"}:
            assert value["size"] == value["end"] - value["start"]
        for item in value.values():
            _check_ranges(item)
    elif isinstance(value, list):
        for item in value:
            _check_ranges(item)
