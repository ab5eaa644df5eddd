"""Which source's map is taken: the most precise one, unless a log shows that it lacks reservations."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import BootRecord, Event, Obstacle
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.sources import combine
from planner.sources.iomem import added_later
from tests.sources.sources_of import LISTED, NOTHING, RAM, TAKEN, source


@pytest.mark.parametrize(
    ("kinds", "best"),
    [
        pytest.param(("lsmem", "dtb"), "dtb", id="a device tree over lsmem"),
        pytest.param(("dtb", "dmesg"), "dmesg", id="the kernel's own ranges over the firmware's"),
        pytest.param(("dmesg", "iomem"), "iomem", id="iomem lists reservations, a log few"),
        pytest.param(("iomem", "memblock"), "memblock", id="memblock's own files over iomem"),
        pytest.param(("memblock", "json"), "json", id="a JSON map over all"),
    ],
)
def test_the_most_precise_map_wins(kinds: tuple[str, str], best: str) -> None:
    """In any order; a note tells of the other map."""
    for order in permutations(kinds):
        combined = combine([source(kind, kind, LISTED) for kind in order])
        assert combined.source == best
        other = next(kind for kind in kinds if kind != best)
        gives = "reserved memory and facts" if kinds == ("iomem", "memblock") else "facts only"
        assert f"the map is from {best}; {other} gives {gives}" in combined.notes


def test_memblock_at_the_reservation_wins_over_any_later_view() -> None:
    """A log with memblock=debug is the most precise."""
    log, files = source("log", "dmesg", RAM, settled=True), source("files", "memblock", RAM)
    assert combine([files, log]).source == "log"


IMAGE, CRASH = Reserved(GIB + 2 * MIB, GIB + 34 * MIB, "Kernel code"), Reserved(3 * GIB, 4 * GIB, "Crash kernel")


@pytest.mark.parametrize(
    ("kind", "reserved", "ram", "image"),
    [
        pytest.param("iomem", (), RAM, (), id="a listing's lines of System RAM"),
        pytest.param("iomem", (IMAGE, CRASH), RAM, (IMAGE,), id="a listing of a kernel that lists no `reserved`"),
        pytest.param("lsmem", (), RAM, (), id="lsmem"),
        pytest.param("memblock", (), RAM, (), id="one of memblock's two files"),
        pytest.param("iomem", (), NOTHING, (), id="beside a log whose ranges of memory are incomplete"),
    ],
)
def test_a_source_that_lists_no_reservation_gives_way_to_a_log(
    kind: str, reserved: tuple[Reserved, ...], ram: MemoryMap, image: tuple[Reserved, ...]
) -> None:
    """The log names some of them, and what was recorded; it takes RAM and image from the other source."""
    log = source("log", "dmesg", MemoryMap(ram.regions, (TAKEN,)), record=BootRecord(Range(3 * GIB, 4 * GIB)))
    log = replace(log, incomplete=None if ram.regions else Obstacle("a line is missing"))
    for order in permutations((log, source("other", kind, MemoryMap(RAM.regions, reserved)))):
        combined = combine(order)
        assert (combined.kind, combined.source) == ("dmesg", "log")
        assert combined.memory == MemoryMap(RAM.regions, (TAKEN, *image))


AREA, DATA = (2 * GIB + 8 * MIB, 2 * GIB + 72 * MIB), (9 * GIB - 16 * KIB, 9 * GIB)


@pytest.mark.parametrize(
    ("kind", "span", "listed", "said"),
    [
        pytest.param("cma", AREA, (), "does not list the CMA area at 0x80800000", id="a CMA area"),
        pytest.param("node_data", DATA, (AREA,), "does not list the data of a node at 0x23fffc000", id="a node's data"),
        pytest.param("cma", AREA, (AREA,), "", id="it is listed"),
        pytest.param("cma", AREA, ((2 * GIB, 3 * GIB),), "", id="it is listed with what touches it"),
        pytest.param(
            "cma", AREA, ((AREA[0], 2 * GIB + 16 * MIB),), "does not list the CMA area at 0x81000000", id="a part of it"
        ),
        pytest.param("cma", AREA, ((AREA[0], AREA[1] - MIB),), "", id="it is listed, and ends within a block of pages"),
        pytest.param("swiotlb", AREA, (), "", id="what may be free again later"),
    ],
)
def test_a_listing_that_is_cut_off_gives_way_to_a_log(
    kind: str, span: tuple[int, int], listed: tuple[tuple[int, int], ...], said: str
) -> None:
    """What the log names as reserved for as long as the machine runs must be in it."""
    event = Event(kind, span[1] - span[0], *span, before_crash=True)
    taken = MemoryMap(RAM.regions, (TAKEN, *(Reserved(*each, "reserved") for each in listed)))
    combined = combine([source("a", "iomem", taken), source("log", "dmesg", RAM, events=(event,))])
    assert combined.kind == ("dmesg" if said else "iomem")
    assert [note for note in combined.notes if "cut off" in note] == (
        [f"a {said}, which log names: it is cut off, and the log is taken for the map"] if said else []
    )


def test_memory_that_a_boot_log_lacks_was_plugged_in() -> None:
    """It holds nothing reserved; where something is, a kernel had it from the beginning."""
    log, plugged = source("b", "dmesg", RAM), Region(32 * GIB, 64 * GIB)
    memory = MemoryMap((*RAM.regions, plugged), LISTED.reserved)
    larger = replace(source("a", "iomem", memory), doubt=added_later(memory))
    assert larger.doubt
    combined = combine([larger, log])
    assert combined.memory == LISTED
    assert "a has 32G of RAM more than b, added after boot: left out" in combined.notes
    assert combined.doubt == ""
    there = combine([larger, source("b", "dmesg", MemoryMap((*RAM.regions, plugged)))])
    assert (there.memory, there.doubt) == (larger.memory, ""), "the log shows that it was there at boot"
    used = (*LISTED.reserved, Reserved(63 * GIB, 64 * GIB, "reserved"))
    with pytest.raises(InputError, match="b: RAM is 8192M here and 40960M in a"):
        combine([source("a", "iomem", MemoryMap((*RAM.regions, plugged), used)), log])
