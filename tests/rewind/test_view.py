"""A running machine as its sources show it: the crash kernel, nodes, the DMA limit, and what is surely earlier."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range, Span
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import NO_DMA_ZONES, BootRecord, Event, Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.rewind.view import PlannedBoot, View, topmost_tables, view_of

PAGE = 4 * KIB
RAM = (Region(GIB, 9 * GIB),)
TABLES = (9 * GIB - 16 * MIB, 9 * GIB)


def view(
    *reserved: Reserved,
    regions: tuple[Region, ...] = RAM,
    kernel: str = "6.12",
    dma_limit: int | None = None,
    pa_bits: int = 48,
    settled: bool = False,
    **facts: object,
) -> View:
    machine = Machine("iomem.txt", "iomem", MemoryMap(regions, reserved), Facts(**facts), settled=settled)  # type: ignore[arg-type]
    return view_of(machine, PlannedBoot(select_profile(kernel).profile, PAGE, dma_limit, pa_bits=pa_bits))


CRASH = Reserved(3 * GIB, 3 * GIB + 256 * MIB, "Crash kernel")


@pytest.mark.parametrize(
    ("reserved", "record", "crash"),
    [
        pytest.param([], None, [], id="none"),
        pytest.param([CRASH], None, [(CRASH.start, CRASH.end)], id="listed by name"),
        pytest.param(
            [], BootRecord(Range(CRASH.start, CRASH.end)), [(CRASH.start, CRASH.end)], id="recorded in a log only"
        ),
        pytest.param(
            [CRASH],
            BootRecord(Range(CRASH.start, CRASH.end), Range(2 * GIB, 2 * GIB + MIB)),
            [(2 * GIB, 2 * GIB + MIB), (CRASH.start, CRASH.end)],
            id="a low part that only the log tells",
        ),
        pytest.param(
            [Reserved(3 * GIB, 3 * GIB + 5 * KIB, "Crash kernel")],
            None,
            [(3 * GIB, 3 * GIB + 8 * KIB)],
            id="a last page",
        ),
        pytest.param(
            [
                Reserved(3 * GIB, 3 * GIB + 128 * MIB, "Crash kernel"),
                Reserved(3 * GIB + 128 * MIB, 3 * GIB + 256 * MIB),
            ],
            BootRecord(Range(3 * GIB, 3 * GIB + 256 * MIB)),
            [(3 * GIB, 3 * GIB + 128 * MIB)],
            id="shrunk since: what is listed otherwise is no part of it",
        ),
    ],
)
def test_where_the_crash_kernel_lies(reserved: list[Reserved], record: BootRecord | None, crash: list[Span]) -> None:
    assert list(view(*reserved, record=record).crash) == crash


@pytest.mark.parametrize(
    ("regions", "events", "nodes"),
    [
        pytest.param(RAM, (), (), id="one piece, one node"),
        pytest.param(
            (Region(GIB, 5 * GIB), Region(5 * GIB, 9 * GIB)),
            (),
            ((GIB, 5 * GIB), (5 * GIB, 9 * GIB)),
            id="two regions that touch are listed apart: two nodes",
        ),
        pytest.param((Region(GIB, 5 * GIB), Region(6 * GIB, 9 * GIB)), (), (), id="a hole tells nothing"),
        pytest.param(
            (Region(GIB, 2 * GIB, 0, 0), Region(3 * GIB, 5 * GIB, 0, 0), Region(6 * GIB, 9 * GIB, 0, 1)),
            (),
            ((GIB, 5 * GIB), (6 * GIB, 9 * GIB)),
            id="numbered by a log",
        ),
        pytest.param(
            (Region(GIB, 2 * GIB, 0, 0), Region(3 * GIB, 5 * GIB, 0, 1), Region(6 * GIB, 9 * GIB, 0, 0)),
            (),
            (),
            id="nodes across each other",
        ),
        pytest.param(
            RAM,
            (Event("node", 4 * GIB, GIB, 5 * GIB), Event("node", 4 * GIB, 5 * GIB, 9 * GIB)),
            ((GIB, 5 * GIB), (5 * GIB, 9 * GIB)),
            id="named by a log",
        ),
        pytest.param(
            (Region(GIB, 5 * GIB), Region(5 * GIB, 6 * GIB, Flag.NOMAP.value), Region(6 * GIB, 9 * GIB)),
            (),
            (),
            id="none where firmware's memory lies between",
        ),
        pytest.param(
            RAM,
            (Event("node", 4 * GIB, 5 * GIB, 9 * GIB, name="1"), Event("node", 4 * GIB, GIB, 5 * GIB, name="0")),
            ((GIB, 5 * GIB), (5 * GIB, 9 * GIB)),
            id="named by a log whose lines changed places",
        ),
    ],
)
def test_nodes_come_from_a_log_or_from_a_listing(
    regions: tuple[Region, ...], events: tuple[Event, ...], nodes: tuple[Span, ...]
) -> None:
    """Each node has its page descriptors at its own top."""
    assert view(regions=regions, events=events).nodes == nodes


@pytest.mark.parametrize(
    ("dma_limit", "low_max"),
    [
        pytest.param(None, 4 * GIB, id="derived"),
        pytest.param(2 * GIB, 2 * GIB, id="as stated"),
        pytest.param(NO_DMA_ZONES, 1 << 52, id="no DMA zones: all memory is low"),
    ],
)
def test_where_low_memory_ends(dma_limit: int | None, low_max: int) -> None:
    assert view(dma_limit=dma_limit).low_max == low_max


@pytest.mark.parametrize(
    ("blocks", "size", "found"),
    [
        pytest.param([(7 * GIB, 9 * GIB)], 16 * MIB, [TABLES], id="so much of what lies at the top"),
        pytest.param([TABLES], 32 * MIB, [TABLES], id="no more than is taken there"),
        pytest.param([(7 * GIB, 8 * GIB)], 16 * MIB, [], id="nothing at the top"),
        pytest.param([(5 * GIB, 6 * GIB), TABLES], 32 * MIB, [TABLES], id="beneath a hole there are none"),
    ],
)
def test_page_tables_fill_memory_from_its_top(blocks: list[Span], size: int, found: list[Span]) -> None:
    assert topmost_tables([(GIB, 9 * GIB)], blocks, size) == found


@pytest.mark.parametrize(
    ("taken", "below"),
    [
        pytest.param((3 * GIB, 3 * GIB + 8 * MIB), [(2 * GIB - 8 * MIB, 2 * GIB)], id="full: the rest is there"),
        pytest.param((3 * GIB + 4 * MIB, 3 * GIB + 8 * MIB), [], id="not full: they ended"),
    ],
)
def test_page_tables_go_on_in_the_region_below(taken: Span, below: list[Span]) -> None:
    """The topmost is too small for all of them."""
    usable = [(GIB, 2 * GIB), (3 * GIB, 3 * GIB + 8 * MIB)]
    assert topmost_tables(usable, [(GIB, 2 * GIB), taken], 16 * MIB) == [*below, taken]


def test_an_image_alone_above_the_end_has_no_page_tables() -> None:
    """A `mem=` left it there, after they were made."""
    image = (5 * GIB, 5 * GIB + 32 * MIB)
    usable, blocks = [(GIB, 3 * GIB), image], [(3 * GIB - 16 * MIB, 3 * GIB), image]
    assert topmost_tables(usable, blocks, 16 * MIB, cut=3 * GIB) == blocks[:1]
    assert topmost_tables(usable, blocks, 16 * MIB) == [(image[1] - 16 * MIB, image[1])]


def test_what_is_known_to_be_earlier_is_kept() -> None:
    """The image, early CMA, node data, reserved-memory nodes, the crash kernel and its own CMA, page tables on top."""
    events = (
        Event("cma", 64 * MIB, 4 * GIB - 64 * MIB, 4 * GIB, before_crash=True),
        Event("cma", 64 * MIB, 2 * GIB, 2 * GIB + 64 * MIB, before_crash=False),
        Event("node_data", 8 * KIB, 8 * GIB, 8 * GIB + 8 * KIB),
        Event("hash", 8 * MIB, 7 * GIB, 7 * GIB + 8 * MIB),
    )
    found = view(
        Reserved(GIB + 2 * MIB, GIB + 20 * MIB, "Kernel code"), CRASH, Reserved(*TABLES, "reserved"), events=events
    )
    kept = {(GIB + 2 * MIB, GIB + 20 * MIB), (4 * GIB - 64 * MIB, 4 * GIB), (8 * GIB, 8 * GIB + 8 * KIB)}
    own = (2 * GIB, 2 * GIB + 64 * MIB)
    assert set(found.listed.kept) == kept | {(CRASH.start, CRASH.end), TABLES, own}
    assert found.after == ((own, "CMA of the crash kernel"),), "which is not free for what came later still"


@pytest.mark.parametrize(
    ("entries", "kept"),
    [
        pytest.param([(5 * GIB, 6 * MIB)], [5 * GIB], id="whole pages"),
        pytest.param([(5 * GIB, 6 * MIB + 2 * PAGE)], [5 * GIB], id="and the pages at its ends"),
        pytest.param([(5 * GIB, 6 * MIB + 3 * PAGE)], [], id="another size"),
        pytest.param([(5 * GIB, 6 * MIB), (6 * GIB, 6 * MIB)], [], id="two of that size"),
    ],
)
def test_the_initrd_is_the_entry_of_its_size(entries: list[Span], kept: list[int]) -> None:
    """A log tells how much of it was freed, and not where: it came with the kernel, so it moves for no other boot."""
    rows = [Reserved(start, start + size, "reserved") for start, size in entries]
    found = view(*rows, events=(Event("initrd", 6 * MIB),))
    assert [start for start, _ in found.listed.kept] == kept


def test_what_is_known_to_be_later_is_after() -> None:
    """CMA memory of the crash kernel itself, as a log of 7.3 names it; nothing where the map is memblock's own."""
    event = Event("cma", 64 * MIB, 4 * GIB, 4 * GIB + 64 * MIB, before_crash=False)
    later = (((4 * GIB, 4 * GIB + 64 * MIB), "CMA of the crash kernel"),)
    assert view(kernel="7.3", events=(event,)).after == later
    assert view(kernel="7.3", events=(event,), settled=True).after == ()


def test_the_listing_is_apart_and_usable_memory_only() -> None:
    """Overlaps are cut, touching entries stay apart, NOMAP memory is no place for anything."""
    regions = (Region(GIB, 2 * GIB), Region(2 * GIB, 3 * GIB, Flag.NOMAP.value), Region(3 * GIB, 9 * GIB))
    found = view(Reserved(GIB, GIB + 2 * MIB), Reserved(GIB + MIB, GIB + 3 * MIB), regions=regions)
    assert found.listed.memory == ((GIB, 2 * GIB), (3 * GIB, 9 * GIB))
    assert found.listed.reserved == ((GIB, GIB + 2 * MIB), (GIB + 2 * MIB, GIB + 3 * MIB))
    assert found.regions == ((GIB, 2 * GIB), (2 * GIB, 3 * GIB), (3 * GIB, 9 * GIB))


def test_a_cma_area_of_a_log_is_an_entry_of_its_own() -> None:
    """What came later may fill a hole right above it, as a hash table does on a recorded 5.15."""
    entry, area = (2 * GIB, 2 * GIB + 98 * MIB), (2 * GIB, 2 * GIB + 64 * MIB)
    listed = view(Reserved(*entry), events=(Event("cma", 64 * MIB, *area, before_crash=True),)).listed
    assert listed.reserved == (area, (area[1], entry[1]))


def test_areas_of_a_log_that_touch_are_entries_of_their_own() -> None:
    """The default area and that of a node right above it touch: one may move without the other."""
    low, high = (4 * GIB - 64 * MIB, 4 * GIB), (4 * GIB, 4 * GIB + 64 * MIB)
    events = tuple(Event("cma", 64 * MIB, *area, before_crash=True) for area in (low, high))
    assert view(Reserved(low[0], high[1]), events=events).listed.reserved == (low, high)


@pytest.mark.parametrize(
    ("at", "edge"),
    [
        pytest.param(
            5 * GIB + 2 * MIB - 0xC0, 5 * GIB - 0xC0, id="a table that begins in the page of the entry beneath"
        ),
        pytest.param(5 * GIB + 2 * MIB, 5 * GIB, id="a table that begins with a page"),
        pytest.param(5 * GIB + 2 * MIB + 0xC0, 5 * GIB, id="a table that begins above the edge"),
        pytest.param(5 * GIB + 2 * MIB - 4 * KIB, 5 * GIB, id="a table that would begin a whole page beneath the edge"),
        pytest.param(5 * GIB - 0xC0, 5 * GIB, id="data that have no table right beneath them"),
    ],
)
def test_entries_that_share_a_page_meet_where_they_met(at: int, edge: int) -> None:
    """A listing gives the page to the lower one; with 52 bits a table of 2M lies right beneath the data of a node."""
    low, high = (5 * GIB - 8 * KIB, 5 * GIB), (5 * GIB, 5 * GIB + 3 * MIB)
    data = Event("node_data", 14 * KIB, at, at + 14 * KIB, before_crash=True)
    listed = view(Reserved(*low), Reserved(*high), events=(data,), kernel="7.2", pa_bits=52).listed
    assert listed.reserved == ((low[0], edge), (edge, high[1]))


@pytest.mark.parametrize(("kernel", "pa_bits"), [("7.2", 48), ("6.12", 52)])
def test_entries_meet_at_a_page_without_a_large_table_before_the_crash_kernel(kernel: str, pa_bits: int) -> None:
    low, high = (5 * GIB - 8 * KIB, 5 * GIB), (5 * GIB, 5 * GIB + 3 * MIB)
    data = Event("node_data", 14 * KIB, 5 * GIB + 2 * MIB - 0xC0, 5 * GIB + 2 * MIB + 14 * KIB, before_crash=True)
    listed = view(Reserved(*low), Reserved(*high), events=(data,), kernel=kernel, pa_bits=pa_bits).listed
    assert listed.reserved == (low, high)


@pytest.mark.parametrize(("kernel", "first"), [("6.12", False), ("7.2", True)])
def test_page_descriptors_come_before_the_crash_kernel_up_to_6_19(kernel: str, first: bool) -> None:
    found = view(kernel=kernel)
    assert (found.early_memmap == []) is first
