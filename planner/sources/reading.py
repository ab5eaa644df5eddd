"""Bytes of an input: opened, read within bounds, decoded, split into lines that a message can point at."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from planner.base.errors import InputError, Location
from planner.base.sizes import MIB
from planner.sources.bounds import MAX_INPUT, MAX_LINE, MAX_LINES

__all__ = [
    "STRAY",
    "decode",
    "decode_most",
    "opened",
    "read_bytes",
    "read_some",
    "read_within",
    "stray_note",
    "text_lines",
]

STRAY = "[\ufffd\udc80-\udcff]"
"""A pattern for characters in place of bytes that are not text: not UTF-8 (PEP 383), or NUL and lost ones (U+FFFD)."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")  # its byte order marks, as Windows writes them
_EMPTY = re.compile(r"\n+(?=\n)")
_FEW = 4  # bytes of text at least for one that is not


@contextmanager
def opened(path: str, stdin: BinaryIO | None = None) -> Iterator[tuple[io.BufferedReader, str]]:
    """A file, or standard input for `-`, whose first bytes can be looked at, and the name to call it.

    Raises InputError where there is nothing to read.
    """
    name = "<stdin>" if path == "-" else path
    close = False
    try:
        raw: Any
        if path == "-":
            raw = stdin or getattr(sys.stdin, "buffer", None)
            if raw is None:
                raise InputError(name, "it is closed", "name a file, or leave standard input open")
        else:
            if os.path.isdir(path):  # noqa: PTH112 - `pathlib` costs start-up time
                raise InputError(name, "this is a directory", "give a file")
            raw, close = open(path, "rb"), True  # noqa: PTH123, SIM115 - as above; closed below
        # Anything readable will do, as long as it can be peeked into.
        file: io.BufferedReader = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None
    try:
        yield file, name
    finally:
        if close:
            file.close()
        elif file is not raw:
            file.detach()


def _unreadable(name: str, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or str(error)
    return InputError(name, f"cannot be read: {reason}", "check the path and its permissions")


def read_within(file: BinaryIO, name: str, most: int = MAX_INPUT) -> bytes:
    """All that is left of a file. Raises InputError if that is too much, or cannot be read."""
    try:
        # A file says how large it is; only what does not is read to find out.
        large = os.fstat(file.fileno()).st_size > most if isinstance(file, io.BufferedReader) else False
    except (OSError, ValueError):
        large = False
    data = b"" if large else read_some(file, name, most + 1)
    if large or len(data) > most:
        raise _too_large(name, most)
    return data


def read_some(file: BinaryIO, name: str, most: int) -> bytes:
    """The next bytes of a file. Raises InputError if it cannot be read."""
    try:
        return file.read(most)
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None


def _too_large(name: str, most: int = MAX_INPUT) -> InputError:
    return InputError(
        name, f"is larger than {most // MIB} MiB", "give only the map, or the log of one boot (journalctl -k -b)"
    )


def read_bytes(path: str, stdin: BinaryIO | None = None) -> tuple[bytes, str]:
    """The content of a file, or of standard input for `-`, and the name to call it. Raises InputError."""
    with opened(path, stdin) as (file, name):
        return read_within(file, name), name


def decode(data: bytes, name: str) -> str:
    """The text of an input, UTF-8 or with a mark UTF-16. Raises InputError if it is empty, binary, or neither."""
    return _decoded(_as_utf8(data, name), name)


def _decoded(data: bytes, name: str) -> str:
    at = data.find(b"\0")
    if at >= 0:
        raise _binary(name, at)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise InputError(Location(name, line, column), "is not UTF-8", "save the text as UTF-8") from None


def decode_most(data: bytes, name: str) -> str:
    """The text of an input that may hold stray bytes, as `STRAY` says. Raises InputError for what is binary."""
    data = _as_utf8(data, name)
    try:
        if b"\0" not in data:
            return _decoded(data, name)
    except InputError as error:
        if not isinstance(error.__context__, UnicodeDecodeError):
            raise
    # A crash leaves a block of NUL at the end of a file, and a serial line many in a row.
    data = data.rstrip(b"\0")
    strays = len(data) - len(data.decode("utf-8", "ignore").encode()) + data.count(b"\0")
    if strays * _FEW > len(data):
        at = data.find(b"\0")
        if at >= 0:
            raise _binary(name, at)
        return _decoded(data, name)
    return re.sub(r"\0+", "\ufffd", data.decode("utf-8-sig", "surrogateescape"))


def stray_note(text: str) -> str | None:
    """The note on stray bytes outside all lines that are used, if there are any; a command line shows its own."""
    if text.isascii():
        return None
    lines = re.finditer(rf"^[^\n{STRAY[1:-1]}]*+{STRAY}[^\n]*+", text, re.MULTILINE)
    found = [line.start() for line in lines if "ommand line:" not in line[0]]
    if not found:
        return None
    where = f"line {text.count(chr(10), 0, found[0]) + 1}"
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{where}{more}: bytes that are not text were replaced; nothing is read there"


def _as_utf8(data: bytes, name: str) -> bytes:
    """The bytes of a text, with those of UTF-16 made UTF-8. Raises InputError for no text, and for too much."""
    if data.startswith(_UTF16):
        try:
            data = data.decode("utf-16").encode()
        except UnicodeError:
            raise InputError(Location(name, 1, 1), "is damaged UTF-16", "save the text as UTF-8") from None
    if not data.strip(b" \t\r\n\v\f\0"):
        raise InputError(name, "is empty", "give a memory map: /proc/iomem, a boot log, memblock files or JSON")
    _check_extent(data, name)
    return data


def _check_extent(data: bytes, name: str) -> None:
    """Refuse a text of too many lines, or that Python keeps in too much memory: its widest character counts."""
    # Counting takes as long as reading; fewer bytes hold no more lines with anything in them.
    if len(data) > 2 * MAX_LINES and data.count(b"\n") > MAX_LINES:
        raise InputError(name, f"has more than {MAX_LINES} lines", "give only the map, or the log of one boot")
    if len(data) * 4 <= MAX_INPUT or data.isascii():
        return
    width = 4 if re.search(rb"[\xf0-\xf4]", data) else 2
    if len(data) * width > MAX_INPUT:
        raise _too_large(name, MAX_INPUT // width)


def _binary(name: str, at: int) -> InputError:
    return InputError(Location(name, offset=at), "is binary, not text", "give a text source or a JSON map")


def text_lines(text: str, name: str) -> Iterator[tuple[int, str]]:
    """Lines numbered from 1, without their ends; of empty lines in a row only the last.

    Raises InputError for a line no map has.
    """
    start, number, length = 0, 1, len(text)
    while start < length:
        if text.startswith("\n\n", start) and (empty := _EMPTY.match(text, start)) is not None:
            start, number = empty.end(), number + len(empty[0])
        end = text.find("\n", start)
        if end < 0:
            end = length
        if end - start > MAX_LINE:
            raise InputError(Location(name, number), "this line is too long for a memory map", "give a text map")
        yield number, text[start:end].rstrip("\r")
        start, number = end + 1, number + 1
