"""Results as plain data: keys are field names, ranges have a size, text is laid out in lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.ranges import Range
from planner.kernel.memory_map import Flag, Region, Reserved
from planner.report.document import laid_out, plain, to_json
from planner.rewind.rewound import Rewound


@dataclass(frozen=True, slots=True)
class Pair:
    """Two values."""

    second: object
    first: object = None


class Named(NamedTuple):
    """A named tuple."""

    one: int


@pytest.mark.parametrize(
    ("value", "data"),
    [
        pytest.param(Pair(1, "a"), {"second": 1, "first": "a"}, id="fields in their order"),
        pytest.param(Named(7), {"one": 7}, id="a named tuple"),
        pytest.param(Pair((Pair(1),)), {"second": [{"second": 1, "first": None}], "first": None}, id="nested"),
        pytest.param({"a": (1, 2)}, {"a": [1, 2]}, id="a mapping with a tuple"),
        pytest.param(Range(4, 12), {"start": 4, "end": 12, "size": 8}, id="a range has its size"),
        pytest.param(
            Region(0, 4, Flag.NOMAP | Flag.HOTPLUG, 1),
            {"start": 0, "end": 4, "size": 4, "flags": ["hotplug", "nomap"], "node": 1},
            id="flags are names",
        ),
        pytest.param(Reserved(1, 2, "x"), {"start": 1, "end": 2, "size": 1, "name": "x"}, id="a reservation"),
        pytest.param(Rewound(1, 2, "x"), {"start": 1, "end": 2, "size": 1, "reason": "x"}, id="a range undone"),
    ],
)
def test_a_result_becomes_plain_data(value: object, data: object) -> None:
    assert plain(value) == data
    assert json.dumps(plain(value)) == json.dumps(data)


_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=12), inner, max_size=6),
)


@given(value=_JSON)
def test_the_text_is_the_data(value: object) -> None:
    """The layout does not change the data; the text is ASCII and ends with a newline."""
    text = laid_out(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert text.endswith("\n")


def test_what_is_short_stays_on_one_line() -> None:
    wide = ["x" * 60, "y" * 60]
    assert to_json({"short": [1, 2], "wide": wide}).splitlines() == [
        "{",
        '  "schema_version": 1,',
        '  "short": [1, 2],',
        '  "wide": [',
        f'    "{wide[0]}",',
        f'    "{wide[1]}"',
        "  ]",
        "}",
    ]
