"""The Sphinx extension `planner.sphinx`: results in documents, made when the document is built.

```rst
.. crashkernel-plan:: 512M
   :map: machines/server.iomem

.. crashkernel-compare:: 512M
   :map: sample:honeycomb-30g
   :format: table
```

Directives: `crashkernel-plan`, `-explain`, `-compare` and `-fit` take CRASHKERNEL, `-sweep` takes `128M..8G`.
Options: `map` (a regular file below the source folder, or `sample:NAME`), `format` (`picture`, which is the default,
`table` or `text`), and what the command line calls `kernel`, `page-size`, `strategy`, `align`, `rodata`, `dma-limit`
and `aim` (of a comparison). Where a picture cannot be shown, as in LaTeX, the tables stand in its place. The map file
is a dependency of the document: when it changes, the document is built anew. Needs the extra `sphinx`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from planner import api
from planner._version import __version__
from planner.base.errors import InputError, PlannerError, printable
from planner.base.files import why_not
from planner.render.blocks.model import Block, Bullets, Facts, Heading, Lead, Listing, Paragraph, Picture, Table, Terms
from planner.render.formats.terminal import WIDTH
from planner.render.layout import lay_out
from planner.render.pages import compare as compare_page
from planner.render.pictures import chart, memory_picture, search
from planner.render.results import blocks_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sphinx.application import Sphinx

__all__ = ["CrashkernelCompare", "CrashkernelExplain", "CrashkernelFit", "CrashkernelPlan", "CrashkernelSweep", "setup"]

_FORMATS = {"picture": "picture", "svg": "picture", "table": "table", "text": "text"}


def _format(argument: str) -> str:
    return _FORMATS[directives.choice(argument, tuple(_FORMATS))]


class _Result(SphinxDirective):
    """One result, by its name in the library. A subclass says how it is made and drawn."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {
        "map": directives.unchanged_required,
        "format": _format,
        "kernel": directives.unchanged_required,
        "page-size": directives.unchanged_required,
        "strategy": directives.unchanged_required,
        "align": directives.unchanged_required,
        "rodata": directives.unchanged_required,
        "dma-limit": directives.unchanged_required,
    }

    def make(self, path: str, argument: str, options: dict[str, Any]) -> Any:
        """The result."""
        raise NotImplementedError

    def named(self, made: Any, source: str) -> Any:
        """The result with its source as the document names it, so that a build does not depend on where it stands."""
        return replace(made, source=source)

    def draw(self, made: Any, prefix: str) -> str:
        """Its picture; prefix: begins the ids in it."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """The nodes of the result; one that cannot be made is an error of the document."""
        options: dict[str, Any] = {name.replace("-", "_"): value for name, value in self.options.items()}
        form = options.pop("format", "picture")
        source = options.pop("map", None)
        if source is None:
            raise self.error(f"{self.name} needs :map:, a file or sample:NAME")
        if source in {"live", "-"}:
            raise self.error(f"{self.name} cannot use {source}: a document is the same everywhere")
        path = source
        if not source.startswith("sample:"):
            relative, path = self.env.relfn2path(source)
            why = why_not(os.path.realpath(self.env.srcdir), path)
            if why:
                raise self.error(f"{printable(source)} {why}: name a file below the source folder, or sample:NAME")
            self.env.note_dependency(relative)
        try:
            made = self.named(self.make(path, self.arguments[0], options), source)
        except PlannerError as error:
            raise self.error(printable(str(error))) from error
        blocks = blocks_of(made)
        if form == "text":
            return [nodes.literal_block(text := lay_out(blocks, "text"), text, language="text")]
        tables = [node for block in blocks for node in _nodes(block)]
        if form == "table":
            return tables
        prefix = f"ckp-{self.env.new_serialno('crashkernel')}"
        return [nodes.raw("", self.draw(made, prefix), format="html"), addnodes.only("", *tables, expr="not html")]


class CrashkernelPlan(_Result):
    """`crashkernel-plan`: one plan."""

    def make(self, path: str, argument: str, options: dict[str, Any]) -> Any:
        """One plan."""
        return api.plan(path, argument, **options)

    def named(self, made: Any, source: str) -> Any:
        """With the map's name."""
        return replace(made, memory=replace(made.memory, source=source))

    def draw(self, made: Any, prefix: str) -> str:
        """Memory and the linear map."""
        return memory_picture.draw(made, prefix=prefix)


class CrashkernelExplain(_Result):
    """`crashkernel-explain`: the search, attempt by attempt."""

    def make(self, path: str, argument: str, options: dict[str, Any]) -> Any:
        """The story of one plan."""
        return api.explain(path, argument, **options)

    def named(self, made: Any, source: str) -> Any:
        """With the map's name."""
        return replace(made, plan=replace(made.plan, memory=replace(made.plan.memory, source=source)))

    def draw(self, made: Any, prefix: str) -> str:
        """The search."""
        return search.draw(made.plan, prefix=prefix)


class CrashkernelCompare(_Result):
    """`crashkernel-compare`: every strategy."""

    option_spec: ClassVar[dict[str, Any]] = {
        **{name: kind for name, kind in _Result.option_spec.items() if name != "strategy"},
        "aim": lambda argument: directives.choice(argument, ("protected", "fast", "small")),
    }

    def make(self, path: str, argument: str, options: dict[str, Any]) -> Any:
        """One comparison."""
        return api.compare(path, argument, **options)

    def draw(self, made: Any, prefix: str) -> str:
        """One strip for each group of strategies."""
        return compare_page.picture(made, prefix)


class CrashkernelFit(_Result):
    """`crashkernel-fit`: the largest sizes."""

    def make(self, path: str, argument: str, options: dict[str, Any]) -> Any:
        """The largest sizes of one form of request."""
        return api.fit(path, argument, **options)

    def draw(self, made: Any, prefix: str) -> str:
        """The outcome of every size."""
        return chart.draw_fit(made, prefix=prefix)


class CrashkernelSweep(_Result):
    """`crashkernel-sweep`: all sizes of a range."""

    def make(self, path: str, argument: str, options: dict[str, Any]) -> Any:
        """All sizes of `FROM..TO`."""
        least, dots, most = argument.partition("..")
        if not dots:
            raise InputError(self.name, f"{printable(argument)!r} is not a range of sizes", "give one such as 128M..8G")
        return api.sweep(path, least, most, **options)

    def draw(self, made: Any, prefix: str) -> str:
        """The chart."""
        return chart.draw(made, prefix=prefix)


def _nodes(block: Block) -> list[nodes.Node]:
    """A block as nodes; nothing of it is parsed."""
    if isinstance(block, Lead):
        return [nodes.paragraph("", "", nodes.strong("", block.word), nodes.Text(f": {block.text}"))]
    if isinstance(block, Paragraph):
        return [nodes.paragraph("", block.text)]
    if isinstance(block, Facts):
        fields = [
            nodes.field("", nodes.field_name("", label), nodes.field_body("", nodes.paragraph("", text)))
            for label, text in block.rows
        ]
        return [nodes.field_list("", *fields)] if fields else []
    title: list[nodes.Node] = [nodes.rubric("", block.title)] if block.title else []
    if isinstance(block, Heading):
        return title
    if isinstance(block, Table):
        return [*title, _table(block.head if any(block.head) else (), block.rows, block.align)] if block.rows else []
    if isinstance(block, (Listing, Picture)):
        lines = block.lines if isinstance(block, Listing) else block.draw(WIDTH, False)
        return [*title, nodes.literal_block(text := "\n".join(lines), text, language="text")] if lines else []
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
    app.add_directive("crashkernel-explain", CrashkernelExplain)
    app.add_directive("crashkernel-compare", CrashkernelCompare)
    app.add_directive("crashkernel-fit", CrashkernelFit)
    app.add_directive("crashkernel-sweep", CrashkernelSweep)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
