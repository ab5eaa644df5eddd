"""The command line of a log: cut off by printk, a terminal or a pager, and what is known of its request."""

from __future__ import annotations

import pytest

from planner.base.sizes import MIB
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import combine, parse_text
from planner.sources.log.command_line import CommandLine, completed
from planner.sources.log.facts import Log
from planner.studies.verify import verify
from tests.sources.log.test_checks import COMMAND, CRASH, HEAD, NODES, WHOLE

CUT = "the command line in the log is cut off at its end"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(None, CommandLine(None), id="no line"),
        pytest.param("ro crashkernel=1G", CommandLine("ro crashkernel=1G"), id="a whole line"),
        pytest.param(
            "ro crashkernel=1G qui>", CommandLine("ro crashkernel=1G", cut=True, notes=(CUT,)), id="cut by a pager"
        ),
        pytest.param(
            f"crashkernel=1G {'a' * 970}",
            CommandLine(f"crashkernel=1G {'a' * 970}", cut=True, notes=(CUT,)),
            id="cut by printk",
        ),
    ],
)
def test_the_end_and_the_length_of_a_line_show_whether_it_is_cut(text: str | None, found: CommandLine) -> None:
    log = Log("log", chopped=False)
    log.cmdline = text
    assert completed(log) == found


def test_a_command_line_as_long_as_all_long_lines_is_cut() -> None:
    """The request may have been in what is lost."""
    lines = [line[:66] for line in WHOLE.replace("ro crash", "root=/dev/sda2 crash").splitlines()]
    assert lines[-2].endswith("crashkernel=512")
    assert "the command line in the log is cut off at its end" in parse_text("\n".join(lines).encode(), "log").notes
    assert "the command line in the log is cut off at its end" not in parse_text(WHOLE.encode(), "log").notes


@pytest.mark.parametrize(
    ("lines", "crash", "note"),
    [
        pytest.param(CRASH + COMMAND + "root=/dev/sda2 ro\n", 512, "has no crashkernel=", id="a piece is lost"),
        pytest.param(CRASH + COMMAND + "ro crashkernel=51>\n", 512, "has no crashkernel=", id="cut by a pager"),
        pytest.param(
            CRASH + COMMAND + "a" * 970 + " crashkernel=51\n", 512, "ends within crashkernel=", id="cut by printk"
        ),
        pytest.param(
            CRASH + COMMAND + "a" * 970 + " crashkernel=512M,hi\n", 512, "ends within crashkernel=", id="half a suffix"
        ),
        pytest.param(CRASH + COMMAND + "ro crashkernel=512M\n", 512, None, id="nothing is lost"),
        pytest.param(COMMAND + "ro \\\n" + COMMAND + "crashkernel=256M\n", 256, None, id="wrapped by the kernel"),
        pytest.param(COMMAND + "ro crashkernel=256M \\\n" + COMMAND + "quiet\n", 256, None, id="wrapped behind it"),
    ],
)
def test_for_a_command_line_that_lost_its_request_the_recorded_size_is_planned(
    lines: str, crash: int, note: str | None
) -> None:
    machine = parse_text((HEAD + NODES + lines).encode(), "log")
    found = make_plan(machine, None, Options(strategy="mainline"))
    assert found.reservation.crash is not None
    assert found.reservation.crash.size == crash * MIB
    said = [text for text in found.notes if "it is incomplete, so the recorded size is planned" in text]
    assert len(said) == (note is not None)
    assert all(str(note) in text for text in said)


@pytest.mark.parametrize(
    ("ends", "request_"),
    [
        pytest.param("crashkernel=512M,high crash", "crashkernel=512M,high crashkernel=64M,low", id="before its ="),
        pytest.param("crashkernel=512M,high crashkernel=64M,l", "crashkernel=64M,low", id="within the low part"),
        pytest.param("crashkernel=512M,hi", "crashkernel=512M,high crashkernel=64M,low", id="within the high part"),
    ],
)
def test_for_a_cut_request_for_two_parts_both_recorded_sizes_are_planned(ends: str, request_: str) -> None:
    low = "[    0.000000] crashkernel low memory reserved: 0xf8000000 - 0xfc000000 (64 MB)\n"
    log = HEAD + NODES + CRASH + low + COMMAND + "a" * 970 + f" {ends}\n"
    cmdline = parse_text(log.encode(), "log").facts.cmdline
    assert cmdline is not None
    assert cmdline.endswith(request_)


def test_verify_says_that_the_request_was_inferred() -> None:
    """An incomplete command line does not contradict the reservation."""
    machine = parse_text((HEAD + NODES + CRASH + COMMAND + "root=/dev/sda2 ro\n").encode(), "log")
    verdict = verify(machine, Options(strategy="mainline"))
    assert verdict.outcome == "agreed"
    assert "the command line is incomplete: a request of the recorded size is assumed" in verdict.notes


def test_a_restored_request_is_said_whichever_map_is_taken() -> None:
    """The note on it depends on the command line, not on the log's map."""
    log = parse_text((HEAD + NODES + CRASH + COMMAND + "root=/dev/sda2 ro\n").encode(), "log")
    iomem = parse_text(
        b"40000000-bfffffff : System RAM\n  a0000000-bfffffff : Crash kernel\n100000000-23fffffff : System RAM\n",
        "iomem",
    )
    assert combine([iomem, log]).facts.own_request == "restored"
