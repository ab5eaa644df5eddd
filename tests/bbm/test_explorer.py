"""The explorer: laws for all procedures, and agreement with an explorer without reductions."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from planner.bbm import BBM_LEVELS, PROCEDURES, TLBS, TOUCHES, case
from planner.bbm.cases import VERDICTS
from planner.bbm.model import Entry, Leaf, Page, Procedure, Switch, Table, Write
from tests.bbm.naive import Naive
from tests.bbm.random_procedures import procedures

BUILT_IN = [pytest.param(procedure, id=name) for name, procedure in PROCEDURES.items()]
tlbs, touches, levels = st.sampled_from(TLBS), st.sampled_from(TOUCHES), st.sampled_from(BBM_LEVELS)


def rank(procedure: Procedure, level: str, tlb: str, touch: str, cpus: int) -> int:
    """The severity of a verdict: 0 for safe."""
    return VERDICTS.index(case(procedure, level, tlb=tlb, touch=touch, cpus=cpus).verdict)


def check_levels(procedure: Procedure, tlb: str, touch: str, cpus: int) -> None:
    """Verdicts and broken rules never get worse at a higher level."""
    found = [case(procedure, level, tlb=tlb, touch=touch, cpus=cpus) for level in BBM_LEVELS]
    ranks = [VERDICTS.index(one.verdict) for one in found]
    assert ranks == sorted(ranks, reverse=True)
    rules = [one.rule_broken for one in found]
    assert rules == sorted(rules, reverse=True)


@pytest.mark.parametrize("procedure", BUILT_IN)
def test_a_verdict_never_gets_worse_when_the_level_rises(procedure: Procedure) -> None:
    """Each level includes the guarantees of the lower ones."""
    for tlb in TLBS:
        for touch in TOUCHES:
            check_levels(procedure, tlb, touch, 2)


@settings(max_examples=40)
@given(procedure=procedures(), tlb=tlbs, touch=touches, cpus=st.integers(1, 2))
def test_a_higher_level_is_never_worse_for_random_procedures(
    procedure: Procedure, tlb: str, touch: str, cpus: int
) -> None:
    """The law above, for procedures that nobody wrote."""
    check_levels(procedure, tlb, touch, cpus)


@pytest.mark.parametrize("procedure", BUILT_IN)
def test_walk_on_miss_finds_nothing_that_the_architecture_does_not(procedure: Procedure) -> None:
    """Its walker does a subset of the actions."""
    for level in BBM_LEVELS:
        for touch in TOUCHES:
            assert rank(procedure, level, "walk-on-miss", touch, 2) <= rank(procedure, level, "architecture", touch, 2)


@settings(max_examples=40)
@given(procedure=procedures(), level=levels, touch=touches, cpus=st.integers(1, 2))
def test_walking_on_a_miss_is_never_worse_for_random_procedures(
    procedure: Procedure, level: str, touch: str, cpus: int
) -> None:
    """The law above, for procedures that nobody wrote."""
    lazy, eager = (rank(procedure, level, tlb, touch, cpus) for tlb in ("walk-on-miss", "architecture"))
    assert lazy <= eager


@pytest.mark.parametrize("procedure", BUILT_IN)
def test_a_cpu_more_never_makes_a_procedure_safer(procedure: Procedure) -> None:
    """Further CPUs change nothing: they are all alike."""
    for tlb in TLBS:
        for level in BBM_LEVELS:
            one, two, many = (rank(procedure, level, tlb, procedure.touch, cpus) for cpus in (1, 2, 64))
            assert one <= two == many


@settings(max_examples=40)
@given(procedure=procedures(), level=levels, tlb=tlbs, touch=touches)
def test_more_cpus_are_never_better_for_random_procedures(
    procedure: Procedure, level: str, tlb: str, touch: str
) -> None:
    """The law above, for procedures that nobody wrote."""
    assert rank(procedure, level, tlb, touch, 1) <= rank(procedure, level, tlb, touch, 2)


def agree(procedure: Procedure, level: str, tlb: str, touch: str, cpus: int) -> None:
    """The explorer and the naive one find the same."""
    bad = Naive(procedure, nt=level != "0", tlb=tlb, touch=touch, cpus=cpus).outcomes()
    expected = "safe"
    if "fault" in bad:
        expected = "fault"
    if "sizes" in bad and level == "2":
        expected = "conflict-abort"
    if "outputs" in bad or ("sizes" in bad and level in ("0", "1")):
        expected = "unpredictable"
    assert case(procedure, level, tlb=tlb, touch=touch, cpus=cpus).verdict == expected


HALF_A_RUN = Procedure(
    "half a run",
    "",
    (Page("a", "area"), Page("b", "linear-map")),
    (Table("root", "pte", (Entry("a page", ("a",), Leaf(cont=True), "run"), Entry("b page", ("b",), None, "run"))),),
    "root",
    (Write("b page", Leaf()),),
)
"""One entry of a run has the hint, which speaks for the run; another is written without."""

LEFT_BEHIND = Procedure(
    "left behind",
    "",
    (Page("a", "area"),),
    (
        Table("root", "pgd", (Entry("top", ("a",), "ptes"),)),
        Table("other", "pgd", (Entry("other top", ("a",), Leaf()),)),
        Table("ptes", "pte", (Entry("a page", ("a",), None),)),
    ),
    "root",
    (Switch("other"),),
    "image",
)
"""A walker keeps a table that it passed in vain, and comes through it again on another root."""


@settings(max_examples=40)
@example(procedure=LEFT_BEHIND, level="0", tlb="architecture", touch="image", cpus=1)
@example(procedure=HALF_A_RUN, level="0", tlb="walk-on-miss", touch="linear-map", cpus=1)
@given(procedure=procedures(most_steps=5), level=levels, tlb=tlbs, touch=touches, cpus=st.integers(1, 2))
def test_an_explorer_without_any_reduction_finds_the_same(
    procedure: Procedure, level: str, tlb: str, touch: str, cpus: int
) -> None:
    """Looking at one TLB at a time, and leaving out what cannot matter, loses nothing and adds nothing."""
    agree(procedure, level, tlb, touch, cpus)


@pytest.mark.parametrize("procedure", BUILT_IN)
@pytest.mark.parametrize("tlb", TLBS)
def test_an_explorer_without_any_reduction_agrees_on_the_built_in_procedures(procedure: Procedure, tlb: str) -> None:
    """One CPU runs them here: with more there are too many states for an explorer without reductions."""
    for level in ("0", "1"):
        agree(procedure, level, tlb, procedure.touch, 1)


@settings(max_examples=40)
@given(procedure=procedures(), level=levels, tlb=tlbs, touch=touches, cpus=st.integers(1, 2))
def test_a_trace_is_there_unless_all_is_well(procedure: Procedure, level: str, tlb: str, touch: str, cpus: int) -> None:
    """It ends with the harm; without harm there is none."""
    found = case(procedure, level, tlb=tlb, touch=touch, cpus=cpus)
    assert bool(found.trace) != found.safe
    assert found.states > 0
    if found.verdict == "fault":
        assert found.trace[-1].step.endswith("nothing maps it")
    elif not found.safe:
        assert "two entries match" in found.trace[-1].step
        assert len(found.trace[-1].tlb) >= 2
