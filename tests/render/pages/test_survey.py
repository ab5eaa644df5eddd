"""Pages of surveys: of candidates on machines, and of the question whether the proposal would have worked."""

from __future__ import annotations

from planner.render.pages.survey import render, render_proposal
from planner.studies.survey import survey
from tests.planning.machines import machine
from tests.render.pages.asserted import DATA, assert_page, rows_of
from tests.render.pictures.test_heat_map import FLEET
from tests.studies.test_explain import crowded


def test_a_page_of_candidates() -> None:
    """A row for each, as for a terminal."""
    page = render(FLEET, DATA)
    assert_page(page, "Requests on machines", ["outcomes"])
    rows = [row for row in rows_of(page) if row[2:3] in (["aligned"], ["failed"])]
    assert [row[:3] for row in rows] == [[one.machine, one.request, one.outcome] for one in FLEET]


def test_a_page_of_the_proposal() -> None:
    """A row for each machine and request."""
    machines = survey([("a", machine()), ("b", crowded())])
    page = render_proposal(machines, DATA)
    assert_page(page, "Would it have worked?", ["outcomes"])
    outcomes = [answer.plan.reservation.outcome for one in machines for answer in one.answers]
    assert [row[2] for row in rows_of(page) if row[0] in "ab" and row[2] in outcomes] == outcomes
