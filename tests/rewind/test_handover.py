"""The scratch memory of kexec handover: which of what is listed it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.sizes import MIB
from planner.kernel.machine import Event, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import profile_named
from planner.planning.doubts import map_doubt_on
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.rewind.handover import may_be_listed, scratch_areas
from planner.rewind.view import PlannedBoot, View, view_of

DEFAULT_ON = {"KEXEC_HANDOVER_ENABLE_DEFAULT": "y", "CMA_SIZE_MBYTES": "32"}


def view(
    *reserved: tuple[int, int],
    kernel: str = "7.0",
    cmdline: str | None = None,
    config: dict[str, str] | None = None,
    events: tuple[Event, ...] = (),
) -> View:
    """A machine of 3 GiB below 4 GiB and 5 GiB above, with these reserved ranges."""
    regions = (Region(0x40000000, 0x240000000),)
    memory = MemoryMap(regions, tuple(Reserved(start, end) for start, end in reserved))
    machine = Machine("m", "iomem", memory, Facts(cmdline=cmdline, events=events), settled=False)
    profile = profile_named(kernel)
    assert profile is not None
    planned = PlannedBoot(profile, 4096, 1 << 32, config=DEFAULT_ON if config is None else config)
    return view_of(machine, planned)


@pytest.mark.parametrize(
    ("reserved", "cmdline", "expected"),
    [
        # A CMA area of 32M and a bounce buffer of 64M: twice 96M beneath, in the same entry.
        pytest.param([(0xEE000000, 0x100000000)], None, ((0xEE000000, 0xFA000000),), id="one entry"),
        pytest.param([(0xEDE00000, 0xF9E00000), (0xF9FFF000, 0xFDFFF000), (0xFE000000, 0x100000000)], None,
                     ((0xEDE00000, 0xF9E00000),), id="an entry of its own"),
        pytest.param([(0xF4000000, 0x100000000)], "cma=0", ((0xF4000000, 0xFC000000),), id="no CMA area"),
        pytest.param([(0xFA000000, 0x100000000)], None, None, id="none where nothing else is listed"),
        pytest.param([(0xEE000000, 0x100000000)], "kho_scratch=192M,1G,1G", None, id="sizes that are asked for"),
    ],
)  # fmt: skip
def test_area_in_low_memory(
    reserved: list[tuple[int, int]], cmdline: str | None, expected: tuple[tuple[int, int], ...] | None
) -> None:
    """Twice the CMA area and the bounce buffer, at the lowest place."""
    assert next(scratch_areas(view(*reserved, cmdline=cmdline)), None) == expected


@pytest.mark.parametrize(
    ("beside", "size"),
    [
        pytest.param(48, 192, id="page tables of 16M, and 32M of others"),
        pytest.param(16, 64, id="page tables alone"),
    ],
)
def test_areas_above_low_memory(beside: int, size: int) -> None:
    """The two are four times as large as all above them in their entry, where that is a node's own."""
    low, end = (0xEE000000, 0x100000000), 0x240000000
    start = end - (beside + size) * MIB
    ways = list(scratch_areas(view(low, (start, end))))
    assert ways[0] == ((low[0], 0xFA000000), (start, ways[0][1][1]))
    assert 0 <= ways[0][1][1] - start - size * MIB <= 4 * MIB  # each of the two is rounded up


def test_no_area_is_empty() -> None:
    """Whatever size is left for them where little is listed above low memory."""
    ways = list(scratch_areas(view((0xEE000000, 0x100000000), (0x240000000 - 20 * MIB, 0x240000000))))
    assert ways
    assert all(start < end for areas in ways for start, end in areas)


def test_crash_kernel_counts() -> None:
    """What is set aside is twice as large for a crash kernel in low memory, under which the bounce buffer lies."""
    crash, start, size = (0xDC000000, 0xFC000000), 0x88000000, 2 * (512 + 64 + 64) * MIB
    shown = view(config={**DEFAULT_ON, "CMA_SIZE_MBYTES": "64"})
    reserved = ((start, crash[0]), crash, (crash[1], 0x100000000))
    listed = shown.listed._replace(reserved=reserved, kept=(crash,))
    assert next(scratch_areas(replace(shown, crash=(crash,), listed=listed))) == ((start, start + size),)


MAY_BE = "scratch memory of kexec handover may be among what is listed"


@pytest.mark.parametrize(
    ("end", "own", "crash", "doubted"),
    [
        pytest.param(
            0xA8000000, "7.0.0-30-generic", None, True, id="room for twice the page descriptors, and for them"
        ),
        pytest.param(0xA7F00000, "7.0.0-30-generic", None, False, id="no room"),
        pytest.param(0xA8000000, None, None, True, id="a listing taken for the planned kernel's"),
        pytest.param(0xA8000000, "6.8.0-31-generic", None, False, id="another kernel's listing, which has none"),
        pytest.param(0xC8000000, "7.0.0-30-generic", 256, True, id="room for twice the crash kernel, too"),
        pytest.param(0xC7F00000, "7.0.0-30-generic", 256, False, id="no room for that"),
    ],
)
def test_doubt_where_it_is_not_found(end: int, own: str | None, crash: int | None, doubted: bool) -> None:
    """Where the areas are not told apart, the first line says so; but not where there can be none."""
    kernel = Reserved(0xD0000000, 0xD0000000 + (crash or 0) * MIB, "Crash kernel")
    reserved = (Reserved(0x90000000, end, "reserved"), *([kernel] if crash else []))
    memory = MemoryMap((Region(0x40000000, 0x240000000),), reserved)
    machine = Machine("m", "iomem", memory, Facts(kernel=own), settled=False)
    plan = make_plan(machine, "256M", Options(strategy="mainline", kernel="7.0.0-30-generic"))
    assert (MAY_BE in map_doubt_on(plan)) is doubted


def test_low_memory_has_twice_the_crash_kernel_there() -> None:
    """What is listed above it leaves no room for the area of a low crash kernel."""
    crash, above = (0xC0000000, 0xE0000000), (0x1C0000000, 0x240000000)
    shown = view((0x40000000, 0x80000000), above)
    listed = shown.listed._replace(reserved=((0x40000000, 0x80000000), crash, above))
    assert may_be_listed(replace(shown, crash=(crash,), listed=listed))
    listed = listed._replace(reserved=((0x40000000, 0x7FF00000), crash, above))
    assert not may_be_listed(replace(shown, crash=(crash,), listed=listed))
