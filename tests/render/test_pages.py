"""Results as pages: titles, figures for both widths, and the tables of the text."""

from __future__ import annotations

import json
import re
from html import unescape

import html5lib
import pytest

from planner.base.sizes import GIB, MIB
from planner.batch.fleet import MOST_DRAWN, Fleet
from planner.planning.plan import make_plan
from planner.render.pages import (
    BROAD,
    NARROW,
    READING,
    comparison_page,
    comparison_picture,
    explanation_page,
    figure,
    fit_page,
    fleet_page,
    note_of,
    plan_page,
    proposal_page,
    survey_page,
    sweep_page,
)
from planner.render.pictures.canvas import Canvas, Frame
from planner.studies.compare import make_comparison
from planner.studies.explain import explain
from planner.studies.fit import fit
from planner.studies.survey import survey
from planner.studies.sweep import sweep
from tests.planning.machines import machine
from tests.plans import plan_of
from tests.render.pictures.drawn import texts_of
from tests.render.pictures.test_heat_map import FLEET
from tests.studies.test_explain import crowded

_XHTML, _SVG = "{http://www.w3.org/1999/xhtml}", "{http://www.w3.org/2000/svg}"

DATA = '{"a": "</script>"}'


def assert_page(page: str, title: str, figures: list[str]) -> None:
    """These figures in this order; no id twice, none missing that is referred to, and one style sheet of pictures."""
    tree = html5lib.HTMLParser(strict=True).parse(page)
    assert "".join(next(tree.iter(f"{_XHTML}title")).itertext()) == title
    data = re.search(r'<script type="application/json" id="report">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    assert json.loads(data[1]) == json.loads(DATA)
    assert [shown.get("aria-label") for shown in tree.iter(f"{_XHTML}figure")] == figures
    for shown in tree.iter(f"{_XHTML}figure"):
        assert [svg.get("width") for svg in shown.iter(f"{_SVG}svg")] == [str(BROAD), str(NARROW)]
    assert len(list(tree.iter(f"{_SVG}style"))) == 1
    ids = [str(element.get("id")) for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(ids)


def headings_of(page: str) -> list[str]:
    """Titles of the parts of a page."""
    tree = html5lib.HTMLParser(strict=True).parse(page)
    return ["".join(heading.itertext()) for heading in tree.iter(f"{_XHTML}h2")]


def rows_of(page: str) -> list[list[str]]:
    """Every row of every table."""
    tree = html5lib.HTMLParser(strict=True).parse(page)
    return [["".join(cell.itertext()) for cell in row] for row in tree.iter(f"{_XHTML}tr")]


def drawn(frame: Frame) -> Canvas:
    """The width as the title."""
    return Canvas(frame, str(frame.width), "d")


@pytest.mark.parametrize(("name", "styles"), [pytest.param("", 1, id="the first"), pytest.param("-b", 0, id="another")])
def test_a_figure_has_two_drawings(name: str, styles: int) -> None:
    """All pictures of a page share one style sheet, and have no captions, since the page has a title."""
    made = figure("memory", drawn, name)
    assert made.title == "memory"
    for svg, width, prefix in ((made.wide, BROAD, f"wide{name}"), (made.narrow, NARROW, f"narrow{name}")):
        assert f'<title id="{prefix}-title">{width}</title>' in svg
    assert (made.wide + made.narrow).count("<style>") == styles


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("aligned", "512M,high on server.json: aligned"),
        ("failed", "3G on server.json: failed"),
        ("nothing-asked", "512MB on server.json: none"),
    ],
)
def test_a_page_of_a_plan(name: str, title: str) -> None:
    assert_page(plan_page(plan_of(name), DATA), title, ["memory"])


def test_a_page_ends_with_how_to_read_it() -> None:
    page = plan_page(plan_of("aligned"), DATA)
    assert headings_of(page)[-1] == "How to read this"
    assert all(text in unescape(page) for text in READING)


def test_other_strategies_stand_after_the_plan_where_they_are_given() -> None:
    """A sentence says which is best."""
    found = machine()
    comparison = make_comparison(found, "512M")
    page = plan_page(make_plan(found, "512M"), DATA, comparison)
    assert comparison.best is not None
    assert f"{comparison.best}: best for the aim" in page
    assert "The same request under every strategy" in headings_of(page)
    strategies = {row.strategy for row in comparison.rows}
    assert strategies <= {row[0].removeprefix("* ") for row in rows_of(page)}
    assert "The same request under every strategy" not in headings_of(plan_page(make_plan(found, "512M"), DATA))


@pytest.mark.parametrize(
    ("value", "any_image", "title", "figures"),
    [
        pytest.param("512M", False, "How 512M is placed on machine: aligned", ["memory"], id="as the map shows it"),
        pytest.param(
            "3G",
            True,
            "How 3G is placed on machine: failed",
            ["memory", "kernel image positions"],
            id="at every position",
        ),
        pytest.param("", False, "How nothing is placed on machine: none", ["memory"], id="nothing asked"),
    ],
)
def test_a_page_of_an_explanation(value: str, any_image: bool, title: str, figures: list[str]) -> None:
    assert_page(explanation_page(explain(machine(), value, any_image=any_image), DATA), title, figures)


FOUND = make_comparison(machine(), "512M")


def test_a_page_of_a_comparison() -> None:
    page = comparison_page(FOUND, DATA)
    assert_page(page, "Strategies for 512M on machine", ["strategies"])
    assert {row.strategy for row in FOUND.rows} <= {row[0].removeprefix("* ") for row in rows_of(page)}


def test_the_title_names_the_sizes_that_are_compared() -> None:
    found = make_comparison(machine(), "512M", sizes=[256 * MIB, GIB])
    assert_page(comparison_page(found, DATA), "Strategies for 512M, with sizes 256M, 1G on machine", ["strategies"])


def test_nothing_requested() -> None:
    found = make_comparison(machine(), None, sizes=[256 * MIB])
    assert_page(comparison_page(found, DATA), f"Strategies for {found.request or 'nothing'} on machine", ["strategies"])


@pytest.mark.parametrize(("sizes", "named"), [((), False), ((256 * MIB, GIB), True)])
def test_a_strip_names_its_size_where_there_are_several(sizes: tuple[int, ...], named: bool) -> None:
    drawn = " ".join(texts_of(comparison_picture(make_comparison(machine(), "512M", sizes=sizes))))
    assert all((f"pud-aligned ({size})" in drawn) is named for size in ("256M", "1G"))
    assert "pud-aligned" in drawn


def test_ids_begin_as_asked() -> None:
    """Two pictures on one page must not share any."""
    assert 'id="other-title"' in comparison_picture(FOUND, Frame(prefix="other")).svg()
    assert 'id="ckp-title"' in comparison_picture(FOUND).svg()


@pytest.mark.parametrize(
    ("any_image", "figures"), [(False, ["outcome by size"]), (True, ["outcome by size", "kernel image positions"])]
)
def test_a_page_of_a_fit(any_image: bool, figures: list[str]) -> None:
    page = fit_page(fit(machine(), any_image=any_image), DATA)
    assert_page(page, "The largest crash kernel of machine", figures)
    assert ["2048M", "3008M", "fallback"] in rows_of(page)


SWEPT = sweep(machine(), 2 * MIB, 8 * GIB)


def test_a_page_of_a_sweep() -> None:
    page = sweep_page(SWEPT, DATA)
    assert_page(page, "Sizes from 2M to 8G on machine", ["sizes"])
    assert len([row for row in rows_of(page) if row[2] in ("aligned", "fallback", "failed")]) == len(SWEPT.sweep)


def test_defaults_of_distributions_are_on_both_charts() -> None:
    assert "debian" not in sweep_page(SWEPT, DATA)
    wide, narrow = sweep_page(SWEPT, DATA, [("debian", 512 * MIB)]).split("<svg ")[1:]
    assert "debian" in wide
    assert "debian" in narrow


def test_a_page_of_candidates() -> None:
    """A row for each, as for a terminal."""
    page = survey_page(FLEET, DATA)
    assert_page(page, "Requests on machines", ["outcomes"])
    rows = [row for row in rows_of(page) if row[2:3] in (["aligned"], ["failed"])]
    assert [row[:3] for row in rows] == [[one.machine, one.request, one.outcome] for one in FLEET]


def test_a_page_of_the_proposal() -> None:
    """A row for each machine and request."""
    machines = survey([("a", machine()), ("b", crowded())])
    page = proposal_page(machines, DATA)
    assert_page(page, "Would it have worked?", ["outcomes"])
    outcomes = [answer.plan.reservation.outcome for one in machines for answer in one.answers]
    assert [row[2] for row in rows_of(page) if row[0] in "ab" and row[2] in outcomes] == outcomes


def test_a_page_of_a_batch() -> None:
    """The picture of its first machines, and its sums."""
    found = Fleet([])
    for name in "ab":
        found.add(name, make_plan(machine(), "512M"))
    page = fleet_page(found, DATA)
    assert_page(page, "A fleet", ["outcomes"])
    assert note_of(found) == ""
    found.records += MOST_DRAWN
    assert note_of(found) == "the first 100 of 102 machines"
