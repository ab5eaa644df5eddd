"""JSON text of one line, read and written.

pydantic's parser and writer are always there and decide what is JSON, and what is wrong with what is not. The extra
`batch` brings msgspec, which does both in half the time: it goes first, and what it refuses the others look at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from planner.report import DICTS, RowMakers

__all__ = ["QUICK_ROWS", "decode", "encode"]


class _Quick(NamedTuple):
    """The quickest that is installed. rows: what `write` writes as it writes the dicts of a report."""

    read: Callable[[bytes], object]
    write: Callable[[object], bytes]
    rows: RowMakers


def _read(line: bytes) -> object:
    return from_json(line, allow_inf_nan=False)


def _quick() -> _Quick:
    try:
        from msgspec import defstruct, json  # noqa: PLC0415 - of an extra
    except ImportError:
        return _Quick(_read, to_json, DICTS)
    region = defstruct("Region", ("start", "end", "size", "flags", "node"), gc=False)
    reserved = defstruct("Reserved", ("start", "end", "size", "name"), gc=False)
    return _Quick(json.Decoder().decode, json.Encoder().encode, RowMakers(region, reserved))


_quick_read, _quick_write, QUICK_ROWS = _quick()


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
