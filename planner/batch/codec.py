"""JSON text of one line, read and written.

pydantic's parser and writer are always there and decide what is JSON, and what is wrong with what is not. The extra
`batch` brings msgspec, which does both in half the time: it goes first, and what it refuses the others look at.
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic_core import from_json, to_json

__all__ = ["decode", "encode"]


def _read(line: bytes) -> object:
    return from_json(line, allow_inf_nan=False)


def _quick() -> tuple[Callable[[bytes], object], Callable[[object], bytes]]:
    """The quickest reader and writer that are installed."""
    try:
        from msgspec import json  # noqa: PLC0415 - of an extra
    except ImportError:
        return _read, to_json
    return json.Decoder().decode, json.Encoder().encode


_quick_read, _quick_write = _quick()


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

    return dumps(value, separators=(",", ":")).encode("ascii")
