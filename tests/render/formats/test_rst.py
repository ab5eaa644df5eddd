"""reStructuredText that docutils reads as what was meant, without a message, whatever the input holds."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from hypothesis import example, given
from hypothesis import strategies as st

from planner.base.errors import printable
from planner.base.sizes import GIB, MIB
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.render import document
from planner.render.blocks import sentences
from planner.render.blocks.model import Bullets, Table
from planner.render.formats import rst
from planner.render.layout import lay_out
from planner.sources.samples import read
from planner.studies.compare import make_comparison
from planner.studies.explain import explain
from planner.studies.fit import fit
from planner.studies.give_back import give_back
from planner.studies.recommend import Goal, recommend
from planner.studies.size import presets
from planner.studies.survey import survey
from planner.studies.sweep import sweep
from tests.plans import PLANS, plan_of, render, tables_of


def parsed(source: str) -> nodes.document:
    """The document; any message of the parser is a failure."""
    messages = io.StringIO()
    settings = {"report_level": 1, "halt_level": 5, "warning_stream": messages, "output_encoding": "unicode"}
    tree = publish_doctree(source, settings_overrides=settings)
    assert messages.getvalue() == ""
    assert not list(tree.findall(nodes.system_message))
    return tree


def cells(tree: nodes.document) -> list[list[str]]:
    """The text of every table, row by row; lines of one cell are parted by blanks."""
    return [
        [entry.astext().replace("\n", " ") for entry in row.findall(nodes.entry)] for row in tree.findall(nodes.row)
    ]


@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_cell_reads_as_the_plan_says(name: str) -> None:
    """A parser finds exactly our rows."""
    plan = plan_of(name)
    wanted: list[list[str]] = []
    for table in tables_of(plan):
        if table.rows:
            wanted += [list(table.head)] * any(table.head) + [list(row) for row in table.rows]
    tree = parsed(render(plan, "rst"))
    assert cells(tree) == [["" if cell == "-" else " ".join(cell.split()) for cell in row] for row in wanted]
    rows = [(f[0].astext(), f[1].astext().replace("\n", " ")) for f in tree.findall(nodes.field)]
    said = [row for row in rows if row[0] != "To do"]
    facts = [*sentences.summary(plan), *sentences.facts(plan)]
    assert said == [(label, " ".join(printable(text).split())) for label, text in facts]


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
@example("* item")
@example("a. item")
@example("iv) item")
@example("#. item")
@example(".. directive:: x")
@example("=====")
@example("|x| `y`_ *z* **w** z_ [1]_ <u@example.org> http://example.org")
@example(":field: x")
@example("A --  B")
@example("\u4e2d\u6587")
@example("::")
@example("a*b* *c |d|e| f*")
@example("+8,312,697")
@example("+4K, +8K  x")
@example("(iv) x")
@example("nothing. Here")
@example("mailto:x http:y data:z tel:1 x-http:z 4G:340M")
def test_escaped_text_stands_for_itself(raw: str) -> None:
    """In a list and in a table, it reads as printable text."""
    want = " ".join(printable(raw).split())
    if not want:
        return
    tree = parsed(lay_out([Bullets("", [raw]), Table("", "ll", ("", "head"), [(raw, "x"), ("", raw)])], "rst"))
    assert [item.astext() for item in tree.findall(nodes.list_item)][:1] == [want]
    shown = "" if want == "-" else want
    assert cells(tree) == [["", "head"], [shown, "x"], ["", shown]]
    assert not list(tree.findall(nodes.reference))


@pytest.mark.parametrize(
    "text", ["va_bits", "sample:rpi4-4g", "+30", "+2060K", "[0x80000000, 0xa0000000)", "= area", "/proc/iomem", "-512M"]
)
def test_nothing_is_escaped_without_need(text: str) -> None:
    """What is no markup stands as it is, so that a document needs no cleaning."""
    assert rst.escape(text) == text
    assert parsed(lay_out([Bullets("", [text])], "rst")).astext() == text


WORDS = st.text("abcd8", min_size=1, max_size=8)
LONG_WORDS = st.lists(st.one_of(WORDS, st.sampled_from(["\u4e2d\u6587", "http:", "a*b", "x_"])), max_size=12).flatmap(
    lambda parts: st.lists(st.sampled_from(",-/. "), min_size=len(parts), max_size=len(parts)).map(
        lambda marks: "".join(f"{part}{mark}" for part, mark in zip(parts, marks, strict=True)).strip(" ,-/.")
    )
)


@given(st.lists(st.tuples(*[LONG_WORDS] * 4), min_size=1, max_size=4), st.booleans())
@example([("emag-mitac-raptor-128g-64k-nodmazone.dmesg", "1", "2G-4G:320M,4G-32G:512M,32G-64G:1024M", "x")], True)
def test_any_table_fits_and_loses_nothing(rows: list[tuple[str, ...]], titled: bool) -> None:
    """Words, long words and first columns wrap; docutils puts every cell together again."""
    head = ("machine", "", "crashkernel=", "why") if titled else ("", "", "", "")
    source = lay_out([Table("", "lrll", head, rows)], "rst")
    assert max(map(len, source.splitlines())) <= 80
    assert cells(parsed(source)) == [[*head]] * titled + [list(row) for row in rows]


@given(st.lists(LONG_WORDS, min_size=1, max_size=30).map(" ".join))
def test_any_text_fits_and_loses_nothing(text: str) -> None:
    """In an item of a list."""
    want = " ".join(text.split())
    if want:
        source = lay_out([Bullets("", [text])], "rst")
        assert max(map(len, source.splitlines())) <= 80
        items = [item.astext().replace("\n", " ") for item in parsed(source).findall(nodes.list_item)]
        assert items == [want]


MADE: dict[str, Callable[[str], object]] = {
    "plan": lambda name: make_plan(read(name), "512M", Options(strategy="rebuild-margins", steps=True)),
    "compare": lambda name: make_comparison(read(name), "256M,512M"),
    "explain": lambda name: explain(read(name), "512M", any_image=True),
    "fit": lambda name: fit(read(name), any_image=True),
    "presets": lambda name: presets(read(name)),
    "recommend": lambda name: recommend(read(name), goal=Goal(need=256 * MIB)),
    "sweep": lambda name: sweep(read(name), 2 * MIB, 4 * GIB),
    "give back": lambda name: give_back(read(name), "512M", 128 * MIB),
    "survey": lambda name: survey([(name, read(name))]),
}


@pytest.mark.parametrize("name", ["altra-32g", "emag-128g-64k", "sa8775p-36g"])
@pytest.mark.parametrize("what", list(MADE))
def test_no_line_of_any_document_is_too_long(what: str, name: str) -> None:
    """The kernel's documentation has 80 columns. Only a literal block, such as the kernel log, may go beyond."""
    source = document(MADE[what](name), "rst")
    assert [line for line in source.splitlines() if len(line) > 80 and not line.startswith("   ")] == []
    parsed(source)


@pytest.mark.parametrize("name", sorted(PLANS))
def test_lines_fit_80_columns(name: str) -> None:
    """The kernel's documentation has lines of that length."""
    lines = render(plan_of(name), "rst").splitlines()
    assert [line for line in lines if len(line) > 80 and not line.startswith("   ")] == []
