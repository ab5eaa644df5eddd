"""Page-table dumps and DirectMap lines: the bytes counted, and errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, MIB
from planner.sources import kind_of_bytes, parse_text
from planner.sources.page_tables import parse_dump, parse_meminfo, read_dump, read_meminfo
from planner.studies.granularity import Observed

DUMP = """\
0x0000000000000000-0xffff000000000000    16776960T PGD
---[ Linear Mapping start ]---
0xffff000000000000-0xffff000000200000           2M PTE       RW NX SHD AF            UXN    MEM/NORMAL
0xffff000000200000-0xffff000001c00000          26M PMD       ro NX SHD AF        BLK UXN    MEM/NORMAL
0xffff000001c00000-0xffff000002000000           4M PTE       RW NX SHD AF    CON     UXN    MEM/NORMAL
0xffff000002000000-0xffff000040000000         992M PMD       RW NX SHD AF    CON BLK UXN    MEM/NORMAL
0xffff000040000000-0xffff000100000000           3G PUD       RW NX SHD AF        BLK UXN    MEM/NORMAL
0xffff000100000000-0xffff000100001000           4K PTE     F RW NX SHD AF            UXN    MEM/NORMAL
0xffff000100001000-0xffff000140000000     1048572K PMD
0xffff000140000000-0xffff800000000000  1073741822G PGD
---[ Linear Mapping end ]---
---[ Modules start ]---
0xffff800000000000-0xffff800008000000         128M PTE       RW NX SHD AF            UXN    MEM/NORMAL
---[ Modules end ]---
"""
FOUR = "".join(DUMP.splitlines(keepends=True)[:4])


def test_the_linear_map_is_counted_by_kind() -> None:
    """Blocks, contiguous runs and pages are counted apart, holes and other sections not; a guard page is a page."""
    assert parse_dump(DUMP, "dump").by_kind == {
        "pte": 2 * MIB + 4 * KIB,
        "pmd": 26 * MIB,
        "cont_pte": 4 * MIB,
        "cont_pmd": 992 * MIB,
        "pud": 3 * GIB,
    }


def test_what_was_made_invalid_is_mapped_all_the_same() -> None:
    """7.3 makes the alias of the image's data invalid, blocks and contiguous runs too: no entry says BLK then."""
    alias = """\
---[ Linear Mapping start ]---
0xfff0000000000000-0xfff0000002d00000          45M PTE
0xfff0000002d00000-0xfff0000002e00000           1M PTE     F RW NX SHD AF NG CON     UXN    MEM/NORMAL-TAGGED
0xfff0000002e00000-0xfff0000003400000           6M PMD     F RW NX SHD AF NG         UXN    MEM/NORMAL-TAGGED
0xfff0000003400000-0xfff0000003410000          64K PTE     F RW NX SHD AF NG         UXN    MEM/NORMAL-TAGGED
0xfff0000003410000-0xfff0000003600000        1984K PTE
0xfff0000003600000-0xfff0000004000000          10M PMD       RW NX SHD AF        BLK UXN    MEM/NORMAL-TAGGED
0xfff0000004000000-0xfff0000040000000         960M PMD
0xfff0000040000000-0xffff800000000000     4063231G PGD
---[ Linear Mapping end ]---
"""
    assert parse_dump(alias, "dump").by_kind == {"cont_pte": MIB, "pmd": 16 * MIB, "pte": 64 * KIB}


@pytest.mark.parametrize(
    "dressed",
    [
        pytest.param("".join(f"> {line}" for line in DUMP.splitlines(keepends=True)), id="a mail"),
        pytest.param("".join(f"{n}:{line}" for n, line in enumerate(DUMP.splitlines(keepends=True), 1)), id="numbers"),
        pytest.param(DUMP.replace("\n", "\r\n"), id="line ends of Windows"),
        pytest.param(f"$ sudo cat kernel_page_tables\n{DUMP}$ ", id="prompts"),
        pytest.param(f"\ufeff{DUMP}", id="a byte order mark"),
    ],
)
def test_a_quoted_dump_is_read_as_it_was_printed(tmp_path: Path, dressed: str) -> None:
    """Logs and listings are read in the same forms."""
    path = tmp_path / "dump"
    path.write_bytes(dressed.encode())
    assert read_dump(str(path)).by_kind == parse_dump(DUMP, "dump").by_kind


def test_5_10_prints_a_row_instead_of_the_mark() -> None:
    """The row is that of all below the linear map."""
    unmarked = DUMP.replace("---[ Linear Mapping start ]---\n", "")
    assert parse_dump(unmarked, "dump").by_kind == parse_dump(DUMP, "dump").by_kind


def test_before_5_4_nothing_ends_the_linear_map() -> None:
    """The linear map is the last section of these dumps."""
    row = "0xffff800000000000-0xffff800000200000           2M PMD       RW NX SHD AF    BLK UXN MEM/NORMAL\n"
    assert parse_dump(f"---[ Linear Mapping ]---\n{row}", "dump").by_kind == {"pmd": 2 * MIB}


@pytest.mark.parametrize("read", [read_dump, read_meminfo])
def test_an_empty_file_says_what_to_give(tmp_path: Path, read: Callable[[str], Observed]) -> None:
    (tmp_path / "x").write_text("\n")
    with pytest.raises(InputError, match=r"x: is empty; give /(sys/kernel/debug/kernel_page_tables|proc/meminfo)"):
        read(str(tmp_path / "x"))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        pytest.param(
            "nothing of it\n", "dump: it has no linear-map section; give /sys/kernel/debug", id="another file"
        ),
        pytest.param(DUMP.partition("start ]---\n")[2], "dump: the mark of the linear map is missing", id="no begin"),
        pytest.param(f"{FOUR}0xffff00000200", "dump:5:1: this row is damaged or cut off", id="within an address"),
        pytest.param(
            FOUR.replace("BLK UXN    MEM/NORMAL", ""),
            "dump:4:1: this row is cut off: it has no memory type",
            id="within attributes",
        ),
        pytest.param(FOUR, "dump:4:1: the linear map is cut off here: no mark ends its section", id="after a row"),
        pytest.param(DUMP.replace("Linear Mapping end", "x"), "dump:11:1: the linear map is cut off here", id="no end"),
        pytest.param(
            "---[ Linear Mapping start ]---\n0x2000-0x1000  4K PTE  RW\n",
            "ends before it starts",
            id="a range reversed",
        ),
    ],
)
def test_a_text_that_is_no_whole_dump_is_refused_in_one_line(text: str, where: str) -> None:
    with pytest.raises(InputError, match=where):
        parse_dump(text, "dump")


LINES = DUMP.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        pytest.param(
            [*LINES[:4], *LINES[5:]],
            "dump:5:1: rows are missing before this one: nothing covers 0xffff000001c00000 to 0xffff000002000000; give",
            id="a row lost",
        ),
        pytest.param(
            [*LINES[:2], *LINES[3:]],
            "dump:3:1: the linear map begins at 0xffff000000200000 here: rows are missing before this one; give",
            id="the first row lost",
        ),
        pytest.param(
            [*LINES[:9], *LINES[10:]],
            "dump:9:1: rows are missing after this one: nothing covers 0xffff000140000000 to 0xffff800000000000; give",
            id="the last row lost",
        ),
        pytest.param(
            [*LINES[:7], *LINES[10:]],
            "dump:7:1: rows are missing after this one: nothing covers 0xffff000100000000 to 0xffff800000000000; give",
            id="the last page lost, and all rows for holes",
        ),
        pytest.param(
            [*LINES[:5], *LINES[4:]],
            "dump:6:1: this row starts at 0xffff000001c00000, below the end of the one before: rows are doubled or out",
            id="a row twice",
        ),
        pytest.param(
            [*LINES[:3], LINES[4], LINES[3], *LINES[5:8], LINES[10]],
            "dump:5:1: this row starts at 0xffff000000200000, below the end",
            id="rows of an old kernel swapped",
        ),
    ],
)
def test_rows_that_are_lost_or_doubled_are_noticed(lines: list[str], where: str) -> None:
    """A dump with rows for holes leaves nothing out."""
    with pytest.raises(InputError) as caught:
        parse_dump("".join(lines), "dump")
    assert str(caught.value).startswith(where)


def excerpt(first: int, end: int) -> str:
    """A linear map of one block, up to its end."""
    return (
        "---[ Linear Mapping start ]---\n"
        f"{first:#x}-{first + 2 * MIB:#x}           2M PMD       RW NX SHD AF        BLK UXN    MEM/NORMAL\n"
        f"{first + 2 * MIB:#x}-{end:#x}     1048572K PMD\n"
        "---[ Linear Mapping end ]---\n"
    )


@pytest.mark.parametrize(
    ("first", "end"),
    [
        pytest.param(-1 << 39, -1 << 38, id="39 bits"),
        pytest.param(-1 << 48, -1 << 47, id="48 bits"),
        pytest.param(-1 << 52, -1 << 47, id="52 bits"),
        pytest.param(-1 << 52, -1 << 46, id="52 bits with 16K pages"),
        pytest.param(-1 << 48, 0xFFFF_6000_0000_0000, id="48 bits with KASAN"),
        pytest.param(-1 << 48, 0xFFFF_7000_0000_0000, id="48 bits with KASAN, by tags"),
        pytest.param(-1 << 52, 0xFFFD_8000_0000_0000, id="52 bits with KASAN"),
    ],
)
def test_an_excerpt_that_ends_with_the_linear_map(first: int, end: int) -> None:
    """Its last row ends where the linear map does, or rows are missing."""
    first, end = first % (1 << 64), end % (1 << 64)
    assert parse_dump(excerpt(first, end), "dump").by_kind == {"pmd": 2 * MIB}
    for lost in (excerpt(first, end - 2 * MIB), excerpt(first, first + GIB)):
        with pytest.raises(InputError, match=r"^dump:3:1: rows are missing after this one: nothing covers 0x"):
            parse_dump(lost, "dump")


def test_rows_without_holes_tell_nothing_of_lost_ones() -> None:
    """5.4 prints only what is mapped."""
    mapped = [line for line in LINES if len(line.split()) != 3]
    found = parse_dump("".join([*mapped[:2], *mapped[3:]]), "dump").by_kind
    assert found is not None
    assert found["pud"] == 3 * GIB
    assert "pmd" not in found


def test_a_row_cut_off_at_the_very_end_is_not_one_of_a_hole() -> None:
    """A row of a hole would make it a dump of 5.4 that leaves nothing out."""
    mapped = "".join(line for line in LINES if len(line.split()) != 3)
    cut = mapped.partition(" RW NX SHD AF            UXN    MEM/NORMAL\n---[ Modules end")[0].rstrip()
    assert cut.endswith("128M PTE")
    assert parse_dump(cut, "dump").by_kind == parse_dump(mapped, "dump").by_kind


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(DUMP, id="a row before the first mark"),
        pytest.param(DUMP.partition("\n")[2], id="the mark first"),
        pytest.param("".join(LINES[2:]), id="the mark lost"),
        pytest.param(f"$ sudo cat kernel_page_tables\n{DUMP}", id="a prompt"),
    ],
)
def test_a_dump_is_not_a_map(text: str) -> None:
    """Its rows begin with ranges as those of lsmem do."""
    assert kind_of_bytes(text.encode(), "dump") is None
    with pytest.raises(InputError, match=r"^dump: page tables are for verify; give them with --page-tables"):
        parse_text(text.encode(), "dump")


@pytest.mark.parametrize("name", ["DirectMap4k", "DirectMap4K"])
def test_direct_map_lines_are_counted_by_size(name: str) -> None:
    """Both spellings are read."""
    text = f"MemTotal: 1 kB\n{name}:       1024 kB\nDirectMap2M:     2048 kB\nDirectMap1G:  1048576 kB\n"
    assert parse_meminfo(text, "meminfo").by_size == {4 * KIB: MIB, 2 * MIB: 2 * MIB, GIB: GIB}


@pytest.mark.parametrize("text", ["MemTotal: 1 kB\n", "DirectMap4k: many\n"])
def test_meminfo_without_direct_map_lines_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="DirectMap"):
        parse_meminfo(text, "meminfo")
