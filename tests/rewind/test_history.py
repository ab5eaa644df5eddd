"""What goes with allocations that are taken back: per-CPU areas, and small things among the later ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.ranges import Range, Span, union
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import BootRecord, Event, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Reserved
from planner.kernel.profiles import select_profile
from planner.rewind.histories import histories
from planner.rewind.view import PlannedBoot, view_of
from tests.rewind.recorded import listed, ways
from tests.rewind.test_readings import MEMORY, PAGE


def test_per_cpu_areas_lie_beneath_later_allocations_too() -> None:
    """On a recorded 7.2 the section table came right before them, and the page descriptors leave a hole below them."""
    named = [(0x40200000, 0x43100000, "Kernel image"), (0xDC000000, 0xFC000000, "Crash kernel")]
    unnamed = [
        (0xFC000000, 0x100000000),
        (0x42C400000, 0x43DC00000),
        (0x43DD69000, 0x43DD6A000),
        (0x43DD6A000, 0x43DDD6000),
        (0x43DDD8000, 0x43DDDB000),
        (0x43DDDB000, 0x43DFE3000),
        (0x43DFE3000, 0x43DFEE000),
        (0x43DFEE000, 0x440000000),
    ]
    machine = listed(17 * GIB, named, unnamed, kernel="7.2", page_size=PAGE)
    late = histories(view_of(machine, PlannedBoot(select_profile("7.2").profile, PAGE)))[0].late
    assert ((0x43DD6A000, 0x43DDD6000), "per-CPU areas") in late
    assert (0x43DD69000, 0x43DD6A000) in [span for span, _ in late], "what lies between later allocations is later"


@pytest.mark.parametrize(
    ("entry", "crash", "found"),
    [
        pytest.param((0x1BF3E7000, 0x1BF40D000), 0xFC000000, True, id="with what came early, above it"),
        pytest.param((0x1BF3E7000, 0x1BF407000), 0xFC000000, True, id="on its own"),
        pytest.param((0x1BF3E7000, 0x1BF406000), 0xFC000000, False, id="too small"),
        pytest.param((0x1BF3E7000, 0x1BF418000), 0xFC000000, False, id="with more than small things above it"),
        pytest.param((0x1BF3F8000, 0x1BF418000), 0xFC000000, False, id="too far above the per-CPU areas"),
        pytest.param((0x1BF3E4000, 0x1BF40D000), 0xFC000000, True, id="right above them"),
        pytest.param((0x1BF3E4000, 0x1BF40D000), 0x1BF200000, False, id="it kept the crash kernel down"),
    ],
)
def test_the_small_table_of_sections_lies_above_the_per_cpu_areas(entry: Span, crash: int, *, found: bool) -> None:
    """As on a recorded 7.3 on a processor of 48 bits: the usage maps of sections, of a few pages, lie between."""
    named = [(0x40200000, 0x43440000, "Kernel image"), (crash - 256 * MIB, crash, "Crash kernel")]
    high = crash > 4 * GIB
    top, pool = (crash - 256 * MIB, 0xFC000000) if high else (0x1BF200000, crash - 256 * MIB)
    unnamed = [
        (0xFC000000, 0x100000000),  # the CMA area
        (pool - 64 * MIB, pool),
        (top - 108 * MIB, top),  # page descriptors and hash tables
        (0x1BF291000, 0x1BF351000),
        (0x1BF351000, 0x1BF352000),
        (0x1BF352000, 0x1BF3E2000),
        *([(0x1BF3E4000, 0x1BF3E7000)] if entry[0] > 0x1BF3E4000 else []),
        entry,
        (0x1BF419000, 0x1C0000000),
    ]
    machine = listed(7 * GIB, named, unnamed, kernel="7.3", page_size=PAGE)
    late = histories(view_of(machine, PlannedBoot(select_profile("7.3").profile, PAGE)))[0].late
    assert ((0x1BF352000, 0x1BF3E2000), "per-CPU areas") in late
    assert (((entry[0], entry[0] + 128 * KIB), "section table") in late) is found


def test_per_cpu_areas_beneath_later_page_descriptors_are_later_too() -> None:
    """From 7.0 on; two pages above them are free again, and the hash tables lie right beneath."""
    top = 9 * GIB - 4 * MIB
    descriptors = (top - 8 * GIB // PAGE * 64, top)
    areas = (descriptors[0] - 256 * KIB, descriptors[0] - 2 * PAGE)
    crash = Range(4 * GIB - 256 * MIB, 4 * GIB)
    dentries, inodes = (areas[0] - 8 * MIB, areas[0]), (areas[0] - 12 * MIB, areas[0] - 8 * MIB)
    entries = ((inodes[0], areas[1]), descriptors, (top, 9 * GIB))
    rows = [Reserved(*span, "reserved") for span in entries]
    memory = MemoryMap(MEMORY.regions, (*rows, Reserved(crash.start, crash.end, "Crash kernel")))
    facts = Facts(kernel="7.2", page_size=PAGE, record=BootRecord(crash))
    found = ways(Machine("iomem.txt", "iomem", memory, facts, settled=False), "7.2")[0]
    assert found.late == (
        (descriptors, "memmap"),
        (dentries, "Dentry cache hash table"),
        (inodes, "Inode-cache hash table"),
        (areas, "per-CPU areas"),
    )


@pytest.mark.parametrize(
    ("pages", "later"),
    [
        pytest.param(1, True, id="one, as recorded"),
        pytest.param(4, True, id="a few"),
        pytest.param(5, False, id="more may be anything"),
    ],
)
def test_pages_right_beneath_a_later_allocation_are_later_too(pages: int, *, later: bool) -> None:
    """On a recorded 6.1 with blocks: taken after the areas of 12 processors, and no part of what lies above these."""
    page = (0xDFE46000 - pages * PAGE, 0xDFE46000)
    unnamed = [
        (0x41860000, 0x41EB0000),
        (0x48000000, 0x485B7000),
        (0x48600000, 0x48700000),
        (0xD9000000, 0xDFE00000),
        page,
        (0xDFE46000, 0xDFFBA000),
        (0xDFFBC000, 0xDFFBE000),
        (0xDFFBE000, 0xDFFE3000),
        (0xDFFE3000, 0xDFFF0000),
        (0xDFFF0000, 0xE0000000),
    ]
    named = [(0x40210000, 0x41860000, "Kernel code"), (0x41EB0000, 0x42210000, "Kernel data")]
    machine = listed(0xE0000000, named, unnamed, kernel="6.1", page_size=PAGE)
    events = (
        Event("node_data", 11392, 0xDFFDF380, 0xDFFE2000, before_crash=True),
        Event("cma", 64 * MIB, 0xD9600000, 0xDD600000, before_crash=True),
        *(Event("hash", size, name=name) for size, name in ((4 * MIB, "Dentry cache"), (2 * MIB, "Inode-cache"))),
        Event("percpu", 0x174000, name="0"),
    )
    (found,) = ways(replace(machine, facts=replace(machine.facts, cmdline="rodata=off", events=events)))
    assert (page in [span for span, _ in found.late]) is later
    lowest = page[0] if later else page[1]
    assert union(span for span, _ in found.late) == [(0xD9000000, 0xD9600000), (lowest, 0xDFFBA000)]
