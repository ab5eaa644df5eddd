"""The cache of plans of one machine: results are computed once and equal uncached ones."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.base.ranges import Range
from planner.base.sizes import GIB
from planner.kernel.memory_map import MemoryMap
from planner.planning.context import with_strategy
from planner.planning.options import Options
from planner.planning.plan import answer, ask, with_request
from planner.planning.shared import Shared
from planner.planning.strategies import PROPOSED, STRATEGIES
from tests.planning.machines import question
from tests.strategies import machine_of, memory_maps, requests


@settings(max_examples=15)
@given(memory=memory_maps(), values=st.lists(requests, min_size=2, max_size=3))
def test_a_second_plan_is_what_a_first_one_would_be(memory: MemoryMap, values: list[str]) -> None:
    """Every strategy and several requests on one question, compared with separate questions."""
    machine = machine_of(memory)
    shared = ask(machine, values[0], Options())
    for value in values:
        asked = with_request(shared, value)
        for strategy in STRATEGIES.values():
            assert answer(asked, strategy) == answer(ask(machine, value, Options()), strategy)


def test_a_placement_is_searched_once_for_all_strategies_that_search_alike() -> None:
    asked = question("256M")
    own = asked.mainline
    first = asked.shared.place(asked.request, own)
    assert asked.shared.place(asked.request, with_strategy(own, STRATEGIES["bbml2"])) is first
    assert asked.shared.place(asked.request, with_strategy(own, PROPOSED)) is not first


def test_nobody_changes_the_state_before_the_reservation() -> None:
    asked = question("256M")
    before = list(asked.shared.memblock.reserved)
    placement, _ = asked.shared.place(asked.request, asked.mainline)
    assert placement.crash is not None
    assert asked.shared.memblock.reserved == before


def test_what_belongs_to_single_requests_is_forgotten() -> None:
    """The map without a crash kernel is kept."""
    asked = question("256M")
    own = asked.mainline
    placement, base = asked.shared.place(asked.request, own), asked.shared.baseline(own)
    asked.shared.forget()
    assert asked.shared.place(asked.request, own) is not placement
    assert asked.shared.place(asked.request, own) == placement
    assert asked.shared.baseline(own) is base


@pytest.mark.parametrize(
    ("area", "whole"),
    [
        pytest.param(None, False, id="no area"),
        pytest.param(Range(3 * GIB, 4 * GIB), True, id="a whole block"),
        pytest.param(Range(3 * GIB, 3 * GIB + (1 << 29)), False, id="half of one"),
    ],
)
def test_an_area_is_whole_if_it_consists_of_whole_leaves(area: Range | None, whole: bool) -> None:
    asked = question("256M")
    shared = Shared(asked.mainline)
    assert shared.whole(area, asked.mainline) is whole
