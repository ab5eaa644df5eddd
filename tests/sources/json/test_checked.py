"""Validation of JSON documents: one line with the first error, its place, and what to do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, with_config

from planner.base.errors import InputError
from planner.sources.json.checked import (
    EXACT,
    Count,
    Flag,
    Name,
    Number,
    RefusedError,
    Rows,
    Version,
    checked,
    located_errors,
    published,
)


@with_config(EXACT)
@dataclass
class Part:
    """A part of a document."""

    name: Name
    """What it is called."""
    size: Number = 0
    """Bytes."""


@with_config(EXACT)
@dataclass
class Whole:
    """A document."""

    schema_version: Version
    """Its version."""
    parts: Rows[Part]
    """Its parts."""
    count: Count = 0
    """How many."""
    on: Flag = False
    """Whether it is on."""
    kind: Literal["a", "b"] = "a"
    """Which it is."""


ADAPTER = TypeAdapter(Whole)
GOOD: dict[str, Any] = {"schema_version": 1, "parts": [{"name": "x"}]}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        ("4G", 4 << 30),
        ("0x40000000", 1 << 30),
        ("010", 8),
        ((1 << 64) - 1, (1 << 64) - 1),
    ],
)
def test_numbers_are_integers_or_text_as_the_kernel_reads_it(value: object, number: int) -> None:
    assert checked(ADAPTER, {**GOOD, "parts": [{"name": "x", "size": value}]}, "own").parts[0].size == number


@pytest.mark.parametrize(
    ("change", "path", "what"),
    [
        pytest.param({"schema_version": 2}, ("schema_version",), "version '2' is not known", id="another version"),
        pytest.param({"schema_version": True}, ("schema_version",), "version 'True'", id="true is no 1"),
        pytest.param({"more": 1}, ("more",), "unknown key", id="a misspelt key"),
        pytest.param({"parts": None}, ("parts",), "must be a list", id="no list"),
        pytest.param({"parts": [1]}, ("parts", 0), "must be an object", id="no object"),
        pytest.param({"parts": [{}]}, ("parts", 0), "the key name is missing", id="a key that is missing"),
        pytest.param({"parts": [{"name": ""}]}, ("parts", 0, "name"), "is empty", id="an empty name"),
        pytest.param({"parts": [{"name": 1}]}, ("parts", 0, "name"), "must be a string", id="a number for a name"),
        pytest.param({"count": -1}, ("count",), "must not be negative", id="below nothing"),
        pytest.param({"count": 1 << 64}, ("count",), "does not fit in 64 bits", id="too large"),
        pytest.param({"count": "1"}, ("count",), "must be an integer", id="text for an integer"),
        pytest.param({"on": 1}, ("on",), "must be true or false", id="1 is not true"),
        pytest.param({"kind": "c"}, ("kind",), "'c' is not known", id="none of a few words"),
        *(
            pytest.param({"parts": [{"name": "x", "size": bad}]}, ("parts", 0, "size"), what, id=f"size {bad!r}")
            for bad, what in [
                ("1GB", "'1GB' is not a number"),
                ("M", "'M' is not a number"),
                ("", "'' is not a number"),
                (1.5, "must be an integer or a string"),
                (True, "must be an integer or a string"),
                (-1, "-1 does not fit in 64 bits"),
                ("99999999999999999999", "99999999999999999999 does not fit in 64 bits"),
            ]
        ),
    ],
)
def test_the_first_fault_is_told(change: dict[str, Any], path: tuple[str | int, ...], what: str) -> None:
    """The error has the place, what is wrong, and what to do."""
    with pytest.raises(RefusedError) as caught:
        checked(ADAPTER, {**GOOD, **change}, "own")
    assert caught.value.path == path
    assert caught.value.what.startswith(what)
    assert caught.value.remedy


def test_of_a_few_words_all_are_named() -> None:
    with pytest.raises(RefusedError) as caught:
        checked(ADAPTER, {**GOOD, "kind": "c"}, "own")
    assert caught.value.remedy == "use one of a, b"


def test_a_misspelt_key_says_more_than_the_one_that_is_missing() -> None:
    with pytest.raises(RefusedError) as caught:
        checked(ADAPTER, {**GOOD, "parts": [{"nam": "x"}]}, "own")
    assert (caught.value.path, caught.value.what, caught.value.key) == (("parts", 0, "nam"), "unknown key", True)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        pytest.param({"count": -1}, "own.json:8:12: count: must not be negative", id="the value of a key"),
        pytest.param({"more": 1}, "own.json:8:3: more: unknown key; see crashkernel-planner schema own", id="a key"),
        pytest.param({"parts": [{"name": "x", "size": "?"}]}, "own.json:6:15: parts.0.size: ", id="deeper"),
    ],
)
def test_an_error_has_its_line_and_column(change: dict[str, Any], where: str) -> None:
    document = {**GOOD, **change}
    text = json.dumps(document, indent=2)
    with pytest.raises(InputError) as caught, located_errors(text, "own.json"):
        checked(ADAPTER, document, "own")
    assert str(caught.value).startswith(where)


def test_the_published_schema_takes_what_is_read() -> None:
    """It describes each key, without titles that repeat the names."""
    schema = published(ADAPTER, "own", "a document")
    Draft202012Validator.check_schema(schema)
    valid = Draft202012Validator(schema)
    for document in (GOOD, {**GOOD, "parts": [{"name": "x", "size": "4G"}]}, {**GOOD, "kind": "b", "on": True}):
        assert valid.is_valid(document)
        assert checked(ADAPTER, document, "own").schema_version == 1
    for change in ({"more": 1}, {"kind": "c"}, {"schema_version": 2}, {"count": -1}):
        assert not valid.is_valid({**GOOD, **change})
    assert (schema["title"], schema["properties"]["count"]["description"]) == ("a document", "How many.")
    assert "title" not in schema["properties"]["count"]
