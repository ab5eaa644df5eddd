"""Pages: well-formed, self-contained, safe, small; and they carry their own data."""

from __future__ import annotations

import json
import re

import html5lib
import pytest

from planner.base.sizes import MIB
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from planner.render.blocks import sentences
from planner.render.blocks.model import Block, Bullets, Facts, Heading, Lead, Listing, Paragraph, Table, Terms
from planner.render.formats import html
from planner.render.layout import lay_out
from planner.render.pages import comparison_page as render_comparison
from planner.render.pages import plan_page
from planner.report import to_dict, to_json
from planner.sources.samples import read
from planner.studies.compare import make_comparison
from tests.plans import PLANS, plan_of, tables_of
from tests.render.pictures.drawn import crowded

XHTML = "{http://www.w3.org/1999/xhtml}"
HOSTILE = "</script><script>alert(1)</script>\x1b[0m<img src=x onerror=alert(1)>\u202e"


def page_of(plan: Plan) -> str:
    """The page of a plan, without the other strategies."""
    return plan_page(plan, to_json(plan, compact=True))


def assert_self_contained(page: str) -> None:
    """Strictly parsed; nothing is loaded from anywhere; only our two scripts."""
    parser = html5lib.HTMLParser(strict=True)
    tree = parser.parse(page)
    scripts = list(tree.iter(f"{XHTML}script"))
    assert [script.get("type") for script in scripts] in ([], ["application/json", None], [None], ["application/json"])
    for element in tree.iter():
        for name, value in element.attrib.items():
            assert not str(name).startswith("on")
            if str(name) in {"src", "href"}:
                assert value == "data:," or value.startswith("#")
    assert not re.findall(r"@import|url\((?!#)", page)


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_page_is_strictly_html_and_loads_nothing_whatever_the_input_holds(name: str) -> None:
    assert_self_contained(page_of(plan_of(name)))


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_page_says_what_the_plan_says(name: str) -> None:
    """Every cell of every table, and the verdict."""
    plan = plan_of(name)
    tree = html5lib.HTMLParser(strict=True).parse(page_of(plan))
    found = [[(cell.text or "") for cell in row] for row in tree.iter(f"{XHTML}tr")]
    for table in tables_of(plan):
        for row in table.rows:
            assert list(row) in found
    lead = next(e for e in tree.iter(f"{XHTML}p") if "lead" in (e.get("class") or ""))
    assert "".join(lead.itertext()) == sentences.verdict(plan)


@pytest.mark.parametrize("name", ["aligned", "hostile", "failed"])
def test_a_page_carries_its_report_as_json(name: str) -> None:
    """Any program can take it out again."""
    plan = plan_of(name)
    data = re.search(r'<script type="application/json" id="report">(.*?)</script>', page_of(plan), re.DOTALL)
    assert data is not None
    assert json.loads(data[1]) == json.loads(json.dumps(to_dict(plan)))
    assert "<" not in data[1]


def test_blocks_of_every_kind_are_safe() -> None:
    """Nothing from the input becomes markup or a control character."""
    page = lay_out(
        [
            Lead(HOSTILE, HOSTILE, "bad"),
            Facts([(HOSTILE, HOSTILE)]),
            Paragraph(HOSTILE),
            Table(HOSTILE, "lr", (HOSTILE, ""), [(HOSTILE, HOSTILE)]),
            Bullets(HOSTILE, [HOSTILE]),
            Terms(HOSTILE, [HOSTILE]),
            Listing(HOSTILE, [HOSTILE]),
        ],
        "html",
    )
    assert_self_contained(page)
    assert "<img" not in page
    assert "<script>alert" not in page


def test_a_page_shows_every_strategy() -> None:
    """Beside the plan, and with a strip for each on the page of a comparison."""
    machine = read("altra-32g")
    comparison = make_comparison(machine, "512M")
    plan = make_plan(machine, "512M")
    for page in (
        plan_page(plan, to_json(plan, compact=True), comparison),
        render_comparison(comparison, to_json(comparison)),
    ):
        assert_self_contained(page)
        for row in comparison.rows:
            assert f">{row.strategy}</td>" in page


@pytest.mark.parametrize("regions", [True, False], ids=["4,000 regions", "4,000 reservations"])
def test_a_large_map_makes_no_large_page(regions: bool) -> None:
    """At most 1 MiB, the data included."""
    assert len(page_of(crowded(4000, regions=regions)).encode()) <= MIB


def test_a_page_without_a_title_of_its_own_is_titled_by_its_command() -> None:
    """Or, where the library made it, by what it says first."""
    told: list[Block] = [Lead("agreed", "as planned"), Table("Kernel", "l", ("a",), [("b",)])]
    with html.made_by(["crashkernel-planner", "verify", "a map"]):
        assert "<h1>verify &#39;a map&#39;</h1>" in html.document(told)
        with html.made_by(["crashkernel-planner", "fit"]):
            assert "<h1>fit</h1>" in html.document(told)
        assert "<h1>verify &#39;a map&#39;</h1>" in html.document(told)
    assert "<h1>agreed: as planned</h1>" in html.document(told)


def test_cells_of_a_wide_table_carry_the_head_of_their_column() -> None:
    """A phone can show each row as labels and values; a narrow table stays as it is."""
    wide = lay_out([Table("", "ll", ("strategy", ""), [("pud-aligned", "boot time; nobody touches the area")])], "html")
    assert '<table class="stack">' in wide
    assert '<td data-label="strategy">pud-aligned</td><td>boot time' in wide
    assert "<table>" in lay_out([Table("", "lr", ("size", "RAM"), [("512M", "8G")])], "html")


def test_headings_and_tables_have_names_of_their_own() -> None:
    """An id that begins with a letter; a repeated title is told apart by the heading above it."""
    table = Table("Strategies", "ll", ("strategy", "outcome"), [("pud-aligned", "aligned")])
    page = lay_out([Heading("256M"), table, Heading("512M"), table, table], "html")
    assert re.findall(r'<h2 id="([^"]*)"', page) == [
        *("section-256m", "strategies", "section-512m", "strategies-2", "strategies-3")
    ]
    assert re.findall(r'aria-label="([^"]*)"', page) == ["Strategies", "Strategies, 512M", "Strategies, 512M 2"]
