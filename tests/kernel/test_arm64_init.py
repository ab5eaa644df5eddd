"""Memory limits: mem=, the linear region, low memory of more RAM."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB, TIB
from planner.kernel.arm64_init import (
    apply_mem,
    clip_to_linear_region,
    cut_by_mem,
    grown_dma_limit,
    mem_limit,
    own_mem_limit,
)
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.kernel.pgtable import geometry
from planner.kernel.profiles import NEWEST, select_profile
from planner.planning.plan import make_plan

NOMAP = Flag.NOMAP.value


@pytest.mark.parametrize(
    ("cmdline", "page", "limit"),
    [
        pytest.param(None, 4 * KIB, None, id="no command line"),
        pytest.param("quiet", 4 * KIB, None, id="none given"),
        pytest.param("mem=3G", 4 * KIB, 3 * GIB, id="bytes"),
        pytest.param("mem=3G mem=2G", 4 * KIB, 2 * GIB, id="the last one counts"),
        pytest.param("mem=100M", 64 * KIB, 100 * MIB, id="a whole number of pages"),
        pytest.param("mem=100001K", 64 * KIB, 99968 * KIB, id="rounded down to a page"),
    ],
)
def test_what_a_command_line_leaves(cmdline: str | None, page: int, limit: int | None) -> None:
    assert mem_limit(cmdline, page) == limit


@pytest.mark.parametrize(
    ("regions", "limit", "kept"),
    [
        pytest.param([(1, 5, 0)], "2G", [(1, 3, 0)], id="the first 2G of RAM"),
        pytest.param([(1, 2, 0), (4, 8, 0)], "2G", [(1, 2, 0), (4, 5, 0)], id="counted without the holes"),
        pytest.param([(1, 2, NOMAP), (2, 4, 0)], "2G", [(1, 2, NOMAP), (2, 3, 0)], id="NOMAP memory counts"),
        pytest.param([(1, 3, 0), (4, 5, NOMAP)], "1G", [(1, 2, 0), (4, 5, NOMAP)], id="and stays where it is"),
        pytest.param([(1, 3, 0)], "8G", [(1, 3, 0)], id="more than there is"),
    ],
)
def test_mem_keeps_so_much_ram(
    regions: list[tuple[int, int, int]], limit: str, kept: list[tuple[int, int, int]]
) -> None:
    """Addresses in GiB."""
    memory = MemoryMap(tuple(Region(a * GIB, b * GIB, flags) for a, b, flags in regions))
    found = apply_mem(memory, int(limit[:-1]) * GIB, 4 * KIB)
    assert [(r.start // GIB, r.end // GIB, r.flags) for r in found.regions] == kept


@pytest.mark.parametrize(
    ("kernel", "limit", "then"),
    [
        pytest.param("6.12", 2 * GIB, 3 * GIB, id="the end of RAM"),
        pytest.param("5.4", 2 * GIB - 1, 3 * GIB - 1, id="its last byte, up to 5.4"),
        pytest.param("6.12", GIB + 512 * MIB, GIB + 512 * MIB, id="the firmware's limit"),
    ],
)
def test_low_memory_of_more_ram(kernel: str, limit: int, then: int) -> None:
    """RAM from 1G to 2G, with as much again hidden by `mem=`: a limit derived from the end of RAM rises."""
    seen, grown = MemoryMap((Region(GIB, 2 * GIB),)), MemoryMap((Region(GIB, 3 * GIB),))
    assert grown_dma_limit(limit, select_profile(kernel).profile, seen, grown) == then


def test_mem_adds_the_kernel_image_back() -> None:
    """An image above the limit is a separate region; one that the limit cuts extends the region below."""
    code = Reserved(4 * GIB, 4 * GIB + 8 * MIB, "Kernel code")
    memory = MemoryMap((Region(GIB, 5 * GIB),), (Reserved(2 * GIB, 3 * GIB), code))
    above = apply_mem(memory, GIB, 4 * KIB, [Range(4 * GIB, 4 * GIB + 32 * MIB)])
    assert above.regions == (Region(GIB, 2 * GIB), Region(4 * GIB, 4 * GIB + 32 * MIB))
    assert above.reserved == (code,)
    across = apply_mem(memory, GIB, 4 * KIB, [Range(2 * GIB - 16 * MIB, 2 * GIB + 16 * MIB)])
    assert across.regions == (Region(GIB, 2 * GIB + 16 * MIB),)


IMAGE = Range(6 * GIB, 6 * GIB + 32 * MIB)
INITRD = Range(7 * GIB, 7 * GIB + 6 * MIB)
CUT = MemoryMap(
    tuple(Region(r.start, r.end) for r in (Range(GIB, 4 * GIB), IMAGE, INITRD)),
    (Reserved(IMAGE.start, IMAGE.end), Reserved(INITRD.start, INITRD.end)),
)
"""Memory under `mem=3G`: the image and the initrd lie above, each a region of its own."""


@pytest.mark.parametrize(
    ("facts", "cut", "limit"),
    [
        pytest.param({"cmdline": "mem=3G"}, 4 * GIB, 3 * GIB, id="the command line tells"),
        pytest.param({"kernel_image": IMAGE, "kernel_data": IMAGE}, 4 * GIB, 3 * GIB, id="the image tells"),
        pytest.param(
            {"kernel_image": Range(IMAGE.start + 2 * MIB - 1, IMAGE.end)},
            4 * GIB,
            3 * GIB,
            id="up to 2M into its region",
        ),
        pytest.param({"kernel_image": Range(IMAGE.start + 2 * MIB, IMAGE.end)}, 0, None, id="an image deeper within"),
        pytest.param({"kernel_image": Range(IMAGE.start, IMAGE.end - 2 * MIB)}, 0, None, id="more memory behind it"),
        pytest.param({}, 0, None, id="nothing tells"),
        pytest.param({"cmdline": "quiet", "kernel_image": Range(GIB, 2 * GIB)}, 0, None, id="there was none"),
        pytest.param({"cmdline": "mem=8G"}, 0, 8 * GIB, id="it cut nothing"),
    ],
)
def test_where_a_mem_of_its_own_cut_a_map(facts: dict[str, object], cut: int, limit: int | None) -> None:
    own = Facts(**facts)  # type: ignore[arg-type]
    assert cut_by_mem(CUT, own, 4 * KIB) == cut
    assert own_mem_limit(CUT, own, 4 * KIB) == limit


@pytest.mark.parametrize(
    ("line", "ram"),
    [
        pytest.param("mem=3G", 3 * GIB, id="that it has already"),
        pytest.param("mem=2G", 2 * GIB, id="a smaller one"),
    ],
)
def test_what_a_mem_of_its_own_left_above_stays_under_another(line: str, ram: int) -> None:
    found = make_plan(machine(CUT, kernel_image=IMAGE, kernel_data=IMAGE), f"{line} crashkernel=128M")
    assert found.memory.ram == ram + 38 * MIB
    assert found.memory.regions[1:] == CUT.regions[1:]


def machine(memory: MemoryMap, *, settled: bool = False, kind: str = "iomem", **facts: object) -> Machine:
    known: dict[str, object] = {"kernel": "6.1", "page_size": 4 * KIB, "va_bits": 48, **facts}
    return Machine("<test>", kind, memory, Facts(**known), settled=settled)  # type: ignore[arg-type]


def test_mem_is_for_views_that_do_not_show_it_yet() -> None:
    """A what-if command line cuts /proc/iomem; it does not cut a memblock map, or a map that shows its own `mem=`.

    A log with memblock's regions has its own command line, so `mem=` of another one is applied there too.
    """
    memory = MemoryMap((Region(GIB, 5 * GIB),))
    line = "mem=2G crashkernel=256M"
    assert make_plan(machine(memory), line).memory.ram == 2 * GIB
    assert make_plan(machine(memory, settled=True), line).memory.ram == 4 * GIB
    assert make_plan(machine(memory, settled=True, kind="dmesg", cmdline="quiet"), line).memory.ram == 2 * GIB
    assert make_plan(machine(memory, settled=True, kind="dmesg"), line).memory.ram == 4 * GIB
    assert make_plan(machine(memory, cmdline="quiet mem=2G"), line).memory.ram == 4 * GIB
    assert make_plan(machine(memory), "mem=3G mem=2G mem crashkernel=256M").memory.ram == 2 * GIB


def test_ranges_are_matched_against_what_mem_leaves() -> None:
    found = make_plan(machine(MemoryMap((Region(GIB, 9 * GIB),))), "mem=2G crashkernel=1G-4G:128M,4G-:512M")
    assert found.request.size == 128 * MIB


def test_a_mem_of_less_than_a_page_is_no_limit() -> None:
    memory = MemoryMap((Region(GIB, 9 * GIB),))
    assert apply_mem(memory, 4 * KIB - 1, 4 * KIB) == memory


def clipped(*regions: Region, va_bits: int = 39, image: Range | None = None) -> tuple[tuple[Region, ...], int]:
    geo = geometry(4 * KIB, va_bits)
    memory, memstart, _ = clip_to_linear_region(MemoryMap(regions), NEWEST, geo, pa_bits=48, image=image)
    return memory.regions, memstart


def test_the_linear_region_drops_what_it_cannot_hold() -> None:
    """39 bits: 256 GiB from the start of RAM, rounded down to 1 GiB."""
    assert clipped(Region(GIB, 300 * GIB)) == ((Region(GIB, 257 * GIB),), GIB)
    assert clipped(Region(GIB, 3 * GIB), Region(TIB, 2 * TIB)) == ((Region(GIB, 3 * GIB),), GIB)
    assert clipped(Region(0, 300 * GIB)) == ((Region(0, 256 * GIB),), 0)


def test_a_kernel_high_in_memory_keeps_its_place() -> None:
    """Memory up to the end of the image stays, so the start moves up: 300 GiB + 32 MiB - 256 GiB, rounded up."""
    image = Range(300 * GIB, 300 * GIB + 32 * MIB)
    regions, memstart = clipped(Region(GIB, 400 * GIB), image=image)
    assert memstart == 45 * GIB
    assert regions == (Region(45 * GIB, 300 * GIB + 32 * MIB),)


def test_dropped_memory_is_reported_and_does_not_count() -> None:
    memory = MemoryMap((Region(GIB, 513 * GIB),))
    found = make_plan(machine(memory, va_bits=39, settled=True, kind="json"), "400G-:1G,1G-400G:256M")
    assert found.memory.ram == 256 * GIB
    assert found.request.size == 256 * MIB
    assert any("256G of RAM" in note for note in found.notes)
