"""Distributions' kernels, field by field: the behaviour of each on machines whose numbers are computed here.

The rows are written from the distributions' trees and configurations, not from the profiles; every test runs the model
on a version string and checks its result.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB, TIB
from planner.kernel.crashkernel import parse
from planner.kernel.machine import NO_DMA_ZONES, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from tests.kernel.kernels import base_pages, searched

HIGH = 1 << 48


class Row(NamedTuple):
    """The behaviour of one distribution's kernel; the tests explain each field."""

    version: str
    reads_high: str  # `,high`: never read (-), read where no plain entry is (a), or after any failure of it (f)
    plain: str  # where a plain request looks: L below the limit, A anywhere, H above the limit, T below 64T, N no limit
    high: str  # where ,high looks: likewise; 4 is from 4 GiB on
    low: int  # MiB of low memory where ,low is absent
    low_when: (
        str  # a main part takes one: at the limit or above (=), above it less the size (<), always (!), over it (>)
    )
    limit: str  # how low memory ends: x zone less one, z 32-bit zone, c capped zone, b bits, v value, 4 always 4G
    base: str  # X@base: tests (t), the window (w), alignment, then the window (a)
    in_use: bool  # X@base that fails has a line of its own
    rounded: bool  # RAM is rounded up to 128 MiB before ranges are matched
    pages: bool  # the size is rounded up to a page
    effect: str  # a crash kernel's part of the map: i isolated, p pages, l pages below 4G, - nothing
    protects: bool
    rodata: str  # b booleans, f full only, k keywords
    kfence: str  # -: does not exist, f: forces, p: pool, h: harmless
    auto: int = 0  # MiB that auto stands for
    both: bool = False  # kexec_crash_size counts the low part
    refuses: bool = False  # a size that is not less than RAM is refused without a line


_EL8 = Row(
    "", reads_high="-", plain="L", high="", low=0, low_when="", limit="x", base="t", in_use=False, rounded=True,
    pages=True, effect="i", protects=True, rodata="b", kfence="-", auto=448,
)  # fmt: skip
_EL8_7 = _EL8._replace(reads_high="a", high="A", low_when="!", limit="z", base="w")
_EL8_8 = _EL8_7._replace(plain="LA", low=128, low_when="<", auto=480)
_EL9 = Row(
    "", reads_high="-", plain="L", high="", low=0, low_when="", limit="b", base="w", in_use=False, rounded=False,
    pages=True, effect="p", protects=True, rodata="b", kfence="f",
)  # fmt: skip
_EL9_1 = _EL9._replace(reads_high="a", high="A", low_when="=", rounded=True)
_EL9_2 = _EL9_1._replace(plain="LA", low=128, low_when="<")
_EL9_4 = _EL9_1._replace(
    plain="LH", high="4L", low=128, in_use=True, effect="-", protects=False, rodata="k", kfence="p"
)
_EL9_6 = _EL9_4._replace(high="HL", limit="v", pages=False, both=True)
_OWN_LOW = Row(
    "", reads_high="f", plain="LA", high="A", low=256, low_when="=", limit="b", base="a", in_use=True, rounded=False,
    pages=False, effect="p", protects=True, rodata="b", kfence="-",
)  # fmt: skip

ROWS = {
    "RHEL 8.3": _EL8._replace(version="4.18.0-240.22.1.el8_3.aarch64"),
    "RHEL 8.6": _EL8._replace(version="4.18.0-372.9.1.el8.aarch64"),
    "RHEL 8.7": _EL8_7._replace(version="4.18.0-425.3.1.el8.aarch64"),
    "RHEL 8.8": _EL8_8._replace(version="4.18.0-477.10.1.el8_8.aarch64"),
    "RHEL 8.9": _EL8_8._replace(version="4.18.0-513.5.1.el8_9.aarch64"),
    "RHEL 8.10": _EL8_8._replace(
        version="4.18.0-553.el8_10.aarch64", plain="LH", high="4L", low_when="=", in_use=True
    ),
    "RHEL 9.0": _EL9._replace(version="5.14.0-70.13.1.el9_0.aarch64"),
    "RHEL 9.1": _EL9_1._replace(version="5.14.0-162.6.1.el9_1.aarch64"),
    "RHEL 9.2": _EL9_2._replace(version="5.14.0-284.11.1.el9_2.aarch64"),
    "RHEL 9.3": _EL9_2._replace(version="5.14.0-362.8.1.el9_3.aarch64", rodata="f"),
    "RHEL 9.4": _EL9_4._replace(version="5.14.0-427.13.1.el9_4.aarch64"),
    "RHEL 9.5": _EL9_4._replace(version="5.14.0-503.11.1.el9_5.aarch64", both=True),
    "RHEL 9.6": _EL9_6._replace(version="5.14.0-570.12.1.el9_6.aarch64"),
    "RHEL 10.0": _EL9_6._replace(version="6.12.0-55.9.1.el10_0.aarch64", refuses=True),
    "openEuler 22.03": _OWN_LOW._replace(
        version="5.10.0-216.0.0.115.oe2203sp4.aarch64", low_when=">", effect="l", kfence="h"
    ),
    "openEuler 2021": _OWN_LOW._replace(version="5.10.0-4.17.0.28.oe1.aarch64"),
    "Alibaba Cloud Linux 3": _OWN_LOW._replace(
        version="5.10.134-16.3.al8.aarch64", plain="LT", high="T", limit="4", base="t", in_use=False, pages=True
    ),
    "TencentOS 3": _OWN_LOW._replace(
        version="5.4.119-19.0009.28.tl3.aarch64", plain="LN", high="N", limit="z", effect="i"
    ),
    "OpenCloudOS 8": _OWN_LOW._replace(
        version="5.4.119-20.0009.oc8.aarch64", plain="LN", high="N", limit="z", effect="i"
    ),
    "SLE 15 SP3": _EL8._replace(version="5.3.18-150300.59.63-default", rounded=False, limit="c", auto=0),
    "Oracle UEK8": _EL9_6._replace(version="6.12.0-100.28.2.el10uek.aarch64", refuses=True),
    "Amazon Linux 6.18": _EL9_6._replace(version="6.18.8-9.213.amzn2023.aarch64", refuses=True, rodata="n"),
}  # fmt: skip

each_row = pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))


def plan(row: Row, memory: MemoryMap, value: str, *, config: dict[str, str] | None = None, **facts: object) -> Plan:
    """The plan under the kernel's own behaviour, with 4K pages and no forced base pages unless `config` has them."""
    symbols = {"RODATA_FULL_DEFAULT_ENABLED": "n", "KFENCE": "n", **(config or {})}
    known: dict[str, object] = {"page_size": 4 * KIB, "va_bits": 48, "pa_bits": 48, "config": symbols, **facts}
    machine = Machine("<test>", "json", memory, Facts(kernel=row.version, **known))  # type: ignore[arg-type]
    return make_plan(machine, value, Options(strategy="mainline"))


def windows(text: str, limit: int, start: int = 0) -> list[tuple[int, int]]:
    known = {
        "L": (start, limit), "A": (start, HIGH), "H": (limit, HIGH), "4": (4 * GIB, HIGH), "T": (start, 64 * TIB),
        "N": (start, (1 << 64) - 1),
    }  # fmt: skip
    return [known[letter] for letter in text]


def from_2m(row: Row) -> int:
    """openEuler's and TencentOS' searches start at 2 MiB."""
    return 2 * MIB if row.reads_high == "f" and row.limit != "4" else 0


def limit_of(row: Row, first: int, last: int, firmware: int = (1 << 64) - 1) -> int:
    """The end of low memory for RAM [first, last), computed from the definition of each rule."""
    zone = min((first >> 32 << 32) + 4 * GIB, last)
    bits = (1 << min(32, firmware.bit_length())) - 1
    known = {
        "x": zone - 1, "z": zone, "c": last if first > 4 * GIB else min(4 * GIB, last), "4": 4 * GIB,
        "b": last if first >= 4 * GIB else min(4 * GIB if first > bits else bits + 1, last),
        "v": min(min(firmware, (1 << 32) - 1) + 1 if first < 4 * GIB else firmware + 1, last),
    }  # fmt: skip
    return known[row.limit]


# -- the parameter ---------------------------------------------------------------------------------------


@each_row
def test_when_high_is_read(row: Row) -> None:
    profile = select_profile(row.version).profile
    assert parse("crashkernel=1G,high", 8 * GIB, profile).valid is (row.reads_high != "-")
    beside = parse("crashkernel=1G,high crashkernel=bad", 8 * GIB, profile)
    assert beside.valid is (row.reads_high == "f")
    assert beside.log == ("crashkernel: memory value expected",)
    assert parse("crashkernel=1G,high crashkernel=0", 8 * GIB, profile).valid is (row.reads_high == "f")


@each_row
def test_the_low_memory_that_is_requested(row: Row) -> None:
    profile = select_profile(row.version).profile
    if row.reads_high == "-":
        return
    assert parse("crashkernel=1G,high", 8 * GIB, profile).low == row.low * MIB
    assert parse("crashkernel=1G,high crashkernel=64M,low", 8 * GIB, profile).low == 64 * MIB
    assert parse("crashkernel=1G,high crashkernel=0,low", 8 * GIB, profile).low == 0
    for_plain = row.reads_high == "f"  # there `,low` and its default count for a plain request, too
    assert parse("crashkernel=1G", 8 * GIB, profile).low == (256 * MIB if for_plain else 0)
    assert parse("crashkernel=1G crashkernel=64M,low", 8 * GIB, profile).low == (64 * MIB if for_plain else 0)


@each_row
def test_ram_is_rounded_up_before_ranges_are_matched(row: Row) -> None:
    found = parse("crashkernel=2G-:256M", 2 * GIB - 100 * MIB, select_profile(row.version).profile)
    assert found.size == (256 * MIB if row.rounded else 0)


@each_row
@pytest.mark.parametrize(("ram", "share"), [(8 * GIB, 1), (2 * GIB - 100 * MIB, 1), (GIB, 0)])
@pytest.mark.parametrize("value", ["auto", "autobahn"])
def test_auto_is_a_list_of_ranges_on_rhel_8_only(row: Row, value: str, ram: int, share: int) -> None:
    """It is known by its first four characters, and the list is one for all of arm64."""
    found = parse(f"crashkernel={value}", ram, select_profile(row.version).profile)
    if row.auto:
        assert found.size == row.auto * MIB * share
        assert found.log[0] == "Using crashkernel=auto, the size chosen is a best effort estimation."
    else:
        assert not found.valid
        assert found.log == ("crashkernel: memory value expected",)


# -- the reservation -------------------------------------------------------------------------------------


@each_row
def test_where_a_plain_request_looks(row: Row) -> None:
    """64M below 4G, 2G above 8G: 3G fits nowhere; openEuler's provisional search is not listed as an attempt."""
    memory = MemoryMap((Region(GIB, GIB + 64 * MIB), Region(8 * GIB, 10 * GIB), Region(16 * GIB, 18 * GIB)))
    found = plan(row, memory, "3G")
    limit = limit_of(row, GIB, 18 * GIB)
    expected = windows(row.plain, limit, from_2m(row))
    if row.effect == "l":
        expected[1] = (0, HIGH)  # the provisional region has no lower bound of its own
    assert searched(found) == expected
    assert found.reservation.crash is None
    own = row.reads_high == "f" and row.limit != "4"
    line = (
        "crashkernel reservation failed - No suitable area found."
        if own
        else "cannot allocate crashkernel (size:0xc0000000)"
    )
    assert found.reservation.log == (line,)  # fmt: skip


@each_row
def test_where_high_looks(row: Row) -> None:
    memory = MemoryMap((Region(GIB, 2 * GIB), Region(8 * GIB, 10 * GIB), Region(16 * GIB, 18 * GIB)))
    found = plan(row, memory, "3G,high")
    if row.reads_high == "-":
        assert found.reservation.outcome == "none"
        assert found.reservation.log == ()
        return
    start = 0 if row.effect == "l" else from_2m(row)
    assert searched(found) == windows(row.high, limit_of(row, GIB, 18 * GIB), start)


@each_row
@pytest.mark.parametrize(
    ("first", "last", "firmware"),
    [
        pytest.param(GIB, 17 * GIB, None, id="32 bits"),
        pytest.param(GIB, 3 * GIB, None, id="all RAM below 4G"),
        pytest.param(6 * GIB, 24 * GIB, None, id="all RAM above 4G"),
        pytest.param(0, 16 * GIB, 0x3BFFFFFF, id="devices that reach 960M"),
    ],
)
def test_where_low_memory_ends(row: Row, first: int, last: int, firmware: int | None) -> None:
    found = plan(row, MemoryMap((Region(first, last),)), "64M", firmware_dma_limit=firmware)
    reach = (1 << 64) - 1 if firmware is None else firmware
    assert found.kernel.dma_limit == limit_of(row, first, last, reach)


@each_row
@pytest.mark.parametrize(
    ("top", "letters"),
    [
        pytest.param(12 * GIB, "=<!>", id="above the limit"),
        pytest.param(4 * GIB, "<!", id="64M below the limit, up to it"),
        pytest.param(2 * GIB, "!", id="far below the limit"),
    ],
)
def test_when_a_low_part_is_taken(row: Row, top: int, letters: str) -> None:
    """`,high` with a requested low part of 128M; kernels that search above 4G first have no memory there."""
    if row.reads_high == "-":
        return
    reserved = () if top >= 4 * GIB else (Reserved(top, 4 * GIB),)
    regions = (Region(GIB, 4 * GIB), *([Region(8 * GIB, top)] if top > 8 * GIB else []))
    found = plan(row, MemoryMap(regions, reserved), "crashkernel=64M,high crashkernel=128M,low", dma_limit=4 * GIB)
    assert found.reservation.crash == Range(top - 64 * MIB, top)
    assert (found.reservation.low is not None) is (row.low_when in letters)
    if found.reservation.low is not None:
        assert found.reservation.low.size == 128 * MIB
        assert found.reservation.low.end <= 4 * GIB


@each_row
def test_a_fixed_offset(row: Row) -> None:
    memory = MemoryMap((Region(GIB, 3 * GIB),), (Reserved(2 * GIB, 2 * GIB + 4 * KIB),))
    assert plan(row, memory, "256M@0x60000000").reservation.crash == Range(0x60000000, 0x70000000)
    taken, unaligned = (plan(row, memory, value).reservation for value in ("256M@2G", "256M@0x60001000"))
    assert taken.crash is None
    assert unaligned.crash is None
    in_use = "crashkernel reservation failed - memory is in use."
    cannot = "cannot reserve crashkernel: "
    if row.base == "t":
        assert taken.log == (cannot + "region overlaps reserved memory",)
    elif row.in_use:
        assert taken.log == (in_use,)
    else:
        assert taken.log == ("cannot allocate crashkernel (size:0x10000000)",)
    if row.base in "ta":
        assert unaligned.log == (cannot + "base address is not 2MB aligned",)


@each_row
def test_a_size_in_pages(row: Row) -> None:
    found = plan(row, MemoryMap((Region(GIB, 3 * GIB),)), "300001K")
    crash = found.reservation.crash
    assert crash is not None
    assert crash.size == (300004 if row.pages else 300001) * KIB


@each_row
def test_a_size_of_more_than_ram(row: Row) -> None:
    found = plan(row, MemoryMap((Region(GIB, 3 * GIB),)), "3G")
    assert found.reservation.outcome == ("none" if row.refuses else "failed")
    assert bool(found.reservation.log) is not row.refuses


@each_row
def test_what_kexec_crash_size_counts(row: Row) -> None:
    assert select_profile(row.version).profile.crash_size_counts_low is row.both


# -- log lines of their own ------------------------------------------------------------------------------

ABOVE = MemoryMap((Region(GIB, 3 * GIB), Region(8 * GIB, 16 * GIB)))


@pytest.mark.parametrize(
    ("name", "log"),
    [
        pytest.param(
            "openEuler 22.03",
            (
                "Reserving 256MB of low memory at 2816MB for crashkernel (low RAM limit: 4096MB)",
                "Reserving 1024MB of memory at 15360MB for crashkernel (System RAM: 10240MB)",
            ),
            id="openEuler",
        ),
        pytest.param(
            "TencentOS 3",
            (
                "Reserving 256MB of low memory at 2816MB for crashkernel (low RAM limit: 4096MB)",
                "Reserving 1024MB of memory at 15360MB for crashkernel (System RAM: 10240MB)",
            ),
            id="TencentOS",
        ),
        pytest.param(
            "Alibaba Cloud Linux 3",
            (
                "Reserving 256MB of low memory at 2816MB for crashkernel (low RAM limit: 4096MB)",
                "crashkernel reserved: 0x00000003c0000000 - 0x0000000400000000 (1024 MB)",
            ),
            id="Alibaba: the low line its own, the main line mainline's",
        ),
        pytest.param(
            "RHEL 8.10",
            (
                "crashkernel low memory reserved: 0xb8000000 - 0xc0000000 (128 MB)",
                "crashkernel reserved: 0x00000003c0000000 - 0x0000000400000000 (1024 MB)",
            ),
            id="RHEL: mainline's",
        ),
    ],
)
def test_the_lines_of_a_reservation(name: str, log: tuple[str, ...]) -> None:
    assert plan(ROWS[name], ABOVE, "1G,high").reservation.log == log


def test_a_low_part_that_fails_on_openeuler() -> None:
    memory = MemoryMap((Region(GIB, GIB + 64 * MIB), Region(8 * GIB, 16 * GIB)))
    found = plan(ROWS["openEuler 22.03"], memory, "1G,high").reservation
    assert found.crash is None
    assert found.log == ("Cannot reserve 256MB crashkernel low memory, please try smaller size.",)


# -- openEuler's provisional region ----------------------------------------------------------------------


def test_the_low_search_goes_round_the_provisional_region() -> None:
    """All RAM lies below 4G: the request is placed below the provisional 512M, which is freed afterwards."""
    found = plan(ROWS["openEuler 22.03"], MemoryMap((Region(GIB, 3 * GIB),)), "512M")
    assert found.reservation.crash == Range(2 * GIB, 2 * GIB + 512 * MIB)
    assert found.reservation.low is None


@pytest.mark.parametrize(
    ("value", "size"),
    [
        pytest.param("300001K,high", 300004 * KIB, id="it serves a high request, in whole pages"),
        pytest.param("300001K", 300001 * KIB, id="a plain request finds low memory for its exact size"),
    ],
)
def test_the_provisional_region_has_whole_pages(value: str, size: int) -> None:
    """Its size is rounded up to a page; that of the low search is not."""
    crash = plan(ROWS["openEuler 22.03"], ABOVE, value).reservation.crash
    assert crash is not None
    assert crash.size == size


def test_the_provisional_region_is_kept_where_low_memory_is_full() -> None:
    memory = MemoryMap((Region(GIB, GIB + 300 * MIB), Region(8 * GIB, 16 * GIB)))
    found = plan(ROWS["openEuler 22.03"], memory, "512M")
    assert found.reservation.crash == Range(16 * GIB - 512 * MIB, 16 * GIB)
    low = found.reservation.low
    assert low is not None
    assert low.size == 256 * MIB


def test_only_the_provisional_size_is_rounded_to_a_page() -> None:
    """Below the limit the size stays as given; the provisional region has whole pages."""
    kernel, high = ROWS["openEuler 22.03"], MemoryMap((Region(GIB, GIB + 300 * MIB), Region(8 * GIB, 16 * GIB)))
    below = plan(kernel, MemoryMap((Region(GIB, 3 * GIB),)), "400001K").reservation.crash
    above = plan(kernel, high, "400001K").reservation.crash
    assert below is not None
    assert above is not None
    assert (below.size, above.size) == (400001 * KIB, 400004 * KIB)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("512M", 2 * GIB + 512 * MIB, id="plain: all below 4G, and the provisional region above"),
        pytest.param("512M,high", 512 * MIB, id="high: the crash memory alone"),
        pytest.param("512M@0x60000000", 512 * MIB, id="at an offset: the crash memory alone"),
        pytest.param("rubbish", 0, id="nothing that can be read: nothing"),
    ],
)
def test_what_openeuler_maps_with_base_pages(value: str, expected: int) -> None:
    found = plan(ROWS["openEuler 22.03"], ABOVE, value)
    assert base_pages(found) == expected
    assert found.reservation.protected is (expected > 0)


def test_openeuler_cuts_a_region_at_4g() -> None:
    """One region from 1G to 9G: 3G of base pages below 4G, and the provisional region at the top."""
    found = plan(ROWS["openEuler 22.03"], MemoryMap((Region(GIB, 9 * GIB),)), "512M")
    assert base_pages(found) == 3 * GIB + 512 * MIB


# -- the linear map --------------------------------------------------------------------------------------

MEMORY = MemoryMap((Region(GIB, 9 * GIB),), (Reserved(GIB, GIB + 64 * MIB),))


@each_row
def test_what_a_crash_kernel_does_to_the_map(row: Row) -> None:
    """8 GiB: everything in base pages, the 256M alone, nothing; openEuler maps 3G below 4G and the provisional 256M."""
    found = plan(row, MEMORY, "crashkernel=256M rodata=noalias" if row.rodata == "n" else "256M")
    expected = {"p": 8 * GIB, "i": 256 * MIB, "l": 3 * GIB + 256 * MIB, "-": 0}[row.effect]
    assert base_pages(found) == expected
    assert found.reservation.protected is row.protects


def test_tencentos_leaves_the_low_part_out_of_the_map() -> None:
    """Main and low part are left out, and only the main part is mapped again."""
    found = plan(ROWS["TencentOS 3"], ABOVE, "1G,high")
    assert found.reservation.low == Range(2816 * MIB, 3 * GIB)
    mapped = sum(end - start for start, end, _ in found.leaf_spans)
    assert mapped == 10 * GIB - 256 * MIB
    assert base_pages(found) == GIB


def test_rhel_8_isolates_the_main_part_alone() -> None:
    """The low part is mapped like other memory."""
    found = plan(ROWS["RHEL 8.10"], ABOVE, "1G,high")
    assert found.reservation.low is not None
    assert base_pages(found) == GIB
    assert sum(end - start for start, end, _ in found.leaf_spans) == 10 * GIB


@each_row
def test_the_values_of_rodata(row: Row) -> None:
    """Values that clear a built-in full."""
    clears = {"b": {"on", "off", "1", "0", "y", "n"}, "f": {"off"}, "k": {"on", "off"}, "n": {"noalias", "off"}}
    for value in ("on", "off", "1", "0", "y", "n", "noalias"):
        found = plan(row, MEMORY, f"rodata={value}", config={"RODATA_FULL_DEFAULT_ENABLED": "y"})
        expected = value not in clears[row.rodata] and not (row.rodata == "b" and value == "noalias")
        assert bool(found.kernel.forced_base_pages) is expected, value


@each_row
@pytest.mark.parametrize("interval", ["100", "0"])
def test_a_built_in_kfence(row: Row, interval: str) -> None:
    config = {"KFENCE": "y", "KFENCE_SAMPLE_INTERVAL": interval}
    found = plan(row, MEMORY, "rodata=off" if row.rodata != "n" else "rodata=noalias", config=config)
    forced = row.kfence == "f" or (row.kfence == "p" and interval == "0")
    assert bool(found.kernel.forced_base_pages) is forced


# -- without DMA zones, and when -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "effect"),
    [
        ("RHEL 8.3", "i"), ("RHEL 8.10", "i"), ("RHEL 9.0", "p"), ("RHEL 9.1", "i"), ("RHEL 9.2", "i"),
        ("RHEL 9.3", "i"), ("RHEL 9.4", "-"), ("RHEL 9.6", "-"), ("RHEL 10.0", "-"), ("TencentOS 3", "i"),
        ("SLE 15 SP3", "i"),
    ],
)  # fmt: skip
def test_the_map_without_dma_zones(name: str, effect: str) -> None:
    """9.0 still maps everything with base pages; 9.1 to 9.3 only the crash memory."""
    found = plan(ROWS[name], MEMORY, "256M", dma_limit=NO_DMA_ZONES)
    assert base_pages(found) == {"i": 256 * MIB, "p": 8 * GIB, "-": 0}[effect]


@pytest.mark.parametrize(
    ("name", "hangs"),
    [("RHEL 9.4", "ph"), ("RHEL 9.5", "ph"), ("RHEL 9.6", "ph"), ("RHEL 10.0", "p"), ("Oracle UEK8", "p")],
)
@pytest.mark.parametrize(("value", "kind"), [("1536M", "p"), ("1536M,high", "h")])
def test_some_kernels_retry_some_requests_for_ever_without_dma_zones(
    name: str, hangs: str, value: str, kind: str
) -> None:
    """9.6 lacks the guard of the second try of `,high` that 10.0 has; neither has one for plain."""
    memory = MemoryMap((Region(GIB, 2 * GIB), Region(3 * GIB, 4 * GIB)))
    found = plan(ROWS[name], memory, value, dma_limit=NO_DMA_ZONES)
    assert found.reservation.outcome == "failed"
    assert any("for ever" in note for note in found.notes) is (kind in hangs)


@each_row
def test_each_kernel_reserves_at_a_moment_of_its_own(row: Row) -> None:
    """It is before the linear map and the default CMA area, or after CMA and the memmap; openEuler reserves twice."""
    profile = select_profile(row.version).profile
    assert profile.early is (row.effect == "i")
    assert not profile.first
    assert profile.provisional is (row.effect == "l")


def test_rhel_8_knows_only_the_32_bit_zone() -> None:
    """The firmware's limit is ignored; a kernel with only ZONE_DMA has no such zone."""
    row = ROWS["RHEL 8.10"]
    found = plan(
        row, MemoryMap((Region(GIB, 17 * GIB),)), "64M", config={"ZONE_DMA": "n"}, firmware_dma_limit=0x3FFFFFFF
    )
    assert found.kernel.dma_limit == 4 * GIB
