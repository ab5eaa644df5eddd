"""What a log says twice: its memory and its size, the command line and what was reserved."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB, MIB
from planner.planning.plan import Options, make_plan
from planner.sources import combine, parse_text
from planner.studies.verify import verify

HEAD = "[    0.000000] Linux version 6.12.9 (x@y) #1\n"
NODES = (
    "[    0.000000]   node   0: [mem 0x0000000040000000-0x00000000bfffffff]\n"
    "[    0.000000]   node   0: [mem 0x0000000100000000-0x000000023fffffff]\n"
)
ZONES = "[    0.000000]   Normal   [mem 0x0000000100000000-0x000000023fffffff]\n"
SET_UP = "[    0.000000] Initmem setup node 0 [mem 0x0000000040000000-0x000000023fffffff]\n"
MEMORY = "[    0.000000] Memory: 7000000K/7340032K available (1K kernel code, 0K cma-reserved)\n"
CRASH = "[    0.000000] crashkernel reserved: 0x00000000a0000000 - 0x00000000c0000000 (512 MB)\n"
COMMAND = "[    0.000000] Kernel command line: "


def test_a_log_that_agrees_with_itself() -> None:
    """Nothing is said."""
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
    """It gives facts only, and says why; a plan is made with another source's map."""
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
    """They do not tell how much is missing above what was read."""
    machine = parse_text((HEAD + ZONES + NODES.splitlines(keepends=True)[0]).encode(), "log")
    assert machine.memory.ram == 2 * GIB
    assert any(note.startswith("the zones reach up to 0x240000000") for note in machine.notes)


@pytest.mark.parametrize(
    ("lines", "crash", "note"),
    [
        pytest.param(CRASH + COMMAND + "root=/dev/sda2 ro\n", 512, "has no crashkernel=", id="a piece is lost"),
        pytest.param(CRASH + COMMAND + "ro crashkernel=51>\n", 512, "has no crashkernel=", id="cut by a pager"),
        pytest.param(
            CRASH + COMMAND + "a" * 970 + " crashkernel=51\n", 512, "ends within crashkernel=", id="cut by printk"
        ),
        pytest.param(CRASH + COMMAND + "ro crashkernel=512M\n", 512, None, id="nothing is lost"),
        pytest.param(COMMAND + "ro \\\n" + COMMAND + "crashkernel=256M\n", 256, None, id="wrapped by the kernel"),
        pytest.param(COMMAND + "ro crashkernel=256M \\\n" + COMMAND + "quiet\n", 256, None, id="wrapped behind it"),
    ],
)
def test_a_command_line_that_lost_its_request(lines: str, crash: int, note: str | None) -> None:
    """What is recorded is planned."""
    machine = parse_text((HEAD + NODES + lines).encode(), "log")
    found = make_plan(machine, None, Options(strategy="mainline"))
    assert found.reservation.crash is not None
    assert found.reservation.crash.size == crash * MIB
    said = [text for text in found.notes if "it is incomplete, and what is recorded is planned" in text]
    assert len(said) == (note is not None)
    assert all(str(note) in text for text in said)


def test_verify_says_that_the_request_was_inferred() -> None:
    """A command line without the request refutes no reservation."""
    machine = parse_text((HEAD + NODES + CRASH + COMMAND + "root=/dev/sda2 ro\n").encode(), "log")
    verdict = verify(machine, Options(strategy="mainline"))
    assert verdict.outcome == "agreed"
    assert "the command line is incomplete: a request of the recorded size is taken" in verdict.notes


def test_a_restored_request_is_said_whichever_map_is_taken() -> None:
    """It goes with the command line, not with the map of the log."""
    log = parse_text((HEAD + NODES + CRASH + COMMAND + "root=/dev/sda2 ro\n").encode(), "log")
    iomem = parse_text(
        b"40000000-bfffffff : System RAM\n  a0000000-bfffffff : Crash kernel\n100000000-23fffffff : System RAM\n",
        "iomem",
    )
    assert combine([iomem, log]).facts.request_restored


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(CRASH.replace("c0000000 (", "10000000 ("), id="an end before its start"),
        pytest.param(CRASH.replace("(512", "(511"), id="another size"),
        pytest.param(CRASH[:-12] + ">\n", id="cut by a pager"),
    ],
)
def test_a_damaged_record_is_no_reservation(line: str) -> None:
    """It is not checkable, and the line is named; a plan is made of what was asked for."""
    machine = parse_text((HEAD + NODES + line + COMMAND + "ro crashkernel=512M\n").encode(), "log")
    verdict = verify(machine, Options(strategy="mainline"))
    assert verdict.outcome == "not checkable"
    assert verdict.checks[0].why.startswith("line 4 is damaged or cut off, so the crash kernel cannot be read there")
    assert make_plan(machine, None, Options(strategy="mainline")).reservation.crash == Range(0xA000_0000, 0xC000_0000)
