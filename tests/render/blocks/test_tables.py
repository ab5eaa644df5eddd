"""Tables of a plan: verdicts in words, what was put back; tests/golden holds the rest in every format."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from planner.base.sizes import GIB, KIB, MIB
from planner.planning.result import Plan
from planner.render.blocks import tables
from planner.render.blocks.numbers import column, span
from planner.render.blocks.plan import render
from planner.render.pages import plan as plan_page
from planner.report import to_json
from planner.rewind.rewound import AFTERWARDS, Rewound
from tests.plans import plan_of

TITLE = "Treated as free: allocated after the crash kernel"


def undone(count: int) -> tuple[Rewound, ...]:
    """The crash kernel, and so many ranges of different sizes less one after it."""
    later = [
        Rewound(GIB + n * MIB, GIB + n * MIB + (n + 1) * 4 * KIB, f"table {n}: {AFTERWARDS}") for n in range(1, count)
    ]
    return (Rewound(3 * GIB, 3 * GIB + 256 * MIB, "the crash kernel itself"), *later)


def plan_with(count: int) -> Plan:
    plan = plan_of("fallback")
    return replace(plan, memory=replace(plan.memory, rewound=undone(count)))


def section(rendered: str) -> list[str]:
    """The lines of the table in a text."""
    after = rendered.split(f"{TITLE}\n")[1]
    return after.split("\n\n")[0].splitlines()[1:]


@pytest.mark.parametrize("form", ["text", "markdown", "rst", "html"])
@pytest.mark.parametrize("count", [1, 9, 12])
def test_every_range_is_told_with_its_size_and_its_reason(form: str, count: int) -> None:
    """In the order of the report; after the result."""
    plan = plan_with(count)
    told = plan_page.render(plan, to_json(plan, compact=True)) if form == "html" else render(plan, form)
    told = html.unescape(told.replace("\\", "")).split('<script type="application/json"')[0]
    at = told.index(TITLE)
    sizes = column([r.end - r.start for r in plan.memory.rewound])
    for r, told_size in zip(plan.memory.rewound, sizes, strict=True):
        at = told.index(span(r.start, r.end), at)
        at = told.index(told_size, at)
        at = told.index(r.reason.partition(":")[0] if form == "text" else r.reason, at)
    assert at > told.index("Attempts")


def test_a_plan_of_a_running_machine_tells_what_its_report_tells() -> None:
    """A real rewinding, not one made up."""
    plan = plan_of("running-machine")
    assert plan.memory.rewound
    assert len(section(render(plan))) == len(plan.memory.rewound)
    rows = tables.put_back(plan, wide=True).rows
    assert [row[2] for row in rows] == [r.reason for r in plan.memory.rewound]


@pytest.mark.parametrize("count", [13, 14, 40])
def test_a_long_list_is_cut_for_the_terminal_and_says_by_how_much(count: int) -> None:
    """Twelve lines, the last of which counts ranges and bytes; a page has them all."""
    plan = plan_with(count)
    lines = section(render(plan))
    rest = plan.memory.rewound[11:]
    assert len(lines) == 12
    assert re.split(r"  +", lines[-1].strip()) == [
        f"{len(rest)} more ranges",
        column([sum(r.end - r.start for r in rest), *(r.end - r.start for r in plan.memory.rewound)])[0],
    ]
    assert all(r.reason in render(plan, "markdown") for r in plan.memory.rewound)


def test_a_plan_without_rewinding_says_nothing_of_it() -> None:
    """No empty table."""
    plan = plan_of("fallback")
    assert plan.memory.rewound == ()
    assert TITLE not in render(plan)
