"""What goes with allocations that are taken back: per-CPU areas, and small things among the later ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.ranges import Range, union
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
