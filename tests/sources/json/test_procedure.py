"""Procedures as JSON: what is read, and the places of errors."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import planner
from planner.base.errors import InputError
from planner.bbm import PROCEDURES, Procedure, case
from planner.bbm.points import ExplorationError
from planner.report import to_json
from planner.report.bbm import procedure_to_dict
from planner.sources.json.procedure import parse_procedure, read_procedure, schema
from tests.bbm.random_procedures import procedures

TEXT = """\
{
  "name": "own",
  "pages": [
    {"name": "a", "touch": "area"}
  ],
  "root": "top",
  "tables": [
    {"name": "top", "level": "pgd", "entries": [
      {"name": "block", "covers": ["a"], "starts": "leaf"}
    ]}
  ],
  "steps": [
    {"step": "clear", "entry": "block"},
    {"step": "dsb"},
    {"step": "tlbi", "pages": ["a"]},
    {"step": "dsb"}
  ]
}
"""


@pytest.mark.parametrize("procedure", [pytest.param(p, id=name) for name, p in PROCEDURES.items()])
def test_built_in_procedures_can_be_written_and_read(procedure: Procedure) -> None:
    """They satisfy the published schema, and are unchanged when read."""
    document = procedure_to_dict(procedure)
    Draft202012Validator(schema()).validate(document)
    assert parse_procedure(json.dumps(document), "own.json") == procedure


@settings(max_examples=50)
@given(procedure=procedures())
def test_a_procedure_of_any_steps_can_be_written_and_read(procedure: Procedure) -> None:
    document = procedure_to_dict(procedure)
    Draft202012Validator(schema()).validate(document)
    assert parse_procedure(json.dumps(document, indent=1), "own.json") == procedure


def test_keys_that_may_be_left_out_have_defaults() -> None:
    """The summary, the assumption, and the addresses touched."""
    own = parse_procedure(TEXT, "own.json")
    assert (own.summary, own.rests_on, own.touch) == ("", "", "linear-map")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            '"root": "top"',
            '"root": "top", "root": "b"',
            "own.json:6:18: the key 'root' is a duplicate",
            id="a key twice",
        ),
        pytest.param('  ],\n  "root"', '  ]\n  "root"', "own.json:6:3: is not JSON", id="a comma is missing"),
        pytest.param('"area"', '"all"', "own.json:4:28: pages.0.touch: 'all' is not known", id="an unknown word"),
        pytest.param('"name": "own",', '"nam": "own",', "own.json:2:3: nam: unknown key", id="an unknown key"),
        pytest.param('"name": "own",', "", "own.json:1:1: the document: the key name is missing", id="a missing key"),
        pytest.param('"name": "own"', '"name": ""', "own.json:2:11: name: is empty", id="an empty name"),
        pytest.param('"root": "top"', '"root": "up"', "own.json:6:11: root: unknown table 'up'", id="an unknown table"),
        pytest.param('["a"], "starts"', '["b"], "starts"', "own.json:9:35: tables.0.entries.0.covers", id="a page"),
        pytest.param(
            '"leaf"}', '"blok"}', "own.json:9:52: tables.0.entries.0.starts: is not a desc", id="a descriptor"
        ),
        pytest.param('"step": "clear"', '"step": "wipe"', "own.json:13:14: steps.0.step: 'wipe'", id="a step"),
        pytest.param('{"step": "dsb"},', "{},", "own.json:14:5: steps.1: the key step is missing", id="no step"),
        pytest.param('"pages": ["a"]}', '"page": "a"}', "own.json:15:22: steps.2.page: unknown key", id="a wrong key"),
        pytest.param('"pages": ["a"]}', '"local": 1}', "own.json:15:31: steps.2.local: must be true", id="a number"),
        pytest.param('{"step": "clear", "entry": "block"}', "7", "own.json:13:5: steps.0: must be an object", id="a 7"),
    ],
)
def test_an_error_has_its_line_and_column(old: str, new: str, message: str) -> None:
    """Line and column of the value, or of the unknown key."""
    assert old in TEXT
    with pytest.raises(InputError) as error:
        parse_procedure(TEXT.replace(old, new, 1), "own.json")
    assert str(error.value).startswith(message)


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_bytes(b"{}\0")
    with pytest.raises(
        InputError, match="is binary, not text; give a JSON procedure, or the JSON report of a plan with"
    ):
        read_procedure(str(tmp_path / "own.json"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"steps": None}, "this report lists no steps", id="a report without steps"),
        pytest.param({"steps": []}, "this plan does not change the map", id="a plan that changes nothing"),
        pytest.param({"reservation": {"crash": None}}, "nothing is reserved", id="a plan that failed"),
        pytest.param({"steps": [{"step": "jump"}]}, "steps.0.step: 'jump' is not known", id="an unknown step"),
    ],
)
def test_a_report_without_usable_steps_is_refused_with_what_to_do(change: dict[str, Any], message: str) -> None:
    span = {"start": 4096, "end": 8192}
    report = {"kernel": {"page_size": 4096, "va_bits": 48}, "reservation": {"crash": span}, "steps": [{"step": "dsb"}]}
    with pytest.raises(InputError, match=message):
        parse_procedure(json.dumps({**report, **change}), "report.json")


def test_control_characters_of_names_are_escaped() -> None:
    assert parse_procedure(TEXT.replace('"own"', '"\\u001b[31m"'), "own.json").name == "\\x1b[31m"


VALUES = st.sampled_from(
    [None, True, -1, 0, 7, 1 << 70, "", "x", "pud", "one", [], {}, ["a"], {"start": 0, "end": 1}, {"table": "x"}]
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A procedure or report in which a value is changed, missing or doubled."""
    document = draw(st.sampled_from([procedure_to_dict(PROCEDURES["switch-table"]), REPORT]))
    document = json.loads(json.dumps(document))
    at: Any = document
    for _ in range(draw(st.integers(0, 4))):
        values = at.values() if isinstance(at, dict) else at
        inner = [value for value in values if value and isinstance(value, (dict, list))]
        if not inner:
            break
        at = draw(st.sampled_from(inner))
    keys = list(at) if isinstance(at, dict) else list(range(len(at)))
    key = draw(st.sampled_from(keys))
    how = draw(st.sampled_from(["change", "remove", "repeat"]))
    if how == "change":
        at[key] = draw(VALUES)
    elif how == "remove":
        del at[key]
    elif isinstance(at, list):
        at.insert(key, at[key])
    return document


REPORT = json.loads(
    to_json(planner.plan("sample:honeycomb-30g", "512M", strategy="rebuild-margins", kernel="6.1", steps=True))
)


@settings(max_examples=300)
@given(document=damaged())
def test_any_document_is_a_procedure_or_one_error(document: Any) -> None:
    """Nothing else happens: a procedure that is read can be explored."""
    own = None
    with contextlib.suppress(InputError):
        own = parse_procedure(json.dumps(document), "own.json")
    if own is not None and len(own.pages) <= 6:
        with contextlib.suppress(ExplorationError):
            case(own, "0", tlb="walk-on-miss", cap=2000)
