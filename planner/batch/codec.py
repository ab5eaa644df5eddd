"""JSON text of one line, read and written.

pydantic's parser and writer are always there and decide what is JSON, and what is wrong with what is not. The extra
`batch` brings msgspec, which does both in half the time: it goes first, and what it refuses the others look at.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from planner.report import Objects, dicts

__all__ = ["decode", "encode", "objects"]


class _Quick(NamedTuple):
    """The quickest that is installed. objects: what `write` writes as the dicts that `dicts` makes."""

    read: Callable[[bytes], object]
    write: Callable[[object], bytes]
    objects: Objects


def _read(line: bytes) -> object:
    return from_json(line, allow_inf_nan=False)


def _quick() -> _Quick:
    try:
        from msgspec import defstruct, json  # noqa: PLC0415 - of an extra
    except ImportError:
        return _Quick(_read, to_json, dicts)

    @cache
    def struct(keys: tuple[str, ...]) -> Callable[..., object]:
        return defstruct("Row", keys)

    def structs(keys: tuple[str, ...], *columns: Any) -> list[Any]:
        return list(map(struct(keys), *columns))

    return _Quick(json.Decoder().decode, json.Encoder().encode, structs)


_quick_read, _quick_write, objects = _quick()


def decode(line: bytes) -> object:
    """The value on a line. Raises ValueError, in words, for what is not JSON."""
    try:
        return _quick_read(line)
    except (ValueError, RecursionError):
        return _read(line)


def encode(value: object) -> bytes:
    """The value as one line of ASCII, without a line end."""
    try:
        data = _quick_write(value)
    except ValueError:  # a lone surrogate, of a file name
        return _as_ascii(value)
    return data if data.isascii() else _as_ascii(value)


def _as_ascii(value: object) -> bytes:
    from json import dumps  # noqa: PLC0415 - seldom needed

    return dumps(value, separators=(",", ":"), default=_as_dict).encode("ascii")


def _as_dict(row: Any) -> dict[str, Any]:
    return {key: getattr(row, key) for key in row.__struct_fields__}
