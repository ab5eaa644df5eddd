"""Strict decoding of JSON, and the line and column of a value in it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import NoReturn

from planner.base.errors import InputError, Location
from planner.sources.bounds import JSON_LIMITS, MAX_ROWS

__all__ = ["load", "locate"]

_PIECE = r'("(?>(?:[^"\\]++|\\.)*)")(\s*+:)?|[{}\[\]]'
"""A string, perhaps with the colon behind a key, or a bracket; groups: the string, the colon."""

_LONG = r"(?<!\d)\d{4300}"
"""The shortest number that Python refuses to convert; no value here has so many digits."""


class _RefusedError(ValueError):
    """JSON that Python accepts, and that is not allowed here."""


class _DuplicateError(_RefusedError):
    """A key stands twice in one object."""


def load(text: str, name: str) -> object:
    """A decoded document. Raises InputError for text that is not JSON, duplicate keys, more values than any map has.

    Values take ten times the memory of their text, so they are counted in the text before it is decoded.
    """
    if len(text) > MAX_ROWS:
        for mark, kind, most in JSON_LIMITS:
            if text.count(mark) > most:
                raise InputError(name, f"has more than {most} {kind}", "give the map of one machine")
    try:
        return json.loads(text, parse_constant=_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise InputError(
            Location(name, error.lineno, error.colno), f"is not JSON: {error.msg}", "check the document there"
        ) from None
    except RecursionError:
        raise InputError(Location(name, 1, 1), "is not usable JSON: it is nested too deeply", "check it") from None
    except _RefusedError as error:
        found = re.search(r"\b(?:NaN|-?Infinity)\b", text)
        at = _second_key(text) if found is None or isinstance(error, _DuplicateError) else found.start()
        raise InputError(Location(name, *_line_and_column(text, at)), str(error), "check the document there") from None
    except ValueError:
        digits = re.search(_LONG, text)
        where = Location(name, *_line_and_column(text, digits.start() if digits else 0))
        raise InputError(where, "this number does not fit in 64 bits", "check the number") from None


def _constant(text: str) -> NoReturn:
    """Refuse NaN and infinities, which Python reads and JSON does not have."""
    raise _RefusedError(f"{text} is not a valid number here")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of its keys and values. Raises _DuplicateError if a key stands twice in it."""
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, _ in pairs if counts[key] > 1)
        raise _DuplicateError(f"the key {twice[:40]!r} is a duplicate")
    return found


def _second_key(text: str) -> int:
    """The index of the first duplicate key."""
    open_objects: list[set[str] | None] = []
    for piece in re.finditer(_PIECE, text):
        mark = piece[0]
        if mark in ("{", "["):
            open_objects.append(set() if mark == "{" else None)
        elif mark in ("}", "]"):
            del open_objects[-1:]  # the text after the error may be anything
        elif piece[2] and open_objects:
            keys = open_objects[-1]
            if keys is not None:
                key = _unescaped(piece[1])
                if key in keys:
                    return piece.start()
                keys.add(key)
    return 0


def _unescaped(literal: str) -> str:
    """The string that a JSON literal stands for; the literal itself if it is not valid."""
    try:
        return str(json.loads(literal))
    except ValueError:
        return literal


def locate(text: str, path: Sequence[str | int], *, key: bool = False) -> tuple[int, int]:
    """Line and column, from 1, of the value at a path of keys and indices, or of its nearest ancestor that exists.

    key: the place of the last key itself, not of its value. The text must be valid JSON; it is decoded again.
    """
    decoder = json.JSONDecoder()
    at = _skip_blanks(text, 0)
    for depth, part in enumerate(path):
        found = _child(text, at, part, decoder, key=key and depth == len(path) - 1)
        if found is None:
            break
        at = found
    return _line_and_column(text, at)


def _line_and_column(text: str, at: int) -> tuple[int, int]:
    """The line and column of an index, from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _skip_blanks(text: str, at: int) -> int:
    """The index of the next character that is not a blank of JSON."""
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _child(text: str, at: int, part: str | int, decoder: json.JSONDecoder, *, key: bool) -> int | None:
    """The index at which a member of an object or array starts; None if there is no such member."""
    opening = text[at : at + 1]
    if opening not in ("{", "["):
        return None
    at = _skip_blanks(text, at + 1)
    index = 0
    while at < len(text) and text[at] not in "}]":
        name: object = index
        start = at
        if opening == "{":
            name, at = decoder.raw_decode(text, at)
            at = _skip_blanks(text, _skip_blanks(text, at) + 1)
        if name == part and isinstance(part, str) == (opening == "{"):
            return start if key else at
        _, at = decoder.raw_decode(text, at)
        at = _skip_blanks(text, at)
        if at < len(text) and text[at] == ",":
            at = _skip_blanks(text, at + 1)
        index += 1
    return None
