"""The JSON of the TLB model: keys of every case, and procedures that are read back unchanged."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from planner.bbm import PROCEDURES, case, cases
from planner.bbm.model import Dsb, Leaf, Procedure, Step, Switch, Tlbi, Touch, Write
from planner.report.bbm import Cases, procedure_to_dict
from planner.report.document import to_json as written
from planner.report.json_schema import schema_of
from planner.sources.json.procedure import parse_procedure
from tests.bbm.random_procedures import procedures
from tests.bbm.test_cases import procedure


def test_cases_satisfy_their_schema_in_the_order_given() -> None:
    """A case has a trace unless it is safe."""
    document = json.loads(written(Cases(tuple(cases(["gather", "pud-aligned"])))))
    Draft202012Validator(schema_of(Cases, "bbm")).validate(document)
    assert [(c["procedure"], c["bbm_level"]) for c in document["cases"][:5]] == [
        *(("gather", level) for level in ("0", "1", "2", "noabort")),
        ("pud-aligned", "0"),
    ]
    assert [bool(c["trace"]) for c in document["cases"][:5]] == [True, True, True, False, False]


@pytest.mark.parametrize(("key", "value"), [("verdict", "lucky"), ("bbm_level", 2), ("states", "few"), ("tlb", "none")])
def test_the_schema_refuses(key: str, value: object) -> None:
    document = json.loads(written(Cases((case("gather"),))))
    document["cases"][0][key] = value
    assert not Draft202012Validator(schema_of(Cases, "bbm")).is_valid(document)


@pytest.mark.parametrize(
    ("step", "written"),
    [
        (Write("block", None), {"step": "clear", "entry": "block"}),
        (Write("block", "pages"), {"step": "write", "entry": "block", "to": {"table": "pages"}}),
        (Write("block", Leaf()), {"step": "write", "entry": "block", "to": "leaf"}),
        (
            Write("block", Leaf(cont=True, output="x")),
            {"step": "write", "entry": "block", "to": {"cont": True, "output": "x"}},
        ),
        (Dsb(), {"step": "dsb"}),
        (Dsb("all"), {"step": "dsb", "cpus": "all"}),
        (Tlbi(), {"step": "tlbi", "pages": "all"}),
        (
            Tlbi(("a",), local=True, last_level=True, cpus="others"),
            {"step": "tlbi", "pages": ["a"], "local": True, "last_level": True, "cpus": "others"},
        ),
        (Switch("idle", "all"), {"step": "switch", "root": "idle", "cpus": "all"}),
        (Touch("a"), {"step": "touch", "page": "a"}),
    ],
)
def test_a_step_has_only_the_keys_that_say_something(step: Step, written: dict[str, object]) -> None:
    assert procedure_to_dict(procedure(step))["steps"] == [written]


@pytest.mark.parametrize("own", [pytest.param(p, id=name) for name, p in PROCEDURES.items()])
def test_a_built_in_procedure_is_read_back(own: Procedure) -> None:
    assert parse_procedure(json.dumps(procedure_to_dict(own)), "own.json") == own


@settings(max_examples=30)
@given(own=procedures())
def test_any_procedure_is_read_back(own: Procedure) -> None:
    named = replace(own, name="own", summary="a procedure", rests_on="nothing")
    assert parse_procedure(json.dumps(procedure_to_dict(named)), "own.json") == named
