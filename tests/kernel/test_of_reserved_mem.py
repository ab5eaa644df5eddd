"""Reserved-memory nodes where kernels differ: CMA pools, places, nodes with several ranges."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Event, Facts, FurtherRange, Machine, TreeMap, TreeRules
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.kernel.of_reserved_mem import as_counted, as_read, as_reserved, kernel_sorted
from planner.kernel.profiles import select_profile

NOMAP, HOTPLUG = Flag.NOMAP.value, Flag.HOTPLUG.value
FIRST, SECOND = Reserved(GIB, GIB + MIB, "buffer"), Reserved(GIB + 4 * MIB, GIB + 8 * MIB, "buffer")
LISTED = MemoryMap(
    (
        Region(GIB, GIB + 64 * MIB, 0, 0),
        Region(GIB + 64 * MIB, GIB + 72 * MIB, NOMAP | HOTPLUG, 0),
        Region(GIB + 72 * MIB, 2 * GIB, HOTPLUG, 0),
    ),
    (FIRST, SECOND),
)
"""A node with two ranges, and 8 MiB of NOMAP: half of it by one node, half as another node's second range."""
FURTHER = (
    FurtherRange(SECOND.start, SECOND.end, "buffer"),
    FurtherRange(GIB + 68 * MIB, GIB + 72 * MIB, "firmware", nomap=True),
)


def machine(*further: FurtherRange) -> Machine:
    return Machine("board.dtb", "dtb", LISTED, Facts(further_ranges=further))


@pytest.mark.parametrize("version", ["5.10", "6.1", "6.12"])
def test_older_kernels_reserve_all_ranges(version: str) -> None:
    """A note says that newer kernels do not."""
    found, notes = as_reserved(machine(*FURTHER), select_profile(version).profile)
    assert found.memory == LISTED
    assert notes == [
        "reserved-memory buffer, firmware: all ranges of the node are reserved, as in 6.1; 7.2 reserves only the first"
    ]


@pytest.mark.parametrize("version", ["7.2", "7.3"])
def test_newer_kernels_reserve_the_first(version: str) -> None:
    """The others are free memory; a range split off as NOMAP is merged with its neighbour."""
    found, notes = as_reserved(machine(*FURTHER), select_profile(version).profile)
    assert found.memory.reserved == (FIRST,)
    assert found.memory.regions == (
        Region(GIB, GIB + 64 * MIB, 0, 0),
        Region(GIB + 64 * MIB, GIB + 68 * MIB, NOMAP | HOTPLUG, 0),
        Region(GIB + 68 * MIB, 2 * GIB, HOTPLUG, 0),
    )
    assert "reserves only the first range" in notes[0]


@pytest.mark.parametrize(
    ("version", "counts"),
    [
        pytest.param("4.19", False, id="memory with no-map was removed"),
        pytest.param("5.4.119-19.0009.28.tl3", True, id="a vendor's, of a stable kernel that marked it for a while"),
        pytest.param("5.10.19", False, id="up to 5.10.19"),
        pytest.param("5.10.20", True, id="and is marked since"),
        pytest.param("5.15", True, id="as in 5.12 and later"),
    ],
)
def test_no_map_memory_counts_as_ram_since_5_12(version: str, counts: bool) -> None:
    """86588296acbf ("fdt: Properly handle "no-map" field in the memory region"), and its back-port."""
    found, notes = as_counted(machine(), select_profile(version).profile)
    assert found.memory.ram == GIB - (0 if counts else 8 * MIB)
    assert found.memory.reserved == LISTED.reserved
    told = "8M of no-map memory does not count as RAM: this kernel removes it, 5.12 does not"
    assert notes == ([] if counts else [told])


def test_no_map_memory_of_other_sources_stays() -> None:
    """A running kernel that removed it does not show it; firmware's EFI map is another matter."""
    shown = Machine("iomem.txt", "iomem", LISTED, Facts())
    assert as_counted(shown, select_profile("4.19").profile) == (shown, [])


def test_without_such_nodes_there_is_nothing_to_say() -> None:
    own = machine()
    assert as_reserved(own, select_profile("7.2").profile) == (own, [])


def test_of_many_nodes_three_are_named() -> None:
    further = [FurtherRange(SECOND.start, SECOND.end, f"node{n}") for n in range(5)]
    _, notes = as_reserved(machine(*further), select_profile("6.1").profile)
    assert notes[0].startswith("reserved-memory node0, node1, node2 and 2 more: ")


@pytest.mark.parametrize(
    ("keys", "order"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([0], [0], id="one"),
        pytest.param([0, 0], [1, 0], id="two equal ones change places"),
        pytest.param([0, 0, 0, 0], [1, 2, 3, 0], id="of equal ones the first comes last"),
        pytest.param([5, 0, 3, 0, 0], [1, 4, 3, 2, 0], id="among others"),
        pytest.param([9, 7, 5, 0, 0, 0, 3], [4, 5, 3, 6, 2, 1, 0], id="descending"),
        pytest.param(list(range(20)), list(range(20)), id="sorted already"),
    ],
)
def test_the_kernels_sort_does_not_keep_the_order_of_equal_items(keys: list[int], order: list[int]) -> None:
    """The results of lib/sort.c @ 6.1, compiled; it agrees on 3,000 random lists."""
    assert [
        index for _, index in kernel_sorted([(k, i) for i, k in enumerate(keys)], lambda item: (item[0], 0))
    ] == order


def reading(rules: TreeRules, start: int, *, default_cma: bool = False) -> TreeMap:
    """A map under these rules, by the place of its one node."""
    event = Event("reserved-memory", MIB, start, start + MIB, before_crash=True, name="p")
    memory = MemoryMap(LISTED.regions, (Reserved(start, start + MIB, "p"),))
    return TreeMap(rules, memory, (f"at {start:#x}",), default_cma, (event,))


OLD, NEW = TreeRules(placing="sorted"), TreeRules(placing="placed")
MAPS = (
    reading(OLD, GIB, default_cma=True),
    reading(OLD._replace(cma_align=512 * MIB), GIB + MIB),
    reading(OLD._replace(cma_given=True), GIB + 2 * MIB),
    reading(NEW, GIB, default_cma=True),
    reading(NEW._replace(cma_align=512 * MIB), GIB + 3 * MIB),
)
ELSEWHERE = "kernels of other versions place reserved-memory nodes without an address elsewhere"


@pytest.mark.parametrize(
    ("kind", "version", "page_size", "cmdline", "taken", "elsewhere"),
    [
        pytest.param("dtb", "6.1", 4 * KIB, None, 0, False, id="4K"),
        pytest.param("dtb", "6.1", 64 * KIB, None, 1, True, id="64K"),
        pytest.param("dtb", "6.18", 64 * KIB, None, 4, True, id="another kernel"),
        pytest.param("dtb", "6.1", 4 * KIB, "cma=1G", 2, False, id="cma="),
        pytest.param("iomem", "6.1", 4 * KIB, "cma=1G", 0, False, id="a later view is of its own command line"),
    ],
)
def test_the_map_of_a_tree_is_that_of_the_kernel(
    kind: str, version: str, page_size: int, cmdline: str | None, taken: int, *, elsewhere: bool
) -> None:
    """What a log says stays."""
    logged = Event("cma", MIB, GIB, GIB + MIB, line=7)
    own = Machine("x", kind, LISTED, Facts(tree_maps=MAPS, events=(logged, *MAPS[0].events)), settled=False)
    found, notes = as_read(own, select_profile(version).profile, page_size, cmdline)
    assert (found.memory, found.facts.default_cma) == (MAPS[taken].memory, MAPS[taken].default_cma)
    assert found.facts.events == (logged, *MAPS[taken].events)
    assert notes == [*MAPS[taken].notes, *([ELSEWHERE] if elsewhere else [])]
    assert as_read(found, select_profile(version).profile, page_size, cmdline) == (found, notes)


@pytest.mark.parametrize(
    ("kind", "config", "own", "version", "taken"),
    [
        pytest.param("dtb", {"CMA": "n"}, {}, "6.1", 5, id="the planned kernel's"),
        pytest.param("dtb", {"DMA_CMA": "n"}, {}, "7.2", 8, id="of another version"),
        pytest.param("dtb", {"CMA": "y"}, {}, "7.2", 9, id="with CMA"),
        pytest.param("iomem", {"CMA": "n"}, {}, "6.1", 0, id="a listing has the pools of its own kernel"),
        pytest.param("iomem", {"CMA": "n"}, {"CMA": "n"}, "6.1", 5, id="which had none"),
    ],
)
def test_the_map_of_a_tree_for_a_kernel_without_cma(
    kind: str, config: dict[str, str], own: dict[str, str], version: str, taken: int
) -> None:
    maps = (
        *MAPS,
        *(reading(r._replace(cma=False), 2 * GIB) for r in (OLD, TreeRules(placing="beside"), NEW)),
        reading(NEW._replace(cma=False, keeps_pools=True), 3 * GIB),
        reading(NEW._replace(keeps_pools=True), 3 * GIB + MIB),
    )
    listed = Machine("x", kind, LISTED, Facts(tree_maps=maps, config=config), settled=False)
    found, _ = as_read(listed, select_profile(version).profile, 4 * KIB, None, own=own)
    assert next(n for n, m in enumerate(maps) if m.memory == found.memory) == taken


def test_a_map_that_is_the_same_for_all_kernels() -> None:
    own = machine()
    assert as_read(own, select_profile("6.1").profile, 64 * KIB, None) == (own, [])
