"""Worked examples: plans whose numbers are derived here, and two that real boots printed."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import NO_DMA_ZONES, Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.kernel.ptdump import Leaves
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from planner.planning.strategies import STRATEGIES

QEMU_8G = MemoryMap((Region(GIB, 9 * GIB),), (Reserved(GIB + 2 * MIB, GIB + 64 * MIB, "kernel"),))


def plan(memory: MemoryMap, value: str, facts: Facts | None = None, **options: object) -> Plan:
    facts = facts or Facts(kernel="6.1", page_size=4 * KIB, va_bits=48)
    return make_plan(Machine("<test>", "json", memory, facts), value, Options(**options))  # type: ignore[arg-type]


def test_the_proposal_takes_the_topmost_free_pud_below_the_limit() -> None:
    """8 GiB at 1 GiB, DMA limit 4 GiB: the area is [3G, 4G), the crash memory its bottom, the tail is freed."""
    found = plan(QEMU_8G, "256M")
    view = found.reservation
    assert view.outcome == "aligned"
    assert view.crash == Range(3 * GIB, 3 * GIB + 256 * MIB)
    assert view.area == Range(3 * GIB, 4 * GIB)
    assert view.returned == (Range(3 * GIB + 256 * MIB, 4 * GIB),)
    assert view.protected
    assert view.log == ("crashkernel reserved: 0x00000000c0000000 - 0x00000000d0000000 (256 MB)",)


def test_literally_the_whole_area_has_base_pages() -> None:
    """July: one PUD becomes 512 PTE tables and a PMD table; seven PUD blocks stay."""
    found = plan(QEMU_8G, "256M")
    assert found.baseline.leaves == Leaves(pud=8)
    assert found.mapping.leaves == Leaves(pud=7, pte=GIB // (4 * KIB))
    assert found.waste.extra_table_bytes == (512 + 1) * 4 * KIB
    assert found.waste.base_pages_outside_crash == 768 * MIB
    assert found.waste.ideal_table_bytes == (128 + 1) * 4 * KIB
    assert found.waste.alignment_loss == 768 * MIB
    assert (found.waste.rounding, found.waste.returned, found.waste.kept) == (768 * MIB, 768 * MIB, 0)


def test_trimmed_the_tail_has_blocks_again() -> None:
    """August: only 256M have base pages; the tail, 768M, is 24 contiguous runs of 32M."""
    found = plan(QEMU_8G, "256M", strategy="pud-aligned-trimmed")
    assert found.mapping.leaves == Leaves(pud=7, cont_pmd=24 * 16, pte=64 * KIB)
    assert found.waste.base_pages_outside_crash == 0
    assert found.waste.extra_table_bytes == found.waste.ideal_table_bytes == (128 + 1) * 4 * KIB


def test_without_a_free_pud_it_falls_back_and_protects_nothing() -> None:
    """2 GiB of RAM with both PUDs partly used: the ordinary reservation, and the map is unchanged."""
    memory = MemoryMap((Region(GIB, 3 * GIB),), (Reserved(GIB, GIB + MIB), Reserved(3 * GIB - MIB, 3 * GIB)))
    found = plan(memory, "512M")
    assert found.reservation.outcome == "fallback"
    assert found.reservation.crash == Range(3 * GIB - 514 * MIB, 3 * GIB - 2 * MIB)
    assert not found.reservation.protected
    assert found.mapping == found.baseline
    assert [(a.purpose, a.found is not None) for a in found.reservation.attempts] == [
        ("aligned", False),
        ("exact", True),
    ]


def test_per_window_the_aligned_attempt_comes_first() -> None:
    """Newer kernels have two windows: below the limit an exact fit beats an aligned one above it."""
    low = MemoryMap((Region(GIB, 2 * GIB - MIB), Region(8 * GIB, 12 * GIB)))
    facts = Facts(kernel="6.12", page_size=4 * KIB, va_bits=48, dma_limit=4 * GIB)
    below = plan(low, "512M", facts)
    assert below.reservation.outcome == "fallback"
    assert below.reservation.crash is not None
    assert below.reservation.crash.end < 4 * GIB
    above = plan(low, "512M", facts, prefer_aligned=True)
    assert above.reservation.outcome == "aligned"
    assert above.reservation.area == Range(11 * GIB, 12 * GIB)
    assert above.reservation.low == Range(2 * GIB - 130 * MIB, 2 * GIB - 2 * MIB)


@pytest.mark.parametrize(
    ("options", "config", "reason"),
    [
        pytest.param({"rodata": "full"}, {}, "rodata=full", id="rodata=full"),
        pytest.param({}, {"RODATA_FULL_DEFAULT_ENABLED": "y"}, "rodata=full by default", id="the configured default"),
        pytest.param({"kfence": True}, {}, "KFENCE is built in", id="a built-in KFENCE, as in the posted code"),
    ],
)
def test_forced_base_pages_leave_nothing_to_align_for(
    options: dict[str, object], config: dict[str, str], reason: str
) -> None:
    """No aligned attempt is made, and the memory is still protected."""
    facts = Facts(kernel="6.1", page_size=4 * KIB, va_bits=48, config=config)
    found = plan(QEMU_8G, "256M", facts, **options)
    assert found.reservation.outcome == "exact"
    assert found.reservation.protected
    assert found.mapping.leaves == Leaves(pte=8 * GIB // (4 * KIB))
    assert reason in found.kernel.forced_base_pages[0]
    assert found.waste.extra_table_bytes == 0


def test_without_dma_zones_the_crash_memory_is_isolated_and_protected() -> None:
    found = plan(QEMU_8G, "256M", dma_limit=NO_DMA_ZONES)
    assert (found.reservation.outcome, found.reservation.protected) == ("exact", True)
    assert found.mapping.leaves.pte == 64 * KIB
    assert found.kernel.dma_limit is None


@pytest.mark.parametrize(
    ("strategy", "protected", "base_pages"),
    [
        ("pud-aligned", True, GIB),
        ("pud-aligned-trimmed", True, 256 * MIB),
        ("mainline", True, 8 * GIB),
        ("base-pages", True, 8 * GIB),
        ("isolated", True, 256 * MIB),
        ("rebuild-margins", True, 256 * MIB),
        ("switch-table", True, 256 * MIB),
        ("bbml2", True, 0),
        ("unprotected", False, 0),
    ],
)
def test_each_strategy_maps_its_own_share_with_base_pages(strategy: str, protected: bool, base_pages: int) -> None:
    """Kernel 6.1 itself answers with base pages for everything."""
    found = plan(QEMU_8G, "256M", strategy=strategy)
    assert found.reservation.protected is protected
    assert found.mapping.bytes.pte + found.mapping.bytes.cont_pte == base_pages
    assert set(STRATEGIES) >= {strategy}


def test_an_area_inside_a_larger_leaf_is_not_remapped() -> None:
    """--align pmd with 4K pages: the 2M area is part of a 1G block, which must not be split live."""
    found = plan(QEMU_8G, "256M", align="pmd")
    assert (found.reservation.outcome, found.reservation.protected) == ("aligned", False)
    assert found.mapping == found.baseline
    assert any("larger leaf" in note for note in found.notes)


@pytest.mark.parametrize(
    ("page_size", "align", "granule"),
    [
        (4 * KIB, "pud", GIB),
        (16 * KIB, "pud", 64 * GIB),
        (64 * KIB, "pud", 4096 * GIB),
        (16 * KIB, "block", GIB),
        (64 * KIB, "pmd", 512 * MIB),
        (4 * KIB, "64M", 64 * MIB),
    ],
)
def test_the_alignment_follows_page_size_and_option(page_size: int, align: str, granule: int) -> None:
    facts = Facts(kernel="6.1", page_size=page_size, va_bits=48)
    assert plan(QEMU_8G, "256M", facts, align=align).kernel.granule == granule


def test_a_failed_plan_names_the_largest_size_that_would_do() -> None:
    memory = MemoryMap((Region(GIB, GIB + 300 * MIB), Region(2 * GIB, 2 * GIB + 200 * MIB)))
    found = plan(memory, "400M")
    assert found.reservation.outcome == "failed"
    assert not found.reserved
    assert any("largest size of this form that can is 300M" in note for note in found.notes)
    assert plan(memory, "300M").reserved
    assert not plan(memory, str(300 * MIB + 1)).reserved


def test_nothing_is_assumed_silently() -> None:
    found = make_plan(Machine("<test>", "json", QEMU_8G), "256M")
    assert set(found.kernel.assumed) == {"kernel", "page_size", "va_bits", "dma_limit", "rodata"}
    assert any("rodata" in note for note in found.notes)


def test_a_command_line_without_crashkernel_asks_for_nothing() -> None:
    found = plan(QEMU_8G, "root=/dev/vda quiet")
    assert (found.reservation.outcome, found.reserved) == ("none", False)


@pytest.mark.parametrize(
    ("value", "options", "words"),
    [
        pytest.param("1G", {"align": "3M"}, "not a power of two", id="alignment that is not a power of two"),
        pytest.param("1G", {"align": "1K"}, "less than a page", id="alignment below a page"),
        pytest.param(
            "1G", {"va_bits": 40}, "are not possible with 40-bit", id="VA bits that the page size does not allow"
        ),
        pytest.param("1G", {"page_size": 8 * KIB}, "not an arm64 page size", id="a page size arm64 does not have"),
        pytest.param("1G", {"strategy": "magic"}, "unknown strategy", id="an unknown strategy"),
        pytest.param("1G", {"kernel": "latest"}, "unknown kernel version", id="an impossible version"),
        pytest.param(None, {"preset": "gentoo"}, "unknown preset", id="a preset that does not exist"),
        pytest.param("1G", {"preset": "debian"}, "both given", id="a preset and a value"),
    ],
)
def test_what_does_not_fit_together_is_an_input_error(
    value: str | None, options: dict[str, object], words: str
) -> None:
    with pytest.raises(InputError) as caught:
        make_plan(Machine("<test>", "json", QEMU_8G), value, Options(**options))  # type: ignore[arg-type]
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("facts", "arch"),
    [
        pytest.param(Facts(arch="x86_64"), "x86_64", id="a log of x86"),
        pytest.param(Facts(arch="s390x"), "s390x", id="a log of s390"),
        pytest.param(Facts(kernel="6.12.0-55.el10_0.x86_64"), "x86_64", id="by the kernel's name alone"),
    ],
)
def test_a_map_of_another_architecture_needs_a_what_if(facts: Facts, arch: str) -> None:
    """Rules of arm64 are never applied silently to other machines."""
    machine = Machine("pc.log", "dmesg", QEMU_8G, facts)
    with pytest.raises(InputError, match=f"pc.log: this is {arch}, not arm64"):
        make_plan(machine, "512M")
    assert any("planned as if" in note for note in make_plan(machine, "512M", Options(kernel="6.12")).notes)


def test_a_log_without_memory_ranges_says_what_to_give() -> None:
    with pytest.raises(InputError, match="shows no memory ranges; give the machine's /proc/iomem"):
        make_plan(Machine("short.log", "dmesg", MemoryMap(()), Facts(kernel="6.12.1")), "512M")
    with pytest.raises(
        InputError,
        match="shows no memory ranges and no version: its beginning is lost or cannot be read; give the machine's",
    ):
        make_plan(Machine("short.log", "dmesg", MemoryMap(())), "512M")


def test_a_map_of_nomap_regions_maps_nothing_there() -> None:
    memory = MemoryMap((Region(GIB, 2 * GIB, Flag.NOMAP.value), Region(2 * GIB, 4 * GIB)))
    assert plan(memory, "64M").baseline.leaves == Leaves(pud=2)


@pytest.mark.parametrize(
    ("version", "profile"),
    [
        ("4.19.0-26-arm64", "4.12"),
        ("5.4.0-150-generic", "4.12"),
        ("5.10.0", "5.10.0"),
        ("5.10.0-32-arm64", "5.10"),
        ("5.10", "5.10"),
        ("5.14.0-503.el9.aarch64+64k", "rhel9.5"),
        ("5.15.148-l4t-r36.4.4", "5.15-stable"),
        ("6.1.0-50-arm64", "6.1"),
        ("6.6.86", "6.6"),
        ("6.8.0-1010-aws-64k", "6.7"),
        ("6.12.117+deb13-arm64", "6.12"),
        ("7.2.13+deb14-arm64", "7.2"),
        ("7.3", "7.3"),
        ("generic", "generic"),
    ],
)
def test_a_version_as_a_machine_prints_it_selects_a_profile(version: str, profile: str) -> None:
    assert select_profile(version).profile.name == profile


@pytest.mark.parametrize("strategy", ["pud-aligned", "mainline"])
def test_a_size_that_wraps_when_it_is_rounded_to_pages_reserves_nothing(strategy: str) -> None:
    """The kernel logs success and 0 MB; no memory is taken, so the plan fails."""
    memory = MemoryMap((Region(GIB, 5 * GIB),))
    found = make_plan(
        Machine("<test>", "json", memory), "18446744073709551615", Options(kernel="6.1", strategy=strategy)
    )
    assert not found.reserved
    assert found.waste.hole_above >= 0
    assert found.waste.low_free_after == found.waste.low_free_before
    assert any("wraps to 0 bytes" in line for line in found.notes)


@pytest.mark.parametrize(
    ("kind", "page_size", "noted"),
    [
        pytest.param("dmesg", 64 * KIB, True, id="a log says otherwise"),
        pytest.param("dmesg", 4 * KIB, False, id="a log says so, too"),
        pytest.param("json", 64 * KIB, False, id="a map that is stated for any kernel"),
    ],
)
def test_another_page_size_than_the_machines_own_is_noted(kind: str, page_size: int, *, noted: bool) -> None:
    machine = Machine("<test>", kind, QEMU_8G, Facts(kernel="6.1", page_size=4 * KIB))
    found = make_plan(machine, "256M", Options(page_size=page_size))
    said = "the machine's own kernel has 4K pages; planned for 64K, as requested"
    assert (said in found.notes) is noted


def test_hot_pluggable_memory_is_mapped_and_left_alone_with_movable_node() -> None:
    """The crash memory is the bottom of an aligned area of 1 GiB."""
    memory = MemoryMap((Region(GIB, 2 * GIB), Region(2 * GIB, 3 * GIB, Flag.HOTPLUG.value)))
    found = plan(memory, "movable_node crashkernel=64M")
    assert found.reservation.crash == Range(GIB, GIB + 64 * MIB)
    assert found.baseline.leaves.pud == 2
    assert plan(memory, "crashkernel=64M").reservation.crash == Range(2 * GIB, 2 * GIB + 64 * MIB)


@pytest.mark.parametrize(("kernel", "symbol"), [("6.1", "KEXEC_CORE"), ("6.12", "CRASH_RESERVE")])
def test_a_kernel_without_crash_kernels_reserves_nothing_and_maps_as_without_the_parameter(
    kernel: str, symbol: str
) -> None:
    own = Facts(kernel=kernel, page_size=4 * KIB, va_bits=48, config={symbol: "n", "RODATA_FULL_DEFAULT_ENABLED": "n"})
    found = plan(QEMU_8G, "256M", own, strategy="mainline")
    assert (found.reservation.outcome, found.reservation.log) == ("none", ())
    assert found.mapping == found.baseline
    assert any("built without crash kernels" in note for note in found.notes)
