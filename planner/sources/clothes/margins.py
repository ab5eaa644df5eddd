"""Margins that stand before the kernel's words on every line, found by their shape.

A line of a log is known by the kernel's time stamp or by words that a boot always says, a line of a listing by its
range. What comes before is reduced to a shape (digits, words, blanks, and the signs between them); shapes that many
lines share are a margin, and are taken off all lines that begin with them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from planner.sources.log.prefix import without_prefix

__all__ = ["strange_margin", "without_margins"]

_SAID = (
    "Linux version ",
    "Booting Linux on physical CPU ",
    "Zone ranges:",
    "Early memory node ranges",
    "Kernel command line:",
    "node   0: [mem 0x",
    "crashkernel reserved: 0x",
    "Initmem setup node ",
    "MEMBLOCK configuration:",
    "efi: Processing EFI memory map:",
    "memblock_add: [0x",
    "efi:   0x0",
)
"""Words that boot logs always or often hold, and other texts do not."""

_STAMP = re.compile(r"\[ {0,12}\d{1,10}\.\d{6}\]")
_RANGE = re.compile(r"(?<![\w.])(?:0[xX])?[0-9a-fA-F]{8,16} ?- ?(?:0[xX])?[0-9a-fA-F]{8,16}[ \t]{0,4}[:|] ?")
_DEBUGFS = re.compile(r"(?<!\S)\d{1,7}: 0x[0-9a-fA-F]{8,16}\.\.0x[0-9a-fA-F]{8,16}")
_WIDEST = 400  # characters of a margin
_SIGNS = "|+#*!%:;`\u2502"  # with which a whole text may be quoted
_CLOSING = "|'\"},;`\u2502 \t"
_REPLY = re.compile(r"^[ \t]*+>(?:[ \t]*+>)*+ ?", re.MULTILINE)
_REPLIED = "|+\u2502"  # signs that begin a line only in a quotation or a table
_RUNS = re.compile(r"\w+|\s+|.", re.DOTALL)
_LOOKED_AT = 400  # lines of a listing
_ROUNDS = 4

_Finder = Callable[[str], int]
"""Finds the index at which the kernel's words begin on a line; -1 where that is not known."""


def without_margins(text: str) -> str:
    """The text without what stands before the kernel's words on most of its lines."""
    if text[:1] == ">" or (">" in text and re.search("\n ?>", text)):
        text = re.sub(_REPLY, "", text)
    for _ in range(_ROUNDS):
        find = _finder(text)
        if find is None:
            # Of another kind, perhaps: lsmem, a configuration.
            bare = _unquoted(text.split("\n")) if text[:200].lstrip()[:1] in _REPLIED else None
            return text if bare is None else "\n".join(bare)
        lines = text.split("\n")
        bare = _unquoted(lines) or _unshaped(lines, find)
        if bare is None:
            return text
        text = "\n".join(bare)
    return text


def strange_margin(text: str) -> tuple[int, str] | None:
    """The first line of a text on which the words of a log or listing stand behind others, and what these are."""
    for number, line in enumerate(text[:200_000].split("\n", _LOOKED_AT)[:_LOOKED_AT], 1):
        range_ = _first(_RANGE, line)
        at = _words(line) if range_ is None else range_.start()
        if line[: max(at, 0)].strip():
            return number, line[:at].strip()
    return None


def _finder(text: str) -> _Finder | None:
    """The finder for a text that has a margin; None for a text without one, or of another kind."""
    said = bare = 0
    for mark in _SAID:
        if (at := text.find(mark)) >= 0:
            said, bare = said + 1, bare + (not _is_dressed(text, at))
            if 2 * bare >= len(_SAID):
                return None
    if said:
        return _words if 2 * bare < said else None
    for pattern, sign in ((_RANGE, ":"), (_DEBUGFS, "..0x")):
        if sign not in text:
            continue
        found = [
            (m, line) for line in text[:200_000].split("\n", _LOOKED_AT)[:_LOOKED_AT] if (m := _first(pattern, line))
        ]
        if found:
            dressed = sum(bool(line[: m.start()].strip()) or line.rstrip().endswith("|") for m, line in found)
            return _ranges(pattern) if 2 * dressed > len(found) else None
    return None


def _first(pattern: re.Pattern[str], line: str) -> re.Match[str] | None:
    return pattern.search(line, 0, _WIDEST + 50)


def _is_dressed(text: str, at: int) -> bool:
    """True if the words at a place of the text do not begin their line, but for a prefix that is known."""
    start = text.rfind("\n", 0, at) + 1
    if at - start > _WIDEST:
        return False
    line = text[start : at + 20]
    return len(line) - len(without_prefix(line)) < at - start


def _words(line: str) -> int:
    stamp = _first(_STAMP, line)
    if stamp is not None:
        return stamp.start()
    return min((at for said in _SAID if (at := line.find(said, 0, _WIDEST)) >= 0), default=-1)


def _ranges(pattern: re.Pattern[str]) -> _Finder:
    def find(line: str) -> int:
        found = _first(pattern, line)
        return -1 if found is None else found.start()

    return find


def _unquoted(lines: Sequence[str]) -> list[str] | None:
    """Lines without a sign that begins nearly all of them, and without what closes them; None if there is none."""
    firsts = Counter(line.lstrip()[:1] for line in lines if line.strip())
    sign, count = firsts.most_common(1)[0] if firsts else ("", 0)
    if not sign or sign not in _SIGNS or 10 * count < 6 * firsts.total():
        return None
    pattern = re.compile(rf"\s*{re.escape(sign)} ?")
    return _unclosed([line[m.end() :] if (m := pattern.match(line)) else line for line in lines])


def _unclosed(lines: list[str]) -> list[str]:
    """Lines without the signs that close nearly all of them, as the right side of a table does."""
    full = [line for line in lines if line.strip()]
    if 10 * sum(line.rstrip()[-1:] in _CLOSING for line in full) < 9 * len(full):
        return lines
    return [line.rstrip(_CLOSING) for line in lines]


def _unshaped(lines: Sequence[str], find: _Finder) -> list[str] | None:
    """Lines without the margins whose shapes many of them share; None if there is no such shape."""
    margins = [line[:at] for line in lines if (at := find(line)) > 0 and line[:at].strip()]
    shapes = Counter(_shape(margin.rstrip()) for margin in margins)
    total = shapes.total()
    common = [shape for shape, count in shapes.most_common(4) if shape and 10 * count >= total]
    if not common:
        return None
    patterns = [re.compile(shape) for shape in common]
    blanks = min(len(margin) - len(margin.rstrip()) for margin in margins)
    bare: list[str] = []
    for line in lines:
        found = next((m for pattern in patterns if (m := pattern.match(line))), None)
        rest = line if found is None else line[found.end() :]
        bare.append(rest if found is None or rest[:blanks].strip() else rest[blanks:])
    return _unclosed(bare)


def _shape(margin: str) -> str:
    """A pattern of what stands before the words: runs of digits, of letters, of blanks, and single signs.

    Nothing in it can be matched in two ways, so that it costs no more than the length of the line.
    """
    parts = [r"\s*+"]
    for run in _RUNS.findall(margin.lstrip()):
        if run.isspace():
            parts.append(r"\s++")
        elif run.isalnum() or "_" in run:
            parts.append(r"\d++" if run.isdecimal() else r"\w++")
        else:
            parts.append(re.escape(run))
    return "".join(parts)
