"""The memory that a mail shows at each depth of its quotations: what a reply quotes is of another boot, mostly."""

from __future__ import annotations

import re
from collections.abc import Iterator

from planner.base.ranges import Span, subtract, union
from planner.base.text import compiled
from planner.kernel.memory_map import MemoryMap

__all__ = ["doubt_of_quotations", "has_quote_signs"]

_QUOTED = r"([> \t]{0,40})(?:\[[^]\n]{0,40}\][ \t]*)?"  # group: the quote signs, before printk's time stamp, if any
_RANGES = {
    " : System RAM": rf"{_QUOTED}([0-9a-fA-F]{{8,16}})-([0-9a-fA-F]{{8,16}}) : System RAM",
    ": [mem 0x": rf"{_QUOTED}node {{1,6}}\d{{1,4}}: \[mem 0x([0-9a-f]{{8,16}})-0x([0-9a-f]{{8,16}})\]",
}
"""A line that shows RAM, of a listing and of a log, by words in it; groups: the signs, first and last byte."""

_EMPTY = r"\n[> \t]*\n"
"""An empty line, quoted or not."""

_FEW = 64  # signs that are looked at one by one


def has_quote_signs(text: str) -> bool:
    """True if a line begins with a quote sign, or with one or two blanks and a quote sign.

    A sign is found many times faster than an end of a line with one behind it, and most logs have few.
    """
    at = text.find(">")
    for _ in range(_FEW):
        if at < 0:
            return False
        before = text[max(at - 2, 0) : at].rstrip(" ")
        if not before or before[-1] == "\n":
            return True
        at = text.find(">", at + 1)
    return "\n>" in text or "\n >" in text


def doubt_of_quotations(text: str, memory: MemoryMap) -> str:
    """The doubt about a map that no depth of a mail's quotations shows alone; "" for any other.

    Where the depth changes from line to line, the signs of some were lost: between two boots there is an empty line.
    """
    if not has_quote_signs(text):
        return ""
    shown: dict[int, list[Span]] = {}
    for words, pattern in _RANGES.items():
        depth, end = None, 0
        for found in _lines(text, words, pattern):
            deep = found[1].count(">")
            if depth not in (None, deep) and compiled(_EMPTY).search(text, end, found.start()) is None:
                return ""
            depth, end = deep, found.end()
            shown.setdefault(deep, []).append((int(found[2], 16), int(found[3], 16) + 1))
    if len(shown) < 2:
        return ""
    for spans in map(union, shown.values()):
        if not any(subtract((r.start, r.end), spans) for r in memory.regions if not r.flags):
            return ""
    return "its memory is quoted at several depths, perhaps of several boots"


def _lines(text: str, words: str, pattern: str) -> Iterator[re.Match[str]]:
    """What matches from the beginning of each line with these words."""
    at = text.find(words)
    while at >= 0:
        if (found := compiled(pattern).match(text, text.rfind("\n", 0, at) + 1)) is not None:
            yield found
        at = text.find(words, at + len(words))
