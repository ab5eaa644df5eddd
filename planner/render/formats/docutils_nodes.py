"""Blocks as docutils nodes, which Sphinx writes in all of its formats.

Needs the extra `sphinx`: a wide table carries a node of Sphinx with the widths of its columns in LaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from docutils import nodes
from sphinx import addnodes

from planner.render.blocks.model import Block, Bullets, Facts, Heading, Lead, Listing, Paragraph, Picture, Table, Terms
from planner.render.terminal import WIDTH

__all__ = ["nodes_of"]

_PAPER = 84
"""Characters of a line on paper."""

_WORD = 26
"""Length of the longest word on paper that is not broken."""

_PAGE = 20
"""Number of lines from which a table may continue on another page."""


def nodes_of(block: Block) -> list[nodes.Node]:
    """A block as nodes; its text is not parsed."""
    if isinstance(block, Lead):
        return [nodes.paragraph("", "", nodes.strong("", block.word), nodes.Text(f": {block.text}"))]
    if isinstance(block, Paragraph):
        return [nodes.paragraph("", block.text)]
    if isinstance(block, Facts):
        fields = [
            nodes.field("", nodes.field_name("", label), nodes.field_body("", nodes.paragraph("", text)))
            for label, text in block.rows
        ]
        return [nodes.field_list("", *fields)]
    title: list[nodes.Node] = [nodes.rubric("", block.title)] if block.title else []
    if isinstance(block, Heading):
        return title
    if isinstance(block, Table):
        return [*title, *_table(block.head if any(block.head) else (), block.rows, block.align)]
    if isinstance(block, (Listing, Picture)):
        lines = block.lines if isinstance(block, Listing) else block.draw(WIDTH, False)
        return [*title, nodes.literal_block(text := "\n".join(lines), text, language="text")]
    assert isinstance(block, (Bullets, Terms))  # noqa: S101 - what is left
    items = [nodes.list_item("", nodes.paragraph("", item)) for item in block.items]
    return [*title, nodes.bullet_list("", *items)]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], align: str) -> list[nodes.Node]:
    """A table; for one wider than paper also the widths of its columns in LaTeX."""
    columns = list(zip(*([head] if head else []), *rows, strict=True))
    # Text writers take the widths as characters, others as proportions.
    widths = [max(1, *map(len, column)) for column in columns]
    group = nodes.tgroup("", *[nodes.colspec(colwidth=width) for width in widths], cols=len(align))
    if head:
        group += nodes.thead("", _row(head, align))
    group += nodes.tbody("", *[_row(row, align) for row in rows])
    table = nodes.table("", group)
    if sum(widths) + 2 * len(widths) <= _PAPER:
        return [table]
    # A table wider than paper: in LaTeX each column gets the width of its longest word, and a share of the rest.
    words = [max([len(word) for cell in column for word in re.split(r"[\s-]", cell)]) for column in columns]
    words = [min(word, _WORD) + 2 for word in words]
    spare, wanted = max(_PAPER - sum(words), 0), sum(widths) - sum(words) + 2 * len(words)
    parts = [
        word + spare * max(width + 2 - word, 0) // max(wanted, 1) for word, width in zip(words, widths, strict=True)
    ]
    lines = [max([-(-len(cell) // part) for cell, part in zip(row, parts, strict=True)]) for row in rows]
    if sum(lines) > _PAGE:
        table["classes"].append("longtable")
    spec = "".join([f"\\X{{{part}}}{{{sum(parts)}}}" for part in parts])
    return [addnodes.tabular_col_spec(spec=spec), table]


def _row(cells: Sequence[str], align: str) -> nodes.row:
    row = nodes.row()
    for cell, side in zip(cells, align, strict=True):
        entry = nodes.entry("", nodes.paragraph("", cell))
        if side == "r":
            entry["classes"].append("text-right")
        row += entry
    return row
