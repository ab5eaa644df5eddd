"""Remedies: each works as stated, is the smallest of its kind, and keeps the rest of the request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import planner
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Capture, Event, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.options import Options
from planner.planning.plan import answer, ask, make_plan
from planner.planning.result import Plan
from planner.planning.strategies import PROPOSED
from planner.report import to_json
from planner.report.document import plain
from planner.sources import parse_text
from planner.studies.explain import Explanation, explain
from planner.studies.remedies import helped as helped_plan
from planner.studies.remedies import with_help
from tests.random_machines import drawn
from tests.studies.test_explain import crowded


def of(told: Explanation, kind: str) -> dict[str, Any]:
    """The one change of a kind, as JSON has it."""
    (found,) = [entry for entry in plain(told.help) if entry["change"]["kind"] == kind]
    assert isinstance(found, dict)
    return found


def applied(machine: Machine, asked: str, options: Options, change: dict[str, Any]) -> tuple[str, int]:
    """The plan with one change of the JSON applied by hand: outcome and start of the crash memory."""
    reserved = list(machine.memory.reserved)
    for hole in change["free"]:
        pieces = []
        for r in reserved:
            pieces += [Reserved(r.start, min(r.end, hole["start"]), r.name)] if r.start < hole["start"] else []
            pieces += [Reserved(max(r.start, hole["end"]), r.end, r.name)] if r.end > hole["end"] else []
        reserved = pieces
    reserved += [Reserved(entry["start"], entry["end"], entry["name"]) for entry in change["reserve"]]
    changed = replace(machine, memory=MemoryMap(machine.memory.regions, tuple(reserved)))
    request = asked if change["crashkernel"] is None else change["crashkernel"]
    view = make_plan(changed, request, replace(options, **change["options"])).reservation
    assert view.crash is not None
    return view.outcome, view.crash.start


@pytest.mark.parametrize("block", range(6))
def test_every_change_does_what_it_says(block: int) -> None:
    """Applied to the map, the request or the options, each gives the stated outcome and place."""
    kinds = set()
    for seed in range(block * 60, block * 60 + 60):
        case = drawn(seed)
        base = {None: "3M", ",high": "4M,high"}.get(case.form, case.form) or ""
        asked = base if seed % 3 else f"quiet crashkernel={base.removeprefix('crashkernel=')} rodata=off"
        told = explain(case.machine, asked, case.options)
        for change in plain(told.help):
            assert applied(case.machine, asked, case.options, change) == (change["outcome"], change["crash"]["start"])
            better = ("aligned",) if told.plan.reservation.outcome == "fallback" else ("aligned", "fallback", "exact")
            assert change["outcome"] in better
            kinds.add(change["change"]["kind"])
    assert kinds >= {"size", "free"}


def test_a_smaller_size_is_the_largest_that_helps() -> None:
    """With one page more it does not help."""
    machine = crowded()
    change = of(explain(machine, "3G"), "size")
    assert change["change"]["size"] == 976 * MIB
    assert make_plan(machine, "976M").reservation.outcome == change["outcome"] == "fallback"
    assert make_plan(machine, "999428K").reservation.outcome == "failed"
    assert of(explain(machine, "999428K"), "size")["change"]["size"] == 976 * MIB


def test_high_memory_the_region_in_the_way_and_a_newer_kernel() -> None:
    """Three ways to turn this fallback into an aligned area, with the name from the map."""
    told = explain(crowded(), "512M")
    assert of(told, "high")["crashkernel"] == "512M,high"
    freed = of(told, "free")
    assert (freed["change"]["name"], freed["crash"]["start"]) == ("Kernel code", 2 * GIB)
    assert "Kernel code" in freed["text"]
    told = explain(crowded(), "3G")
    assert of(told, "kernel")["options"] == {"kernel": "6.2"}
    assert of(told, "offset")["change"]["offset"] == 21 * GIB


@pytest.mark.parametrize(
    ("asked", "offset"),
    [
        pytest.param("64M@0xc0000000", 3 * GIB - 64 * MIB, id="the end of a gap"),
        pytest.param("64M@0xc2000000", 3 * GIB + 64 * MIB, id="the beginning of the next one"),
        pytest.param("64M@0x80000000", 2 * GIB + 48 * MIB, id="the beginning of the first one"),
        pytest.param("64M@0x40000000", 2 * GIB + 48 * MIB, id="below all memory"),
        pytest.param("4G@0x580000000", 20 * GIB, id="near the end of a gap"),
    ],
)
def test_the_nearest_offset_is_offered(asked: str, offset: int) -> None:
    """The requested range is not free."""
    assert of(explain(crowded(), asked), "offset")["change"]["offset"] == offset


@pytest.mark.parametrize(
    ("asked", "memory", "text"),
    [
        pytest.param("64M@0xc0000000", None, "request 64M, without the offset", id="the offset is not free"),
        pytest.param(
            "512M,high",
            (Region(2 * GIB, 4 * GIB), Region(8 * GIB, 8 * GIB + 768 * MIB)),
            "request 512M, without ,high",
            id="no aligned area in high memory",
        ),
    ],
)
def test_the_plain_form_of_a_request_may_be_placed(asked: str, memory: tuple[Region, ...] | None, text: str) -> None:
    machine = crowded("6.12") if memory is None else replace(crowded("6.12"), memory=MemoryMap(memory))
    assert of(explain(machine, asked), "plain")["text"] == text


def test_a_change_uses_the_name_that_only_a_log_gives() -> None:
    """A listing merges an initrd and a CMA area into one unnamed range; either is moved alone, by its own name."""
    listed = (Reserved(2 * GIB + 448 * MIB, 3 * GIB + 512 * MIB, "reserved"),)
    events = (
        Event("initrd", 64 * MIB, 2 * GIB + 448 * MIB, 2 * GIB + 512 * MIB, before_crash=True),
        Event("cma", GIB, 2 * GIB + 512 * MIB, 3 * GIB + 512 * MIB, before_crash=True, name="linux,cma"),
        Event("hash", 64 * MIB, 2 * GIB, 2 * GIB + 64 * MIB, before_crash=False),
    )
    facts = Facts(kernel="6.12", page_size=4 * KIB, va_bits=48, events=events)
    machine = Machine("<test>", "json", MemoryMap((Region(2 * GIB, 4 * GIB),), listed), facts)
    told = explain(machine, "512M")
    freed = of(told, "free")
    assert (freed["change"]["name"], freed["free"][0]["start"]) == ("linux,cma", 2 * GIB + 512 * MIB)
    assert freed["text"] == "move linux,cma (cma=SIZE@ADDRESS): 1G at 0xa0000000 is in the way"


def test_a_cma_area_in_the_way_is_moved_or_shrunk() -> None:
    """It keeps its upper end, leaves one PUD free, and shrinks by whole page blocks."""
    memory = MemoryMap((Region(2 * GIB, 4 * GIB),), (Reserved(2 * GIB + 512 * MIB, 3 * GIB + 512 * MIB, "linux,cma"),))
    machine = Machine("<test>", "json", memory, Facts(kernel="6.1", page_size=4 * KIB))
    told = explain(machine, "512M")
    shrunk = of(told, "cma")
    assert shrunk["change"]["size"] == 512 * MIB
    assert shrunk["reserve"] == [{"start": 3 * GIB, "end": 3 * GIB + 512 * MIB, "size": 512 * MIB, "name": "linux,cma"}]
    assert of(told, "free")["text"].startswith("move ")


def test_of_a_command_line_only_the_request_is_rewritten() -> None:
    told = explain(crowded(), "quiet rodata=off crashkernel=512M loglevel=3")
    assert of(told, "high")["crashkernel"] == "crashkernel=512M,high quiet rodata=off loglevel=3"


@pytest.mark.parametrize("asked", ["512M,high", "256M@0x90000000"])
def test_a_good_plan_needs_no_change(asked: str) -> None:
    """Already aligned, or at the requested offset."""
    assert explain(crowded(), asked).help == ()


def test_a_low_part_without_room_is_made_smaller_or_dropped() -> None:
    """96M is free below 4 GiB, and the default is 128M."""
    memory = MemoryMap((Region(4 * GIB - 96 * MIB, 4 * GIB), Region(8 * GIB, 12 * GIB)))
    told = explain(replace(crowded("6.12"), memory=memory), "1G,high", Options(strategy="mainline"))
    low = [entry for entry in told.help if entry.change["kind"] == "low"]
    assert [(entry.change["size"], entry.crashkernel) for entry in low] == [
        (96 * MIB, "crashkernel=1G,high crashkernel=96M,low"),
        (0, "crashkernel=1G,high crashkernel=0,low"),
    ]
    assert all(entry.outcome == "exact" for entry in low)


def test_a_smaller_alignment_is_reported_only_where_it_protects() -> None:
    """64K pages: a PUD of 4 TiB is never free, a PMD of 512M is."""
    memory = MemoryMap((Region(0, 8 * GIB),), (Reserved(0, MIB),))
    machine = Machine("<test>", "json", memory, Facts(kernel="6.1", page_size=64 * KIB, va_bits=48))
    change = of(explain(machine, "512M"), "align")
    assert (change["options"], change["outcome"]) == ({"align": "block"}, "aligned")


def test_all_windows_first_where_only_a_later_one_has_an_aligned_area() -> None:
    told = explain(crowded("6.12"), "512M")
    assert of(told, "order")["options"] == {"prefer_aligned": True}
    assert of(told, "order")["crash"]["start"] >= 16 * GIB


# -- in every plan -----------------------------------------------------------------------------------------------

TWO_BANKS = MemoryMap(
    (Region(2 * GIB, 4 * GIB), Region(16 * GIB, 24 * GIB)),
    (Reserved(2 * GIB + 16 * MIB, 2 * GIB + 48 * MIB, "Kernel code"), Reserved(3 * GIB, 3 * GIB + 64 * MIB, "initrd")),
)
INITRD = Capture(kernel_size=37 * MIB, initrd_size=60 * MIB, initrd_unpacked=200 * MIB)
"""A machine with a known need: its capture kernel needs at least 509 MiB."""


def machine(kernel: str = "6.1", capture: Capture | None = None) -> Machine:
    return Machine("<test>", "json", TWO_BANKS, Facts(kernel=kernel, page_size=4 * KIB, va_bits=48, capture=capture))


def helped(on: Machine, asked: str | None, options: Options | None = None) -> Plan:
    """The plan with changes that would help."""
    options = options or Options()
    return helped_plan(on, asked, options)


@pytest.mark.parametrize(
    ("kernel", "asked", "first"),
    [
        pytest.param("6.1", "512M", "request 512M,high", id="a fallback"),
        pytest.param("6.1", "3G", "request 3G,high", id="a failure"),
        pytest.param("6.12", "64G", "request 8G", id="more than there is: as much as there is"),
        pytest.param(
            "5.10", "512M,high", "request 512M, in the plain form", id="a form that this kernel does not read"
        ),
        pytest.param("6.1", "512MB", "request 512M", id="a likely spelling"),
        pytest.param("6.1", "64G-:512M", "the need of a typical capture kernel", id="no range for this RAM"),
        pytest.param("6.1", "quiet=1", "the need of a typical capture kernel", id="a command line without a request"),
    ],
)
def test_a_plan_that_is_not_what_was_requested_says_what_would_help(kernel: str, asked: str, first: str) -> None:
    help_ = helped(machine(kernel), asked).help
    assert help_
    assert 1 <= len(help_) <= 3
    assert first in help_[0].text
    for each in help_:
        if each.crashkernel is not None and not each.crashkernel.endswith(",low"):
            done = make_plan(machine(kernel), each.crashkernel).reservation
            assert (done.outcome, done.crash) == (each.outcome, each.crash)


@pytest.mark.parametrize("asked", ["512M,high", "256M@0x90000000"])
def test_a_good_plan_is_given_back_without_any_search(asked: str) -> None:
    """The same object is returned."""
    question = ask(machine(), asked, Options())
    plan = answer(question, PROPOSED)
    assert plan.help == ()
    assert with_help(plan, question, asked) is plan


def test_a_plan_alone_has_not_looked() -> None:
    """None differs from empty: `batch` does not search."""
    assert make_plan(machine(), "512M").help is None


@pytest.mark.parametrize(("asked", "lacks"), [("512M,high", 0), ("256M,high", 253 * MIB)])
def test_less_than_the_capture_kernel_needs(asked: str, lacks: int) -> None:
    """If the machine gives the need, also for a successful request."""
    told = helped(machine(capture=INITRD), asked)
    assert bool(told.help) == bool(lacks)
    if told.help:
        assert "this plan leaves 253M less than the capture kernel needs" in told.help[0].text
        assert [each.lacks for each in told.help] == [0]


def test_a_change_that_leaves_too_little_says_how_much_in_words_and_as_a_number() -> None:
    small = replace(machine(capture=INITRD), memory=MemoryMap((Region(2 * GIB, 2 * GIB + 300 * MIB),)))
    (change, *_) = helped(small, "512M").help or ()
    assert change.text.endswith("which leaves 209M less than the capture kernel needs")
    assert change.lacks is not None
    assert 208 * MIB < change.lacks <= 209 * MIB


@pytest.mark.parametrize("seed", range(12))
def test_a_report_of_any_source_gives_the_same_changes_as_a_map(seed: int) -> None:
    case = drawn(seed)
    told = helped(case.machine, "3M", case.options)
    again = parse_text(to_json(told).encode(), "<test>")
    assert to_json(replace(helped(again, None), memory=told.memory)) == to_json(told)


def test_json_text_and_markdown_tell_the_same_changes_as_the_library() -> None:
    plan = planner.plan(machine(), "3G")
    assert plan.to_dict()["help"][0]["crashkernel"] == "3G,high"
    for form in ("text", "markdown", "html"):
        assert "request 3G,high" in planner.render.document(plan, form)
