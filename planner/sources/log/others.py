"""Blank out messages without facts and other programs' lines before a log is read; they may be most of it.

A log that a machine kept for days has thousands of them, and so has the log of a test.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from planner.base.sizes import KIB
from planner.sources.log.messages import BEGIN_BOOT, FIRST_3, OF_EVERY_BOOT, WITHIN
from planner.sources.log.timestamps import DATE, PRINTK, prefix_pattern

__all__ = ["HEAD_LINES", "LONG", "is_long", "shortened", "without_others", "without_unread"]

LONG = 48 * KIB
"""Characters of a text in which most lines may be without facts: in a shorter one they are not looked for."""

HEAD_LINES = 40
"""Lines at the beginning of a text, by which a log is recognised: they stay as they are."""

_MARKED = ("\x1b[K", "\x1b[m", "\x1b[0m\x1b[", "^[[")
"""Colours of a part of a message by `grep` and `rg`, and as `cat -v` shows them: it may be a part of those words."""

_LEVEL = r"(?>(?:[a-z]\w++ *+: ?[a-z]++ *+: ?)?)"  # of dmesg -x
_STAMP = rf"{_LEVEL}(?:{PRINTK}|{DATE} *+)"
# The first three characters of all messages with facts, as alternatives by the first of them.
_FACT = "|".join(
    f"{re.escape(first)}(?:{'|'.join(re.escape(begin[1:]) for begin in begins)})"
    for first, begins in groupby(sorted(FIRST_3), key=itemgetter(0))
)
_DAYS = "Sun|Mon|Tue|Wed|Thu|Fri|Sat"
_TAG = rf"\[(?!{_DAYS}|mem )[A-Za-z]{{3}}"  # as the firewall's messages begin; another stamp may begin with a day
_WORDS = rf"(?:(?![\[<(\s\\\"\x1b])(?!{_FACT})|{_TAG})[^\n]*+(?=\n)"
"""A message without facts, to the end of its line."""

_STATUS = r"\[(?:\x1b\[[0-9;]*+m)? {0,2}(?:OK|FAILED|DEPEND|WARN|INFO|TIME) "  # of systemd's units
_UNSTAMPED = (
    rf"(?!{_STAMP}|[^\n\[]*+\[ *+\d++\.\d)[^\S\n]*+"
    rf"(?:(?=[A-Za-z#=*.])(?![0-9a-fA-F]{{6}})(?!{_FACT})|{_STATUS}|{_TAG})[^\n]++(?=\n)"
)
"""The same without a time stamp: hardly a row of a listing, nor a piece of the line before, nor behind stray signs."""

_LISTING = "System RAM"  # in a listing, whose rows have no time stamp either

_KERNEL = " kernel: "  # behind the host in a journal
_FEWEST = 3  # lines of the kernel, or messages of every boot, by which a form is known
_WIDEST, _NEAR = 80, 8 * KIB  # characters before a message, and around it
_KEPT, _KEPT_LOOSELY = 2, 32  # lines that stay at the beginning of each run


class _Form(NamedTuple):
    """A form of a log. other: the pattern of a line without facts. within: what must not stand in it.

    kept: how many of a run stay at its beginning, which may be pieces of the line before. alone: the pattern of lines
    after which no piece follows; "" if that is not needed.
    """

    other: str
    within: tuple[str, ...] = (*WITHIN, "\x1b", "\r")
    kept: int = _KEPT
    alone: str = ""


def without_others(text: str) -> str:
    """The text with runs of other lines made empty, but for the first two and the last of each run.

    Those show that the lines around the run are complete.
    """
    form = _journal(text, _before_messages(text)) or _Form(rf"{_STAMP}{_WORDS}", (*WITHIN, "\x1b", "\r", " kernel"))
    return _without(text, form)


def is_long(text: str) -> bool:
    """True if there are more characters than `LONG`, empty lines aside."""
    return len(text) > LONG and len(text) - text.count("\n") > LONG


def without_unread(text: str) -> str:
    """The text with runs of other lines made empty, in any form, but for a few of each; a short one as it is."""
    return shortened(text, HEAD_LINES) if is_long(text) else text


def shortened(text: str, lines: int) -> str:
    """A long log in any form with runs of other lines made empty, stamped or not; any other text as it is.

    lines: how many stay as they are at the beginning. A journal of 1.5 MB is read
    in 6 ms instead of 100, the log of a test of 4,000 lines in 4 instead of 20.
    """
    before = _before_messages(text)
    form = _journal(text, before) or _any(text, before)
    start = max(_after(text, lines) - 1, 0)
    return text if form is None else text[:start] + _without(text[start:], form)


def _before_messages(text: str) -> list[str]:
    """The text before messages that nearly every boot log has, on their lines; for two of them also the second time."""
    found = [at for message in OF_EVERY_BOOT if (at := text.find(message)) >= 0]
    again = [at for message in BEGIN_BOOT if (at := text.find(message, text.find(message) + 1)) >= 0]
    return [text[text.rfind("\n", 0, at) + 1 : at] for at in (*found, *again)]


def _after(text: str, lines: int, at: int = 0, end: int | None = None) -> int:
    """The index after so many lines from an index on; that of the text's end if fewer end before the last index."""
    for _ in range(lines):
        at = text.find("\n", at, end) + 1
        if not at:
            return len(text)
    return at


def _journal(text: str, before: Sequence[str]) -> _Form | None:
    """The form of a log with lines of other programs of the same hosts; None for another form.

    before: see `_before_messages`; a guest's kernel may speak through another program, too.
    """
    if not before or not all(_KERNEL in prefix for prefix in before):
        return None
    prefixes = dict.fromkeys(filter(None, (_prefix(text, at) for at in (text.find(_KERNEL), text.rfind(_KERNEL)))))
    kernels = rf"kernel: (?>(?:{PRINTK})?){_WORDS}"
    return _Form(rf"(?:{'|'.join(prefixes)})(?:{kernels}|(?!kernel)[^\n]*+(?=\n))") if prefixes else None


def _prefix(text: str, at: int) -> str | None:
    """The pattern of time stamp and host before a message of the kernel's; None if hardly any near it have one."""
    before = text[text.rfind("\n", 0, at) + 1 : at]
    stamp, _, host = before.rpartition(" ")
    count = text.count(f" {host}{_KERNEL}", max(at - _NEAR, 0), at + _NEAR)
    return rf".{{{len(stamp)}}} {re.escape(host)} " if stamp and len(before) < _WIDEST and count >= _FEWEST else None


def _any(text: str, before: Sequence[str]) -> _Form | None:
    """The form of a log in which another program's prefix may stand before all lines; None if that is not sure.

    before: see `_before_messages`; all have it.
    """
    if len(before) < _FEWEST or max(map(len, before)) > _WIDEST:
        return None
    others = [re.sub(rf"{_STAMP}$", "", prefix) for prefix in before]
    patterns = {prefix_pattern(prefix) for prefix in others}
    # A pattern that ends with a word would take the first one of some messages for a part of that.
    ends_with_word = others[0][-1:].isalnum() and not before[0][len(others[0]) :].startswith(" ")
    if len(patterns) > 1 or ends_with_word:
        return None
    (prefix,) = patterns
    unstamped = "" if _LISTING in text else f"|{_UNSTAMPED}"
    marked = _MARKED if "\x1b" in text or "^[" in text else ()
    within, stamped = (*WITHIN, *marked, "\r", _KERNEL), rf"(?:\n++{prefix}{_STAMP}[^\n]*+){{{_KEPT}}}"
    return _Form(rf"{prefix}(?:{_STAMP}{_WORDS}{unstamped})", within, _KEPT_LOOSELY, stamped)


def _without(text: str, form: _Form) -> str:
    """The text with all runs of a form's other lines made empty, but for a few of each."""
    # A pattern that begins with a character is found as fast as that; a number of repetitions would be slower.
    return re.sub(rf"\n(?!\n){form.other}(?>(?:\n++{form.other})*)", partial(_emptied, form), text)


def _emptied(form: _Form, run: re.Match[str]) -> str:
    """A run made empty between those of its lines that have what must not be lost."""
    text, at, parts = run.string, run.start(), []
    if text.count("\n", run.start(), run.end()) <= _KEPT + 1:
        return run[0]  # all of it stays; the log of a test may have thousands of such runs
    for start in _lines_with(text, form.within, run.start(), run.end()):
        end = text.find("\n", start + 1, run.end())
        end = end if end >= 0 else run.end()
        parts += [_empty(form, text, at, start), text[start:end]]
        at = end
    return "".join([*parts, _empty(form, text, at, run.end())])


def _lines_with(text: str, signs: Sequence[str], start: int, end: int) -> list[int]:
    """The line ends before the lines of a run that have a sign, ascending."""
    found: set[int] = set()
    for sign in signs:
        at = text.find(sign, start, end)
        while at >= 0:
            found.add(text.rfind("\n", start, at))
            at = text.find(sign, max(text.find("\n", at), at + 1), end)
    return sorted(found)


def _empty(form: _Form, text: str, start: int, end: int) -> str:
    """The lines `[start, end)` of a run, each after its line end, made empty but for the first ones and the last."""
    last = text.rfind("\n", start, end)
    first = _after(text, form.kept, start + 1, end) - 1
    if form.alone and (alone := re.compile(form.alone).search(text, start, min(first, end))) is not None:
        first = alone.end()
    if first >= last:
        return text[start:end]
    return text[start:first] + "\n" * text.count("\n", first, last) + text[last:end]
