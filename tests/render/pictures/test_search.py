"""The search drawn: each attempt a track with its number, each aligned step a cell that says what is in the way."""

from __future__ import annotations

import pytest

from planner.planning.plan import make_plan
from planner.render.pictures import search
from planner.sources.samples import read
from tests.plans import plan_of
from tests.render.pictures.drawn import WIDTHS, assert_clear, texts_of, titles_of


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("sample", ["altra-2node-512g", "rpi4-4g", "sa8775p-36g"])
def test_every_attempt_has_its_number(sample: str, width: int) -> None:
    """And no text meets another."""
    plan = make_plan(read(sample), "512M")
    canvas, height = search.draw_canvas(plan, width=width)
    assert_clear(canvas, height)
    numbers = [text for text in texts_of(canvas.finish(height)) if text.isdecimal()]
    assert numbers == [str(n + 1) for n in range(len(plan.reservation.attempts))]


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
