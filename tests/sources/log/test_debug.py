"""Runs of the lines of `memblock=debug`: a log without them describes the same machine."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from planner.kernel.machine import Machine
from planner.sources import parse_text
from planner.sources.log.debug import is_unread, without_debug
from planner.sources.quoting import unquoted
from planner.sources.quoting.encodings import without_markup
from planner.sources.reading import decode_most
from tests.growth import MOST, grows, repeated
from tests.oracle.cases import cases, sampled
from tests.sources.posted_forms import LOGS, Form

LONGEST = max((case["dmesg"] for case in cases("bootlogs")), key=len)
RESERVE = "memblock_reserve: [0x000000023fc94000-0x000000023fc94fff] memblock_alloc_range_nid+0x10c/0x1b8"
ALLOC = "memblock_phys_alloc_range: 4096 bytes align=0x1000 from=0x0 max_addr=0x1 early_pgtable_alloc+0x28/0x50"
STAMP = "[    0.000000] "
MANY = 60
"""Messages of a run, enough to be cut."""


def recorded() -> Iterator[tuple[str, str]]:
    """Names and texts of boot logs with `memblock=debug`; most of the lines in question are removed, for speed."""
    for stem in ("bootlogs", "boots"):
        for case in cases(stem):
            if "memblock_alloc_try_nid" not in case["dmesg"]:
                continue
            lines = case["dmesg"].splitlines()
            unread = [i for i, line in enumerate(lines) if "memblock_reserve: [" in line]
            dropped = set(unread[40:-40])
            yield case["name"], "\n".join(line for i, line in enumerate(lines) if i not in dropped)


LOGS_WITH_DEBUG = sampled(list(recorded()), 8)


def run(count: int = MANY) -> list[str]:
    """Messages for page tables, as they come in turn."""
    return [(ALLOC, RESERVE.replace("3fc", f"{i % 16:x}fc"))[i % 2] for i in range(count)]


def read(data: bytes) -> Machine:
    """The machine that a log describes."""
    return parse_text(data, "x")


@pytest.mark.parametrize("form", LOGS.values(), ids=LOGS)
def test_a_log_describes_the_same_machine_without_them(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every form in which people post it: the same facts, notes and line numbers."""
    posted = [form(text.splitlines()) for _, text in LOGS_WITH_DEBUG[:: 1 if form is LOGS["a reply"] else 4]]
    quick = [read(data) for data in posted]
    monkeypatch.setattr("planner.sources.quoting.without_debug", str)
    assert quick == [read(data) for data in posted]


@pytest.mark.parametrize("form", LOGS.values(), ids=LOGS)
def test_the_recorded_logs_have_thousands(form: Form) -> None:
    """In any form only a small part of the log remains."""
    text = without_markup(decode_most(form(LONGEST.splitlines()), "x"))
    assert len(text) > max(1_000_000, 8 * len(without_debug(text)))


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(STAMP, id="a time stamp"),
        pytest.param("[    0.000123] ", id="another time"),
        pytest.param("<6>[    0.000000] ", id="a priority"),
        pytest.param("[Mon Jun  2 09:31:01 2025] ", id="a date"),
        pytest.param("[    0.000000] [    T0] ", id="a caller"),
        pytest.param("[    0.000000][    T0] ", id="a caller without a blank"),
        pytest.param("[2025-06-02 09:31:01] [    0.000000] ", id="a serial console"),
        pytest.param("Jun 02 09:31:01 host_1 kernel: ", id="a journal"),
        pytest.param("> ", id="a reply"),
        pytest.param("", id="nothing"),
    ],
)
@pytest.mark.parametrize("name", ["", "__"], ids=["memblock_reserve", "__memblock_reserve"])
def test_a_run_becomes_one(before: str, name: str) -> None:
    """Its last message, in the place of its first, behind empty lines; every other line keeps its number."""
    among = [words.replace(RESERVE[:8], name + RESERVE[:8]) for words in run(MANY + 1)]
    lines = [f"{before}{words}\n" for words in ("x", *among, "y")]
    assert without_debug("".join(lines)) == "".join([lines[0], "\n" * MANY, *lines[-2:]])


@pytest.mark.parametrize(
    "posted",
    [
        pytest.param(lambda i, line: f"{i + 1:7d}  {line}", id="numbers"),
        pytest.param(lambda i, line: f"./log:{i + 1}: {line}", id="a file and its lines"),
        pytest.param(lambda i, line: f"2025-06-02T09:31:01.{i:06d}Z {line}", id="times"),
        pytest.param(lambda i, line: f"max-{i} kernel: {line}", id="a host"),
        pytest.param(lambda _, line: f"{line}\n", id="empty lines between"),
        pytest.param(lambda _, line: f"+{line}", id="a diff"),
        *(
            pytest.param(lambda _, line, at=at: f"{line[:at]}\n{line[at:]}".rstrip("\n"), id=f"broken at {at}")
            for at in (72, 80, 100, 106, 108, 110)
        ),
        pytest.param(lambda _, line: "\n".join(textwrap.wrap(line, 50)), id="broken twice"),
        pytest.param(lambda _, line: "> " + "\n> ".join(textwrap.wrap(line, 72)), id="broken and quoted"),
    ],
)
def test_runs_of_any_form_become_one(posted: Callable[[int, str], str]) -> None:
    """The lines may differ before the messages, and may be broken anywhere."""
    lines = [STAMP + words for words in ("x", *run(9 * MANY), "y")]
    text = "\n".join(posted(i, line) for i, line in enumerate(lines))
    thin = without_debug(text)
    assert len(thin) < len(text) / 8
    assert thin.count("\n") == text.count("\n")
    assert thin.startswith(posted(0, lines[0]))
    assert thin.endswith(posted(len(lines) - 1, lines[-1]))


@pytest.mark.parametrize(
    "posted",
    [
        pytest.param(lambda _, line: line, id="bare"),
        pytest.param(lambda _, line: f"> {line}", id="a reply"),
        pytest.param(lambda i, line: f"{1000 + i} {line}", id="numbers"),
        pytest.param(lambda i, line: f'{{"i": {1000 + i}, "log": "{line}"}}', id="JSON"),
    ],
)
@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f"{STAMP}cma: Reserved 64 MiB at 0x00000000fc000000{STAMP}{RESERVE}", id="two lines in one"),
        pytest.param(f"{STAMP}node   0: [mem 0x0000000040000000-\n0x0000000043ffffff]", id="a line in two"),
        pytest.param(f"{STAMP}memblock_add: [0x0000000040000000-0x0000000043ffffff] x+0x5c/0x70", id="memory"),
        pytest.param(f"{STAMP}NUMA: NODE_DATA(0) allocated [mem 0x1-0x2]", id="a node's data"),
        pytest.param("quiet splash", id="a piece of the command line"),
        pytest.param("", id="an empty line"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2, 10, 11, 100, 300, 599, 600])
def test_what_stands_among_them_stays(line: str, place: int, posted: Callable[[int, str], str]) -> None:
    """It may be needed, or show that a line is broken."""
    among = [f"{STAMP}{words}" for words in run(600)]
    lines = [f"{STAMP}x", *among[:place], *line.split("\n"), *among[place:]]
    shown = [posted(i, part) for i, part in enumerate(lines)]
    thin = without_debug("\n".join([*shown, ""])).split("\n")
    first = place + 1
    assert thin[first : first + 1 + line.count("\n")] == shown[first : first + 1 + line.count("\n")]
    assert sum(map(bool, thin)) < 120


@pytest.mark.parametrize("period", [2, 3, 8, 9])
def test_lines_that_come_with_each_of_them_stay(period: int) -> None:
    """The data of many nodes come as regularly as their messages."""
    nodes = [f"{STAMP}NUMA: NODE_DATA({i}) allocated [mem {i:#x}000-{i:#x}fff]" for i in range(MANY)]
    text = "\n".join([f"{STAMP}x", *(line for node in nodes for line in (*run(period), node)), ""])
    assert all(node in without_debug(text) for node in nodes)


@pytest.mark.parametrize("lost", [1, 2, 5])
@pytest.mark.parametrize("before", ["", "> ", "2025-06-02 "])
def test_lost_line_ends_hide_no_line(lost: int, before: str) -> None:
    """A serial line that lost some does not make up for other lines."""
    lines = [f"{before}{STAMP}{words}\n" for words in run(900)]
    facts = [f"{before}{STAMP}node   {i}: [mem 0x1000-0x1fff]\n" for i in range(lost)]
    for i, fact in enumerate(facts):
        lines[90 * i + 200] = lines[90 * i + 200].removesuffix("\n")
        lines.insert(90 * i + 250, fact)
    thin = without_debug(f"{before}{STAMP}x\n{''.join(lines)}")
    assert all(fact in thin for fact in facts)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n", "\n\r", "\r"])
def test_lines_keep_their_numbers_with_any_line_end(end: str) -> None:
    """A line end of another system may stand inside a line."""
    lines = ["x", *run(), "y", *run(), f"{RESERVE}\r{RESERVE}", *run(), "z", ""]
    bare = unquoted(end.join(f"{STAMP}{line}" for line in lines), "x").split("\n")
    marked = [number for number, line in enumerate(bare) if line[-1:] in ("x", "y", "z")]
    # Where that ends all lines, it ends this one, too.
    assert marked == [0, MANY + 1, 3 * MANY + 3 + (end == "\r")]


@pytest.mark.parametrize(
    ("words", "unread"),
    [(RESERVE, True), (f"__{RESERVE}", True), (ALLOC, True), ("memblock_add: [0x0-0x1]", False), ("x " + ALLOC, False)],
)
def test_words_that_nothing_is_read_from(words: str, unread: bool) -> None:
    """They are at the beginning of the message."""
    assert is_unread(words) is unread


def test_a_second_print_that_lost_some_of_them() -> None:
    """A console that is registered late prints the log again, and lines may be lost in either print."""
    told = ["Booting Linux on physical CPU 0x0000000000 [0x410fd083]", "Linux version 6.12.9 (x@y) #1 SMP"]
    debug = [RESERVE.replace("3fc94", f"3fc{i:02x}") for i in range(16)]
    ends = ["Zone ranges:", "  Normal   empty", "Kernel command line: ro crashkernel=512M"]
    twice = [*told, *debug[1:], *ends, *told, *debug[:-1], *ends]
    machine = read("".join(f"{STAMP}{line}\n" for line in twice).encode())
    assert not [note for note in machine.notes if "boots" in note]


@pytest.mark.parametrize(
    "unit",
    [
        "m",
        "memblock_",
        "memblock_reserve: ",
        "\nmemblock_reserve: ",
        f"\n{RESERVE}\n{RESERVE}\nx",
        f"\n{RESERVE}\na a",
        f"\n{ALLOC}\n> a\n{RESERVE}",
        f"\n{'x' * 5000}{RESERVE}",
        f"\n{RESERVE}\nnode   0: [mem",
    ],
)
def test_a_text_costs_no_more_than_its_length(unit: str) -> None:
    """Hostile texts take linear time; the result does not matter."""
    assert grows(lambda size: partial(without_debug, "\n" + repeated(unit, size)), 10_000) <= MOST
