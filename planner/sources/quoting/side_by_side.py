"""Two logs or listings beside each other, as `diff -y` and some viewers print them: their long lines are cut off."""

from __future__ import annotations

from collections import Counter

from planner.sources.log.timestamps import STAMP
from planner.sources.quoting.line_prefixes import RANGE
from planner.sources.quoting.sample import some_lines

__all__ = ["is_side_by_side"]

_NARROWEST = 30  # columns of the left text
_GAP = " |<>()/\\"  # what is between the texts
_NARROW_GAP, _WIDE_GAP = 4, 12  # characters of it


def is_side_by_side(text: str) -> bool:
    """True if nearly all lines have the beginning of a second line, in the same column, most with blanks before it."""
    lines = [line for line in some_lines(text) if line]
    if all(_second(line) is None and line.count(" : ") < 2 for line in lines[:3]):
        return False
    most = max(len(lines) - 2, 2)
    if sum(len(RANGE.findall(line)) > 1 for line in lines) >= most:
        return True
    lines = list(map(str.expandtabs, lines))
    columns = Counter(filter(None, map(_second, lines)))
    column, count = columns.most_common(1)[0] if columns else (0, 0)
    gaps = [line[max(column - _WIDE_GAP, 0) : column] for line in lines]
    padded = sum(len(gap) - len(gap.rstrip(_GAP)) >= _NARROW_GAP for gap in gaps)
    return count >= most and 2 * padded > count


def _second(line: str) -> int | None:
    """The column in which a second line begins; None without one."""
    found = STAMP.search(line, _NARROWEST)
    return None if found is None else found.start()
