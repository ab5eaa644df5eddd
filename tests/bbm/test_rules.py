"""Break-before-make on the steps alone: forbidden changes of live entries, and levels that permit them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from planner.bbm import case
from planner.bbm.model import Dsb, Leaf, Procedure, Step, Switch, Tlbi, Touch, Write
from planner.bbm.rules import broken
from tests.bbm.random_procedures import procedures
from tests.bbm.test_cases import FLUSH, SPLIT, procedure
from tests.bbm.test_explorer import HALF_A_RUN

CLEAR = Write("block", None)
NT = Write("block", Leaf(nt=True))
KEPT, SIZES, OUTPUTS = (False, False), (True, False), (False, True)


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        pytest.param((SPLIT,), SIZES, id="a block becomes a table while valid"),
        pytest.param((Write("block", Leaf(cont=True)),), SIZES, id="the contiguous bit"),
        pytest.param((Write("block", Leaf(output="x")),), OUTPUTS, id="another output"),
        pytest.param((Write("block", Leaf()),), KEPT, id="the same again"),
        pytest.param((CLEAR,), KEPT, id="made invalid"),
        pytest.param((CLEAR, *FLUSH, SPLIT), KEPT, id="invalid, DSB, TLBI, DSB, the new one"),
        pytest.param((CLEAR, Tlbi(), Dsb(), SPLIT), SIZES, id="flushed before the clearing was seen"),
        pytest.param((CLEAR, Dsb(), Tlbi(), SPLIT), SIZES, id="the flush not waited for"),
        pytest.param((CLEAR, Dsb(), SPLIT), SIZES, id="not flushed"),
        pytest.param((CLEAR, Dsb(), Tlbi(("b",)), Dsb(), SPLIT), KEPT, id="one page of a block flushes the block"),
        pytest.param(
            (Switch("idle"), CLEAR, Dsb(), SPLIT, Dsb(), Switch("root")), SIZES, id="a switch flushes nothing"
        ),
    ],
)
def test_which_parts_of_the_rule_are_broken_at_level_0(steps: tuple[Step, ...], found: tuple[bool, bool]) -> None:
    """Whether sizes, and whether outputs, change without break-before-make."""
    assert broken(procedure(*steps), nt_honoured=False, cpus=1) == found


@pytest.mark.parametrize(
    ("steps", "ignored", "honoured"),
    [
        pytest.param((NT, *FLUSH, SPLIT), SIZES, KEPT, id="nT set and flushed"),
        pytest.param((NT, Dsb(), SPLIT), SIZES, SIZES, id="nT set, not flushed"),
    ],
)
def test_the_nt_bit_excuses_a_change_of_size(
    steps: tuple[Step, ...], ignored: tuple[bool, bool], honoured: tuple[bool, bool]
) -> None:
    assert broken(procedure(*steps), nt_honoured=False, cpus=1) == ignored
    assert broken(procedure(*steps), nt_honoured=True, cpus=1) == honoured


def test_a_local_flush_leaves_the_other_cpu_its_entries() -> None:
    own = procedure(CLEAR, Dsb(), Tlbi(local=True), Dsb(), SPLIT)
    assert broken(own, nt_honoured=False, cpus=1) == KEPT
    assert broken(own, nt_honoured=False, cpus=2) == SIZES


@settings(max_examples=40)
@example(procedure=HALF_A_RUN, cpus=1, nt=False)
@given(procedure=procedures(), cpus=st.integers(1, 2), nt=st.booleans())
def test_where_the_rule_is_kept_no_two_entries_ever_match(procedure: Procedure, cpus: int, nt: bool) -> None:
    """The rule is checked on the steps alone; the search with the architecture's walker finds the same violations.

    After a fault on a `Touch` the search takes no more steps, but the rule is checked on them too.
    """
    quiet = replace(procedure, steps=tuple(step for step in procedure.steps if not isinstance(step, Touch)))
    found = case(quiet, "1" if nt else "0", cpus=cpus)
    assert (found.verdict == "unpredictable") == any(broken(quiet, nt_honoured=nt, cpus=cpus))
    if not case(procedure, "1" if nt else "0", cpus=cpus).rule_broken:
        assert case(procedure, "1" if nt else "0", cpus=cpus).verdict in ("safe", "fault")
