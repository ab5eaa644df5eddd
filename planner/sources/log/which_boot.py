"""The boot of a log that is read: the last one that is not a capture kernel's and shows memory.

A boot is read only when something is asked of it: the logs of a week may hold twenty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from planner.base.ranges import subtract
from planner.sources.left_out import has_line_for_others
from planner.sources.log.facts import Log
from planner.sources.log.lines import read
from planner.sources.log.messages import BEGIN_BOOT, MESSAGES, is_read
from planner.sources.log.others import is_long, without_others
from planner.sources.log.pieces import whole_lines
from planner.sources.reading import text_lines

__all__ = ["Boot", "chosen"]

_DROPPED = ("printk messages dropped", " kernel messages", "messages lost due to rate-limiting", "@@ -")
"""Signs of messages that are missing: of a console, journald (`Missed 3 kernel messages`), rsyslog, a diff."""

_BETWEEN = "\n--\n"  # parts that `grep -A` found
_MEMORY = r"Memory: \d+K/"  # the line that ends early boot; a boot loader's has other units


def _dropped(text: str) -> str:
    """The sign that messages of early boot are missing, in a few words; "" for none."""
    end = re.search(_MEMORY, text)
    early = text if end is None else text[: end.start()]
    if any(words in early for words in _DROPPED):
        return "messages were dropped from the log"
    begin = min((at for message in BEGIN_BOOT if (at := early.find(message)) >= 0), default=0)
    early = early[begin:]
    return "lines were left out of the log" if _BETWEEN in early or has_line_for_others(early) else ""


class Boot:
    """One boot of a log, which is read when something is asked of it.

    first: the number of its first line. chopped: the log's long lines were cut off.
    """

    def __init__(self, first: int, text: str, name: str, *, chopped: bool) -> None:
        self.first, self.text, self.name, self.chopped = first, text, name, chopped

    @cached_property
    def log(self) -> Log:
        """The facts of the boot. Raises InputError."""
        log = Log(self.name, chopped=self.chopped)
        text = without_others(self.text) if is_long(self.text) else self.text
        for line in whole_lines(text_lines(text, self.name, self.first), is_read):
            read(line, log)
        log.dropped = _dropped(self.text)
        return log

    @property
    def has_early_messages(self) -> bool:
        """True if it has any message of early boot."""
        return any(message in self.text for message in MESSAGES) or self.log.has_early_messages

    @property
    def may_reserve(self) -> bool:
        """True if it may have reserved a crash kernel, which no capture kernel does."""
        return any(words in self.text for words in ("kernel reserved: 0x", "memory reserved: 0x", " for crashkernel"))

    def captures(self, before: Boot | None) -> bool:
        """True if it is a capture kernel's, which has the crashed one's ELF headers, or the crash kernel's memory.

        before: the boot before. A capture kernel sees the memory reserved by that one, and besides it at most some of
        its ranges unchanged, which belong to the firmware.
        """
        if "elfcorehdr" in self.text and self.log.is_capture:
            return True
        if before is None or self.may_reserve or not before.may_reserve:
            return False
        outside = [r for r in self.log.map if subtract(r.span, before.log.crash_spans)]
        ram, known = sum(r.size for r in self.log.map), set(before.log.map)
        return 2 * sum(r.size for r in outside) < ram and known.issuperset(outside)


def chosen(boots: Sequence[Boot]) -> tuple[Log, list[str]]:
    """The facts of the boot that is read, and a note on other boots. Raises InputError."""
    with_messages = [boot for boot in boots if boot.has_early_messages] or boots[-1:]
    others: list[Boot] = []
    for boot in with_messages:
        if not boot.captures(others[-1] if others else None):
            others.append(boot)
    candidates = others or with_messages
    found = next((boot for boot in reversed(candidates) if boot.log.map or boot.log.efi), candidates[-1])
    if len(with_messages) == 1:
        return found.log, []
    captures = len(with_messages) - len(others)
    of_them = f", {captures} of them of a capture kernel" if captures else ""
    return found.log, [
        f"the log holds {len(with_messages)} boots{of_them}: the one that begins at line {found.first} is read"
    ]
