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

from planner.base.text import compiled
from planner.sources.log.messages import MESSAGES
from planner.sources.log.timestamps import STAMP, WIDEST, prefix_pattern, without_timestamp
from planner.sources.quoting.line_ends import QUOTES, may_end_alike, without_common_end, without_quotes
from planner.sources.quoting.sample import some_lines
from planner.sources.reading import TABLE_ROW

__all__ = ["RANGE", "SPAN", "unknown_line_prefix", "without_line_prefixes"]

_MESSAGE = "|".join(map(re.escape, MESSAGES))
SPAN = r"(?:0[xX])?[0-9a-fA-F]{8,16} ?- ?(?:0[xX])?[0-9a-fA-F]{8,16}"
"""The pattern of a range as a listing has it: first and last byte."""

RANGE = re.compile(rf"(?<![\w.]){SPAN}[ \t]{{0,4}}[:|] ?")
"""The beginning of a listing's row anywhere in a line."""

# The beginnings of a row of memblock's files and of one of a dump of page tables, anywhere in a line.
_DEBUGFS = re.compile(r"(?<!\S)\d{1,7}: 0x[0-9a-fA-F]{8,16}\.\.0x[0-9a-fA-F]{8,16}")
_TABLE_ROW = re.compile(rf"(?<![\w.]){TABLE_ROW}")
_SIGNS = "|+#*!%:;`\u2502"  # with which every line of a text may be quoted
_REPLY = re.compile(r"\n[ \t]*+>(?>(?:[ \t]*+>)*) ?")  # the quote signs of a mail, those of several replies too
_NEVER_FIRST = "|+\u2502"  # signs that begin no line but those of a quotation or a table
_FIRSTS = re.compile(r"\n[^\S\n]*+(\S)")  # the first character of lines that are not empty
_SHAPE = {ord(c): "0" if c.isdigit() else "a" for c in map(chr, range(128)) if c.isalnum()}
"""A translation that leaves of a prefix what its pattern depends on: which characters are digits, and which letters."""

_HEAD, _LOOKED_AT = 200_000, 400  # characters and lines by which a listing is recognised
_BEHIND = 50  # characters of a line behind the widest prefix, by which a row is recognised
_ROUNDS = 4  # prefixes within prefixes
_LONGEST_NUMBER = 20  # characters

_Finder = Callable[[str], int]
"""A function from a line to the index at which the kernel's own text begins; -1 if that is not known."""


def without_line_prefixes(text: str) -> str:
    """The text without the prefix of most of its lines."""
    if text[:1] == ">" or (">" in text and re.search("\n ?>", text)):
        text = _REPLY.sub("\n", f"\n{text}")[1:]
    for _ in range(_ROUNDS):
        found = _finder(text)
        if found is None:
            # Neither a log nor a listing; perhaps lsmem or a configuration, quoted.
            bare = _without_sign(text) if text[:200].lstrip()[:1] in _NEVER_FIRST else None
            return text if bare is None else without_common_end(bare)
        bare, (find, prefixed) = None, found
        if prefixed:
            bare = _without_sign(text)
            if bare is None:
                bare = _without_common(text, find)
        elif _may_be_numbered(sample := some_lines(text)):
            bare = _without_numbers(text)
        elif not may_end_alike(sample):
            return text
        text = without_common_end(text if bare is None else bare, find)
        if bare is None:
            return text
    return text


def unknown_line_prefix(text: str) -> tuple[int, str] | None:
    """The number of the first line with text before what a log or a listing has there, and that text; None if none."""
    for number, line in enumerate(_first_lines(text), 1):
        row = _first(RANGE, line)
        at = _start_of_message(line) if row is None else row.start()
        if line[: max(at, 0)].strip():
            return number, line[:at].strip()
    return None


def _finder(text: str) -> tuple[_Finder, bool] | None:
    """The finder for a log or a listing, and True if most lines have a prefix; None for a text of another kind."""
    known = bare = 0
    for message in MESSAGES:
        if (at := text.find(message)) >= 0:
            known, bare = known + 1, bare + (not _is_prefixed(text, at))
            if 2 * bare >= len(MESSAGES):
                break  # the rest cannot be more
    if known:
        return _start_of_message, 2 * bare < known
    for pattern, sign in ((RANGE, ":"), (_DEBUGFS, "..0x"), (_TABLE_ROW, "]---")):
        if sign not in text:
            continue
        found = [(m, line) for line in _first_lines(text) if (m := _first(pattern, line))]
        if found:
            prefixed = sum(bool(line[: m.start()].strip()) or line.rstrip().endswith("|") for m, line in found)
            return partial(_start_of_row, pattern), 2 * prefixed > len(found)
    return None


def _first_lines(text: str) -> list[str]:
    """The lines at the beginning of a text, by which a listing is recognised."""
    return text[:_HEAD].split("\n", _LOOKED_AT)[:_LOOKED_AT]


def _first(pattern: re.Pattern[str], line: str) -> re.Match[str] | None:
    """The first match that a prefix leaves room for."""
    return pattern.search(line, 0, WIDEST + _BEHIND)


def _is_prefixed(text: str, at: int) -> bool:
    """True if there is more before the message at an index, on its line, than the kernel's time stamp."""
    start = text.rfind("\n", 0, at) + 1
    if at - start > WIDEST:
        return False
    line = text[start : at + 20]
    return len(line) - len(without_timestamp(line)) < at - start


def _start_of_message(line: str) -> int:
    """The index of printk's time stamp, or else of a message of every boot; -1 without either."""
    found = _first(STAMP, line) or compiled(_MESSAGE).search(line, 0, WIDEST)
    return -1 if found is None else found.start()


def _start_of_row(pattern: re.Pattern[str], line: str) -> int:
    """The index at which a row of a listing begins; -1 if the line has none."""
    found = _first(pattern, line)
    return -1 if found is None else found.start()


def _without_sign(text: str) -> str | None:
    """The text without the sign that most lines begin with; None if there is no such sign."""
    firsts = Counter(_FIRSTS.findall(f"\n{text}"))
    sign, count = firsts.most_common(1)[0] if firsts else ("", 0)
    if not sign or sign not in _SIGNS or 10 * count < 6 * firsts.total():
        return None
    return re.sub(rf"\n[^\S\n]*+{re.escape(sign)} ?", "\n", f"\n{text}")[1:]


def _without_common(text: str, find: _Finder) -> str | None:
    """The text without the prefixes whose patterns many lines share; None if there is no such pattern.

    A quote that ends a prefix is not a part of it: some lines may have none.
    """
    found = ((line, find(line)) for line in text.split("\n") if line)
    prefixes = Counter(line[:at].translate(_SHAPE) for line, at in found if at > 0)
    counts: Counter[tuple[str, bool]] = Counter()
    blanks = WIDEST
    for prefix, count in prefixes.items():
        bare = prefix.rstrip()
        if not bare:
            continue
        quoted = bare[-1] in QUOTES
        before = bare[:-1] if quoted else prefix
        blanks = min(blanks, len(before) - len(before.rstrip()))
        counts[before.rstrip(), quoted] += count
    patterns: Counter[str] = Counter()
    after = (rf"(?>(?:[^\S\n]{{{blanks}}}|[^\S\n]*+$)?)", rf"[^\S\n]*+(?=[{QUOTES}])")
    for (shape, quoted), count in counts.items():
        patterns[prefix_pattern(shape) + after[quoted]] += count
    usual = [pattern for pattern, count in patterns.most_common(4) if 10 * count >= patterns.total()]
    if not usual:
        return None
    bare = re.sub(rf"\n(?:{'|'.join(usual)})", "\n", f"\n{text}", flags=re.MULTILINE)[1:]
    return without_quotes(bare) if any(quoted for _, quoted in counts) else bare


def _may_be_numbered(sample: list[str]) -> bool:
    """True if a third of some lines are numbers alone."""
    return 3 * sum(map(str.isdecimal, map(str.strip, sample))) > len(sample)


def _without_numbers(text: str) -> str | None:
    """The text without the lines that number the lines after them (`sed =`); None if there are none."""
    lines = text.split("\n")
    numbers = {
        at: int(line) for at, line in enumerate(lines) if line.strip().isdecimal() and len(line) < _LONGEST_NUMBER
    }
    counted = [
        at for at, number in numbers.items() if numbers.get(at - 2) == number - 1 or numbers.get(at + 2) == number + 1
    ]
    if 10 * len(counted) < 9 * len(numbers):
        return None
    for at in counted:
        lines[at] = ""
    return "\n".join(lines)
