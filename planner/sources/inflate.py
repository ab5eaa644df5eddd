"""Decompression of inputs as a stream, within limits: gzip, xz and bzip2.

A few kilobytes can unpack to terabytes of zeros, so the output is limited, in total and in proportion to the input.

The modules of xz and bzip2 are imported for inputs of that kind.
"""

from __future__ import annotations

import io
import zlib
from typing import Any, BinaryIO, Protocol

from planner.base.errors import InputError, Location
from planner.base.sizes import GIB, KIB, MIB

__all__ = [
    "MAX_DICTIONARY",
    "MAX_INFLATED",
    "MAX_RATIO",
    "Inflated",
    "Unit",
    "compression_of",
    "decompressor",
    "is_out_of_memory",
    "unpacked",
]

MAX_INFLATED = 8 * GIB
"""The largest unpacked size of one input."""

MAX_RATIO = 250
"""The largest ratio of unpacked to packed size. Text has 5 to 40."""

FREE = 32 * MIB
"""Unpacked bytes for which the ratio is not looked at: a small file may be all zeros."""

MAX_DICTIONARY = 64 * MIB
"""The largest dictionary of a decompressor, in bytes; `xz -9` uses all of it."""

_CHUNK = 64 * KIB


_SURE = 10
"""Bytes that `compression_of` looks at, at most."""


def compression_of(head: bytes) -> str | None:
    """The kind of compression that an input begins with: `gzip`, `xz`, `bzip2` or `zstd`; None for anything else."""
    if head.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    if head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return "bzip2"  # a block follows, or the end of an empty stream
    return "zstd" if head.startswith(b"\x28\xb5\x2f\xfd") else None


def is_out_of_memory(error: Exception) -> bool:
    """True if a decompressor gave up for lack of memory: liblzma and zstd say so only in words."""
    return isinstance(error, MemoryError) or "emory" in str(error)


def unpacked(file: BinaryIO, name: str) -> io.BufferedReader:
    """The content of a file as a stream, decompressed if it is compressed. Raises InputError."""
    readable: Any = file
    stream: io.BufferedReader = file if isinstance(file, io.BufferedReader) else io.BufferedReader(readable)
    kind = compression_of(stream.peek(16))
    return io.BufferedReader(Inflated(stream, kind, name)) if kind else stream


class Unit(Protocol):
    """A decompressor of one stream, with the interface of those in `lzma` and `bz2`."""

    @property
    def eof(self) -> bool:
        """True if the stream has ended."""

    @property
    def needs_input(self) -> bool:
        """False if more output is available without more input."""

    @property
    def unused_data(self) -> bytes | None:
        """Input bytes after the end of the stream."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """The next output, at most `max_length` bytes."""


class _Gzip:
    """A gzip stream."""

    def __init__(self) -> None:
        self._unit = zlib.decompressobj(16 + zlib.MAX_WBITS)  # 16: with a gzip header

    @property
    def eof(self) -> bool:
        return self._unit.eof

    @property
    def needs_input(self) -> bool:
        return not self._unit.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._unit.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return self._unit.decompress(self._unit.unconsumed_tail or data, max_length)


def decompressor(kind: str) -> Unit:
    """The decompressor of a stream of `gzip`, `bzip2`, `xz` or `lzma`."""
    if kind == "gzip":
        return _Gzip()
    if kind == "bzip2":
        import bz2

        return bz2.BZ2Decompressor()
    import lzma

    # The limit includes the working memory of liblzma, less than 1 MiB.
    form = lzma.FORMAT_XZ if kind == "xz" else lzma.FORMAT_ALONE
    return lzma.LZMADecompressor(form, memlimit=MAX_DICTIONARY + MIB)


class Inflated(io.RawIOBase):
    """The content of a compressed stream, read forward only. Raises InputError for damage and decompression bombs."""

    def __init__(self, source: BinaryIO, kind: str, name: str) -> None:
        super().__init__()
        if kind == "zstd":
            raise InputError(name, "is compressed with zstd, which is not supported", "unpack it with zstd -d first")
        self._source, self._name, self._kind = source, name, kind
        self._unit = decompressor(kind)
        self._pending = b""
        self._fed = False  # whether the current unit has had any input
        self.taken = self.given = 0

    def readable(self) -> bool:
        """True: the interface of io.RawIOBase."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill part of a buffer; 0 at the end."""
        data = self._next(min(len(buffer), _CHUNK))
        buffer[: len(data)] = data
        return len(data)

    def _next(self, most: int) -> bytes:
        """The next unpacked bytes; b"" at the end."""
        while True:
            if self._unit.eof:
                self._following()
            data = self._feed()
            if not data and not self._fed:
                return b""
            out = self._inflate(data, most)
            if out:
                self.given += len(out)
                self._check()
                return out
            if not data and not self._unit.eof and self._unit.needs_input:
                raise self._damaged("ends in the middle")

    def _feed(self) -> bytes:
        """Compressed bytes for the current unit; b"" at the end, and while it has unused input."""
        data, self._pending = self._pending, b""
        if not data and self._unit.needs_input:
            data = self._source.read(_CHUNK)
            self.taken += len(data)
        return data

    def _inflate(self, data: bytes, most: int) -> bytes:
        """The next output of the current unit, given some input."""
        self._fed = True
        try:
            return self._unit.decompress(data, most)
        except Exception as error:  # noqa: BLE001 - zlib.error, LZMAError, OSError: each library has its own
            if is_out_of_memory(error):
                raise self._damaged("needs too much memory to unpack") from None
            raise self._damaged(f"is damaged ({error})") from None

    def _following(self) -> None:
        """Go on with the next compressed stream, if one follows; zero padding is skipped, other bytes end the input."""
        rest = self._unit.unused_data or self._source.read(_CHUNK)
        self.taken += len(rest) if not self._unit.unused_data else 0
        rest = rest.lstrip(b"\0")
        self._unit, self._fed = decompressor(self._kind), False
        self._pending = rest if compression_of(rest[:_SURE].ljust(_SURE, b"\0")) == self._kind else b""
        if not self._pending:
            self._source = io.BytesIO()

    def _check(self) -> None:
        """Raise InputError beyond the limits on what is unpacked."""
        if self.given > MAX_INFLATED:
            raise InputError(
                self._name, f"unpacks to more than {MAX_INFLATED // GIB} GiB", "give only the files that matter"
            )
        if self.given > FREE and self.given > self.taken * MAX_RATIO:
            raise InputError(
                self._name,
                f"unpacks to more than {MAX_RATIO} times its size",
                "this is not a sosreport; unpack it yourself if you trust it",
            )

    def _damaged(self, what: str) -> InputError:
        """The error for damage, at the offset up to which the input was read."""
        return InputError(Location(self._name, offset=self.taken), what, "copy the file again, whole")
