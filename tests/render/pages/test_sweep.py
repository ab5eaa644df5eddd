"""The page of a sweep: the chart, with the defaults of distributions on it, and the table."""

from __future__ import annotations

from planner.base.sizes import GIB, MIB
from planner.render.pages.sweep import render
from planner.studies.size import sweep
from tests.planning.machines import machine
from tests.render.pages.asserted import DATA, assert_page, rows_of

SWEPT = sweep(machine(), 2 * MIB, 8 * GIB)


def test_a_page_of_a_sweep() -> None:
    page = render(SWEPT, DATA)
    assert_page(page, "Sizes from 2M to 8G on machine", ["sizes"])
    assert len([row for row in rows_of(page) if row[2] in ("aligned", "fallback", "failed")]) == len(SWEPT.sweep)


def test_defaults_of_distributions_are_on_both_charts() -> None:
    assert "debian" not in render(SWEPT, DATA)
    wide, narrow = render(SWEPT, DATA, [("debian", 512 * MIB)]).split("<svg ")[1:]
    assert "debian" in wide
    assert "debian" in narrow
