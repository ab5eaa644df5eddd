"""Lines that stand for others, which people and programs leave out of what they post: `[...]`, `<snip>`, a fold."""

from __future__ import annotations

import re

__all__ = ["has_line_for_others", "stands_for_others"]

_WORDS = ("snip", "snipped", "omitted", "truncated", "redacted", "left out", "skipped", "removed", "more lines")
_MARKS = ("...", "\u2026")
_AROUND = " \t\r.,:;!?'\"`()[]{}<>|/\\+-=_*~#&%$^@\u2026"
# A few words around one of the above, and nothing else; a fold as vim shows it.
_SAYS = re.compile(rf"(?:\w+ ){{0,4}}(?:{'|'.join(_WORDS)})(?:[ ,]+\w+){{0,3}}", re.IGNORECASE)
_UNSTAMPED = re.compile(r"\n((?!\[ *\d)[^\n]{1,160})(?![^\n])")  # without the kernel's time stamp, and short
_EMPTY = 64 * "\n"  # a piece of a long run of empty lines, which are not read
_FOLD = re.compile(r"\+--+ *\d+ lines: ")


def stands_for_others(line: str) -> bool:
    """True if a line says that others were left out, and nothing else."""
    words = line.strip(_AROUND)
    if not words:
        return any(mark in line for mark in _MARKS)
    return _SAYS.fullmatch(words) is not None or _FOLD.match(line) is not None


def has_line_for_others(text: str) -> bool:
    """True if one of the lines of a text says that others were left out."""
    text = "\n".join(_UNSTAMPED.findall(f"\n{text}".replace(_EMPTY, "\n"))).lower()
    for sign in (*_WORDS, *_MARKS, " lines: "):
        at = text.find(sign)
        while at >= 0:
            end = text.find("\n", at)
            end = end if end >= 0 else len(text)
            if stands_for_others(text[text.rfind("\n", 0, at) + 1 : end]):
                return True
            at = text.find(sign, end)
    return False
