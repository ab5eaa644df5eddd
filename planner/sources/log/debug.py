"""Runs of the lines of `memblock=debug` cut out of a text, before anything is known of its form.

With `memblock=debug` there are one or two for every page table: a run of thousands, in logs of a megabyte or two. In
any form the messages of a run have the same numbers of line ends and time stamps, in turn. A line that is none of them
has one too many: where the numbers are right in all of a part, it holds nothing else, unless several damages cancel
each other. So a run is cut from the beginning of its first message to that of its last, which leaves one whole message
in whatever was put around it.

Source: calls of memblock_dbg() in memblock_reserve() and the allocating functions, mm/memblock.c @ 5.10 to 7.2.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from planner.base.sizes import KIB
from planner.sources.log.messages import BEGINNINGS, WITHIN
from planner.sources.log.timestamps import STAMP

__all__ = ["is_unread", "without_debug"]

_SIGN = "memblock_"
# The beginning of a message that is not needed, and what no message may have that is cut out.
_MESSAGE = re.compile(rf"(?:__)?{_SIGN}(?:reserve|phys_alloc_range|alloc_(?:try|exact)_nid(?:_raw)?): ")
_FACT = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, BEGINNINGS))})|{'|'.join(WITHIN)}")
_STAMP = re.compile(rf"{STAMP.pattern} $")
_LINE_ENDS = ("\n", "\r", "\\n", "<br>", "</tr>", '", "', "', '")
"""Ends of lines: in a text, in a string, in HTML, in a list."""

_ESCAPED = "\\n"

_OBJECTS, _STRINGS = r"\s*+\}\s*+,?\s*+\{", r'",\n\s*+"'
"""Patterns of the text between two elements of a JSON document that has lines: there each element is a message."""

_LOOKED_AT, _FEWEST = 9, 4  # messages by which a form is known, and lines that come with them
_LONGEST = 4 * KIB  # characters of so many
_LEAD = 64  # characters before a message
_MANY = 32  # lines that are cut, at least, where messages have several
_SMALLEST, _FIRST, _LARGEST = KIB, 16 * KIB, 128 * KIB  # characters of a part that is looked at


class _Form(NamedTuple):
    """The form in which messages stand in a text.

    begins: how they begin, with what stands before all of them (lead). stamp: the kernel's own at the end of that, or
    all of it on the same line. end: of a line. turn: a number of messages, of stamps (others may have one, too) and of
    line ends, which go together.
    """

    begins: tuple[str, ...]
    lead: str
    stamp: str
    end: str
    turn: tuple[int, int, int]

    @property
    def sign(self) -> str:
        """The text that is counted for the end of a line: of two characters the first is found twice as fast."""
        return self.end[0] if self.end == _ESCAPED else self.end

    def ends_within(self, text: str, start: int, end: int) -> int:
        """The line ends from the beginning of one message to that of another; 0 if there is anything but messages."""
        messages, stamps, ends = self.turn
        found = text.count(self.sign, start, end)
        if messages != ends and found < _MANY:
            return 0
        count = sum(text.count(begin, start, end) for begin in self.begins)
        if self.stamp == self.end and any(text.find(sign, start, end) >= 0 for sign in WITHIN):
            return 0  # without a stamp, nothing else shows that two lines became one
        if found * messages != count * ends or text.count(self.stamp, start, end) * messages != count * stamps:
            return 0
        return found


def is_unread(words: str) -> bool:
    """True if a message is a line of `memblock=debug` that is not needed."""
    return _MESSAGE.match(words) is not None


def without_debug(text: str) -> str:
    """The text with each run of such messages made one, and empty lines instead of the others."""
    kept, done, few = [], 0, 1
    messages = _messages(text, 0)
    while found := [*islice(messages, _LOOKED_AT)]:
        at = found[0].start()
        form = _form(text, found)
        last, ends = (at, 0) if form is None else _last(text, at, form)
        if form is not None and ends:
            start = text.rfind(form.end, 0, at) + len(form.end)
            kept += [text[done:start], form.end * ends, text[start:at]]
            done, few = last, 1
            messages = _messages(text, last + len(_SIGN))
        else:
            # Where there is no run, the next one is not looked for at every message.
            for _ in islice(messages, few * _LOOKED_AT):
                pass
            few = min(2 * few, _LOOKED_AT)
    return "".join([*kept, text[done:]]) if kept else text


def _messages(text: str, at: int) -> Iterator[re.Match[str]]:
    """The beginnings of messages from an index on."""
    while (at := text.find(_SIGN, at)) >= 0:
        if (found := _MESSAGE.match(text, at - 2 if text.startswith("__", at - 2) else at)) is not None:
            yield found
        at += len(_SIGN)


def _form(text: str, messages: Sequence[re.Match[str]]) -> _Form | None:
    """The form of some messages; None where it is not sure that there are only messages."""
    while messages[-1][0] != messages[0][0]:
        messages = messages[:-1]  # until a whole number of turns is left
    starts = [message.start() for message in messages]
    part = text[starts[0] : starts[-1]]
    end = _line_end(part) if len(part) <= _LONGEST else None
    if end is None or _may_have_facts(part, end):
        return None
    columns = [start - text.rfind(end, max(start - _LONGEST, 0), start) for start in starts]
    if columns[0] > max(columns[1:]):
        return None  # it stands behind another message, or no line begins there
    lead = _common_end([text[max(start - _LEAD, 0) : start] for start in starts])
    lead = lead[max(lead.rfind(end), 0) :]
    if not lead:
        return None
    begins, own = tuple(dict.fromkeys(lead + message[0] for message in messages)), _STAMP.search(lead)
    stamp = own[0] if own is not None else lead.removeprefix(end) or lead
    count, stamps = len(messages) - 1, text.count(stamp, starts[0] - len(lead), starts[-1] - len(lead))
    if stamps % count:
        return None  # one of them stands behind another message
    return _Form(begins, lead, stamp, end, (count, stamps, part.count(end)))


def _may_have_facts(part: str, end: str) -> bool:
    """True if a line between messages is one that is read. Those that come with each message alike are not."""
    others = [line for line, count in Counter(part.split(end)).items() if count < _FEWEST and _SIGN not in line]
    return any(_FACT.search(line) for line in others)


def _common_end(texts: Sequence[str]) -> str:
    """The longest text that all of these end with."""
    alike = takewhile(lambda signs: len(set(signs)) == 1, zip(*map(reversed, texts), strict=False))
    return "".join(signs[0] for signs in alike)[::-1]


def _line_end(part: str) -> str | None:
    """The end of the lines of some messages, each of which has one at least; None if that is not known."""
    elements = re.search(_OBJECTS if "}" in part else _STRINGS, part)
    if elements is not None and (elements[0][0] == '"' or part.count("\n") > part.count(elements[0])):
        return elements[0]
    return next((end for end in _LINE_ENDS if end in part), None)


def _last(text: str, at: int, form: _Form) -> tuple[int, int]:
    """The beginning of the last message of the run that begins with one, and the line ends between them."""
    begin, at, size, grows, ends = form.begins[0], at - len(form.lead), _FIRST, True, 0
    while size >= _SMALLEST:
        end = text.find(begin, at + size, at + size + _LONGEST)
        end = end if end >= 0 else text.rfind(begin, at + 1, at + size)
        found = form.ends_within(text, at, end) if end >= 0 else 0
        at, ends, grows = (end, ends + found, grows) if found else (at, ends, False)
        size = min(2 * size, _LARGEST) if grows else size // 2
    return at + len(form.lead), ends
