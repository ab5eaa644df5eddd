"""Blocks as docutils nodes; whole documents are built in tests/test_sphinx.py."""

from __future__ import annotations

import re

import pytest
from docutils import nodes
from sphinx import addnodes

from planner.render.blocks.model import Block, Bullets, Facts, Heading, Lead, Listing, Paragraph, Picture, Table, Terms
from planner.render.formats.docutils_nodes import nodes_of


@pytest.mark.parametrize(
    ("block", "kinds", "text"),
    [
        pytest.param(Lead("aligned", "512M *here*", "good"), ["paragraph"], "aligned: 512M *here*", id="an answer"),
        pytest.param(Paragraph("`a` and |b|"), ["paragraph"], "`a` and |b|", id="a paragraph, which is not parsed"),
        pytest.param(Facts([("Cost", "none")]), ["field_list"], "Cost\n\nnone", id="facts"),
        pytest.param(Heading("By size"), ["rubric"], "By size", id="a heading"),
        pytest.param(Bullets("Notes", ["one", "two"]), ["rubric", "bullet_list"], "one\n\ntwo", id="bullets"),
        pytest.param(Terms("", ["one"]), ["bullet_list"], "one", id="terms without a title"),
        pytest.param(Listing("Log", ["a", "b"]), ["rubric", "literal_block"], "a\nb", id="a listing"),
        pytest.param(
            Picture("", lambda width, color: [f"{width} {color}"]),
            ["literal_block"],
            "80 False",
            id="a picture as text",
        ),
    ],
)
def test_each_block(block: Block, kinds: list[str], text: str) -> None:
    found = nodes_of(block)
    assert [type(node).__name__ for node in found] == kinds
    assert found[-1].astext() == text


def test_a_table_of_numbers_and_words() -> None:
    """Its widths are those of its cells, its numbers stand at the right, and it may have no head."""
    title, table = nodes_of(Table("Cost", "lr", ("what", "bytes"), [("tables", "4K"), ("kept", "0")]))
    assert isinstance(title, nodes.rubric)
    assert [spec["colwidth"] for spec in table.findall(nodes.colspec)] == [6, 5]
    assert [[entry.astext() for entry in row] for row in table.findall(nodes.row)] == [
        ["what", "bytes"],
        ["tables", "4K"],
        ["kept", "0"],
    ]
    assert [entry["classes"] for entry in table.findall(nodes.entry)] == [[], ["text-right"]] * 3
    [bare] = nodes_of(Table("", "l", ("",), [("",)]))
    assert not list(bare.findall(nodes.thead))
    assert [spec["colwidth"] for spec in bare.findall(nodes.colspec)] == [1]


@pytest.mark.parametrize(("rows", "long"), [(2, False), (30, True)])
def test_a_table_wider_than_paper(rows: int, long: bool) -> None:
    """In LaTeX a column has room for its longest word and a share of the rest; a long table may have several pages."""
    wide = Table("", "lll", ("strategy", "needs", "note"), [("pud-aligned", "boot time", "word " * 20)] * rows)
    spec, table = nodes_of(wide)
    assert isinstance(spec, addnodes.tabular_col_spec)
    parts = [(int(part), int(total)) for part, total in re.findall(r"\\X\{(\d+)\}\{(\d+)\}", spec["spec"])]
    assert {total for _, total in parts} == {sum(part for part, _ in parts)}
    assert parts[2] > parts[0] > (len("aligned"), 0)
    assert isinstance(table, nodes.table)
    assert ("longtable" in table["classes"]) is long
