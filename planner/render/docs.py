"""Documents that show this program's output: their marked blocks, and the text with the outputs brought up to date.

In Markdown and HTML a block stands between `<!-- crashkernel-planner COMMAND -->` and `<!-- /crashkernel-planner -->`,
in reStructuredText between the comments `.. crashkernel-planner COMMAND` and `.. /crashkernel-planner`. Knows neither
files nor commands: whoever calls it runs them. Imports `errors`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from planner.base.errors import InputError, Location, printable

__all__ = ["Block", "Output", "blocks", "updated"]

_BEGIN = re.compile(
    r"(?:<!--\s*crashkernel-planner\s+(?P<md>\S.*?)\s*-->|\.\. crashkernel-planner\s+(?P<rst>\S.*?))\s*"
)
_END = re.compile(r"(?:<!--\s*/crashkernel-planner\s*-->|\.\. /crashkernel-planner)\s*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


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
    """What a command printed, and in which format."""

    text: str
    form: str


def blocks(text: str, name: str) -> list[Block]:
    """The blocks of a document, in order; marks inside a code fence are text. Raises InputError by line."""
    found: list[Block] = []
    opened: tuple[int, str, bool] | None = None
    fence = ""
    for at, line in enumerate(text.splitlines()):
        if opened is None:
            mark = _FENCE.match(line)
            if mark and (not fence or (mark[1].startswith(fence) and not line.strip().strip(fence[0]))):
                fence = "" if fence else mark[1]
            if fence or mark:
                continue
        begin = _BEGIN.fullmatch(line)
        if begin is not None:
            if opened is not None:
                raise InputError(_at(name, at), f"the block of line {opened[0] + 1} has no end yet", "end it first")
            opened = (at, begin["md"] or begin["rst"], begin["rst"] is not None)
        elif _END.fullmatch(line):
            if opened is None:
                raise InputError(
                    _at(name, at), "a block ends that was not begun", "remove the mark, or begin the block"
                )
            first, command, rst = opened
            found.append(Block(first, at, command, _words(command, name, first), rst))
            opened = None
    if opened is not None:
        raise InputError(
            _at(name, opened[0]), "this block has no end", "write <!-- /crashkernel-planner --> below its output"
        )
    return found


def _at(name: str, line: int) -> Location:
    return Location(name, line + 1, 1)


def _words(command: str, name: str, line: int) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise InputError(_at(name, line), f"{command!r}: {str(error).lower()}", "close the quotation") from error


def updated(text: str, name: str, run: Callable[[Sequence[str]], Output]) -> tuple[str, int, int]:
    """The document with each output as it is now; how many blocks there are, and how many were out of date.

    run: runs one command; its InputError is told with the block's line. Line ends stay as they are.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines()
    stale = 0
    found = blocks(text, name)
    for block in reversed(found):
        try:
            output = run(block.words)
        except InputError as error:
            where = f"{_at(name, block.first)}: {error.where}"
            raise InputError(where, error.what, error.remedy) from error
        body = _framed(block, output, html=name.lower().endswith((".html", ".htm")))
        if lines[block.first + 1 : block.last] != body:
            stale += 1
            lines[block.first + 1 : block.last] = body
    if not stale:
        return text, len(found), 0
    return end.join(lines) + (end if text.endswith("\n") else ""), len(found), stale


def _framed(block: Block, output: Output, *, html: bool = False) -> list[str]:
    """An output as its document shows it: documents as they are, pictures as they are, all else word for word."""
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
    longest = max((len(run) for line in body for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}console", _shown(block), *body, fence]


def _shown(block: Block) -> str:
    return f"$ crashkernel-planner {block.command}"
