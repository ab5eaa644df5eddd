"""The CMA area that a listing shows: where one of a usual size fills its entry, up to the limit of low memory."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range, Span
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import BootRecord, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.rewind.listed_cma import area_sizes, listed_area
from planner.rewind.view import PlannedBoot, View, view_of

PAGE = 4 * KIB
LOW = 4 * GIB


def view(*reserved: Span, end: int = 9 * GIB, crash: Span | None = None, kernel: str = "6.1") -> View:
    """A machine whose RAM begins at 1 GiB."""
    rows = [Reserved(*span, "reserved") for span in reserved] + ([Reserved(*crash, "Crash kernel")] if crash else [])
    facts = Facts(kernel=kernel, page_size=PAGE, record=BootRecord(Range(*crash)) if crash else None)
    machine = Machine("iomem.txt", "iomem", MemoryMap((Region(GIB, end),), rows), facts, settled=False)
    return view_of(machine, PlannedBoot(select_profile(kernel).profile, PAGE, LOW))


@pytest.mark.parametrize(
    ("reserved", "expected"),
    [
        pytest.param([(LOW - 64 * MIB, LOW)], (LOW - 64 * MIB, LOW), id="a usual size, up to the limit"),
        pytest.param([(LOW - 64 * MIB, LOW + MIB)], (LOW - 64 * MIB, LOW), id="what lies above is another matter"),
        pytest.param([(LOW - 96 * MIB, LOW)], (LOW - 96 * MIB, LOW), id="any size that fills its entry"),
        pytest.param([(LOW - 3 * MIB, LOW)], None, id="none of whole page blocks"),
        pytest.param([(5 * GIB, 5 * GIB + 64 * MIB)], None, id="not in high memory"),
        pytest.param([], None, id="nothing is reserved"),
    ],
)
def test_an_area_that_fills_its_entry(reserved: list[Span], expected: Span | None) -> None:
    shown = view(*reserved)
    assert listed_area(shown, shown.listed) == expected


def test_page_descriptors_may_lie_right_above_where_all_ram_is_low() -> None:
    """2 GiB on 6.1: 32M of them."""
    entry = (3 * GIB - 104 * MIB, 3 * GIB - 8 * MIB)
    shown = view(entry, (3 * GIB - 4 * MIB, 3 * GIB), end=3 * GIB)
    assert listed_area(shown, shown.listed) == (entry[0], entry[0] + 64 * MIB)


def test_a_kernel_that_reserves_before_memblock_has_its_area_later() -> None:
    shown = view((LOW - 64 * MIB, LOW), kernel="5.4")
    assert shown.planned.reserves_first
    assert listed_area(shown, shown.listed) is None


@pytest.mark.parametrize(
    ("reserved", "crash", "expected"),
    [
        pytest.param(
            (LOW - 40 * MIB, LOW), None, [32, 16, 8, 4, 40], id="what may lie in the largest entry, or fills it"
        ),
        pytest.param(
            (2 * GIB, 2 * GIB + 20 * MIB), None, [16, 8, 4], id="an entry that ends elsewhere is filled by none"
        ),
        pytest.param(
            (2 * GIB, 2 * GIB + 20 * MIB),
            (2 * GIB - 256 * MIB, 2 * GIB),
            [16, 8, 4, 20],
            id="right above the crash kernel",
        ),
        pytest.param((2 * GIB, 2 * GIB + 2 * MIB), None, [], id="none"),
    ],
)
def test_sizes_that_an_area_may_have(reserved: Span, crash: Span | None, expected: list[int]) -> None:
    """In MiB, usual ones first; 4M is the least of this kernel."""
    assert [size // MIB for size in area_sizes(view(reserved, crash=crash))] == expected
