"""The waste table: every number from ranges, on maps whose numbers are computed here."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range, Span
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.linear_map import CONT_PTE, PTE, PUD, LeafSpan, measured
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.pgtable import geometry
from planner.planning.cost import LowMemory, base_pages_outside, hole_above, ideal_table_bytes, low_memory, waste
from planner.planning.result import ReservationView

K4 = geometry(4 * KIB, 48)
GAPS: list[Span] = [(GIB, 2 * GIB), (3 * GIB, 5 * GIB), (8 * GIB, 9 * GIB)]
LIMIT = 4 * GIB
NO_LOW = LowMemory(0, 0, 0, 0)


@pytest.mark.parametrize(
    ("taken", "free", "largest"),
    [
        pytest.param([], 2 * GIB, GIB, id="nothing"),
        pytest.param([Range(GIB, GIB + 256 * MIB)], 1792 * MIB, GIB, id="one of two gaps"),
        pytest.param(
            [Range(GIB, GIB + 256 * MIB), Range(3 * GIB + 512 * MIB, 5 * GIB)],
            1280 * MIB,
            768 * MIB,
            id="across the limit: only the part below counts",
        ),
        pytest.param([Range(8 * GIB, 9 * GIB)], 2 * GIB, GIB, id="above the limit"),
        pytest.param([Range(GIB + 256 * MIB, GIB + 512 * MIB)], 1792 * MIB, GIB, id="inside a gap: two are left of it"),
    ],
)
def test_low_memory_before_and_after(taken: list[Range], free: int, largest: int) -> None:
    """A gap across the limit counts up to it."""
    assert low_memory(GAPS, LIMIT, taken) == LowMemory(2 * GIB, free, GIB, largest)


@pytest.mark.parametrize(
    ("area", "hole"),
    [
        pytest.param(Range(GIB, 2 * GIB), 0, id="up to the next reservation"),
        pytest.param(Range(3 * GIB, 4 * GIB), GIB, id="free above it"),
        pytest.param(Range(2 * GIB, 2 * GIB + MIB), 0, id="a reserved range is not a hole"),
    ],
)
def test_the_hole_above_an_area(area: Range, hole: int) -> None:
    assert hole_above(GAPS, area) == hole


@pytest.mark.parametrize(
    ("size", "page", "bits", "ideal"),
    [
        pytest.param(256 * MIB, 4 * KIB, 48, (128 + 1) * 4 * KIB, id="PTE tables, and a PMD table in place of a block"),
        pytest.param(GIB + MIB, 4 * KIB, 48, (513 + 2) * 4 * KIB, id="begun ones count"),
        pytest.param(256 * MIB, 16 * KIB, 47, 8 * 16 * KIB, id="16K pages: the PMD tables are there anyway"),
        pytest.param(256 * MIB, 64 * KIB, 48, 64 * KIB, id="64K pages: one table"),
        pytest.param(0, 4 * KIB, 48, 0, id="nothing"),
    ],
)
def test_the_least_that_can_hold_the_crash_memory(size: int, page: int, bits: int, ideal: int) -> None:
    crash = Range(GIB, GIB + size)
    assert ideal_table_bytes(crash, geometry(page, bits), forced=False) == ideal
    assert ideal_table_bytes(crash, geometry(page, bits), forced=True) == 0
    assert ideal_table_bytes(None, geometry(page, bits), forced=False) == 0


def test_base_pages_outside_the_crash_memory_count_with_or_without_the_hint() -> None:
    """Blocks do not count."""
    spans: list[LeafSpan] = [(0, GIB, PUD), (GIB, GIB + 4 * MIB, PTE), (GIB + 4 * MIB, GIB + 5 * MIB, CONT_PTE)]
    own = measured(spans, K4, 0)
    assert base_pages_outside(own, None) == 5 * MIB
    assert base_pages_outside(own, Range(GIB + MIB, GIB + 3 * MIB)) == 3 * MIB
    assert base_pages_outside(own, Range(0, GIB)) == 5 * MIB


AREA = ReservationView(
    "aligned",
    crash=Range(3 * GIB, 3 * GIB + 256 * MIB),
    area=Range(3 * GIB, 4 * GIB),
    returned=(Range(3 * GIB + 256 * MIB, 4 * GIB - MIB),),
)
BASELINE = measured([(GIB, 9 * GIB, PUD)], K4, GIB)
REMAPPED = measured([(GIB, 3 * GIB, PUD), (3 * GIB, 4 * GIB, PTE), (4 * GIB, 9 * GIB, PUD)], K4, GIB)
MEMBLOCK = Memblock.of(
    MemoryMap((Region(GIB, 9 * GIB),), (Reserved(4 * GIB + 2 * MIB, 5 * GIB, "taken"),)), page_size=4 * KIB
)


def test_what_an_aligned_reservation_costs() -> None:
    """rounding = area - crash; kept = rounding - returned; tables and TLB entries over the baseline."""
    found = waste(
        AREA,
        mapped=REMAPPED,
        baseline=BASELINE,
        memblock=MEMBLOCK,
        low=LowMemory(3 * GIB, 2 * GIB, GIB, 512 * MIB),
        unaligned=4 * GIB - 258 * MIB,
        ideal=129 * 4 * KIB,
    )
    assert (found.rounding, found.returned, found.kept) == (768 * MIB, 767 * MIB, MIB)
    assert found.extra_table_bytes == 513 * 4 * KIB
    assert found.extra_tlb_entries == GIB // (4 * KIB) - 1
    assert found.alignment_loss == 766 * MIB
    assert (found.base_pages_outside_crash, found.hole_above, found.ideal_table_bytes) == (
        768 * MIB,
        2 * MIB,
        129 * 4 * KIB,
    )
    low = (found.low_free_before, found.low_free_after, found.low_largest_before, found.low_largest_after)
    assert low == (3 * GIB, 2 * GIB, GIB, 512 * MIB)


@pytest.mark.parametrize(
    "reservation",
    [ReservationView("failed"), ReservationView("fallback", crash=Range(GIB, 2 * GIB))],
    ids=["failed", "without an area"],
)
def test_without_an_area_nothing_is_rounded(reservation: ReservationView) -> None:
    found = waste(
        reservation,
        mapped=BASELINE,
        baseline=BASELINE,
        memblock=MEMBLOCK,
        low=NO_LOW,
        unaligned=4 * GIB,
        ideal=0,
    )
    assert (found.rounding, found.returned, found.kept, found.alignment_loss, found.hole_above) == (0, 0, 0, 0, 0)
    assert (found.extra_table_bytes, found.extra_tlb_entries) == (0, 0)


def test_the_baselines_own_base_pages_are_nobodys_waste() -> None:
    """They count neither for the same map nor for an equal one."""
    pages = measured([(GIB, 9 * GIB, PTE)], K4, GIB)
    for mapped in (pages, measured([(GIB, 9 * GIB, PTE)], K4, GIB)):
        found = waste(AREA, mapped=mapped, baseline=pages, memblock=MEMBLOCK, low=NO_LOW, unaligned=None, ideal=0)
        assert (found.base_pages_outside_crash, found.extra_table_bytes) == (0, 0)
