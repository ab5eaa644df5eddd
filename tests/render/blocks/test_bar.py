"""The bars: every kind of memory in its place, at any scale."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.sizes import GIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from planner.render.blocks import bar
from tests.plans import PLANS, plan_of
from tests.strategies import machine_of, memory_maps, requests


def rows_of(plan: Plan, width: int) -> list[bar.Row]:
    """One row per bank."""
    painter = bar.Painter(plan)
    return [painter.row(*bank, width) for bank in bar.banks(plan)]


def drawn(regions: list[tuple[int, int]], reserved: list[tuple[int, int]], value: str = "none=1") -> list[str]:
    """The cells of each bar of a map; every unit of the drawing is 128 MiB."""
    unit = 128 * MIB
    memory = MemoryMap(
        tuple(Region(a * unit, b * unit) for a, b in regions),
        tuple(Reserved(a * unit, b * unit) for a, b in reserved),
    )
    facts = Facts(kernel="6.1", page_size=4096, va_bits=48, dma_limit=4 * GIB)
    return [row.cells for row in rows_of(make_plan(Machine("x", "json", memory, facts), value), 16)]


@pytest.mark.parametrize(
    ("regions", "reserved", "value", "bars"),
    [
        pytest.param([(16, 32)], [], "none=1", ["................"], id="free memory is dots"),
        pytest.param([(16, 32)], [(16, 18)], "none=1", ["##.............."], id="reserved memory is filled"),
        pytest.param([(16, 24), (25, 32)], [], "none=1", ["........ ......."], id="a small hole is blank"),
        pytest.param([(16, 32), (128, 144)], [], "none=1", ["................"] * 2, id="a large hole parts banks"),
        pytest.param([(16, 48)], [], "none=1", ["................"] * 2, id="low memory has a bar of its own"),
        pytest.param([(16, 32)], [(31, 32)], "512M", ["CCCCtttt.......#"], id="crash memory, then its tail"),
    ],
)
def test_one_bar_per_bank(
    regions: list[tuple[int, int]], reserved: list[tuple[int, int]], value: str, bars: list[str]
) -> None:
    """Low to high, each to its own scale."""
    assert drawn(regions, reserved, value) == bars


def test_partly_reserved_cells_are_distinguished_from_free_and_from_full_ones() -> None:
    """A cell of which a little is taken is neither."""
    memory = MemoryMap((Region(2 * GIB, 4 * GIB),), (Reserved(2 * GIB, 2 * GIB + MIB),))
    plan = make_plan(Machine("x", "json", memory, Facts(dma_limit=4 * GIB)), "none=1")
    assert rows_of(plan, 16)[0].cells == "+..............."


@pytest.mark.parametrize("name", sorted(PLANS))
def test_the_bars_show_all_memory(name: str) -> None:
    """What the bars say of memory adds up to the machine's."""
    plan = plan_of(name)
    assert sum(row.ram for row in rows_of(plan, 60)) == plan.memory.ram


@given(memory=memory_maps(), value=requests, width=st.integers(16, 70))
def test_crash_memory_is_never_lost_in_a_large_map(memory: MemoryMap, value: str, width: int) -> None:
    """It has a cell, however small it is in its bank; low memory too. All bars are as wide as asked, and few enough."""
    plan = make_plan(machine_of(memory), value)
    rows = rows_of(plan, width)
    assert 1 <= len(rows) <= 9
    assert {len(row.cells) for row in rows} == {width}
    assert all(a.end <= b.start for a, b in pairwise(rows))
    cells = "".join(row.cells for row in rows)
    assert (bar.CRASH in cells) == plan.reserved
    assert (bar.LOW in cells) == (plan.reservation.low is not None)
    _check_close_up(plan, width)


def _check_close_up(plan: Plan, width: int) -> None:
    near = bar.surroundings(plan, width)
    if near is None:
        return
    close = bar.Painter(plan).row(*near, width)
    area = plan.reservation.area or plan.reservation.crash
    assert area is not None
    assert close.start <= area.start
    assert area.end <= close.end
    assert bar.CRASH in close.cells
    if plan.waste.returned >= MIB and plan.waste.returned * width >= 4 * (close.end - close.start):
        assert bar.TAIL in close.cells
