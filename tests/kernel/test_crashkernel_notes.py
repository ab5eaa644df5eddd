"""Hints of crashkernel= for people: what was likely meant, and why nothing is requested."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB
from planner.kernel.crashkernel import as_cmdline, parse
from planner.kernel.profiles import NEWEST, select_profile


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
    assert note in "\n".join(parse(as_cmdline(value), 8 * GIB, NEWEST).notes)


@pytest.mark.parametrize("value", ["512M", "1M", "512M@0x80000000", "512M@2G", "512M@1073741824", "0", "512M@0"])
def test_what_was_meant_as_it_stands(value: str) -> None:
    """There is no hint."""
    assert not [note for note in parse(as_cmdline(value), 8 * GIB, NEWEST).notes if "missing" in note]


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
    found = parse(as_cmdline(value), 8 * GIB, select_profile(kernel).profile).cause
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
    assert next(iter(parse(as_cmdline(value), 8 * GIB, select_profile(kernel).profile).notes), None) == note
