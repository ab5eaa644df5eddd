"""The page of a plan; tests/render/formats/test_html.py has the laws of every page, tests/browser looks at it."""

from __future__ import annotations

from html import unescape

import pytest

from planner.planning.plan import make_plan
from planner.render.pages.plan import READING, render
from planner.studies.compare import make_comparison
from tests.planning.machines import machine
from tests.plans import plan_of
from tests.render.pages.asserted import DATA, assert_page, headings_of, rows_of


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("aligned", "512M,high on server.json: aligned"),
        ("failed", "3G on server.json: failed"),
        ("nothing-asked", "512MB on server.json: none"),
    ],
)
def test_a_page_of_a_plan(name: str, title: str) -> None:
    assert_page(render(plan_of(name), DATA), title, ["memory"])


def test_a_page_ends_with_how_to_read_it() -> None:
    page = render(plan_of("aligned"), DATA)
    assert headings_of(page)[-1] == "How to read this"
    assert all(text in unescape(page) for text in READING)


def test_other_strategies_stand_after_the_plan_where_they_are_given() -> None:
    """With the sentence that says which is best."""
    found = machine()
    comparison = make_comparison(found, "512M")
    page = render(make_plan(found, "512M"), DATA, comparison)
    assert comparison.best is not None
    assert f"{comparison.best}: best for the aim" in page
    assert "The same request under every strategy" in headings_of(page)
    strategies = {row.strategy for row in comparison.rows}
    assert strategies <= {row[0].removeprefix("* ") for row in rows_of(page)}
    assert "The same request under every strategy" not in headings_of(render(make_plan(found, "512M"), DATA))
