"""A value as the kernel reads it: what is asked for, in words."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB
from planner.kernel.crashkernel import Reading
from planner.kernel.profiles import NEWEST
from planner.planning.request import reading
from planner.render.blocks.model import Listing
from planner.render.blocks.parse import asked, blocks
from tests.render.blocks.found import bullets_of, facts_of, lead_of, table_of


def read(text: str) -> Reading:
    return reading(text, 8 * GIB, NEWEST)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("512M", "asks for 512M"),
        ("512M@2G", "asks for 512M, at 0x80000000"),
        ("1G,high", "asks for 1G, high, 128M of low memory"),
        ("crashkernel=1G,high crashkernel=64M,low", "asks for 1G, high, 64M of low memory"),
        ("crashkernel=256M crashkernel=128M,cma", "asks for 256M, 128M of cma"),
        ("1G-4G:128M,4G-:256M", "asks for 256M"),
    ],
)
def test_what_is_requested(text: str, told: str) -> None:
    assert lead_of(blocks(read(text))) == ("accepted", told, "good")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        pytest.param(
            "512MB", " (write '512M': a size has one suffix letter, and 'B' makes the kernel refuse it)", id="B"
        ),
        pytest.param("1G-4G:128M", " (no range of the list covers 8G of RAM)", id="RAM beyond the list"),
        pytest.param("crashkernel=64M,low", " (crashkernel=SIZE,low alone requests nothing)", id="a low part alone"),
        pytest.param("1G-2G", "", id="a mistake that the log names"),
    ],
)
def test_what_asks_for_nothing(text: str, cause: str) -> None:
    """The first line has the cause, which is then no note."""
    told = blocks(read(text))
    assert lead_of(told) == ("none", f"asks for nothing, no memory is reserved{cause}", "bad")
    assert not cause or cause[2:-1] not in bullets_of(told, "Notes")


def test_steps_are_numbered_and_a_note_on_the_kernel_comes_first() -> None:
    found = read("512MB")
    told = blocks(found, asked("512\x07MB", 8 * GIB, "6.18"), "a note on the kernel")
    rows = table_of(told, "Steps").rows
    assert [row[0] for row in rows] == [str(n) for n in range(1, len(rows) + 1)]
    assert [list(block.lines) for block in told if isinstance(block, Listing)] == [
        ["crashkernel: unrecognized char: B"]
    ]
    assert bullets_of(told, "Notes")[0] == "a note on the kernel"
    assert facts_of(told) == {"Value": "512\x07MB", "RAM": "8G", "Kernel": "6.18"}
    assert asked("", GIB, "6.18")[0] == ("Value", "(nothing)")
