"""A log or listing somewhere in a JSON document: answers of Elasticsearch, Loki, Ansible and others.

No format is known here: texts are taken together that are in the same place of their objects and lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from planner.base.errors import InputError
from planner.sources.log.messages import MESSAGES

__all__ = ["log_in"]

_RANGE = re.compile(r"^\s{0,40}[0-9a-f]{8,16}-[0-9a-f]{8,16} : ", re.MULTILINE)  # a row of a listing
_FEWEST = 2  # lines of a log or listing


def log_in(document: object, name: str) -> str | None:
    """The only log or listing in a decoded document; None without one. Raises InputError if there are several."""
    texts: dict[str, list[str]] = {}
    for place, text in _texts(document):
        texts.setdefault(place, []).append(text.removesuffix("\n"))
    logs = {place: "\n".join(lines) for place, lines in texts.items() if _is_log("\n".join(lines))}
    whole = {text.strip() for place in logs for text in texts[place] if _is_log(text)}
    if len(whole) > 1 or len(set(map(str.strip, logs.values()))) > 1:
        places = ", ".join(list(logs)[:4])
        raise InputError(name, f"has more than one log or listing: {places}", "give each in a file of its own")
    return next(iter(logs.values()), None)


def _is_log(text: str) -> bool:
    """True if a text has messages of a boot, or rows of a listing."""
    return sum(message in text for message in MESSAGES) >= _FEWEST or len(_RANGE.findall(text)) >= _FEWEST


def _texts(document: object) -> Iterator[tuple[str, str]]:
    """All texts of a document in their order, each with the keys that lead to it."""
    left: list[tuple[str, object]] = [("", document)]
    while left:
        place, value = left.pop()
        if isinstance(value, str):
            yield place, value
        elif isinstance(value, dict):
            left += [(f"{place}.{key}".lstrip("."), inner) for key, inner in reversed(value.items())]
        elif isinstance(value, list):
            # A pair of time and text is no list of messages.
            kinds = len({type(inner) for inner in value}) > 1 or _is_pair(value)
            left += [(f"{place}[{at if kinds else ''}]", value[at]) for at in range(len(value) - 1, -1, -1)]


def _is_pair(value: list[object]) -> bool:
    """True if a list is a time and something else."""
    return len(value) == 2 and str(value[0]).isdecimal()
