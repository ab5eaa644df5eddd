"""Pages of fleets: candidates on machines, the question whether the proposal would have worked, a batch."""

from __future__ import annotations

from planner.batch.fleet import MOST_DRAWN, Fleet
from planner.planning.plan import make_plan
from planner.render.pages.survey import note_of, render, render_fleet, render_proposal
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


def test_a_page_of_a_batch() -> None:
    """The picture of its first machines, and its sums."""
    found = Fleet([])
    for name in "ab":
        found.add(name, make_plan(machine(), "512M"))
    page = render_fleet(found, DATA)
    assert_page(page, "A fleet", ["outcomes"])
    assert note_of(found) == ""
    found.records += MOST_DRAWN
    assert note_of(found) == "the first 100 of 102 machines"
