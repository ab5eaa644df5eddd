"""The search drawn: each attempt a track with its number, each aligned step a cell that says what is in the way."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, MIB
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.planning.plan import make_plan
from planner.render.pictures import search
from planner.sources.samples import read
from tests.plans import plan_of
from tests.render.pictures.drawn import WIDTHS, assert_clear, texts_of, titles_of
from tests.strategies import machine_of

GAPS = MemoryMap(
    (Region(GIB, 3 * GIB), Region(3 * GIB, 3 * GIB + 512 * MIB), Region(4 * GIB - 64 * MIB, 4 * GIB, Flag.NOMAP)),
    (Reserved(GIB, GIB + 700 * MIB, "initrd"), Reserved(GIB + 900 * MIB, GIB + 901 * MIB, "firmware")),
)
"""Below 4 GiB: a step that two reservations take, one that is free, one that is not all memory."""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("sample", ["altra-2node-512g", "rpi4-4g", "sa8775p-36g"])
def test_every_attempt_has_its_number(sample: str, width: int) -> None:
    """And no text meets another."""
    plan = make_plan(read(sample), "512M")
    canvas, height = search.draw_canvas(plan, width=width)
    assert_clear(canvas, height)
    numbers = [text for text in texts_of(canvas.finish(height)) if text.isdecimal()]
    assert numbers == [str(n + 1) for n in range(len(plan.reservation.attempts))]


def test_a_cell_says_whether_its_step_is_free_and_what_takes_it() -> None:
    """The largest by name."""
    titles = titles_of(search.draw(make_plan(machine_of(GAPS), "512M")))
    assert "0x40000000: initrd 700M, 1 more" in titles
    assert "0x80000000: free as a whole" in titles
    assert "0xc0000000: not all memory" in titles


def test_a_track_ends_where_something_is_found_or_nothing_is() -> None:
    """With its window, and each gap above that was passed."""
    plan = plan_of("fallback")
    titles = titles_of(search.draw(plan))
    crash = plan.reservation.crash
    assert crash is not None
    assert "the search ends here without a fit" in titles
    assert f"found: 512M at {crash.start:#x}" in titles
    assert "free [0xc4000000, 0xfe000000), 928M: too small" in titles


def test_where_no_request_is_valid_nothing_is_searched() -> None:
    assert "Nothing is searched." in texts_of(search.draw(plan_of("nothing-asked")))
