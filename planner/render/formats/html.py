"""Blocks as one self-contained HTML page: no network, light and dark, for a phone, a screen and paper.

The page is a template with autoescape on; what is put into it unescaped is our own SVG and the JSON of the report,
whose `<` is escaped.

jinja2 takes as long to import as everything else of a plan, so the page that needs it does.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.base.errors import printable
from planner.render.blocks.model import (
    Bullets,
    Facts,
    Heading,
    Lead,
    Listing,
    Paragraph,
    Picture,
    Table,
    Terms,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.render.blocks.model import Block

__all__ = ["Figure", "document", "made_by", "page"]

_TITLE = 70  # characters of a page's title that a browser shows
_SHOWN = {"command": ""}
_TOKENS = re.compile(r"(?<!\S)crashkernel=[^\s()]+")


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture for wide and one for narrow screens: `svg` elements, made by this package."""

    title: str
    wide: str
    narrow: str = ""


def document(blocks: Sequence[Block]) -> str:
    """The blocks as a page, titled by the command that made it or else by what it says first; ends with a newline."""
    command = _SHOWN["command"].removeprefix("crashkernel-planner ")
    if command:
        return page(command, blocks)
    told = next((block for block in blocks if isinstance(block, (Lead, Paragraph))), None)
    if isinstance(told, Paragraph) and told is not blocks[0]:
        told = None
    named = next((block.title for block in blocks if isinstance(block, (Heading, Table)) and block.title), None)
    text = f"{told.word}: {told.text}" if isinstance(told, Lead) else told.text if told else named
    return page(_short(text or "crashkernel-planner"), blocks)


def _short(text: str) -> str:
    """The first words of a sentence, as many as a title may have."""
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

    folded: titles of tables that a picture says better, which open when asked for. data: JSON text that the page
    carries for other programs.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("planner.render.formats"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["anchor"] = _anchor
    blocks, after = shown(blocks), shown(after)
    first = 0
    while first < len(blocks) and isinstance(blocks[first], (Lead, Facts) if first else (Lead, Facts, Paragraph)):
        first += 1
    # In a script element only `<` could end it; JSON knows another way to write that.
    safe = data.strip().replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return environment.get_template("page.html.j2").render(
        title=title,
        short=_short(title),
        command=_SHOWN["command"],
        folded=folded,
        top=[_plain(block) for block in blocks[:first]],
        figures=figures,
        rest=[_plain(block) for block in (*blocks[first:], *after) if not isinstance(block, Picture)],
        data=safe,
    )


@contextmanager
def made_by(words: Sequence[str]) -> Iterator[None]:
    """Until the context ends, a page says that this command line made it."""
    _SHOWN["command"] = shlex.join(words)
    try:
        yield
    finally:
        _SHOWN["command"] = ""


def _requested(text: str) -> str:
    """The `crashkernel=` tokens of a request, or its value as one."""
    found = _TOKENS.findall(text)
    value = text.partition(" on ")[0]
    return " ".join(found) if found or " " in value or value in {"", "nothing"} else f"crashkernel={value}"


def _anchor(title: str, taken: list[str]) -> str:
    """A name for a heading that no other has."""
    words = re.findall("[a-z0-9]+", title.lower()) or ["section"]
    name = "-".join(words[:8])
    while name in taken or name in {"main", "report"}:
        name += "-2"
    taken.append(name)
    return name


def _shown(value: object) -> object:
    """Text free of control characters for the template; what is marked as HTML stays."""
    return printable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _plain(block: Block) -> dict[str, object]:
    """A block as the template takes it."""
    if isinstance(block, Lead):
        copied = " ".join(_TOKENS.findall(block.word))
        return {"kind": "lead", "word": block.word, "text": block.text, "mood": block.mood, "copied": copied}
    if isinstance(block, Facts):
        facts = [(label, text, _requested(text) if label == "Requested" else "") for label, text in block.rows]
        return {"kind": "facts", "rows": facts}
    if isinstance(block, Heading):
        return {"kind": "heading", "title": block.title}
    if isinstance(block, Paragraph):
        request = _TOKENS.match(block.text)
        copied = " ".join(_TOKENS.findall(block.text)) if request else ""
        return {"kind": "paragraph", "text": block.text, "copied": copied}
    if isinstance(block, Table):
        aligned = [["num" if side == "r" else "" for side in block.align]] * len(block.rows)
        rows = [list(zip(row, sides, strict=True)) for row, sides in zip(block.rows, aligned, strict=True)]
        head = list(zip(block.head, aligned[0], strict=True)) if any(block.head) and aligned else []
        return {"kind": "table", "title": block.title, "head": head, "rows": rows}
    if isinstance(block, Listing):
        return {"kind": "listing", "title": block.title, "lines": block.lines}
    assert isinstance(block, (Bullets, Terms))  # noqa: S101 - what is left; pictures of characters are left out
    kind = "terms" if isinstance(block, Terms) else "bullets"
    return {"kind": kind, "title": block.title, "items": block.items}
