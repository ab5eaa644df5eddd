"""Counts, parts put together, undecodable bytes and words meant, for messages; patterns of which few are needed.

difflib is imported only for a word that is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

__all__ = ["compiled", "counted", "similar", "together", "valid_utf8"]


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern, compiled when it is first needed: of many, most inputs need few, and start-up stays short."""
    return re.compile(pattern)


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun in the singular or the plural: `1 range`, `1,024 ranges`, `0 ranges`.

    one: the words after 1, which may include a verb (`gap is`); many: after any other number, by default `one` with an
    `s`.
    """
    return f"{number:,} {one if number == 1 else f'{one}s' if many is None else many}"


def similar(word: str, known: Iterable[str]) -> list[str]:
    """The known words that an unknown one may stand for, at most three, the closest first."""
    from difflib import get_close_matches

    return get_close_matches(word, list(known))


def together(*parts: str) -> str:
    """The parts that are not empty, each once, as one text: doubts that do not depend on each other."""
    return "; ".join(dict.fromkeys(filter(None, parts)))


def valid_utf8(text: str) -> str:
    r"""A text with undecodable bytes escaped as `\\xff`, under any locale; the result is valid UTF-8.

    Python decodes a byte that is invalid in its encoding as a lone surrogate (PEP 383). Bytes that are valid UTF-8,
    read under an ASCII locale, are decoded; a surrogate that stands for no byte is shown as its number.
    """
    if text.isascii():
        return text
    named = "".join(f"\\u{ord(c):x}" if "\ud800" <= c <= "\udc7f" or "\udd00" <= c <= "\udfff" else c for c in text)
    return named.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
