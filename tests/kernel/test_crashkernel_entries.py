"""The grammar of one entry of crashkernel=; tests/oracle compares it with the kernel's own parser."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, MIB
from planner.kernel.crashkernel import as_cmdline, parse
from planner.kernel.profiles import NEWEST


@pytest.mark.parametrize(
    ("value", "ram", "size"),
    [
        pytest.param("512M", 8 * GIB, 512 * MIB, id="a plain size needs no range"),
        pytest.param("1G-4G:128M,4G-:256M", 4 * GIB, 256 * MIB, id="the end of a range is outside it"),
        pytest.param("2G-:256M", 2 * GIB - 100 * MIB, 256 * MIB, id="RAM is rounded up to 128M before it is matched"),
        pytest.param("1G-:512MB", 8 * GIB, 512 * MIB, id="in a list of ranges, a letter behind the size is ignored"),
        pytest.param("512M@abc", 8 * GIB, 512 * MIB, id="the text after @ is not checked"),
        pytest.param("crashkernel=1G crashkernel=256M", 8 * GIB, 256 * MIB, id="the last entry wins"),
        pytest.param("nocrashkernel=256M", 8 * GIB, 256 * MIB, id="the name is found inside another word"),
        pytest.param("crashkernel=256M crashkernel=1G,high", 8 * GIB, 256 * MIB, id="a plain entry beats ,high"),
    ],
)
def test_size_requested(value: str, ram: int, size: int) -> None:
    found = parse(as_cmdline(value), ram, NEWEST)
    assert (found.rc, found.size) == (0, size)


@pytest.mark.parametrize(
    ("value", "message", "note"),
    [
        pytest.param("512MB", "crashkernel: unrecognized char: B", "write '512M'", id="MB is refused"),
        pytest.param(
            "auto", "crashkernel: memory value expected", "'auto' is not an arm64 value", id="auto means RHEL 8"
        ),
        pytest.param("1G-512M:64M", "crashkernel: end <= start", "", id="a range that ends before it starts"),
        pytest.param("512M@1G,high", "crashkernel: unrecognized char: @", "", id="an offset does not go with ,high"),
        pytest.param("2G-:16G", "crashkernel: invalid size", "", id="a size not less than the RAM"),
        pytest.param("256M,low", None, "crashkernel=SIZE,low alone requests nothing", id=",low alone requests nothing"),
        pytest.param("0", None, "a size of 0 requests nothing", id="no size"),
        pytest.param("0,high", None, "a size of 0 requests nothing", id="no size ,high"),
        pytest.param("quiet splash", None, "line has no crashkernel=: nothing is requested", id="a line without it"),
        pytest.param("512M, high", None, "(no blank may follow a comma: '512M,high')", id="a blank after a comma"),
        pytest.param(
            "1G,high 128M,low", None, "'crashkernel=1G,high crashkernel=128M,low'", id="two values without their names"
        ),
        pytest.param("16G", None, "refused silently", id="a plain size beyond the RAM is refused silently"),
    ],
)
def test_refused(value: str, message: str | None, note: str) -> None:
    found = parse(as_cmdline(value), 8 * GIB, NEWEST)
    assert not found.valid
    assert list(found.log) == ([message] if message else [])
    assert note in "\n".join(found.notes)


def test_the_steps_teach_the_reading() -> None:
    """`parse` lists each range matched, the RAM it was matched against, and the rest that was not read."""
    steps = "\n".join(parse(as_cmdline("2G-4G:256M,4G-:512M"), 8 * GIB - MIB, NEWEST).steps)
    assert "8G (8589934592 bytes) of RAM" in steps
    assert "rounded up to 128M" in steps
    assert "'2G-4G:256M': RAM from 2G to below 4G does not match" in steps
    assert "'4G-:512M': RAM from 4G on matches" in steps
