"""A log or a listing has the same meaning in every form in which people post it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import planner
from planner.base.errors import InputError
from planner.kernel.machine import Machine
from planner.sources import parse_text
from planner.sources.quoting import unquoted
from tests.sources.posted_forms import LISTINGS, LOGS, Form

SAMPLES = Path(planner.__file__).parent / "sources" / "samples"
SMALL_LOG = """\
[    0.000000] Linux version 6.12.9-1-arm64 (x@y) #1 SMP
[    0.000000]   node   0: [mem 0x0000000040000000-0x000000023fffffff]
[    0.000000] cma: Reserved 64 MiB at 0x00000000fc000000
[    0.000000] crashkernel reserved: 0x00000000dc000000 - 0x00000000fc000000 (512 MB)
[    0.000000] Kernel command line: ro crashkernel=512M
"""
SMALL_LISTING = "40000000-bfffffff : System RAM\n  40210000-4041ffff : Kernel code\n  50000000-50ffffff : reserved\n"


def lines_of(sample: str) -> list[str]:
    """A sample without our own remarks; one of `SMALL_*` as it is."""
    text = (SAMPLES / sample).read_text("utf-8") if "." in sample[:40] and "\n" not in sample else sample
    return [line for line in text.splitlines() if not line.startswith("#")]


def read(form: Form, lines: list[str]) -> Machine:
    """The machine, without notes and line numbers: some forms add lines."""
    machine = parse_text(form(lines), "x")
    facts = machine.facts
    events = tuple(event._replace(line=0) for event in facts.events)
    return replace(machine, notes=(), facts=replace(facts, events=events))


def plainly(lines: list[str]) -> bytes:
    """The bare lines."""
    return "".join(f"{line}\n" for line in lines).encode()


@pytest.mark.parametrize("form", LOGS.values(), ids=LOGS)
@pytest.mark.parametrize(
    "log",
    [
        pytest.param("honeycomb-lx2160a-30g.dmesg", id="a server"),
        pytest.param("rpi4-2g-zonedma-1g.dmesg", id="a small board"),
        pytest.param("thunderx-cn88xx-128g-64k-efi-memblock.dmesg", id="EFI map and memblock dump"),
        pytest.param("altra-mtjade-2node-512g.dmesg", id="two nodes"),
        pytest.param(SMALL_LOG, id="five lines"),
    ],
)
def test_a_log_reads_as_the_bare_file_in_every_form_of_quoting(log: str, form: Form) -> None:
    """It has the same memory, facts and events."""
    lines = lines_of(log)
    assert read(form, lines) == read(plainly, lines)


@pytest.mark.parametrize("form", LISTINGS.values(), ids=LISTINGS)
@pytest.mark.parametrize(
    "listing",
    [
        pytest.param("altra-1p-32g.iomem", id="a server"),
        pytest.param("rpi4-4g-cma-512m.iomem", id="a small board"),
        pytest.param("qemu-virt-uefi-32g-swiotlb.iomem", id="a guest"),
        pytest.param(SMALL_LISTING, id="three lines"),
    ],
)
def test_a_listing_reads_as_the_bare_file_in_every_form_of_quoting(listing: str, form: Form) -> None:
    """It has the same memory and reservations."""
    lines = lines_of(listing)
    assert read(form, lines) == read(plainly, lines)


@pytest.mark.parametrize("sample", ["qemu-virt-2g-dt-reserved.memblock"])
def test_memblock_files_read_the_same_in_a_reply(sample: str) -> None:
    """Their own row numbers are not taken for line numbers."""
    lines = lines_of(sample)
    assert read(lambda of: "".join(f"> {line}\n" for line in of).encode(), lines) == read(plainly, lines)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SMALL_LOG, id="a log"),
        pytest.param(SMALL_LISTING, id="a listing"),
        pytest.param("   0: 0x0000000040000000..0x00000000bfffffff\n", id="memblock files"),
        pytest.param('{"memory": [{"start": 0, "end": 4096}], "cmdline": "log=3D&lt;"}\n', id="a JSON map"),
        pytest.param("CONFIG_ARM64=y\n", id="a configuration"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_bare_text_stays_character_for_character(text: str) -> None:
    assert unquoted(text, "x") == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("RANGE SIZE STATE\n0x40000000-0x7fffffff 1G online\n", id="lsmem"),
        pytest.param("CONFIG_ARM64=y\nCONFIG_ARM64_VA_BITS=48\n", id="a configuration"),
    ],
)
def test_other_kinds_read_the_same_in_a_reply(text: str) -> None:
    """Only the quote sign is removed."""
    reply = "".join(f"> {line}\n" for line in text.splitlines())
    assert parse_text(reply.encode(), "x") == parse_text(text.encode(), "x")


@pytest.mark.parametrize("below", [[], ["crashkernel=512M was given"], ["MemTotal: 4000000 kB"]])
def test_what_cannot_be_read_is_refused_with_a_reason(below: list[str]) -> None:
    """The error has the place, the text there, and what to do, whatever else the text tells."""
    rows = [f"{'.' * i}x{'-' * i}: {0x40000000 + i:08x}-7fffffff : System RAM" for i in range(1, 13)]
    with pytest.raises(InputError) as caught:
        parse_text("\n".join(rows + below).encode(), "x")
    assert str(caught.value) == (
        "x:1:1: unknown text before the kernel's: '.x-:'; give the lines as the kernel printed them"
    )


def test_a_text_that_is_larger_than_any_that_is_posted_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removing quoting takes several times its size in memory."""
    reply = "".join(f"> {line}\n" for line in SMALL_LOG.splitlines())
    assert unquoted(reply, "x") == SMALL_LOG
    monkeypatch.setattr("planner.sources.bounds.MAX_QUOTED_LINES", 4)
    assert unquoted(reply, "x") == reply
