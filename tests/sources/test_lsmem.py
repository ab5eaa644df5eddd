"""lsmem: the same blocks from each of its forms, and what they cannot tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.errors import InputError
from planner.memory_map import Region
from planner.planning import make_plan
from planner.sizes import GIB
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
    ],
)
def test_online_blocks(text: str) -> None:
    """Found by content; what is offline is left out, with a note."""
    source = parse_text(text.encode(), "lsmem.txt")
    assert (source.kind, source.memory.regions.values, source.settled) == ("lsmem", BANKS, False)
    assert COARSE in source.notes
    assert "1024M of memory is offline and left out" in source.notes


def test_each_block_by_itself() -> None:
    """`lsmem -a` with nodes: blocks that touch are one region, unless their nodes differ."""
    rows = [(i, 0 if i < 20 else 1) for i in range(16, 32)]
    text = "RANGE SIZE STATE REMOVABLE ZONES NODE BLOCK\n" + "".join(
        f"{i << 27:#018x}-{(i + 1 << 27) - 1:#018x} 128M online yes Normal {node} {i}\n" for i, node in rows
    )
    assert parse_text(text.encode(), "x").memory.regions == (
        Region(2 * GIB, 20 << 27, 0, 0),
        Region(20 << 27, 4 * GIB, 0, 1),
    )


def test_a_plan_says_how_coarse_it_is() -> None:
    """Reservations are unknown: not none."""
    plan = make_plan(parse_text(TEXT.encode(), "x"), "512M")
    assert COARSE in plan.notes


def test_a_real_one() -> None:
    """Of another architecture: the format is the same."""
    data = (Path(__file__).parent / "data" / "s390x-12g.lsmem").read_bytes()
    assert parse_text(data, "x").memory.ram == 12 * GIB


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param(TEXT.replace("online", "offline"), "no online memory", id="all offline"),
        pytest.param("0x2-0x1 1M online\n", "x:1:1: the range ends before it starts", id="inverted"),
        pytest.param("0x0-0xffffffffffffffff 1M online\n", "beyond 52 physical", id="beyond"),
        pytest.param(TEXT + "rubbish\n", "x:9:1: this is no line of lsmem", id="another line"),
        pytest.param(JSON[:-9], "is not JSON", id="JSON cut off"),
        pytest.param(JSON.replace("0x0000008080000000-", "?"), "memory.1.range is no range", id="JSON without a range"),
        pytest.param('{"memory": [{"range": "0x0-0x1"}, 7]}', "memory.1.range is no range", id="JSON of another kind"),
        pytest.param('{"memory": [{"range": "0x0-0x1", "node": ' + "9" * 5000 + "}]}", "this number", id="endless"),
    ],
)
def test_damage(text: str, what: str) -> None:
    """One line, with its place where there is one."""
    with pytest.raises(InputError) as caught:
        parse_text(text.encode(), "x")
    assert what in str(caught.value)
