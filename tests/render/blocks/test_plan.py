"""A plan in blocks: the answer alone, and everything in the order of interest. Whole texts stand in tests/golden."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.render.blocks import sentences
from planner.render.blocks.model import Table, Terms
from planner.render.blocks.plan import blocks, mood, short
from planner.render.layout import lay_out
from planner.sources.samples import read
from planner.studies.remedies import helped
from tests.planning.machines import machine
from tests.plans import PLANS, plan_of, render
from tests.render.blocks.found import bullets_of, facts_of, lead_of, titles_of


@pytest.mark.parametrize("name", PLANS)
def test_the_answer_is_the_verdict_and_the_summary(name: str) -> None:
    """The word before the colon leads; nothing of the sentence is lost."""
    plan = plan_of(name)
    lead, facts = short(plan)
    told = lead_of([lead])
    assert f"{told.word}: {told.text}" == sentences.verdict(plan)
    assert told.word == plan.reservation.outcome
    assert [row for row in facts_of([facts]).items() if row[0] != "To do"] == sentences.summary(plan)


LONG = "2G-4G:320M,4G-32G:512M,32G-64G:1024M,64G-128G:2048M,128G-:4096M"


@pytest.mark.parametrize("value", [LONG, f"ro crashkernel={LONG}", "crashkernel=1G,high crashkernel=512M,low"])
@pytest.mark.parametrize("name", ["altra-32g", "altra-2node-512g", "kvm-64g-64k", "d06-16g-holes", "rpi4-4g"])
def test_the_answer_has_at_most_eight_lines(name: str, value: str) -> None:
    """A long request is there by its reading; the whole value follows with the other facts."""
    plan = helped(read(name), value, Options())
    lines = [line for line in lay_out(short(plan), "text").splitlines() if line]
    assert len(lines) <= 8
    whole = facts_of(blocks(plan))["Requested"]
    assert whole.startswith(value.removeprefix("ro "))


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [("aligned", "good"), ("exact", "good"), ("fallback", "warn"), ("failed", "bad"), ("none", "bad"), ("?", "plain")],
)
def test_moods(outcome: str, expected: str) -> None:
    assert mood(outcome) == expected


@pytest.mark.parametrize(
    ("name", "helps", "told"),
    [
        pytest.param("fallback", True, "request 512M,high: aligned at 0x80780000000", id="the first change that helps"),
        pytest.param(
            "fallback", False, "no change tried here helps; `explain` shows what is in the way", id="none does"
        ),
        pytest.param("nothing-asked", False, "see `parse` for how the kernel reads the request", id="nothing asked"),
        pytest.param("aligned", False, None, id="as it is wanted"),
    ],
)
def test_the_one_thing_to_do_stands_in_the_answer(name: str, helps: bool, told: str | None) -> None:
    plan = plan_of(name)
    assert facts_of(short(plan if helps else replace(plan, help=()))).get("To do") == told
    assert "To do" not in facts_of(short(replace(plan, help=None)))


def test_other_changes_that_would_help_follow() -> None:
    """The first is not said twice."""
    plan = plan_of("failed")
    assert plan.help is not None
    others = bullets_of(blocks(plan), "What else would help")
    assert len(others) == len(plan.help) - 1
    assert facts_of(short(plan))["To do"] not in others


@pytest.mark.parametrize(
    ("name", "first"), [("aligned", "Memory taken"), ("fallback", "Memory taken"), ("failed", "Attempts")]
)
def test_what_is_most_interesting_comes_first(name: str, first: str) -> None:
    """The cost of what was found; without anything found, the search."""
    titles = [title for title in titles_of(blocks(plan_of(name))) if title in ("Memory taken", "Attempts")]
    assert titles[0] == first
    assert len(titles) == 2


def test_what_was_requested_is_reported_once() -> None:
    told = blocks(plan_of("aligned"))
    labels = [label for block in told for label, *_ in getattr(block, "rows", ()) if label == "Requested"]
    assert labels == ["Requested"]


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        pytest.param({}, None, id="nobody asked for the steps"),
        pytest.param({"steps": True, "strategy": "switch-table"}, Table, id="steps"),
        pytest.param({"steps": True, "strategy": "mainline", "kernel": "6.12"}, Terms, id="nothing to change"),
    ],
)
def test_how_the_map_is_changed(options: dict[str, object], kind: type | None) -> None:
    plan = make_plan(machine(), "512M", Options(**options))  # type: ignore[arg-type]
    filled = [block for block in blocks(plan) if getattr(block, "rows", None) or getattr(block, "items", None)]
    shown = [block for block in filled if getattr(block, "title", "") == "How the map is changed"]
    assert [type(block) for block in shown] == ([] if kind is None else [kind])


def test_a_document_has_room_for_whole_reasons() -> None:
    """Text for a terminal does not."""
    plan = plan_of("running-machine")
    reason = plan.memory.rewound[-1].reason
    assert reason in render(plan, "markdown").replace("\\", "")
    assert reason not in render(plan, "text")


@pytest.mark.parametrize(
    ("request_", "kernel", "row"),
    [
        pytest.param("512", "6.12", "512 bytes: is a suffix missing, as in 512M?", id="placed, but hardly meant"),
        pytest.param(
            "256M@ee000000",
            "6.12",
            "is the offset 'ee000000' an address in hexadecimal? Then 0x is missing: write @0xee000000",
            id="an offset without 0x",
        ),
        pytest.param("512MB", "6.12", None, id="refused"),
        pytest.param("512M,cma", "6.12", None, id="a suffix that is refused"),
        pytest.param("512M,high", "5.4", None, id="said in the verdict"),
        pytest.param("512M", "6.12", None, id="read as it looks"),
    ],
)
def test_a_request_that_is_misread_is_reported_in_the_answer(request_: str, kernel: str, row: str | None) -> None:
    """Once: in the verdict or beside the request, and not again among the notes."""
    plan = make_plan(machine(kernel=kernel), request_, Options(strategy="mainline"))
    assert facts_of(short(plan)).get("Note") == row
    said = plan.request.cause or row
    assert said is None or (row is None) == (said in sentences.verdict(plan))
    assert said not in bullets_of(blocks(plan), "Notes")


def test_a_hint_beside_the_cause_stands_among_the_notes() -> None:
    """The first line has the cause; the hint is not lost."""
    plan = make_plan(machine(kernel="6.12"), "1G-2G:64MB", Options(strategy="mainline"))
    assert "no range of the list covers" in sentences.verdict(plan)
    hint = "the list of ranges ends before 'B', which is not read"
    assert hint in bullets_of(blocks(plan), "Notes")


def test_a_kernel_that_no_source_names_is_not_called_yours() -> None:
    """The first lines say that it is assumed."""
    plan = make_plan(machine(kernel=None), "512M", Options())
    assert f"(kernel {plan.kernel.profile}, assumed: " in sentences.verdict(plan)
    assert "your kernel" not in sentences.verdict(plan)
    assert dict(sentences.summary(plan))["Requested"].endswith(f"kernel {plan.kernel.profile} (assumed)")


@pytest.mark.parametrize(
    ("request_", "row"),
    [
        pytest.param("ro quiet", "nothing on machine", id="a command line without a request"),
        pytest.param("512M@3G", "512M@3G on machine", id="an offset spelt as a size"),
        pytest.param("512M@0xc0000000", "512M@0xc0000000 on machine", id="an offset spelt as an address"),
        pytest.param(
            "ro crashkernel=0x20000000", "crashkernel=0x20000000 (read as 512M) on machine", id="another spelling"
        ),
    ],
)
def test_the_first_lines_have_the_kernels_reading_only_where_it_differs(request_: str, row: str) -> None:
    plan = make_plan(machine(kernel="6.12"), request_, Options())
    assert dict(sentences.summary(plan))["Requested"] == f"{row}, kernel 6.12"


@pytest.mark.parametrize("request_", ["512M,high", "512M,low", "512M,high crashkernel=128M,low"])
def test_a_suffix_that_is_not_read_is_the_reason(request_: str) -> None:
    plan = make_plan(machine(kernel="5.4"), request_, Options(strategy="mainline"))
    assert "none: no valid crashkernel request (" in sentences.verdict(plan)
    assert "do not read crashkernel=SIZE," in sentences.verdict(plan)
