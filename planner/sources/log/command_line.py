"""The command line that a log shows, which printk, a terminal or a pager may have cut off."""

from __future__ import annotations

import re
from typing import NamedTuple

from planner.base.sizes import format_size
from planner.kernel.machine import OwnRequest
from planner.sources.log.facts import Log

__all__ = ["CommandLine", "completed"]

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
    text = log.cmdline
    if text is None:
        return CommandLine(None)
    chopped = text.endswith(_CHOPPED)
    words = text.split()[: -1 if chopped else None]
    cut = chopped or log.chopped or log.wrapped or len(text) >= _PRINTED
    notes = ("the command line in the log is cut off at its end",) if cut else ()
    # A word that was cut before its `=` is part of the request, too.
    asked = [
        word for word in words if "crashkernel=" in word or (cut and len(word) > 1 and "crashkernel=".startswith(word))
    ]
    suspect = cut and not chopped and asked[-1:] == words[-1:] and bool(asked)
    size = format_size(log.crash.size) if log.crash is not None else ""
    last = asked[-1].partition("crashkernel=")[2] if asked else ""
    suffix = _CUT_SUFFIX.search(last)
    lost = suspect and (size not in last or suffix is not None)  # judged by the text of the word alone
    if log.crash is None or (asked and not lost):
        gone = cut and log.crash is None and (suspect or (not asked and bool(log.lines)))
        return CommandLine(" ".join(words) if chopped else text, "lost" if gone else "told", cut, notes)
    ends = "ends within" if suspect else "has no"
    told = f"{size} were reserved, and the command line in the log {ends} crashkernel=: it is incomplete"
    high = log.low is not None or (suffix is not None and suffix[0].startswith(",h"))
    request = [f"crashkernel={size},high" if high else f"crashkernel={size}"]
    if log.low is not None:
        request.append(f"crashkernel={format_size(log.low.size)},low")
    line = " ".join([*(words[:-1] if suspect else words), *request])
    return CommandLine(line, "restored", cut=True, notes=(*notes, f"{told}, so the recorded size is planned"))
