"""Reading of inputs: opened, limited in size, decoded, split into numbered lines."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from planner.base.errors import InputError, Location, unreadable
from planner.base.sizes import KIB, MIB
from planner.sources.bounds import MAX_INPUT, MAX_LINE, MAX_LINES

__all__ = [
    "BLANK",
    "DEVICE_TREE",
    "PACKED",
    "STRAY",
    "TABLE_ROW",
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
"""A pattern for characters that stand for bytes which are not text: not UTF-8 (PEP 383), NUL, or U+FFFD."""

_MARKS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
"""Byte order marks; that of UTF-16 begins that of UTF-32."""

_ZEROS = {
    "UTF-32-LE": (False, None, True, True),
    "UTF-32-BE": (True, True, None, False),
    "UTF-16-LE": (False, True),
    "UTF-16-BE": (True, False),
}
"""For each byte of a character, whether it is zero in nearly all of a text in a Latin script; None: in some of it."""

PACKED = (b"\x1f\x8b", b"\xfd7zXZ", b"BZh", b"\x28\xb5\x2f\xfd")
"""Beginnings of files that gzip, xz, bzip2 and zstd packed."""

DEVICE_TREE = b"\xd0\x0d\xfe\xed"
"""The beginning of a flattened device tree (Devicetree Specification, release 0.4, section 5.2)."""

TABLE_ROW = r"0x([0-9a-fA-F]{1,16})-0x([0-9a-fA-F]{1,16})[^\S\n]+\d+[KMGTPE]?[^\S\n]+(PGD|P4D|PUD|PMD|PTE)\b"
"""The pattern of a row of a dump of the kernel's page tables: start, end, size and level (arch/arm64/mm/ptdump.c)."""

_MAP = "a memory map: /proc/iomem, a boot log, memblock files or JSON"
BLANK = b" \t\r\n\v\f\0"
"""The bytes of a text without content."""

_EMPTY = re.compile(r"\n*+")
_FEW = 4  # an input is binary if more than one byte in so many is stray
_NEARLY = 10  # nearly all: all but one in so many
_FIRST_BYTES = 64  # of a text, in which a NUL tells that characters may be wide
_SAMPLE = 64 * KIB  # bytes, by which it is told how wide they are


@contextmanager
def opened(path: str) -> Iterator[tuple[io.BufferedReader, str]]:
    """A file that can be peeked into, and its name in messages; `-` is standard input.

    Raises InputError if it cannot be opened.
    """
    name = "<stdin>" if path == "-" else path
    close = False
    try:
        raw: Any
        if path == "-":
            raw = getattr(sys.stdin, "buffer", None)
            if raw is None:
                raise InputError(name, "it is closed", "name a file, or leave standard input open")
        else:
            if os.path.isdir(path):  # noqa: PTH112 - `pathlib` costs start-up time
                raise InputError(name, "this is a directory", "give a file")
            raw, close = open(path, "rb"), True  # noqa: PTH123, SIM115 - as above; closed below
        # Standard input may be any readable object; `peek` needs a buffered one.
        file: io.BufferedReader = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)
    except (OSError, ValueError) as error:
        raise unreadable(name, error) from None
    try:
        yield file, name
    finally:
        if close:
            file.close()
        elif file is not raw:
            file.detach()


def read_within(file: BinaryIO, name: str, most: int = MAX_INPUT) -> bytes:
    """The rest of a file. Raises InputError if it is too large or cannot be read."""
    try:
        # The size of a regular file is known; a pipe must be read.
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
        raise unreadable(name, error) from None


def _too_large(name: str, most: int = MAX_INPUT) -> InputError:
    """The error for an input of more bytes than are read."""
    return InputError(
        name, f"is larger than {most // MIB} MiB", "give only the map, or the log of one boot (journalctl -k -b)"
    )


def read_bytes(path: str) -> tuple[bytes, str]:
    """The content of a file and its name in messages; `-` is standard input. Raises InputError."""
    with opened(path) as (file, name):
        return read_within(file, name), name


def decode(data: bytes, name: str, wanted: str = _MAP) -> str:
    """The text of an input in UTF-8, UTF-16 or UTF-32. Raises InputError if it is empty or not text.

    wanted: what to give instead of an empty one.
    """
    data = _as_utf8(data, name, wanted)
    at = data.find(b"\0")
    if at >= 0:
        raise InputError(
            Location(name, offset=at),
            "is binary, not text",
            "give a text source or a JSON map" if wanted == _MAP else f"give {wanted}",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise InputError(Location(name, line, column), "is not UTF-8", "save the text as UTF-8") from None


def decode_most(data: bytes, name: str) -> str:
    """The text of an input that may contain some stray bytes, see `STRAY`. Raises InputError for a binary input."""
    data = _as_utf8(data, name)
    if b"\0" not in data:
        with suppress(UnicodeDecodeError):
            return data.decode("utf-8-sig")
    # A file may end in a block of NUL after a crash, and a serial line may give many in a row, most before it is used.
    data = data.rstrip(b"\0")
    body = data.lstrip(b"\0")
    strays = len(body) - len(body.decode("utf-8", "ignore").encode()) + body.count(b"\0")
    if strays * _FEW > len(body):
        return decode(data, name)
    if b"\n" not in body.rstrip() and b"\r" not in body.rstrip():
        return body.replace(b"\0", b"\n").decode("utf-8-sig", "surrogateescape")  # NUL ends each line
    return re.sub(rb"\0\0*+", "\ufffd".encode(), data).decode("utf-8-sig", "surrogateescape")


def stray_note(text: str) -> str | None:
    """The note on lines with stray bytes, None without one. Those in a command line are shown with it instead."""
    if text.isascii() or ("\ufffd" not in text and _is_whole(text)):
        return None
    found = {
        number: line
        for number, line in enumerate(text.split("\n"), 1)
        if not line.isascii() and "ommand line:" not in line and re.search(STRAY, line)
    }
    if not found:
        return None
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    before = all(re.fullmatch(rf"{STRAY}++(?>(?:(?!{STRAY}).)+)", line) for line in found.values())
    what = "before the text were left out" if before else "were replaced; nothing is read there"
    return f"line {next(iter(found))}{more}: bytes that are not text {what}"


def _is_whole(text: str) -> bool:
    """True if no character of a text stands for a byte that is not UTF-8."""
    try:
        text.encode("utf-16-le")  # the fastest that refuses them
    except UnicodeEncodeError:
        return False
    return True


def _as_utf8(data: bytes, name: str, wanted: str = _MAP) -> bytes:
    """The bytes of a text, UTF-16 and UTF-32 converted to UTF-8. Raises InputError if it is empty or too large."""
    if (encoding := _wide_encoding(data)) is not None:
        try:
            data = data.decode(encoding).encode()
        except UnicodeError:
            raise InputError(Location(name, 1, 1), f"is damaged {encoding[:6]}", "save the text as UTF-8") from None
    if not data.strip(BLANK):
        raise InputError(name, "is empty", f"give {wanted}")
    _check_extent(data, name)
    return data


def _wide_encoding(data: bytes) -> str | None:
    """The encoding of a text whose characters take two or four bytes each, None for any other input.

    It begins with a byte order mark, or has NUL where the high bytes of Latin letters are.
    """
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return encoding
    if b"\0" not in data[:_FIRST_BYTES]:
        return None
    for encoding, zeros in _ZEROS.items():
        if all(zero is None or _is_nearly(data[at : _SAMPLE : len(zeros)], zero=zero) for at, zero in enumerate(zeros)):
            return encoding
    return None


def _is_nearly(column: bytes, *, zero: bool) -> bool:
    """True if nearly all of some bytes are zero, or nearly none."""
    count = column.count(0) if zero else len(column) - column.count(0)
    return 0 < len(column) * (_NEARLY - 1) <= count * _NEARLY


def _check_extent(data: bytes, name: str) -> None:
    """Refuse a text with too many lines, or too large in memory, where all characters take the width of the widest."""
    # Counting takes a tenth of reading. A shorter text cannot have that many lines that are not empty.
    if len(data) > 2 * MAX_LINES and data.count(b"\n") > MAX_LINES:
        raise InputError(name, f"has more than {MAX_LINES} lines", "give only the map, or the log of one boot")
    if len(data) * 4 <= MAX_INPUT or data.isascii():
        return
    width = 4 if re.search(rb"[\xf0-\xf4]", data) else 2
    if len(data) * width > MAX_INPUT:
        raise _too_large(name, MAX_INPUT // width)


def text_lines(text: str, name: str, number: int = 1) -> Iterator[tuple[int, str]]:
    """Lines without their ends, numbered from `number`; of empty lines in a row only the last.

    Raises InputError for a line that is too long.
    """
    start, length = 0, len(text)
    while start < length:
        end = text.find("\n", start)
        if end < 0:
            end = length
        elif end == start and (empty := _EMPTY.match(text, start)) is not None:
            end, number = empty.end() - 1, number + len(empty[0]) - 1
            start = end
        if end - start > MAX_LINE:
            raise InputError(Location(name, number), "this line is too long for a memory map", "give a text map")
        yield number, text[start:end].rstrip("\r")
        start, number = end + 1, number + 1
