"""Compressed inputs as a stream: the content is the original; damage and bombs are errors of one line."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.errors import InputError
from planner.base.sizes import KIB, MIB
from planner.sources import inflate
from planner.sources.inflate import MAX_RATIO, compression_of, unpacked

PACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "xz": lzma.compress, "bzip2": bz2.compress}
TEXT = b"80000000-bfffffff : System RAM\n" * 4000


def content(data: bytes) -> bytes:
    return unpacked(io.BytesIO(data), "x").read()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        *(pytest.param(pack(b"x"), name, id=name) for name, pack in PACK.items()),
        pytest.param(bz2.compress(b""), "bzip2", id="an empty bzip2"),
        pytest.param(b"\x28\xb5\x2f\xfd...", "zstd", id="zstd"),
        pytest.param(b"\x1f\x8b\x07", None, id="gzip with a method that there is not"),
        pytest.param(b"BZh9 is a word", None, id="a word that begins so"),
        pytest.param(TEXT, None, id="text"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_a_compression_is_known_by_its_first_bytes(head: bytes, kind: str | None) -> None:
    assert compression_of(head) == kind


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("data", [b"", b"x", TEXT], ids=["nothing", "a byte", "a map"])
def test_what_comes_out_is_what_went_in(kind: str, data: bytes) -> None:
    """In one stream, in several in a row, and with padding after them."""
    pack = PACK[kind]
    assert content(pack(data)) == data
    assert content(pack(data) + pack(TEXT)) == data + TEXT
    assert content(pack(data) + bytes(512)) == data


@given(st.binary(max_size=2000))
def test_what_is_not_compressed_comes_as_it_is(data: bytes) -> None:
    if compression_of(data[:16]) is None:
        assert content(data) == data


@pytest.mark.parametrize("kind", PACK)
def test_damage_is_told_with_its_offset(kind: str) -> None:
    packed = PACK[kind](TEXT)
    with pytest.raises(InputError, match=r"^x:\+0x[0-9a-f]+: ends in the middle; copy the file again, whole"):
        content(packed[: len(packed) // 2])
    broken = bytearray(packed)
    broken[len(broken) // 2] ^= 0xFF
    with pytest.raises(InputError, match=r"^x:\+0x[0-9a-f]+: (is damaged|ends in the middle)"):
        content(bytes(broken))


def test_zstd_is_refused_with_the_way_out() -> None:
    with pytest.raises(InputError, match="is compressed with zstd, which is not supported; unpack it with zstd -d"):
        content(b"\x28\xb5\x2f\xfd" + bytes(20))


@pytest.mark.parametrize(("size", "refused"), [(MIB - KIB, False), (2 * MIB, True)])
def test_zeros_are_refused_by_their_ratio(size: int, refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ratio is limited only beyond a size that could do harm."""
    monkeypatch.setattr(inflate, "FREE", MIB)
    packed = gzip.compress(bytes(size), compresslevel=9)
    assert size > len(packed) * MAX_RATIO
    if refused:
        with pytest.raises(InputError, match=f"unpacks to more than {MAX_RATIO} times its size"):
            content(packed)
    else:
        assert len(content(packed)) == size


def test_all_that_comes_out_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflate, "MAX_INFLATED", len(TEXT) - 1)
    with pytest.raises(InputError, match="unpacks to more than 0 GiB"):
        content(gzip.compress(TEXT))
