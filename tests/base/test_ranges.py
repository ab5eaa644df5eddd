"""Arithmetic on half-open ranges, compared with sets of bytes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.ranges import Range, Span, difference, intersect, subtract, total, union, whole_pages

spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: (min(pair), max(pair))), max_size=8)
span = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: (min(pair), max(pair)))


def bytes_of(some: list[Span]) -> set[int]:
    """The set of all bytes in some spans."""
    return {byte for start, end in some for byte in range(start, end)}


@pytest.mark.parametrize(
    ("given_", "joined"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([(4, 8), (0, 4)], [(0, 8)], id="touching spans are joined"),
        pytest.param([(0, 4), (5, 8)], [(0, 4), (5, 8)], id="a gap stays"),
        pytest.param([(0, 9), (2, 3)], [(0, 9)], id="one inside another"),
        pytest.param([(3, 3)], [], id="an empty span vanishes"),
    ],
)
def test_union_joins_what_touches(given_: list[Span], joined: list[Span]) -> None:
    assert union(given_) == joined


@given(spans)
def test_a_union_is_minimal(some: list[Span]) -> None:
    """Spans are sorted, disjoint and non-empty, with the same bytes."""
    joined = union(some)
    assert bytes_of(joined) == bytes_of(some)
    assert all(a[1] < b[0] for a, b in pairwise(joined))
    assert total(joined) == len(bytes_of(some))


@given(span, spans)
def test_a_span_is_what_it_shares_and_what_is_left(one: Span, some: list[Span]) -> None:
    """`subtract` and `intersect` split it into two disjoint parts."""
    others = union(some)
    left, shared = subtract(one, others), intersect(one, others)
    assert bytes_of(left) == bytes_of([one]) - bytes_of(others)
    assert bytes_of(shared) == bytes_of([one]) & bytes_of(others)
    assert left == sorted(left)
    assert shared == sorted(shared)


@given(spans, spans)
def test_what_is_left_of_spans_is_what_is_left_of_each(some: list[Span], others: list[Span]) -> None:
    """Spans may touch or overlap: they stay apart."""
    holes, full = union(others), sorted(span for span in some if span[0] < span[1])
    assert difference(full, holes) == [piece for span in full for piece in subtract(span, holes)]


def test_a_range_is_half_open() -> None:
    """A range contains its start but not its end."""
    assert Range(4, 12).size == 8
    assert Range(4, 12).span == (4, 12)
    assert Range(4, 8) in Range(4, 12)
    assert Range(4, 13) not in Range(4, 12)


def test_a_span_is_widened_to_all_pages_that_it_touches() -> None:
    assert whole_pages((4096, 8192), 4096) == (4096, 8192)
    assert whole_pages((4097, 8193), 4096) == (4096, 12288)
    assert whole_pages((1, 4095), 4096) == (0, 4096)
