"""Sizes of initrds once the kernel has unpacked them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.base.errors import InputError
from planner.base.sizes import KIB, MIB
from planner.sources.initrd import Initrd, measure


def entry(name: str, data: bytes = b"", *, mode: int = 0o100644, inode: int = 1, links: int = 1) -> bytes:
    """One file of a newc archive."""
    path = name.encode() + b"\0"
    fields = (inode, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(path), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + path
    head += b"\0" * (-len(head) % 4)
    return head + data + b"\0" * (-len(data) % 4)


def cpio(*entries: bytes) -> bytes:
    """An archive with cpio's padding."""
    whole = b"".join([*entries, entry("TRAILER!!!", mode=0)])
    return whole + b"\0" * (-len(whole) % 512)


EARLY = cpio(entry("early_cpio", b"1"), entry("kernel/firmware/acpi/ssdt.aml", bytes(4097), inode=2))
MAIN = cpio(
    entry("usr", mode=0o40755),
    entry("usr/init", b"i" * 10_000, inode=3),
    entry("usr/lib/modules/6.12/kernel/nvme-core.ko.xz", b"m" * 100, inode=4),
)
PAGES = 1 + 2 + 3 + 1
"""Bytes in 4K pages of the files of both."""


def of(data: bytes) -> Initrd:
    """The sizes of an initrd with these bytes."""
    return measure(io.BytesIO(data), "initrd")


def _legacy_lz4(data: bytes) -> bytes:
    block = pytest.importorskip("lz4.block").compress(data, store_size=False)
    return b"\x02\x21\x4c\x18" + len(block).to_bytes(4, "little") + bytes(block)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "none": lambda data: data,
    "gzip": gzip.compress,
    "xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32),
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "bzip2": bz2.compress,
    "zstd": lambda data: bytes(pytest.importorskip("zstandard").compress(data)),
    "lz4": _legacy_lz4,
    "lz4 frame": lambda data: bytes(pytest.importorskip("lz4.frame").compress(data)),
}


@pytest.mark.parametrize("kind", PACKERS)
def test_an_early_archive_counts_beside_a_packed_one(kind: str) -> None:
    """The kernel unpacks both; early ones have microcode and ACPI tables."""
    data = EARLY + PACKERS[kind](MAIN)
    found = of(data)
    assert (found.archive, found.unpacked[4 * KIB]) == (len(data), PAGES * 4 * KIB)
    assert found.compression == ("none", kind)
    assert found.content == 1 + 4097 + 10_000 + 100
    assert found.modules == ("nvme_core",)
    assert bool(found.notes) == (kind == "lz4 frame")


@pytest.mark.parametrize("kind", [kind for kind in PACKERS if kind != "none"])
def test_several_packed_archives_with_padding_are_added_up(kind: str) -> None:
    """Each stream is a complete archive; zeros between them are skipped."""
    found = of(PACKERS[kind](EARLY) + bytes(7) + PACKERS[kind](MAIN) + bytes(700))
    assert found.unpacked[4 * KIB] == PAGES * 4 * KIB


def test_sizes_are_in_pages_of_the_kernel() -> None:
    found = of(MAIN)
    assert found.unpacked == {4 * KIB: 16 * KIB, 16 * KIB: 32 * KIB, 64 * KIB: 128 * KIB}


def test_of_links_to_one_file_only_the_last_has_the_bytes() -> None:
    names = [entry(f"bin/{n}", inode=7, links=3) for n in "ab"] + [entry("bin/c", b"x" * 5000, inode=7, links=3)]
    assert of(cpio(*names)).content == 5000


def test_a_later_file_of_the_same_name_takes_the_place_of_the_earlier() -> None:
    assert of(cpio(entry("init", b"x" * 9000)) + cpio(entry("./init", b"y" * 10))).content == 10


def test_a_dot_that_begins_a_name_tells_files_apart() -> None:
    """Only what names the root is left away: `./init`, `/init` and `init` are one file, `.init` is another."""
    same = [entry(name, b"x" * 10) for name in ("init", "./init", "/init", ".//./init")]
    assert of(cpio(*same, entry(".init", b"y" * 7))).content == 17


def _zstd(window: int) -> bytes:
    zstandard = pytest.importorskip("zstandard")
    parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=window, write_content_size=False)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return bytes(packer.compress(MAIN) + packer.flush())


def _xz(size: int) -> bytes:
    filters: list[Any] = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": size}]
    return lzma.compress(MAIN, lzma.FORMAT_XZ, lzma.CHECK_CRC32, filters=filters)


def test_a_dictionary_of_64m_is_read_and_a_larger_one_refused() -> None:
    """The error is one line and says what to do."""
    assert of(_xz(64 * MIB)).content == of(_zstd(26)).content == 10_100
    for data, size in ((_xz(96 * MIB), ""), (_zstd(27), "of 128M, ")):
        with pytest.raises(InputError, match=f"needs a dictionary {size}larger than 64M; pack it with a smaller one"):
            of(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(bytes(5000), "is empty", id="only zeros"),
        pytest.param(b"MZ" + bytes(100), "is not an initrd: neither cpio", id="something else"),
        pytest.param(gzip.compress(b"no archive"), "its content is not a cpio archive", id="another file"),
        pytest.param(MAIN[:300], "ends in the middle of an archive", id="a cut archive"),
        pytest.param(gzip.compress(MAIN)[:-20], "ends in the middle of a compressed", id="a cut stream"),
        pytest.param(MAIN.replace(b"070701", b"07070x", 2)[4:], "is not an initrd", id="no magic"),
        pytest.param(EARLY[:110] + b"x" * 5000, "has no header", id="damage within"),
        pytest.param(b"\x89LZO\0\r\n\x1a\n", "is compressed with lzo", id="lzo"),
        pytest.param(gzip.compress(MAIN)[:40] + bytes(90), "is damaged", id="a damaged stream"),
    ],
)
def test_what_is_no_initrd_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        of(data)


def test_what_stands_behind_the_archives_is_told() -> None:
    """The kernel stops there, but the whole file is in memory."""
    found = of(MAIN + b"#BOOTCONFIG\n")
    assert (found.archive, found.content) == (len(MAIN) + 12, 10_100)
    assert found.notes == ("the data after the last archive is neither cpio nor compressed: the kernel stops there",)


def test_more_than_any_initrd_holds_is_refused_before_its_end_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.sources.initrd.MAX_UNPACKED", MIB)
    large = cpio(entry("a", bytes(2 * MIB)))
    padded = MAIN + bytes(2 * MIB)
    for data in (large, gzip.compress(large), gzip.compress(padded)):
        with pytest.raises(InputError, match="unpacks to more than 1M"):
            of(data)


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "zstandard", None)
    with pytest.raises(InputError, match=r"the package zstandard is needed; install crashkernel-planner\[initrd\]"):
        of(b"\x28\xb5\x2f\xfd" + bytes(20))


@settings(max_examples=80, deadline=None)
@given(
    kind=st.sampled_from([kind for kind in PACKERS if kind not in ("zstd", "lz4", "lz4 frame")]),
    at=st.floats(0, 1),
    new=st.binary(max_size=12),
    cut=st.integers(0, 40),
)
def test_any_bytes_give_an_initrd_or_one_error(kind: str, at: float, new: bytes, cut: int) -> None:
    """A few bytes are changed, added or lost anywhere."""
    data = EARLY + PACKERS[kind](MAIN)
    place = int(at * len(data))
    with suppress(InputError):
        found = of(data[:place] + new + data[place + cut :])
        assert found.content <= found.unpacked[4 * KIB]
