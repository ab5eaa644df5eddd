"""Archives as a stream: those written by `tarfile` are read; headers are limited in number and size."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.base.errors import InputError
from planner.base.sizes import KIB, MIB
from planner.sources.archive.tar_stream import MAX_HEADER, Archive

NAMES = st.lists(st.text("abcäöü中 .-_", min_size=1, max_size=60), min_size=1, max_size=4).map("/".join)
MEMBERS = st.lists(st.tuples(NAMES, st.binary(max_size=1500)), max_size=5)
FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)


def packed(members: list[tuple[str, bytes]], fmt: int) -> bytes:
    """An archive in one of the formats; its members' times have fractions, as real ones do."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=fmt) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1.5
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def read(data: bytes) -> list[tuple[str, bytes]]:
    """Paths and contents of all files."""
    archive = Archive(io.BytesIO(data), "x.tar")
    return [(member.path, archive.read(MIB)) for member in archive if member.is_file]


@given(MEMBERS, st.sampled_from(FORMATS[1:]))
@settings(max_examples=60)
def test_what_tarfile_writes_is_read(members: list[tuple[str, bytes]], fmt: int) -> None:
    """Names may be long or not ASCII; content may be read or skipped."""
    data = packed(members, fmt)
    assert read(data) == members
    archive = Archive(io.BytesIO(data), "x.tar")
    assert [member.size for member in archive] == [len(content) for _, content in members]


def test_a_size_in_an_extended_header_counts() -> None:
    """The size in the extended header is used; Python writes sizes there that do not fit in octal digits."""
    big = tarfile.TarInfo("big")
    big.size = 5
    body = record(b"size", b"5") + record(b"path", b"a/long/name\nwith 7 path=x")
    data = (
        extended(body) + tarfile.TarInfo("short").tobuf() + b"hello" + bytes(507) + big.tobuf() + b"there" + bytes(507)
    )
    assert read(data) == [("a/long/name\nwith 7 path=x", b"hello"), ("big", b"there")]


def record(key: bytes, value: bytes) -> bytes:
    """A record of an extended header, whose length counts its own digits."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + 1
    while len(b"%d" % length) + len(rest) != length:
        length += 1
    return b"%d" % length + rest


def extended(body: bytes, kind: bytes = tarfile.XHDTYPE) -> bytes:
    """An extended header."""
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, len(body)
    return info.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512)


def sparse(blocks: int) -> bytes:
    """A sparse file in GNU's old format, its map continued over this many blocks."""
    info = tarfile.TarInfo("sparse")
    info.type = tarfile.GNUTYPE_SPARSE
    head = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    head[482] = bool(blocks)
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + b"".join(bytes(504) + bytes([i < blocks - 1]) + bytes(7) for i in range(blocks))


FILE = tarfile.TarInfo("file").tobuf()
FULL = record(b"comment", b"x" * (MAX_HEADER - 30))
BEFORE_ONE = "has more headers before one file than any archive"
IN_ALL = "has more headers than any archive"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        pytest.param(extended(FULL) * 3 + FILE, None, id="three long ones before a file"),
        pytest.param(extended(FULL) * 4 + FILE, BEFORE_ONE, id="four"),
        pytest.param(extended(b"", tarfile.XGLTYPE) * 511 + FILE, None, id="short ones"),
        pytest.param(extended(b"", tarfile.XGLTYPE) * 512 + FILE, BEFORE_ONE, id="too many of them"),
        pytest.param((extended(FULL) + FILE) * 250, None, id="long ones before each of some files"),
        pytest.param((extended(FULL) + FILE) * 270, IN_ALL, id="of more"),
        pytest.param((extended(record(b"a", b"")) + FILE) * 20_000, None, id="usual ones before each of many"),
        pytest.param((extended(record(b"a", b"") * 9000) + FILE) * 11, None, id="many records"),
        pytest.param((extended(record(b"a", b"") * 9000) + FILE) * 12, IN_ALL, id="too many of them in all"),
        pytest.param(sparse(500) + FILE, None, id="a sparse file"),
        pytest.param(sparse(512) + FILE, BEFORE_ONE, id="whose map has no end"),
        pytest.param(extended(bytes(MAX_HEADER + 1)) + FILE, "a header is too long", id="a long header"),
        pytest.param(
            extended(bytes(MAX_HEADER + 1), tarfile.GNUTYPE_LONGNAME) + FILE,
            "a header is too long",
            id="name",
        ),
        pytest.param(
            extended(b"999 path=x\n") + FILE, "a record of a header has a wrong length", id="a record too long"
        ),
        pytest.param(
            extended(b"0 path=x\n") + FILE, "a record of a header has a wrong length", id="a record of nothing"
        ),
        pytest.param(extended(b"path=x\n") + FILE, "a record of a header has a wrong length", id="without a length"),
        pytest.param(FILE[:-1], "damaged archive (it ends in the middle)", id="a header cut off"),
        pytest.param(extended(FULL)[:5000], "damaged archive (it ends in the middle)", id="an extended one"),
        pytest.param(packed([("x", b"y" * 600)], FORMATS[0])[:1000], "it ends in the middle", id="content cut off"),
        pytest.param(FILE[:5] + b"?" + FILE[6:], "damaged archive (bad checksum)", id="no header"),
    ],
)
def test_a_header_is_bounded_before_it_is_read_into_memory(data: bytes, what: str | None) -> None:
    """The error is one line."""
    if what is None:
        assert "file" in [member.path for member in Archive(io.BytesIO(data + bytes(KIB)), "x.tar")]
        return
    with pytest.raises(InputError) as caught:
        list(Archive(io.BytesIO(data), "x.tar"))
    assert what in str(caught.value)


@pytest.mark.parametrize(
    ("member", "is_file", "is_folder"),
    [
        pytest.param(tarfile.REGTYPE, True, False, id="a file"),
        pytest.param(tarfile.AREGTYPE, True, False, id="in the old format"),
        pytest.param(tarfile.CONTTYPE, True, False, id="a contiguous one"),
        pytest.param(tarfile.DIRTYPE, False, True, id="a folder"),
        pytest.param(tarfile.SYMTYPE, False, False, id="a link"),
        pytest.param(tarfile.CHRTYPE, False, False, id="a device"),
    ],
)
def test_links_and_devices_are_neither_files_nor_folders(member: bytes, is_file: bool, is_folder: bool) -> None:
    """Only files have content, whatever sizes other headers give."""
    info = tarfile.TarInfo("x")
    info.type, info.size = member, 5
    data = info.tobuf() + (b"hello" + bytes(507) if is_file else b"") + FILE
    first, second = Archive(io.BytesIO(data), "x.tar")
    assert (first.is_file, first.is_folder, first.size) == (is_file, is_folder, 5 if is_file else 0)
    assert second.path == "file"


@pytest.mark.parametrize("key", [b"GNU.sparse.major", b"GNU.sparse.map", b"GNU.sparse.size"])
def test_sparse_files_are_no_files(key: bytes) -> None:
    """Their content in the archive is not that of the file."""
    data = extended(record(key, b"1") + record(b"GNU.sparse.name", b"real")) + FILE
    assert [(member.path, member.is_file) for member in Archive(io.BytesIO(data), "x.tar")] == [("real", False)]
