"""The remap steps of a plan: they result in the plan's map, in the order of the strategy's phases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import planner
from planner.base.ranges import union
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.pgtable import geometry
from planner.kernel.ptdump import KINDS, TABLES
from planner.planning.remap_steps import ORDERS
from planner.planning.result import Plan, RemapStep

if TYPE_CHECKING:
    from planner.base.ranges import Range

LIVE = ("rebuild-margins", "switch-table", "bbml2", "pud-aligned", "pud-aligned-trimmed")
STRATEGIES = (*LIVE, "base-pages", "isolated", "mainline")

PLAIN = planner.MemoryMap((planner.Region(2 * GIB, 10 * GIB),), ())
"""One region of whole PUD blocks: the crash memory of these requests lies in the topmost."""

ODD = planner.MemoryMap(
    (planner.Region(2 * GIB, 3 * GIB - 200 * KIB), planner.Region(5 * GIB, 9 * GIB + 36 * MIB + 12 * KIB)),
    (planner.Reserved(9 * GIB, 9 * GIB + 36 * MIB + 12 * KIB),),
)
"""Edges inside contiguous runs, blocks and PTE tables."""


def plan_of(strategy: str, memory: planner.MemoryMap, request: str = "512M,high", **options: Any) -> Plan:
    """A plan with its steps."""
    return planner.plan(memory, request, strategy=strategy, steps=True, **{"kernel": "6.1", **options})


MAPS = [
    pytest.param(PLAIN, {}, id="whole blocks"),
    pytest.param(ODD, {}, id="odd edges"),
    pytest.param(ODD, {"request": "300001K,high"}, id="a size that is not a multiple of a page"),
    pytest.param(PLAIN, {"page_size": 64 * KIB, "va_bits": 42, "align": "block"}, id="64K pages, two levels"),
    pytest.param(ODD, {"page_size": 16 * KIB, "va_bits": 47, "align": "block"}, id="16K pages"),
]


@pytest.mark.parametrize(("memory", "options"), MAPS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_steps_lead_to_the_map_of_the_plan(
    strategy: str, memory: planner.MemoryMap, options: dict[str, object]
) -> None:
    """Applied in order to the map without a crash kernel, for every page that they change."""
    plan = plan_of(strategy, memory, **options)  # type: ignore[arg-type]
    assert plan.steps is not None
    page = plan.kernel.page_size
    edges = {edge for span in (*plan.leaf_spans, *plan.baseline_spans) for edge in span[:2]}
    edges |= {edge for step in plan.steps if step.range for edge in (step.range.start, step.range.end)}
    for address in sorted(edges | {edge - page for edge in edges}):
        assert taken(plan, address) == kind_at(plan.leaf_spans, address), hex(address)


def kind_at(spans: tuple[tuple[int, int, int], ...], address: int) -> str | None:
    """The kind of leaf that maps an address."""
    return next((KINDS[kind] for start, end, kind in spans if start <= address < end), None)


def taken(plan: Plan, address: int) -> str | None:
    """The leaf of an address after all steps; fails if a step finds another leaf than it states."""
    steps = plan.steps or ()
    first_use = any(step.step == "switch" and step.cpus == "all" for step in steps)
    now = None if first_use else kind_at(plan.baseline_spans, address)
    beside: str | None = None
    for step in steps:
        if step.range is None or not step.range.start <= address < step.range.end or step.step == "tlbi":
            continue
        if step.was is not None:
            assert now == step.was
        if step.step == "build":
            beside = step.leaf
        elif step.step == "clear":
            now = None
        elif step.step == "link":
            now, beside = beside, None
        else:
            now = step.leaf
    return beside if first_use and beside else now


@pytest.mark.parametrize(("memory", "options"), MAPS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_steps_add_up(strategy: str, memory: planner.MemoryMap, options: dict[str, object]) -> None:
    """Entries fill their ranges; new tables are the plan's extra tables; changed entries are flushed."""
    plan = plan_of(strategy, memory, **options)  # type: ignore[arg-type]
    geo = geometry(plan.kernel.page_size, plan.kernel.va_bits)
    size = {"pud": geo.pud_size, "pmd": geo.pmd_size, "pte": geo.page_size}
    steps = plan.steps or ()
    for step in steps:
        if step.level is not None and step.range is not None:
            assert step.entries == step.range.size // size[step.level]
    if not steps:
        assert plan.mapping == plan.baseline
        return
    assert [step.step for step in steps].index("tables") == 0
    before = plan.mapping.tables if steps[-1].cpus == "all" else plan.baseline.tables
    more = {level: getattr(plan.mapping.tables, level) - getattr(before, level) for level in TABLES}
    if steps[-1].cpus == "all":
        more = {level: getattr(plan.mapping.tables, level) for level in TABLES}
    assert {level: getattr(steps[0].tables, level) for level in TABLES} == more
    live = union([(r.start, r.end) for r in ranges(steps, "clear", "link", "write") if steps[-1].cpus != "all"])
    assert union([(r.start, r.end) for r in ranges(steps, "tlbi")]) == live


def ranges(steps: tuple[RemapStep, ...], *kinds: str) -> list[Range]:
    """The ranges of some kinds of steps."""
    return [step.range for step in steps if step.step in kinds and step.range is not None]


@pytest.mark.parametrize("strategy", [*LIVE, "base-pages", "isolated"])
def test_the_order_is_that_of_the_procedures(strategy: str) -> None:
    """The plan and the TLB model use the same table of phases."""
    plan = plan_of(strategy, PLAIN)
    kinds = [step.step for step in plan.steps or ()]
    words = {"flush": "tlbi", "forget": "tlbi", "leave": "switch", "return": "switch", "start": "switch"}
    phases = [words.get(phase, phase) for phase in ORDERS[strategy]]
    if strategy == "bbml2":
        phases = [kind for kind in phases if kind != "split"]
        kinds = kinds[len(kinds) - len(phases) :]
    else:
        kinds = [kind for i, kind in enumerate(kinds) if kind != kinds[i - 1] and kind not in ("tables", "write")]
        phases = [phase for phase in phases if phase != "write"]
    assert kinds == phases


@pytest.mark.parametrize(
    ("strategy", "request_", "options"),
    [
        pytest.param("unprotected", "512M,high", {}, id="nothing is done"),
        pytest.param("pud-aligned", "7G,high", {}, id="nothing fits"),
        pytest.param("pud-aligned", "512M,high", {"rodata": "full"}, id="base pages everywhere anyway"),
        pytest.param("rebuild-margins", "1G,high", {"rodata": "full"}, id="the same under any strategy"),
    ],
)
def test_where_the_map_stays_the_list_of_steps_is_empty_and_not_none(
    strategy: str, request_: str, options: dict[str, object]
) -> None:
    assert plan_of(strategy, PLAIN if "7G" not in request_ else ODD, request_, **options).steps == ()


def test_steps_are_computed_only_where_they_are_requested() -> None:
    assert planner.plan(PLAIN, "512M").steps is None
