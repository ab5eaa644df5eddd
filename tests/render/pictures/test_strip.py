"""One stretch of addresses to scale: what lies there as marks, how it is mapped as bands, small things together."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memory_map import MemoryMap
from planner.planning.plan import make_plan
from planner.render.pictures.strip import Item, Scale, bands, compared, items, marks, merged
from tests.plans import PLANS, plan_of
from tests.strategies import machine_of, memory_maps, requests

SCALE = Scale(GIB, 2 * GIB, 1024)
"""A pixel is 1 MiB."""


def item(at: int, bytes_: int, kind: str = "reserved", name: str = "x") -> Item:
    """At so many MiB from the start of the scale."""
    return Item(kind, GIB + at * MIB, GIB + at * MIB + bytes_, name)


@pytest.mark.parametrize(
    ("at", "x"),
    [
        pytest.param(GIB, 0, id="the first"),
        pytest.param(GIB + 3 * MIB, 3, id="inside"),
        pytest.param(0, 0, id="outside"),
        pytest.param(9 * GIB, 1024, id="above"),
    ],
)
def test_the_pixel_of_an_address(at: int, x: float) -> None:
    assert SCALE.x(at) == x


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        pytest.param([item(0, 4 * MIB)], [("reserved", 0, 4, 1)], id="a large one is itself"),
        pytest.param([item(5, 4 * KIB)], [("reserved", 5, 1, 1)], id="a small one is at least a pixel"),
        pytest.param([item(5, MIB), item(6, MIB)], [("reserved", 5, 2, 2)], id="small neighbours are one"),
        pytest.param([item(5, KIB), item(6, KIB)], [("partly", 5, 1 + 1 / 1024, 2)], id="mostly free in between"),
        pytest.param([item(5, MIB), item(9, MIB)], [("reserved", 5, 1, 1), ("reserved", 9, 1, 1)], id="far apart"),
        pytest.param([item(5, MIB), item(6, MIB, "cma")], [("reserved", 5, 1, 1), ("cma", 6, 1, 1)], id="other kinds"),
        pytest.param([Item("ram", 0, GIB, "x"), Item("ram", 2 * GIB, 3 * GIB, "x")], [], id="outside the scale"),
    ],
)
def test_marks(listed: list[Item], found: list[tuple[Any, ...]]) -> None:
    """Kind, pixel, width and members; what is under 2 pixels is small."""
    assert [(m.kind, m.x, m.width, m.members) for m in marks(listed, SCALE, 2)] == found


def test_a_mark_of_several_counts_and_names_them() -> None:
    """Six in full."""
    (mark,) = marks([item(5 + n, 512 * KIB, name=f"n{n}") for n in range(9)], SCALE, 2)
    assert mark.text.startswith("9 ranges, 4608K within [0x40500000, 0x40d80000): n0: 512K at [")
    assert mark.text.endswith("; and 3 more")


def test_a_long_name_is_cut() -> None:
    assert item(0, MIB, name="n" * 100).text.startswith("n" * 61 + "...: 1M at [")


@given(memory=memory_maps(), value=requests)
def test_every_item_is_a_member_of_one_mark_at_any_scale(memory: MemoryMap, value: str) -> None:
    listed = [one for layer in items(make_plan(machine_of(memory), value)) for one in layer if one.start < one.end]
    if listed:
        scale = Scale(min(one.start for one in listed), max(one.end for one in listed), 300)
        kinds = [sorted((one for one in listed if one.kind == kind), key=lambda one: one.start) for kind in KINDS]
        for own in kinds:
            assert sum(mark.members for mark in marks(own, scale, 2)) == len(own)


KINDS = ("ram", "nomap", "reserved", "kept", "tail", "cma", "low", "crash", "area")


@pytest.mark.parametrize(
    ("pieces", "found"),
    [
        pytest.param([(0, 2), (5, 6)], ((0, 2), (5, 1)), id="apart"),
        pytest.param([(0, 2), (2.5, 6)], ((0, 6),), id="less than a step apart"),
        pytest.param([(0, 9), (2, 3)], ((0, 9),), id="one inside another"),
        pytest.param([(0, 0.1)], ((0, 1),), id="at least a step wide"),
    ],
)
def test_pieces_are_merged(pieces: list[tuple[float, float]], found: tuple[tuple[float, float], ...]) -> None:
    assert merged(pieces) == found


def test_items_of_a_plan_are_its_own_ranges() -> None:
    """Memory, reservations, and what the crash kernel takes: area, tail, low and crash memory."""
    for name in sorted(PLANS):
        plan = plan_of(name)
        memory, reserved, special = items(plan)
        done = plan.reservation
        assert [(i.start, i.end) for i in memory] == [(r.start, r.end) for r in plan.memory.regions]
        assert len(reserved) == len(plan.memory.reserved)
        own = [r for r in (done.area, *done.returned, *done.cma, done.low, done.crash) if r is not None]
        assert {(r.start, r.end) for r in own} <= {(i.start, i.end) for i in special}


def test_bands_have_what_is_mapped() -> None:
    """Each kind of leaf with its bytes in this stretch; where nothing changes, both maps are alike."""
    plan = plan_of("aligned-trimmed")
    bank = plan.memory.regions[-1]
    scale = Scale(bank.start, bank.end, 960)
    told = {band.kind: band.text for band in bands(plan, scale)}
    assert set(told) == {kind for start, _, kind in plan.leaf_spans if start >= bank.start}
    assert all(re.fullmatch(r"linear map: ~?[\d.]+\w+ here in [\w ,]+", text) for text in told.values())
    before, after = compared(plan, scale)
    moved = sum(wide for band in after for _, wide in band.runs)
    assert 0 < moved < 960
    assert sum(wide for band in before for _, wide in band.runs) == moved
    assert [band.same for band in before if band.same] == [band.same for band in after if band.same]


def test_the_leaves_of_the_crash_memory_show_however_small_it_is() -> None:
    plan = plan_of("aligned-trimmed")
    crash = plan.reservation.crash
    assert crash is not None
    scale = Scale(0, 1 << 47, 300)
    kind = next(kind for start, end, kind in plan.leaf_spans if start <= crash.start < end)
    (band,) = [band for band in bands(plan, scale) if band.kind == kind]
    assert any(x <= scale.x(crash.start) < x + wide for x, wide in band.runs)
