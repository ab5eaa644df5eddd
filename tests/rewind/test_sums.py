"""Sums of sizes: exact, but for small things; of units any number; of very many sizes, anything up to their sum."""

from __future__ import annotations

import pytest

from planner.base.sizes import KIB, MIB
from planner.rewind.state import Allocation
from planner.rewind.sums import Sums, any_of, joined, sums_of

UNITS = Sums((0, 3 * MIB), 2 * MIB, 8 * MIB)


@pytest.mark.parametrize(
    ("size", "units", "expected"),
    [
        pytest.param(3 * MIB, False, True, id="a sum"),
        pytest.param(3 * MIB + 64 * KIB, False, True, id="and a small thing"),
        pytest.param(3 * MIB + 65 * KIB, False, False, id="too much beside it"),
        pytest.param(7 * MIB, True, True, id="a sum and two units"),
        pytest.param(7 * MIB, False, False, id="units that lie elsewhere"),
        pytest.param(11 * MIB, True, True, id="all there is"),
        pytest.param(13 * MIB, True, False, id="more units than there are"),
        pytest.param(MIB, True, False, id="less than the sum that it would need"),
    ],
)
def test_a_size_is_a_sum_of_what_there_is(size: int, units: bool, expected: bool) -> None:
    (found,) = joined([UNITS])
    assert bool(found.explain([size], 64 * KIB, units=units)) is expected


def test_which_of_several_choices_have_a_sum() -> None:
    (found,) = joined([Sums((0, 4)), Sums((0, 1, 4)), Sums()])
    assert [found.explain([size], 0, units=False) for size in (0, 1, 2, 4)] == [0b111, 0b010, 0, 0b011]
    assert found.explain([2], 1, units=False) == 0b010
    assert found.explain([1, 4], 0, units=False) == 0b011


def test_choices_with_other_units_are_apart() -> None:
    plain, units = joined([Sums((0, 4)), Sums((0, 1), 2, 6), Sums()])
    assert (plain.choices[0], units.choices[0]) == (0b101, 0b010)
    assert units.explain([7], 0, units=True) == 0b010


def test_some_of_the_allocations_of_a_choice() -> None:
    assert sums_of([Allocation("a", 1), Allocation("b", 2), Allocation("many", 8, times=3)]) == Sums(
        (0, 1, 2, 3), 8, 24
    )


def test_one_choice_or_the_other() -> None:
    assert any_of([Sums((0, 4)), Sums((0, 1), 2, 6)]) == Sums((0, 1, 4), 2, 6)


def test_of_very_many_allocations_anything_up_to_their_sum_is_one() -> None:
    (sums,) = joined([sums_of([Allocation("one", 1 << i) for i in range(25)])])
    assert sums.explain([12345], 0, units=False)
    assert not sums.explain([1 << 25], 0, units=False)
