"""Tables of the interrupt controller: a running kernel reserves them, and the next boot has none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.ranges import Span
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.rewind.gic_tables import lpi_tables
from planner.rewind.readings import rewind
from planner.rewind.view import PlannedBoot

AT = 4 * GIB + 4 * MIB
PAGE = 4 * KIB


def tables(count: int, at: int = AT) -> list[Span]:
    """Tables side by side."""
    return [(at + n * 64 * KIB, at + (n + 1) * 64 * KIB) for n in range(count)]


LIST = (AT - 200 * KIB, AT - 196 * KIB)


@pytest.mark.parametrize(
    ("others", "page_size", "found"),
    [
        pytest.param([], PAGE, [], id="nothing else"),
        pytest.param([LIST], PAGE, [LIST], id="the list of them"),
        pytest.param([LIST, (AT - MIB, AT - MIB + PAGE)], PAGE, [LIST], id="another page beneath"),
        pytest.param([(AT - 20 * MIB, AT - 20 * MIB + PAGE)], PAGE, [], id="a page far beneath"),
        pytest.param([(AT - 128 * KIB, AT - 120 * KIB)], PAGE, [], id="two pages"),
        pytest.param(
            [(AT - 160 * KIB, AT - 156 * KIB), (AT - 156 * KIB, AT - 144 * KIB)],
            16 * KIB,
            [(AT - 160 * KIB, AT - 156 * KIB), (AT - 156 * KIB, AT - 144 * KIB)],
            id="a page of 16K, of which 4K are entered",
        ),
        pytest.param([(AT - 192 * KIB, AT - 128 * KIB)], PAGE, [(AT - 192 * KIB, AT - 128 * KIB)], id="one apart"),
        pytest.param([(AT - 2 * MIB, AT - 2 * MIB + 64 * KIB)], PAGE, [], id="one far apart may be another's"),
        pytest.param([(AT + 4 * MIB, AT + 4 * MIB + 128 * KIB)], PAGE, [], id="what memblock joined"),
    ],
)
def test_tables_in_a_row_are_told_by_their_size(others: list[Span], page_size: int, found: list[Span]) -> None:
    """The page that lists them is one of them, if it is alone."""
    assert lpi_tables([*others, *tables(5)], page_size) == sorted([*found, *tables(5)])


@pytest.mark.parametrize(
    "reserved",
    [
        pytest.param([], id="nothing"),
        pytest.param(tables(1), id="one"),
        pytest.param([(AT, AT + 128 * KIB)], id="one entry of two"),
        pytest.param([(a + PAGE, b + PAGE) for a, b in tables(3)], id="not aligned"),
        pytest.param([span for span in tables(9) if span[0] % (128 * KIB)], id="not side by side"),
    ],
)
def test_anything_else_stays(reserved: list[Span]) -> None:
    """An entry of that size alone may be of any kind."""
    assert lpi_tables(reserved, PAGE) == []


def listing(*spans: Span, settled: bool = False) -> Machine:
    """A machine of 8G that lists these ranges, and its image."""
    rows = [Reserved(start, end, "reserved") for start, end in spans]
    image = Reserved(GIB + 2 * MIB, GIB + 34 * MIB, "Kernel code")
    return Machine(
        "x.iomem", "iomem", MemoryMap((Region(GIB, 9 * GIB),), (image, *rows)), Facts(kernel="6.12"), settled=settled
    )


def test_tables_are_no_obstacle_to_a_crash_kernel_at_their_address() -> None:
    """For a crash kernel at their address, and they are listed as later."""
    machine = listing(LIST, *tables(5))
    plan = make_plan(machine, f"64M@{4 * GIB:#x}", Options(strategy="mainline"))
    assert plan.reservation.crash is not None
    assert plan.reservation.crash.start == 4 * GIB
    found = [(r.start, r.end) for r in plan.memory.rewound if r.reason.startswith("interrupt tables: ")]
    assert found == [LIST, (AT, AT + 5 * 64 * KIB)]


@pytest.mark.parametrize("settled", [False, True], ids=["a listing", "what memblock had"])
def test_tables_are_left_out_of_every_reading_of_a_later_view(settled: bool) -> None:
    """Not of a state that memblock itself showed."""
    machine = listing(LIST, *tables(5), settled=settled)
    readings = rewind(machine, PlannedBoot(select_profile("6.12").profile, PAGE)).readings
    for reading in readings:
        assert any(AT <= r.start < AT + 5 * 64 * KIB for r in reading.memory.reserved) is settled


def test_the_readings_are_those_of_a_machine_without_them() -> None:
    """So what memblock allocated is searched for as it was."""
    bare = replace(listing(), facts=Facts(kernel="7.2"))
    asked = PlannedBoot(select_profile("7.2").profile, PAGE)
    with_them = replace(listing(LIST, *tables(40)), facts=bare.facts)
    assert [r.memory for r in rewind(with_them, asked).readings] == [r.memory for r in rewind(bare, asked).readings]
