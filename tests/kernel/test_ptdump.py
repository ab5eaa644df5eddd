"""What a linear map consists of: spans are made when they are read, found by address, and compared as values."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.linear_map import CONT_PTE, PUD, measured
from planner.kernel.pgtable import geometry
from planner.kernel.ptdump import NO_SPANS, Spans

LISTED = ((0, 10, 4), (10, 20, 2), (40, 50, 4))


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        pytest.param(12, 15, LISTED[1:2], id="inside one"),
        pytest.param(5, 12, LISTED[:2], id="over an edge: whole spans"),
        pytest.param(20, 40, (), id="in a hole"),
        pytest.param(19, 41, LISTED[1:], id="across a hole"),
        pytest.param(10, 20, LISTED[1:2], id="exactly one: half-open"),
        pytest.param(0, 99, LISTED, id="all"),
    ],
)
def test_spans_near_a_range(low: int, high: int, found: tuple[tuple[int, int, int], ...]) -> None:
    """Whether they are listed already, or those around the range are asked for."""
    assert tuple(Spans(lambda: LISTED).near(low, high)) == found
    assert tuple(Spans(lambda: LISTED, lambda _low, _high: LISTED).near(low, high)) == found


@given(st.integers(0, 60), st.integers(1, 60))
def test_near_is_what_overlaps(low: int, size: int) -> None:
    found = Spans(lambda: LISTED).near(low, low + size)
    assert found == [span for span in LISTED if span[0] < low + size and low < span[1]]


def test_spans_are_made_once_and_only_if_they_are_read() -> None:
    made: list[str] = []

    def make() -> tuple[tuple[int, int, int], ...]:
        made.append("made")
        return LISTED

    spans = Spans(make)
    assert made == []
    assert spans.listed == spans.listed == LISTED
    assert made == ["made"]


def test_what_is_near_can_be_told_without_making_all() -> None:
    def never() -> tuple[tuple[int, int, int], ...]:
        raise AssertionError

    assert Spans(never, lambda _low, _high: LISTED[:1]).near(0, 5) == [LISTED[0]]


def test_a_map_that_nobody_looked_at_is_empty() -> None:
    assert NO_SPANS.listed == ()


def test_spans_are_values() -> None:
    """Equal, and equal after a journey to another process, whether they were made before or not."""
    geo = geometry(4 * KIB, 48)
    one, same = (measured([(0, 3 * GIB, PUD), (3 * GIB, 3 * GIB + MIB, CONT_PTE)], geo, 0)[0] for _ in range(2))
    other = measured([(0, 3 * GIB, PUD)], geo, 0)[0]
    assert pickle.loads(pickle.dumps(one)) == same  # noqa: S301 - its own
    assert one != other
    assert one != one.listed
    assert hash(one) == hash(same)
