"""Pages of surveys: of candidates on machines, and of the question whether the proposal would have worked."""

from __future__ import annotations

from planner.render.pages.survey import render, render_proposal
from planner.studies.survey import survey
from tests.planning.machines import machine
from tests.render.pages.asserted import DATA, assert_page, rows_of
from tests.render.pictures.test_heat_map import FLEET
from tests.studies.test_explain import crowded


def test_a_page_of_candidates() -> None:
    """Every row of the table, with its own columns for need and size."""
    page = render(FLEET, DATA)
    assert_page(page, "Requests on machines", ["outcomes"])
    assert [row[0] for row in rows_of(page)[1:]] == [one.machine for one in FLEET]
    assert "need MiB" in rows_of(page)[0]


def test_a_page_of_the_proposal() -> None:
    """A row for each machine."""
    page = render_proposal(survey([("a", machine()), ("b", crowded())]), DATA)
    assert_page(page, "Would it have worked?", ["outcomes"])
    assert [row[0] for row in rows_of(page)] == ["machine", "a", "b"]
