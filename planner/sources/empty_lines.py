"""Long runs of empty lines, which stand for lines that are not read: what changes a text need not go through them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from planner.base.ranges import Span

__all__ = ["without_runs"]

_SHORT = 32 * "\n"  # what a long run is made while a text is changed
_RUN = re.compile(r"\n++")


def without_runs(change: Callable[[str], str], text: str) -> str:
    """The result of a change to a text, made while long runs of empty lines in it are short.

    change: a function that does the same for any number of empty lines in a row. If it makes or removes runs, it
    is called with the whole text.
    """
    runs = [*_runs(text)]
    if not runs:
        return change(text)
    hidden = [end - start - len(_SHORT) for start, end in runs]
    short = _with(text, runs, [-lines for lines in hidden])
    changed = change(short)
    again = [*_runs(changed)]
    return _with(changed, again, hidden) if _are_the_same(short, changed, again) else change(text)


def _runs(text: str) -> Iterator[Span]:
    """The places of the long runs of line ends in a text, ascending."""
    at = text.find(_SHORT)
    while at >= 0 and (run := _RUN.match(text, at)) is not None:
        yield run.span()
        at = text.find(_SHORT, run.end())


def _are_the_same(short: str, changed: str, again: Sequence[Span]) -> bool:
    """True if the long runs of a changed text are those that were there before, perhaps with more lines.

    As many runs may be others: where one was made, and two became one.
    """
    runs = [*_runs(short)]
    if len(again) != len(runs):
        return False
    lines = zip(_lines(short, runs), _lines(changed, again), strict=True)
    return all(first <= start and end <= last for (start, end), (first, last) in lines)


def _lines(text: str, runs: Iterable[Span]) -> Iterator[Span]:
    """The lines of runs, by their numbers."""
    line = done = 0
    for start, end in runs:
        line += text.count("\n", done, start)
        yield line, line + end - start
        line, done = line + end - start, end


def _with(text: str, runs: Sequence[Span], more: Sequence[int]) -> str:
    """The text with so many more line ends in each run, or fewer where it is less than none."""
    parts, done = [], 0
    for (_, end), count in zip(runs, more, strict=True):
        parts += [text[done : end + min(count, 0)], count * "\n"]
        done = end
    return "".join([*parts, text[done:]])
