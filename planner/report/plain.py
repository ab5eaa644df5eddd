"""Typed results as plain data and as JSON: the keys are the field names. Imports the value types only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.base.ranges import Range
from planner.planning.result import SCHEMA_VERSION

__all__ = ["document", "plain"]

_LINE = 110


def plain(value: Any) -> Any:
    """Dicts, lists and values; a `Range` has its size too."""
    if isinstance(value, Range):
        return {"start": value.start, "end": value.end, "size": value.size}
    names = getattr(type(value), "__match_args__", None)
    if names is not None:
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def document(fields: Mapping[str, Any]) -> str:
    """A JSON document with these keys after `schema_version`; short values on one line, ASCII."""
    from json import JSONEncoder  # noqa: PLC0415 - only where JSON is written

    return _laid_out({"schema_version": SCHEMA_VERSION, **plain(fields)}, JSONEncoder().encode, "") + "\n"


def _laid_out(value: Any, encode: Any, indent: str) -> str:
    text = str(encode(value))
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
