"""A plan's own remap steps, run by the TLB model: they have the verdict of the strategy's procedure."""

from __future__ import annotations

import json

import pytest

import planner
from planner.bbm import BBM_LEVELS, PROCEDURES, TLBS, TOUCHES, Procedure, case
from planner.bbm.remapped import procedure_of
from planner.kernel.pgtable import geometry
from planner.planning.result import Plan
from planner.report import to_json
from planner.report.bbm import procedure_to_dict
from planner.sources.json.procedure import parse_procedure
from tests.planning.test_remap_steps import LIVE, MAPS, ODD, PLAIN, STRATEGIES, plan_of


def own_procedure(plan: Plan) -> Procedure:
    """The plan's steps as a procedure."""
    assert plan.steps is not None
    assert plan.reservation.crash is not None
    name = plan.kernel.strategy
    touch = PROCEDURES[name].touch if name in PROCEDURES else "image"
    geo = geometry(plan.kernel.page_size, plan.kernel.va_bits)
    return procedure_of(plan.steps, geo, plan.reservation.crash, plan.reservation.area, name=name, touch=touch)


@pytest.mark.parametrize("strategy", [*LIVE, "base-pages", "isolated"])
def test_a_plans_own_steps_have_the_verdict_of_the_procedure(strategy: str) -> None:
    """On a map whose blocks are whole and plain, as the procedures have it: every level, TLB model, touch, CPU.

    bbml2 splits through contiguous runs there, which its procedure leaves out: under walk-on-miss those conflict.
    """
    own = own_procedure(plan_of(strategy, PLAIN))
    for tlb in TLBS if strategy != "bbml2" else ("architecture",):
        for touch in TOUCHES:
            for cpus in (1, 2):
                for level in BBM_LEVELS:
                    abstract = case(strategy, level, tlb=tlb, touch=touch, cpus=cpus)
                    concrete = case(own, level, tlb=tlb, touch=touch, cpus=cpus)
                    assert (concrete.verdict, concrete.rule_broken) == (abstract.verdict, abstract.rule_broken)


@pytest.mark.parametrize(("memory", "options"), MAPS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_on_any_map_the_verdict_of_the_architecture_is_the_same(
    strategy: str, memory: planner.MemoryMap, options: dict[str, object]
) -> None:
    """Only what walk-on-miss makes of it depends on contiguous runs."""
    plan = plan_of(strategy, memory, **options)  # type: ignore[arg-type]
    if plan.steps:
        name = strategy if strategy in PROCEDURES else "base-pages"
        own = own_procedure(plan)
        for level in BBM_LEVELS:
            assert case(own, level).verdict == case(name, level).verdict


def test_inside_a_contiguous_run_the_claim_fails_on_its_own_terms() -> None:
    """Method 1 on a map with contiguous PMDs, as real ones have."""
    plan = plan_of("rebuild-margins", ODD, "300M")
    assert any(step.was == "cont_pmd" for step in plan.steps or ())
    assert case(own_procedure(plan), "0", tlb="walk-on-miss").verdict == "unpredictable"


def test_a_step_left_out_of_the_list_shows() -> None:
    """It is the list that is run, not the strategy's name."""
    plan = plan_of("pud-aligned", PLAIN)
    report = json.loads(to_json(plan))
    report["steps"] = [step for step in report["steps"] if step["step"] != "tlbi"]
    assert case(parse_procedure(json.dumps(report), "report.json"), "0").verdict == "unpredictable"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_report_is_read_as_the_procedure_of_its_plan(strategy: str) -> None:
    """From JSON comes the same as from the plan itself."""
    plan = plan_of(strategy, ODD)
    if plan.steps:
        read = parse_procedure(to_json(plan), "report.json")
        assert procedure_to_dict(read) == {**procedure_to_dict(own_procedure(plan))}
