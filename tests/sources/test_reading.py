"""Reading of inputs: limited in size, decoded with the places of errors, split into numbered lines."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.errors import InputError
from planner.base.sizes import MIB
from planner.sources.bounds import MAX_LINE
from planner.sources.reading import (
    TABLE_ROW,
    decode,
    decode_most,
    opened,
    read_bytes,
    read_within,
    stray_note,
    text_lines,
)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        pytest.param(b"", "x: is empty; give a memory map", id="nothing"),
        pytest.param(b" \r\n\t\0", "x: is empty", id="blanks"),
        pytest.param(b"\xff\xfea\0b", "x:1:1: is damaged UTF-16; save the text as UTF-8", id="half a character"),
        pytest.param(b"abc\0def", "x:+0x3: is binary, not text", id="binary, at its first NUL"),
        pytest.param(b"one\ntw\xff", "x:2:3: is not UTF-8", id="a byte that is no text, by line and column"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, line: str) -> None:
    with pytest.raises(InputError) as caught:
        decode(data, "x")
    assert str(caught.value).startswith(line)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=80))
def test_text_is_decoded_without_its_byte_order_mark(text: str) -> None:
    """Stray bytes may be allowed or not."""
    if text.strip(" \t\r\n\v\f"):
        assert decode(b"\xef\xbb\xbf" + text.encode(), "x") == text
        assert decode_most(text.encode(), "x") == text.removeprefix("\ufeff")


WIDE = "40000000-bfffffff : System RAM\n  41000000-41ffffff : r\u00e9serv\u00e9 \u2500\n"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_wide_characters_are_told_by_their_mark_or_their_zeros(encoding: str, mark: str) -> None:
    """PowerShell writes them with a mark, other programs without."""
    data = (mark + WIDE).encode(encoding)
    assert (decode(data, "x"), decode_most(data, "x")) == (WIDE, WIDE)
    with pytest.raises(InputError, match=r"x:1:1: is damaged UTF-(?:16|32); save the text as UTF-8"):
        decode_most(data[:-1], "x")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"a\0b\0c", id="cut within a character"),
        pytest.param(b"a\0\0\0b\0\0", id="cut within a wider one"),
    ],
)
def test_wide_characters_are_never_read_in_part(data: bytes) -> None:
    with pytest.raises(InputError, match="is damaged UTF"):
        decode_most(data, "x")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(b"Linux version \xff6.12\n", "Linux version \udcff6.12\n", id="a byte that is no text"),
        pytest.param(b"line one\nline\0\0\0two\n", "line one\nline\ufffdtwo\n", id="NUL in a row are one mark"),
        pytest.param(b"the end is lost\n" + bytes(40), "the end is lost\n", id="NUL at the end of a file"),
        pytest.param(bytes(512) + b"a line\nanother\n", "\ufffda line\nanother\n", id="many NUL before all"),
        pytest.param(b"one line\0\0another\0", "one line\n\nanother", id="NUL at the end of each line"),
        pytest.param(b"one line\0another\nthird", "one line\ufffdanother\nthird", id="NUL where lines have ends"),
    ],
)
def test_stray_bytes_of_a_log_are_marked(data: bytes, text: str) -> None:
    assert decode_most(data, "x") == text


@pytest.mark.parametrize("data", [b"ab\0\0c\0d", b"\xfd\xfea\xff", b"a\0\0\0\0b"])
def test_what_is_mostly_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        decode_most(data, "x")


@pytest.mark.parametrize(
    ("text", "note"),
    [
        pytest.param("all is text\n", None, id="none"),
        pytest.param("é is text, too\n", None, id="no ASCII, but text"),
        pytest.param(
            "one\nt\udcffo\n", "line 2: bytes that are not text were replaced; nothing is read there", id="in a line"
        ),
        pytest.param("\ufffd\n\ufffd\n\ufffd\n", "line 1 and 2 more: bytes that are not text", id="in several"),
        pytest.param(
            "\ufffdone\ntwo", "line 1: bytes that are not text before the text were left out", id="at the start"
        ),
        pytest.param("\ufffdo\ufffde\n", "line 1: bytes that are not text were replaced", id="at the start and in it"),
        pytest.param("Kernel command line: a=\udcff\n", None, id="a command line shows its own"),
    ],
)
def test_what_is_said_of_stray_bytes(text: str, note: str | None) -> None:
    found = stray_note(text)
    assert (found is None) is (note is None)
    assert found is None or note is None or found.startswith(note)


def test_lines_are_numbered_and_bounded() -> None:
    """Any line end counts; the last line may have none."""
    assert list(text_lines("a\r\n\nb", "x")) == [(1, "a"), (2, ""), (3, "b")]
    with pytest.raises(InputError, match="x:2:1: this line is too long for a memory map"):
        list(text_lines("a\n" + "b" * (MAX_LINE + 1), "x"))


@pytest.mark.parametrize(("size", "refused"), [(MIB, False), (MIB + 1, True)])
def test_an_input_is_bounded_by_its_size_or_by_what_a_pipe_gives(tmp_path: Path, size: int, refused: bool) -> None:
    path = tmp_path / "map"
    path.write_bytes(b"x" * size)
    for source in (path.open("rb"), io.BytesIO(b"x" * size)):
        with source:
            if refused:
                with pytest.raises(InputError, match="x: is larger than 1 MiB; give only the map"):
                    read_within(source, "x", MIB)
            else:
                assert len(read_within(source, "x", MIB)) == size


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param("none", "cannot be read: No such file or directory; check the path", id="no file"),
        pytest.param(".", "this is a directory; give a file", id="a directory"),
        pytest.param("a\0b", "cannot be read: ", id="no path"),
    ],
)
def test_what_cannot_be_opened_is_an_error_with_its_name(tmp_path: Path, path: str, line: str) -> None:
    with pytest.raises(InputError, match=line):
        read_bytes(str(tmp_path / path) if path != "a\0b" else path)


def test_standard_input_has_a_name_and_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.BytesIO(b"from a pipe")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(stdin))
    with opened("-") as (file, name):
        assert (file.peek(4)[:4], file.read(), name) == (b"from", b"from a pipe", "<stdin>")
    assert not stdin.closed


@pytest.mark.parametrize(
    ("line", "groups"),
    [
        pytest.param(
            "0xffff000000200000-0xffff000001c00000          26M PMD       ro NX SHD AF        BLK UXN    MEM/NORMAL",
            ("ffff000000200000", "ffff000001c00000", "PMD"),
            id="a leaf",
        ),
        pytest.param("0x0-0xffff000000000000    16776960T PGD\r", ("0", "ffff000000000000", "PGD"), id="a hole"),
        pytest.param("0x0000000080000000-0x00000000bfffffff   1G online       yes 16-23", None, id="a row of lsmem"),
        pytest.param("0xffff000000200000-0xffff000001c00000\n 26M PMD", None, id="two lines"),
    ],
)
def test_a_row_of_a_page_table_dump_is_recognised(line: str, groups: tuple[str, ...] | None) -> None:
    found = re.search(TABLE_ROW, line)
    assert (found and found.groups()) == groups
