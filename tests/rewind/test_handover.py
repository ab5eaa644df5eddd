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
from planner.rewind.handover import scratch_areas
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


def test_crash_kernel_counts() -> None:
    """What is set aside is twice as large for a crash kernel in low memory, under which the bounce buffer lies."""
    crash, start, size = (0xDC000000, 0xFC000000), 0x88000000, 2 * (512 + 64 + 64) * MIB
    shown = view(config={**DEFAULT_ON, "CMA_SIZE_MBYTES": "64"})
    reserved = ((start, crash[0]), crash, (crash[1], 0x100000000))
    listed = shown.listed._replace(reserved=reserved, kept=(crash,))
    assert next(scratch_areas(replace(shown, crash=(crash,), listed=listed))) == ((start, start + size),)


def test_doubt_where_it_is_not_found() -> None:
    """Where the areas are not told apart, the first line says so."""
    memory = MemoryMap((Region(0x40000000, 0x240000000),), (Reserved(0x90000000, 0xA0000000),))
    machine = Machine("m", "iomem", memory, Facts(kernel="7.0.0-30-generic"), settled=False)
    plan = make_plan(machine, "256M", Options(strategy="mainline"))
    assert "scratch memory of kexec handover may be among what is listed" in map_doubt_on(plan)
