"""Documents that show this program's output: finding their marked blocks, and updating the outputs in them.

In Markdown and HTML a block stands between `<!-- crashkernel-planner COMMAND -->` and `<!-- /crashkernel-planner -->`,
in reStructuredText between the comments `.. crashkernel-planner COMMAND` and `.. /crashkernel-planner`. This module
reads no files and runs no commands: its caller does.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from planner.base.errors import InputError, Location, printable
from planner.render.formats.markdown import fence

__all__ = ["Block", "Output", "Updated", "blocks", "updated"]

_LINE = re.compile(r"[^\r\n]*+(?:\r\n|\n|\r)|[^\r\n]++")
"""A line with its end, as Markdown, HTML and editors count lines; a form feed does not end one."""

_FENCE = re.compile(r" {0,3}(`{3,}+(?!.*`)|~{3,}+)")
_HTML, _RST = (".html", ".htm"), (".rst", ".rest", ".txt")


@dataclass(frozen=True, slots=True)
class _Marks:
    """The comments of one markup: the text before and after a command, and the mark that ends a block."""

    opening: str
    closing: str
    end: str

    def _comment(self, line: str) -> str:
        """The text of a line that is a comment; "" for any other."""
        if not (line.startswith(self.opening) and line.endswith(self.closing)):
            return ""
        return line[len(self.opening) : len(line) - len(self.closing)].strip()

    def command(self, line: str) -> str | None:
        """The command of a line that begins a block."""
        words = self._comment(line).split(None, 1)
        return words[1] if len(words) == 2 and words[0] == "crashkernel-planner" else None

    def ends(self, line: str) -> bool:
        """True for the line that ends a block."""
        return self._comment(line) == "/crashkernel-planner"


_COMMENT = _Marks("<!--", "-->", "<!-- /crashkernel-planner -->")
_DOTS = _Marks(".. ", "", ".. /crashkernel-planner")


class _Opened(NamedTuple):
    """A block whose end has not been found yet. first: the index of its first line."""

    first: int
    command: str
    marks: _Marks


@dataclass(frozen=True, slots=True)
class Block:
    """One marked block. first, last: indices of the lines with its marks. words: the command, as a shell reads it."""

    first: int
    last: int
    command: str
    words: tuple[str, ...]
    rst: bool


@dataclass(frozen=True, slots=True)
class Output:
    """The output of a command, and its format."""

    text: str
    form: str


def blocks(text: str, name: str) -> list[Block]:
    """The blocks of a document, in order; marks inside a Markdown code fence are text. Raises InputError by line."""
    return _blocks(_LINE.findall(text.removeprefix("\ufeff")), name)


def _blocks(lines: Sequence[str], name: str) -> list[Block]:
    """The blocks in the lines of a document. Raises InputError by line."""
    found: list[Block] = []
    opened: _Opened | None = None
    inside = ""  # the fence that is open
    fences = not name.lower().endswith(_HTML + _RST)
    kinds = (_DOTS,) if name.lower().endswith(_RST[:2]) else (_COMMENT, _DOTS)
    for at, whole in enumerate(lines):
        line = whole.rstrip()
        if opened is None and fences:
            mark = _FENCE.match(line)
            if mark and (not inside or (mark[1].startswith(inside) and not line.strip().strip(inside[0]))):
                inside = "" if inside else mark[1]
            if inside or mark:
                continue
        begun = next(((command, marks) for marks in kinds if (command := marks.command(line)) is not None), None)
        if begun is not None:
            if opened is not None:
                raise InputError(_at(name, at), f"the block of line {opened.first + 1} has no end yet", "end it first")
            opened = _Opened(at, *begun)
        elif opened is not None and opened.marks.ends(line):
            words = _words(opened.command, name, opened.first)
            found.append(Block(opened.first, at, opened.command, words, rst=opened.marks is _DOTS))
            opened = None
        elif opened is None and any(marks.ends(line) for marks in kinds):
            raise InputError(_at(name, at), "this mark ends no block", "remove the mark, or begin the block")
    if opened is not None:
        raise InputError(_at(name, opened.first), "this block has no end", f"write {opened.marks.end} below its output")
    return found


def _at(name: str, line: int) -> Location:
    return Location(name, line + 1, 1)


def _words(command: str, name: str, line: int) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise InputError(_at(name, line), f"{command!r}: {str(error).lower()}", "close the quotation") from error


class Updated(NamedTuple):
    """A document with its outputs up to date. blocks: the number of its blocks; stale: of those that were not."""

    text: str
    blocks: int
    stale: int


def updated(text: str, name: str, run: Callable[[Sequence[str]], Output]) -> Updated:
    """Update the outputs of a document.

    run: runs one command; its InputError is passed on with the block's line. Text outside the blocks stays as it is,
    character for character; an output takes the line ends of the mark above it.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = _LINE.findall(text.removeprefix(mark))
    stale = 0
    found = _blocks(lines, name)
    for block in reversed(found):
        try:
            output = run(block.words)
        except InputError as error:
            where = f"{_at(name, block.first)}: {error.where}"
            raise InputError(where, error.what, error.remedy) from error
        body = _framed(block, output, html=name.lower().endswith(_HTML))
        if any(_DOTS.ends(line) or _COMMENT.ends(line) for line in body):
            raise InputError(_at(name, block.first), "the output has the mark that ends a block", "show another one")
        if [line.rstrip("\r\n") for line in lines[block.first + 1 : block.last]] != body:
            stale += 1
            first = lines[block.first]
            end = first[len(first.rstrip("\r\n")) :]
            lines[block.first + 1 : block.last] = [line + end for line in body]
    return Updated(mark + "".join(lines), len(found), stale)


def _framed(block: Block, output: Output, *, html: bool = False) -> list[str]:
    """An output as its document shows it: documents and pictures as they are, all else as literal text."""
    body = output.text.rstrip("\n").splitlines()
    if block.rst:
        if output.form == "rst":
            return ["", *body, ""]
        if output.form == "svg":
            return ["", ".. raw:: html", "", *[f"   {line}".rstrip() for line in body], ""]
        return ["", "::", "", *[f"   {printable(line)}".rstrip() for line in (_shown(block), *body)], ""]
    if output.form == "svg" or (output.form == "markdown" and not html):
        return ["", *body, ""]
    if html:
        return [f"<pre>{escape(_shown(block))}", *[escape(printable(line)) for line in body], "</pre>"]
    return [f"{fence(body)}console", _shown(block), *body, fence(body)]


def _shown(block: Block) -> str:
    return f"$ crashkernel-planner {block.command}"
