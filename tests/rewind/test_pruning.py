"""The step with most choices: which of these explain all that is left, with what the steps before may have taken."""

from __future__ import annotations

import pytest

from planner.base.sizes import KIB, MIB
from planner.rewind.boot_steps import Choice
from planner.rewind.memmap import MEMMAP
from planner.rewind.pruning import Pruner
from planner.rewind.remainders import NOTHING, Remainder, Remainders
from planner.rewind.state import Allocation, State
from tests.rewind.test_remainders import CRASH, ENTRY, left, remainders, view

BOTH, LARGE, NONE = 1, 2, 4
"""The choices of the step with most of them in `remainders`: tables of 4M and 1M, one of 8M, or none."""


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        pytest.param(5 * MIB, BOTH, id="both tables"),
        pytest.param(72 * MIB + 20 * KIB, LARGE, id="the other beside the area, and a small thing without a name"),
        pytest.param(64 * MIB, BOTH | LARGE | NONE, id="the area, which came before"),
        pytest.param(68 * MIB, BOTH, id="a table beside the area"),
        pytest.param(7 * MIB, 0, id="no sum"),
        pytest.param(14 * MIB, 0, id="nor with an area"),
        pytest.param(16 * MIB, BOTH | LARGE | NONE, id="an area of another usual size"),
    ],
)
def test_what_the_steps_before_may_have_taken(size: int, expected: int) -> None:
    rest, state = left(size)
    pruner = Pruner(rest)
    assert pruner.explaining(pruner.all, 2, rest.left(state, rest.entries([ENTRY]))) == expected


def test_beneath_the_crash_kernel_lies_nothing_that_came_before() -> None:
    shown = view((CRASH[0] - 64 * MIB, CRASH[0]))
    rest = remainders(shown)
    pruner, found = Pruner(rest), rest.beneath(shown.listed)
    assert [one.size for one in found] == [64 * MIB]
    assert not pruner.explaining(pruner.all, 2, found)
    assert not pruner.after_choice(pruner.all, 3, 0, found)


def test_a_choice_may_leave_what_it_takes_itself() -> None:
    rest, state = left(53 * MIB)
    pruner, found = Pruner(rest), rest.left(state, rest.entries([ENTRY]))
    assert pruner.after_choice(pruner.all, 3, 0, found) == BOTH
    assert not pruner.explaining(pruner.all, 2, found)


def test_of_its_own_step_one_choice_is_left() -> None:
    pruner = Pruner(remainders(view()))
    assert pruner.after_choice(pruner.all, pruner.widest, 1, []) == LARGE
    assert pruner.after_choice(BOTH, pruner.widest, 1, []) == 0


def test_one_choice_explains_all_remainders() -> None:
    """5M and 8M are each what a choice takes, but of two choices."""
    pruner = Pruner(remainders(view()))
    five = Remainder(0, 5 * MIB, 0, early=NOTHING, descriptors=False)
    eight = five._replace(size=8 * MIB)
    assert pruner.explaining(pruner.all, 2, [five]) == BOTH
    assert pruner.explaining(pruner.all, 2, [eight]) == LARGE
    assert pruner.explaining(pruner.all, 2, [five, eight]) == 0


def test_of_a_choice_the_first_allocations_count_only() -> None:
    """After `small` is taken back, `large` alone may be left of that choice."""
    pruner = Pruner(remainders(view()))
    for size, expected in ((5 * MIB, False), (4 * MIB, True)):
        assert pruner.may_follow(BOTH, 2, 0, 1, [Remainder(0, size, 0, early=NOTHING, descriptors=False)]) is expected


def test_page_descriptors_are_as_many_as_they_are() -> None:
    """Any number of them may lie in one entry, but not more than there are."""
    shown = view(ENTRY)
    crash = Choice((Allocation("crash kernel", 256 * MIB, spans=shown.crash),))
    many = Choice((Allocation(MEMMAP, 2 * MIB, 2 * MIB, times=16),))
    rest = Remainders(shown, [[crash], [many], [Choice((Allocation("pool", MIB),))]], 0)
    pruner = Pruner(rest)
    for size, expected in ((12 * MIB, True), (32 * MIB, True), (13 * MIB, False), (36 * MIB, False)):
        state = State(shown.listed.memory, ((ENTRY[1] - size, ENTRY[1]),))
        (found,) = rest.left(state, rest.entries([ENTRY]))
        assert bool(pruner.explaining(pruner.all, 1, [found._replace(early=NOTHING)])) is expected


def test_without_many_processors_some_choices_are_not_there() -> None:
    crash, log = (
        Choice((Allocation("crash kernel", 256 * MIB, spans=(CRASH,)),)),
        Choice((Allocation("log", MIB),), many_cpus=True),
    )
    pruner = Pruner(Remainders(view(), [[crash], [log, Choice()], [Choice()]], 0))
    assert (pruner.all, pruner.few) == (0b11, 0b10)


@pytest.mark.parametrize(
    ("sizes", "areas", "expected"),
    [
        pytest.param([7], 0, 0, id="none is looked for"),
        pytest.param([7], 1, BOTH | LARGE | NONE, id="7M and nothing else, or beside 4M, 5M, or 1M"),
        pytest.param([7, 3], 1, 0, id="two remainders, and one area"),
        pytest.param([7, 3], 2, BOTH | LARGE | NONE, id="two remainders, and an area in each"),
        pytest.param(
            [3, 3], 1, BOTH | LARGE | NONE, id="the same block twice: beneath the crash kernel, and its entry"
        ),
        pytest.param([5, 7], 1, BOTH, id="5M needs none with 4M and 1M"),
        pytest.param([90], 1, 0, id="more than the areas of a node take"),
        pytest.param([0, 90], 1, 0, id="the same after one that any choice explains"),
    ],
)
def test_per_cpu_areas_of_any_size_may_be_in_so_many_remainders(sizes: list[int], areas: int, expected: int) -> None:
    pruner = Pruner(remainders(view()))
    pruner.per_cpu = areas
    found = [Remainder(i, size * MIB, 0, early=NOTHING, descriptors=False) for i, size in enumerate(sizes)]
    assert pruner.explaining(pruner.all, 2, found) == expected
