"""Some lines of a text, which tell whether it may be in a form that is rare: all lines are looked at only then."""

from __future__ import annotations

import re

__all__ = ["some_lines"]

_LINES, _CHARACTERS = 8, 4096
_TEXT = re.compile(r"[^\n]")


def some_lines(text: str) -> list[str]:
    """A few lines from the middle of a long text, or the first ones of a short text."""
    start = text.rfind("\n", 0, len(text) // 2) + 1 if len(text) > _CHARACTERS else 0
    found = _TEXT.search(text, start)
    return [] if found is None else text[found.start() : found.start() + _CHARACTERS].split("\n", _LINES)[:_LINES]
