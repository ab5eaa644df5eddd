"""Contradictions in a log: memory ranges and their total, the command line and the reservation."""

from __future__ import annotations

import json
import re

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB
from planner.kernel.machine import SINGLE_PAGES
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.render.blocks.sentences import verdict
from planner.report import to_dict
from planner.sources import combine, parse_text
from planner.studies.verify import verify
from tests.oracle.cases import cases

HEAD = "[    0.000000] Linux version 6.12.9 (x@y) #1\n"
NODES = (
    "[    0.000000]   node   0: [mem 0x0000000040000000-0x00000000bfffffff]\n"
    "[    0.000000]   node   0: [mem 0x0000000100000000-0x000000023fffffff]\n"
)
ZONES = "[    0.000000]   Normal   [mem 0x0000000100000000-0x000000023fffffff]\n"
SET_UP = "[    0.000000] Initmem setup node 0 [mem 0x0000000040000000-0x000000023fffffff]\n"
MEMORY = "[    0.000000] Memory: 7000000K/7340032K available (1K kernel code, 0K cma-reserved)\n"
WITH_IMAGE = MEMORY.replace(
    "1K kernel code", "16384K kernel code, 1K rwdata, 8192K rodata, 1K init, 1K bss, 1K reserved"
)
CRASH = "[    0.000000] crashkernel reserved: 0x00000000a0000000 - 0x00000000c0000000 (512 MB)\n"
LOW = "[    0.000000] crashkernel low memory reserved: 0xb8000000 - 0xc0000000 (128 MB)\n"
EFI = "[    0.000000] efi: SMBIOS 3.0=0xbfed0000 ACPI 2.0=0xbf0d2018 MEMRESERVE=0xbd4d1f18\n"
KASLR = "[    0.240634] KASLR enabled\n"
COMMAND = "[    0.000000] Kernel command line: "


def test_a_log_that_agrees_with_itself_has_no_note() -> None:
    machine = parse_text((HEAD + ZONES + NODES + SET_UP + MEMORY).encode(), "log")
    assert machine.memory.ram == 7 * GIB
    assert not any("incomplete" in note for note in machine.notes)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(
            HEAD + NODES.splitlines(keepends=True)[1] + MEMORY,
            ", a line is missing: they hold 5G, and `Memory:` counts 7G",
            id="the size of memory",
        ),
        pytest.param(
            HEAD + NODES.splitlines(keepends=True)[0] + SET_UP + ZONES,
            ", a line is missing: node 0 is set up from 0x40000000 to 0x240000000; the zones reach up to 0x240000000",
            id="a node's range",
        ),
        pytest.param(
            HEAD + ZONES + NODES.splitlines(keepends=True)[0] + "[\n",
            ", a line is missing: the zones reach up to 0x240000000",
            id="the end of an excerpt within the ranges",
        ),
        pytest.param(
            HEAD + NODES + SET_UP.replace("node 0", "node 1"),
            ", a line is missing: they lack node 1, which is set up",
            id="a node",
        ),
        pytest.param(
            HEAD + NODES.replace("bfffffff]", "bfff") + MEMORY,
            ": line 2 is damaged or cut off, so a memory range cannot be read there: node   0: [mem 0x0000000040000000-"
            "0x00000000bfff; they hold 5G, and `Memory:` counts 7G",
            id="a damaged line",
        ),
    ],
)
def test_a_log_that_shows_more_memory_than_its_ranges(text: str, why: str) -> None:
    """It gives facts only, and a note says why; a plan needs another source's map."""
    machine = parse_text(text.encode(), "log")
    with pytest.raises(InputError) as caught:
        make_plan(machine, "128M", Options())
    assert str(caught.value).startswith(f"log: the log's memory ranges are incomplete{why}")
    assert (
        verify(machine, Options(strategy="mainline")).checks[0].why.startswith("the log's memory ranges are incomplete")
    )
    listing = parse_text(b"40000000-bfffffff : System RAM\n100000000-23fffffff : System RAM\n", "iomem")
    assert make_plan(combine([listing, machine]), "128M", Options()).memory.ram == 7 * GIB


def test_zones_alone_are_a_note() -> None:
    """`Memory:` counts no more than the known ranges, so a zone's line may be the wrong one."""
    counted = MEMORY.replace("7340032K", "2097152K")
    machine = parse_text((HEAD + ZONES + NODES.splitlines(keepends=True)[0] + counted).encode(), "log")
    assert machine.memory.ram == 2 * GIB
    assert any(note.startswith("the zones reach up to 0x240000000") for note in machine.notes)


DUMP = (
    "[    0.000000] MEMBLOCK configuration:\n"
    "[    0.000000]  memory.cnt  = 0x2\n"
    "[    0.000000]  memory[0x0]\t[0x0000000040000000-0x00000000bfffffff], 0x80000000 bytes on node 0 flags: 0x0\n"
    "[    0.000000]  memory[0x1]\t[0x0000000100000000-0x000000023fffffff], 0x140000000 bytes on node 0 flags: 0x0\n"
    "[    0.000000]  reserved.cnt  = 0x2\n"
    "[    0.000000]  reserved[0x0]\t[0x0000000040200000-0x0000000041ffffff], 0x1e00000 bytes on node 0 flags: 0x0\n"
    "[    0.000000]  reserved[0x1]\t[0x00000000b0000000-0x00000000bfffffff], 0x10000000 bytes on node 0 flags: 0x0\n"
)
ALL_ZONES = (
    "[    0.000000] Zone ranges:\n"
    "[    0.000000]   DMA      [mem 0x0000000040000000-0x000000007fffffff]\n"
    "[    0.000000]   DMA32    [mem 0x0000000080000000-0x00000000ffffffff]\n" + ZONES
)
COUNTED = MEMORY.replace("0K cma", "65536K cma")
CMA = "[    0.000000] cma: Reserved 64 MiB at 0x00000000bc000000\n"
WHOLE = HEAD + ALL_ZONES + NODES + SET_UP + CMA + CRASH + COMMAND + "ro crashkernel=512M\n" + COUNTED


@pytest.mark.parametrize(
    ("text", "lost", "note"),
    [
        pytest.param(
            WHOLE, "  DMA ", "no zone in the log covers 0x40000000 to 0x80000000: the line of a zone", id="a zone"
        ),
        pytest.param(
            WHOLE, " cma: ", "`Memory:` counts 64M of CMA areas, and the log shows 0: a line", id="a CMA area"
        ),
        pytest.param(
            WHOLE, "crashkernel reserved", "the log shows neither a reservation nor a failure for", id="a record"
        ),
        pytest.param(
            WHOLE.replace(CRASH, LOW + CRASH.replace("00a0000000 - 0x00000000c0", "01c0000000 - 0x00000001e0")),
            "crashkernel reserved",
            "the log shows only the low part of a crash kernel",
            id="the main part",
        ),
        pytest.param(
            WHOLE.replace(SET_UP, SET_UP.replace("23", "0b") + SET_UP.replace("node 0", "node 1")).replace(
                NODES.splitlines()[1], NODES.splitlines()[1].replace("node   0", "node   1")
            ),
            "setup node 1",
            "the log lacks the `Initmem setup` of node 1",
            id="a node's range",
        ),
        pytest.param(WHOLE, "command line", "the log lacks its command line: the request is not", id="what was asked"),
        pytest.param(
            HEAD + DUMP, "reserved[0x0]", "memblock.reserved has 2 rows, and the log shows 1: what they", id="a row"
        ),
        pytest.param(
            HEAD + DUMP, "memory[0x1]", "the log's memory ranges are incomplete: memblock.memory has 2 rows", id="RAM"
        ),
        pytest.param(
            HEAD + DUMP.replace("memory.cnt", "memory count") + MEMORY,
            "memory[0x1]",
            "the log's memory ranges are incomplete, a line is missing: they hold 2G, and `Memory:` counts 7G",
            id="the last row",
        ),
    ],
)
def test_a_line_that_is_missing_is_noted(text: str, lost: str, note: str) -> None:
    """A note says so; the complete log has no such note."""
    kept = "".join(line for line in text.splitlines(keepends=True) if lost not in line)
    assert any(one.startswith(note) for one in parse_text(kept.encode(), "log").notes)
    assert not any(one.startswith(note[:12]) for one in parse_text(text.encode(), "log").notes)


def test_the_limit_of_a_zone_whose_line_is_missing_is_the_start_of_the_next() -> None:
    text = "".join(line for line in WHOLE.splitlines(keepends=True) if "  DMA " not in line)
    assert parse_text(text.encode(), "log").facts.dma_limit == 2 * GIB


def test_zones_that_are_all_empty_do_not_tell_that_the_kernel_has_no_dma_zones() -> None:
    """All memory is in a zone: the line of that one is missing."""
    empty = "[    0.000000] Zone ranges:\n[    0.000000]   Normal   empty\n[    0.000000]   Device   empty\n"
    machine = parse_text((HEAD + empty + NODES).encode(), "log")
    assert machine.facts.dma_limit is None
    assert any(note.startswith("no zone in the log covers 0x40000000 to 0x240000000") for note in machine.notes)


def test_zones_that_are_all_empty_lack_nothing_where_no_memory_is_shown() -> None:
    """No line is known to be missing then."""
    empty = "[    0.000000] Zone ranges:\n[    0.000000]   Normal   empty\n"
    assert parse_text((HEAD + empty + CRASH).encode(), "log").notes == (
        "the log shows no memory map: it gives facts only",
    )


def test_a_log_without_zones_does_not_tell_its_dma_limit() -> None:
    """The limit is read from the zones."""
    note = "the log shows no zones, so its DMA limit is not known"
    assert note in parse_text((HEAD + NODES).encode(), "log").notes
    assert note not in parse_text(WHOLE.encode(), "log").notes


def test_a_small_gap_in_a_firmwares_map_is_noted() -> None:
    """The gap may be firmware memory; node ranges would show it."""
    rows = [(0x4000_0000, 0xBFFF_DFFF, "Conventional"), (0xBFFF_F000, 0xFFFF_FFFF, "Conventional")]
    lines = "".join(f"[    0.0] efi:   {a:#014x}-{b:#014x} [{kind}|   |WB|  ]\n" for a, b, kind in rows)
    note = "the EFI map leaves out 0xbfffe000 to 0xbffff000: a line may be missing"
    assert note in parse_text((HEAD + lines).encode(), "log").notes
    assert note not in parse_text((HEAD + lines + NODES).encode(), "log").notes
    whole = lines.replace(f"{0xBFFF_DFFF:#014x}", f"{0xBFFF_EFFF:#014x}")
    assert not [note for note in parse_text((HEAD + whole).encode(), "log").notes if "leaves out" in note]


@pytest.mark.parametrize(("size", "whole"), [("0x0000000000000060", True), ("0x00000600", False)])
def test_the_count_of_a_firmwares_map(size: str, whole: bool) -> None:
    """A kernel that stops within the map prints a part of it."""
    rows = "".join(
        f"[    0.0] efi:   {gib << 30:#014x}-{(gib + 1 << 30) - 1:#014x} [Conventional|WB]\n" for gib in (1, 2)
    )
    sizes = f"[    0.0] efi:   MemMap Size      \t: {size}\n[    0.0] efi:   MemMap Desc. Size: 0x00000030\n"
    machine = parse_text((HEAD + sizes + rows).encode(), "log")
    lacking = machine.incomplete and machine.incomplete.damage
    assert lacking == (None if whole else "the EFI map has 32 descriptors, and the log shows 2")


@pytest.mark.parametrize("number", ["0x00000000bffffff", "0x000000bfffffff", "0x00000000000bffff"])
def test_a_number_that_has_lost_a_digit(number: str) -> None:
    """The kernel pads numbers with zeros, and no range ends before it starts."""
    machine = parse_text((HEAD + NODES.replace("0x00000000bfffffff", number)).encode(), "log")
    assert machine.incomplete is not None
    assert (machine.incomplete.damage,) == machine.damage
    assert machine.incomplete.why == (
        "the log's memory ranges are incomplete: line 2 is damaged or cut off, so a memory range cannot be read there: "
        f"node   0: [mem 0x0000000040000000-{number}]"
    )


def test_a_node_without_memory_lacks_none() -> None:
    """Older kernels print it as a range from zero to zero."""
    line = "[    0.0] Initmem setup node 1 [mem 0x0000000000000000-0x0000000000000000]\n"
    assert parse_text((WHOLE + line).encode(), "log").incomplete is None


def test_a_log_with_its_newest_line_first_is_read_from_the_end() -> None:
    backwards = parse_text("\n".join(reversed(WHOLE.splitlines())).encode(), "log")
    machine = parse_text(WHOLE.encode(), "log")
    assert (backwards.memory, backwards.facts) == (machine.memory, machine.facts)
    assert backwards.notes[0].startswith("the newest line comes first")


def test_a_log_with_its_newest_line_first_that_has_lost_all_zones_but_the_last() -> None:
    """Whichever zone comes before the heading."""
    text = "  Movable  empty\nZone ranges:\nLinux version 6.1.0\n"
    assert parse_text(text.encode(), "log").notes[0].startswith("the newest line comes first")


WHOLE_ENDS = (
    CRASH.partition(" (")[0].replace("0xa0000000", "0x00000000a0000000").replace("0xc0000000", "0x00000000c0000000")
)


@pytest.mark.parametrize(
    "cut", [WHOLE_ENDS, f"{WHOLE_ENDS} (", f"{WHOLE_ENDS} (5", f"{WHOLE_ENDS} (512", f"{WHOLE_ENDS} (512 M"]
)
@pytest.mark.parametrize("ends", ["cr", "crashker", "crashkernel=", "crashkernel=51"])
def test_all_lines_cut_at_one_column(cut: str, ends: str) -> None:
    """`cut -c 1-79`: what is left of the line on the crash kernel tells its size."""
    wide = max(len(cut), len(COMMAND) + len(ends) + 3)
    lines = [cut, f"{COMMAND}{'a' * (wide - len(COMMAND) - len(ends) - 1)} {ends}"]
    lines += [f"[    0.000000] {letter * (wide - 15)}" for letter in "xy"]
    machine = parse_text((HEAD + NODES + "\n".join(lines) + "\n").encode(), "log")
    assert machine.facts.own_request == "restored"
    assert verdict(make_plan(machine)).endswith("; the request is inferred from what was reserved")
    assert "inferred" not in verdict(make_plan(machine, "512M"))
    found = make_plan(machine, None, Options(strategy="mainline")).reservation.crash
    assert found == Range(0xA0000000, 0xC0000000)


@pytest.mark.parametrize(
    ("crash", "ends", "lost"),
    [
        pytest.param("", "cra", True, id="within the word"),
        pytest.param("", "crashkernel=51", True, id="within its value"),
        pytest.param(CRASH[:40] + "\n", "quiet", True, id="before it, as a damaged line tells"),
        pytest.param(CRASH[:40] + "\n", "crash_kexec_post_notifiers quiet", True, id="behind another of that name"),
        pytest.param("", "quiet", False, id="nothing tells that there was one"),
    ],
)
def test_a_request_that_nobody_knows_has_to_be_given(crash: str, ends: str, *, lost: bool) -> None:
    """A plan of nothing would look like an answer."""
    machine = parse_text((HEAD + NODES + crash + COMMAND + "a" * 970 + f" {ends}\n").encode(), "log")
    assert machine.facts.own_request == ("lost" if lost else "told")
    assert make_plan(machine, "512M").reserved
    if lost:
        with pytest.raises(InputError, match="so the request is not known; give a value such as 512M"):
            make_plan(machine, None)
    else:
        assert make_plan(machine, None).reservation.outcome == "none"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(CRASH.replace("c0000000 (", "10000000 ("), id="an end before its start"),
        pytest.param(CRASH.replace("(512", "(511"), id="another size"),
        pytest.param(CRASH[:-12] + ">\n", id="cut by a pager"),
    ],
)
def test_a_damaged_record_is_no_reservation(line: str) -> None:
    """The record is not checkable, and the line is named; the request can be planned. Others may be damaged, too."""
    machine = parse_text((HEAD + NODES + line + COMMAND + "ro crashkernel=512M\n").encode(), "log")
    verdict = verify(machine, Options(strategy="mainline"))
    assert verdict.outcome == "not checkable"
    assert verdict.checks[0].why.startswith("line 4 is damaged or cut off, so the crash kernel cannot be read there")
    assert not verdict.notes  # the reason is not said twice
    assert machine.facts.events_lack == "lines of the log are damaged"
    assert make_plan(machine, None, Options(strategy="mainline")).reservation.crash == Range(0xA000_0000, 0xC000_0000)


DUMP_ROWS = [
    "[    0.000000] MEMBLOCK configuration:",
    "[    0.000000]  memory size = 0x0000000200000000 reserved size = 0x0000000024000000",
    "[    0.000000]  memory.cnt  = 0x1",
    "[    0.000000]  memory[0x0]\t[0x0000000040000000-0x000000023fffffff], 0x0000000200000000 bytes flags: 0x0",
    "[    0.000000]  reserved.cnt  = 0x2",
    "[    0.000000]  reserved[0x0]\t[0x00000000a0000000-0x00000000bfffffff], 0x0000000020000000 bytes flags: 0x0",
    "[    0.000000]  reserved[0x1]\t[0x00000000fc000000-0x00000000ffffffff], 0x0000000004000000 bytes flags: 0x0",
]


@pytest.mark.parametrize(
    ("left_out", "complete"),
    [
        pytest.param([], True, id="all"),
        pytest.param([1, 2, 4], False, id="its counts, at the end of the log, which may have lost more"),
        pytest.param([6], False, id="the last row"),
        pytest.param([5], False, id="another row"),
        pytest.param([4, 6], False, id="the last row and the count"),
        pytest.param([1, 6], False, id="the last row and the size"),
        pytest.param([1, 5], False, id="the first row, of which the numbers of the others tell"),
        pytest.param([1, 4, 5, 6], False, id="all rows"),
    ],
)
def test_a_dump_that_lost_rows_does_not_show_all_that_is_reserved(left_out: list[int], complete: bool) -> None:
    """It is a log like others, then: its CMA area is an obstacle, and a note says that there was more."""
    cma = "[    0.000000] cma: Reserved 64 MiB at 0x00000000fc000000"
    shown = [row for at, row in enumerate(DUMP_ROWS) if at not in left_out]
    machine = parse_text("\n".join([HEAD.strip(), cma, CRASH.strip(), *shown, ""]).encode(), "log")
    assert machine.settled is complete
    assert any("what they reserve is not known" in note for note in machine.notes) is not complete
    assert any("that lacks lines of memblock=debug" in note for note in machine.notes) is not complete
    plan = make_plan(machine, "512M", Options(strategy="mainline"))
    assert plan.reservation.crash == Range(0xDC000000, 0xFC000000)


def test_a_dump_without_its_counts_is_complete_where_the_log_goes_on() -> None:
    """What follows shows that the end of the dump is not lost."""
    shown = [row for at, row in enumerate(DUMP_ROWS) if at not in (1, 2, 4)]
    assert parse_text("\n".join([HEAD.strip(), CRASH.strip(), *shown, ZONES]).encode(), "log").settled


@pytest.mark.parametrize("line", [CRASH, LOW], ids=["a crash kernel", "its low part"])
def test_a_crash_kernel_lies_in_memory(line: str) -> None:
    """Where it does not, ranges of memory are missing."""
    low, high = NODES.splitlines()
    assert parse_text((HEAD + NODES + line).encode(), "log").incomplete is None
    lacking = parse_text((HEAD + high + "\n" + line).encode(), "log").incomplete
    assert lacking is not None
    start = "0xa0000000" if line is CRASH else "0xb8000000"
    assert lacking.why.endswith(f"a line is missing: the crash kernel's memory at {start} is in none of them")
    assert parse_text((HEAD + low + "\n" + line).encode(), "log").incomplete is None


@pytest.mark.parametrize(
    ("line", "what"),
    [
        pytest.param("cma: Reserved 64 MiB at 0x00000000bc000000", "a CMA area at 0xbc000000", id="a CMA area"),
        pytest.param(
            "NODE_DATA(0) allocated [mem 0xbfffd3c0-0xbfffffff]", "the data of a node at 0xbfffd3c0", id="a node's data"
        ),
        pytest.param(
            "software IO TLB: mapped [mem 0x00000000b8000000-0x00000000bc000000] (64MB)",
            "the bounce buffer at 0xb8000000",
            id="the bounce buffer",
        ),
    ],
)
def test_what_the_kernel_allocates_lies_in_memory(line: str, what: str) -> None:
    """Where it does not, ranges of memory are missing."""
    line = f"[    0.000000] {line}\n"
    _, high = NODES.splitlines(keepends=True)
    assert parse_text((HEAD + NODES + line).encode(), "log").incomplete is None
    lacking = parse_text((HEAD + high + line).encode(), "log").incomplete
    assert lacking is not None
    assert lacking.why.endswith(f"a line is missing: {what} is in none of them")


@pytest.mark.parametrize(
    ("lines", "doubt"),
    [
        pytest.param([ZONES, NODES, MEMORY], "", id="whole"),
        pytest.param([ZONES, NODES], "a CMA area may be missing", id="its end is missing"),
        pytest.param(
            [ZONES, NODES, MEMORY, COMMAND + "ro crashkernel=1G\n"],
            "the log lacks the line of its crash kernel",
            id="what it asks for is neither reserved nor refused",
        ),
        pytest.param(
            [ZONES, NODES, MEMORY, LOW, COMMAND + "ro crashkernel=1G,high\n"],
            "the log lacks the line of its crash kernel",
            id="only the low part is reserved",
        ),
        pytest.param([ZONES, NODES, CRASH], "", id="it shows the crash kernel, and so what came before"),
        pytest.param(
            [ZONES, NODES, MEMORY.replace(" 0K cma", " 65536K cma")],
            "the log lacks the line of a CMA area",
            id="a CMA area that is counted",
        ),
        pytest.param(
            [
                ZONES,
                NODES,
                "[    0.000000] cma: Reserved 64 MiB in 2 ranges\n",
                MEMORY.replace(" 0K cma", " 65536K cma"),
            ],
            "",
            id="a CMA area in several ranges, which the kernel does not place in its log",
        ),
        pytest.param(
            [ZONES, NODES.replace("23fffffff", "13fffffff")], "the log lacks the highest memory", id="cut in the ranges"
        ),
        pytest.param(
            [ZONES, NODES, "[    0.000000] cma: Reserved 64 MiB at 0x00000000fc>\n"],
            "lines of the log about memory are damaged",
            id="a CMA area that is cut off",
        ),
        pytest.param(
            [ZONES, NODES, CRASH[:-20] + "\n"], "lines of the log about memory are damaged", id="a crash kernel cut off"
        ),
        pytest.param([EFI, ZONES, NODES, KASLR], "the kernel's image may be in the way", id="KASLR"),
        pytest.param(
            ["[    0.000000] efi: EFI v2.70 by EDK II\n", ZONES, NODES, KASLR],
            "the kernel's image may be in the way",
            id="KASLR, without the line of UEFI's tables",
        ),
        pytest.param(
            [
                "[    0.000000] efi: Getting EFI parameters from FDT:\n[    0.000000] efi: UEFI not found.\n",
                *(ZONES, NODES, MEMORY, KASLR),
            ],
            "",
            id="KASLR, and no UEFI",
        ),
        pytest.param([EFI, CRASH, ZONES, NODES, KASLR], "", id="KASLR, and what was in the way"),
        pytest.param(
            [EFI, CRASH, ZONES, NODES], "the kernel's image may be in the way", id="UEFI, with the end of the log lost"
        ),
        pytest.param(
            ["[    0.000000] efi: EFI v2.70 by EDK II\n", CRASH, ZONES, NODES, WITH_IMAGE],
            "the kernel's image may be in the way",
            id="UEFI, with the line of its tables lost",
        ),
        pytest.param(
            [EFI.replace(" SMB", "  SMB").replace(" ACPI", "  ACPI"), CRASH, ZONES, NODES, WITH_IMAGE],
            "",
            id="UEFI, and the tables as kernels up to 5.7 print them",
        ),
        pytest.param([EFI, CRASH, ZONES, NODES, WITH_IMAGE], "", id="UEFI, with all that tells where the image lies"),
        pytest.param([EFI, ZONES, NODES, WITH_IMAGE], "", id="UEFI, with the lines that tell where the image lies"),
        pytest.param(
            ["[    0.000000] efi: EFI v2.70 by EDK II\n", ZONES, NODES, MEMORY],
            "the kernel's image may be in the way",
            id="UEFI, without the line of its tables",
        ),
        pytest.param(
            [ZONES, NODES, COMMAND + "ro elfcorehdr=0xbf000000 reset_devices\n"],
            "this is the log of a capture kernel, whose RAM is the crash memory",
            id="a capture kernel's, by its command line",
        ),
        pytest.param(
            [ZONES, NODES, "[    0.000000] Reserving 4KB of memory at 0xbf000000 for elfcorehdr\n"],
            "this is the log of a capture kernel, whose RAM is the crash memory",
            id="a capture kernel's, by what it reserves",
        ),
        pytest.param(
            [ZONES, NODES, "[    0.000000] Memory: 1K/6291456K available (1K x)\n"],
            "`Memory:` counts less RAM than the log's ranges hold",
            id="`Memory:` counts less",
        ),
        pytest.param([ZONES, NODES, MEMORY, KASLR], "", id="KASLR without UEFI, which does not move the image"),
    ],
)
def test_what_is_not_known_of_the_map_is_in_the_first_line(lines: list[str], doubt: str) -> None:
    """A report keeps it, too, and so does a plan of that report."""
    machine = parse_text("".join([HEAD, *lines]).encode(), "log")
    plan = make_plan(machine, "512M", Options(strategy="mainline"))
    assert machine.doubt == plan.memory.doubt == doubt
    assert verdict(plan).endswith(doubt)
    again = parse_text(json.dumps(to_dict(plan)).encode(), "report")
    assert verdict(make_plan(again, None, Options())) == verdict(plan)


HIGHER = NODES.replace("000000023fffffff", "00000f023fffffff")


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        pytest.param([ZONES, SET_UP, HIGHER, MEMORY], True, id="all others agree"),
        pytest.param([SET_UP, HIGHER], True, id="the node that is set up"),
        pytest.param([ZONES, HIGHER, MEMORY], True, id="the zones, and what is counted"),
        pytest.param([ZONES, HIGHER], False, id="the zones alone: that of the highest may be missing"),
        pytest.param([ZONES, SET_UP, NODES, MEMORY], False, id="it is whole"),
        pytest.param([ZONES, SET_UP, NODES, MEMORY.replace("7340032K", "734003K")], False, id="the count is damaged"),
    ],
)
def test_a_range_that_a_digit_made_larger_is_refused(lines: list[str], *, refused: bool) -> None:
    """A machine has as much RAM as its other lines say."""
    machine = parse_text("".join([HEAD, *lines]).encode(), "log")
    why = machine.incomplete.why if machine.incomplete else ""
    assert why.startswith("the log's memory ranges are damaged: they reach up to 0xf0240000000, but ") is refused
    if refused:
        with pytest.raises(InputError, match="the log's memory ranges are damaged"):
            make_plan(machine, "512M")


BOOT = next(case for case in cases("bootlogs") if case["name"] == "deb612-4k_8G_efi_d")


@pytest.mark.parametrize(
    ("line", "lack"),
    [
        pytest.param("Kernel command line: ", "the log lacks the line of the command line", id="command line"),
        pytest.param(" Memory: ", "the log lacks the line of `Memory:`", id="memory"),
        pytest.param("Dentry cache", "the log lacks the line of Dentry cache", id="dentries"),
        pytest.param("Inode-cache", "the log lacks the line of Inode-cache", id="inodes"),
        pytest.param("percpu: Embedded", "the log lacks the line of `percpu:`", id="size of per-CPU areas"),
        pytest.param("pcpu-alloc: [", "the log lacks the line of `pcpu-alloc:`", id="groups of per-CPU areas"),
        pytest.param("cma: Reserved", "the log lacks the line of a CMA area", id="a CMA area"),
        pytest.param("software IO TLB: mapped", "the log lacks the line of the bounce buffer", id="bounce buffer"),
        pytest.param("", "", id="no line is missing"),
    ],
)
def test_a_log_that_lacks_a_line_does_not_tell_what_came_later(line: str, lack: str) -> None:
    """Beside a listing, which then tells it alone; the log alone says so."""
    log = "\n".join(text for text in BOOT["dmesg"].split("\n") if not line or line not in text)
    alone = parse_text(log.encode(), "log")
    assert alone.doubt == (lack if "bounce" not in lack and "pcpu-alloc" not in lack else "")
    machine = combine([parse_text(BOOT["iomem"].encode(), "listing"), alone])
    plan = make_plan(machine, BOOT["cmdline"], Options(strategy="mainline"))
    told = [note for note in plan.notes if note.endswith("is told from the listing alone")]
    assert told == ([f"{lack}: what came after the crash kernel is told from the listing alone"] if lack else [])
    crash = plan.reservation.crash
    assert crash is not None
    assert [crash.start, crash.end] == BOOT["crash_res"]


@pytest.mark.parametrize(
    ("lost", "doubt"),
    [
        pytest.param(["pcpu-alloc: "], "", id="a console leaves out what is for debugging"),
        pytest.param(["pcpu-alloc: ", "percpu: "], "the log lacks the line of `percpu:`", id="both are lost"),
        pytest.param(["pcpu-alloc: ", "Dentry"], "the log lacks the line of Dentry cache", id="another is lost, too"),
        pytest.param(
            ["pcpu-alloc: ", "Dentry", "Inode"], "the log lacks the line of Dentry cache", id="two others are lost"
        ),
        pytest.param(["percpu: ", "Dentry", "Inode"], "", id="three lines are left out: an excerpt"),
    ],
)
def test_the_log_of_a_console(lost: list[str], doubt: str) -> None:
    """A serial console shows no messages for debugging, and is whole all the same."""
    lines = (line for line in BOOT["dmesg"].split("\n") if not any(text in line for text in lost))
    assert parse_text("\n".join(lines).encode(), "log").doubt == doubt


def test_per_cpu_areas_of_single_pages_have_a_line_of_their_own() -> None:
    """`percpu_alloc=page` changes its form: the line is not missing."""
    line = re.sub(r"Embedded (\d+) pages/cpu (.*) u\d+", r"\1 4K pages/cpu \2", BOOT["dmesg"])
    assert "percpu: Embedded" not in line
    machine = parse_text(line.encode(), "log")
    assert machine.facts.events_lack == ""
    areas = [event for event in machine.facts.events if event.kind == "percpu"]
    whole = [e for e in parse_text(BOOT["dmesg"].encode(), "log").facts.events if e.kind == "percpu"]
    assert [(e.size, e.name) for e in areas] == [(e.size, SINGLE_PAGES) for e in whole]


def test_a_log_whose_first_lines_are_lost() -> None:
    """Those of UEFI are among them, and a search for some words finds none: the firmware's memory tells of it."""
    _, first, rest = BOOT["dmesg"].partition("[    0.000000] Zone ranges:")
    assert "efi: SMBIOS" not in rest
    assert parse_text(f"{first}{rest}".encode(), "log").doubt == "the log's beginning is lost"
    found = "\n".join(line for line in rest.split("\n") if re.search("node|zone|crash|memory|cma", line, re.IGNORECASE))
    assert parse_text(f"{first}{found}\n".encode(), "log").doubt == "the kernel's image may be in the way"


@pytest.mark.parametrize(
    ("lines", "doubt"),
    [
        pytest.param(["pcpu-alloc: [0] 0 1 [1] 2 3"], "", id="all in a line"),
        pytest.param(["pcpu-alloc: [0] 0 1", "pcpu-alloc: [1] 2 -"], "", id="a group that is not full"),
        pytest.param(
            ["pcpu-alloc: [1] 2 3"], "the log lacks the line of a group of per-CPU areas", id="the first is lost"
        ),
        pytest.param(
            ["pcpu-alloc: [0] 0 1", "pcpu-alloc: [2] 4 5"],
            "the log lacks the line of a group of per-CPU areas",
            id="one between is lost",
        ),
    ],
)
def test_processors_have_numbers_without_a_gap(lines: list[str], doubt: str) -> None:
    """Each has a per-CPU area."""
    own = next(line for line in BOOT["dmesg"].split("\n") if "pcpu-alloc: [" in line)
    groups = "\n".join(f"[    0.000000] {line}" for line in lines)
    assert parse_text(BOOT["dmesg"].replace(own, groups).encode(), "log").doubt == doubt


@pytest.mark.parametrize(
    ("asked", "lacks"),
    [
        pytest.param("2M", True, id="larger than any that is built in"),
        pytest.param("1M", False, id="some kernels have that built in"),
    ],
)
def test_a_command_line_tells_of_a_log_buffer(asked: str, *, lacks: bool) -> None:
    """Its line is lost where none shows it."""
    lines = (line for line in BOOT["dmesg"].split("\n") if "printk: log_buf_len: " not in line)
    lost = "\n".join(lines).replace("log_buf_len=16M", f"log_buf_len={asked}")
    assert parse_text(lost.encode(), "log").doubt == ("the log lacks the line of the log buffer" if lacks else "")


@pytest.mark.parametrize("line", ["Dentry cache", "Inode-cache", "pcpu-alloc: [", "cma: Reserved", "Initmem setup"])
def test_a_line_that_a_console_repeats_counts_once(line: str) -> None:
    """The kernel prints it once; each console that is registered repeats what was printed before."""
    lines = BOOT["dmesg"].split("\n")
    twice = "\n".join(text for each in lines for text in ([each, each] if line in each else [each]))
    once, again = (parse_text(text.encode(), "log").facts.events for text in (BOOT["dmesg"], twice))
    assert [(e.kind, e.size, e.start) for e in again] == [(e.kind, e.size, e.start) for e in once]


def test_two_lines_that_changed_places_do_not_reverse_a_log() -> None:
    """The version of the kernel comes before the zones, which it does not where the newest line comes first."""
    lines = BOOT["dmesg"].split("\n")
    at = next(i for i, line in enumerate(lines) if "Zone ranges:" in line)
    lines[at : at + 2] = reversed(lines[at : at + 2])
    swapped, whole = (parse_text(text.encode(), "log") for text in ("\n".join(lines), BOOT["dmesg"]))
    assert (swapped.memory, swapped.facts.events) == (whole.memory, whole.facts.events)


@pytest.mark.parametrize(
    ("told", "doubt"),
    [
        pytest.param(
            "[    0.000000] ** 8 printk messages dropped **", "messages were dropped from the log", id="printk"
        ),
        pytest.param(
            "systemd-journald[2]: Missed 8 kernel messages", "messages were dropped from the log", id="journald"
        ),
        pytest.param("@@ -9,9 +9 @@", "messages were dropped from the log", id="a diff"),
        pytest.param("--", "lines were left out of the log", id="grep -A"),
        pytest.param("[...]", "lines were left out of the log", id="a mail"),
        pytest.param("... (truncated, 512 bytes) ...", "lines were left out of the log", id="another program"),
    ],
)
@pytest.mark.parametrize("where", ["Booting Linux", "Linux version", "Dentry cache", "Run /init"])
def test_messages_that_are_missing_from_early_boot_are_doubted(told: str, doubt: str, where: str) -> None:
    """Some of early boot are missing if they are among them; none if they come before, or long after."""
    before, first, after = BOOT["dmesg"].partition(f"{where}")
    at = before.rfind("\n") + 1
    log = parse_text(f"{before[:at]}{told}\n{before[at:]}{first}{after}".encode(), "log")
    missing = where in ("Linux version", "Dentry cache") or (where == "Booting Linux" and doubt.startswith("messages"))
    assert log.doubt == (doubt if missing else "")
    assert log.facts.events_lack == log.doubt


def test_a_boot_loader_tells_of_memory_too() -> None:
    """What is missing after its lines is missing from early boot."""
    before, first, after = BOOT["dmesg"].partition("Dentry cache")
    at = before.rfind("\n") + 1
    log = f"U-Boot 2023.01\nMemory: 8 GiB\n{before[:at]}[...]\n{before[at:]}{first}{after}"
    assert parse_text(log.encode(), "log").doubt == "lines were left out of the log"


@pytest.mark.parametrize("words", [r"node|zone|crash|command", r"node|mem |cma:|crash|command"])
def test_what_a_search_found_may_lack_a_cma_area(words: str) -> None:
    """`grep -i node` finds Inode-cache, too, which comes later than the area."""
    boot = next(case for case in cases("bootlogs") if case["name"] == "deb61-4k_2G_efi_d")
    found = "\n".join(line for line in boot["dmesg"].split("\n") if re.search(words, line, re.IGNORECASE))
    assert (parse_text(found.encode(), "log").doubt == "a CMA area may be missing") == ("cma" not in words)


PER_CPU = "[    0.000000] percpu: Embedded 31 pages/cpu s86632 r8192 d32152 u126976\n"
BUFFER = "[    0.000000] software IO TLB: mapped [mem 0x00000000b8000000-0x00000000bc000000] (64MB)\n"


@pytest.mark.parametrize(
    ("lines", "doubt"),
    [
        pytest.param([CRASH, ZONES, PER_CPU], "", id="its end is lost"),
        pytest.param(
            [ZONES, COMMAND + "ro\n", BUFFER], "a CMA area may be missing", id="no per-CPU areas before a line"
        ),
        pytest.param([ZONES, PER_CPU, BUFFER], "a CMA area may be missing", id="no command line before the buffer"),
        pytest.param([CRASH, PER_CPU], "a CMA area may be missing", id="no zones"),
        pytest.param([ZONES, SET_UP, BUFFER], "a CMA area may be missing", id="none before the buffer but a node"),
        pytest.param([CRASH, ZONES, PER_CPU, COMMAND + "ro crashkernel=512M\n"], "", id="as the kernel prints them"),
    ],
)
def test_what_a_log_with_holes_lacks_may_have_been_there(lines: list[str], doubt: str) -> None:
    """A line that comes later than CMA areas tells that there is none only if nothing was lost before it."""
    assert parse_text("".join([HEAD, NODES, *lines]).encode(), "log").doubt == doubt


TOUCHING = (
    "[    0.000000]   node   0: [mem 0x0000000040000000-0x00000000bc3fffff]\n"
    "[    0.000000]   node   0: [mem 0x00000000bc400000-0x00000000bc7fffff]\n"
    "[    0.000000]   node   0: [mem 0x00000000bc800000-0x00000000bfffffff]\n"
)
AREA = "[    0.000000] cma: Reserved 64 MiB at 0x00000000b0000000\n"


@pytest.mark.parametrize(
    ("lines", "doubt"),
    [
        pytest.param([AREA, ZONES, TOUCHING, COMMAND + "ro\n"], "the kernel's image may be in the way", id="a search"),
        pytest.param([AREA, ZONES, NODES, COMMAND + "ro\n"], "", id="no memory of the firmware's"),
        pytest.param(
            ["[    0.000000] Machine model: a board\n", AREA, ZONES, TOUCHING, COMMAND + "ro\n"],
            "",
            id="a device tree's",
        ),
        pytest.param([AREA, ZONES, TOUCHING, PER_CPU], "", id="a log that is cut off, without a line of UEFI's"),
    ],
)
def test_what_a_search_found_may_be_of_uefi(lines: list[str], doubt: str) -> None:
    """Firmware's memory, marked as its own, tells of UEFI where no line does that names it."""
    assert parse_text("".join([HEAD, *lines]).encode(), "log").doubt == doubt


def test_which_ranges_are_the_firmwares_may_be_open() -> None:
    """Of ranges about as large as their neighbours, no line tells."""
    alike = TOUCHING.replace("bc3", "7ff").replace("bc4", "800")
    found = parse_text((HEAD + alike).encode(), "log")
    assert set(found.unsure_nomap) == {(2 * GIB, 0xBC800000), (0xBC800000, 3 * GIB)}
