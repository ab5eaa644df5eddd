"""The search drawn: each attempt a track with its number on the rows that it searches, and where it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.sizes import GIB, MIB
from planner.kernel.crash_reserve import Attempt
from planner.kernel.memory_map import MemoryMap, Region
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from planner.render.pictures.canvas import Canvas
from planner.render.pictures.search import describe, paint_others, paint_tracks
from planner.render.pictures.strip import Scale
from planner.sources.samples import read
from tests.plans import plan_of
from tests.render.pictures.drawn import canvas_of, texts_of, titles_of
from tests.strategies import machine_of

LOW, HIGH = Scale(GIB, 4 * GIB, 400, 40), Scale(8 * GIB, 16 * GIB, 400, 40)


def searched(plan: Plan, scale: Scale) -> Canvas:
    """The tracks on one row."""
    canvas = canvas_of(500)
    paint_tracks(canvas, 0, plan, scale)
    return canvas


def two_banks(value: str) -> Plan:
    """A request on 3G of low memory and 8G above it."""
    memory = MemoryMap((Region(LOW.start, LOW.end), Region(HIGH.start, HIGH.end)))
    return make_plan(machine_of(memory), value)


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        pytest.param("512M", ["1"], [], id="one window"),
        pytest.param("512M,high", ["2"], ["1"], id="high memory, then the low part"),
        pytest.param("4G", ["1", "2", "4"], ["3"], id="low memory in vain, then high memory"),
    ],
)
def test_an_attempt_stands_on_the_rows_that_it_searches(value: str, low: list[str], high: list[str]) -> None:
    plan = two_banks(value)
    for scale, numbers in ((LOW, low), (HIGH, high)):
        found = [text for text in texts_of(searched(plan, scale)) if text.isdecimal()]
        assert found == numbers


def test_a_row_below_the_address_found_is_not_searched() -> None:
    """The search is from the top down."""
    plan = two_banks("512M,high")
    crash = plan.reservation.crash
    assert crash is not None
    assert texts_of(searched(plan, Scale(HIGH.start, crash.start, 400))) == []


def test_a_track_ends_where_something_is_found_or_nothing_is() -> None:
    """Its window is drawn, and each gap above that was passed."""
    plan = plan_of("fallback")
    regions = plan.memory.regions
    titles = titles_of(searched(plan, Scale(regions[0].start, regions[-1].end, 400)))
    crash = plan.reservation.crash
    assert crash is not None
    assert "the search ends here without a fit" in titles
    assert f"found: 512M at {crash.start:#x}" in titles
    assert "free [0xc4000000, 0xfe000000), 928M: too small" in titles


@pytest.mark.parametrize(
    ("value", "sizes"),
    [
        pytest.param("512M", ["512M", "512M"], id="the crash memory, then the rest of the area"),
        pytest.param("1G", ["1G"], id="the crash memory fills the area: there is no rest"),
    ],
)
def test_what_an_aligned_attempt_takes(value: str, sizes: list[str]) -> None:
    found = [title for title in titles_of(searched(two_banks(value), LOW)) if title.startswith("found: ")]
    assert [title.split()[1] for title in found] == sizes


def test_a_window_without_memory_is_reported() -> None:
    """Below the rows, with the attempt's number."""
    plan = two_banks("512M")
    beyond = Attempt("exact", GIB, 2 * MIB, 32 * GIB, 64 * GIB, None)
    plan = replace(plan, reservation=replace(plan.reservation, attempts=(beyond,)))
    canvas = canvas_of(960)
    paint_others(canvas, 0, plan)
    assert any("holds no memory" in text for text in texts_of(canvas))
    canvas = canvas_of(960)
    assert paint_others(canvas, 0, two_banks("512M")) == 0


def test_where_no_request_is_valid_nothing_is_searched() -> None:
    canvas = canvas_of()
    paint_others(canvas, 0, plan_of("nothing-asked"))
    assert texts_of(canvas) == ["Nothing is searched."]


def test_every_attempt_is_reported() -> None:
    plan = make_plan(read("altra-2node-512g"), "512M")
    assert describe(plan).startswith(
        "1: aligned, 1G at 1G alignment: no fit. 2: exact, 512M at 2M alignment: no fit. 3: "
    )


def test_a_gap_is_named_whole_where_its_top_lies() -> None:
    """A row that shows a part of it, such as the one closer to the area, names it as well."""
    plan = plan_of("fallback")
    gap = "free [0xc4000000, 0xfe000000), 928M: too small"
    assert gap in titles_of(searched(plan, Scale(0xF0000000, 0x100000000, 400)))
    assert not any(title.startswith("free") for title in titles_of(searched(plan, Scale(0xC0000000, 0xE0000000, 400))))
