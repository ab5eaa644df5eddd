"""The order of choices: what makes just what lies beneath the crash kernel is tried first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.ranges import Span
from planner.base.sizes import GIB, MIB
from planner.rewind.boot_steps import Choice
from planner.rewind.order import Order
from planner.rewind.pruning import Pruner
from planner.rewind.remainders import DESCRIPTORS_AND_AREA, Remainder, Remainders
from planner.rewind.state import Allocation
from tests.rewind.test_remainders import CRASH, view


@pytest.mark.parametrize(
    ("size", "crash", "expected"),
    [
        pytest.param(8 * MIB, CRASH, [1, 0, 2], id="one table is all that lies there"),
        pytest.param(5 * MIB, CRASH, [0, 1, 2], id="both are"),
        pytest.param(6 * MIB, CRASH, [0, 1, 2], id="none is, nor is nothing: as they were given"),
        pytest.param(7 * MIB, CRASH, [4, 0, 1, 2, 3], id="one allocation of a choice, whose others lie elsewhere"),
        pytest.param(3 * MIB, CRASH, [3, 0, 1, 2], id="an unusual one is, beneath a low crash kernel"),
        pytest.param(3 * MIB, (5 * GIB, 5 * GIB + 256 * MIB), [0, 1, 2, 3], id="beneath a high one it is no proof"),
    ],
)
def test_what_is_all_beneath_the_crash_kernel_comes_first(size: int, crash: Span, expected: list[int]) -> None:
    shown = replace(view((crash[0] - size, crash[0])), crash=(crash,))
    tables = [Choice((Allocation("a", 4 * MIB), Allocation("b", MIB))), Choice((Allocation("a", 8 * MIB),)), Choice()]
    unusual = [
        Choice((Allocation("c", 3 * MIB),), unusual=True),
        Choice((Allocation("c", 7 * MIB), Allocation("d", 5 * MIB)), True),
    ]
    steps = [[Choice((Allocation("crash kernel", 256 * MIB, spans=shown.crash),))], [*tables, *unusual]]
    remainders = Remainders(shown, steps, 0)
    order = Order(remainders, Pruner(remainders).widest).of(1, remainders.beneath(shown.listed))
    assert [i for i in order if i < len(expected)] == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        pytest.param(64 * MIB + 9 * MIB, [1, 0, 2], id="a usual area, and all of one choice of each step"),
        pytest.param(64 * MIB, [0, 1, 2], id="the area alone tells nothing"),
    ],
)
def test_what_is_all_beside_a_cma_area_comes_first(size: int, expected: list[int]) -> None:
    crash, table = Allocation("crash kernel", 256 * MIB, spans=(CRASH,)), Choice((Allocation("b", MIB),))
    tables = [Choice((Allocation("a", 4 * MIB),)), Choice((Allocation("a", 8 * MIB),)), Choice()]
    remainders = Remainders(view(log=False), [[Choice((crash,))], [table], tables], 0)
    order = Order(remainders, Pruner(remainders).widest)
    assert list(order.of(2, [Remainder(0, size, 0, early=DESCRIPTORS_AND_AREA, descriptors=False)])) == expected


def test_what_leaves_whole_units_of_page_descriptors_comes_first() -> None:
    shown = view((CRASH[0] - 14 * MIB, CRASH[0]))
    crash, memmap = Allocation("crash kernel", 256 * MIB, spans=shown.crash), Allocation("memmap", 2 * MIB, times=3)
    tables = [Choice((Allocation("a", 3 * MIB),)), Choice((Allocation("a", 4 * MIB),)), Choice()]
    remainders = Remainders(shown, [[Choice((crash,))], [Choice((memmap,))], tables], 0)
    assert list(Order(remainders, Pruner(remainders).widest).of(2, remainders.beneath(shown.listed))) == [1, 2, 0]


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        pytest.param([4, 8, 0], [2, 0, 1], id="of several, the smallest, mostly none"),
        pytest.param([2, 0], [0, 1], id="of two, as they were given: what finds a place is no accident"),
    ],
)
def test_where_nothing_is_left_to_tell_the_smallest_choice_comes_first(tables: list[int], expected: list[int]) -> None:
    crash = Choice((Allocation("crash kernel", 256 * MIB, spans=(CRASH,)),))
    choices = [Choice((Allocation("a", size * MIB),)) if size else Choice() for size in tables]
    remainders = Remainders(view(), [[crash], choices, [Choice()]], 0)
    assert list(Order(remainders, Pruner(remainders).widest).of(1, [])) == expected
