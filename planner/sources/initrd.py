"""Sizes of an initrd: the bytes of the file, and of its content once the kernel has unpacked it.

An initrd is a series of cpio archives, padded with zeros, each of them plain or compressed. The file is read once, as a
stream, in bounded memory; nothing is written to disk. Zstandard and lz4 need a library each (the extra `initrd`).

Source: unpack_to_rootfs(), init/initramfs.c; compressed_formats, lib/decompress.c @ 6.12.

A decompressor is imported at the first archive that needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, BinaryIO

from planner.base.errors import InputError, Location
from planner.base.sizes import GIB, KIB, MIB, format_size, round_up
from planner.kernel.machine import Machine
from planner.kernel.pgtable import PAGE_SIZES
from planner.sources.bounds import MAX_MODULES
from planner.sources.inflate import MAX_DICTIONARY, Unit, decompressor, is_out_of_memory
from planner.sources.reading import opened, read_some
from planner.studies.need_inputs import Given, with_initrd

__all__ = ["Initrd", "measure", "read_initrd"]

MAX_UNPACKED = 4 * GIB
"""The largest unpacked size of an initrd, in bytes."""

MAX_FILES = 1 << 20
"""Entries in all archives of an initrd, at most."""

_CHUNK = 64 * KIB
_MAGICS = (b"070701", b"070702")  # of cpio's newc format, without and with checksums
_HEADER = 110  # bytes before the name
_ENTRY = re.compile(rb"07070[12][0-9a-fA-F]{104}")  # a header: a magic, and 13 numbers of 8 digits
_ROOT = re.compile(rb"\A(?:\.?/)+")  # of a name; the kernel unpacks in the root
_PATH_MAX = 4096
_TRAILER = b"TRAILER!!!"
_REGULAR, _KIND = 0o100000, 0o170000  # S_IFREG, S_IFMT
_MODULE = (b".ko", b".ko.xz", b".ko.gz", b".ko.zst")
_STATED = "give --initrd-size and --initrd-unpacked"


@dataclass(frozen=True, slots=True)
class Initrd:
    """Sizes of one initrd.

    archive: bytes of the file. content: bytes of the regular files in it. unpacked: the same in whole pages, as in
    memory, for each page size. compression: of each archive in it, in order. modules: names of the kernel modules in
    it, spelt as in /proc/modules.
    """

    name: str
    archive: int
    content: int
    unpacked: dict[int, int]
    compression: tuple[str, ...]
    modules: tuple[str, ...]
    notes: tuple[str, ...]

    def applied(self, given: Given, machine: Machine | None) -> Given:
        """The inputs of `need` as stated, with missing ones taken from this initrd."""
        kinds = ["uncompressed" if kind == "none" else kind for kind in dict.fromkeys(self.compression)]
        source = f"read: {self.name} ({', '.join(kinds)})"
        return with_initrd(
            given, machine, archive=self.archive, unpacked=self.unpacked, modules=self.modules, source=source
        )


def read_initrd(path: str) -> Initrd:
    """The initrd of a file, or of standard input for `-`. Raises InputError."""
    with opened(path) as (file, name):
        return measure(file, name)


def measure(file: BinaryIO, name: str) -> Initrd:
    """The initrd in a stream. Raises InputError if it is not one, or damaged, or too large."""
    outer = _Reader(lambda: read_some(file, name, _CHUNK), name)
    tally = _Tally()
    kinds: list[str] = []
    notes: list[str] = []
    while outer.skip_zeros():
        head = outer.peek(16)
        if head.startswith(_MAGICS):
            kinds.append("none")
            _archive(outer, tally)
            continue
        kind = next((kind for magic, kind in _FORMATS if head.startswith(magic)), None)
        if kind is None:
            if not kinds:
                raise InputError(name, "is not an initrd: neither cpio (newc) nor compressed", "give the initrd itself")
            notes.append("the data after the last archive is neither cpio nor compressed: the kernel stops there")
            while outer.take(_CHUNK):
                pass
            break
        kinds.append(kind)
        _packed(outer, kind, tally)
    if not kinds:
        raise InputError(name, "is empty", "give the initrd that the capture kernel is loaded with")
    if "lz4 frame" in kinds:
        notes.append("the kernel unpacks only the legacy format of lz4 (lz4 -l), not lz4 frames")
    return Initrd(
        name=name,
        archive=outer.received,
        content=sum(tally.sizes.values()),
        unpacked={page: sum(round_up(size, page) for size in tally.sizes.values()) for page in PAGE_SIZES},
        compression=tuple(kinds),
        modules=tuple(sorted(tally.modules)),
        notes=(*notes, *tally.notes),
    )


class _Reader:
    """A forward reader of a function that returns chunks. name: of the file; received: bytes from the function."""

    def __init__(self, more: Callable[[], bytes], name: str) -> None:
        self._more, self.name = more, name
        self._held = b""
        self.received = 0

    def _fill(self, least: int) -> None:
        """Hold at least so many bytes, fewer only at the end."""
        while len(self._held) < least:
            data = self._more()
            if not data:
                return
            self.received += len(data)
            self._held += data

    def peek(self, count: int) -> bytes:
        """The next bytes, without consuming them; fewer at the end."""
        self._fill(count)
        return self._held[:count]

    def take(self, most: int) -> bytes:
        """At least one of the next bytes; b"" at the end."""
        self._fill(1)
        data, self._held = self._held[:most], self._held[most:]
        return data

    def put_back(self, data: bytes) -> None:
        """Return the bytes taken last, to be read again."""
        self._held = data + self._held

    def exactly(self, count: int) -> bytes:
        """The next `count` bytes. Raises InputError if the file ends before."""
        self._fill(count)
        if len(self._held) < count:
            raise self.damaged("ends in the middle of an archive")
        return self.take(count)

    def skip(self, count: int) -> None:
        """Skip bytes. Raises InputError if the file ends before."""
        while count:
            data = self.take(min(count, _CHUNK))
            if not data:
                raise self.damaged("ends in the middle of an archive")
            count -= len(data)

    def skip_zeros(self) -> bool:
        """Skip zeros; False at the end."""
        while data := self.take(_CHUNK):
            rest = data.lstrip(b"\0")
            if rest:
                self.put_back(rest)
                return True
        return False

    def damaged(self, what: str, remedy: str = "copy the initrd again, whole") -> InputError:
        """The error for the next byte."""
        return InputError(Location(self.name, offset=self.received - len(self._held)), what, remedy)


# -- cpio ------------------------------------------------------------------------------------------------------


class _Tally:
    """The regular files seen so far; a later file of the same name replaces the earlier one.

    sizes: bytes of each file. archives, entries: how many were read. out: bytes that they unpack to.
    """

    def __init__(self) -> None:
        self.sizes: dict[object, int] = {}
        self.modules: set[str] = set()
        self.notes: list[str] = []
        self.archives = 0
        self.entries = 0
        self.out = 0

    def add(self, fields: tuple[int, ...], path: bytes) -> None:
        """Count one regular file. Of several hard links to a file, one carries its content."""
        inode, links, size, major, minor = fields
        linked = links > 1
        key: object = (self.archives, inode, major, minor) if linked else hash(path)
        self.sizes[key] = max(size, self.sizes.get(key, 0)) if linked else size
        name = path.rpartition(b"/")[2]
        if name.endswith(_MODULE) and len(self.modules) < MAX_MODULES:
            self.modules.add(name.split(b".ko")[0].decode("ascii", "replace").replace("-", "_"))

    def count(self, reader: _Reader, size: int) -> None:
        """Count one entry of `size` bytes. Raises InputError beyond what any initrd holds."""
        self.entries += 1
        self.out += size
        if self.entries > MAX_FILES or self.out > MAX_UNPACKED:
            what = f"{MAX_FILES} files" if self.entries > MAX_FILES else format_size(MAX_UNPACKED)
            raise reader.damaged(f"unpacks to more than {what}", _STATED)


def _archive(reader: _Reader, tally: _Tally) -> None:
    """Read one cpio archive in the newc format, including its trailer."""
    tally.archives += 1
    while True:
        if not reader.peek(1):
            tally.notes.append("an archive has no trailer: the file may be cut off")
            return
        header = reader.exactly(_HEADER)
        if _ENTRY.fullmatch(header) is None:
            raise reader.damaged("is damaged: an entry of the cpio archive has no header")
        fields = [int(header[at : at + 8], 16) for at in range(6, _HEADER, 8)]
        inode, mode, _, _, links, _, size, major, minor, _, _, length, _ = fields
        if not 0 < length <= _PATH_MAX:
            raise reader.damaged("is damaged: an entry of the cpio archive has no name")
        path = reader.exactly(length).rstrip(b"\0")
        if path == _TRAILER:
            return
        reader.skip(-(_HEADER + length) % 4)
        tally.count(reader, size)
        if mode & _KIND == _REGULAR:
            tally.add((inode, links, size, major, minor), _ROOT.sub(b"", path))
        reader.skip(size)
        # The padding of the last member may be missing.
        if len(reader.peek(-size % 4)) == -size % 4:
            reader.skip(-size % 4)


# -- compression -----------------------------------------------------------------------------------------------


_LZ4_LEGACY = b"\x02\x21\x4c\x18"

_FORMATS = (
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"BZh", "bzip2"),
    (b"\x5d\x00", "lzma"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (_LZ4_LEGACY, "lz4"),
    (b"\x04\x22\x4d\x18", "lz4 frame"),
    (b"\x89LZO", "lzo"),
)
"""First bytes of compressed archives, and what compressed them (compressed_formats, lib/decompress.c @ 6.12)."""


def _packed(outer: _Reader, kind: str, tally: _Tally) -> None:
    """Read the archives of one compressed stream; bytes after the stream are left in `outer`."""
    chunks = _inflated(outer, kind)
    inner = _Reader(lambda: next(chunks, b""), outer.name)
    seen = False
    while inner.skip_zeros():
        if not inner.peek(6).startswith(_MAGICS):
            raise outer.damaged("has junk within a compressed archive" if seen else "its content is not a cpio archive")
        _archive(inner, tally)
        seen = True


def _inflated(outer: _Reader, kind: str) -> Iterator[bytes]:
    """The unpacked bytes of one compressed stream, in chunks."""
    unit = _unit(kind, outer)
    feed = KIB if kind == "zstd" else _CHUNK  # a kilobyte of zstd gives at most 32 MiB at once
    out = 0
    while not unit.eof:
        data = outer.take(feed) if unit.needs_input else b""
        try:
            given = unit.decompress(data, _CHUNK)
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001 - zlib.error, LZMAError, OSError, ZstdError: each library has its own
            if is_out_of_memory(error):
                raise _too_wide(outer) from None
            raise outer.damaged(f"is damaged ({str(error)[:80]})") from None
        out += len(given)
        if out > MAX_UNPACKED:
            raise InputError(outer.name, f"unpacks to more than {format_size(MAX_UNPACKED)}", _STATED)
        if given:
            for at in range(0, len(given), _CHUNK):
                yield given[at : at + _CHUNK]
        elif not (data or unit.eof) and unit.needs_input:
            raise outer.damaged("ends in the middle of a compressed archive")
    outer.put_back(unit.unused_data or b"")  # None for lz4 frames


def _too_wide(outer: _Reader, needed: str = "") -> InputError:
    """The error for an archive whose decompressor needs too much memory. needed: the size, if it is known."""
    what = f"needs a dictionary {needed}larger than {format_size(MAX_DICTIONARY)}"
    return outer.damaged(what, f"pack it with a smaller one, or {_STATED}")


def _unit(kind: str, outer: _Reader) -> Unit:
    """The decompressor of a stream of a kind. Raises InputError if it is not supported, or lacks its library."""
    if kind in {"gzip", "bzip2", "xz", "lzma"}:
        return decompressor(kind)
    if kind == "zstd":
        return _zstd(outer)
    if kind == "lz4":
        return _Lz4Legacy(outer, _library(outer.name, "lz4.block", "lz4"))
    if kind == "lz4 frame":
        frame: Unit = _library(outer.name, "lz4.frame", "lz4").LZ4FrameDecompressor()
        return frame
    raise InputError(outer.name, "is compressed with lzo, which is not supported", "unpack it first: lzop -d")


def _library(name: str, module: str, what: str) -> Any:
    """A module of an optional package. Raises InputError, naming the package, without it. what: the compression."""
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise InputError(
            name,
            f"is compressed with {what}, for which the package {package} is needed",
            f"install crashkernel-planner[initrd], or {_STATED}",
        ) from None


class _Zstd:
    """A Zstandard frame; the library cannot limit the output of one call, so its input is limited."""

    def __init__(self, unit: Any) -> None:
        self._unit = unit

    @property
    def eof(self) -> bool:
        return bool(self._unit.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._unit.unused_data)

    needs_input = True

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        del max_length
        return bytes(self._unit.decompress(data)) if data else b""


def _zstd(outer: _Reader) -> Unit:
    """The decompressor of the next Zstandard frame. Raises InputError if it needs too much memory."""
    zstandard = _library(outer.name, "zstandard", "zstd")
    try:
        window = zstandard.get_frame_parameters(outer.peek(18)).window_size
    except zstandard.ZstdError:
        raise outer.damaged("is damaged: the header of its zstd frame") from None
    if window > MAX_DICTIONARY:
        raise _too_wide(outer, f"of {format_size(window)}, ")
    return _Zstd(zstandard.ZstdDecompressor(max_window_size=MAX_DICTIONARY).decompressobj())


class _Lz4Legacy:
    """The legacy format of lz4: a magic number, then blocks of at most 8 MiB, each preceded by its compressed size."""

    _BLOCK = 8 * MIB
    _BOUND = _BLOCK + _BLOCK // 255 + 16

    def __init__(self, outer: _Reader, library: Any) -> None:
        self._outer, self._library = outer, library
        self.eof = False
        self.unused_data = b""
        self.needs_input = False  # it reads its blocks from the file itself

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        del data, max_length
        head = self._outer.peek(4)
        if head == _LZ4_LEGACY:
            self._outer.exactly(4)
            return b""
        size = int.from_bytes(head, "little")
        if len(head) < 4 or not 0 < size <= self._BOUND:
            self.eof = True  # the end, padding, or the next archive
            return b""
        self._outer.exactly(4)
        return bytes(self._library.decompress(self._outer.exactly(size), uncompressed_size=self._BLOCK))
