"""reStructuredText that docutils reads as what was meant, without a message, whatever the input holds."""

from __future__ import annotations

import io

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from hypothesis import example, given
from hypothesis import strategies as st

from planner.base.errors import printable
from planner.render.blocks import tables
from planner.render.blocks.model import Bullets, Table
from planner.render.formats import rst
from planner.render.layout import lay_out
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
    facts = [*tables.summary(plan), *(row for row in tables.facts(plan) if row[0] != "Requested")]
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


def test_the_same_blocks_give_the_same_bytes() -> None:
    """So that a document can be kept under version control."""
    assert render(plan_of("aligned"), "rst") == render(plan_of("aligned"), "rst")


@pytest.mark.parametrize(
    "text", ["va_bits", "sample:rpi4-4g", "+30", "+2060K", "[0x80000000, 0xa0000000)", "= area", "/proc/iomem", "-512M"]
)
def test_nothing_is_escaped_without_need(text: str) -> None:
    """What is no markup stands as it is, so that a document needs no cleaning."""
    assert rst.escape(text) == text
    assert parsed(lay_out([Bullets("", [text])], "rst")).astext() == text


@pytest.mark.parametrize("name", sorted(set(PLANS) - {"hostile"}))
def test_lines_fit_80_columns(name: str) -> None:
    """As the kernel's documentation wants them."""
    assert [line for line in render(plan_of(name), "rst").splitlines() if len(line) > 80] == []
