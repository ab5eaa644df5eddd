"""The grammar of crashkernel=, with hints; tests/oracle compares it with the kernel's own parser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.sizes import GIB, MIB
from planner.kernel.crashkernel import EINVAL, as_cmdline, is_cmdline, largest, parse, present, reading, repaired
from planner.kernel.mainline import OLDEST
from planner.kernel.profiles import NEWEST, Profile, profile_named, select_profile
from planner.kernel.vendor_profiles import VENDOR_PROFILES


@pytest.mark.parametrize(
    ("value", "note"),
    [
        pytest.param("512", "512 bytes: is a suffix missing, as in 512M?", id="a size without its letter"),
        pytest.param("512K", "524288 bytes: is a suffix missing, as in 512M?", id="one too small"),
        pytest.param("2G-:512", "512 bytes: is a suffix missing, as in 2G-:512M?", id="one in a list"),
        pytest.param("256M@ee000000", "Then 0x is missing: write @0xee000000", id="letters in an offset"),
        pytest.param("256M@80000000", "Then 0x is missing: write @0x80000000", id="digits that are a round address"),
        pytest.param('"512M"', "it belongs to GRUB's file or a shell, leave it out", id="quotes around a value"),
        pytest.param(
            "1G-4G:256MB,4G-:512M",
            "the list of ranges ends before 'B,4G-:512M', which is not read",
            id="bytes in a list",
        ),
        pytest.param('crashkernel=512M"', "it belongs to GRUB's file or a shell", id="the end of a quoted line"),
    ],
)
def test_what_was_likely_meant(value: str, note: str) -> None:
    """A hint does not change the reading."""
    assert note in "\n".join(reading(value, 8 * GIB, NEWEST).notes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('"512M"', "512M", id="quotes"),
        pytest.param("512MB", "512M", id="bytes"),
        pytest.param("1G-4GiB:256mb,4G-:512MB@0", "1G-4G:256m,4G-:512M@0", id="a list"),
        pytest.param(
            'quiet crashkernel=1GB,high dyndbg="x" crashkernel=1GB,low',
            "crashkernel=1G,high crashkernel=1G,low",
            id="the tokens of a command line",
        ),
        pytest.param("512M@0x1B", None, id="a digit"),
        pytest.param("512M,high", None, id="nothing to repair"),
    ],
)
def test_repaired(text: str, expected: str | None) -> None:
    """Quotes of a shell or of GRUB's file, and `B` after a suffix letter, are removed."""
    assert repaired(text) == expected


@pytest.mark.parametrize("value", ["512M", "1M", "512M@0x80000000", "512M@2G", "512M@1073741824", "0", "512M@0"])
def test_what_was_meant_as_it_stands(value: str) -> None:
    """There is no hint."""
    assert not [note for note in reading(value, 8 * GIB, NEWEST).notes if "missing" in note]


@pytest.mark.parametrize(
    "text",
    [
        'GRUB_CMDLINE_LINUX="ro crashkernel=512M quiet"',
        "GRUB_CMDLINE_LINUX_DEFAULT='ro crashkernel=512M quiet'",
        'export GRUB_CMDLINE_LINUX+="ro crashkernel=512M quiet"\n',
    ],
)
def test_a_line_of_grubs_file(text: str) -> None:
    """The quotes of GRUB's file are removed."""
    assert as_cmdline(text) == "ro crashkernel=512M quiet"


def profile(name: str) -> Profile:
    found = profile_named(name)
    assert found is not None
    return found


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
    found = reading(value, ram, NEWEST)
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
    found = reading(value, 8 * GIB, NEWEST)
    assert not found.valid
    assert list(found.log) == ([message] if message else [])
    assert note in "\n".join(found.notes)


@pytest.mark.parametrize(
    ("kernel", "value", "cause"),
    [
        pytest.param("6.12", "512MB", "write '512M': a size has one", id="a unit that is refused"),
        pytest.param("6.12", "512M,cma", "arm64 kernels of 6.12 to 6.16 do not read", id="a suffix that is refused"),
        pytest.param("5.4", "512M,high", "arm64 kernels of 4.12 to 5.4 do not read", id="a suffix that is not read"),
        pytest.param("6.12", "auto", "'auto' is not an arm64 value", id="another kernel's value"),
        pytest.param("6.12", '"512M"', "the kernel takes the quote as part of the value", id="a quote"),
        pytest.param("6.12", "16G", "16G is not less than the RAM (8G): refused silently", id="too large"),
        pytest.param("6.12", "1G-8G:64M", "no range of the list covers 8G of RAM", id="no range matches"),
        pytest.param("6.12", "0-:0", "", id="a range without a size: the log says it"),
        pytest.param("6.12", "1G-2G:64M,foo", "", id="a mistake in a list: the log says it"),
        pytest.param("6.12", "quiet splash", "this kernel command line has no crashkernel=", id="no request"),
        pytest.param("6.12", "1G-:512MB", "", id="valid, though it is read otherwise"),
        pytest.param("6.12", "1G-8G:1M,8G-:64M", "", id="valid, by a later range"),
    ],
)
def test_the_cause_of_a_request_that_asks_for_nothing(kernel: str, value: str, cause: str) -> None:
    """One sentence where more is known than the kernel's own message; "" else, and for a valid request."""
    found = reading(value, 8 * GIB, select_profile(kernel).profile).cause
    assert found.startswith(cause)
    assert bool(found) is bool(cause)


@pytest.mark.parametrize(
    ("kernel", "value", "note"),
    [
        pytest.param(
            "5.4", "512M,high", "arm64 kernels of 4.12 to 5.4 do not read crashkernel=SIZE,high", id=",high before 5.19"
        ),
        pytest.param(
            "rhel9.0", "512M,low", "arm64 kernels of RHEL 9.0 (5.14.0-70) do not read crashkernel=SIZE,low", id="RHEL's"
        ),
        pytest.param(
            "5.15",
            "crashkernel=1G,high crashkernel=128M,low",
            "arm64 kernels of 5.15 to 5.17 do not read crashkernel=SIZE,high or crashkernel=SIZE,low",
            id="both",
        ),
        pytest.param("6.1", "512M,low", "crashkernel=SIZE,low alone requests nothing", id=",low alone"),
        pytest.param(
            "6.12",
            "crashkernel=512M crashkernel=256M,cma",
            "arm64 kernels of 6.12 to 6.16 do not read crashkernel=SIZE,cma",
            id=",cma before 6.17 is a plain entry that cannot be read",
        ),
        pytest.param(
            "6.18", "256M,cma", "arm64 kernels of 6.18 and 6.19 do not read crashkernel=SIZE,cma", id=",cma before 7.3"
        ),
        pytest.param("7.3", "256M,cma", "crashkernel=SIZE,cma alone requests nothing", id=",cma alone"),
        pytest.param(
            "5.4",
            "crashkernel=256M,high crashkernel=512M",
            "a plain entry is present, so ,high is not read",
            id="beside a plain entry",
        ),
        pytest.param("7.3", "512M", None, id="valid"),
    ],
)
def test_an_entry_that_is_not_read_is_named_first(kernel: str, value: str, note: str | None) -> None:
    """Parsers by kernel (facts, section A); the log says nothing about an entry that is not read."""
    assert next(iter(reading(value, 8 * GIB, select_profile(kernel).profile).notes), None) == note


@pytest.mark.parametrize(
    ("kernel", "size", "low"),
    [
        pytest.param("5.18", 0, 0, id="up to 5.18 ,high is ignored"),
        pytest.param("6.1", GIB, 0, id="5.19 to 6.1: no low memory unless requested"),
        pytest.param("6.2", GIB, 128 * MIB, id="6.2 and later: 128M of low memory by default"),
        pytest.param("7.2", GIB, 128 * MIB, id="so do the newest"),
    ],
)
def test_high_by_profile(kernel: str, size: int, low: int) -> None:
    found = parse("crashkernel=1G,high", 8 * GIB, profile(kernel))
    assert (found.size, found.low) == (size, low)


def test_cma_is_plain_before_6_17_and_stops_being_plain_then() -> None:
    cmdline = "crashkernel=64M,cma"
    assert parse(cmdline, 8 * GIB, profile("6.12")).log == ("crashkernel: unrecognized char: ,",)
    assert parse(cmdline, 8 * GIB, profile("6.17")).log == ()
    assert parse(cmdline, 8 * GIB, profile("6.17")).rc == EINVAL


@pytest.mark.parametrize(
    ("text", "whole_line"),
    [
        ("512M", False),
        ("crashkernel=512M", False),
        ("crashkernel=1G,high crashkernel=128M,low", False),
        ("2G-16G:256M,16G-:512M", False),
        ("quiet crashkernel=512M", True),
        ("root=/dev/sda1", True),
        ("quiet splash", True),
    ],
)
def test_what_counts_as_a_command_line(text: str, *, whole_line: bool) -> None:
    assert is_cmdline(text) is whole_line
    assert as_cmdline("512M") == "crashkernel=512M"
    assert as_cmdline("512M,high crashkernel=128M,low") == "crashkernel=512M,high crashkernel=128M,low"


@pytest.mark.parametrize(
    ("cmdline", "there"),
    [
        pytest.param("quiet crashkernel=abc", True, id="an invalid value is present"),
        pytest.param("crashkernel", True, id="a bare name counts"),
        pytest.param("xcrashkernel=256M", False, id="as part of a word it reserves, but is not present"),
        pytest.param("init=/x -- crashkernel=256M", False, id="text after -- does not count"),
    ],
)
def test_presence_is_a_word_of_its_own(cmdline: str, *, there: bool) -> None:
    assert present(cmdline) is there


def test_the_steps_teach_the_reading() -> None:
    """`parse` lists each range matched, the RAM it was matched against, and the rest that was not read."""
    steps = "\n".join(reading("2G-4G:256M,4G-:512M", 8 * GIB - MIB, NEWEST).steps)
    assert "8G (8589934592 bytes) of RAM" in steps
    assert "rounded up to 128M" in steps
    assert "'2G-4G:256M': RAM from 2G to below 4G does not match" in steps
    assert "'4G-:512M': RAM from 4G on matches" in steps


@given(
    line=st.lists(
        st.sampled_from(
            ["crashkernel=", "auto", "512M", "3G", "4G-", "-", ":", ",", "@", "0x10G", "1g2", ",high", " "]
        ),
        max_size=12,
    ).map("".join),
    more=st.integers(1, 1 << 40),
    profile=st.sampled_from([NEWEST, OLDEST, *VENDOR_PROFILES.values()]),
)
def test_more_ram_than_any_number_of_the_request_changes_nothing(line: str, more: int, profile: Profile) -> None:
    """Lists of ranges are matched against RAM, and a size must be less than it."""
    above, much = (parse(line, largest(line, profile) + by, profile) for by in (more, 1 << 50))
    assert (above.rc, above.size, above.low, above.base) == (much.rc, much.size, much.low, much.base)
