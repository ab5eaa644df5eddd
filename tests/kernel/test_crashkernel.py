"""Command lines with crashkernel=: how entries are combined; tests/oracle compares it with the kernel's own parser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.sizes import GIB, MIB
from planner.kernel.crashkernel import as_cmdline, is_cmdline, largest, parse, present, repaired
from planner.kernel.crashkernel_entries import EINVAL
from planner.kernel.mainline import OLDEST
from planner.kernel.profiles import NEWEST, Profile
from planner.kernel.vendor_profiles import VENDOR_PROFILES
from tests.kernel.kernels import profile


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
def test_a_request_is_repaired_as_it_was_meant(text: str, expected: str | None) -> None:
    """Quotes of a shell or of GRUB's file, and `B` after a suffix letter, are removed."""
    assert repaired(text) == expected


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


@pytest.mark.parametrize(
    ("kernel", "size", "low"),
    [
        pytest.param("5.18", 0, 0, id="up to 5.18 ,high is ignored"),
        pytest.param("6.1", GIB, 0, id="5.19 to 6.1: no low memory unless requested"),
        pytest.param("6.2", GIB, 128 * MIB, id="6.2 and later: 128M of low memory by default"),
        pytest.param("7.2", GIB, 128 * MIB, id="so do the newest"),
    ],
)
def test_size_and_low_memory_of_a_high_request_by_kernel(kernel: str, size: int, low: int) -> None:
    found = parse("crashkernel=1G,high", 8 * GIB, profile(kernel))
    assert (found.size, found.low) == (size, low)


@pytest.mark.parametrize(
    ("cmdline", "kernel", "given"),
    [
        pytest.param("crashkernel=1G,high crashkernel=64M,low", "7.2", True, id="beside ,high"),
        pytest.param("crashkernel=1G,high", "7.2", False, id="left to the kernel"),
        pytest.param("crashkernel=1G,high crashkernel=x,low", "7.2", False, id="not readable"),
        pytest.param("crashkernel=512M crashkernel=64M,low", "6.1", False, id="beside a plain entry, which ignores it"),
    ],
)
def test_low_memory_is_given_where_the_kernel_reads_its_entry(cmdline: str, kernel: str, *, given: bool) -> None:
    assert parse(cmdline, 8 * GIB, profile(kernel)).low_given is given


def test_a_request_that_is_valid_has_no_cause_whatever_else_is_on_the_line() -> None:
    """What is not read beside it is a note."""
    found = parse("crashkernel=512M crashkernel=64M,high", 8 * GIB, profile("6.1"))
    assert (found.size, found.cause) == (512 * MIB, "")
    assert "a plain entry is present, so ,high is not read" in found.notes


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
