"""Changes to a machine's request or options: what they ask for, and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from planner.base.errors import InputError
from planner.batch.changes import Change, changed, parse_change
from planner.batch.defaults import Defaults
from planner.batch.records import answer_record
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.presets import PRESETS
from tests.batch import fleet
from tests.batch.fleet import as_memory_map
from tests.strategies import machine_of


@pytest.mark.parametrize(
    ("crashkernel", "cmdline", "change", "request_"),
    [
        pytest.param("512M", None, "high", "512M,high", id="a bare value"),
        pytest.param("512M,high", None, "size=1G", "1G,high", id="a size keeps ,high"),
        pytest.param("1G-2G:64M,2G-:300001K", None, "high", "300001K,high", id="a list of ranges: the size it gave"),
        pytest.param("256M@0x90000000", None, "size=1G", "1G", id="an offset is dropped"),
        pytest.param(
            "rodata=off crashkernel=512M,high crashkernel=64M,low", None, "size=1G",
            "rodata=off crashkernel=64M,low crashkernel=1G,high", id="other words and the low part stay",
        ),
        pytest.param(None, "quiet crashkernel=64M", "size=1G", "crashkernel=1G", id="the machine's own command line"),
        pytest.param("512M,high", None, "crashkernel=1G", "crashkernel=1G", id="another request altogether"),
        pytest.param(
            None, "quiet crashkernel=64M", "crashkernel=1G", "crashkernel=1G", id="another than the machine's own"
        ),
        pytest.param(
            "rodata=off crashkernel=512M,high crashkernel=64M,low", None, "crashkernel=1G",
            "rodata=off crashkernel=1G", id="the other words stay, no part of the request",
        ),
        pytest.param("1G", None, "preset=rhel9", f"crashkernel={PRESETS['rhel9'].value}", id="a default"),
    ],
)  # fmt: skip
def test_the_request_after_a_change(crashkernel: str | None, cmdline: str | None, change: str, request_: str) -> None:
    document = {**fleet.memory(0), "kernel": "6.12"} | ({"cmdline": cmdline} if cmdline else {})
    record: dict[str, Any] = {"map": document} | ({"crashkernel": crashkernel} if crashkernel else {})
    answer = answer_record(record, Defaults())
    assert answer.plan is not None
    assert answer.ask is not None
    asked = changed(answer.plan, crashkernel, Options(preset="debian"), parse_change(change))
    assert asked == (request_, Options())
    assert make_plan(answer.ask.machine, asked[0]).request.high == (",high" in request_)


def test_a_machine_without_a_request_is_not_changed() -> None:
    plan = make_plan(machine_of(as_memory_map(fleet.memory(0))), "0", Options(kernel="6.12"))
    assert changed(plan, "0", Options(), Change("high", "high")) is None


@pytest.mark.parametrize("asked", ["64G", "512MB"])
def test_a_refused_request_can_get_another_size(asked: str) -> None:
    """6.7 and later refuse a size of all RAM or more, and any kernel refuses an unreadable request."""
    machine = machine_of(as_memory_map(fleet.memory(0)))
    plan = make_plan(machine, asked, Options(kernel="6.12"))
    assert plan.reservation.outcome == "none"
    question = changed(plan, asked, Options(kernel="6.12"), parse_change("size=256M"))
    assert question is not None
    assert make_plan(machine, *question).reserved


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "low",
            "low=1",
            "size=",
            "size=5X",
            "size=0",
            "strategy=none",
            "align=",
            "align=3M",
            "size=512M@1G",
            "high=1",
        ),
        *(
            "crashkernel=",
            "preset=none",
            "kernel=x",
            "page-size=5K",
            "rodata=yes",
            "crashkernel=quiet splash",
            "crashkernel=quiet=1",
        ),
    ],
)
def test_other_texts_are_not_changes(text: str) -> None:
    with pytest.raises(InputError):
        parse_change(text)
