"""The kernel profiles, field by field: the behaviour of each on machines whose numbers are computed here.

The rows are written from the kernels' code and history, not from the profiles; every test runs the model and checks its
result. `6.1` and the newer reservation code are also compared with compiled kernels and boots.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.arm64_init import memstart_of
from planner.kernel.crashkernel import parse
from planner.kernel.linear_map import CONT_PMD, PMD
from planner.kernel.machine import NO_DMA_ZONES, Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.kernel.pgtable import geometry
from planner.kernel.profiles import NEWEST, PROFILES
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from tests.kernel.kernels import base_pages, profile, searched

HIGH = 1 << 48
LOW = 4 * GIB


class Row(NamedTuple):
    """The behaviour of a span of kernels; the tests explain each field."""

    high: bool  # ,high and ,low are read
    low: int  # MiB of low memory where ,low is absent
    rounded: bool  # RAM is rounded up to 128 MiB
    prefix: str  # how the message for an unreadable offset begins
    generic: bool  # nothing is rounded to pages
    refuses: bool  # a size that is no smaller than RAM is refused without a line
    cma: bool  # ,cma entries are not plain
    windows: str  # where a plain request looks: L below the limit, A anywhere, H above the limit
    high_windows: str  # where ,high looks; 4 is from 4 GiB on
    tests: bool  # X@base is tested, with a message of its own each
    in_use: bool  # X@base that fails says "memory is in use"
    hangs: str  # p, h: plain, ,high requests that fail without DMA zones never end
    near: bool  # the low part is taken from the limit less its size on
    limit: str  # how low memory ends: exclusive, zone, offset, bits, value
    zones: str  # what a crash kernel does to the map: i isolated, p pages, - nothing
    zoneless: str  # the same without DMA zones
    word: bool  # only if the parameter is a word of its own
    kfence: str  # a built-in KFENCE: absent, forces, pool
    rodata: str  # values: b booleans clear full, f only full is known, k keywords, n noalias and full by default
    image_first: bool  # the image is mapped before memory
    driver_managed: bool  # driver-managed memory is mapped
    section: int  # MiB of a sparsemem section with 64K pages
    bbm: str  # who splits blocks live: nobody (-), the list (2), the longer list of level 3 (3)
    both: bool  # kexec_crash_size counts the low part
    moves: bool  # KASLR moves the start of the linear map


_EARLIEST = Row(
    high=False, low=0, rounded=False, prefix="", generic=False, refuses=False, cma=False,
    windows="L", high_windows="", tests=True, in_use=False, hangs="", near=False, limit="exclusive",
    zones="i", zoneless="i", word=False, kfence="absent", rodata="b", image_first=False, driver_managed=False,
    section=1024, bbm="-", both=False, moves=True,
)  # fmt: skip
_FROM_5_12 = _EARLIEST._replace(
    limit="bits", zones="p", zoneless="p", word=True, kfence="forces", driver_managed=True, section=512
)
_FROM_5_19 = _FROM_5_12._replace(high=True, high_windows="A", tests=False, zoneless="i")
_FROM_6_0 = _FROM_5_19._replace(rounded=True, rodata="f")
_FROM_6_7 = _FROM_6_0._replace(
    low=128, rodata="k", generic=True, windows="LH", high_windows="HL", in_use=True,
    hangs="ph", zones="-", zoneless="-", kfence="pool", both=True,
)  # fmt: skip
_FROM_6_12 = _FROM_6_7._replace(refuses=True, hangs="p", limit="value", prefix="crahskernel: ")
_FROM_6_16 = _FROM_6_12._replace(moves=False)
_FROM_6_17 = _FROM_6_16._replace(prefix="crashkernel: ", cma=True)
_FROM_6_18 = _FROM_6_17._replace(rodata="n", bbm="2")

ROWS = {
    "4.12": _EARLIEST,
    "5.5": _EARLIEST._replace(limit="zone"),
    "5.10.0": _EARLIEST._replace(limit="zone"),
    "5.10.20": _EARLIEST._replace(limit="zone"),
    "5.10.22": _EARLIEST._replace(limit="offset", zones="-", zoneless="-", word=True),
    "5.10": _EARLIEST._replace(limit="bits", zones="p", word=True),
    "5.11": _EARLIEST._replace(limit="bits", zones="p", zoneless="p", word=True),
    "5.12": _FROM_5_12,
    "5.14": _FROM_5_12,
    "5.15-stable": _FROM_5_12._replace(tests=False, zoneless="i"),
    "5.15": _FROM_5_12._replace(tests=False),
    "5.16": _FROM_5_12._replace(tests=False),
    "5.18": _FROM_5_12._replace(tests=False, zoneless="i"),
    "5.19": _FROM_5_19,
    "6.0": _FROM_6_0,
    "6.1": _FROM_6_0._replace(kfence="pool", rodata="k"),
    "6.2": _FROM_6_0._replace(low=128, windows="LA", hangs="ph", near=True),
    "6.4": _FROM_6_0._replace(low=128, windows="LA", hangs="ph", near=True, zones="-", zoneless="-", kfence="pool"),
    "6.5": _FROM_6_7._replace(prefix="", generic=False, high_windows="4L", rodata="f"),
    "6.6": _FROM_6_7._replace(prefix="", generic=False, high_windows="4L"),
    "6.7": _FROM_6_7,
    "6.10": _FROM_6_7,
    "6.11": _FROM_6_7,
    "6.12.0": _FROM_6_12,
    "6.12": _FROM_6_12,
    "6.15": _FROM_6_12,
    "6.16": _FROM_6_16,
    "6.17": _FROM_6_17,
    "6.18": _FROM_6_18,
    "7.0": _FROM_6_18,
    "7.1": _FROM_6_18,
    "7.2": _FROM_6_18._replace(image_first=True),
    "7.3": _FROM_6_18._replace(image_first=True, bbm="3"),
}

each_profile = pytest.mark.parametrize("name", [p.name for p in PROFILES])


def facts(name: str, **more: object) -> Facts:
    known: dict[str, object] = {"kernel": name, "page_size": 4 * KIB, "va_bits": 48, "config": {}, **more}
    return Facts(**known)  # type: ignore[arg-type]


def plan(name: str, memory: MemoryMap, value: str, facts_: Facts | None = None, **options: object) -> Plan:
    """The plan under the kernel's own behaviour."""
    chosen = Options(strategy="mainline", **options)  # type: ignore[arg-type]
    return make_plan(Machine("<test>", "json", memory, facts_ or facts(name)), value, chosen)


def test_every_profile_has_a_row() -> None:
    assert list(ROWS) == [p.name for p in PROFILES]


# -- the parameter ---------------------------------------------------------------------------------------


@each_profile
def test_high_and_the_low_memory_that_comes_with_it(name: str) -> None:
    """`,high` is read from 5.19 on; 128M of low memory is the default from 6.2 on."""
    row, reading = ROWS[name], parse("crashkernel=1G,high", 8 * GIB, profile(name))
    assert reading.valid is row.high
    assert (reading.high, reading.low) == (row.high, row.low * MIB)


@each_profile
def test_ram_is_rounded_up_before_ranges_are_matched(name: str) -> None:
    """2G - 100M is 2G after rounding up to 128M, and does not match `2G-` without rounding."""
    reading = parse("crashkernel=2G-:256M", 2 * GIB - 100 * MIB, profile(name))
    assert reading.size == (256 * MIB if ROWS[name].rounded else 0)


@each_profile
def test_messages_of_a_list_of_ranges(name: str) -> None:
    """Two messages got a prefix between 6.8 and 6.12, one of them misspelt up to 6.16."""
    row, what = ROWS[name], "Memory value expected"
    assert parse("crashkernel=1G-:256M@x", 8 * GIB, profile(name)).log == (f"{row.prefix}{what} after '@'",)
    prefix = "crashkernel: " if row.prefix else ""
    assert parse("crashkernel=1G-:x", 8 * GIB, profile(name)).log == (prefix + what,)


@each_profile
def test_a_cma_entry_is_plain_until_6_17(name: str) -> None:
    """A plain entry is refused with a message; from 6.17 on `,cma` is a kind of its own, which arm64 does not read."""
    reading = parse("crashkernel=64M,cma", 8 * GIB, profile(name))
    assert not reading.valid
    assert reading.cma == 0
    assert reading.log == (() if ROWS[name].cma else ("crashkernel: unrecognized char: ,",))


# -- the reservation -------------------------------------------------------------------------------------

FULL_BELOW = MemoryMap((Region(GIB, GIB + 64 * MIB), Region(8 * GIB, 12 * GIB)))
"""64M below 4G, 4G above 8G: 512M fit only above."""


def windows(text: str, limit: int = LOW) -> list[tuple[int, int]]:
    known = {"L": (0, limit), "A": (0, HIGH), "H": (limit, HIGH), "4": (4 * GIB, HIGH)}
    return [known[letter] for letter in text]


@each_profile
def test_a_plain_request_looks_below_the_limit_and_from_6_2_on_elsewhere_too(name: str) -> None:
    """The low memory of 128M that goes with another place does not fit in 64M."""
    row, found = ROWS[name], plan(name, FULL_BELOW, "512M", dma_limit=LOW)
    assert searched(found) == windows(row.windows)
    assert searched(found, "low") == ([(0, LOW)] if len(row.windows) > 1 else [])
    assert found.reservation.crash is None
    message = "low memory (size:0x8000000)." if len(row.windows) > 1 else "(size:0x20000000)"
    assert found.reservation.log == (f"cannot allocate crashkernel {message}",)


@each_profile
def test_high_looks_in_the_windows_of_its_row(name: str) -> None:
    """7G fit nowhere, so every window is tried."""
    memory = MemoryMap((Region(GIB, 2 * GIB), Region(8 * GIB, 15 * GIB - MIB)))
    assert searched(plan(name, memory, "7G,high", dma_limit=LOW)) == windows(ROWS[name].high_windows)


@each_profile
def test_high_on_a_board_whose_devices_reach_1_gib(name: str) -> None:
    """6.5 and 6.6 search from 4 GiB on, whatever the limit; later kernels search from the limit on."""
    row = ROWS[name]
    memory = MemoryMap((Region(0, 3 * GIB, 0),), (Reserved(0, 768 * MIB),))
    found = plan(name, memory, "crashkernel=512M,high crashkernel=64M,low", dma_limit=GIB)
    if not row.high:
        assert found.reservation.outcome == "none"
    elif row.high_windows == "4L":  # nothing lies above 4G, and 256M below 1G are too few
        assert found.reservation.outcome == "failed"
    else:
        assert found.reservation.crash == Range(3 * GIB - 512 * MIB, 3 * GIB)
        assert found.reservation.low == Range(GIB - 64 * MIB, GIB)


@each_profile
def test_a_fixed_offset_that_is_taken_fails_with_the_kernels_own_message(name: str) -> None:
    """Up to 5.14 the range is tested; later it is the window of a search."""
    row = ROWS[name]
    memory = MemoryMap((Region(GIB, 3 * GIB),), (Reserved(2 * GIB, 2 * GIB + 4 * KIB),))
    found = plan(name, memory, "256M@2G")
    assert found.reservation.crash is None
    assert searched(found) == [(2 * GIB, 2 * GIB + 256 * MIB)]
    if row.tests:
        assert found.reservation.log == ("cannot reserve crashkernel: region overlaps reserved memory",)
    elif row.in_use:
        assert found.reservation.log == ("crashkernel reservation failed - memory is in use.",)
    else:
        assert found.reservation.log == ("cannot allocate crashkernel (size:0x10000000)",)
    assert plan(name, memory, "256M@0x60000000").reservation.crash == Range(0x60000000, 0x70000000)


@each_profile
@pytest.mark.parametrize(
    ("value", "message"),
    [("256M@0x50000", "region is not memory"), ("256M@0x60001000", "base address is not 2MB aligned")],
)
def test_a_fixed_offset_that_cannot_be(name: str, value: str, message: str) -> None:
    found = plan(name, MemoryMap((Region(GIB, 3 * GIB),)), value)
    assert found.reservation.crash is None
    assert (found.reservation.log[0] == f"cannot reserve crashkernel: {message}") is ROWS[name].tests


@each_profile
def test_a_size_in_pages(name: str) -> None:
    """The generic code does not round: 300001K ends inside a page, at the highest start that fits below 3G."""
    found = plan(name, MemoryMap((Region(GIB, 3 * GIB),)), "300001K")
    size = 300001 * KIB if ROWS[name].generic else 300004 * KIB
    start = (3 * GIB - size - (ROWS[name].limit == "exclusive")) // (2 * MIB) * (2 * MIB)
    assert found.reservation.crash == Range(start, start + size)


@each_profile
def test_a_size_that_is_no_smaller_than_ram(name: str) -> None:
    """From 6.12 on it is refused without a log line; older kernels search for it, and here all RAM is free."""
    found = plan(name, MemoryMap((Region(GIB, 3 * GIB),)), "2G")
    row = ROWS[name]
    taken = not row.refuses and row.limit != "exclusive"  # which does not search the last byte
    assert found.reservation.crash == (Range(GIB, 3 * GIB) if taken else None)
    assert found.reservation.outcome == ("exact" if taken else "none" if row.refuses else "failed")
    assert bool(found.reservation.log) is not row.refuses


@each_profile
def test_a_size_of_more_than_ram_is_searched_for_up_to_6_11(name: str) -> None:
    """3G of 2G: the failure is logged, or nothing at all."""
    found = plan(name, MemoryMap((Region(GIB, 3 * GIB),)), "3G")
    refuses = ROWS[name].refuses
    assert found.reservation.outcome == ("none" if refuses else "failed")
    assert found.reservation.log == (() if refuses else ("cannot allocate crashkernel (size:0xc0000000)",))


@each_profile
def test_the_low_part_of_a_main_part_just_below_the_limit(name: str) -> None:
    """`,high` placed 64M below the limit: 6.2 to 6.4 still reserve 128M of low memory."""
    memory = MemoryMap((Region(GIB, 4 * GIB),))
    row = ROWS[name]
    found = plan(name, memory, "64M,high", dma_limit=LOW)
    if not row.high or row.high_windows == "4L":
        return  # 6.5 and later look above first, where nothing is
    start = 4 * GIB - 64 * MIB
    assert found.reservation.crash == Range(start, 4 * GIB)
    assert found.reservation.low == (Range(start - 128 * MIB, start) if row.near else None)


@each_profile
@pytest.mark.parametrize("kind", ["p", "h"])
def test_some_kernels_retry_for_ever_without_dma_zones(name: str, kind: str) -> None:
    """The DMA limit is the physical limit then, so the retry condition stays true after a failed search."""
    row = ROWS[name]
    value = "1536M" if kind == "p" else "1536M,high"
    memory = MemoryMap((Region(GIB, 2 * GIB), Region(3 * GIB, 4 * GIB)))
    found = plan(name, memory, value, dma_limit=NO_DMA_ZONES)
    if kind == "h" and not row.high:
        assert found.reservation.outcome == "none"
        return
    assert found.reservation.outcome == "failed"
    assert any("for ever" in note for note in found.notes) is (kind in row.hangs)
    assert len(found.reservation.attempts) <= 2


# -- limits ----------------------------------------------------------------------------------------------


@each_profile
@pytest.mark.parametrize(
    ("start", "firmware", "limits"),
    [
        pytest.param(
            GIB,
            None,
            {"exclusive": LOW - 1, "zone": LOW, "offset": LOW, "bits": LOW, "value": LOW},
            id="32 bits by themselves",
        ),
        pytest.param(
            0,
            0x3BFFFFFF,
            {"exclusive": LOW - 1, "zone": LOW, "offset": GIB, "bits": GIB, "value": 0x3C000000},
            id="devices that reach 960M: the highest bit of it, or it itself",
        ),
        pytest.param(
            8 * GIB,
            None,
            {"exclusive": 12 * GIB - 1, "zone": 12 * GIB, "offset": 12 * GIB, "bits": 24 * GIB, "value": 24 * GIB},
            id="all RAM above 4G: once a zone of 4G, now all of it",
        ),
        pytest.param(
            2 * GIB,
            0x3FFFFFFF,
            {"exclusive": LOW - 1, "zone": LOW, "offset": 3 * GIB, "bits": LOW, "value": GIB},
            id="devices that reach no RAM at all: 4G, or their limit",
        ),
        pytest.param(
            GIB,
            0x7FFFFFFF,
            {"exclusive": LOW - 1, "zone": LOW, "offset": 2 * GIB, "bits": 2 * GIB, "value": 2 * GIB},
            id="31 bits",
        ),
    ],
)
def test_where_low_memory_ends(name: str, start: int, firmware: int | None, limits: dict[str, int]) -> None:
    """A machine with 16 GiB in one piece."""
    memory = MemoryMap((Region(start, start + 16 * GIB),))
    found = plan(name, memory, "64M", facts(name, firmware_dma_limit=firmware))
    assert found.kernel.dma_limit == limits[ROWS[name].limit]


@each_profile
def test_low_memory_never_ends_above_ram(name: str) -> None:
    exclusive = ROWS[name].limit == "exclusive"
    found = plan(name, MemoryMap((Region(GIB, 3 * GIB),)), "64M")
    assert found.kernel.dma_limit == 3 * GIB - exclusive


@each_profile
def test_the_32_bit_zone_alone(name: str) -> None:
    """ZONE_DMA off, ZONE_DMA32 on: the firmware's limit is ignored, and from 6.12 RAM that starts above 4G too."""
    only = facts(name, config={"ZONE_DMA": "n", "ZONE_DMA32": "y"}, firmware_dma_limit=0x3FFFFFFF)
    low = plan(name, MemoryMap((Region(GIB, 9 * GIB),)), "64M", only)
    assert low.kernel.dma_limit == LOW - (ROWS[name].limit == "exclusive")
    high = plan(name, MemoryMap((Region(8 * GIB, 24 * GIB),)), "64M", only).kernel.dma_limit
    ends = {"exclusive": 12 * GIB - 1, "zone": 12 * GIB, "offset": 12 * GIB, "bits": 24 * GIB, "value": LOW}
    assert high == ends[ROWS[name].limit]


# -- the linear map --------------------------------------------------------------------------------------

MEMORY = MemoryMap((Region(GIB, 9 * GIB),), (Reserved(GIB, GIB + 64 * MIB),))


@each_profile
@pytest.mark.parametrize("zones", [True, False])
def test_what_a_crash_kernel_does_to_the_map(name: str, zones: bool) -> None:
    """8 GiB: everything in base pages, the 256M alone, or nothing; it is protected in the first two cases."""
    row = ROWS[name]
    found = plan(name, MEMORY, "256M", dma_limit=LOW if zones else NO_DMA_ZONES)
    effect = row.zones if zones else row.zoneless
    assert base_pages(found) == {"p": 8 * GIB, "i": 256 * MIB, "-": 0}[effect]
    assert found.reservation.protected is (effect != "-")


@each_profile
@pytest.mark.parametrize("zones", [True, False])
def test_the_parameter_as_a_part_of_another_word(name: str, zones: bool) -> None:
    """The parser finds it, early_param does not: kernels that use early_param neither isolate it nor map base pages."""
    row = ROWS[name]
    found = plan(name, MEMORY, "rodata=off xcrashkernel=256M", dma_limit=LOW if zones else NO_DMA_ZONES)
    assert found.reservation.crash is not None
    isolated = (row.zones if zones else row.zoneless) == "i" and not row.word
    assert base_pages(found) == (256 * MIB if isolated else 0)
    assert found.reservation.protected is isolated


@each_profile
@pytest.mark.parametrize("interval", ["100", "0"])
def test_a_built_in_kfence_forces_base_pages_or_has_a_pool_or_does_no_harm(name: str, interval: str) -> None:
    """A pool has (255 + 1) * 2 pages; where KFENCE may start late, it forces base pages instead."""
    row = ROWS[name]
    off = {"RODATA_FULL_DEFAULT_ENABLED": "n", "KFENCE": "y", "KFENCE_SAMPLE_INTERVAL": interval}
    found = plan(name, MEMORY, "rodata=off", facts(name, config=off))
    forced = row.kfence == "forces" or (row.kfence == "pool" and interval == "0")
    pool = row.kfence == "pool" and not forced
    assert base_pages(found) == (8 * GIB if forced else 2 * MIB if pool else 0)
    assert bool(found.kernel.forced_base_pages) is forced


@each_profile
@pytest.mark.parametrize("default", ["y", "n"])
@pytest.mark.parametrize("value", ["", "off", "on", "full", "noalias", "1", "no"])
def test_the_keywords_of_rodata(name: str, value: str, default: str) -> None:
    """Up to 5.19 any boolean clears "full", and a word that begins with n is one.

    6.0 to 6.6.3 (6.1.64) accept only `full`, and `off` disables all protection. From 6.18 `on` means full, `full` is
    not accepted and `noalias` means the former `on`; an unknown word keeps the default.
    """
    full: dict[str, dict[str, bool]] = {
        "b": {"off": False, "on": False, "1": False, "no": False, "noalias": False, "full": True},
        "f": {"off": False, "full": True},
        "k": {"off": False, "on": False, "full": True},
        "n": {"off": False, "noalias": False, "on": True},
    }
    rodata = ROWS[name].rodata
    expected = full[rodata].get(value, rodata == "n" or default == "y")
    config = {"RODATA_FULL_DEFAULT_ENABLED": default}
    found = plan(name, MEMORY, f"rodata={value}" if value else "quiet", facts(name, config=config))
    assert bool(found.kernel.forced_base_pages) is expected


@each_profile
def test_processors_that_split_blocks_live(name: str) -> None:
    """AmpereOne: from 6.18 rodata=full no longer forces base pages; debug_pagealloc still does."""
    ampere = facts(name, midr=(0xC00FAC30,))
    live = ROWS[name].bbm != "-"
    value = "full" if not live else "on"
    assert bool(plan(name, MEMORY, f"rodata={value}", ampere).kernel.forced_base_pages) is not live
    both = plan(name, MEMORY, f"rodata={value} debug_pagealloc=on", ampere)
    assert "debug_pagealloc is on" in both.kernel.forced_base_pages


@each_profile
def test_the_alias_of_the_kernel_image(name: str) -> None:
    """A 32M-aligned image of 32M: mapped separately it has PMD blocks without the hint; mapped first, with it."""
    image = Range(2 * GIB, 2 * GIB + 32 * MIB)
    found = plan(name, MEMORY, "rodata=off", facts(name, kernel_image=image))
    there = [kind for start, end, kind in found.leaf_spans if start < image.end and image.start < end]
    assert there == [CONT_PMD if ROWS[name].image_first else PMD]


@each_profile
def test_driver_managed_memory_is_mapped_and_never_given_to_a_crash_kernel(name: str) -> None:
    regions = (Region(GIB, 2 * GIB), Region(2 * GIB, 3 * GIB, Flag.DRIVER_MANAGED.value))
    found = plan(name, MemoryMap(regions), "64M", config_off(name))
    assert found.reservation.crash is not None
    assert found.reservation.crash.end <= 2 * GIB
    assert found.baseline.leaves.pud == 1 + ROWS[name].driver_managed


def config_off(name: str) -> Facts:
    return facts(name, config={"RODATA_FULL_DEFAULT_ENABLED": "n"}, cmdline="rodata=off")


@each_profile
def test_the_section_size_aligns_the_linear_map(name: str) -> None:
    """64K pages, RAM from 1.5 GiB on: sections of 1 GiB move the start of the map down to 1 GiB."""
    start = memstart_of(profile(name), geometry(64 * KIB, 48), 3 * GIB // 2)
    assert start == (GIB if ROWS[name].section == 1024 else 3 * GIB // 2)


@each_profile
def test_kaslr_of_the_linear_map_is_reported(name: str) -> None:
    """Contiguous PMDs of 64K pages need 16 GiB alignment of both addresses; a moved start prevents them."""
    memory = MemoryMap((Region(0, 64 * GIB),))
    pages_64k = facts(name, page_size=64 * KIB)
    said = any("KASLR" in note for note in plan(name, memory, "256M", pages_64k).notes)
    assert said is ROWS[name].moves
    assert not any("KASLR" in note for note in plan(name, memory, "nokaslr quiet", pages_64k).notes)


@each_profile
def test_what_other_commands_ask_of_a_profile(name: str) -> None:
    """crash_size includes the low part from 6.5 on; 7.0 places crash memory before the memmap; 7.3 reserves ,cma."""
    assert profile(name).crash_size_counts_low is ROWS[name].both
    assert profile(name).first is name.startswith("7.")
    assert profile(name).asks_cma is profile(name).cma is (name == "7.3")
    assert profile(name).early is (name in ("4.12", "5.5", "5.10.0", "5.10.20"))


def test_the_newest_profile_is_the_last() -> None:
    assert NEWEST is PROFILES[-1]


AROUND: dict[
    str, dict[str, object]
] = {  # first profile: what an allocation beside the crash kernel's is like from there on
    "cma_align": {"4.12": 4 * MIB, "5.18": 2 * MIB},
    "swiotlb": {"4.12": "needed", "6.5": "small", "7.3": "always"},
    "swiotlb_slots": {"4.12": (4, 8), "5.12": (4, 8, 8), "5.14": (24,)},
    "log_descriptors": {"4.12": False, "5.10.0": True},
    "log_info": {"4.12": 88, "7.0": 112},
    "reserved_reg": {"4.12": "all", "7.2": "first"},
    "keeps_pools": {"4.12": False, "7.1": True},
    "removes_nomap": {"4.12": True, "5.10.20": False},
    "cma_gigantic": {"4.12": True, "5.16": False, "6.10": True},
    "cma_upward": {"4.12": False, "5.12": True},
    "kfence_last": {"4.12": False, "6.15": True},
    "reserve_mem": {"4.12": False, "6.11": True},
    "reserved_nodes": {"4.12": "sorted", "6.5": "beside", "6.12": "placed"},
}


@pytest.mark.parametrize("fact", AROUND)
def test_what_comes_beside_the_crash_kernel(fact: str) -> None:
    """Default CMA in page blocks of 2M from 5.18; a small swiotlb from 6.5; one array of slots from 5.14."""
    expected: object = None
    for found in PROFILES:
        expected = AROUND[fact].get(found.name, expected)
        assert getattr(found, fact) == expected, found.name
