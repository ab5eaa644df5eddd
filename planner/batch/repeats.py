"""Records that come again under another id: machines of one model often differ in nothing but their names.

What is the same text, but for the id, is not planned again.
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeVar

from planner.base.sizes import MIB
from planner.batch.codec import decode
from planner.batch.records import Answer

__all__ = ["KEPT", "Look", "Repeats", "look_of"]

KEPT = 4
"""Answers that are kept in case the same record comes again."""

_ID_FIRST = re.compile(rb'\s*\{\s*"id"\s*:\s*("[^"\\\x00-\x1f]*"|[1-9][0-9]{0,17})\s*,')
_EVERY = 211
_LOOKS = 256
_K = TypeVar("_K")
_V = TypeVar("_V")


class Look(NamedTuple):
    """How a record looks that begins with a plain id.

    ident: the id as JSON. end: where the rest begins. key: of the rest, its length and a sample of its bytes.
    """

    ident: bytes
    end: int
    key: tuple[int, bytes]


def look_of(line: bytes) -> Look | None:
    """How a record looks; None for one that does not begin with a plain id."""
    found = _ID_FIRST.match(line)
    if found is None or len(line) > MIB:
        return None
    end = found.end()
    return Look(found[1], end, (len(line) - end, line[:end:-_EVERY]))


class Repeats:
    """The last few answers to records that came more than once.

    A record is compared whole with one that looks like it, and with no other; nothing but its look is kept of one
    that is alone with it. In a fleet of different machines that is nearly all there is to do.
    """

    __slots__ = ("_answers", "_looks")

    def __init__(self) -> None:
        self._looks: dict[tuple[int, bytes], None] = {}
        self._answers: dict[tuple[int, bytes], tuple[bytes, Answer]] = {}

    def recall(self, look: Look, line: bytes) -> Answer | None:
        """The answer to the same record under another id."""
        known = self._answers.get(look.key)
        if known is None:
            return None
        before, answer = known
        if before != line[look.end :] or b'"id"' in before:
            return None
        try:
            ident = decode(look.ident)
        except ValueError:
            return None
        return answer._replace(id=ident) if isinstance(ident, (str, int)) else None

    def keep(self, look: Look, line: bytes, answer: Answer) -> Answer:
        """The same answer; kept, and marked so, if a record that looks like this one came before."""
        if look.key in self._looks and answer.id == decode(look.ident):
            answer = answer._replace(kept=True)
            _put(self._answers, look.key, (line[look.end :], answer), KEPT)
        _put(self._looks, look.key, None, _LOOKS)
        return answer


def _put(kept: dict[_K, _V], key: _K, value: _V, most: int) -> None:
    """One more, and the oldest of too many goes."""
    kept[key] = value
    if len(kept) > most:
        del kept[next(iter(kept))]
