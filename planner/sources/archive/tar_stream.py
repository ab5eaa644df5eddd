"""Tar archives read as a stream, one member after another, with limits on the size of headers.

`tarfile` decodes single headers; iteration is done here, because `tarfile` reads extended headers of any number and
size into memory. Formats: POSIX.1-1988 and before (v7), GNU, POSIX.1-2001 (pax).
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from planner.base.errors import InputError
from planner.base.sizes import KIB, MIB

__all__ = ["MAX_HEADER", "Archive", "Member"]

MAX_HEADER = 64 * KIB
"""Bytes of the largest extended header."""

_OF_ONE = 256 * KIB  # bytes of all headers of one file
_USUAL = 1536  # bytes of a header and a small extended one
_UNUSUAL = 16 * MIB  # bytes in a whole archive beyond `_USUAL` for each file
_RECORDS = 16  # in a usual extended header
_MORE_RECORDS = 100_000  # in a whole archive beyond `_RECORDS` in each header
_BLOCK = 512
_CHUNK = 64 * KIB
_PAX, _GLOBAL, _LONG_NAME, _LONG_LINK, _SPARSE = (b"x", b"X"), b"g", b"L", b"K", b"S"
_WITHOUT_CONTENT = (b"1", b"2", b"3", b"4", b"5", b"6")  # links, devices, folders, pipes: their size is ignored
_FILE = (b"0", b"\0", b"7")
_GNU_IS_EXTENDED, _SPARSE_IS_EXTENDED = 482, 504  # offsets of `isextended` in GNU's header and in a block of the map


class Member(NamedTuple):
    """One member: its path and type. Links, devices and sparse files are neither file nor folder.

    size: bytes of its content in the archive.
    """

    path: str
    size: int
    is_file: bool
    is_folder: bool


@dataclass(slots=True)
class _Extended:
    """The values in the extended headers of the next member, which replace those of its own header.

    sparse: the member is a sparse file of pax, stored in pieces.
    """

    path: str | None = None
    size: int | None = None
    sparse: bool = False


class Archive:
    """The members in order. Raises InputError for damage, and for more headers than any archive has."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name = stream, name
        self._data = self._padding = 0  # unread bytes of the current member
        self._headers = 0  # bytes of the headers of the current member
        self._unusual = 0
        self._records = 0

    def read(self, most: int) -> bytes:
        """The next bytes of the current member's content."""
        data = self._take(min(most, self._data))
        self._data -= len(data)
        return data

    def __iter__(self) -> Iterator[Member]:
        extended = _Extended()
        while (block := self._header()) is not None:
            try:
                info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
            except tarfile.TarError as error:
                raise self._damaged(str(error)) from None
            if info.type in (*_PAX, _GLOBAL, _LONG_NAME, _LONG_LINK):
                self._extended(info, extended)
                continue
            more = info.type == _SPARSE and bool(block[_GNU_IS_EXTENDED])
            while more:  # the map of a sparse file goes on in blocks of its own
                more = bool(self._exactly(_BLOCK)[_SPARSE_IS_EXTENDED])
                self._count(_BLOCK)
            yield self._member(info, extended)
            extended = _Extended()

    def _member(self, info: tarfile.TarInfo, extended: _Extended) -> Member:
        """The member of a header, whose content is next."""
        size = info.size if extended.size is None else extended.size
        self._data = 0 if info.type in _WITHOUT_CONTENT else max(size, 0)
        self._padding = -self._data % _BLOCK
        self._unusual += self._headers - _USUAL
        self._headers = 0
        if self._unusual > _UNUSUAL:
            raise self._too_many("")
        path = info.name if extended.path is None else extended.path
        is_file = info.type in _FILE and not extended.sparse
        return Member(path, self._data, is_file=is_file, is_folder=info.type == tarfile.DIRTYPE)

    def _header(self) -> bytes | None:
        """The next block, after the content of the current member; None at the end."""
        left = self._data + self._padding
        while left:
            left -= len(self._exactly(min(left, _CHUNK)))
        self._data = self._padding = 0
        block = self._take(_BLOCK)
        if not block or not block.strip(b"\0"):
            return None
        if len(block) < _BLOCK:
            raise self._damaged("it ends in the middle")
        self._count(_BLOCK)
        return block

    def _extended(self, info: tarfile.TarInfo, extended: _Extended) -> None:
        """Read the body of an extended header into the values for the next member; a global one is skipped."""
        if not 0 <= info.size <= MAX_HEADER:
            raise InputError(self._name, "a header is too long", "this is not a sosreport")
        size = -(-info.size // _BLOCK) * _BLOCK
        self._count(size)
        body = self._exactly(size)[: info.size]
        if info.type == _LONG_NAME:
            extended.path = _text(body.partition(b"\0")[0])
        elif info.type in _PAX:
            self._pax(body, extended)

    def _pax(self, body: bytes, extended: _Extended) -> None:
        """Read pax records: `LENGTH KEY=VALUE` and a line end, LENGTH being that of the whole record."""
        at = 0
        self._records -= _RECORDS
        while at < len(body) and body[at]:
            blank = body.find(b" ", at, at + 20)
            digits = body[at : max(blank, at)]
            length = int(digits) if digits.isdigit() else 0
            if blank < 0 or not blank < at + length <= len(body):
                raise self._damaged("a record of a header has a wrong length")
            key, _, value = body[blank + 1 : at + length - 1].partition(b"=")
            at += length
            self._records += 1
            if key in (b"path", b"GNU.sparse.name"):
                extended.path = _text(value)
            elif key == b"size" and value.isdigit() and len(value) < 20:
                extended.size = int(value)
            extended.sparse |= key.startswith(b"GNU.sparse.")
        if self._records > _MORE_RECORDS:
            raise self._too_many("")

    def _count(self, size: int) -> None:
        """Count the bytes of another header of the next member."""
        self._headers += size
        if self._headers > _OF_ONE:
            raise self._too_many(" before one file")

    def _take(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end."""
        pieces = []
        while size:
            data = self._stream.read(min(size, MIB))
            if not data:
                break
            pieces.append(data)
            size -= len(data)
        return b"".join(pieces)

    def _exactly(self, size: int) -> bytes:
        """The next `size` bytes. Raises InputError if the archive ends before."""
        data = self._take(size)
        if len(data) < size:
            raise self._damaged("it ends in the middle")
        return data

    def _too_many(self, where: str) -> InputError:
        """The error for more headers than any archive has. where: words for the place, "" for all of it."""
        return InputError(self._name, f"has more headers{where} than any archive", "give only the files that matter")

    def _damaged(self, what: str) -> InputError:
        """The error for a damaged archive."""
        return InputError(self._name, f"is a damaged archive ({what})", "copy it again, whole")


def _text(name: bytes) -> str:
    """A path in an extended header, as a header has it: folders without the slash behind them."""
    return name.decode("utf-8", "surrogateescape").rstrip("/") or "/"
