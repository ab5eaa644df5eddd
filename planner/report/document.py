"""Typed results as plain data and as JSON text; the keys are the field names of the dataclasses.

A field with `repr=False` is for code that uses the result and is not part of its document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from json import JSONEncoder
from typing import Any

from planner.base.ranges import Range
from planner.base.text import valid_utf8
from planner.kernel.memory_map import FLAG_NAMES, Region, Reserved
from planner.planning.result import SCHEMA_VERSION
from planner.rewind.rewound import Rewound

__all__ = ["EXTENTS", "keys_of", "laid_out", "plain", "to_dict", "to_json"]

EXTENTS = (Range, Region, Reserved, Rewound)
"""Dataclasses with `start` and `end`: their JSON has `size`, too."""

_FLAGS = tuple(tuple(name for name, flag in FLAG_NAMES.items() if bits & flag) for bits in range(1 << len(FLAG_NAMES)))
"""The names of the flags of a region, by their bits: looked up here, as a map may have 100,000 regions."""

_ATOMS = frozenset((int, bool, float, type(None)))  # types of values that are written as they are
_LINE = 110  # characters of a line, beyond which a value is laid out over several


@cache
def keys_of(kind: type[Any]) -> tuple[str, ...] | None:
    """The keys of a dataclass or a named tuple in a document; None for any other class."""
    if is_dataclass(kind):
        return tuple(each.name for each in fields(kind) if each.repr)
    return getattr(kind, "_fields", None)


def plain(value: Any) -> Any:
    """A value as dicts, lists, texts, numbers and None, in the order of the fields.

    Ranges get their `size`, flags their names; undecodable bytes of a text are escaped.
    """
    kind = type(value)
    if kind is str:
        return valid_utf8(value)
    if kind in _ATOMS:
        return value
    names = keys_of(kind)  # type: ignore[arg-type] # every class is hashable
    if names is None:
        if isinstance(value, Mapping):
            return {valid_utf8(key): plain(item) for key, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value
    if kind not in EXTENTS:
        return {name: plain(getattr(value, name)) for name in names}
    made = {"start": value.start, "end": value.end, "size": value.end - value.start}
    for name in names[2:]:
        made[name] = getattr(value, name)
    if kind is Region:
        made["flags"] = list(_FLAGS[value.flags])
    return made


def to_dict(result: Any) -> dict[str, Any]:
    """A result as its document: `schema_version`, then its keys."""
    return {"schema_version": SCHEMA_VERSION, **plain(result)}


def to_json(result: Any, *, compact: bool = False) -> str:
    """A result as JSON text; ASCII, ends with a newline. compact: without any blanks, for a page that carries it."""
    if compact:
        return JSONEncoder(separators=(",", ":")).encode(to_dict(result)) + "\n"
    return laid_out(to_dict(result))


def laid_out(value: Any) -> str:
    """Plain data as JSON text, with short values on one line. ASCII, ends with a newline."""
    return _laid_out(value, JSONEncoder().encode, "") + "\n"


def _laid_out(value: Any, encode: Callable[[Any], str], indent: str) -> str:
    """A value whose line begins with `indent`; the lines of its members are indented further."""
    text = encode(value)
    if len(indent) + len(text) <= _LINE or not value or not isinstance(value, (dict, list)):
        return text
    deeper = indent + "  "
    if isinstance(value, dict):
        items = [f"{encode(key)}: {_laid_out(item, encode, deeper)}" for key, item in value.items()]
        opening, closing = "{", "}"
    else:
        items = [_laid_out(item, encode, deeper) for item in value]
        opening, closing = "[", "]"
    return f"{opening}\n" + ",\n".join([deeper + item for item in items]) + f"\n{indent}{closing}"
