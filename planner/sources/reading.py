"""Bytes of an input: read within bounds, decoded, split into lines that a message can point at."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from planner.errors import InputError, Location
from planner.sizes import KIB, MIB

__all__ = ["MAX_INPUT", "MAX_LINE", "decode", "read_bytes", "text_lines"]

MAX_INPUT = 256 * MIB
MAX_LINE = 64 * KIB


def read_bytes(path: str, stdin: BinaryIO | None = None) -> tuple[bytes, str]:
    """The content of a file, or of standard input for `-`, and the name to call it. Raises InputError."""
    name = "<stdin>" if path == "-" else path
    try:
        if path == "-":
            data = (stdin or sys.stdin.buffer).read(MAX_INPUT + 1)
        else:
            if os.path.isdir(path):  # noqa: PTH112 - `pathlib` costs start-up time
                raise InputError(name, "this is a directory", "give a file")
            with open(path, "rb") as file:  # noqa: PTH123 - as above
                data = file.read(MAX_INPUT + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(name, f"cannot be read: {reason}", "check the path and its permissions") from None
    if len(data) > MAX_INPUT:
        raise InputError(name, f"is larger than {MAX_INPUT // MIB} MiB", "give only the map, not everything around it")
    return data, name


def decode(data: bytes, name: str) -> str:
    """The text of an input. Raises InputError for what is empty, binary, or one endless line."""
    if not data.strip():
        raise InputError(name, "is empty", "give a memory map: /proc/iomem, a boot log, memblock files or JSON")
    at = data.find(b"\0")
    if at >= 0:
        raise InputError(Location(name, offset=at), "is binary, not text", "give a text source or a JSON map")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise InputError(Location(name, line, column), "is not UTF-8", "save the text as UTF-8") from None


def text_lines(text: str, name: str) -> Iterator[tuple[int, str]]:
    """Lines numbered from 1, without their ends. Raises InputError for a line no map has."""
    start, number, length = 0, 1, len(text)
    while start < length:
        end = text.find("\n", start)
        if end < 0:
            end = length
        if end - start > MAX_LINE:
            raise InputError(Location(name, number), "this line is too long for a memory map", "give a text map")
        yield number, text[start:end].rstrip("\r")
        start, number = end + 1, number + 1
