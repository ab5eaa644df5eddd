"""lsmem: the same blocks in each of its formats, and what it does not show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB
from planner.kernel.memory_map import Region
from planner.planning.plan import make_plan
from planner.sources import parse_text
from planner.sources.lsmem import COARSE

TEXT = """\
RANGE                                  SIZE   STATE REMOVABLE   BLOCK
0x0000000080000000-0x00000000ffffffff    2G  online       yes   16-31
0x0000008080000000-0x00000080bfffffff    1G  online       yes 4112-4119
0x00000080c0000000-0x00000080ffffffff    1G offline           4120-4127

Memory block size:       128M
Total online memory:       3G
Total offline memory:      1G
"""
RAW = """\
RANGE SIZE STATE REMOVABLE BLOCK
0x0000000080000000-0x00000000ffffffff 2147483648 online yes 16-31
0x0000008080000000-0x00000080bfffffff 1073741824 online yes 4112-4119
0x00000080c0000000-0x00000080ffffffff 1073741824 offline  4120-4127
"""
PAIRS = """\
RANGE="0x0000000080000000-0x00000000ffffffff" SIZE="2G" STATE="online" REMOVABLE="yes" BLOCK="16-31"
RANGE="0x0000008080000000-0x00000080bfffffff" SIZE="1G" STATE="online" REMOVABLE="yes" BLOCK="4112-4119"
RANGE="0x00000080c0000000-0x00000080ffffffff" SIZE="1G" STATE="offline" REMOVABLE="" BLOCK="4120-4127"
"""
JSON = """\
{
   "memory": [
      {"range": "0x0000000080000000-0x00000000ffffffff",
       "size": "2G", "state": "online", "removable": true, "block": "16-31"},
      {"range": "0x0000008080000000-0x00000080bfffffff",
       "size": 1073741824, "state": "online", "removable": true, "block": "1"},
      {"range": "0x00000080c0000000-0x00000080ffffffff",
       "size": "1G", "state": "offline", "removable": null, "block": "2"}
   ]
}
"""
COLUMNS = """\
 SIZE  STATE RANGE
   2G online 0x0000000080000000-0x00000000ffffffff
   1G online 0x0000008080000000-0x00000080bfffffff
   1G offline 0x00000080c0000000-0x00000080ffffffff
"""
SHUFFLED = """\
{"memory": [{"size": "2G", "range": "0x0000000080000000-0x00000000ffffffff"},
            {"size": "1G", "state": "online", "range": "0x0000008080000000-0x00000080bfffffff"},
            {"size": "1G", "state": "offline", "range": "0x00000080c0000000-0x00000080ffffffff"}]}
"""
BANKS = (Region(2 * GIB, 4 * GIB), Region(0x80_8000_0000, 0x80_C000_0000))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TEXT, id="text"),
        pytest.param(TEXT.replace("\n", "\r\n"), id="text with CRLF"),
        pytest.param(RAW, id="raw, in bytes"),
        pytest.param(PAIRS, id="pairs"),
        pytest.param(JSON, id="JSON"),
        pytest.param("\n".join(TEXT.splitlines()[1:4]), id="without headings"),
        pytest.param(COLUMNS, id="columns in another order"),
        pytest.param("\n".join(COLUMNS.splitlines()[1:]), id="in another order without headings"),
        pytest.param(re.sub('(RANGE="[^"]*") (SIZE="[^"]*")', r"\2 \1", PAIRS), id="pairs in another order"),
        pytest.param(SHUFFLED, id="JSON in another order"),
        pytest.param(TEXT.replace("Memory block size", "Größe des Speicherblocks"), id="a summary in German"),
    ],
)
def test_online_blocks_are_memory(text: str) -> None:
    """Recognised by content; offline blocks are left out, with a note."""
    source = parse_text(text.encode(), "lsmem.txt")
    assert (source.kind, source.memory.regions, source.settled) == ("lsmem", BANKS, False)
    assert COARSE in source.notes
    assert "1024M of memory is offline and left out" in source.notes


@pytest.mark.parametrize("fmt", [None, "lsmem"])
@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        pytest.param("RANGE\n{0}\n{1}\n", (None, None), id="-o RANGE"),
        pytest.param("RANGE                                 NODE\n{0}    0\n{1}    1\n", (0, 1), id="-o RANGE,NODE"),
        pytest.param("NODE RANGE\n   0 {0}\n   1 {1}\n", (0, 1), id="-o NODE,RANGE"),
        pytest.param("RANGE ZONES\n{0}   None\n{1} Normal\n", (None, None), id="-o RANGE,ZONES"),
        pytest.param("ZONES RANGE\nDMA32/Normal {0}\nNormal       {1}\n", (None, None), id="-o ZONES,RANGE"),
        pytest.param("SIZE RANGE\n  1G {0}\n 21G {1}\n", (None, None), id="-o SIZE,RANGE"),
        pytest.param("RANGE STATE BLOCK NODE\n{0} online  0\n{1} online 8-9 1\n", (0, 1), id="-r, a cell empty"),
        pytest.param(
            "RANGE                                  STATE REMOVABLE NODE CONFIGURED MEMMAP-ON-MEMORY\n"
            "{0} online              0        yes\n"
            "{1} online       yes    1        yes               no\n",
            (0, 1),
            id="all that is known, some cells empty",
        ),
        pytest.param('NODE="0" RANGE="{0}"\nNODE="" RANGE="{1}"\n', (0, None), id="-P, a cell empty"),
        pytest.param('MEMMAP_ON_MEMORY="" RANGE="{0}"\nRANGE="{1}" NODE="1"\n', (None, 1), id="-y"),
        pytest.param('{{"memory": [{{"range": "{0}"}}, {{"range": "{1}"}}]}}', (None, None), id="-J -o RANGE"),
        pytest.param(
            '{{"memory": [{{"node": 0, "range": "{0}"}}, {{"node": 1, "range": "{1}"}}]}}',
            (0, 1),
            id="-J -o NODE,RANGE",
        ),
    ],
)
def test_any_columns_with_ranges_are_read(text: str, nodes: tuple[int | None, int | None], fmt: str | None) -> None:
    """Any columns that include RANGE; recognised by content."""
    banks = ((GIB, 2 * GIB), (0x80_8000_0000, 0x80_C000_0000))
    shown = text.format(*(f"{start:#018x}-{end - 1:#018x}" for start, end in banks))
    source = parse_text(shown.encode(), "x", fmt)
    expected = [Region(start, end, 0, node) for (start, end), node in zip(banks, nodes, strict=True)]
    assert source.memory.regions == tuple(expected)


@pytest.mark.parametrize("heading", ["", "RANGE SIZE STATE\n"])
@pytest.mark.parametrize("state", ["offline", "going-offline", "on->off"])
def test_memory_that_is_not_or_not_long_online_is_left_out(state: str, heading: str) -> None:
    """In any of its states, with and without a heading."""
    rows = f"{1 << 30:#018x}-{(2 << 30) - 1:#018x} 1G online\n{2 << 30:#018x}-{(3 << 30) - 1:#018x} 1G {state}\n"
    source = parse_text(f"{heading}{rows}".encode(), "x")
    assert source.memory.regions == (Region(GIB, 2 * GIB),)
    assert "1024M of memory is offline and left out" in source.notes


def test_a_block_of_unknown_node_joins_its_neighbours() -> None:
    """Blocks of unknown node are joined: a boundary is only between two known nodes."""
    nodes = ["", "0", "", "0", "1", ""]
    rows = [f'RANGE="{i << 27:#018x}-{(i + 1 << 27) - 1:#018x}" NODE="{node}"' for i, node in enumerate(nodes, start=8)]
    assert parse_text("\n".join(rows).encode(), "x").memory.regions == (
        Region(8 << 27, 12 << 27, 0, 0),
        Region(12 << 27, 14 << 27, 0, 1),
    )


def test_blocks_that_touch_are_joined_within_a_node() -> None:
    """`lsmem -a` with nodes: blocks that touch are one region, unless their nodes differ."""
    rows = [(i, 0 if i < 20 else 1) for i in range(16, 32)]
    text = "RANGE SIZE STATE REMOVABLE ZONES NODE BLOCK\n" + "".join(
        f"{i << 27:#018x}-{(i + 1 << 27) - 1:#018x} 128M online yes Normal {node} {i}\n" for i, node in rows
    )
    source = parse_text(text.encode(), "x")
    assert source.memory.regions == (Region(2 * GIB, 20 << 27, 0, 0), Region(20 << 27, 4 * GIB, 0, 1))
    assert source.notes == (COARSE,)


def test_blocks_that_overlap_are_joined_with_one_note() -> None:
    """Whatever their nodes, and however many they are."""
    spans = [(1, 3, 0), (2, 4, 1), (3, 5, 0)]
    rows = [f'RANGE="{a << 30:#018x}-{(b << 30) - 1:#018x}" STATE="online" NODE="{node}"' for a, b, node in spans]
    source = parse_text("\n".join(rows).encode(), "x")
    assert source.memory.regions == (Region(GIB, 5 * GIB, 0, 0),)
    assert source.notes == (COARSE, "blocks overlap and were joined")


def test_a_plan_says_how_coarse_it_is() -> None:
    """Reservations are unknown, not absent."""
    plan = make_plan(parse_text(TEXT.encode(), "x"), "512M")
    assert COARSE in plan.notes


def test_the_output_of_another_architecture_is_read() -> None:
    """Other architectures have the same format."""
    data = (Path(__file__).parent / "data" / "s390x-12g.lsmem").read_bytes()
    assert parse_text(data, "x").memory.ram == 12 * GIB


@pytest.mark.parametrize("rule", ["```", "------------", "========"])
def test_a_rule_ends_a_table_without_its_sizes(rule: str) -> None:
    """The end of a code block is such a rule."""
    table = TEXT.partition("\n\n")[0]
    posted = f"$ lsmem\n{table}\n{rule}\nand the kernel is 6.9.\n"
    assert parse_text(posted.encode(), "x").memory == parse_text(TEXT.encode(), "x").memory


def test_addresses_below_the_sizes_are_prose() -> None:
    """Those of a range may be a row that is damaged."""
    assert parse_text(f"{TEXT}\nidentity_size = 0x12000000000\n".encode(), "x") == parse_text(TEXT.encode(), "x")
    with pytest.raises(InputError, match="this is not a line of lsmem"):
        parse_text(f"{TEXT}\n0x0000000100000000-0x 2G online\n".encode(), "x")


def test_prompts_and_prose_around_an_output_are_skipped() -> None:
    """Issues have it in this form."""
    posted = f"This board has 3G:\n```\n$ lsmem\n{TEXT}```\nand the kernel is 6.9.\n"
    assert parse_text(posted.encode(), "x").memory == parse_text(TEXT.encode(), "x").memory


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param(TEXT.replace("online", "offline"), "no online memory", id="all offline"),
        pytest.param("0x2-0x1 1M online\n", "x:1:1: the range ends before it starts", id="inverted"),
        pytest.param("0x0-0xffffffffffffffff 1M online\n", "beyond 52 physical", id="beyond"),
        pytest.param(TEXT.replace("\n\n", "\nrubbish\n\n"), "x:5:1: this is not a line of lsmem", id="another line"),
        pytest.param("SIZE STATE\n  2G online\n", "x:1:1: there is no column RANGE", id="no ranges"),
        pytest.param("RANGE SIZE\nnone 2G\n", "x:2:1: this is not a line of lsmem", id="a row without a range"),
        pytest.param(JSON[:-9], "is not JSON", id="JSON cut off"),
        pytest.param(
            JSON.replace("0x0000008080000000-", "?"), "memory.1.range is not a range", id="JSON without a range"
        ),
        pytest.param(
            JSON.replace("bfffffff", "bfffffff up"), "memory.1.range is not a range", id="JSON with more than a range"
        ),
        pytest.param(
            '{"memory": [{"range": "0x0-0x1"}, 7]}', "memory.1.range is not a range", id="JSON of another kind"
        ),
        pytest.param('{"memory": [{"range": "0x0-0x1", "node": ' + "9" * 5000 + "}]}", "this number", id="endless"),
    ],
)
def test_a_damaged_output_is_refused(text: str, what: str) -> None:
    """One line, with its place if there is one."""
    with pytest.raises(InputError) as caught:
        parse_text(text.encode(), "x", "lsmem")
    assert what in str(caught.value)


NO_STATE = "RANGE                                  SIZE\n0x0000000040000000-0x00000000ffffffff    3G\n"


@pytest.mark.parametrize(
    ("summary", "note"),
    [
        pytest.param("", "lsmem was run without STATE: all blocks are taken as online", id="no summary"),
        pytest.param(
            "Memory block size: 128M\nTotal online memory: 3G\nTotal offline memory: 0B\n", None, id="0B offline"
        ),
    ],
)
def test_blocks_without_a_state(summary: str, note: str | None) -> None:
    """Blocks without a state are taken as online; a note says so if nothing confirms it."""
    source = parse_text(f"{NO_STATE}\n{summary}".encode(), "x")
    assert source.memory.regions == (Region(GIB, 4 * GIB),)
    assert [text for text in source.notes if "STATE" in text] == ([note] if note else [])


@pytest.mark.parametrize("offline", ["1G", "1.5G", "128M", "1,5G"])
def test_offline_memory_that_no_column_tells_is_an_error(offline: str) -> None:
    """In any language; the last line is the offline memory."""
    summary = f"Taille de bloc : 128M\nM\u00e9moire en ligne totale :  2G\nM\u00e9moire hors ligne :   {offline}\n"
    with pytest.raises(InputError, match=f"x: {offline} of it is offline, and no STATE column shows which blocks"):
        parse_text(f"{NO_STATE}\n{summary}".encode(), "x")


@pytest.mark.parametrize(
    ("online", "lost"),
    [
        pytest.param("1G", False, id="all"),
        pytest.param("1.1G", False, id="rounded"),
        pytest.param("2G", True, id="a row is missing"),
    ],
)
def test_rows_that_are_missing_show_in_the_sizes_below_the_rows(online: str, lost: bool) -> None:
    row = "0x0000000080000000-0x00000000bfffffff    1G online       yes 16-23\n"
    below = f"\nMemory block size:       128M\nTotal online memory:       {online}\nTotal offline memory:      0B\n"
    text = "RANGE                                  SIZE  STATE REMOVABLE BLOCK\n" + row + below
    if not lost:
        assert parse_text(text.encode(), "x").memory.ram == GIB
        return
    with pytest.raises(InputError, match="its rows hold 1G, and it counts 2G and 0B: lines are missing"):
        parse_text(text.encode(), "x")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{\n   "memory": [\n\n   ]\n}\n', id="JSON"),
        pytest.param("RANGE SIZE STATE REMOVABLE BLOCK\n", id="a heading alone"),
    ],
)
def test_no_memory_at_all_is_said(text: str) -> None:
    """It is not a JSON map without regions."""
    with pytest.raises(InputError, match=r"^x: lsmem lists no memory; run lsmem on the machine itself$"):
        parse_text(text.encode(), "x")
