"""Blocks as reStructuredText for documents in version control; the same blocks give the same bytes.

docutils reads it without a message, text from the input cannot become markup, and only what would be markup is escaped.
Lines stay within 80 columns where the syntax allows: literal blocks are kept as they are, and a word is broken only
after a comma, dash, slash or full stop.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import combining, east_asian_width

from planner.base.errors import printable
from planner.render.blocks.model import Block, Facts, Heading, Lead, Listing, Paragraph, Picture, Table, spaced
from planner.render.terminal import WIDTH, abreast, fit, wrap

__all__ = ["document", "escape"]

_INLINE = re.compile(
    r"[\\`]"
    r"|(?<!\w)[*|](?=\S)"  # after a letter they begin nothing
    r"|_(?![^\W_])"  # the end of a reference; one between letters is none
    r"|(?<=:):|:(?=:)"  # what follows would be a literal block
    r"|(?<![^\W_])[A-Za-z][A-Za-z0-9.+-]*:(?=[^\s])"  # a scheme makes a link
    r"|(?<=\w)@(?=\w)"
)
_NO_SCHEMES = {"sample", "crashkernel"}

_FIRST = re.compile(
    r"(?:[-+*\u2022\u2023\u2043](?:\s|$)"  # bullets
    r"|[-+][^\W_](?:[ =]?[A-Za-z<]|,\s|\s|$)|(?:--|/)\w[\w-]*(?:[=,\s]|$)"  # options
    r"|:|\.\.(?:\s|$)|__|>>>|\|"  # fields, comments, anonymous targets, doctests, line blocks
    r"|\(?(?:[0-9]+|[A-Za-z]|[ivxlcdm]+|[IVXLCDM]+|#)[.)](?:\s|$)"  # numbered lists
    r"|([^\w\s])\1*\s*$)"  # lines of punctuation
    r"|[^\w\s]{2,}(?:\s+[^\w\s]+)*$"
)

_RULE = re.compile(r"^(([^\w\s\\])\2*)(?= |$)")
"""The beginning of a line that could make the line above it a title."""


def escape(text: str) -> str:
    """Escape text so that reStructuredText shows it as it is; one line, no control characters."""
    escaped = _INLINE.sub(_escaped, " ".join(printable(text).split()))
    if escaped and not escaped.strip("\\"):
        return "\\ " + escaped  # a line of nothing but backslashes would be a rule
    return "\\" + escaped if escaped[:1] != "\\" and _FIRST.match(escaped) else escaped


def _escaped(found: re.Match[str]) -> str:
    scheme, colon = found[0][:-1], found[0][-1]
    return found[0] if scheme in _NO_SCHEMES else f"{scheme}\\{colon}"


def document(blocks: Sequence[Block]) -> str:
    """The blocks as reStructuredText; ends with a newline."""
    return spaced([_lines(block) for block in blocks])


def _lines(block: Block) -> list[str]:
    if isinstance(block, Lead):
        return _filled(f"**{escape(block.word)}**: {escape(block.text)}")
    if isinstance(block, Paragraph):
        return _filled(escape(block.text))
    if isinstance(block, Facts):
        return [line for label, text in block.rows for line in _filled(escape(text), f":{_label(label)}: ", "  ")]
    title = _filled(escape(block.title), ".. rubric:: ", "   ") if block.title else []
    if isinstance(block, Heading):
        return title
    if title:
        title.append("")
    if isinstance(block, Table):
        return title + _table(block.head, block.rows, block.align)
    if isinstance(block, (Listing, Picture)):
        lines = block.lines if isinstance(block, Listing) else block.draw(WIDTH - _INDENT, False)
        return [*title, "::", "", *[f"{' ' * _INDENT}{printable(line)}".rstrip() for line in _marked(lines)]]
    return title + [line for item in block.items for line in _filled(escape(item), "- ", "  ")]


_INDENT = 3


def _label(text: str) -> str:
    return escape(text).replace(":", "\\:")


def _filled(text: str, first: str = "", rest: str = "") -> list[str]:
    """Text in lines of at most 80 columns, as far as its words allow."""
    return [line.rstrip() for line in _wrapped(text, WIDTH, first, rest)]


def _wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Text in lines of which none makes the line above it a title; a backslash at an end hides the break of a word."""
    head, *more = wrap(text, width, first, rest, mark="\\")
    return [head, *[rest + _RULE.sub(r"\\\1", line.removeprefix(rest)) for line in more]]


def _marked(lines: Sequence[str]) -> Sequence[str]:
    """The lines of a literal block, which may not all be empty."""
    return lines if any(line.strip() for line in lines) else ["(empty)"]


def _table(head: Sequence[str], rows: Sequence[tuple[str, ...]], align: str) -> list[str]:
    """A simple table, whose texts wrap within their column.

    It becomes a list table if it has wide characters, or if its first column, which cannot wrap, is too wide.
    """
    titles = [escape(cell) for cell in head]
    # A dash alone would be an empty list; an empty cell says the same.
    cells = [["" if cell == "-" else escape(cell) for cell in row] for row in rows]
    top = [titles] if any(titles) else []
    widths = _widths([*top, *cells])
    if sum(widths) + 2 * (len(widths) - 1) > WIDTH or any(_wide(cell) for row in [*top, *cells] for cell in row):
        return _list_table(top, cells)
    rule = "  ".join(["=" * wide for wide in widths])
    # An empty first cell would continue the row above: an empty comment stands there.
    first, body = (
        [line for row in part for line in _row([row[0] or "..", *row[1:]], widths, align)] for part in (top, cells)
    )
    return [rule, *first, *[rule] * bool(first), *body, rule]


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """As wide as the texts; where that is too wide, columns but the first shrink to their words, then to parts."""
    columns = list(zip(*rows, strict=True))
    widths = [max(2, *map(len, column)) for column in columns]
    excess = sum(widths) + 2 * (len(widths) - 1) - WIDTH
    for ends, mark in (" ", 0), (" ,./-", 1):
        parts = re.compile(f"[^{ends}]+[{ends}]?")
        least = [
            max([2, *(len(part.strip()) + mark for cell in column for part in parts.findall(cell))])
            for column in columns[1:]
        ]
        excess = fit(widths, [widths[0], *least], excess)
    return widths


def _row(row: Sequence[str], widths: Sequence[int], align: str) -> list[str]:
    cells = [_wrapped(cell, wide) for cell, wide in zip(row, widths, strict=True)]
    # The lines of one cell begin in one column: a deeper one would be a quotation.
    return abreast([[line.ljust(max(map(len, lines))) for line in lines] for lines in cells], widths, align)


def _wide(text: str) -> bool:
    """True if a text takes other than one column per character."""
    return not text.isascii() and any(east_asian_width(c) in "WFA" or combining(c) for c in text)


def _list_table(top: list[list[str]], cells: list[list[str]]) -> list[str]:
    lines = [".. list-table::", *["   :header-rows: 1"] * len(top), ""]
    for row in [*top, *cells]:
        for n, cell in enumerate(row):
            lines += _filled(cell, "     - " if n else "   * - ", "       ")
    return lines
