"""Windows, their order, and low parts by span of kernels (facts A5)."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, MIB
from planner.kernel.crash_reserve import Bounds, Placement, Proposal, reserve, windows_of
from planner.kernel.crashkernel import parse
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import profile_named

LOW = Region(2 * GIB, 4 * GIB)
HIGH = Region(32 * GIB, 40 * GIB)
LOW_FULL = Reserved(2 * GIB, 4 * GIB - 192 * MIB)
"""192M is free below 4G."""
BOUNDS = Bounds(4 * GIB, 1 << 48)


def placed(kernel: str, value: str, *reserved: Reserved, proposal: Proposal | None = None) -> Placement:
    """A kernel's placement of a request with 2G of low and 8G of high memory."""
    memory = MemoryMap([LOW, HIGH], reserved)
    profile = profile_named(kernel)
    assert profile is not None
    request = parse(f"crashkernel={value}", memory.ram, profile)
    return reserve(Memblock.of(memory), request, profile, BOUNDS, proposal)


def at(start: int, size: int) -> Range:
    """The range of this size at an address."""
    return Range(start, start + size)


@pytest.mark.parametrize(
    ("kernel", "crash", "low"),
    [
        pytest.param("5.10", None, None, id="5.10 searches low memory only"),
        pytest.param("6.1", None, None, id="6.1 too"),
        pytest.param(
            "6.2",
            at(40 * GIB - 512 * MIB, 512 * MIB),
            at(4 * GIB - 128 * MIB, 128 * MIB),
            id="6.2 falls back to high memory",
        ),
        pytest.param("6.5", at(40 * GIB - 512 * MIB, 512 * MIB), at(4 * GIB - 128 * MIB, 128 * MIB), id="6.5 too"),
        pytest.param("6.12", at(40 * GIB - 512 * MIB, 512 * MIB), at(4 * GIB - 128 * MIB, 128 * MIB), id="6.12 too"),
    ],
)
def test_a_plain_request_without_room_below_the_dma_limit(kernel: str, crash: Range | None, low: Range | None) -> None:
    place = placed(kernel, "512M", LOW_FULL)
    assert (place.crash, place.low) == (crash, low)


@pytest.mark.parametrize(
    ("kernel", "low"),
    [
        pytest.param("6.1", None, id="6.1 takes a low part only with ,low"),
        pytest.param("6.6", at(4 * GIB - 128 * MIB, 128 * MIB), id="6.2 and later take 128M"),
        pytest.param("6.12", at(4 * GIB - 128 * MIB, 128 * MIB), id="the generic code as well"),
    ],
)
def test_high_memory_and_its_low_part(kernel: str, low: Range | None) -> None:
    place = placed(kernel, "512M,high")
    assert place.crash == at(40 * GIB - 512 * MIB, 512 * MIB)
    assert place.low == low


def test_if_the_low_part_fails_nothing_stays_reserved() -> None:
    place = placed("6.12", "512M,high crashkernel=256M,low", LOW_FULL)
    assert place.crash is None
    assert place.low_failed
    assert place.log == ["cannot allocate crashkernel low memory (size:0x10000000)."]


@pytest.mark.parametrize(
    ("kernel", "line"),
    [
        pytest.param(
            "5.10", "cannot reserve crashkernel: region overlaps reserved memory", id="three tests before 5.15"
        ),
        pytest.param("6.1", "cannot allocate crashkernel (size:0x20000000)", id="an ordinary search, 5.15 to 6.4"),
        pytest.param("6.12", "crashkernel reservation failed - memory is in use.", id="its own line since 6.5"),
    ],
)
def test_a_fixed_place_that_is_taken(kernel: str, line: str) -> None:
    place = placed(kernel, "512M@2G", Reserved(2 * GIB, 2 * GIB + MIB))
    assert place.crash is None
    assert place.log == [line]


def test_the_aligned_attempt_comes_first() -> None:
    """Where it succeeds the crash memory is the bottom of the area, and the tail is free."""
    place = placed("6.1", "512M", proposal=Proposal(GIB))
    assert place.area == Range(3 * GIB, 4 * GIB)
    assert place.crash == at(3 * GIB, 512 * MIB)
    assert place.unaligned == 4 * GIB - 512 * MIB
    assert [attempt.purpose for attempt in place.attempts] == ["aligned"]


def test_without_an_aligned_area_the_ordinary_search_follows() -> None:
    """There is exactly one aligned attempt; the search has the original size and alignment."""
    split = [Reserved(start + 512 * MIB, start + 513 * MIB) for start in (2 * GIB, 3 * GIB)]
    place = placed("6.1", "256M", *split, proposal=Proposal(GIB))
    assert place.area is None
    assert place.crash == at(4 * GIB - 256 * MIB, 256 * MIB)
    assert [(attempt.purpose, attempt.found is None) for attempt in place.attempts] == [
        ("aligned", True),
        ("exact", False),
    ]


def test_low_lines_come_before_the_main_line() -> None:
    assert placed("6.12", "512M,high").log == [
        "crashkernel low memory reserved: 0xf8000000 - 0x100000000 (128 MB)",
        "crashkernel reserved: 0x00000009e0000000 - 0x0000000a00000000 (512 MB)",
    ]


@pytest.mark.parametrize(
    ("kernel", "value", "windows"),
    [
        pytest.param("6.4", "1G", ["0-low", "0-high"], id="6.2 to 6.4 search everywhere again"),
        pytest.param("6.6", "1G", ["0-low", "low-high"], id="from 6.5 only above the limit"),
        pytest.param("6.6", "1G,high", ["4G-high", "0-low"], id="6.5 and 6.6: ,high from 4G on"),
        pytest.param("6.7", "1G,high", ["low-high", "0-low"], id="from 6.7: from the limit on"),
        pytest.param("6.1", "1G,high", ["0-high"], id="5.19 to 6.1: once"),
    ],
)
@pytest.mark.parametrize("low", [GIB, 1 << 48], ids=["a limit of 1G", "no DMA zones"])
def test_windows_are_searched_in_the_order_of_the_kernel(kernel: str, value: str, windows: list[str], low: int) -> None:
    """Windows from facts A5; 6.12 added the guard against an endless retry."""
    profile = profile_named(kernel)
    assert profile is not None
    address = {"0": 0, "low": low, "4G": 4 * GIB, "high": 1 << 48}
    expected = [(address[a], address[b]) for a, b in (window.split("-") for window in windows)]
    request = parse(f"crashkernel={value}", 8 * GIB, profile)
    assert windows_of(request, profile, Bounds(low, 1 << 48)) == expected


def test_the_second_window_of_high_is_skipped_without_dma_zones() -> None:
    """Kernels from 6.12 on skip it if both limits are the same."""
    profile = profile_named("6.12")
    assert profile is not None
    request = parse("crashkernel=1G,high", 8 * GIB, profile)
    assert windows_of(request, profile, Bounds(1 << 48, 1 << 48)) == [(1 << 48, 1 << 48)]
    assert len(windows_of(request, profile, BOUNDS)) == 2
