"""Blocks as one self-contained HTML page: no network, light and dark, for phones, screens and paper.

The page is a template with autoescape on; the only unescaped parts are our own SVG and the JSON of the report, whose
`<` is escaped.

jinja2 takes as long to import as everything else of a plan, so it is imported only for a page.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import chain, count
from typing import TYPE_CHECKING

from planner.base.errors import printable
from planner.render.blocks.model import Block, Facts, Lead, Paragraph, Picture, Table, shown

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["Figure", "document", "made_by", "page"]

_TITLE = 70  # characters of a page's title that a browser shows
_PHONE = 30  # characters of a line on a screen of 320 pixels
_TOKENS = re.compile(r"(?<!\S)crashkernel=[^\s()]+")

_COMMAND = ContextVar("command", default="")
"""The command line that makes the pages, as they show it; "" for those of the library."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture as two `svg` elements made by this package, for wide and for narrow screens."""

    title: str
    wide: str
    narrow: str = ""


def document(blocks: Sequence[Block]) -> str:
    """The blocks as a page, titled by the command that made it or else by its answer; ends with a newline."""
    lead = next((f"{block.word}: {block.text}" for block in blocks if isinstance(block, Lead)), "crashkernel-planner")
    return page(_COMMAND.get().removeprefix("crashkernel-planner ") or _short(lead), blocks)


def _short(text: str) -> str:
    """The first words of a sentence, up to the length of a title."""
    return textwrap.shorten(text, _TITLE, placeholder=" ...")


def page(
    title: str,
    blocks: Sequence[Block],
    *,
    figures: Sequence[Figure] = (),
    after: Sequence[Block] = (),
    folded: Sequence[str] = (),
    data: str = "",
) -> str:
    """A page: the first blocks (verdict and facts), the pictures, the other blocks, then `after`.

    folded: titles of tables that open on request, since a picture shows the same better. data: JSON text that the page
    carries for other programs.
    """
    blocks, after = shown(blocks), shown(after)
    first = 0
    while first < len(blocks) and isinstance(blocks[first], (Lead, Facts) if first else (Lead, Facts, Paragraph)):
        first += 1
    # Only `<` could end a script element; JSON can write it as an escape.
    safe = data.strip().replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return _template().render(
        title=printable(title),
        short=_short(printable(title)),
        command=printable(_COMMAND.get()),
        folded=folded,
        top=blocks[:first],
        figures=figures,
        rest=[block for block in (*blocks[first:], *after) if not isinstance(block, Picture)],
        data=safe,
    )


def _template() -> Template:
    """The template of a page, with its filters."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("planner.render.formats"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "anchor": _anchor,
        "kind": _kind,
        "label": _label,
        "requested": _requested,
        "stacked": _stacked,
        "tokens": _tokens,
    }
    return environment.get_template("page.html.j2")


@contextmanager
def made_by(words: Sequence[str]) -> Iterator[None]:
    """Until the context ends, pages show this command line as the one that made them."""
    before = _COMMAND.set(shlex.join(words))
    try:
        yield
    finally:
        _COMMAND.reset(before)


def _kind(block: Block) -> str:
    return type(block).__name__


def _stacked(table: Table) -> bool:
    """True for a table too wide for a phone, where each of its rows becomes a list of labels and values."""
    widths = [max(map(len, column)) for column in zip(table.head, *table.rows, strict=True)]
    return sum(widths) + 2 * (len(widths) - 1) > _PHONE


def _tokens(text: str) -> str:
    """The `crashkernel=` tokens of a text that begins with one."""
    return " ".join(_TOKENS.findall(text)) if _TOKENS.match(text) else ""


def _requested(text: str) -> str:
    """The `crashkernel=` tokens of a request, or its value as one."""
    found = _TOKENS.findall(text)
    value = text.partition(" on ")[0]
    return " ".join(found) if found or " " in value or value in {"", "nothing"} else f"crashkernel={value}"


def _anchor(title: str, taken: list[str]) -> str:
    """An id for a heading that no other heading has."""
    name = "-".join(re.findall("[a-z0-9]+", title.lower())[:8])
    return _unique(name if name[:1].isalpha() else f"section-{name}".rstrip("-"), taken, "-")


def _label(title: str, under: str, taken: list[str]) -> str:
    """A name for a table that no other has, with its heading if need be."""
    name = title or "Table"
    return _unique(f"{name}, {under}" if under and name in taken else name, taken, " ")


def _unique(name: str, taken: list[str], mark: str) -> str:
    numbered = (f"{name}{mark}{n}" for n in count(2))
    found = next(each for each in chain([name], numbered) if each not in taken)
    taken.append(found)
    return found
