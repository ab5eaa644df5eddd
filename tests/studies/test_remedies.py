"""What would help, as every plan tells it: at most three changes, each of which its own plan bears out."""

from __future__ import annotations

from dataclasses import replace

import pytest

import planner
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Capture, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.plan import Options, make_plan
from planner.planning.result import Plan
from planner.report import to_json
from planner.sources import parse_text
from planner.studies.remedies import with_help
from tests.random_machines import drawn

SERVER = MemoryMap(
    (Region(2 * GIB, 4 * GIB), Region(16 * GIB, 24 * GIB)),
    (Reserved(2 * GIB + 16 * MIB, 2 * GIB + 48 * MIB, "Kernel code"), Reserved(3 * GIB, 3 * GIB + 64 * MIB, "initrd")),
)
INITRD = Capture(kernel_size=37 * MIB, initrd_size=60 * MIB, initrd_unpacked=200 * MIB)
"""A capture kernel of which its machine tells all: it needs 509 MiB at least."""


def machine(kernel: str = "6.1", capture: Capture | None = None) -> Machine:
    return Machine("<test>", "json", SERVER, Facts(kernel=kernel, page_size=4 * KIB, va_bits=48, capture=capture))


def helped(on: Machine, asked: str | None, options: Options | None = None) -> Plan:
    """The plan, with what would help."""
    options = options or Options()
    return with_help(make_plan(on, asked, options), on, asked, options)


@pytest.mark.parametrize(
    ("kernel", "asked", "first"),
    [
        pytest.param("6.1", "512M", "ask for 512M,high", id="a fallback"),
        pytest.param("6.1", "3G", "ask for 3G,high", id="a failure"),
        pytest.param("6.12", "64G", "ask for 8G", id="more than there is: as much as there is"),
        pytest.param(
            "5.10", "512M,high", "ask for 512M, in the plain form", id="a form that this kernel does not read"
        ),
        pytest.param("6.1", "512MB", "what a usual capture kernel needs", id="no request"),
        pytest.param("6.1", "64G-:512M", "what a usual capture kernel needs", id="no range for this RAM"),
        pytest.param("6.1", "quiet=1", "what a usual capture kernel needs", id="a command line that asks nothing"),
    ],
)
def test_a_plan_that_is_not_what_was_asked_for_says_what_would_help(kernel: str, asked: str, first: str) -> None:
    help_ = helped(machine(kernel), asked).help
    assert help_
    assert 1 <= len(help_) <= 3
    assert first in help_[0].text
    for each in help_:
        if each.crashkernel is not None and not each.crashkernel.endswith(",low"):
            done = make_plan(machine(kernel), each.crashkernel).reservation
            assert (done.outcome, done.crash) == (each.outcome, each.crash)


@pytest.mark.parametrize("asked", ["512M,high", "256M@0x90000000"])
def test_nothing_has_to_help_where_all_is_well(asked: str) -> None:
    """And nothing is looked for: the plan is the very same."""
    plan = make_plan(machine(), asked)
    assert plan.help == ()
    assert with_help(plan, machine(), asked, Options()) is plan


def test_a_plan_alone_has_not_looked() -> None:
    """Null is not the same as nothing: `batch` does not look."""
    assert make_plan(machine(), "512M").help is None


@pytest.mark.parametrize(("asked", "lacks"), [("512M,high", 0), ("256M,high", 253 * MIB)])
def test_less_than_the_capture_kernel_needs(asked: str, lacks: int) -> None:
    """Where the machine tells what that is: also of a request that is granted."""
    told = helped(machine(capture=INITRD), asked)
    assert bool(told.help) == bool(lacks)
    if told.help:
        assert "this plan leaves 253M less than the capture kernel needs" in told.help[0].text
        assert [each.lacks for each in told.help] == [0]


def test_a_change_that_leaves_too_little_says_how_much() -> None:
    """In words and as a number."""
    small = replace(machine(capture=INITRD), memory=MemoryMap((Region(2 * GIB, 2 * GIB + 300 * MIB),)))
    (change, *_) = helped(small, "512M").help or ()
    assert change.text.endswith("which leaves 209M less than the capture kernel needs")
    assert change.lacks is not None
    assert 208 * MIB < change.lacks <= 209 * MIB


@pytest.mark.parametrize("seed", range(12))
def test_a_report_taken_as_a_map_tells_the_same(seed: int) -> None:
    """Whatever its own source was."""
    case = drawn(seed)
    told = helped(case.machine, "3M", case.options)
    again = parse_text(to_json(told).encode(), "<test>")
    assert to_json(replace(helped(again, None), memory=told.memory)) == to_json(told)


def test_the_library_and_every_document_tell_it() -> None:
    """The same in JSON, text and Markdown."""
    plan = planner.plan(machine(), "3G")
    assert plan.to_dict()["help"][0]["crashkernel"] == "3G,high"
    for form in ("text", "markdown", "html"):
        assert "ask for 3G,high" in planner.render.document(plan, form)
