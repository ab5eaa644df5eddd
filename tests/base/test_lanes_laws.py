"""Arithmetic on many numbers at once is arithmetic on each of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planner.base.lanes import Lanes

NUMBERS = st.one_of(st.integers(0, 5), st.integers(0, (1 << 40) - 1), st.integers((1 << 52) - 3, (1 << 52) - 1))
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=80)


def unpacked(lanes: int, count: int) -> list[int]:
    assert not lanes >> 64 * count
    return [lanes >> 64 * index & ((1 << 64) - 1) for index in range(count)]


@given(PAIRS, st.integers(0, 52), st.integers(0, 1 << 40))
def test_every_operation_is_done_in_every_lane(pairs: list[tuple[int, int]], bits: int, number: int) -> None:
    count = len(pairs)
    lanes = Lanes(count)
    left, right = [a for a, _ in pairs], [b for _, b in pairs]
    one, other = lanes.packed(left), lanes.packed(right)
    assert unpacked(one, count) == left
    assert unpacked(one + lanes.fill(number), count) == [a + number for a in left]
    assert unpacked(lanes.shifted(one, bits), count) == [a >> bits for a in left]
    assert unpacked(lanes.above(one, other), count) == [max(0, a - b) for a, b in pairs]
    assert unpacked(lanes.before(one, number), count) == [number, *left][:count] if count else True
    assert lanes.at_most(one, other) == all(a <= b for a, b in pairs)
    assert lanes.equal(one, other) == sum(a == b for a, b in pairs)
    assert lanes.total(one) == sum(left)
