"""Ways back from a listing whose log tells nothing: what is usual, and what lies beneath the CMA area."""

from __future__ import annotations

import pytest

from planner.base.ranges import union
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.rewind.histories import histories
from planner.rewind.view import PlannedBoot, view_of
from tests.rewind.boots import Boot, Kernel
from tests.rewind.recorded import listed, ways
from tests.rewind.test_readings import MEMORY, PAGE, boot

NOMAP = Flag.NOMAP.value


def test_without_a_log_guesses_come_first_and_the_listing_itself_last() -> None:
    found = ways(boot(crash=256 * MIB, log=False))
    assert found[0].assumption.startswith("assumed to have come later: ")
    assert found[-1].assumption == "every reservation listed came before the crash kernel"
    assert found[-1].late == ()
    assert any(history.assumption == "only what lies directly beneath the crash kernel came later" for history in found)
    assert len(found) <= 5


def test_a_guess_names_what_came_later_but_for_tables_and_arrays_that_go_with_it() -> None:
    """All of it is taken back."""
    machine = Boot(Kernel("7.2", 16 * KIB), 8 * GIB, "crashkernel=512M").machine(log=False)
    found = histories(view_of(machine, PlannedBoot(select_profile("7.2").profile, 16 * KIB)))[0]
    assert found.assumption == (
        "assumed to have come later: memmap 32800K, Dentry cache hash table 8M, Inode-cache hash table 4M, "
        "software IO TLB 64M"
    )
    assert {"section table", "software IO TLB slots"} <= {name for _, name in found.late}


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


def test_pieces_may_be_per_cpu_areas_where_they_are_what_the_likeliest_choices_leave() -> None:
    """On a recorded 6.12 of 48 processors on two nodes: an array of the log buffer lies beneath 24 areas."""
    spans = [
        (0x48000000, 0x480F1000),
        (0x48200000, 0x48300000),
        (0xEE000000, 0xF2000000),
        (0xFC000000, 0x100000000),
        (0x2B5AD0000, 0x2BFE00000),
        (0x2BFFF8000, 0x2BFFFA000),
        (0x2BFFFA000, 0x2C0000000),
        (0x437970000, 0x43DE00000),
        (0x43DE1A000, 0x43DEDA000),
        (0x43DEDA000, 0x43DFBB000),
        (0x43DFBC000, 0x43DFBE000),
        (0x43DFBE000, 0x43DFE3000),
        (0x43DFE3000, 0x43DFFD000),
        (0x43DFFD000, 0x440000000),
    ]
    reserved = [Reserved(*span, "reserved") for span in spans]
    reserved += [Reserved(0x40200000, 0x42710000, "Kernel image"), Reserved(0xF2000000, 0xFC000000, "Crash kernel")]
    memory = MemoryMap((Region(GIB, 11 * GIB), Region(11 * GIB, 17 * GIB)), reserved)
    machine = Machine("iomem.txt", "iomem", memory, Facts(kernel="6.12", page_size=PAGE), settled=False)
    found = histories(view_of(machine, PlannedBoot(select_profile("6.12").profile, PAGE)))
    late = ((0x437970000, 0x437AD0000), "log infos"), ((0x437AD0000, 0x437E00000), "per-CPU areas")
    assert set(late) <= set(found[0].late)


def test_the_arrays_of_a_bounce_buffer_lie_in_the_lowest_block_or_in_another() -> None:
    """On a recorded 6.1 of six processors, without a crash kernel: beneath their areas, above the hash tables."""
    named = [(0x40210000, 0x41860000, "Kernel code"), (0x41EB0000, 0x42210000, "Kernel data")]
    unnamed = [
        (0x41860000, 0x41EB0000),
        (0x48000000, 0x480F1000),
        (0x48200000, 0x48300000),
        (0xF8000000, 0x100000000),
        (0x621E00000, 0x63CE00000),
        (0x63CE34000, 0x63CFAE000),
        (0x63CFB0000, 0x63CFB2000),
        (0x63CFB2000, 0x63CFB3000),
        (0x63CFB3000, 0x63CFDB000),
        (0x63CFDB000, 0x63CFE6000),
        (0x63CFE6000, 0x640000000),
    ]
    machine = listed(25 * GIB, named, unnamed, kernel="6.1", page_size=PAGE)
    late = {name: span for span, name in ways(machine)[0].late}
    assert late["software IO TLB slots"] == (0x63CE34000, 0x63CEF4000)
    assert late["Inode-cache hash table"] == (0x621E00000, 0x622E00000)


def test_any_size_of_per_cpu_areas_is_sure_right_beneath_the_crash_kernel() -> None:
    """On a recorded 6.12 with 64K pages: 256K for four processors, above the hash tables and the bounce buffer."""
    named = [(0x40200000, 0x408B0000, "Kernel image"), (0xEFC00000, 0xFFC00000, "Crash kernel")]
    unnamed = [
        (0x48000000, 0x48100000),
        (0x48200000, 0x48300000),
        (0xC0000000, 0xE0000000),
        (0xEF1C0000, 0xEFC00000),
        (0xFFC40000, 0xFFF60000),
        (0xFFF60000, 0xFFF70000),
        (0xFFF70000, 0xFFF90000),
        (0xFFF90000, 0x100000000),
    ]
    machine = listed(4 * GIB, named, unnamed, kernel="6.12", page_size=64 * KIB)
    first = histories(view_of(machine, PlannedBoot(select_profile("6.12").profile, 64 * KIB)))[0]
    assert first.whole
    assert ((0xEFBC0000, 0xEFC00000), "per-CPU areas") in first.late


def test_a_listing_in_which_the_hash_tables_are_not_found_is_not_explained() -> None:
    """On a recorded 6.18 with `reserve_mem=4M`, whose memory lies above the larger table, in the same entry."""
    named = [(0x134600000, 0x1370B0000, "Kernel image"), (0xBC000000, 0xFC000000, "Crash kernel")]
    unnamed = [
        (0xB8000000, 0xBC000000),
        (0xFC000000, 0x100000000),
        (0x130400000, 0x134600000),
        (0x139970000, 0x139A80000),
        (0x13E8E1000, 0x13E9A1000),
        (0x13E9A1000, 0x13EBA2000),
        (0x13EBBB000, 0x13F3BB000),
        (0x13F3BC000, 0x13F402000),
        (0x13F404000, 0x13F406000),
        (0x13F408000, 0x13FC00000),
        (0x13FFE0000, 0x140000000),
    ]
    edges = [(0x40000000, 0), (0x13C440000, NOMAP), (0x13C730000, 0), (0x13FC00000, NOMAP), (0x13FFE0000, 0)]
    ends = [start for start, _ in edges[1:]] + [5 * GIB]
    regions = (Region(start, end, flags) for (start, flags), end in zip(edges, ends, strict=True))
    reserved = [Reserved(*entry) for entry in (*named, *((*span, "reserved") for span in unnamed))]
    memory, facts = MemoryMap(tuple(regions), reserved), Facts(kernel="6.18", page_size=PAGE)
    machine = Machine("iomem.txt", "iomem", memory, facts, settled=False)
    found = histories(view_of(machine, PlannedBoot(select_profile("6.18").profile, PAGE)))
    assert not found[0].whole


def test_most_of_a_large_entry_at_the_top_is_not_what_came_later() -> None:
    """A quarter of the RAM: an area and all beneath it would be a reading of anything."""
    named = [(0x40200000, 0x421A0000, "Kernel code"), (0x42B60000, 0x42F10000, "Kernel data")]
    machine = listed(2 * GIB, named, [(0x421A0000, 0x42B60000), (0x70000000, 2 * GIB)], kernel="6.6", page_size=PAGE)
    found = histories(view_of(machine, PlannedBoot(select_profile("6.6").profile, PAGE)))
    assert not any("beneath the CMA area" in history.assumption for history in found)
    assert found[0].assumption.startswith("assumed to have come later: ")


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
    assert first.assumption == "all beneath the CMA area came later"
    assert first.early.cma == (0x9BC00000, 0x9FC00000)
    assert first.late == (((0x999BC000, 0x9BC00000), "beneath the CMA area"),)
    assert others[-1].assumption == "every reservation listed came before the crash kernel"


def test_without_a_cma_area_all_beneath_the_page_descriptors_came_later() -> None:
    """On a board whose device tree has its CMA area elsewhere."""
    unnamed = [(0xF8000000, 0xFB600000), (0xFB6A7000, 0xFB767000), (0xFB768000, 0xFB7E0000), (0xFB7E4000, 0xFC000000)]
    named = [(0x40200000, 0x42710000, "Kernel code"), (0x42AE0000, 0x43100000, "Kernel data")]
    machine = listed(0xFC000000, named, unnamed, kernel="6.12", page_size=PAGE)
    found = histories(view_of(machine, PlannedBoot(select_profile("6.12").profile, PAGE)))
    assert "all beneath the page descriptors came later" in [history.assumption for history in found]
