"""Records as JSON Lines: errors have the line number, output is one line of ASCII."""

from __future__ import annotations

import json
from typing import Any

import pytest

from planner.batch.defaults import Defaults
from planner.batch.lines import MAX_RECORD, answer_lines, decode, encode_answer, encode_report
from planner.batch.records import Answer, answer_record
from planner.report import to_dict
from planner.sources.bounds import MAX_ROWS
from tests.batch import fleet
from tests.batch.test_reading import MAP


def lines_of(*lines: bytes) -> list[dict[str, Any]]:
    """The answers to lines, as a reader of the output gets them."""
    return [json.loads(encode_answer(answer)) for answer in answer_lines(1, lines, Defaults("64M"))]


@pytest.mark.parametrize(
    "line",
    [
        b"not json\n",
        b'{"id": 1',
        b'{"id": NaN}',
        b"\xff\xfe\n",
        b'{"id": "\\ud800"}',
        b"[" * 5000,
        b"9" * 5000,
        b"{}{}",
    ],
    ids=["text", "torn", "NaN", "no UTF-8", "half a character", "deep", "endless number", "two values"],
)
def test_a_line_that_is_not_json_is_named_by_its_number(line: bytes) -> None:
    answer = lines_of(b"\n", line)  # blank lines are no records, but they count as lines
    assert [list(one) for one in answer] == [["id", "line", "error"]]
    assert (answer[0]["id"], answer[0]["line"]) == (None, 2)
    assert "\n" not in answer[0]["error"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        pytest.param(b"no json", "not JSON at column 2", id="a word like null"),
        pytest.param(b"yes", "not JSON at column 1", id="a word"),
        pytest.param(b'{"id": 1,}', "not JSON: trailing comma at column 10", id="a comma"),
        pytest.param(b"{}{}", "not JSON: trailing characters at column 3", id="two values"),
    ],
)
def test_the_error_names_the_column_in_plain_words(line: bytes, error: str) -> None:
    assert lines_of(line)[0]["error"] == f"{error}; give one JSON object a line"


def test_an_answer_is_one_line_of_ascii_whatever_the_names() -> None:
    """No line end of any alphabet and no control character stands in it."""
    name = "a\u2028b\x1b[31m\u202e\n\x85é"
    document = {**MAP, "reserved": [{"start": "2G", "size": "1M", "name": name}]}
    line = encode_answer(answer_record({"id": name, "map": document, "crashkernel": "64M"}, Defaults()))
    assert line.isascii()
    assert len(line.decode().splitlines()) == 1
    assert json.loads(line)["id"] == name


def test_a_line_that_is_too_long_is_answered_with_an_error() -> None:
    (answer,) = answer_lines(7, [None], Defaults())
    assert (answer.line, answer.plan) == (7, None)
    assert answer.error == f"the line is longer than {MAX_RECORD >> 20} MiB; give one record a line"


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        pytest.param(Answer("a", None, "no map"), {"id": "a", "error": "no map"}, id="an error"),
        pytest.param(Answer(None, None, "not JSON", 3), {"id": None, "line": 3, "error": "not JSON"}, id="its line"),
        pytest.param(Answer(7, None, "no map"), {"id": 7, "error": "no map"}, id="a number stays a number"),
        pytest.param(Answer("a\udcff", None, "x"), {"id": "a\\xff", "error": "x"}, id="half a character is escaped"),
    ],
)
def test_an_answer_without_a_plan(answer: Answer, line: dict[str, Any]) -> None:
    assert json.loads(encode_answer(answer)) == line


def test_a_plan_is_written_as_its_report_alone_or_in_a_line() -> None:
    answer = answer_record(fleet.record(3), Defaults())
    assert answer.plan is not None
    report = json.loads(json.dumps(to_dict(answer.plan)))
    assert json.loads(encode_report(answer.plan)) == report
    assert json.loads(encode_answer(answer)) == {"id": "host-3", "report": report}


def test_only_json_is_decoded() -> None:
    assert decode(b'{"a": [1, null]}') == {"a": [1, None]}
    with pytest.raises(ValueError, match="key must be a string"):
        decode(b"{'a': 1}")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param("{}", "objects", id="objects"),
        pytest.param("[]", "lists", id="lists"),
        pytest.param("1", "values", id="values"),
    ],
)
def test_values_are_counted_before_a_record_is_decoded(text: str, what: str) -> None:
    """Brackets inside strings, such as those of a log, do not count."""
    many = 9 * MAX_ROWS
    with pytest.raises(ValueError, match=rf"more than \d+ {what}"):
        decode(b'{"map": [' + b",".join([text.encode()] * many) + b"]}")
    log = f"{text}, \\" * many
    assert decode(json.dumps({"source": log}).encode()) == {"source": log}
