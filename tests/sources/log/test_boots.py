"""Logs of several boots: one of them is used, and a note says which."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB, MIB
from planner.kernel.machine import Machine
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import parse_text
from planner.sources.log.boots import hosts_of
from tests.oracle.cases import cases

Lines = list[str]
SEPARATOR = "-- Boot 0123456789abcdef0123456789abcdef --"


def boot(
    request: str = "512M", *, top: int = 4 * GIB, end: int = 9 * GIB, crash: int = 512, version: str = "6.1.0"
) -> Lines:
    """The log of a production kernel: memory from 1G to `end`, `crash` MiB of crash memory up to `top`, and a panic."""
    return [
        "[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x413fd0c1]",
        f"[    0.000000] Linux version {version} (x@y) #1 SMP",
        f"[    0.000000] crashkernel reserved: {top - crash * MIB:#018x} - {top:#018x} ({crash} MB)",
        "[    0.000000] Zone ranges:",
        f"[    0.000000]   DMA      [mem {GIB:#018x}-{4 * GIB - 1:#018x}]",
        f"[    0.000000]   Normal   [mem {4 * GIB:#018x}-{end - 1:#018x}]",
        f"[    0.000000]   node   0: [mem {GIB:#018x}-{end - 1:#018x}]",
        "[    0.000000] percpu: Embedded 31 pages/cpu s86632 r8192 d32152 u126976",
        f"[    0.000000] Kernel command line: ro crashkernel={request}",
        "[    0.000021] Dentry cache hash table entries: 1048576 (order: 11, 8388608 bytes, linear)",
        "[    0.013000] printk: console [ttyAMA0] enabled",
        "[  100.000000] Kernel panic - not syncing: sysrq",
    ]


def capture(*, start: int = 4 * GIB - 512 * MIB, end: int = 4 * GIB, told: bool = True) -> Lines:
    """The log of a capture kernel in the crash memory of `boot`. told: with the elfcorehdr= that kexec adds."""
    return [
        "[    0.000000] Booting Linux on physical CPU 0x0000000003 [0x413fd0c1]",
        "[    0.000000] Linux version 6.1.0 (x@y) #1 SMP",
        "[    0.000000] Zone ranges:",
        f"[    0.000000]   DMA      [mem {start:#018x}-{end - 1:#018x}]",
        "[    0.000000]   Normal   empty",
        "[    0.000000] Early memory node ranges",
        f"[    0.000000]   node   0: [mem {start:#018x}-{end - 1:#018x}]",
        "[    0.000000] Kernel command line: ro irqpoll nr_cpus=1" + (" elfcorehdr=0xffc00000" if told else ""),
    ]


def read(lines: Lines) -> Machine:
    """The machine that these lines describe."""
    return parse_text("\n".join([*lines, ""]).encode(), "serial.log")


def bare(lines: Lines) -> Lines:
    """Without the kernel's time."""
    return [line.partition("] ")[2] if line.startswith("[") else line for line in lines]


def journal(lines: Lines) -> Lines:
    """In the form of journalctl, with its time only."""
    return [line if line.startswith("--") else f"Nov 03 10:11:12 host kernel: {line}" for line in bare(lines)]


def same(lines: Lines) -> Lines:
    """As it is."""
    return lines


SECOND = boot("256M", crash=256, version="6.12.0")


@pytest.mark.parametrize("form", [same, bare, journal])
@pytest.mark.parametrize(
    ("parts", "taken", "note"),
    [
        pytest.param(
            [boot(), capture()],
            0,
            "2 boots, 1 of them of a capture kernel: the one that begins at line 1 is",
            id="a crash",
        ),
        pytest.param([boot(), capture(told=False)], 0, "2 boots, 1 of them", id="a capture kernel known by its memory"),
        pytest.param([boot(), SECOND], 1, "2 boots: the one that begins at line 13 is read", id="two kernels"),
        pytest.param([boot(), capture(), SECOND], 2, "3 boots, 1 of them", id="a crash, and the boot after it"),
        pytest.param([boot(), SECOND, capture(start=4 * GIB - 256 * MIB)], 1, "3 boots, 1", id="a crash of the second"),
        pytest.param([boot(), capture(), SECOND, capture()], 2, "4 boots, 2 of them", id="two crashes"),
        pytest.param([boot(), [SEPARATOR], capture()], 0, "2 boots, 1 of them", id="parted by the journal"),
        pytest.param(
            [boot(), ["-- Reboot --"], SECOND], 2, "2 boots: the one that begins at line 14 is", id="a reboot"
        ),
        pytest.param(
            [boot()[4:], [SEPARATOR], SECOND], 2, "2 boots: the one that begins at line 10 is", id="a rotated one"
        ),
        pytest.param([["-- Reboot --"], boot(), ["-- Reboot --"]], 1, None, id="a journal of one boot"),
        pytest.param([boot(), SECOND[:2]], 0, "2 boots: the one that begins at line 1 is read", id="a boot cut short"),
        pytest.param([["U-Boot 2024.01"], boot(), ["U-Boot 2024.01"], SECOND], 3, "2 boots", id="firmware before each"),
        pytest.param([boot()[1:], capture()[1:]], 0, "2 boots, 1 of them", id="from the version on"),
        pytest.param([boot()[2:], capture(told=False)[2:]], 0, "2 boots, 1 of them", id="from the zones on"),
        pytest.param(
            [boot(), [SEPARATOR], SECOND[2:]], 2, "2 boots: the one that begins at line 14 is", id="from the request on"
        ),
    ],
)
def test_one_boot_is_read(parts: list[Lines], taken: int, note: str | None, form: Callable[[Lines], Lines]) -> None:
    """All facts are from the last one that is not a capture kernel's and has memory."""
    machine, alone = read(form([line for part in parts for line in part])), read(form(parts[taken]))
    assert machine.memory == alone.memory
    first = sum(map(len, parts[:taken]))
    assert [event.line - first for event in machine.facts.events if event.line] == [
        event.line for event in alone.facts.events if event.line
    ]
    for name in ("kernel", "cmdline", "dma_limit", "midr", "record"):
        assert getattr(machine.facts, name) == getattr(alone.facts, name)
    counts = [text for text in machine.notes if "boots" in text]
    assert len(counts) == (note is not None)
    assert note is None or note in counts[0]


@pytest.mark.parametrize("form", [same, bare, journal])
@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(capture(), id="a capture kernel's own log"),
        pytest.param(
            [
                *boot()[:-2],
                "[    0.020000] Booting Linux on physical CPU 0x0000000001 [0x413fd0c1]",
                "[    0.020500] Booting Linux on physical CPU 0x0000000002 [0x413fd0c1]",
                *boot()[-2:],
            ],
            id="a line for each processor",
        ),
        pytest.param(
            [*boot()[:2], "[    0.000000] Booting Linux on physical CPU 0x1 [0x413fd0c1]", *boot()[2:]],
            id="a processor at time zero",
        ),
        pytest.param([*boot()[:-1], *boot()], id="told again on a late console"),
        pytest.param([*boot()[:-1], *(f"{line} " for line in boot())], id="told again with a blank after each line"),
        pytest.param([*boot()[:-1], *boot()[:6]], id="cut while it is told again"),
        pytest.param(
            [*boot()[:-1], *boot()[:4], "[    0.014000] printk: bootconsole [pl11] disabled", *boot()[4:]],
            id="told again while another console goes on",
        ),
        pytest.param([line for line in boot() for _ in range(2)], id="each line twice, of two consoles"),
    ],
)
def test_one_boot_is_not_taken_for_two(lines: Lines, form: Callable[[Lines], Lines]) -> None:
    """No note on boots, and no range is read twice."""
    machine = read(form(lines))
    assert not any("boots" in note for note in machine.notes)
    assert len(machine.memory.regions) == 1


@pytest.mark.parametrize("form", [same, bare, journal])
def test_the_last_line_may_have_no_end(form: Callable[[Lines], Lines]) -> None:
    """A kernel that stops in the middle of its first lines, or a text that was cut there."""
    lines = form([*boot(), *SECOND[:4]])
    assert parse_text("\n".join(lines).encode(), "serial.log") == read(lines)


def test_a_log_read_at_the_console_is_no_other_boot() -> None:
    """The console's replay has the time stamps of the boot."""
    machine = read(["login: root", *boot()[:-1], "# dmesg", *boot()[:-1], "# cat /proc/version", "Linux version 6.1.0"])
    assert not any("boots" in note for note in machine.notes)
    assert len([event for event in machine.facts.events if event.kind == "hash"]) == 1


def test_a_crash_on_the_console_plans_the_production_kernel() -> None:
    """The request and memory of the production kernel are used."""
    plan = make_plan(read([*boot(), "I'm in purgatory", *capture()]), None, Options(strategy="mainline"))
    assert plan.reservation.crash == Range(4 * GIB - 512 * MIB, 4 * GIB)
    assert any("2 boots, 1 of them of a capture kernel: the one that begins at line 1" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("ranges", "captures"),
    [
        pytest.param([(2 * GIB, 4 * GIB)], True, id="the crash memory"),
        pytest.param([(2 * GIB, 3 * GIB)], True, id="some of it"),
        pytest.param([(2 * GIB, 4 * GIB), (5 * GIB, 6 * GIB)], True, id="and what the firmware keeps"),
        pytest.param([(2 * GIB, 4 * GIB), (5 * GIB, 7 * GIB)], False, id="and other memory"),
        pytest.param([(GIB, 4 * GIB)], False, id="all memory of a machine with little besides"),
        pytest.param([(GIB, 4 * GIB), (5 * GIB, 6 * GIB)], False, id="the same memory"),
        pytest.param([(8 * GIB, 9 * GIB)], False, id="quite other memory"),
    ],
)
def test_a_capture_kernel_sees_the_crash_memory(ranges: list[tuple[int, int]], *, captures: bool) -> None:
    """Its memory was reserved in the boot before, or is in the same ranges there."""
    shown = [f"[    0.000000]   node   0: [mem {a:#018x}-{b - 1:#018x}]" for a, b in ranges]
    production = boot("2G", crash=2048, end=4 * GIB)
    production.insert(8, f"[    0.000000]   node   0: [mem {5 * GIB:#018x}-{6 * GIB - 1:#018x}]")
    machine = read([*production, *boot(version="6.2.0")[:2], *shown])
    assert machine.notes[0].startswith(f"the log holds 2 boots{', 1 of' if captures else ': '}")
    assert (machine.facts.cmdline is not None) == captures


def test_a_log_of_very_many_boots_is_refused() -> None:
    """The error says how to get the log of one boot."""
    with pytest.raises(InputError, match=r"^serial\.log: holds 1000 boots or more; .*journalctl -k -b$"):
        read([line for i in range(1001) for line in boot(version=f"6.1.{i}")])


def test_a_line_of_no_log_keeps_its_number() -> None:
    """Line numbers are those of the file, not of the boot."""
    with pytest.raises(InputError, match=r"^serial\.log:27:1: this line is too long"):
        read([*boot(), *SECOND, "", "", "x" * 70_000])


def test_recorded_boots_one_after_the_other() -> None:
    """The second of two real boots is read as if alone; the first, if a capture kernel's follows."""
    logs = [case["dmesg"] for case in cases("bootlogs") if case["dmesg"].startswith("[")][::12]
    assert len(logs) > 5
    for first, second in itertools.pairwise(logs):
        ahead = len(first.splitlines())
        alone, both = (parse_text(text.encode(), "x") for text in (second, f"{first.rstrip()}\n{second}"))
        events = tuple(e._replace(line=e.line - ahead if e.line else 0) for e in both.facts.events)
        assert (both.memory, replace(both.facts, events=events)) == (alone.memory, alone.facts)
        assert both.notes == (f"the log holds 2 boots: the one that begins at line {ahead + 1} is read", *alone.notes)
        crash = first.rstrip().splitlines() + capture()
        assert (read(crash).memory, read(crash).facts) == (
            parse_text(first.encode(), "x").memory,
            parse_text(first.encode(), "x").facts,
        )


def said_by(host: str, lines: Lines) -> Lines:
    """The lines of a host in a journal of several."""
    return [f"Nov 29 12:00:00 {host} kernel: {line}" for line in lines]


@pytest.mark.parametrize(
    ("lines", "hosts"),
    [
        pytest.param(said_by("a", boot()), ["a"], id="one"),
        pytest.param([*said_by("a", boot()), *said_by("a", SECOND)], ["a"], id="two boots of one"),
        pytest.param([*said_by("localhost", boot()), *said_by("a", SECOND)], ["a"], id="one that got its name late"),
        pytest.param([*said_by("a", boot()), *said_by("b", SECOND)], ["a", "b"], id="two"),
        pytest.param(
            [line for pair in zip(said_by("a", boot()), said_by("b", boot()), strict=True) for line in pair],
            ["a", "b"],
            id="two, mixed",
        ),
        pytest.param(boot(), [], id="none named"),
    ],
)
def test_a_log_of_several_hosts_is_said_to_be_one(lines: Lines, hosts: list[str]) -> None:
    """In the first line of an answer, and in a note."""
    text = "\n".join([*lines, ""])
    assert hosts_of(text) == hosts
    machine = parse_text(text.encode(), "log")
    assert (machine.doubt == "the log is of several hosts (a, b)") == (len(hosts) > 1)
    assert machine.facts.events_lack.startswith("the log is of several hosts") == (len(hosts) > 1)
    assert any("give the log of one" in note for note in machine.notes) is (len(hosts) > 1)
