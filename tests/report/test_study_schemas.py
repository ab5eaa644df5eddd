"""The schemas of what asks the plan many times; on what the commands write they are tried in tests/cli."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from planner.base.sizes import MIB
from planner.report.document import document
from planner.report.studies import need_dict
from planner.report.study_schemas import SCHEMAS
from planner.studies.need import Given, need


def needed() -> dict[str, Any]:
    """The document of a need."""
    made: dict[str, Any] = json.loads(document(need_dict(need(Given(37 * MIB, 23 * MIB, 27 * MIB)))))
    return made


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_each_is_a_schema_of_its_own(name: str) -> None:
    schema = SCHEMAS[name]()
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:crashkernel-planner:{name}:1"
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("name", ["sweep", "give-back"])
def test_a_kept_document_satisfies_its_schema(name: str) -> None:
    kept = Path(__file__).parent.parent / "golden" / "asked" / f"{name}.json"
    Draft202012Validator(SCHEMAS[name]()).validate(json.loads(kept.read_text()))


def test_a_need_satisfies_its_schema() -> None:
    Draft202012Validator(SCHEMAS["need"]()).validate(needed())


def _without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda made: made.pop(key)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_without("least"), id="a key is missing"),
        pytest.param(lambda made: made.update(more=1), id="a key is unknown"),
        pytest.param(lambda made: made.update(least="61M"), id="a size is no number"),
        pytest.param(lambda made: made["components"][0].update(bytes=-1), id="a size is negative"),
    ],
)
def test_what_is_no_need(change: Callable[[dict[str, Any]], None]) -> None:
    made = needed()
    change(made)
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMAS["need"]()).validate(made)
