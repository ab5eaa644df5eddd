"""Ways back from a running machine: how many there are, and what each takes for granted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.ranges import Range, union
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import BootRecord, Event, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.rewind.histories import History, histories
from planner.rewind.view import PlannedBoot, view_of
from tests.rewind import test_from_log
from tests.rewind.boots import Boot, Kernel
from tests.rewind.test_back import MEMORY, PAGE, boot, early, logged

ASKED = PlannedBoot(select_profile("6.1").profile, PAGE, 4 * GIB)


def ways(machine: Machine, kernel: str = "6.1") -> list[History]:
    return histories(view_of(machine, replace(ASKED, profile=select_profile(kernel).profile)))


def reserved(history: History) -> list[tuple[int, int]]:
    return union(history.state.blocks)


def listed(
    end: int, named: list[tuple[int, int, str]], unnamed: list[tuple[int, int]], *, kernel: str, page_size: int
) -> Machine:
    """A recorded machine, whose RAM begins at 1 GiB."""
    reserved = [Reserved(*entry) for entry in (*named, *((*span, "reserved") for span in unnamed))]
    memory, facts = MemoryMap((Region(GIB, end),), reserved), Facts(kernel=kernel, page_size=page_size)
    return Machine("iomem.txt", "iomem", memory, facts, settled=False)


def test_a_map_that_is_memblocks_own_has_one_way() -> None:
    """Nothing came later; its CMA area and page descriptors are known for another boot."""
    (only,) = ways(logged("quiet"))
    assert only.what == "as the log shows it"
    assert only.late == ()
    assert reserved(only) == early().reserved
    assert only.early.cma is not None
    assert only.early.cma[1] - only.early.cma[0] == 64 * MIB
    assert [end - start for start, end in only.early.memmap] == [8 * GIB // PAGE * 64]


@pytest.mark.parametrize("high", [False, True])
def test_a_log_that_names_what_came_later_leaves_one_way(high: bool) -> None:
    """With its names; all of it is taken back."""
    found = ways(boot(crash=256 * MIB, high=high, log=True))
    assert [history.what for history in found] == ["what the log names"]
    assert {"software IO TLB", "Dentry cache hash table", "Inode-cache hash table"} <= {n for _, n in found[0].late}
    assert reserved(found[0]) == early().reserved


def test_without_a_log_guesses_come_first_and_the_listing_itself_last() -> None:
    found = ways(boot(crash=256 * MIB, log=False))
    assert found[0].what.startswith("assumed to have come later: ")
    assert found[-1].what == "every reservation listed came before the crash kernel"
    assert found[-1].late == ()
    assert any(history.what == "only what lies directly beneath the crash kernel came later" for history in found)
    assert len(found) <= 5


@pytest.mark.parametrize(
    ("size", "memory"),
    [
        pytest.param(64 * MIB, MEMORY, id="a usual size"),
        pytest.param(64 * MIB, MemoryMap((Region(GIB, 3 * GIB),)), id="beneath page descriptors in low memory"),
        pytest.param(96 * MIB, MEMORY, id="more than the usual size"),
        pytest.param(208 * MIB, MEMORY, id="some other"),
    ],
)
def test_a_cma_area_of_any_size_is_seen_above_the_crash_kernel(size: int, memory: MemoryMap) -> None:
    (found, *_) = ways(boot(crash=256 * MIB, cma=size, log=False, memory=memory))
    assert found.early.cma is not None
    assert found.early.cma[1] - found.early.cma[0] == size


def test_a_listing_that_nothing_explains_leaves_what_is_certain() -> None:
    """All that lies directly beneath the crash kernel came later; or all that is listed came before."""
    machine = boot(crash=256 * MIB, log=False)
    odd = [Reserved(GIB + n * 128 * MIB, GIB + n * 128 * MIB + (n + 3) * 4 * KIB, "reserved") for n in range(2, 9)]
    crash = next(r for r in machine.memory.reserved if r.name == "Crash kernel")
    beneath = Reserved(crash.start - 12 * KIB, crash.start, "reserved")
    listed = replace(machine, memory=MemoryMap(MEMORY.regions, (crash, beneath, *odd)))
    simple = next(h for h in ways(listed) if h.what.startswith("only what lies directly beneath"))
    assert [span for span, _ in simple.late] == [(beneath.start, beneath.end)]
    assert (beneath.start, beneath.end) not in simple.state.blocks


@pytest.mark.parametrize(
    ("kernel", "ram", "line"),
    [
        pytest.param(
            Kernel("6.1", 16 * KIB), 1536 * MIB, "crashkernel=512M log_buf_len=16M", id="6.1 with a log buffer"
        ),
        pytest.param(Kernel("7.2"), 2 * GIB, "crashkernel=512M log_buf_len=16M", id="7.2 with a log buffer"),
        pytest.param(Kernel("7.2", 16 * KIB), 2560 * MIB, "crashkernel=512M", id="7.2"),
    ],
)
def test_what_every_boot_allocates_is_looked_for_before_what_few_do(kernel: Kernel, ram: int, line: str) -> None:
    """The hash tables: though what is unusual would explain the listing as well."""
    machine = Boot(kernel, ram, line).machine(log=False)
    asked = PlannedBoot(select_profile(kernel.version).profile, kernel.page_size)
    late = {name for _, name in histories(view_of(machine, asked))[0].late}
    assert {"Dentry cache hash table", "Inode-cache hash table"} <= late


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
    ("ends_above", "first"),
    [
        pytest.param(
            True, "what the log does not name, above what came later, was there before", id="RAM above the limit"
        ),
        pytest.param(False, "what the log names as later came later", id="all RAM is low memory"),
    ],
)
def test_a_log_alone_leaves_open_what_it_does_not_name(ends_above: bool, first: str) -> None:
    regions = MEMORY.regions if ends_above else (replace(MEMORY.regions[0], end=3 * GIB),)
    top = regions[-1].end
    at = min(top, 4 * GIB) - 512 * MIB
    events = (
        Event("cma", 64 * MIB, at + 400 * MIB, at + 464 * MIB, before_crash=True),
        Event("swiotlb", 64 * MIB, at, at + 64 * MIB),
    )
    taken = tuple(Reserved(e.start, e.end, e.kind) for e in events if e.start is not None and e.end is not None)
    machine = Machine("boot.log", "dmesg", MemoryMap(regions, taken), Facts(kernel="6.1", events=events), settled=False)
    found = ways(machine)
    assert found[0].what == first
    assert found[-1].what == "every reservation listed came before the crash kernel"
    assert any("which the log does not place, are in the way" in history.what for history in found)
    assert all((at, at + 64 * MIB) in [span for span, _ in history.late] for history in found[:-1])


def test_per_cpu_areas_beneath_later_page_descriptors_are_later_too() -> None:
    """From 7.0 on; two pages above them are free again. Nothing lies beneath them where there is no bounce buffer."""
    top = 9 * GIB - 4 * MIB
    descriptors = (top - 8 * GIB // PAGE * 64, top)
    areas = (descriptors[0] - 256 * KIB, descriptors[0] - 2 * PAGE)
    crash = Range(4 * GIB - 256 * MIB, 4 * GIB)
    rows = [Reserved(*span, "reserved") for span in (areas, descriptors, (top, 9 * GIB))]
    memory = MemoryMap(MEMORY.regions, (*rows, Reserved(crash.start, crash.end, "Crash kernel")))
    facts = Facts(kernel="7.2", page_size=PAGE, record=BootRecord(crash))
    found = ways(Machine("iomem.txt", "iomem", memory, facts, settled=False), "7.2")[0]
    assert found.late == ((descriptors, "memmap"), (areas, "per-CPU areas"))


def test_each_way_of_a_log_alone_has_its_own_page_descriptors() -> None:
    """They lie beneath the image, where UEFI put it: each way holds those that fit it, and no others."""
    lines = (test_from_log.TABLES, test_from_log.MEMORY, test_from_log.CMA, test_from_log.LINE)
    *ways_of_log, as_logged = ways(test_from_log.log("NODE_DATA(0) allocated [mem 0x16f7fd100-0x16f7fffff]", *lines))
    assert len(ways_of_log) > 3
    assert len({history.early.memmap for history in ways_of_log}) > 1
    assert as_logged.early.memmap == ()
    for history in ways_of_log:
        assert history.state.without(history.early.memmap).with_more(history.early.memmap) == history.state


def test_the_areas_of_many_processors_lie_beside_later_allocations_where_all_ram_is_low() -> None:
    """On a recorded 6.12 with 16K pages: 1.9M for eight processors, above the hash tables and the bounce buffer."""
    named = [(0x40200000, 0x427B0000, "Kernel image")]
    unnamed = [
        (0x48000000, 0x48100000),
        (0x48200000, 0x48300000),
        (0x9E000000, 0x9E800000),
        (0xBA000000, 0xBE000000),
        (0xBF7EC000, 0xBFEDC000),
        (0xBFEDC000, 0xBFEE0000),
        (0xBFEE0000, 0xBFEF0000),
        (0xBFEF0000, 0xBFEFC000),
        (0xBFEFC000, 0xC0000000),
    ]
    machine = listed(3 * GIB, named, unnamed, kernel="6.12", page_size=16 * KIB)
    profile = select_profile("6.12").profile
    first, *_ = histories(view_of(machine, PlannedBoot(profile, 16 * KIB, crash=False)))
    assert union(span for span, _ in first.late) == [(0xBF7EC000, 0xBFEDC000)]
    assert {name: span for span, name in first.late}["per-CPU areas"] == (0xBFCF4000, 0xBFEDC000)


def test_the_areas_of_many_processors_may_be_what_nothing_else_explains() -> None:
    """On a recorded 7.3 with 16K pages: 24 processors on each of two nodes, 3840K beneath the page descriptors."""
    spans = [
        (0x48000000, 0x48100000),
        (0x48200000, 0x48300000),
        (0xED000000, 0xEE000000),
        (0xFC000000, 0x104000000),
        (0x13EC30000, 0x13FFF8000),
        (0x13FFF8000, 0x140000000),
        (0x140000000, 0x144000000),
        (0x23DD58000, 0x23DD88000),
        (0x23DD88000, 0x23E80C000),
        (0x23E80C000, 0x23EBCC000),
        (0x23EBD0000, 0x23FBD8000),
        (0x23FBD8000, 0x23FBFC000),
        (0x23FBFC000, 0x240000000),
    ]
    reserved = [Reserved(*span, "reserved") for span in spans]
    reserved += [Reserved(0x40200000, 0x43430000, "Kernel image"), Reserved(0xEE000000, 0xFC000000, "Crash kernel")]
    memory = MemoryMap((Region(GIB, 5 * GIB), Region(5 * GIB, 9 * GIB)), reserved)
    machine = Machine("iomem.txt", "iomem", memory, Facts(kernel="7.3", page_size=16 * KIB), settled=False)
    late = histories(view_of(machine, PlannedBoot(select_profile("7.3").profile, 16 * KIB)))[0].late
    assert ((0xED000000, 0xEE000000), "software IO TLB") in late
    assert union(span for span, name in late if name in ("memmap", "per-CPU areas"))[0] == (0x13EC30000, 0x13FFF8000)


def test_a_page_right_beneath_a_later_allocation_is_later_too() -> None:
    """On a recorded 6.1 with blocks: taken after the areas of 12 processors, and no part of what lies above these."""
    page = (0xDFE45000, 0xDFE46000)
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
    assert page in [span for span, _ in found.late]
    assert union(span for span, _ in found.late) == [(0xD9000000, 0xD9600000), (0xDFE45000, 0xDFFBA000)]


def test_most_of_a_large_entry_at_the_top_is_not_what_came_later() -> None:
    """A quarter of the RAM: an area and all beneath it would be a reading of anything."""
    named = [(0x40200000, 0x421A0000, "Kernel code"), (0x42B60000, 0x42F10000, "Kernel data")]
    machine = listed(2 * GIB, named, [(0x421A0000, 0x42B60000), (0x70000000, 2 * GIB)], kernel="6.6", page_size=PAGE)
    found = histories(view_of(machine, PlannedBoot(select_profile("6.6").profile, PAGE)))
    assert not any("beneath the CMA area" in history.what for history in found)
    assert found[0].what.startswith("assumed to have come later: ")


def test_where_all_ram_is_low_what_lies_beneath_the_area_comes_before_what_explains_less() -> None:
    """On a recorded 7.2 with nine processors: a bounce buffer, hash tables, their areas, and page descriptors."""
    named = [(0x40200000, 0x42710000, "Kernel code"), (0x42AE0000, 0x43100000, "Kernel data")]
    unnamed = [
        (0x42710000, 0x42AE0000),
        (0x48000000, 0x480F2000),
        (0x48200000, 0x48300000),
        (0x999BC000, 0x9FC00000),
        (0x9FCD8000, 0x9FCE4000),
        (0x9FCE4000, 0x9FCE5000),
        (0x9FCE7000, 0x9FCEA000),
        (0x9FCEA000, 0x9FCEF000),
        (0x9FCEF000, 0x9FCFC000),
        (0x9FCFC000, 0xA0000000),
    ]
    machine = listed(0xA0000000, named, unnamed, kernel="7.2", page_size=PAGE)
    first, *others = histories(view_of(machine, PlannedBoot(select_profile("7.2").profile, PAGE)))
    assert first.what == "all beneath the CMA area came later"
    assert first.early.cma == (0x9BC00000, 0x9FC00000)
    assert first.late == (((0x999BC000, 0x9BC00000), "beneath the CMA area"),)
    assert others[-1].what == "every reservation listed came before the crash kernel"


def test_without_a_cma_area_all_beneath_the_page_descriptors_came_later() -> None:
    """On a board whose device tree has its CMA area elsewhere."""
    unnamed = [(0xF8000000, 0xFB600000), (0xFB6A7000, 0xFB767000), (0xFB768000, 0xFB7E0000), (0xFB7E4000, 0xFC000000)]
    named = [(0x40200000, 0x42710000, "Kernel code"), (0x42AE0000, 0x43100000, "Kernel data")]
    machine = listed(0xFC000000, named, unnamed, kernel="6.12", page_size=PAGE)
    found = histories(view_of(machine, PlannedBoot(select_profile("6.12").profile, PAGE)))
    assert "all beneath the page descriptors came later" in [history.what for history in found]
