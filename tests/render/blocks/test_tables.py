"""Tables of a plan: what was put back, and sums; tests/golden holds the rest in every format."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from planner.base.sizes import GIB, KIB, MIB
from planner.planning.result import Plan
from planner.render.blocks import tables
from planner.render.blocks.numbers import column, span
from planner.render.pages import plan_page
from planner.report import to_json
from planner.rewind.rewound import AFTERWARDS, Rewound
from tests.plans import plan_of, render

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
def test_every_range_is_reported_with_its_size_and_its_reason(form: str, count: int) -> None:
    """In the order of the report; after the result."""
    plan = plan_with(count)
    told = plan_page(plan, to_json(plan, compact=True)) if form == "html" else render(plan, form)
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
    rows = tables.undone(plan, wide=True).rows
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


def test_crash_memory_what_returns_and_what_is_kept_add_up_to_the_area() -> None:
    """The first rows claim it; all have one unit."""
    rows = tables.waste(plan_of("aligned")).rows
    sizes = {row[0]: int(row[1].removesuffix("M")) for row in rows}
    parts = sizes["crash memory"], sizes["+ returned after remapping"], sizes.get("+ kept", 0)
    assert sum(parts) == sizes["= area"] == 1024


def test_placement_stands_by_address_whatever_was_placed_first() -> None:
    rows = tables.placement(plan_of("high-and-low")).rows
    assert [row[0] for row in rows] == ["low memory", "area", "crash memory"]
    assert [row[2] for row in rows] == ["128M", "1024M", "1024M"]


def test_attempts_are_numbered_and_end_with_the_one_that_found_it() -> None:
    rows = tables.attempts(plan_of("fallback")).rows
    assert [row[0] for row in rows] == [str(n) for n in range(1, len(rows) + 1)]
    assert [row[-1].split()[0] for row in rows] == ["no"] * (len(rows) - 1) + ["found"]


def test_tables_of_a_map_that_does_not_change_say_so() -> None:
    """A second column of the same figures would say nothing."""
    plan = plan_of("fallback")
    assert tables.granularity(plan).head == ("entries", "number", "map")
    assert tables.page_tables(plan).title == "Page tables (the same without a crash kernel)"
    assert len(tables.page_tables(plan_of("aligned")).head) == 5


@pytest.mark.parametrize(
    ("least", "protected", "remark"),
    [
        pytest.param(MIB, True, "minimum: +1M", id="this plan has as many"),
        pytest.param(4 * MIB, True, "+4M where there are none yet", id="some are there without a crash kernel"),
        pytest.param(4 * MIB, False, "protecting it takes about +4M", id="it is not protected"),
    ],
)
def test_the_fewest_page_tables_stand_beside_all_of_them(least: int, remark: str, *, protected: bool) -> None:
    plan = plan_of("aligned")
    plan = replace(
        plan,
        waste=replace(plan.waste, ideal_table_bytes=least),
        reservation=replace(plan.reservation, protected=protected),
    )
    (row,) = [row for row in tables.page_tables(plan).rows if row[0] == "all tables"]
    assert row[-1] == remark
