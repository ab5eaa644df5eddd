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
        pytest.param("256M@64", "the offset is 64 bytes: is a suffix missing, as in @64M?", id="an offset, too"),
        pytest.param("256M@M", "no number follows '@': the kernel takes that for no offset", id="a letter alone"),
        pytest.param("256M@", "no number follows '@'", id="nothing after the sign"),
        pytest.param("2G-:1.5G", "a size is a whole number: write '1536M'", id="a fraction in a list"),
        pytest.param("2G-:1,5G", "a size is a whole number: write '1536M'", id="with a comma"),
        pytest.param("1G-16G:256,16G-:1G", "256 bytes: is a suffix missing?", id="a size before the next range"),
        pytest.param("1G-2G", "a list of ranges is START-[END]:SIZE", id="a range without a size"),
        pytest.param(
            "384M-2G:64M@16M,2G-:128M@16M",
            "ends before '@16M,2G-:128M@16M', which is not read: an offset stands once, after the last range",
            id="an offset for each range",
        ),
    ],
)
def test_a_hint_tells_what_was_likely_meant_and_changes_no_reading(value: str, note: str) -> None:
    assert note in "\n".join(parse(as_cmdline(value), 8 * GIB, NEWEST).notes)


@pytest.mark.parametrize(
    ("value", "rest"),
    [
        pytest.param("1G-4G:256MB,4G-:512M", "'B,4G-:512M'", id="a list that goes on"),
        pytest.param("1G-:0@16M", "'@16M'", id="an offset that stands once"),
    ],
)
def test_only_an_offset_before_another_range_is_called_one_too_many(value: str, rest: str) -> None:
    notes = parse(as_cmdline(value), 8 * GIB, NEWEST).notes
    assert f"the list of ranges ends before {rest}, which is not read" in notes


@pytest.mark.parametrize(
    "value", ["512M", "1M", "512M@0x80000000", "512M@2G", "512M@1073741824", "0", "512M@0", "512M@0x80000", "512M@512K"]
)
def test_a_value_that_was_meant_as_it_stands_gets_no_hint(value: str) -> None:
    assert not [note for note in parse(as_cmdline(value), 8 * GIB, NEWEST).notes if "missing" in note]


@pytest.mark.parametrize(
    ("kernel", "value", "cause"),
    [
        pytest.param("6.12", "512MB", "write '512M': a size has one", id="a unit that is refused"),
        pytest.param("6.12", "512M,cma", "arm64 kernels of 6.12.13 to 6.14 do not read", id="a suffix that is refused"),
        pytest.param("5.4", "512M,high", "arm64 kernels of 4.12 to 5.4 do not read", id="a suffix that is not read"),
        pytest.param("6.12", "auto", "'auto' is not an arm64 value", id="another kernel's value"),
        pytest.param("6.12", '"512M"', "the kernel takes the quote as part of the value", id="a quote"),
        pytest.param("6.12", "16G", "16G is not less than the RAM (8G): refused silently", id="too large"),
        pytest.param("6.12", "1G-8G:64M", "no range of the list covers 8G of RAM", id="no range matches"),
        pytest.param("6.12", "0-:0", "", id="a range without a size: the log says it"),
        pytest.param("6.12", "1G-2G:64M,foo", "", id="a mistake in a list: the log says it"),
        pytest.param("6.12", "1.5G", "a size is a whole number: write '1536M'", id="a fraction"),
        pytest.param("6.12", "0,5G", "a size is a whole number: write '512M'", id="a fraction with a comma"),
        pytest.param("6.12", "1.3G", "a size is a whole number", id="a fraction of no whole size"),
        pytest.param(
            "6.12", "crashkernel=512M, quiet", "leave out the comma at the end", id="a comma between parameters"
        ),
        pytest.param(
            "6.12", "crashkernel=1G, high", "no blank may follow a comma: '1G,high'", id="a blank before a suffix"
        ),
        pytest.param(
            "6.12", "crashkernel=1G-2G:64M, 2G-:1G", "no blank may follow a comma: '1G-2G:64M,2G-:1G'", id="in a list"
        ),
        pytest.param("6.12", "512M,High", "suffixes are in small letters: write ',high'", id="a capital"),
        pytest.param(
            "6.12", "512M,high,128M,low", "each size needs an entry of its own: 'crashkernel=512M,high", id="two"
        ),
        pytest.param("6.12", "1G\u20134G:192M", "'\u2013' is not an ASCII character, and the kernel", id="a dash"),
        pytest.param("6.12", "\u201c512M\u201d", "'\u201c' is not an ASCII character", id="a quote of a text"),
        pytest.param("6.12", "${SIZE}M", "a variable or a placeholder was not replaced", id="a variable"),
        pytest.param("6.12", "<SIZE>,high", "a variable or a placeholder was not replaced", id="a placeholder"),
        pytest.param("6.12", "crashkernel=256M,below=4G", "a limit after the size is the Xen hypervisor's", id="Xen's"),
        pytest.param("6.12", "163M<4G", "a limit after the size is the Xen hypervisor's", id="Xen's, shorter"),
        pytest.param("6.12", "auto,high", "'auto' is not an arm64 value", id="another kernel's value, high"),
        pytest.param("6.12", "quiet splash", "this kernel command line has no crashkernel=", id="no request"),
        pytest.param("6.12", "1G-:512MB", "", id="valid, though it is read otherwise"),
        pytest.param("6.12", "1G-8G:1M,8G-:64M", "", id="valid, by a later range"),
    ],
)
def test_a_request_that_asks_for_nothing_has_its_cause_in_one_sentence(kernel: str, value: str, cause: str) -> None:
    """It is there where more is known than the kernel's own message; a valid request has none."""
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
            "arm64 kernels of 5.15 to 5.15.32 do not read crashkernel=SIZE,high or crashkernel=SIZE,low",
            id="both",
        ),
        pytest.param("6.1", "512M,low", "crashkernel=SIZE,low alone requests nothing", id=",low alone"),
        pytest.param(
            "6.12",
            "crashkernel=512M crashkernel=256M,cma",
            "arm64 kernels of 6.12.13 to 6.14 do not read crashkernel=SIZE,cma",
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
        pytest.param("7.3", "crashkernel=1G,high crashkernel=64M,low", None, id="valid in two parts"),
    ],
)
def test_an_entry_that_is_not_read_is_named_first(kernel: str, value: str, note: str | None) -> None:
    """Parsers by kernel (facts, section A); the log says nothing about an entry that is not read."""
    assert next(iter(parse(as_cmdline(value), 8 * GIB, select_profile(kernel).profile).notes), None) == note
