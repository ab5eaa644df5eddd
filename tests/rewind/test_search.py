"""The search: one whole way ends it; what cannot be told apart is found, best first."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import BootRecord, Facts, Machine
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.rewind.boot_steps import CMA, PER_CPU, Choice
from planner.rewind.search import search
from planner.rewind.state import Allocation
from planner.rewind.view import PlannedBoot, View, view_of
from tests.memblocks import alloc

PAGE = 4 * KIB
LOW = 4 * GIB
MEMORY = MemoryMap((Region(GIB, GIB + 2 * GIB),))


def listed(*allocated: tuple[int, int], crash: int = 256 * MIB, memory: MemoryMap = MEMORY) -> View:
    """A machine whose RAM is all low: a crash kernel beneath an area of 64M, and these allocations after it."""
    memblock = Memblock.of(memory)
    alloc(memblock, 4 * MIB, PAGE)  # page tables
    alloc(memblock, 64 * MIB, 2 * MIB, 0, LOW)
    at = alloc(memblock, crash, 2 * MIB, 0, LOW) if crash else None
    for size, align in allocated:
        assert alloc(memblock, size, align) is not None
    if at is not None:
        memblock.free(at, crash)
    reserved = [Reserved(*span, "reserved") for span in memblock.reserved]
    record = None
    if at is not None:
        reserved.append(Reserved(at, at + crash, "Crash kernel"))
        record = BootRecord(Range(at, at + crash))
    facts = Facts(kernel="6.1", page_size=PAGE, record=record)
    machine = Machine("iomem.txt", "iomem", MemoryMap(memory.regions, reserved), facts, settled=False)
    return view_of(machine, PlannedBoot(select_profile("6.1").profile, PAGE, LOW))


AREA = Allocation(CMA, 64 * MIB, 2 * MIB, 0, LOW)
TABLES = [
    Choice((Allocation("large", 8 * MIB), Allocation("small", 4 * MIB))),
    Choice((Allocation("large", 2 * MIB),)),
    Choice(),
]


def test_the_choice_that_explains_all_is_found_and_ends_the_search() -> None:
    ways = search(listed((8 * MIB, 64), (4 * MIB, 64)), [[Choice((AREA,))]], [TABLES])
    assert ways[0].whole
    assert [name for _, name in ways[0].undone.freed] == [CMA, "crash kernel", "large", "small"]
    assert len(ways) == 1


def test_what_steps_have_in_common_is_taken_back_once() -> None:
    """Two steps: the last one first, then what came before it, whatever that was."""
    last = [Choice((Allocation("last", MIB),)), Choice((Allocation("last", 512 * KIB),))]
    ways = search(listed((2 * MIB, 64), (512 * KIB, 64)), [[Choice((AREA,))]], [TABLES, last])
    assert ways[0].whole
    assert [name for _, name in ways[0].undone.freed][2:] == ["large", "last"]


def test_what_explains_less_ranks_lower() -> None:
    """More is left than per-CPU areas take: not a whole way, but one that is kept."""
    shown = listed((96 * MIB, 64), memory=MemoryMap((Region(GIB, 9 * GIB),)))
    ways = search(shown, [[Choice((AREA,))]], [TABLES[:2]])
    assert ways
    assert not any(way.whole for way in ways)
    assert [way.rank for way in ways] == sorted(way.rank for way in ways)


def test_where_all_ram_is_low_no_way_explains_less() -> None:
    """The place of the CMA area tells more then."""
    assert search(listed((96 * MIB, 64)), [[Choice((AREA,))]], [TABLES[:2]]) == []


def test_per_cpu_areas_right_beneath_the_crash_kernel_are_told_from_what_is_left() -> None:
    """Their size is in no listing; nothing that came earlier lies there."""
    ways = search(listed((3 * MIB, PAGE), (8 * MIB, 64), (4 * MIB, 64)), [[Choice((AREA,))]], [TABLES])
    assert ways[0].whole
    assert [(name, end - start) for (start, end), name in ways[0].undone.freed if name == PER_CPU] == [
        (PER_CPU, 3 * MIB)
    ]


def test_an_unusual_choice_is_not_looked_at_where_a_usual_one_explains_the_crash_kernel() -> None:
    unusual = [Choice((Allocation("usual", 2 * MIB),)), Choice((Allocation("unusual", 2 * MIB),), unusual=True)]
    ways = search(listed((2 * MIB, 64)), [[Choice((AREA,))]], [unusual])
    assert {name for way in ways for _, name in way.undone.freed} == {CMA, "crash kernel", "usual"}


@pytest.mark.parametrize("lacking", [False, True])
def test_a_choice_that_lacks_what_every_boot_allocates_does_not_explain_everything(*, lacking: bool) -> None:
    tables = [Choice((Allocation("tables", 32 * MIB),)), Choice(unusual=True, lacking=lacking)]
    found = search(listed((2 * MIB, 64)), [[Choice((AREA,))]], [tables, [Choice((Allocation("last", 2 * MIB),))]])
    assert any(way.whole for way in found) == (not lacking)


def test_a_usual_way_is_looked_for_after_an_unusual_one() -> None:
    """What is unusual explains just what lies beneath the crash kernel; what is usual explains all that is listed."""
    first, last = Allocation("first", 6 * MIB, MIB), Allocation("last", 1536 * KIB, MIB)
    steps = [[Choice((first,)), Choice()], [Choice((Allocation("unusual", 6 * MIB),), unusual=True), Choice((last,))]]
    ways = search(listed((6 * MIB, MIB), (1536 * KIB, MIB)), [[Choice((AREA,))]], steps)
    assert [way.rank.unusual for way in ways if way.whole] == [False, True]
    assert [name for _, name in ways[0].undone.freed] == [CMA, "crash kernel", "first", "last"]


def test_nothing_is_found_where_a_needed_allocation_has_no_place() -> None:
    assert search(listed(crash=0), [[Choice((AREA,))]], [[Choice((Allocation("huge", GIB),))]]) == []


def test_what_is_left_beside_an_area_counts() -> None:
    """An area of 32M leaves half of the entry: the one of 64M, though nobody takes it by itself, explains all."""
    areas = [Choice((Allocation(CMA, 32 * MIB, 2 * MIB, 0, LOW),)), Choice((AREA,), unusual=True)]
    ways = search(listed((8 * MIB, 64), (4 * MIB, 64)), [areas], [TABLES])
    assert ways[0].whole
    assert ways[0].undone.freed[0][0] == (3 * GIB - 68 * MIB, 3 * GIB - 4 * MIB)


def test_a_fixed_place_is_one_beneath_a_free_place_of_every_window_that_has_one() -> None:
    """All RAM is low, so the windows above have none: the steps after a crash kernel do not tell its place."""
    memblock = Memblock.of(MEMORY)
    alloc(memblock, 4 * MIB, PAGE)
    memblock.reserve(GIB + 512 * MIB, 256 * MIB)
    reserved = [Reserved(*span, "reserved") for span in memblock.reserved if span[1] == 3 * GIB]
    reserved.append(Reserved(GIB + 512 * MIB, GIB + 768 * MIB, "Crash kernel"))
    facts = Facts(kernel="6.12", page_size=PAGE)
    machine = Machine("iomem.txt", "iomem", MemoryMap(MEMORY.regions, reserved), facts, settled=False)
    profile = select_profile("6.12").profile
    (way,) = search(view_of(machine, PlannedBoot(profile, PAGE, LOW)), [[Choice()]], [[Choice()]])
    assert way.whole
