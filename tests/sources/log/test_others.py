"""Messages without facts and lines of other programs: a log without them describes the same machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from planner.kernel.machine import Machine
from planner.sources import parse_text
from planner.sources.log.others import HEAD_LINES, is_long, shortened, without_others, without_unread
from planner.sources.log.others import LONG as LONG_TEXT
from tests.growth import MOST, grows, repeated
from tests.oracle.cases import cases
from tests.sources.long_logs import LONG
from tests.sources.posted_forms import LOGS, Form

NODE = "[    0.000000]   node   0: [mem 0x0000000040000000-0x00000000bfffffff]"
OTHERS = [f"[    0.{n:06}] usb 1-1: new device {n}" for n in range(9)]
BOOTS = {
    case["name"]: case["dmesg"].splitlines() for case in cases("bootlogs") if "memblock=debug" not in case["dmesg"]
}
TESTS = [
    f"{line}{n}" for n in range(400) for line in ("[    9.000000] a unit ", "ok ", "  with a remark: ", "[  OK  ] ")
]

BOOT = [
    "[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x410fd083]",
    "[    0.000000] Linux version 6.1.0 (x@y) #1 SMP",
    "[    0.000000] Zone ranges:",
    "[    0.000000] Kernel command line: ro crashkernel=512M",
]


def of_a_test(form: Form) -> Form:
    """The same form of a log that goes on with tests."""
    return lambda lines: form([*lines, *TESTS])


FORMS = {**LONG, **{name: of_a_test(form) for name, form in LOGS.items()}}


def bare(machine: Machine) -> Machine:
    """A machine without the numbers of lines, and without notes."""
    events = tuple(event._replace(line=0) for event in machine.facts.events)
    return replace(machine, facts=replace(machine.facts, events=events), notes=(), on_facts=())


@pytest.mark.parametrize("form", LONG.values(), ids=LONG)
def test_a_long_log_describes_the_machine_of_its_boot_whatever_else_is_in_it(form: Form) -> None:
    for lines in list(BOOTS.values())[::40]:
        whole = parse_text(form(lines), "x")
        assert bare(whole) == bare(parse_text("\n".join([*lines, ""]).encode(), "x"))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_nothing_is_read_that_a_slow_reader_reads_otherwise(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader of all lines finds the same facts, notes and line numbers."""
    posted = [form(lines) for lines in list(BOOTS.values())[20::120]]
    quick = [parse_text(data, "x") for data in posted]
    for module in ("planner.sources.quoting.records", "planner.sources.log.others"):
        monkeypatch.setattr(f"{module}.LONG", 1 << 60)
    assert quick == [parse_text(data, "x") for data in posted]


@pytest.mark.parametrize("form", LONG.values(), ids=LONG)
def test_most_of_a_long_log_is_not_read(form: Form) -> None:
    """In every form that has one line for each message; the lines keep their numbers."""
    text = form(next(iter(BOOTS.values()))).decode().replace("\r\n", "\n")
    short = shortened(text, 40)
    assert short.count("\n") == text.count("\n")
    of_records = '"MESSAGE"' in text or "\nMESSAGE=" in text  # see `journal`
    assert (len(short) < len(text) // 4) is not of_records


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(NODE, id="with a known beginning"),
        pytest.param("[    0.000000] efi: a crashkernel is named", id="about the crash kernel"),
        pytest.param("[    0.000000] numa: NODE_DATA(0) allocated [mem 0xbffd0000-0xbffdffff]", id="of a subsystem"),
        pytest.param("[    0.100000] \x1b[1mZone ranges:", id="in colour"),
        pytest.param("[    0.100000] [    T0] Zone ranges:", id="with its task"),
        pytest.param("[    0.100000] [Sun Nov 29 12:00:00 2026] Zone ranges:", id="with another stamp"),
        pytest.param("  continued=1", id="without a time stamp"),
    ],
)
def test_runs_of_others_are_left_out(line: str) -> None:
    """The first two and the last of each run stay, and every line keeps its number."""
    lines = ["", line, *OTHERS, line, *OTHERS, line, ""]
    short = without_others("\n".join(lines)).split("\n")
    kept = (line, *OTHERS[:2], OTHERS[-1])
    assert [*enumerate(short)] == [(at, words if words in kept else "") for at, words in enumerate(lines)]


def test_messages_behind_a_prefix_end_a_run() -> None:
    """So do all that are known by a word within them: what goes on after them stays, too."""
    line = "[    0.100000] host kernel: Zone ranges:"
    lines = ["", *OTHERS, line, *OTHERS, line, ""]
    kept = [*OTHERS[:2], OTHERS[-1], line]
    assert [words for words in without_others("\n".join(lines)).split("\n") if words] == [*kept, *kept]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([NODE.partition("] ")[2]], id="a message without a time stamp"),
        pytest.param(["40000000-bfffffff : System RAM", "  bfe00000-bfffffff : reserved"], id="a listing"),
        pytest.param(["  bfe00000-bfffffff : reserved"], id="a part of one"),
        pytest.param(["   0: 0x0000000040000000..0x00000000bfffffff"], id="memblock"),
        pytest.param(["12:00:00 Zone ranges:"], id="another program's time"),
        pytest.param(['"Zone ranges:"'], id="a string"),
        pytest.param(["kern  :info  : [    0.000000] Zone ranges:"], id="a level"),
        pytest.param(["\x1b[32m[    0.000000] \x1b[0m\x1b[33mZone ranges:\x1b[0m"], id="in colour"),
        pytest.param(["cannot allocate \x1b[01;31m\x1b[Kcrash\x1b[m\x1b[Kkernel"], id="what was searched for"),
        pytest.param(["Nov 29 12:00:00 host kernel: Zone ranges:"], id="a journal"),
    ],
)
def test_what_may_be_read_stays_in_a_log_without_time_stamps(lines: list[str]) -> None:
    """The lines around are without facts, or pieces of the lines before them."""
    boot = [line.partition("] ")[2] for line in BOOT]
    among = [f"usb 1-1: new device {n}" for n in range(99)]
    short = shortened("\n".join([*boot, *among, *lines, *among, ""]), 0).split("\n")
    assert short[103 : 103 + len(lines)] == lines
    assert [words for words in short if words in boot] == boot
    assert (sum(map(bool, short)) < 100) is ("System RAM" not in lines[0])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param([f"{line} x" for line in BOOT[1:3]], "too few messages", id="too few"),
        pytest.param([BOOT[0], *(f"host: {line}" for line in BOOT[1:])], "two prefixes", id="two prefixes"),
        pytest.param([*BOOT, f"| {BOOT[1]}"], "two prefixes", id="another log behind"),
    ],
)
def test_a_log_of_which_the_form_is_not_sure_stays(text: list[str], what: str) -> None:
    """It is read as slowly as it was."""
    whole = "\n".join([*text, *(f"tests: {n}" for n in range(99)), ""])
    assert shortened(whole, 0) == whole, what


EARLY = [
    "[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x410fd083]",
    "[    0.000000] Linux version 6.1.0 (x@y) #1 SMP",
    "[    0.000000] Zone ranges:",
    "[    0.000000]   DMA      [mem 0x0000000040000000-0x00000000bfffffff]",
    "[    0.000000] Early memory node ranges",
    f"{NODE}",
]
LINE = "[    0.000000] Kernel command line: ro crashkernel=256M"
BUFFER = "[    0.000000] software IO TLB: mapped [mem 0x00000000b0000000-0x00000000b4000000] (64MB)"


def usb(start: float, count: int) -> list[str]:
    """Messages without facts."""
    return [f"[{start + n / 1000:12.6f}] usb 1-1: new high-speed USB device number {n}" for n in range(count)]


def unstamped(lines: list[str]) -> list[str]:
    """The same lines without the time."""
    return [line[15:] for line in lines]


FEW, MANY_OTHERS = usb(0.001, 300), usb(1, 2000)
PRINT = [*EARLY, *usb(0.001, 60), LINE, BUFFER, *MANY_OTHERS]


def behind(before: str) -> list[str]:
    """A log without time stamps, in which something stands before one message."""
    return [*unstamped([*EARLY, LINE, *FEW]), f"{before}{BUFFER[15:]}", *unstamped(MANY_OTHERS)]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([*PRINT, *PRINT[:46]], id="printed twice, the second time in part"),
        pytest.param([*PRINT[:46], *PRINT], id="printed twice, the first time in part"),
        pytest.param(
            [
                *(f"Nov 29 12:00:00 h17 kernel: virbr0: port 1(vnet{n}) entered blocking state" for n in range(3)),
                *(f"Nov 29 12:00:01 h17 console[17]: {line}" for line in PRINT),
            ],
            id="a guest's console in its host's journal",
        ),
        pytest.param(
            [
                *EARLY,
                *FEW,
                "[    0.000000] cannot allocate \x1b[0m\x1b[1m\x1b[31mcrash\x1b[0mkernel (size:0x10000000)",
                *usb(0.2, 20),
                LINE,
                BUFFER,
                *MANY_OTHERS,
            ],
            id="a word in colour",
        ),
        pytest.param(
            [
                *EARLY,
                *FEW,
                "[    0.000000] NUMA: NODE_DATA(0) allocated",
                "[mem 0xbffd0000-0xbffdffff]",
                *usb(0.2, 20),
                LINE,
                BUFFER,
                *MANY_OTHERS,
            ],
            id="a message that is known by a word in it, broken",
        ),
        pytest.param(behind("\ufffd\ufffd"), id="stray bytes"),
        pytest.param(behind("\u200b"), id="a blank without width"),
        pytest.param(behind("Loading initrd\r"), id="a carriage return"),
        pytest.param(
            [*EARLY, LINE, *FEW, f"[  OK  ] Reached target Reboot.\r{BUFFER}", *MANY_OTHERS],
            id="a carriage return before a time stamp",
        ),
        pytest.param(
            [f"\x1b[32m{line}\x1b[0m" for line in behind("")], id="a colour that ends with a letter before each line"
        ),
        pytest.param(
            [
                *unstamped(PRINT),
                "-- Boot 4d5a1c3b2f1e4f0bb1e2c0ffee000007 --",
                *unstamped([*EARLY, LINE.replace("256M", "512M"), *MANY_OTHERS]),
            ],
            id="two boots of journalctl -o cat",
        ),
    ],
)
def test_what_may_go_wrong_does_not(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these once lost a fact."""
    data = "\n".join([*lines, ""]).encode()
    quick = parse_text(data, "x")
    for module in ("planner.sources.quoting.records", "planner.sources.log.others"):
        monkeypatch.setattr(f"{module}.LONG", 1 << 60)
    assert len(data) > 64 * 1024
    assert quick == parse_text(data, "x")


def test_a_host_that_gets_its_name_late() -> None:
    """A machine in a cloud is `localhost` until the network tells."""
    named = [f"Nov 29 12:00:00 localhost kernel: {line}" for line in BOOT]
    late = [f"Nov 29 12:00:01 arm-17 {program}: hi" for _ in range(20) for program in ("kernel", "sshd[3]", "cron[4]")]
    early = [f"Nov 29 12:00:00 localhost systemd[{n}]: hi" for n in range(20)]
    short = shortened("\n".join([*named, *early, *late, ""]), 0).split("\n")
    assert [words for words in short if words] == [*named, early[0], early[1], late[-1]]


@pytest.mark.parametrize(
    "unit", ["[", "\n", "\n[1.1] a", "\n[1.1] ", "a", "\n a", "\n[UFW", " kernel: ", "\nx kernel: a"]
)
def test_a_text_costs_no_more_than_its_length(unit: str) -> None:
    """Hostile texts take linear time; the result does not matter."""

    def run(size: int) -> Callable[[], object]:
        text = "\n".join(BOOT) + repeated(unit, size)
        return lambda: (shortened(text, 40), without_others(text))

    assert grows(run, 10_000) <= MOST


LATER = [f"audit: type=1400 audit({i}): apparmor" for i in range(LONG_TEXT // 40)]


def log_with(later: list[str]) -> str:
    """A log with such messages after those of a boot."""
    lines = [*(f"[    0.000000] {line}" for line in (*(f"x{i}: probed" for i in range(HEAD_LINES)), *later))]
    return "".join(f"{line}\n" for line in (*BOOT, *lines))


def test_a_long_log_loses_what_is_not_needed() -> None:
    """Lines keep their numbers, and the first ones stay, by which it is recognised."""
    text = log_with(LATER)
    short = without_unread(text)
    assert is_long(text)
    assert not is_long(short)
    assert short.count("\n") == text.count("\n")
    assert short.split("\n")[:HEAD_LINES] == text.split("\n")[:HEAD_LINES]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(log_with(LATER[: len(LATER) // 4]), id="short"),
        pytest.param("\n" * LONG_TEXT + log_with([]), id="made empty before"),
        pytest.param("x" * 2 * LONG_TEXT, id="no log"),
    ],
)
def test_a_text_that_is_short_or_no_log_stays_as_it_is(text: str) -> None:
    """It costs no time, or is in no form that is known."""
    assert without_unread(text) == text
