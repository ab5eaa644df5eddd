"""The boots in one log: serial consoles and journals record several, one after another.

The log of a crash is that of the production kernel followed by that of the capture kernel, which has other memory and
another command line. Source of the lines that begin a boot: arch/arm64/kernel/setup.c, init/main.c, mm/mm_init.c @ 5.10
to 7.2; a console that is registered late may print the whole log again: register_console(), kernel/printk/printk.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from heapq import merge
from typing import NamedTuple

from planner.base.errors import InputError
from planner.sources.log.debug import is_unread
from planner.sources.log.messages import is_read
from planner.sources.log.timestamps import without_timestamp

__all__ = ["boots", "hosts_of"]

_CPU, _VERSION, _ZONES = "Booting Linux on physical CPU ", "Linux version ", "Zone ranges:"
_SEPARATORS = ("-- Boot ", "-- Reboot --")  # lines of journalctl between boots
_MARKS = (_CPU, _VERSION, _ZONES, *_SEPARATORS)

_MOST = 1000  # boots in one text
_STAMP = r"[^\n]{0,300}?\[\s*(\d+\.\d+)(?:@\d+|\s+<[^]]*>)?\]"  # printk's, behind any prefix; group: seconds
_HOST = r"(\S{1,255}) kernel: (?:\[[^]\n]{0,40}\] )?$"  # of a journal, before a message; group: the host
_NEAR = 1000  # characters at most between "Booting Linux" and "Linux version" of one boot


class _Part(NamedTuple):
    """Characters `[start, end)` of the text. firm: the line before it says that another boot begins."""

    start: int
    end: int
    firm: bool


def boots(text: str, name: str) -> Iterator[tuple[int, str]]:
    """The number of the first line of each boot, and its text. Of a boot printed twice, the second print is used.

    Raises InputError for a log of very many boots.
    """
    if all(text.count(mark) < 2 for mark in _MARKS[:3]) and not any(mark in text for mark in _SEPARATORS):
        yield 1, text
        return
    parts: list[_Part] = []
    found = _parts(text, name)
    for part in found:
        if parts and not part.firm and _repeats(text, parts[-1], part):
            parts[-1] = part
        elif parts and not part.firm and part is found[-1] and _repeats(text, part, parts[-1]):
            break  # the second print is cut off
        else:
            parts.append(part)
    number, at = 1, 0
    for part in parts:
        number, at = number + text.count("\n", at, part.start), part.start
        yield number, text[part.start : part.end]


def _parts(text: str, name: str) -> list[_Part]:
    """The text, cut before each line with which a boot, or a second print of it, begins."""
    parts: list[_Part] = []
    start, firm, cutter = 0, True, _Cutter(text)
    for at, end, mark in merge(*(_lines_with(text, mark) for mark in _MARKS)):
        separated = mark in _SEPARATORS
        cut = (end if text.startswith(mark, at) else None) if separated else cutter.cut(at, end, mark)
        if cut is None:
            continue
        parts.append(_Part(start, cut, firm))
        if len(parts) >= _MOST:
            raise InputError(name, f"holds {_MOST} boots or more", "give the log of one: journalctl -k -b")
        start, firm = cut, separated
        if separated:
            cutter = _Cutter(text)
    return [*parts, _Part(start, len(text), firm)]


def _lines_with(text: str, mark: str) -> Iterator[tuple[int, int, str]]:
    """Lines that contain a mark: start and end in the text, and the mark."""
    at = text.find(mark)
    while at >= 0:
        end = text.find("\n", at) + 1 or len(text)
        yield text.rfind("\n", 0, at) + 1, end, mark
        at = text.find(mark, end)


def hosts_of(text: str) -> list[str]:
    """The hosts whose kernels say their version in a journal; `localhost` is what a host is called too early."""
    before = (text[start : text.find(_VERSION, start)] for start, _, _ in _lines_with(text, _VERSION))
    hosts = dict.fromkeys(host[1] for prefix in before if (host := re.search(_HOST, prefix)) is not None)
    return [host for host in hosts if host != "localhost"]


class _Cutter:
    """The marks seen in the current boot, by which the next one decides whether another boot begins."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._seen: set[str] = set()
        self._stamped = False  # the first mark of the boot has a time stamp
        self._cpu = -1  # start of the last "Booting Linux" line that began no other boot

    def cut(self, at: int, end: int, mark: str) -> int | None:
        """The index at which another boot begins, at the line `[at, end)` or shortly before it; None if none does."""
        raw = self._text[at:end]
        before = self._text[self._text.rfind("\n", 0, max(at - 1, 0)) + 1 : at]
        # Two consoles on one serial line print every message twice.
        if raw == before or not without_timestamp(raw).startswith(mark):
            return None
        stamp, last = _stamp(raw), _stamp(before)
        time_restarts = stamp is not None and (stamp < last if last is not None else stamp == 0 and bool(self._seen))
        near = self._cpu >= 0 and at - self._cpu < _NEAR
        if mark == _CPU:
            # A secondary CPU's, unless time starts again or the version follows.
            begins, where = time_restarts, at
        else:
            may_begin = stamp == 0 or near or (stamp is None and not self._stamped)
            begins = mark in self._seen and (time_restarts or may_begin)
            where = self._cpu if self._cpu >= 0 and (near or mark == _ZONES) else at
        if begins:
            self._seen, self._cpu = set(), -1
        elif mark == _CPU and self._seen:
            self._cpu = at
        if not self._seen:
            self._stamped = stamp is not None
        self._seen.add(mark)
        return where if begins else None


def _stamp(line: str) -> float | None:
    """Seconds since boot from the time stamp of a line; None without one."""
    found = re.match(_STAMP, line)
    return float(found[1]) if found else None


def _repeats(text: str, part: _Part, other: _Part) -> bool:
    """True if all messages of one part are in another, in the same order and with the same time stamps.

    With time stamps those that are read are enough: of others some have been left out.
    """
    messages, others = _messages(text, part), _messages(text, other)
    first = next(messages, None)
    if first is None or (first[0] is not None and not _may_repeat(text, part, other)):
        return False
    return first in others and all(line in others for line in messages)


def _may_repeat(text: str, part: _Part, other: _Part) -> bool:
    """False if the last message of a part that is read, and has a time stamp, is not in another, as mostly in two."""
    for line in reversed(text[part.start : part.end].split("\n")):
        stamp = re.match(_STAMP, line) if line else None
        if stamp is not None and is_read(words := without_timestamp(line).rstrip()):
            return all(text.find(sign, other.start, other.end) >= 0 for sign in (stamp[1], words))
    return True


def _messages(text: str, part: _Part) -> Iterator[tuple[float | None, str]]:
    """Messages of a part, from the first of the boot on; if that has a time stamp, those with one that are read."""
    began = stamped = False
    at = part.start
    while at < part.end:
        end = text.find("\n", at, part.end) + 1 or part.end
        raw, at = text[at:end], end
        if raw == "\n":
            continue
        line = _stamp(raw), without_timestamp(raw).rstrip()
        if not began and line[1].startswith(_MARKS):
            began, stamped = True, line[0] is not None
        if began and (is_read(line[1]) and line[0] is not None if stamped else line[1] and not is_unread(line[1])):
            yield line
