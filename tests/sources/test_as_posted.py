"""Logs and listings as people post them, damaged and quoted: from bytes to the plan."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from planner.sources import parse_text
from planner.studies.verify import verify

MAINLINE = Options(strategy="mainline")
S = "[    0.000000] "
VERSION = f"{S}Linux version 6.12.0 (x@y) #1\n"
RAM = f"{S}  node   0: [mem 0x0000000080000000-0x000000047fffffff]\n"
CRASH = f"{S}crashkernel reserved: 0x00000000e0000000 - 0x0000000100000000 (512 MB)\n"


def plan(text: str, request: str | None = None, options: Options = MAINLINE) -> Plan:
    """The plan of a source."""
    return make_plan(parse_text(text.encode(), "posted"), request, options)


@pytest.mark.parametrize(
    ("command", "size"),
    [
        pytest.param(
            f"{S}Kernel command line: root=/dev/sda2 ro crashkernel=512M \\\n{S}Kernel command line: isolcpus=2-30\n",
            512 * MIB,
            id="wrapped by the kernel",
        ),
        pytest.param(
            f"{S}Kernel command line: BOOT_IMAGE=/vmlinuz root=/dev/sda2 ro\ncrashkernel=512M quiet\n",
            512 * MIB,
            id="wrapped by a mail program",
        ),
        pytest.param(f"{S}Kernel command line: BOOT_IMAGE=/vmlinuz ro\n", 512 * MIB, id="its end is lost"),
    ],
)
def test_a_command_line_in_pieces(command: str, size: int) -> None:
    """verify agrees with the recorded reservation, and a plan gives it again."""
    text = VERSION + RAM + CRASH + command
    found = plan(text).reservation.crash
    assert found == Range(4 * GIB - size, 4 * GIB)
    assert verify(parse_text(text.encode(), "posted"), MAINLINE).outcome == "agreed"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("Aug 17 04:22:43 lab kernel: crashkernel reserved: 0x00000000e0000000 - 0x0000>", id="cut"),
        pytest.param(f"{S}crashkernel reserved: 0x00000000e0000000 - 0x0000000010000000 (512 MB)", id="reversed"),
    ],
)
def test_a_damaged_record(line: str) -> None:
    """verify says not checkable and names the line; the request can be planned."""
    text = f"{VERSION}{RAM}{line}\n{S}Kernel command line: ro crashkernel=512M\n"
    verdict = verify(parse_text(text.encode(), "posted"), MAINLINE)
    assert verdict.outcome == "not checkable"
    assert verdict.checks[0].why.startswith("line 3 is damaged or cut off")
    found = plan(text)
    assert found.reservation.crash == Range(0xE000_0000, 4 * GIB)
    assert any(note.startswith("line 3 is damaged or cut off") for note in found.notes)


def test_a_lost_range_is_never_planned_over() -> None:
    """The log counts more memory than its ranges have."""
    text = (
        f"{VERSION}{S}  node   0: [mem 0x0000000080000000-0x00000000ffff\n"
        f"{S}  node   0: [mem 0x0000000100000000-0x000000047fffffff]\n"
        f"{S}Initmem setup node 0 [mem 0x0000000080000000-0x000000047fffffff]\n"
        f"{S}Memory: 16000000K/16777216K available (1K kernel code, 0K cma-reserved)\n"
    )
    with pytest.raises(InputError, match="line 2 is damaged or cut off, so a memory range cannot be read there"):
        plan(text, "128M,high")


def test_ranges_that_a_mail_program_wrapped_are_joined() -> None:
    text = (
        f"{VERSION}{S}  node   0: [mem 0x0000000000000000-0x000000003fffffff]\n"
        f"{S}  node   1: [mem\n0x0000001040000000-0x00000013ffffffff]\n"
        f"{S}cma: Reserved 32 MiB at 0x000000003ce00000\n"
        f"{S}crashkernel reserved: 0x0000000002000000 -\n0x0000000012000000 (256 MB)\n"
        f"{S}Kernel command line: BOOT_IMAGE=/Image rdinit=/init\ncrashkernel=1G-4G:128M,4G-:256M console=ttyAMA0\n"
    )
    machine = parse_text(text.encode(), "posted")
    assert machine.memory.ram == GIB + 15 * GIB
    assert machine.facts.record is not None
    assert machine.facts.record.crash == Range(0x200_0000, 0x1200_0000)
    assert machine.facts.cmdline == ("BOOT_IMAGE=/Image rdinit=/init crashkernel=1G-4G:128M,4G-:256M console=ttyAMA0")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('0x000000000000-0x000000200000 : "whole flash"\n{log}', id="flash partitions look like resources"),
        pytest.param(
            "<6>[ 1892.010633]  [5:  binder:1453_A: 7907] usb\n" * 5000 + "{log}", id="messages before the boot"
        ),
    ],
)
def test_a_log_among_other_messages(text: str) -> None:
    """It is recognised by the messages of boot, wherever they are."""
    log = (
        "Linux version 6.1.0 (x@y)\nEarly memory node ranges\n  node   0: [mem 0x0000000040000000-0x00000000bfffffff]\n"
    )
    machine = parse_text(text.format(log=log).encode(), "x")
    assert (machine.kind, machine.memory.ram) == ("dmesg", 2 * GIB)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(
            f"{S}efi: Processing EFI memory map:\n{S}efi:   0x000080000000-0x0000ffffffff [Conventional|  |WB|  ]\n",
            2 * GIB,
            id="an EFI map",
        ),
        pytest.param(f"{S}memblock_add: [0x0000000080000000-0x00000000ffffffff] x+0x0/0x1\n", 2 * GIB, id="added"),
    ],
)
def test_an_excerpt_that_stands_alone_is_recognised_as_a_log(text: str, found: int) -> None:
    assert plan(text, "256M").memory.ram == found


def test_a_firmwares_map_for_64k_pages() -> None:
    """The page size comes from an option."""
    text = (
        f"{S}Linux version 6.1.0 (x) #1\n"
        f"{S}efi:   0x000080000000-0x0000efffdfff [Conventional|   |  |WB|  |  |  ]\n"
        f"{S}efi:   0x0000efffe000-0x0000efffefff [Runtime Data|RUN|  |WB|  |  |  ]\n"
        f"{S}efi:   0x0000effff000-0x0001bfffffff [Conventional|   |  |WB|  |  |  ]\n"
    )
    crash = plan(text, "512M", Options(strategy="mainline", page_size=64 * KIB)).reservation.crash
    assert crash is not None
    assert crash.end <= 0xEFFF_0000 or crash.start >= 0xF000_0000


NESTED = """\
80000000-bfffffff : System RAM
  80200000-8219ffff : Kernel code
  821a0000-82b5ffff : reserved
  82b60000-82f0ffff : Kernel data
  b0000000-bfffffff : reserved
"""


@pytest.mark.parametrize(
    "listing",
    [
        pytest.param(NESTED.replace("  ", ""), id="flat"),
        pytest.param(NESTED + "root@host:~# ", id="a prompt"),
        pytest.param(NESTED.replace("RAM\n", "RAM    (exactly 1024MB)\n"), id="annotated"),
    ],
)
def test_a_posted_listing_gives_the_answer_of_the_bare_one(listing: str) -> None:
    """Lines may be lost or added."""
    options = Options(kernel="6.6", strategy="mainline")
    assert plan(listing, "256M", options).reservation.crash == plan(NESTED, "256M", options).reservation.crash


LISTING = """\
80000000-ffffffff : System RAM
  80210000-81ffffff : Kernel code
  9bc00000-dfbfffff : reserved
  e0000000-ffffffff : Crash kernel
"""
UNAME = "Linux box 6.1.0-13-arm64 #1 SMP Debian 6.1.55-1 (2023-09-29) aarch64 GNU/Linux\n"


def test_a_listing_with_other_outputs_beside_it() -> None:
    """They give its kernel and request, as if they had been given as a log of their own."""
    text = (
        f"## Environment\n```\n$ uname -a\n{UNAME}$ cat /proc/cmdline\nBOOT_IMAGE=/boot/vmlinuz ro crashkernel=512M\n"
        f"```\n## iomem\n```\n{LISTING}```\n"
    )
    machine = parse_text(text.encode(), "issue.md")
    assert (machine.facts.kernel, machine.facts.arch) == ("6.1.0-13-arm64", "aarch64")
    assert machine.facts.cmdline == "BOOT_IMAGE=/boot/vmlinuz ro crashkernel=512M"
    assert machine.memory == parse_text(LISTING.encode(), "iomem").memory
    assert verify(machine, MAINLINE).outcome == "agreed"


def test_a_log_beside_what_a_search_in_a_listing_found() -> None:
    """The log tells more."""
    machine = parse_text(
        f"{VERSION}{CRASH}$ grep -i crash /proc/iomem\n  e0000000-ffffffff : Crash kernel\n".encode(), "x"
    )
    assert (machine.kind, machine.facts.kernel) == ("dmesg", "6.12.0")


def test_a_listing_beside_the_log_of_another_machine() -> None:
    """It is not used, with a note."""
    machine = parse_text(f"{LISTING}{VERSION}{RAM}".encode(), "issue.md")
    assert (machine.memory.ram, machine.facts.kernel) == (2 * GIB, None)
    assert machine.notes[-1].startswith("the log in the same text is not used: ")


def test_another_kernel_than_the_logs_is_a_note() -> None:
    """A user may ask for another kernel's plan."""
    notes = plan(VERSION + RAM, "256M", Options(kernel="6.1", strategy="mainline")).notes
    assert "the machine's own kernel is 6.12.0; planned for 6.1, as requested" in notes
    for own in ("6.12", "6.12.0"):
        assert not [n for n in plan(VERSION + RAM, "256M", Options(kernel=own)).notes if "as requested" in n]
