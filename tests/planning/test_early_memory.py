"""The map at the reservation: allocations undone, RAM hidden by `mem=`, the start of the linear map."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.planning.configured import Configured
from planner.planning.early_memory import EarlyMemory, early_memory
from planner.planning.modelled import modelled
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.remarks import Remarks
from planner.sources import combine, parse_text
from tests.oracle.cases import cases
from tests.planning.machines import MEMORY, machine

CUT_AT_ITS_CMA = "deb72c-4k_m_1280M+cma=256M+swiotlb=noforce+quiet"
CRASH = Reserved(3 * GIB, 3 * GIB + 256 * MIB, "Crash kernel")
RUNNING = MemoryMap(MEMORY.regions, (*MEMORY.reserved, CRASH))


def early(own: Machine, cmdline: str | None = None, **options: Any) -> tuple[EarlyMemory, Remarks]:
    asked, remarks = Options(**options), Remarks()
    return early_memory(own, modelled(Configured(own.facts, {}), asked, Remarks()), asked, cmdline, remarks), remarks


def later(**facts: Any) -> Machine:
    """/proc/iomem of a running machine."""
    own = machine(RUNNING, kind="iomem", **facts)
    return Machine(own.source, own.kind, own.memory, own.facts, settled=False)


@pytest.mark.parametrize(
    ("own", "reserved", "there"),
    [
        pytest.param(machine(RUNNING), None, True, id="a stated map is as listed"),
        pytest.param(later(), None, False, id="a later view is rewound"),
        pytest.param(later(), "as-listed", True, id="unless the user disables it"),
    ],
)
def test_whether_the_crash_kernel_is_still_there(own: Machine, reserved: str | None, there: bool) -> None:
    found, _ = early(own, "crashkernel=512M", reserved=reserved)
    assert (CRASH in found.map.reserved) is there
    assert bool(found.rewound) is not there


@pytest.mark.parametrize(
    ("own", "asked", "unknown"),
    [
        pytest.param(None, "quiet crashkernel=512M", True, id="a whole one, beside a log without its own"),
        pytest.param(None, None, False, id="a value: all else is as it was"),
        pytest.param("ro", "quiet crashkernel=512M", False, id="the log's own is known"),
    ],
)
def test_a_log_that_lacks_its_command_line_may_have_had_any(own: str | None, asked: str | None, unknown: bool) -> None:
    """What it had, and the new one has not, moves other allocations."""
    found, _ = early(machine(MEMORY, kind="dmesg", cmdline=own), asked)
    assert ("what else the log's own command line had is not known" in found.doubt) is unknown


def test_a_logs_own_state_is_taken_for_its_own_command_line_only() -> None:
    """Another command line moves earlier reservations."""
    own = machine(MEMORY, kind="dmesg", cmdline="quiet")
    assert early(own, "quiet")[0].map == MEMORY
    assert early(own, "quiet cma=256M")[0].map != MEMORY


@pytest.mark.parametrize(
    ("kind", "reserved", "doubt"),
    [
        pytest.param("dtb", True, "what the kernel reserves first is not known", id="a tree has the firmware's alone"),
        pytest.param("dtb", False, "what the kernel reserves first is not known", id="a tree without any"),
        pytest.param("lsmem", True, "what the kernel reserves first is not known", id="lsmem with those of a tree"),
        pytest.param("lsmem", False, "what is reserved is not known", id="lsmem alone"),
        pytest.param("json", False, "", id="a stated map is all there is"),
    ],
)
def test_what_a_map_without_the_kernels_reservations_leaves_open(kind: str, *, reserved: bool, doubt: str) -> None:
    """Page tables, the image, page descriptors and more lie at the top of memory in every boot."""
    own = machine(MEMORY if reserved else MemoryMap(MEMORY.regions), kind=kind)
    found, _ = early(Machine(own.source, own.kind, own.memory, own.facts, settled=kind == "json"))
    assert found.doubt == doubt


TOPMOST = Reserved(4 * GIB - 256 * MIB, 4 * GIB, "Crash kernel")
UNLIKE = Reserved(TOPMOST.start - 7 * MIB, TOPMOST.start, "reserved")
LISTED = MemoryMap(MEMORY.regions, (*MEMORY.reserved, TOPMOST, UNLIKE))
"""To which no usual boot leads."""


@pytest.mark.parametrize(
    ("kind", "memory", "of_the_map", "cmdline", "doubt"),
    [
        pytest.param(
            "memblock", MEMORY.regions, "a", "quiet", "a; what is reserved is not known", id="what it lacks and shows"
        ),
        pytest.param(
            "iomem",
            LISTED,
            "a",
            "kernelcore=mirror kvm-arm.mode=protected",
            "a; which memory is mirrored is not known; where protected KVM reserves memory is not known",
            id="the map, its memory, and the boot",
        ),
        pytest.param(
            "iomem", LISTED, "", "quiet", "the listing does not tell all that came later", id="the way back alone"
        ),
        pytest.param("iomem", LISTED, "a", "quiet", "a", id="a way back from what is not the machine's"),
    ],
)
def test_each_doubt_that_does_not_follow_from_another_is_named(
    kind: str, memory: Any, of_the_map: str, cmdline: str, doubt: str
) -> None:
    held = memory if isinstance(memory, MemoryMap) else MemoryMap(memory)
    own = machine(held, kind=kind, cmdline="quiet", kernel="6.1")
    found, _ = early(Machine(own.source, own.kind, held, own.facts, settled=False, doubt=of_the_map), cmdline)
    assert found.doubt == doubt


@pytest.mark.parametrize(
    ("cmdline", "flags", "mirrored", "doubtful"),
    [
        pytest.param("kernelcore=mirror", 0, None, True, id="it is asked for, and no source tells where it is"),
        pytest.param("kernelcore=mirror", Flag.MIRROR.value, None, False, id="the map tells"),
        pytest.param("kernelcore=mirror", 0, False, False, id="there is none"),
        pytest.param("quiet", 0, None, False, id="it is not asked for"),
    ],
)
def test_mirrored_memory_that_no_source_tells_of(
    cmdline: str, flags: int, mirrored: bool | None, *, doubtful: bool
) -> None:
    memory = MemoryMap([Region(GIB, 5 * GIB, flags), Region(5 * GIB, 9 * GIB)], MEMORY.reserved)
    own = machine(memory, kind="iomem", mirrored=mirrored, cmdline="quiet")
    found, _ = early(Machine(own.source, own.kind, own.memory, own.facts, settled=False), cmdline)
    assert ("which memory is mirrored" in found.doubt) == doubtful


@pytest.mark.parametrize(
    ("kind", "own", "asked", "ram"),
    [
        pytest.param("iomem", "quiet", "mem=4G", 4 * GIB, id="it takes RAM away"),
        pytest.param("iomem", "mem=4G", "mem=4G", 8 * GIB, id="the map shows it already"),
        pytest.param("json", "quiet", "mem=4G", 8 * GIB, id="a map that is memblock's own state"),
        pytest.param("iomem", "quiet", "quiet", 8 * GIB, id="no mem="),
    ],
)
def test_mem_is_applied_once(kind: str, own: str, asked: str, ram: int) -> None:
    found, remarks = early(shown(kind, own), asked, reserved="as-listed")
    assert found.map.ram == ram
    assert any("of RAM" in note for note in remarks.notes) is (ram < 8 * GIB)


def shown(kind: str, cmdline: str) -> Machine:
    """8 GiB in a source of some kind."""
    own = machine(kind=kind, cmdline=cmdline)
    return Machine(own.source, own.kind, own.memory, own.facts, settled=kind == "json")


@pytest.mark.parametrize("limit", ["0", "1", "all"])
def test_a_mem_of_less_than_a_page_is_no_limit(limit: str) -> None:
    found, remarks = early(shown("iomem", "quiet"), f"mem={limit}", reserved="as-listed")
    assert found.map.ram == 8 * GIB
    assert f"mem={limit} hides 0 of RAM" in remarks.notes


@pytest.mark.parametrize(
    ("start", "page", "bits", "memstart"),
    [
        pytest.param(GIB, 4 * KIB, 48, GIB, id="where RAM starts"),
        pytest.param(GIB + 512 * MIB, 4 * KIB, 48, GIB, id="rounded down to 1 GiB"),
        pytest.param(GIB + 512 * MIB, 64 * KIB, 48, GIB + 512 * MIB, id="64K pages: to 512 MiB"),
    ],
)
def test_where_the_linear_map_starts(start: int, page: int, bits: int, memstart: int) -> None:
    own = machine(MemoryMap((Region(start, 9 * GIB),)), page_size=page, va_bits=bits)
    assert early(own)[0].memstart == memstart


def test_ram_beyond_the_physical_limit_is_dropped() -> None:
    """An error if no RAM is left."""
    above = MemoryMap((Region(GIB, 2 * GIB), Region(1 << 50, (1 << 50) + GIB)))
    found, remarks = early(machine(above))
    assert found.map.regions == (Region(GIB, 2 * GIB),)
    assert remarks.notes
    with pytest.raises(InputError, match="no RAM is left below the 48-bit physical limit"):
        early(machine(MemoryMap((Region(1 << 50, (1 << 50) + GIB),))))


@pytest.mark.parametrize(
    ("kernel", "page", "cmdline", "config", "said"),
    [
        pytest.param("6.12", 64 * KIB, "quiet", {}, True, id="64K pages before 6.16"),
        pytest.param("6.15", 64 * KIB, "quiet", {}, True, id="6.15"),
        pytest.param("6.16", 64 * KIB, "quiet", {}, False, id="6.16"),
        pytest.param("6.12", 64 * KIB, "nokaslr", {}, False, id="with nokaslr"),
        pytest.param("6.12", 64 * KIB, "quiet", {"RANDOMIZE_BASE": "n"}, False, id="configured without"),
        pytest.param("6.18", 64 * KIB, "quiet", {}, False, id="6.16 and later move nothing"),
        pytest.param("6.12", 4 * KIB, "quiet", {}, False, id="4K pages are aligned wherever it starts"),
    ],
)
def test_what_kaslr_may_undo_is_reported(
    kernel: str, page: int, cmdline: str, config: dict[str, str], said: bool
) -> None:
    """Contiguous PMDs of 64K pages need 16 GiB in both address spaces."""
    own = machine(MemoryMap((Region(0, 64 * GIB),)), kernel=kernel, page_size=page, config=config)
    assert any("KASLR" in note for note in early(own, cmdline)[1].notes) is said


def test_where_there_are_no_contiguous_pmds_kaslr_undoes_none() -> None:
    """The linear map starts at 1 GiB, no multiple of 16 GiB; no region holds a run; the tables have two levels."""
    for regions in [(Region(GIB, 64 * GIB),), (Region(0, 15 * GIB), Region(17 * GIB, 31 * GIB))]:
        own = machine(MemoryMap(regions), kernel="6.12", page_size=64 * KIB)
        assert not any("KASLR" in note for note in early(own, "quiet")[1].notes)
    two_levels = machine(MemoryMap((Region(0, 64 * GIB),)), kernel="6.12", page_size=64 * KIB, va_bits=42)
    assert not any("KASLR" in note for note in early(two_levels, "quiet")[1].notes)


def test_what_a_cut_command_line_lacks_is_not_known_of_another_boot() -> None:
    """It may have asked for the CMA area that is listed: for a line that does not, there is another reading."""
    case = next(case for case in cases("more_boots") if case["name"] == CUT_AT_ITS_CMA)
    log = "\n".join(line[:80] for line in case["dmesg"].splitlines())
    texts = {"iomem": case["iomem"], "log": log}
    sources = combine([parse_text(text.encode(), name) for name, text in texts.items()])
    assert sources.facts.cmdline == "console=ttyAMA0 nokaslr crashkernel=1280M cm"
    other = make_plan(sources, "crashkernel=256M quiet", Options(strategy="mainline")).reservation
    places = [other.crash, *(reading.crash for reading in other.other_readings)]
    assert {place.start for place in places if place is not None} == {0xEC000000, 0xE0000000}
    same = make_plan(sources, "256M", Options(strategy="mainline")).reservation
    assert same.crash is not None
    assert (same.crash.start, same.other_readings) == (0xE0000000, ())


OPEN = (Region(GIB, 3 * GIB // 2, Flag.NOMAP.value), Region(3 * GIB // 2, 2 * GIB), Region(2 * GIB, 4 * GIB))


@pytest.mark.parametrize(
    ("size", "at", "instead"),
    [
        pytest.param("256M", 4 * GIB - 256 * MIB, [], id="above them"),
        pytest.param("256M@0x60000000", 3 * GIB // 2, ["failed"], id="in one that may be NOMAP"),
        pytest.param("256M@0x40000000", None, [GIB], id="in one that may not be NOMAP"),
    ],
)
def test_regions_that_may_be_nomap_the_other_way_round_matter_where_the_answer_differs(
    size: str, at: int | None, instead: list[int | str]
) -> None:
    """As another reading; one that changes nothing is no doubt."""
    own = machine(MemoryMap(OPEN, (Reserved(2 * GIB, 2 * GIB + 64 * MIB),)), kind="memblock")
    own = replace(own, settled=False, unsure_nomap=(OPEN[0].span, OPEN[1].span))
    found = make_plan(own, size, Options(strategy="mainline")).reservation
    assert (found.crash.start if found.crash is not None else None) == at
    others = [
        each for each in found.other_readings if each.assumption == "the other ranges that touch are the firmware's"
    ]
    assert [each.crash.start if each.crash is not None else each.outcome for each in others] == instead
