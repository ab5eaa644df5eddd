"""Where all RAM is low memory, what lies beneath the CMA area came later, whatever it is."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range, Span
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import BootRecord, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.rewind.cma_stack import cma_stack
from planner.rewind.view import PlannedBoot, View, view_of

PAGE = 4 * KIB
TOP = 3 * GIB
TABLES = (TOP - 5 * MIB, TOP)


def beneath(at: int, size: int) -> Span:
    """`size` MiB right beneath an address."""
    return (at - size * MIB, at)


DESCRIPTORS = beneath(TOP - 6 * MIB, 32)
"""Of 2 GiB, aligned to 2M, up to 6.19: from the top of what the page tables leave."""

AREA, FIRST = beneath(DESCRIPTORS[0], 64), beneath(TOP - 6 * MIB, 64)
"""A CMA area beneath them, and on 7.2, where descriptors come later."""


def view(
    *reserved: Span, crash: Span | None = None, kernel: str = "7.2", nodes: tuple[Span, ...] = ((GIB, TOP),)
) -> View:
    """2 GiB of RAM from 1 GiB, with its page tables."""
    rows = [Reserved(*span, "reserved") for span in (*reserved, TABLES)]
    rows += [Reserved(*crash, "Crash kernel")] if crash else []
    facts = Facts(kernel=kernel, page_size=PAGE, record=BootRecord(Range(*crash)) if crash else None)
    memory = MemoryMap(tuple(Region(*node) for node in nodes), rows)
    machine = Machine("iomem.txt", "iomem", memory, facts, settled=False)
    return view_of(machine, PlannedBoot(select_profile(kernel).profile, PAGE, 4 * GIB))


@pytest.mark.parametrize(
    ("kernel", "entry", "descriptors", "area"),
    [
        pytest.param("7.2", (FIRST[0] - 13 * MIB, FIRST[1]), (), FIRST, id="an area"),
        pytest.param("6.1", (AREA[0] - 13 * MIB, DESCRIPTORS[1]), (DESCRIPTORS,), AREA, id="with descriptors above"),
        pytest.param(
            "7.2", (TOP - 6 * MIB - 45 * MIB, TOP - 6 * MIB), (), beneath(TOP - 6 * MIB, 32), id="a smaller area"
        ),
        pytest.param("6.1", (DESCRIPTORS[0] - MIB, DESCRIPTORS[1]), (DESCRIPTORS,), None, id="descriptors alone"),
    ],
)
def test_all_of_an_entry_beneath_the_area_came_later(
    kernel: str, entry: Span, descriptors: tuple[Span, ...], area: Span | None
) -> None:
    shown = view(entry, kernel=kernel)
    found = cma_stack(shown, anywhere=True)
    assert found is not None
    assert (found.early.memmap, found.early.cma) == (descriptors, area)
    assert found.late(shown) == [(entry[0], area[0] if area else descriptors[0][0])]


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param((FIRST[0] - 32 * MIB, FIRST[1] - 32 * MIB), id="a higher place is free"),
        pytest.param((TOP - 14 * MIB, TOP - 6 * MIB), id="too small for an area with something beneath"),
    ],
)
def test_no_entry_has_an_area_at_its_top(entry: Span) -> None:
    assert cma_stack(view(entry), anywhere=True) is None


@pytest.mark.parametrize(
    ("crash", "anywhere", "expected"),
    [
        pytest.param(beneath(FIRST[0], 256), False, FIRST, id="right beneath the area"),
        pytest.param(beneath(2 * GIB, 256), False, None, id="elsewhere, though nothing asked for that"),
        pytest.param(beneath(2 * GIB, 256), True, FIRST, id="at an address"),
        pytest.param(beneath(TOP - 6 * MIB - 128 * MIB, 256), False, beneath(TOP - 6 * MIB, 128), id="tells the size"),
    ],
)
def test_the_crash_kernel_lies_right_beneath_the_area(crash: Span, anywhere: bool, expected: Span | None) -> None:
    end = expected[0] if expected else FIRST[0]
    found = cma_stack(view((end, TOP - 6 * MIB), beneath(crash[0], 20), crash=crash), anywhere=anywhere)
    assert (found.early.cma if found else None) == expected


def test_without_an_area_the_crash_kernel_lies_right_beneath_the_page_descriptors() -> None:
    crash = beneath(DESCRIPTORS[0], 256)
    found = cma_stack(view(DESCRIPTORS, beneath(crash[0], 20), crash=crash, kernel="6.1"), anywhere=False)
    assert found is not None
    assert (found.early.memmap, found.early.cma) == ((DESCRIPTORS,), None)


def test_what_came_later_goes_on_beneath_small_gaps() -> None:
    """So it does beneath the crash kernel, and not beneath a gap that would have held it."""
    crash = beneath(FIRST[0], 256)
    first, second, other = beneath(crash[0], 3), beneath(crash[0] - 4 * MIB, 5), beneath(2 * GIB, 8)
    shown = view(FIRST, first, second, other, crash=crash)
    found = cma_stack(shown, anywhere=False)
    assert found is not None
    assert found.late(shown) == [second, first]


def test_on_7_2_each_node_may_have_an_area_of_its_own() -> None:
    """The default one comes first, so it and that of its node are one entry: no area of twice the size."""
    nodes = ((GIB, 2 * GIB), (2 * GIB, TOP))
    low, own = beneath(2 * GIB, 64), beneath(FIRST[0], 64)
    later = beneath(own[0], 13)
    shown = view(low, (later[0], FIRST[1]), nodes=nodes)
    found = cma_stack(shown, anywhere=True)
    assert found is not None
    assert (found.early.cma, found.early.on_nodes) == (FIRST, (low, own))
    assert found.late(shown) == [later]
    without = cma_stack(view((later[0], FIRST[1]), nodes=nodes), anywhere=True)
    assert without is not None
    assert without.early.on_nodes == (), "the other node shows none"
    elsewhere = cma_stack(view(beneath(2 * GIB - 96 * MIB, 64), (later[0], FIRST[1]), nodes=nodes), anywhere=True)
    assert elsewhere is not None
    assert elsewhere.early.on_nodes == (), "what the other node shows lies where no area would"


def test_of_very_many_entries_nothing_is_looked_for() -> None:
    """The search would take long, and no machine lists so many."""
    many = [(GIB + n * MIB, GIB + n * MIB + PAGE) for n in range(1024)]
    assert cma_stack(view(*many[:900], FIRST), anywhere=True) is not None
    assert cma_stack(view(*many, FIRST), anywhere=True) is None
