"""Lines that stand for others, which people and programs leave out of what they post: `[...]`, `<snip>`, a fold."""

from __future__ import annotations

import re

__all__ = ["has_line_for_others", "stands_for_others"]

_WORDS = ("snip", "omitted", "truncated", "redacted", "left out", "skipped", "removed", "more lines")
_MARKS = ("...", "\u2026", " lines: ")  # the last is that of a fold in an editor
_LINE = re.compile(
    rf"\W*(?:\.{{3,}}|\u2026|(?:\w+ ){{0,4}}(?:{'|'.join(_WORDS)})(?:ped)?(?:[ ,]+\w+){{0,3}}|--+ *\d+ lines: .*)\W*",
    re.IGNORECASE,
)


def stands_for_others(line: str) -> bool:
    """True if a line says that others were left out, and nothing else."""
    return _LINE.fullmatch(line) is not None


def has_line_for_others(text: str) -> bool:
    """True if one of the lines of a text does."""
    lower = text.lower()
    for sign in (*_WORDS, *_MARKS):
        at = lower.find(sign)
        while at >= 0:
            end = text.find("\n", at)
            end = end if end >= 0 else len(text)
            if stands_for_others(text[text.rfind("\n", 0, at) + 1 : end]):
                return True
            at = lower.find(sign, end)
    return False
