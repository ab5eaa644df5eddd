"""Listings in other layouts than the kernel's: tables, brackets, YAML and wrapped rows; tables that are not certain."""

from __future__ import annotations

import re

import pytest

from planner.base.errors import InputError
from planner.sources import parse_text
from planner.sources.iomem_layouts import as_printed, looks_like

PRINTED = """\
00000000-3b3fffff : System RAM
00210000-0136ffff : Kernel code
37400000-3b3fffff : reserved
40000000-fbffffff : System RAM
fe000000-fe000fff : serial
100000000-17fffffff : System RAM
"""


def laid_out(row: str, head: str = "") -> str:
    """The listing with its rows laid out by a replacement for start, end and name."""
    return head + re.sub(r"^(\w+)-(\w+) : (.*)$", row, PRINTED, flags=re.MULTILINE)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(laid_out(r'\1,\2,"\3"', "start,end,name\n"), id="CSV"),
        pytest.param(laid_out(r'"\1","\2","\3"'), id="CSV, quoted, without a heading"),
        pytest.param(laid_out(r"\1-\2;\3", "range;name\n"), id="ranges, semicolons"),
        pytest.param(laid_out(r"\1;\2;\3", "start;end;name\n"), id="semicolons"),
        pytest.param(
            laid_out(r'0,"\3",\1,\2,4K', ",name,start,end,size\n"), id="CSV, the name before, an index, a size"
        ),
        pytest.param(laid_out("\\1\t\\2\t\\3"), id="TSV"),
        pytest.param(laid_out("\\1-\\2\t\\3"), id="TSV of ranges"),
        pytest.param(laid_out(r"| \1 | \2 | \3 |", "| start | end | name |\n|---|---:|---|\n"), id="Markdown"),
        pytest.param(laid_out(r"| `\1` | `\2` | **\3** |", "| a | b | c |\n|---|---|---|\n"), id="Markdown, as code"),
        pytest.param(laid_out(r"\1  \2  \3"), id="blanks"),
        pytest.param(laid_out(r"  [\1-\2] \3"), id="brackets"),
        pytest.param(laid_out(r"\1-\2 \3"), id="no colon"),
        pytest.param(laid_out("\\1-\\2 :\n\\3"), id="the name below"),
        pytest.param(laid_out("  \\1-\\2 :\n  \\3"), id="the name below, indented"),
        pytest.param(laid_out("- start: '\\1'\n  end: '\\2'\n  device: \\3", "---\n"), id="jc's YAML"),
    ],
)
def test_rows_in_another_layout(text: str) -> None:
    """The listing says what the kernel's does."""
    assert looks_like(text)
    rows = [line for line in as_printed(text, "x").splitlines() if re.match(r"\s*\w+-\w+ : ", line)]
    assert [row.strip().replace("**", "") for row in rows] == PRINTED.splitlines()


@pytest.mark.parametrize(
    ("row", "printed"),
    [
        pytest.param(r"[mem 0x\1-0x\2] \3", r"0x\1-0x\2 : \3", id="as the kernel logs ranges"),
        pytest.param(r"0x\1,0X\2,\3", r"0x\1-0X\2 : \3", id="0x"),
    ],
)
def test_addresses_stay_as_they_are_written(row: str, printed: str) -> None:
    assert as_printed(laid_out(row), "x") == laid_out(printed)


@pytest.mark.parametrize("before", ["", "System RAM of my machine, as a table:\n\n", "0, 1\n"])
@pytest.mark.parametrize("row", [r"\1,\2,\3", "- start: '\\1'\n  end: \"\\2\"\n  device: \\3", r"| \1 | \2 | \3 |"])
def test_a_source_is_a_listing_with_text_around_it(before: str, row: str) -> None:
    machine = parse_text(f"{before}{laid_out(row)}\nThanks!\n".encode(), "x")
    assert (machine.kind, machine.notes) == ("iomem", ())
    assert machine.memory == parse_text(PRINTED.encode(), "x").memory


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PRINTED, id="the kernel's"),
        pytest.param(laid_out(r"| \1-\2 | \3 |"), id="a table of ranges, which is read as it is"),
        pytest.param("System RAM, 4096 MiB\n40000000,bfffffff,pcie\n", id="a table of something else"),
        pytest.param("- start: 1073741824\n  end: 3221225471\n  device: System RAM\n", id="decimal numbers"),
        pytest.param("40000000,System RAM\n", id="one address"),
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert as_printed(text, "x") == text


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        pytest.param("start,end,name\n40000000,c0000000,System RAM\n", "40000000 to c0000000", id="exclusive ends"),
        pytest.param("40000000 80000000 System RAM\n", "40000000 to 80000000", id="sizes"),
        pytest.param("80000000,40000000,bfffffff,System RAM\n", "80000000 to 40000000", id="sizes before"),
        pytest.param("[40000000-c0000000) System RAM\n", "40000000 to c0000000", id="half-open ranges"),
        pytest.param("1073741824;3221225471;System RAM\n", "1073741824 to 3221225471", id="decimal numbers"),
    ],
)
def test_columns_of_something_else_are_refused(row: str, wrong: str) -> None:
    """An end is never guessed by one byte."""
    with pytest.raises(InputError) as caught:
        parse_text(row.encode(), "x")
    assert f": this memory, {wrong}, is not from the first byte of a page to the last of one" in str(caught.value)
    assert "the columns may be sizes, or ends that are exclusive; give /proc/iomem" in str(caught.value)


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param("80000000,System RAM", id="a cell is missing"),
        pytest.param("0,3fffffff,System RAM", id="zeros that a spreadsheet removed"),
        pytest.param('80000000,bffff"fff,reserved', id="a quote in a cell"),
        pytest.param("1E+09,bfffffff,reserved", id="a number of a spreadsheet"),
        pytest.param("80000000,bf?fffff,System RAM", id="a sign in a number"),
        pytest.param("80000000,bfffffff", id="a name is missing"),
        pytest.param("80000000,bfffffff,reserved?c0000000,c0000fff,reserved", id="two rows"),
    ],
)
@pytest.mark.parametrize("at", [0, 1, 3])
def test_a_damaged_row_of_a_table_is_refused(damaged: str, at: int) -> None:
    """Between others, and at the edges, where its name shows that it is one."""
    rows = laid_out(r"\1,\2,\3").splitlines()
    rows.insert(at, damaged)
    with pytest.raises(InputError, match=rf"x:{at + 1}:1: this row of the table has no start and end; write both as"):
        parse_text("\n".join(rows).encode(), "x")


def test_a_name_below_nothing_is_refused() -> None:
    """The row above it is damaged."""
    text = "40000000-bfffffff :\nSystem RAM\n  50?00000-5fffffff :\nreserved\n"
    with pytest.raises(InputError, match="x:4:1: the range of this name is missing"):
        as_printed(text, "x")


def test_an_item_that_is_not_as_jc_writes_it_is_refused() -> None:
    item = "- start: '40000000'\n  end: 'bfffffff'\n  device: System RAM\n"
    with pytest.raises(InputError, match="x:4:1: this item is not start, end and device"):
        as_printed(item + "- start: 'c0000000'\n  device: System RAM\n  end: 'ffffffff'\n", "x")
