"""Rewinding worked machines: the expected state is the one that the listing was made from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.base.ranges import Range, Span, union
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import SINGLE_PAGES, BootRecord, Event, Facts, Machine
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.rewind import readings
from planner.rewind.histories import histories
from planner.rewind.history import History
from planner.rewind.readings import rewind
from planner.rewind.view import PlannedBoot, View
from planner.sources import combine
from tests.memblocks import alloc

PAGE = 4 * KIB
LOW = 4 * GIB
MEMORY = MemoryMap((Region(GIB, 9 * GIB),))
IMAGE = Range(GIB + 2 * MIB, GIB + 24 * MIB)
TABLES = 8 * GIB // PAGE * 8 + 64 * KIB


def early(cma: int = 64 * MIB, *, memory: MemoryMap = MEMORY, tables: int = TABLES) -> Memblock:
    """A 6.1 kernel right before the crash kernel; its page tables are those of base pages on 8 GiB.

    Each region of `memory` is a node.
    """
    memblock = Memblock.of(memory)
    memblock.reserve(IMAGE.start, IMAGE.size)
    alloc(memblock, tables, PAGE)
    for node in memory.regions:
        alloc(memblock, (node.end - node.start) // PAGE * 64, 2 * MIB, node.start, node.end)
    if cma:
        alloc(memblock, cma, 2 * MIB, 0, LOW)
    return memblock


LATER = ((KIB, "Dentry cache"), (2 * KIB, "Inode-cache"))
"""Tables that come later on one node; each takes this part of RAM, rounded up to a power of two."""


def boot(
    *,
    crash: int = 0,
    high: bool = False,
    cma: int = 64 * MIB,
    log: bool,
    cmdline: str | None = None,
    memory: MemoryMap = MEMORY,
    tables: int = TABLES,
) -> Machine:
    """The machine as it shows itself afterwards."""
    memblock = early(cma, memory=memory, tables=tables)
    events = []
    if cma:
        at = early(0, memory=memory, tables=tables).search(cma, 2 * MIB, 0, LOW)
        assert at is not None
        events.append(Event("cma", cma, at, at + cma))
    found = alloc(memblock, crash, 2 * MIB, LOW if high else 0, 16 * GIB if high else LOW) if crash else None
    for share, name in LATER if len(memory.regions) == 1 else ():
        size = 1 << (memory.ram // share - 1).bit_length()
        alloc(memblock, size, 64)
        events.append(Event("hash", size, name=name))
    listed, slots = list(memblock.reserved), []
    if memory.regions[-1].end > LOW:
        pool = alloc(memblock, 64 * MIB, PAGE, 0, LOW - 1)
        listed = list(memblock.reserved)
        beside = alloc(memblock, 64 * MIB // 2048 * 24, PAGE)
        assert pool is not None
        assert beside is not None
        events.append(Event("swiotlb", 64 * MIB, pool, pool + 64 * MIB))
        slots.append(Reserved(beside, beside + 64 * MIB // 2048 * 24, "reserved"))
    span = Range(found, found + crash) if found is not None else None
    pieces = Memblock.of(MemoryMap(memory.regions, tuple(Reserved(a, b) for a, b in listed)))
    if span is not None:
        pieces.free(span.start, span.size)
    reserved = [Reserved(a, b, "reserved") for a, b in pieces.reserved]
    reserved += slots
    if span is not None:
        reserved.append(Reserved(span.start, span.end, "Crash kernel"))
    facts = Facts(
        kernel="6.1.0-18-arm64",
        page_size=PAGE,
        va_bits=48,
        cmdline=cmdline,
        kernel_image=IMAGE,
        record=BootRecord(span) if span is not None else None,
        events=tuple(events) if log else (),
    )
    return Machine("iomem.txt", "iomem", MemoryMap(memory.regions, tuple(reserved)), facts, settled=False)


def logged(cmdline: str) -> Machine:
    """The state at the reservation, as a log with `memblock=debug` shows it."""
    area = early(0).search(64 * MIB, 2 * MIB, 0, LOW)
    assert area is not None
    facts = Facts(
        kernel="6.1.0-18-arm64",
        page_size=PAGE,
        va_bits=48,
        cmdline=cmdline,
        events=(Event("cma", 64 * MIB, area, area + 64 * MIB),),
    )
    reserved = tuple(Reserved(a, b) for a, b in early().reserved)
    return Machine("boot.log", "dmesg", MemoryMap(MEMORY.regions, reserved), facts)


def asked(cmdline: str | None = None) -> PlannedBoot:
    return PlannedBoot(select_profile("6.1").profile, PAGE, LOW, cmdline)


CMDLINE = "crashkernel=256M"


@pytest.mark.parametrize("log", [pytest.param(True, id="with its log"), pytest.param(False, id="without its log")])
@pytest.mark.parametrize(
    "machine",
    [
        pytest.param({"crash": 256 * MIB}, id="a low crash kernel"),
        pytest.param({"crash": 512 * MIB, "high": True}, id="a high crash kernel"),
        pytest.param({}, id="no crash kernel"),
    ],
)
def test_the_state_at_the_reservation_comes_back(machine: dict[str, Any], *, log: bool) -> None:
    """All that came later is gone, all that came before is there."""
    first = rewind(boot(**machine, log=log), asked()).readings[0]
    assert union((r.start, r.end) for r in first.memory.reserved) == early().reserved


@pytest.mark.parametrize("log", [pytest.param(True, id="with its log"), pytest.param(False, id="without its log")])
def test_the_rest_of_a_last_page_is_part_of_the_crash_kernel(*, log: bool) -> None:
    """A size that is not rounded to pages: /proc/iomem lists what is left of the page as reserved."""
    machine = boot(crash=300001 * KIB, log=log)
    (crash,) = [r for r in machine.memory.reserved if r.name == "Crash kernel"]
    rest = Reserved(crash.end, crash.start + 300004 * KIB, "reserved")
    listed = replace(machine, memory=MemoryMap(machine.memory.regions, (*machine.memory.reserved, rest)))
    first = rewind(listed, asked()).readings[0]
    assert union((r.start, r.end) for r in first.memory.reserved) == early().reserved


def newest(
    tables: int, *, section_table: int = 128 * KIB, cmdline: str | None = None
) -> tuple[Machine, list[Span], list[Span]]:
    """A 7.2 kernel as it shows itself, what was there before its low crash kernel, and what came after.

    Small things lie beneath the page tables; the page descriptors come last, a buffer for each section of 128M.
    """
    memblock = Memblock.of(MEMORY)
    memblock.reserve(IMAGE.start, IMAGE.size)
    alloc(memblock, tables, PAGE)
    alloc(memblock, 32 * KIB, PAGE)
    alloc(memblock, 64 * MIB, 2 * MIB, 0, LOW)
    before = list(memblock.reserved)
    crash = alloc(memblock, 512 * MIB, 2 * MIB, 0, LOW)
    assert crash is not None
    later = []
    for size, align, end in (
        (section_table, 64, 0),
        *[(2 * MIB, 2 * MIB, 0)] * 64,
        (8 * MIB, 64, 0),
        (4 * MIB, 64, 0),
        (64 * MIB, PAGE, LOW - 1),
        (768 * KIB, PAGE, 0),
    ):
        at = alloc(memblock, size, align, 0, end)
        assert at is not None
        later.append((at, at + size))
    listed = [*before, later[0], *union(later[1:-1]), later[-1]]  # flags and names keep these apart
    reserved = [Reserved(a, b, "reserved") for a, b in listed]
    reserved.append(Reserved(crash, crash + 512 * MIB, "Crash kernel"))
    facts = Facts(kernel="7.2", cmdline=cmdline)
    return Machine("iomem.txt", "iomem", MemoryMap(MEMORY.regions, reserved), facts, settled=False), before, later


def state_under(machine: Machine, cmdline: str | None) -> list[Span]:
    """The reservations of a 7.2 kernel when it places its crash kernel."""
    first = rewind(machine, PlannedBoot(select_profile("7.2").profile, PAGE, LOW, cmdline)).readings[0]
    return union((r.start, r.end) for r in first.memory.reserved)


def test_the_table_of_sections_comes_after_the_crash_kernel_from_7_0_on() -> None:
    """A large one, for 52 bits, is taken back; a small one is left where it lies, and moves nothing."""
    machine, before, _ = newest(TABLES, section_table=2 * MIB)
    assert state_under(machine, None) == before
    machine, before, later = newest(TABLES)
    assert state_under(machine, None) == union([*before, later[0]])


FEW, ALL = 3 * PAGE, (4096 + 8 + 1) * PAGE
"""Page tables of 8 GiB in blocks, and in base pages."""


@pytest.mark.parametrize(
    ("tables", "own", "others", "asked_for"),
    [
        pytest.param(FEW, "rodata=off", ALL, "crashkernel=1G,high", id="tables for base pages"),
        pytest.param(ALL, "", FEW, "crashkernel=1G,high rodata=off", id="tables for blocks"),
        pytest.param(
            FEW + 2 * PAGE + 2 * MIB,
            "rodata=off kfence.sample_interval=100",
            FEW,
            "crashkernel=1G,high rodata=off",
            id="no KFENCE pool",
        ),
    ],
)
def test_from_7_0_on_all_beneath_the_page_tables_moves_with_them(
    tables: int, own: str, others: int, asked_for: str
) -> None:
    machine, _, _ = newest(tables, section_table=2 * MIB, cmdline=f"crashkernel=512M {own}".strip())
    _, expected, _ = newest(others)
    assert state_under(machine, asked_for) == expected


NODES = MemoryMap((Region(GIB, 5 * GIB), Region(5 * GIB, 9 * GIB)))


@pytest.mark.parametrize("high", [pytest.param(False, id="low"), pytest.param(True, id="high")])
def test_regions_that_touch_are_nodes_with_page_descriptors_of_their_own(*, high: bool) -> None:
    """/proc/iomem names no node, but lists them apart: what lies at the top of each is told from later tables."""
    first = rewind(boot(crash=256 * MIB, high=high, log=False, memory=NODES), asked()).readings[0]
    assert union((r.start, r.end) for r in first.memory.reserved) == early(memory=NODES).reserved


UNCERTAIN = "the sources do not say which reservations came later"


def test_a_log_that_explains_all_leaves_one_reading() -> None:
    machine = boot(crash=256 * MIB, log=True, cmdline=CMDLINE)
    plan = make_plan(machine, "512M", Options(strategy="mainline"))
    assert plan.reservation.other_readings == ()
    assert {r.reason for r in plan.memory.rewound} >= {"the crash kernel itself"}
    assert not any(UNCERTAIN in note for note in plan.notes)


def test_without_a_log_a_note_says_that_the_likeliest_reading_is_planned() -> None:
    machine = boot(crash=256 * MIB, log=False)
    assert any(UNCERTAIN in note for note in make_plan(machine, "512M", Options(strategy="mainline")).notes)


def test_as_listed_undoes_nothing_but_keeps_the_names() -> None:
    """The user's word wins over what a listing suggests."""
    machine = boot(log=True)
    plan = make_plan(machine, "512M", Options(strategy="mainline", reserved="as-listed"))
    assert plan.memory.reserved == machine.memory.reserved
    assert plan.memory.rewound == ()


@pytest.mark.parametrize(
    ("before", "after", "cma"),
    [
        pytest.param("", "cma=0", 0, id="no area any more"),
        pytest.param("", "cma=256M", 256 * MIB, id="a larger area"),
        pytest.param("cma=256M", "", 64 * MIB, id="the usual area again"),
        pytest.param("cma=256M", "cma=256M quiet", 256 * MIB, id="the same area"),
    ],
)
def test_another_cma_moves_the_crash_kernel(before: str, after: str, cma: int) -> None:
    """The area lies above the crash kernel: with another size the crash kernel lies elsewhere."""
    size = 256 * MIB if "256M" in before else 64 * MIB
    machine = boot(crash=256 * MIB, cma=size, log=True, cmdline=f"{CMDLINE} {before}")
    plan = make_plan(machine, f"crashkernel=512M quiet {after}", Options(strategy="mainline"))
    expected = early(cma).search(512 * MIB, 2 * MIB, 0, LOW)
    assert expected is not None
    assert plan.reservation.crash == Range(expected, expected + 512 * MIB)


BLOCKS = 64 * KIB
"""Page tables of a linear map without base pages."""


@pytest.mark.parametrize(
    "machine",
    [
        pytest.param(boot(log=True, cmdline="quiet"), id="the same page tables for less memory"),
        pytest.param(boot(log=True, cmdline="rodata=off", tables=BLOCKS), id="base pages where were none"),
        pytest.param(logged("memblock=debug"), id="a log that shows the state itself"),
    ],
)
def test_less_memory_brings_page_tables_and_descriptors_down(machine: Machine) -> None:
    """`mem=3G`: the tables shrink with memory, the descriptors too, and both lie below the new top."""
    plan = make_plan(machine, "crashkernel=256M mem=3G", Options(strategy="mainline"))
    there = early(memory=MemoryMap((Region(GIB, 4 * GIB),)), tables=TABLES * 3 // 8)
    assert plan.reservation.crash is not None
    assert plan.reservation.crash.start == there.search(256 * MIB, 2 * MIB, 0, LOW)


def limited(ram: int, *, log: bool = True) -> Machine:
    """A boot of the machine under a `mem=`."""
    memory = MemoryMap((Region(GIB, GIB + ram),))
    cmdline = f"mem={ram // MIB}M" if log else None
    return boot(crash=256 * MIB, log=log, cmdline=cmdline, memory=memory, tables=TABLES * ram // (8 * GIB))


@pytest.mark.parametrize(
    ("machine", "request_", "ram", "size"),
    [
        pytest.param(limited(3 * GIB), "512M,high", 8 * GIB, 512 * MIB, id="a high one lies in what was hidden"),
        pytest.param(
            limited(3 * GIB), "2G-4G:128M,4G-64G:320M,64G-:1G", 4 * GIB, 320 * MIB, id="a size for more RAM, low"
        ),
        pytest.param(limited(3 * GIB), "1G-64G:128M,64G-:1G", 64 * GIB, GIB, id="a size for far more RAM"),
        pytest.param(limited(2 * GIB), "512M", 8 * GIB, 512 * MIB, id="low memory that ended where RAM did"),
        pytest.param(limited(2 * GIB), "512M mem=4G", 4 * GIB, 512 * MIB, id="a larger mem="),
        pytest.param(
            limited(3 * GIB, log=False), "512M,high", 8 * GIB, 512 * MIB, id="no command line tells of the mem="
        ),
    ],
)
def test_what_a_mem_limit_hid_is_told_for_usual_amounts(machine: Machine, request_: str, ram: int, size: int) -> None:
    """The placement of the machine with all its RAM is among the readings."""
    plan = make_plan(machine, f"crashkernel={request_} quiet", Options(strategy="mainline"))
    there = early(memory=MemoryMap((Region(GIB, GIB + ram),)), tables=TABLES * ram // (8 * GIB))
    expected = there.search(size, 2 * MIB, 0, 0 if "high" in request_ else LOW)
    assert expected is not None
    answers = [plan.reservation.crash, *(reading.crash for reading in plan.reservation.other_readings)]
    assert Range(expected, expected + size) in answers


@pytest.mark.parametrize(
    ("own", "new", "hidden"),
    [
        pytest.param("mem=8G", "quiet", True, id="all that is seen is what it leaves"),
        pytest.param("mem=8G", "mem=16G", True, id="another that leaves more"),
        pytest.param("mem=8G", "mem=4G", False, id="another that leaves less"),
        pytest.param("mem=64G", "quiet", False, id="more than there is"),
        pytest.param("quiet", "quiet rw", False, id="none"),
    ],
)
def test_a_lost_mem_limit_is_said(own: str, new: str, *, hidden: bool) -> None:
    """Nobody can know how much RAM lies above a `mem=`, unless it left all of it."""
    plan = make_plan(boot(log=True, cmdline=own), f"crashkernel=256M,high {new}", Options(strategy="mainline"))
    assert any(f"{own}: " in note and "not known" in note for note in plan.notes) == hidden
    assert any("the machine has 16G" in r.assumption for r in plan.reservation.other_readings) == hidden


TWO_NODES = MemoryMap((Region(GIB, 5 * GIB), Region(5 * GIB, 9 * GIB)))


@pytest.mark.parametrize(
    ("memory", "log", "line", "doubtful"),
    [
        pytest.param(TWO_NODES, False, "mem=6G", True, id="several nodes, of which a mem= cuts one"),
        pytest.param(TWO_NODES, False, "quiet", False, id="nothing is cut"),
        pytest.param(TWO_NODES, True, "mem=6G", False, id="a log tells their areas"),
        pytest.param(MEMORY, False, "mem=6G", False, id="one node"),
    ],
)
def test_what_a_mem_moves_on_nodes_of_a_listing_alone_is_in_doubt(
    memory: MemoryMap, line: str, *, log: bool, doubtful: bool
) -> None:
    machine = boot(crash=256 * MIB, log=log, cmdline="quiet" if log else None, memory=memory)
    plan = make_plan(machine, f"crashkernel=256M {line}", Options(strategy="mainline"))
    assert ("what a mem= moves on each node" in plan.memory.doubt) == doubtful


def test_an_image_that_moved_is_said() -> None:
    """Two listings of one machine whose image lies elsewhere are of two boots."""
    here = boot(crash=256 * MIB, log=False)
    there = replace(
        here, source="other.txt", facts=replace(here.facts, kernel_image=Range(2 * GIB, 2 * GIB + 22 * MIB))
    )
    notes = combine([here, there]).notes
    assert any(
        "kernel image is at" in note and f"{2 * GIB:#x}" in note and f"{IMAGE.start:#x}" in note for note in notes
    )


def coarse(ram: int, *, cmdline: str) -> Machine:
    """A 6.12 kernel with 16K pages and no crash kernel: most of the buffer for page descriptors is free again."""
    page, sections = 16 * KIB, ram // (128 * MIB)
    memory = MemoryMap((Region(GIB, GIB + ram),))
    memblock = Memblock.of(memory, page_size=page)
    memblock.reserve(IMAGE.start, IMAGE.size)
    alloc(memblock, ram // page * 8 + 64 * KIB, page)
    buffer = alloc(memblock, sections * 32 * MIB, 32 * MIB)
    assert buffer is not None
    memblock.free(buffer + sections * 512 * KIB, sections * (32 * MIB - 512 * KIB))
    area = alloc(memblock, 64 * MIB, 32 * MIB, 0, LOW)
    assert area is not None
    reserved = tuple(Reserved(a, b, "reserved") for a, b in memblock.reserved)
    events = (Event("cma", 64 * MIB, area, area + 64 * MIB, before_crash=True), Event("hash", 0, name="none"))
    facts = Facts(kernel="6.12", page_size=page, cmdline=cmdline, events=events, kernel_image=IMAGE)
    return Machine("iomem.txt", "iomem", MemoryMap(memory.regions, reserved), facts, settled=False)


@pytest.mark.parametrize("request_", ["crashkernel=256M", "crashkernel=512M", "crashkernel=1G"])
def test_page_descriptors_of_16k_pages_lie_at_the_bottom_of_a_buffer_that_is_gone(request_: str) -> None:
    """Under another `mem=` they lie elsewhere, in the middle of memory."""
    options = Options(strategy="mainline")
    moved = make_plan(coarse(8 * GIB, cmdline="quiet"), f"{request_} mem=2G", options).reservation
    there = make_plan(coarse(2 * GIB, cmdline="quiet"), f"{request_} quiet", options).reservation
    assert moved.crash is not None
    assert moved.crash == there.crash


def lower(*, at: int = 0x6C000000, **facts: Any) -> Machine:
    """A listing of 8G whose crash kernel of 256M lies beneath a CMA area at 2G, where devices reach no further."""
    image, area = (
        Reserved(GIB + 2 * MIB, GIB + 34 * MIB, "Kernel code"),
        Reserved(2 * GIB - 64 * MIB, 2 * GIB, "reserved"),
    )
    crash = Reserved(at, at + 256 * MIB, "Crash kernel")
    memory = MemoryMap((Region(GIB, 9 * GIB),), (image, area, crash))
    return Machine("x.iomem", "iomem", memory, Facts(kernel="6.1", **facts), settled=False)


@pytest.mark.parametrize(
    ("machine", "options", "hints"),
    [
        pytest.param(lower(), Options(), True, id="nothing tells"),
        pytest.param(lower(), Options(dma_limit=2 * GIB), False, id="the limit is stated"),
        pytest.param(lower(dma_limit=2 * GIB), Options(), False, id="another source tells the limit"),
        pytest.param(lower(cmdline="crashkernel=256M@0x6c000000"), Options(), False, id="it has an address"),
        pytest.param(lower(at=4 * GIB - 256 * MIB), Options(), False, id="at the top of low memory"),
        pytest.param(lower(at=8 * GIB), Options(), False, id="in high memory"),
        pytest.param(lower(), Options(reserved="as-listed"), False, id="as listed"),
    ],
)
def test_a_crash_kernel_that_lies_lower_hints_at_the_limit_of_low_memory(
    machine: Machine, options: Options, hints: bool
) -> None:
    """An answer begins with it, and a note says what else may be the cause."""
    plan = make_plan(machine, "256M", replace(options, strategy="mainline"))
    assert (plan.memory.doubt == "low memory may end lower, as the listed crash kernel hints") is hints
    assert any("(then give --dma-limit)" in note for note in plan.notes) is hints


def unlike(*blocks: tuple[int, int], **facts: Any) -> Machine:
    """A listing of 8G with an image, a crash kernel at the top of low memory, and these reservations."""
    named = (Reserved(GIB + 2 * MIB, GIB + 34 * MIB, "Kernel code"), Reserved(LOW - 256 * MIB, LOW, "Crash kernel"))
    memory = MemoryMap((Region(GIB, 9 * GIB),), (*named, *(Reserved(a, b, "reserved") for a, b in blocks)))
    return Machine("x.iomem", "iomem", memory, Facts(kernel="6.1", **facts), settled=False)


BENEATH = (LOW - 263 * MIB, LOW - 256 * MIB)
"""A reservation right beneath the crash kernel, so a later one, of a size that no boot makes."""


@pytest.mark.parametrize(
    ("machine", "options", "doubtful"),
    [
        pytest.param(unlike(BENEATH), Options(), True, id="no usual boot leads there"),
        pytest.param(unlike(BENEATH), Options(reserved="as-listed"), False, id="as listed"),
        pytest.param(logged("quiet"), Options(), False, id="a log names it"),
    ],
)
def test_a_listing_that_no_boot_explains_leaves_a_doubt(machine: Machine, options: Options, doubtful: bool) -> None:
    """An answer begins with it, and a note says what would help."""
    plan = make_plan(machine, "256M", replace(options, strategy="mainline"))
    assert (plan.memory.doubt == "the listing does not tell all that came later") is doubtful
    assert any("give the log of the same boot (--log)" in note for note in plan.notes) is doubtful


@pytest.mark.parametrize(
    ("again", "searches"),
    [
        pytest.param(("512M", {}), 1, id="another size"),
        pytest.param(("crashkernel=512M cma=64M", {}), 1, id="another command line"),
        pytest.param(("256M", {"dma_limit": 2 * GIB}), 2, id="another limit"),
        pytest.param(("256M", {"page_size": 16 * KIB}), 2, id="another page size"),
    ],
)
def test_the_ways_back_of_one_machine_are_searched_once(
    again: tuple[str, dict[str, Any]], searches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any request shares them, unless it changes what a boot allocates."""
    made: list[View] = []

    def counted(view: View) -> list[History]:
        made.append(view)
        return histories(view)

    monkeypatch.setattr(readings, "histories", counted)
    listing, (text, changed) = unlike(BENEATH), again
    first = make_plan(listing, "256M", Options(strategy="mainline"))
    make_plan(listing, text, Options(strategy="mainline", **changed))
    assert len(made) == searches
    assert make_plan(listing, "256M", Options(strategy="mainline")) == first
    make_plan(unlike(), "256M", Options(strategy="mainline"))
    assert made[-1].machine.memory == unlike().memory


def test_they_are_searched_once_beside_a_log_that_lacks_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its events are left out of every plan."""
    made: list[View] = []

    def counted(view: View) -> list[History]:
        made.append(view)
        return histories(view)

    monkeypatch.setattr(readings, "histories", counted)
    listing = unlike(BENEATH)
    events = (Event("hash", MIB, name="Dentry cache"),)
    listing = replace(listing, facts=replace(listing.facts, events=events, events_lack="the log lacks a line"))
    for request in ("256M", "512M"):
        make_plan(listing, request, Options(strategy="mainline"))
    assert [view.events for view in made] == [()]


@pytest.mark.parametrize(
    ("kernel", "own", "asked_for", "noted"),
    [
        pytest.param("6.1", "quiet", "crashkernel=256M kvm-arm.mode=protected", True, id="the new boot"),
        pytest.param(
            "6.1", "kvm-arm.mode=protected", "crashkernel=256M kvm-arm.mode=protected", False, id="both boots"
        ),
        pytest.param("6.1", "quiet", "crashkernel=256M kvm-arm.mode=nvhe", False, id="another mode"),
        pytest.param("7.2", "quiet", "crashkernel=256M kvm-arm.mode=protected", False, id="after the crash kernel"),
    ],
)
def test_memory_for_protected_kvm_is_not_placed(kernel: str, own: str, asked_for: str, noted: bool) -> None:
    """The first line and a note say so, where it would come before the crash kernel."""
    machine = replace(unlike(BENEATH), facts=replace(unlike(BENEATH).facts, kernel=kernel, cmdline=own))
    plan = make_plan(machine, asked_for, Options(strategy="mainline"))
    assert any("kvm-arm.mode=protected reserves is not placed" in note for note in plan.notes) is noted
    doubts = ["where protected KVM reserves memory is not known", "the listing does not tell all that came later"]
    assert plan.memory.doubt == "; ".join(doubts if noted else doubts[1:])


@pytest.mark.parametrize("cmdline", ["crashkernel=192M cma=128M", "crashkernel=192M rodata=full mem=3G"])
@pytest.mark.parametrize("kernel", ["5.4", "6.1", "7.3"])
@pytest.mark.parametrize("kind", ["dmesg", "memblock"])
def test_a_map_of_no_map_memory_alone_is_as_listed(kernel: str, cmdline: str, kind: str) -> None:
    """Nothing was allocated in it."""
    memory = MemoryMap((Region(GIB, 3 * GIB, Flag.NOMAP.value),))
    machine = Machine("x", kind, memory, Facts(kernel=kernel), settled=False)
    found = rewind(machine, PlannedBoot(select_profile(kernel).profile, PAGE, None, cmdline))
    assert [reading.memory for reading in found.readings] == [memory]


def test_single_pages_of_per_cpu_areas_on_several_nodes_are_told_by_the_listing_alone() -> None:
    """The log counts them, and does not tell on which node each processor has its own."""
    nodes = (Event("node", 4 * GIB, GIB, 5 * GIB, name="0"), Event("node", 4 * GIB, 5 * GIB, 9 * GIB, name="1"))
    for events, told in ((nodes, True), (nodes[:1], False)):
        areas = Event("percpu", MIB, name=SINGLE_PAGES)
        machine = unlike((8 * GIB, 9 * GIB), events=(*events, areas), cmdline="percpu_alloc=page swiotlb=noforce")
        notes = make_plan(machine, "256M", Options(strategy="mainline")).notes
        assert any("which node has which pages of the per-CPU areas" in note for note in notes) is told
