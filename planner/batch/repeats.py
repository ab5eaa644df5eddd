"""Records that come again under another id: machines of one model often differ in nothing but their names.

What is the same text, but for the id, is not planned again.
"""

from __future__ import annotations

import re
from typing import TypeVar

from planner.batch.codec import decode
from planner.batch.records import Answer
from planner.sizes import MIB

__all__ = ["KEPT", "Repeats"]

_K = TypeVar("_K")
_V = TypeVar("_V")

KEPT = 4
"""Answers that are kept in case the same record comes again."""

_ID_FIRST = re.compile(rb'\s*\{\s*"id"\s*:\s*("[^"\\\x00-\x1f]*"|[1-9][0-9]{0,17})\s*,')
_EVERY = 211


class Repeats:
    """The last few answers by the text of their records without the id.

    A record is looked at closely only when one like it was there before: the same length, and the same text as far
    as a sample of its bytes tells. In a fleet of different machines that is nearly all there is to do.
    """

    __slots__ = ("_answers", "_looks")

    def __init__(self) -> None:
        self._looks: dict[tuple[int, bytes], None] = {}
        self._answers: dict[bytes, Answer] = {}

    def split(self, line: bytes) -> tuple[str | int | None, bytes | None]:
        """The id of a line that begins with a plain one, and the rest; None where nothing like it came before."""
        found = _ID_FIRST.match(line)
        if found is None or len(line) > MIB:
            return None, None
        end = found.end()
        look = (len(line) - end, line[:end:-_EVERY])
        if look not in self._looks:
            _keep(self._looks, look, None)
            return None, None
        if line.find(b'"id"', end) >= 0:
            return None, None
        try:
            ident = decode(found[1])
        except ValueError:
            return None, None
        return (ident, line[end:]) if isinstance(ident, (str, int)) else (None, None)

    def get(self, rest: bytes) -> Answer | None:
        """The answer to the same record under another id."""
        return self._answers.get(rest)

    def put(self, rest: bytes, answer: Answer) -> Answer:
        """Keep an answer; the same, marked as one that may come again."""
        answer = answer._replace(kept=True)
        _keep(self._answers, rest, answer)
        return answer


def _keep(kept: dict[_K, _V], key: _K, value: _V) -> None:
    """One more, and the oldest of too many goes."""
    kept[key] = value
    if len(kept) > KEPT:
        del kept[next(iter(kept))]
