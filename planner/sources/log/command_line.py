"""The command line that a log shows, which printk, a terminal or a pager may have cut off."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from planner.base.ranges import Range
from planner.base.sizes import format_size
from planner.kernel.machine import OwnRequest
from planner.sources.log.facts import Log

__all__ = ["CommandLine", "completed"]

_NAME = "crashkernel="
_PRINTED = 968  # characters of a command line that fills a printk record
_CUT_SUFFIX = re.compile(r",(?:h(?:ig?)?|lo?|cm?)?$")  # a beginning of ,high, ,low or ,cma
_CHOPPED = (">", "\u2026", "...")  # a pager's mark at the end of a line that is too wide


class CommandLine(NamedTuple):
    """A command line. own_request: see `Facts`; cut: it lacks its end; notes: what is said of it."""

    text: str | None
    own_request: OwnRequest = "told"
    cut: bool = False
    notes: tuple[str, ...] = ()


def completed(log: Log) -> CommandLine:
    """The command line of a log; one that lost its crashkernel= is given one for what was reserved."""
    if log.cmdline is None:
        return CommandLine(None)
    chopped = log.cmdline.endswith(_CHOPPED)
    words = log.cmdline.split()[: -1 if chopped else None]
    cut = chopped or log.chopped or log.wrapped or len(log.cmdline) >= _PRINTED
    notes = ("the command line in the log is cut off at its end",) if cut else ()
    asked = _requests(words, cut=cut)
    # Of a line that was cut, the last word may lack its end; a pager's mark stands in its place.
    at_end = cut and not chopped and bool(asked) and asked[-1] == words[-1]
    text = " ".join(words) if chopped else log.cmdline
    if log.crash is None:
        gone = cut and (at_end or (not asked and bool(log.lines)))
        return CommandLine(text, "lost" if gone else "told", cut, notes)
    if asked and not (at_end and _may_lack_end(asked[-1], log.crash)):
        return CommandLine(text, "told", cut, notes)
    size = format_size(log.crash.size)
    ends = "ends within" if at_end else "has no"
    cause = f"{size} were reserved, and the command line in the log {ends} crashkernel=: it is incomplete"
    request = _request(log.crash, log.low, asked[-1] if asked else "")
    line = " ".join([*(words[:-1] if at_end else words), *request])
    return CommandLine(line, "restored", cut=True, notes=(*notes, f"{cause}, so the recorded size is planned"))


def _requests(words: Sequence[str], *, cut: bool) -> list[str]:
    """The words that ask for a crash kernel; of a line that was cut, also one that was cut before its `=`."""
    return [word for word in words if _NAME in word or (cut and len(word) > 1 and _NAME.startswith(word))]


def _may_lack_end(word: str, crash: Range) -> bool:
    """True if the last word of a line does not name the size that was reserved, or may have lost its suffix."""
    value = word.partition(_NAME)[2]
    return format_size(crash.size) not in value or _CUT_SUFFIX.search(value) is not None


def _request(crash: Range, low: Range | None, word: str) -> list[str]:
    """The words that ask for what was reserved. word: the one that was cut, "" for none."""
    suffix = _CUT_SUFFIX.search(word.partition(_NAME)[2])
    high = low is not None or (suffix is not None and suffix[0].startswith(",h"))
    size = format_size(crash.size)
    request = [f"{_NAME}{size},high" if high else f"{_NAME}{size}"]
    return [*request, f"{_NAME}{format_size(low.size)},low"] if low is not None else request
