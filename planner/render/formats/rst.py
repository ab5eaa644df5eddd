"""Blocks as reStructuredText for documents in version control; the same blocks give the same bytes.

docutils reads it without a message, text from the input cannot become markup, and only what would be markup is escaped.
Lines stay within 80 columns where the syntax allows: literal blocks are kept as they are, and a word is broken only
after a comma, dash, slash or full stop.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unicodedata import combining, east_asian_width

from planner.base.errors import printable
from planner.render.blocks.model import Facts, Heading, Lead, Listing, Paragraph, Picture, Table, spaced
from planner.render.formats.terminal import WIDTH, abreast, fit, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.render.blocks.model import Block

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

_BREAK = re.compile(r"(?<=\w)[-,./](?=\w)")
"""The places where a long word may be broken."""

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
    """Text in lines that break between words; none of them makes the line above it a title."""
    room = width - max(len(first), len(rest))
    words = [part for word in text.split(" ") for part in _broken(word, room)]
    head, *more = wrap(" ".join(words), width, first, rest, whole=True)
    return [head, *[rest + _RULE.sub(r"\\\1", line.removeprefix(rest)) for line in more]]


def _broken(word: str, room: int) -> list[str]:
    """The parts of a word that is too long for a line. Each but the last ends with a backslash, which hides the break.

    After a comma if it can be, so that the parts of a `crashkernel=` value stay whole.
    """
    parts = []
    while len(word) > room:
        ends = [found.end() for found in _BREAK.finditer(word)]
        if not ends:
            break
        fitting = [end for end in ends if end < room] or ends[:1]
        end = max([end for end in fitting if word[end - 1] == ","] or fitting)
        parts.append(word[:end] + "\\")
        word = word[end:]
    return [*parts, word]


def _marked(lines: Sequence[str]) -> Sequence[str]:
    """The lines of a literal block, which may not all be empty."""
    return lines if any(line.strip() for line in lines) else ["(empty)"]


def _table(head: Sequence[str], rows: Sequence[tuple[str, ...]], align: str) -> list[str]:
    """A simple table, whose texts wrap within their column.

    Where its first column, which cannot wrap, leaves no room for the others it becomes a grid; one with wide characters
    becomes a list table.
    """
    titles = [escape(cell) for cell in head]
    # A dash alone would be an empty list; an empty cell says the same.
    cells = [["" if cell == "-" else escape(cell) for cell in row] for row in rows]
    top = [titles] if any(titles) else []
    if any(_wide(cell) for row in [*top, *cells] for cell in row):
        return _list_table(top, cells)
    widths, excess = _widths([*top, *cells], first=True)
    return _grid(top, cells) if excess else _simple(top, cells, widths, align)


def _simple(top: list[list[str]], cells: list[list[str]], widths: list[int], align: str) -> list[str]:
    rule = "  ".join(["=" * wide for wide in widths])
    # An empty first cell would continue the row above: an empty comment stands there.
    head, body = ([[row[0] or "..", *row[1:]] for row in rows] for rows in (top, cells))
    lines = [line for row in head for line in _row(row, widths, align)]
    return [rule, *lines, *[rule] * bool(lines), *[line for row in body for line in _row(row, widths, align)], rule]


def _grid(top: list[list[str]], cells: list[list[str]]) -> list[str]:
    widths, _ = _widths([*top, *cells], gap=3, edges=4)
    lines = [_rule(widths, "-")]
    for n, row in enumerate([*top, *cells]):
        parts = abreast([_wrapped(cell, wide) for cell, wide in zip(row, widths, strict=True)], widths, gap=" | ")
        lines += [*[f"| {part} |" for part in parts], _rule(widths, "-" if n or not top else "=")]
    return lines


def _rule(widths: Sequence[int], mark: str) -> str:
    return "+" + "+".join([mark * (wide + 2) for wide in widths]) + "+"


def _widths(
    rows: Sequence[Sequence[str]], *, gap: int = 2, edges: int = 0, first: bool = False
) -> tuple[list[int], int]:
    """(widths of the columns, columns by which they exceed the line all the same).

    Where the texts are too wide the widest columns are narrowed, first to their longest words, then to parts of words.
    gap, edges: columns between two cells and around them all. first: the first column keeps its width.
    """
    columns = list(zip(*rows, strict=True))
    widths = [max(2, *map(len, column)) for column in columns]
    excess = sum(widths) + gap * (len(widths) - 1) + edges - WIDTH
    for parts in (str.split, _parts):
        least = [max([2, *(len(part) for cell in column for part in parts(cell))]) for column in columns]
        if first:
            least[0] = widths[0]
        excess = fit(widths, least, excess)
    return widths, max(excess, 0)


def _parts(cell: str) -> list[str]:
    """The words of a cell, broken wherever they may be."""
    return [part for word in cell.split() for part in _broken(word, 1)]


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
