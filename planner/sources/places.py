"""Where in a JSON text a value stands: line and column, found by reading the text once more when something is wrong.

Imports nothing of this package.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

__all__ = ["place_of"]

_BLANK = " \t\r\n"


def place_of(text: str, path: Sequence[str | int], *, key: bool = False) -> tuple[int, int]:
    """Line and column, from 1, of the value at a path of keys and indices; as far down as there is one.

    key: the place of the last key itself, not of its value. The text must be valid JSON.
    """
    decoder = json.JSONDecoder()
    at = _skip(text, 0)
    for depth, part in enumerate(path):
        found = _child(text, at, part, decoder, key=key and depth == len(path) - 1)
        if found is None:
            break
        at = found
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _child(text: str, at: int, part: str | int, decoder: json.JSONDecoder, *, key: bool) -> int | None:
    """Where a member of an object or array starts; of members with one name the last, as the decoder has it."""
    opening = text[at : at + 1]
    if opening not in ("{", "["):
        return None
    found = None
    index = 0
    at = _skip(text, at + 1)
    while at < len(text) and text[at] not in "}]":
        name: object = index
        start = at
        if opening == "{":
            name, at = decoder.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        if name == part and isinstance(part, str) == (opening == "{"):
            found = start if key else at
        _, at = decoder.raw_decode(text, at)
        at = _skip(text, at)
        if at < len(text) and text[at] == ",":
            at = _skip(text, at + 1)
        index += 1
    return found
