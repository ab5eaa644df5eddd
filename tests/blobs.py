"""Writing device tree blobs for the tests: nested dicts of properties (bytes) and children (dicts), in order."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import TypeAlias

__all__ = ["Tree", "blob_of", "cell", "dts_of", "wide"]

Tree: TypeAlias = Mapping[str, "bytes | Tree"]


def cell(*values: int) -> bytes:
    """Numbers of one cell each."""
    return struct.pack(f">{len(values)}I", *values)


def wide(*values: int) -> bytes:
    """Numbers of two cells each."""
    return struct.pack(f">{len(values)}Q", *values)


def blob_of(tree: Tree, reserve: Sequence[tuple[int, int]] = ()) -> bytes:
    """A blob of version 17."""
    strings = bytearray()
    offsets: dict[str, int] = {}

    def node(name: str, content: Tree) -> bytes:
        out = cell(1) + _padded(name.encode() + b"\0")
        for key, value in content.items():
            if isinstance(value, bytes):
                if key not in offsets:
                    offsets[key] = len(strings)
                    strings.extend(key.encode() + b"\0")
                out += cell(3, len(value), offsets[key]) + _padded(value)
        for key, value in content.items():
            if not isinstance(value, bytes):
                out += node(key, value)
        return out + cell(2)

    structure = node("", tree) + cell(9)
    reserved = b"".join(wide(*pair) for pair in (*reserve, (0, 0)))
    at = 40 + len(reserved)
    size = at + len(structure) + len(strings)
    header = cell(0xD00DFEED, size, at, at + len(structure), 40, 17, 16, 0, len(strings), len(structure))
    return header + reserved + structure + bytes(strings)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def dts_of(tree: Tree, reserve: Sequence[tuple[int, int]] = ()) -> str:
    """The same tree as source text."""

    def body(content: Tree) -> str:
        out = "".join(
            f"{key} = [{value.hex()}];\n" if value else f"{key};\n"
            for key, value in content.items()
            if isinstance(value, bytes)
        )
        return out + "".join(
            f"{key} {{\n{body(value)}}};\n" for key, value in content.items() if not isinstance(value, bytes)
        )

    marks = "".join(f"/memreserve/ {start:#x} {size:#x};\n" for start, size in reserve)
    return f"/dts-v1/;\n{marks}/ {{\n{body(tree)}}};\n"
