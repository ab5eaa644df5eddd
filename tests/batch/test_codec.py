"""The quick reader and writer of the extra give what the ones that are always there give."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.batch import codec
from planner.batch.codec import QUICK_ROWS, decode, encode
from planner.report import DICTS

SCALARS = st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.text(max_size=5)
VALUES = st.recursive(SCALARS, lambda one: st.lists(one) | st.dictionaries(st.text(max_size=3), one), max_leaves=12)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> codec._Quick:
    """What is used where the extra is not installed."""
    monkeypatch.setitem(sys.modules, "msgspec", None)
    return codec._quick()


@given(value=VALUES)
def test_values_come_back(value: object) -> None:
    line = encode(value)
    assert line.isascii()
    assert b"\n" not in line
    assert decode(line) == value


@pytest.mark.parametrize(
    "value",
    [{"start": 1 << 52, "node": None, "flags": []}, ['a\x7f\x1f/"\\', True, -1, {}], 1 << 64, "plain"],
    ids=["region", "strange", "large", "text"],
)
def test_both_write_the_same(value: object, slow: codec._Quick) -> None:
    assert slow.write(value) == encode(value)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b"", "EOF while parsing", id="empty"),
        pytest.param(b"{", "EOF while parsing", id="cut"),
        pytest.param(b'{"a":NaN}', "expected value", id="NaN"),
        pytest.param(b'{"a":1}x', "trailing characters", id="more"),
        pytest.param(b'"\\ud800"', "hex escape", id="surrogate"),
        pytest.param(b'"\xff"', "invalid unicode", id="bytes"),
        pytest.param(b"[" * 5000, "recursion limit", id="deep"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", "out of range", id="digits"),
    ],
)
def test_what_is_no_json_is_refused_in_the_same_words(line: bytes, reason: str, slow: codec._Quick) -> None:
    for read in (decode, slow.read):
        with pytest.raises(ValueError, match=reason):
            read(line)


def test_a_lone_surrogate_of_a_file_name_is_written() -> None:
    assert encode({"id": "\udcff"}) == b'{"id":"\\udcff"}'


@pytest.mark.parametrize("name", ["taken", "\u00e9", "\udcff"], ids=["ASCII", "not ASCII", "no Unicode"])
def test_rows_are_written_as_dicts(name: str, slow: codec._Quick) -> None:
    assert slow.rows is DICTS
    for makers in (DICTS, QUICK_ROWS):
        rows = [makers.region(0, 4096, 4096, ["nomap"], None), makers.reserved(1, 3, 2, name)]
        text = encode(rows)
        assert text.isascii()
        assert text == encode([DICTS.region(0, 4096, 4096, ["nomap"], None), DICTS.reserved(1, 3, 2, name)])
