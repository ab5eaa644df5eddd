"""Lines of `memblock=debug` that are not needed: a log without them describes the same machine."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from planner.kernel.machine import Machine
from planner.sources import parse_text
from planner.sources.log.unread import is_unread, without_unread
from planner.sources.quoting import unquoted
from tests.growth import MOST, grows, repeated
from tests.oracle.cases import cases, sampled
from tests.sources.posted_forms import LOGS, Form

RESERVE = "memblock_reserve: [0x000000023fc94000-0x000000023fc94fff] memblock_alloc_range_nid+0x10c/0x1b8"
ALLOC = "memblock_phys_alloc_range: 4096 bytes align=0x1000 from=0x0 max_addr=0x1 early_pgtable_alloc+0x28/0x50"
STAMP = "[    0.000000] "


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


def read(data: bytes) -> Machine:
    """The machine that a log describes."""
    return parse_text(data, "x")


@pytest.mark.parametrize("form", LOGS.values(), ids=LOGS)
def test_a_log_describes_the_same_machine_without_them(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every form in which people post it: the same facts, notes and line numbers."""
    posted = [form(text.splitlines()) for _, text in LOGS_WITH_DEBUG[:: 1 if form is LOGS["a reply"] else 4]]
    quick = [read(data) for data in posted]
    monkeypatch.setattr("planner.sources.quoting.without_unread", str)
    assert quick == [read(data) for data in posted]


def test_the_recorded_logs_have_thousands() -> None:
    """Only a small part of the log remains."""
    whole = max((case["dmesg"] for case in cases("bootlogs")), key=len)
    thin = without_unread(whole)
    assert len(whole) > 1_000_000 > 16 * len(thin)
    assert whole.count("\n") == thin.count("\n")


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
def test_those_between_others_are_emptied(before: str) -> None:
    """The first and the last stay, and every line keeps its number."""
    lines = [f"{before}{words}\n" for words in ("x", RESERVE, ALLOC, f"__{RESERVE}", RESERVE, ALLOC, "y")]
    assert without_unread("".join(lines)) == "".join([*lines[:2], "\n\n\n", *lines[5:]])


@pytest.mark.parametrize(
    "posted",
    [
        pytest.param(lambda i, line: f"{i + 1:7d}  {line}", id="numbers"),
        pytest.param(lambda i, line: f"./log:{i}: {line}", id="a file and its lines"),
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
def test_those_of_any_form_are_emptied(posted: Callable[[int, str], str]) -> None:
    """Whatever differs from line to line before them, and wherever they are broken."""
    lines = [STAMP + words for words in ("x", *[RESERVE, ALLOC, f"__{RESERVE}"] * 9, "y")]
    text = "\n".join(posted(i, line) for i, line in enumerate(lines))
    thin = without_unread(text)
    assert thin.count("memblock_") <= 4
    assert thin.count("\n") == text.count("\n")
    assert thin.startswith(posted(0, lines[0]))
    assert thin.endswith(posted(len(lines) - 1, lines[-1]))


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f"{STAMP}cma: Reserved 64 MiB at 0x00000000fc000000{STAMP}{RESERVE}", id="two lines in one"),
        pytest.param(f"{STAMP}node   0: [mem 0x0000000040000000-\n0x0000000043ffffff]", id="a line in two"),
        pytest.param(f"{STAMP}{RESERVE} {'x' * 500}", id="a long line"),
        pytest.param(f"{STAMP}memblock_add: [0x0000000040000000-0x0000000043ffffff] x+0x5c/0x70", id="memory"),
        pytest.param("quiet splash", id="a piece of the command line"),
    ],
)
def test_what_stands_among_them_stays(line: str) -> None:
    """It may be needed, or show that a line is broken."""
    among = [f"{STAMP}{RESERVE}"] * 9
    assert f"\n{line}\n" in without_unread("\n".join([f"{STAMP}x", *among, line, *among, ""]))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n", "\n\r", "\r"])
def test_lines_keep_their_numbers_with_any_line_end(end: str) -> None:
    """Even if a line end of another system is inside a line."""
    lines = ["x", *[RESERVE] * 9, "y", *[RESERVE] * 3, f"{RESERVE}\r{RESERVE}", *[RESERVE] * 3, "z", ""]
    bare = unquoted(end.join(f"{STAMP}{line}" for line in lines), "x").split("\n")
    assert [number for number, line in enumerate(bare) if line[-1:] in ("x", "y", "z")] == [0, 10, 19]


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
    "unit", ["m", "0x", "memblock_", "\n", f"\n{RESERVE}\n{RESERVE}\nx", f"\n{RESERVE}\na a", "\n> a"]
)
def test_a_text_costs_no_more_than_its_length(unit: str) -> None:
    """Hostile texts take linear time; the result does not matter."""
    assert grows(lambda size: partial(without_unread, "memblock_\n" + repeated(unit, size)), 10_000) <= MOST
