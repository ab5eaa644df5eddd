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
from planner.render.blocks.plan import render
from planner.render.formats import rst
from planner.render.layout import lay_out
from tests.plans import PLANS, plan_of, tables_of


def parsed(source: str) -> nodes.document:
    """The document; any message of the parser is a failure."""
    messages = io.StringIO()
    settings = {"report_level": 1, "halt_level": 5, "warning_stream": messages, "output_encoding": "unicode"}
    tree = publish_doctree(source, settings_overrides=settings)
    assert messages.getvalue() == ""
    assert not list(tree.findall(nodes.system_message))
    return tree


def cells(tree: nodes.document) -> list[list[str]]:
    """The text of every table, row by row."""
    return [[entry.astext() for entry in row.findall(nodes.entry)] for row in tree.findall(nodes.row)]


@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_cell_reads_as_the_plan_says(name: str) -> None:
    """A parser finds exactly our rows."""
    plan = plan_of(name)
    wanted = [list(row) for row in tables.facts(plan)]
    for table in tables_of(plan):
        if table.rows:
            wanted += [list(table.head)] * any(table.head) + [list(row) for row in table.rows]
    assert cells(parsed(render(plan, "rst"))) == [[" ".join(cell.split()) for cell in row] for row in wanted]


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
def test_escaped_text_stands_for_itself(raw: str) -> None:
    """In a list and in a table, it reads as printable text."""
    want = " ".join(printable(raw).split())
    if not want:
        return
    tree = parsed(lay_out([Bullets("", [raw]), Table("", "ll", ("", "head"), [(raw, "x"), ("", raw)])], "rst"))
    assert [item.astext() for item in tree.findall(nodes.list_item)][:1] == [want]
    assert cells(tree) == [["", "head"], [want, "x"], ["", want]]
    assert not list(tree.findall(nodes.reference))


def test_the_same_blocks_give_the_same_bytes() -> None:
    """So that a document can be kept under version control."""
    assert render(plan_of("aligned"), "rst") == render(plan_of("aligned"), "rst")
    assert rst.escape("a_b") == "a\\_b"
