"""CMA areas at boot: upwards from 4 GiB, else from the top down; `,cma` memory in at most four areas."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given

from planner.base.ranges import Range, intersect, total
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.cma import (
    CMA_ALIGNS,
    Cma,
    cma_align,
    cma_of,
    declare_contiguous,
    default_area,
    early_areas,
    reserve_crashkernel_cma,
)
from planner.kernel.machine import Event
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from tests.strategies import memory_maps

NEWEST = select_profile("7.3").profile


def memblock(*regions: tuple[int, int], taken: tuple[tuple[int, int], ...] = ()) -> Memblock:
    return Memblock.of(MemoryMap([Region(a, b) for a, b in regions], [Reserved(a, b) for a, b in taken]))


@pytest.mark.parametrize(
    ("version", "page_size", "align"),
    [
        pytest.param("5.10", 4 * KIB, 4 * MIB, id="up to 5.17 the largest free block"),
        pytest.param("5.18", 4 * KIB, 2 * MIB, id="then a page block"),
        pytest.param("7.3", 4 * KIB, 2 * MIB, id="today"),
        pytest.param("6.12", 16 * KIB, 32 * MIB, id="16K pages"),
        pytest.param("5.10", 64 * KIB, 512 * MIB, id="64K pages, in every version"),
    ],
)
def test_what_an_area_is_aligned_to(version: str, page_size: int, align: int) -> None:
    assert cma_align(select_profile(version).profile, page_size) == align
    assert align in CMA_ALIGNS


def test_early_areas_are_those_of_a_log_that_no_crash_kernel_came_before() -> None:
    span = (4 * GIB, 4 * GIB + 64 * MIB)
    found = [
        Event("cma", 64 * MIB, *span),
        Event("cma", 64 * MIB, *span, before_crash=True),
        Event("cma", 64 * MIB, *span, before_crash=False),
        Event("cma", 64 * MIB),
        Event("swiotlb", 64 * MIB, *span),
    ]
    assert [early_areas([event]) for event in found] == [[span], [span], [], [], []]


@pytest.mark.parametrize(
    ("cmdline", "expected"),
    [
        pytest.param(None, Cma(), id="unknown"),
        pytest.param("quiet", Cma(), id="as configured"),
        pytest.param("cma=0", Cma(0), id="none"),
        pytest.param("cma=64M cma=128M", Cma(128 * MIB), id="the last one counts"),
        pytest.param("cma=64M@2G", Cma(64 * MIB, 2 * GIB, 2 * GIB + 64 * MIB), id="a fixed place"),
        pytest.param("cma=64M@1G-3G", Cma(64 * MIB, GIB, 3 * GIB), id="a range"),
    ],
)
def test_cma_is_read_as_the_kernel_reads_it(cmdline: str | None, expected: Cma) -> None:
    assert cma_of(cmdline) == expected


SHARE = {"CMA_SIZE_PERCENTAGE": "10"}
BOTH = {**SHARE, "CMA_SIZE_MBYTES": "64"}
TENTH = 52428 * 4 * KIB


@pytest.mark.parametrize(
    ("config", "asked", "size"),
    [
        pytest.param({}, None, None, id="not known"),
        pytest.param({"CMA_SIZE_MBYTES": "64"}, None, 64 * MIB, id="configured"),
        pytest.param({"CMA_SIZE_MBYTES": "64"}, 0, 0, id="cma= counts before that"),
        pytest.param({}, MIB, MIB, id="cma= alone"),
        pytest.param({"CMA": "n"}, MIB, 0, id="no CMA"),
        pytest.param({"CMA": "y", "DMA_CMA": "n"}, MIB, 0, id="CMA for others only"),
        pytest.param({**SHARE, "CMA_SIZE_SEL_PERCENTAGE": "y"}, None, TENTH, id="a share of RAM, in whole pages"),
        pytest.param({**BOTH, "CMA_SIZE_SEL_MIN": "y"}, None, 64 * MIB, id="the less of a share and a number"),
        pytest.param({**BOTH, "CMA_SIZE_SEL_MAX": "y"}, None, TENTH, id="the more of them"),
        pytest.param({**BOTH, "CMA_SIZE_SEL_MBYTES": "y"}, None, 64 * MIB, id="the number alone"),
        pytest.param({"CMA_SIZE_MBYTES": "64", "CMA_SIZE_SEL_MIN": "y"}, None, None, id="a share that is not known"),
        pytest.param({**SHARE, "CMA_SIZE_SEL_MAX": "y"}, None, None, id="a number that is not known"),
        pytest.param({**SHARE, "CMA_SIZE_SEL_PERCENTAGE": "y"}, MIB, MIB, id="cma= counts before a share, too"),
    ],
)
def test_the_size_of_the_default_area_is_asked_for_or_configured(
    config: dict[str, str], asked: int | None, size: int | None
) -> None:
    """The machine has 2 GiB in pages of 4K."""
    assert default_area(config, 2 * GIB, 4 * KIB, asked) == size


@pytest.mark.parametrize(
    ("regions", "taken", "size", "found"),
    [
        pytest.param([(GIB, 9 * GIB)], (), 256 * MIB, 4 * GIB, id="RAM beyond 4 GiB: from 4 GiB up"),
        pytest.param([(GIB, 9 * GIB)], ((4 * GIB, 5 * GIB),), 256 * MIB, 5 * GIB, id="above the ranges reserved there"),
        pytest.param([(GIB, 3 * GIB)], (), 256 * MIB, 3 * GIB - 256 * MIB, id="else from the top down"),
        pytest.param(
            [(GIB, 4 * GIB + 128 * MIB)], (), 256 * MIB, 4 * GIB - 128 * MIB, id="too little above: from the top down"
        ),
        pytest.param(
            [(GIB, 9 * GIB)], ((4 * GIB, 9 * GIB),), 256 * MIB, 4 * GIB - 256 * MIB, id="all of it taken: below"
        ),
        pytest.param([(GIB, 3 * GIB)], (), 4 * GIB, None, id="nowhere"),
    ],
)
def test_an_area_goes_above_4_gib_first_then_to_the_top(
    regions: list[tuple[int, int]], taken: tuple[tuple[int, int], ...], size: int, found: int | None
) -> None:
    """It is reserved; nothing is reserved if it does not fit."""
    state = memblock(*regions, taken=taken)
    before = list(state.reserved)
    area = declare_contiguous(state, size, 2 * MIB)
    assert area == (None if found is None else Range(found, found + size))
    assert sum(b - a for a, b in state.reserved) - sum(b - a for a, b in before) == (size if area else 0)


def test_the_size_is_rounded_up_to_the_alignment() -> None:
    assert declare_contiguous(memblock((GIB, 9 * GIB)), 5 * MIB, 4 * MIB) == Range(4 * GIB, 4 * GIB + 8 * MIB)


@pytest.mark.parametrize(
    ("regions", "size", "areas", "line"),
    [
        pytest.param(
            [(GIB, 9 * GIB)],
            256 * MIB,
            [Range(4 * GIB, 4 * GIB + 256 * MIB)],
            "crashkernel CMA reserved: 256 MB in 1 ranges",
            id="as a boot of 7.3 with 8 GiB: right at 4 GiB",
        ),
        pytest.param(
            [(GIB, GIB + 160 * MIB), (2 * GIB, 2 * GIB + 160 * MIB)],
            256 * MIB,
            [Range(2 * GIB + 32 * MIB, 2 * GIB + 160 * MIB), Range(GIB + 32 * MIB, GIB + 160 * MIB)],
            "crashkernel CMA reserved: 256 MB in 2 ranges",
            id="two halves where the whole fits nowhere",
        ),
        pytest.param(
            [((n + 1) * GIB, (n + 1) * GIB + 34 * MIB) for n in range(6)],
            256 * MIB,
            [*(Range(n * GIB, n * GIB + 32 * MIB) for n in (4, 5, 6)), Range(3 * GIB + 2 * MIB, 3 * GIB + 34 * MIB)],
            "crashkernel CMA reservation failed: 256 MB requested, 128 MB reserved in 4 ranges",
            id="four areas and no more",
        ),
        pytest.param(
            [(0, 16 * KIB)],
            64 * KIB,
            [],
            "crashkernel CMA reservation failed: 0 MB requested, 0 MB reserved in 0 ranges",
            id="down to a page",
        ),
    ],
)
def test_cma_memory_of_a_crash_kernel_is_one_area_or_halves_of_it(
    regions: list[tuple[int, int]], size: int, areas: list[Range], line: str
) -> None:
    """The kernel's log line says how much of it there is."""
    assert reserve_crashkernel_cma(memblock(*regions), size, NEWEST) == (areas, line)


@given(memory=memory_maps())
def test_areas_are_free_memory_and_apart(memory: MemoryMap) -> None:
    state = Memblock.of(memory)
    before = state.copy()
    areas, line = reserve_crashkernel_cma(state, 512 * MIB, NEWEST)
    spans = sorted((area.start, area.end) for area in areas)
    assert len(areas) <= 4
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert all(any(low <= a and b <= high for low, high in before.gaps()) for a, b in spans)
    assert not any(total(intersect(span, before.reserved)) for span in spans)
    assert ("failed" in line) == (sum(area.size for area in areas) < 512 * MIB)
