"""The Sphinx extension `planner.sphinx`: plans in documents, made when the document is built.

```rst
.. crashkernel-plan:: 512M
   :map: machines/server.iomem
   :format: table
```

Options: `map` (a regular file below the source folder, or `sample:NAME`), `format` (`table`, `text` or `svg`), and
what the command line calls `kernel`, `page-size`, `strategy`, `align`, `rodata`, `dma-limit`. The map file is a
dependency of the document: when it changes, the document is built anew. Needs the extra `sphinx`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from planner._version import __version__
from planner.api import plan
from planner.base.errors import PlannerError, printable
from planner.base.files import why_not
from planner.render.blocks.model import Block, Bullets, Facts, Heading, Lead, Listing, Paragraph, Picture, Table, Terms
from planner.render.blocks.plan import blocks, render
from planner.render.pictures.memory_picture import draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sphinx.application import Sphinx

    from planner.planning.result import Plan

__all__ = ["CrashkernelPlan", "setup"]

_FORMATS = ("table", "text", "svg")


def _format(argument: str) -> str:
    return directives.choice(argument, _FORMATS)


class CrashkernelPlan(SphinxDirective):
    """`crashkernel-plan`: one plan."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {  # noqa: RUF012 - as docutils declares it
        "map": directives.unchanged_required,
        "format": _format,
        "kernel": directives.unchanged_required,
        "page-size": directives.unchanged_required,
        "strategy": directives.unchanged_required,
        "align": directives.unchanged_required,
        "rodata": directives.unchanged_required,
        "dma-limit": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """The nodes of the plan; a plan that cannot be made is an error of the document."""
        options: dict[str, Any] = dict(self.options)
        form = options.pop("format", "table")
        source = options.pop("map", None)
        if source is None:
            raise self.error("crashkernel-plan needs :map:, a file or sample:NAME")
        if source in {"live", "-"}:
            raise self.error(f"crashkernel-plan cannot use {source}: a document is the same everywhere")
        path = source
        if not source.startswith("sample:"):
            relative, path = self.env.relfn2path(source)
            why = why_not(os.path.realpath(self.env.srcdir), path)
            if why:
                raise self.error(f"{printable(source)} {why}: name a file below the source folder, or sample:NAME")
            self.env.note_dependency(relative)
        try:
            made = plan(path, self.arguments[0], **{name.replace("-", "_"): value for name, value in options.items()})
        except PlannerError as error:
            raise self.error(printable(str(error))) from error
        return _shown(made, form, source)


def _shown(plan: Plan, form: str, source: str) -> list[nodes.Node]:
    # As the document names it, so that a build does not depend on where it stands.
    plan = replace(plan, memory=replace(plan.memory, source=source))
    if form == "text":
        return [nodes.literal_block(text := render(plan), text, language="text")]
    if form == "svg":
        picture = draw(plan)
        verdict = next(block for block in blocks(plan) if isinstance(block, Lead))
        # Writers other than HTML's show the verdict.
        return [
            nodes.raw("", picture, format="html"),
            nodes.raw("", f"{verdict.word}: {verdict.text}\n", format="text man"),
        ]
    return [node for block in blocks(plan, wide=True) for node in _nodes(block)]


def _nodes(block: Block) -> list[nodes.Node]:
    """A block as nodes; nothing of it is parsed."""
    if isinstance(block, Lead):
        return [nodes.paragraph("", "", nodes.strong("", block.word), nodes.Text(f": {block.text}"))]
    if isinstance(block, Paragraph):
        return [nodes.paragraph("", block.text)]
    if isinstance(block, Facts):
        return [_table((), block.rows, "ll")] if block.rows else []
    if isinstance(block, Picture):
        return []
    title: list[nodes.Node] = [nodes.rubric("", block.title)] if block.title else []
    if isinstance(block, Heading):
        return title
    if isinstance(block, Table):
        return [*title, _table(block.head if any(block.head) else (), block.rows, block.align)] if block.rows else []
    if isinstance(block, Listing):
        return [*title, nodes.literal_block(text := "\n".join(block.lines), text)] if block.lines else []
    assert isinstance(block, (Bullets, Terms))  # noqa: S101 - what is left
    items = [nodes.list_item("", nodes.paragraph("", item)) for item in block.items]
    return [*title, nodes.bullet_list("", *items)] if items else []


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], align: str) -> nodes.table:
    # Writers that lay out text take the widths as characters, others as proportions.
    widths = [max(1, *map(len, column)) for column in zip(*([head] if head else []), *rows, strict=True)]
    group = nodes.tgroup("", *[nodes.colspec(colwidth=width) for width in widths], cols=len(align))
    if head:
        group += nodes.thead("", _row(head, align))
    group += nodes.tbody("", *[_row(row, align) for row in rows])
    return nodes.table("", group)


def _row(cells: Sequence[str], align: str) -> nodes.row:
    row = nodes.row()
    for cell, side in zip(cells, align, strict=True):
        entry = nodes.entry("", nodes.paragraph("", cell))
        if side == "r":
            entry["classes"].append("text-right")
        row += entry
    return row


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls when the extension is loaded."""
    app.add_directive("crashkernel-plan", CrashkernelPlan)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
