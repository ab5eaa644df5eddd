"""Independent parts of a procedure: what can meet in a TLB stays together, and nothing is lost by looking at each."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from planner.bbm import BBM_LEVELS, PROCEDURES, TLBS, case
from planner.bbm.cases import VERDICTS
from planner.bbm.explorer import explore
from planner.bbm.model import Dsb, Entry, Leaf, Page, Procedure, Step, Table, Tlbi, Touch, Write
from planner.bbm.parts import parts
from tests.bbm.random_procedures import procedures

B1, B2 = Write("block 1", None), Write("block 2", None)


def two_blocks(*steps: Step, run: bool = False) -> Procedure:
    """Two PUD blocks of two pages each, in one table; run: both are one contiguous run. `still` never changes."""
    pages = tuple(Page(name, "area") for name in ("a", "b", "c", "d", "still"))
    leaf, label = Leaf(cont=run), "run" if run else ""
    entries = (
        Entry("block 1", ("a", "b"), leaf, label),
        Entry("block 2", ("c", "d"), leaf, label),
        Entry("block 3", ("still",), Leaf()),
    )
    root = Table("root", "pgd", (Entry("top", ("a", "b", "c", "d", "still"), "puds"),))
    return Procedure("two", "", pages, (root, Table("puds", "pud", entries)), "root", steps)


@pytest.mark.parametrize(
    ("procedure", "found"),
    [
        pytest.param(two_blocks(B1, B2, Dsb(), Tlbi()), [["a", "b"], ["c", "d"], ["still"]], id="two blocks"),
        pytest.param(two_blocks(B1, B2, run=True), [["a", "b", "c", "d"], ["still"]], id="two blocks of one run"),
        pytest.param(two_blocks(B1), [["c", "d", "still"], ["a", "b"]], id="entries that do not change are one part"),
        pytest.param(two_blocks(B1, B2, Touch("a")), [["a", "b", "c", "d", "still"]], id="a fault would stop the rest"),
    ],
)
def test_what_stays_together(procedure: Procedure, found: list[list[str]]) -> None:
    """Pages that a changing leaf or a contiguous run covers together."""
    assert [[page.name for page in part.pages] for part in parts(procedure)] == found


def test_a_part_has_the_steps_that_concern_it() -> None:
    """Barriers all; invalidations of its own pages; writes to its own entries."""
    steps = (B1, B2, Dsb(), Tlbi(("a", "c")), Tlbi(("d",)), Tlbi(), Dsb())
    first, second, _ = parts(two_blocks(*steps))
    assert first.steps == (B1, Dsb(), Tlbi(("a",)), Tlbi(), Dsb())
    assert second.steps == (B2, Dsb(), Tlbi(("c",)), Tlbi(("d",)), Tlbi(), Dsb())


def worst(procedure: Procedure, level: str, tlb: str) -> str:
    """The verdict of the whole, explored at once."""
    found = explore(procedure, nt_honoured=level != "0", tlb=tlb, touch=procedure.touch)
    bad = "safe"
    if {"image", procedure.touch, "afterwards"} & set(found.faults):
        bad = "fault"
    if found.sizes is not None and level == "2":
        bad = "conflict-abort"
    if found.outputs is not None or (found.sizes is not None and level in ("0", "1")):
        bad = "unpredictable"
    return bad


def check_the_whole(procedure: Procedure) -> None:
    for tlb in TLBS:
        for level in BBM_LEVELS:
            verdict = case(procedure, level, tlb=tlb).verdict
            assert VERDICTS.index(verdict) == VERDICTS.index(worst(procedure, level, tlb))


@pytest.mark.parametrize("procedure", [pytest.param(one, id=name) for name, one in PROCEDURES.items()])
def test_the_whole_has_the_worst_verdict_of_its_parts(procedure: Procedure) -> None:
    check_the_whole(procedure)


@settings(max_examples=25)
@given(procedure=procedures())
def test_the_parts_of_random_procedures_have_the_verdicts_of_the_whole(procedure: Procedure) -> None:
    check_the_whole(procedure)
