"""Prefixes that other programs put before every line of a log or listing: quote signs, line numbers, dates, file names.

A line of a log is recognised by the kernel's time stamp or by messages of every boot, a line of a listing or of a dump
of page tables by its range.
The text before it is reduced to a pattern (digits, words, blanks, and the punctuation between them). Patterns that many
lines share are removed from all lines that begin with them. The kernel's own time stamps are in `log.timestamps`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import partial

from planner.sources.log.timestamps import without_timestamp

__all__ = ["MESSAGES", "unknown_line_prefix", "without_line_prefixes"]

MESSAGES = (
    "Linux version ",
    "Booting Linux on physical CPU",
    "Zone ranges:",
    "Early memory node ranges",
    "Kernel command line:",
    "node   0: [mem 0x",
    "crashkernel reserved: 0x",
    "Initmem setup node ",
    "MEMBLOCK configuration",
    "efi: Processing EFI memory map",
    "memblock_add: [0x",
    "efi:   0x0",
)
"""Messages that boot logs always or often have, and other texts do not."""

_STAMP = re.compile(r"\[ {0,12}\d{1,10}\.\d{6}\]")
_MESSAGE = "|".join(map(re.escape, MESSAGES))
_RANGE = re.compile(r"(?<![\w.])(?:0[xX])?[0-9a-fA-F]{8,16} ?- ?(?:0[xX])?[0-9a-fA-F]{8,16}[ \t]{0,4}[:|] ?")
_DEBUGFS = re.compile(r"(?<!\S)\d{1,7}: 0x[0-9a-fA-F]{8,16}\.\.0x[0-9a-fA-F]{8,16}")
_PAGE_TABLES = re.compile(r"(?<![\w.])0x[0-9a-fA-F]{16}-0x[0-9a-fA-F]{16} +\d+[KMGTPE]? P")  # a row of a dump of them
_WIDEST = 400  # characters of a prefix
_SIGNS = "|+#*!%:;`\u2502"  # with which every line of a text may be quoted
_CLOSING = "|'\"},;`\u2502 \t"
_REPLY = re.compile(r"\n[ \t]*+>(?:[ \t]*+>)*+ ?")
_NEVER_FIRST = "|+\u2502"  # signs that begin no line but those of a quotation or a table
_RUNS = re.compile(r"\w+|\s+|.", re.DOTALL)
_FIRSTS = re.compile(r"^[^\S\n]*+(\S)", re.MULTILINE)  # of lines that are not empty
_SHAPE = {ord(c): "0" if c.isdigit() else "a" for c in map(chr, range(128)) if c.isalnum()}
_LOOKED_AT = 400  # lines of a listing
_ROUNDS = 4  # prefixes within prefixes

_Finder = Callable[[str], int]
"""A function from a line to the index at which the kernel's own text begins; -1 if that is not known."""


def without_line_prefixes(text: str) -> str:
    """The text without the prefix of most of its lines."""
    if text[:1] == ">" or (">" in text and re.search("\n ?>", text)):
        text = _REPLY.sub("\n", f"\n{text}")[1:]
    for _ in range(_ROUNDS):
        find = _finder(text)
        if find is None:
            # Neither a log nor a listing; perhaps lsmem or a configuration, quoted.
            bare = _without_sign(text) if text[:200].lstrip()[:1] in _NEVER_FIRST else None
            return text if bare is None else bare
        bare = _without_sign(text)
        if bare is None:
            bare = _without_common(text, find)
        if bare is None:
            return text
        text = bare
    return text


def unknown_line_prefix(text: str) -> tuple[int, str] | None:
    """The number of the first line with text before what a log or a listing has there, and that text; None if none."""
    for number, line in enumerate(text[:200_000].split("\n", _LOOKED_AT)[:_LOOKED_AT], 1):
        range_ = _first(_RANGE, line)
        at = _words(line) if range_ is None else range_.start()
        if line[: max(at, 0)].strip():
            return number, line[:at].strip()
    return None


def _finder(text: str) -> _Finder | None:
    """The finder for a text whose lines have a prefix; None for a text without one, or of another kind."""
    known = bare = 0
    for message in MESSAGES:
        if (at := text.find(message)) >= 0:
            known, bare = known + 1, bare + (not _is_prefixed(text, at))
            if 2 * bare >= len(MESSAGES):
                return None  # the rest cannot be more
    if known:
        return _words if 2 * bare < known else None
    for pattern, sign in ((_RANGE, ":"), (_DEBUGFS, "..0x"), (_PAGE_TABLES, "]---")):
        if sign not in text:
            continue
        found = [
            (m, line) for line in text[:200_000].split("\n", _LOOKED_AT)[:_LOOKED_AT] if (m := _first(pattern, line))
        ]
        if found:
            prefixed = sum(bool(line[: m.start()].strip()) or line.rstrip().endswith("|") for m, line in found)
            return partial(_range, pattern) if 2 * prefixed > len(found) else None
    return None


def _first(pattern: re.Pattern[str], line: str) -> re.Match[str] | None:
    return pattern.search(line, 0, _WIDEST + 50)


def _is_prefixed(text: str, at: int) -> bool:
    """True if there is more before the message at an index, on its line, than the kernel's time stamp."""
    start = text.rfind("\n", 0, at) + 1
    if at - start > _WIDEST:
        return False
    line = text[start : at + 20]
    return len(line) - len(without_timestamp(line)) < at - start


def _words(line: str) -> int:
    found = _first(_STAMP, line) or re.search(_MESSAGE, line[:_WIDEST])
    return -1 if found is None else found.start()


def _range(pattern: re.Pattern[str], line: str) -> int:
    found = _first(pattern, line)
    return -1 if found is None else found.start()


def _without_sign(text: str) -> str | None:
    """The text without the sign that most lines begin with, nor the one at their end; None if there is no such sign."""
    firsts = Counter(_FIRSTS.findall(text))
    sign, count = firsts.most_common(1)[0] if firsts else ("", 0)
    if not sign or sign not in _SIGNS or 10 * count < 6 * firsts.total():
        return None
    return _without_closing(re.sub(rf"^[^\S\n]*+{re.escape(sign)} ?", "", text, flags=re.MULTILINE))


def _without_closing(text: str) -> str:
    """The text without the signs at the end of nearly all lines, such as the right border of a table."""
    lines = text.split("\n")
    full = [line[-1:] for line in map(str.rstrip, lines) if line]
    closed = 10 * sum(map(_CLOSING.count, full)) >= 9 * len(full)
    return "\n".join([line.rstrip(_CLOSING) for line in lines]) if closed else text


def _without_common(text: str, find: _Finder) -> str | None:
    """The text without the prefixes whose patterns many lines share; None if there is no such pattern."""
    prefixes = [line[:at] for line in text.split("\n") if line and (at := find(line)) > 0 and line[:at].strip()]
    counts: Counter[str] = Counter()
    for shape, count in Counter(prefix.rstrip().translate(_SHAPE) for prefix in prefixes).items():
        counts[_pattern(shape)] += count
    patterns = [pattern for pattern, count in counts.most_common(4) if pattern and 10 * count >= counts.total()]
    if not patterns:
        return None
    blanks = min(len(prefix) - len(prefix.rstrip()) for prefix in prefixes)
    after = rf"(?:[^\S\n]{{{blanks}}}|[^\S\n]*+$)?+"
    return _without_closing(re.sub(rf"^(?:{'|'.join(patterns)}){after}", "", text, flags=re.MULTILINE))


def _pattern(prefix: str) -> str:
    """A pattern for prefixes with the same runs of digits, letters and blanks, and the same punctuation between them.

    Nothing in it can be matched in two ways, so that matching takes time linear in the line.
    """
    parts = [r"[^\S\n]*+"]
    for run in _RUNS.findall(prefix.lstrip()):
        if run.isspace():
            parts.append(r"[^\S\n]++")
        elif run.isalnum() or "_" in run:
            parts.append(r"\d++" if run.isdecimal() else r"\w++")
        else:
            parts.append(re.escape(run))
    return "".join(parts)
