"""Verdicts in words: the outcome leads with what decided it, the rest stands below."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, MIB
from planner.render.blocks.verify import blocks
from planner.studies.check import Check, Outcome
from planner.studies.verify import Parts, verdict, verification
from tests.render.blocks.found import bullets_of, lead_of, paragraphs_of, table_of, titles_of

SAME = Check("placement", "agreed", "the same place")
OTHER = Check("placement", "disagreed", "another\x1b place")
UNKNOWN = Check("granularity", "not checkable", "no listing")
CRASH = Range(2 * GIB, 2 * GIB + 512 * MIB)


@pytest.mark.parametrize(
    ("checks", "outcome", "why", "mood", "also"),
    [
        pytest.param((SAME,), "agreed", "the same place", "good", [], id="agreed"),
        pytest.param((OTHER,), "disagreed", "another\x1b place", "bad", [], id="disagreed"),
        pytest.param((UNKNOWN,), "not checkable", "no listing", "warn", [], id="not checkable"),
        pytest.param(
            (SAME, UNKNOWN), "agreed", "the same place", "good", ["granularity: not checkable: no listing"], id="both"
        ),
        pytest.param(
            (SAME, Check("granularity", "disagreed", "less")),
            "disagreed",
            "less",
            "bad",
            ["placement: agreed: the same place"],
            id="a disagreement leads",
        ),
    ],
)
def test_one_verdict(checks: tuple[Check, ...], outcome: Outcome, why: str, mood: str, also: list[str]) -> None:
    told = blocks(verification([verdict("a", *checks)]))
    assert lead_of(told) == (outcome, why, mood)
    assert bullets_of(told, "Also") == also
    assert titles_of(told) == []


@pytest.mark.parametrize(
    ("kernel", "title"),
    [
        pytest.param("6.12.107+deb13-arm64", "Kernel 6.12.107+deb13-arm64", id="its version, not its model's name"),
        pytest.param(None, "Kernel 6.12", id="an assumed one"),
    ],
)
def test_what_was_recorded_beside_what_was_planned(kernel: str | None, title: str) -> None:
    """Each part that either has; a size with its range."""
    one = verdict("a", OTHER, kernel=kernel, profile="6.12", recorded=Parts(CRASH))
    assert table_of(blocks(verification([one])), title).rows == [
        ("crash kernel", "[0x80000000, 0xa0000000) (512M)", "none")
    ]


def test_several_sources_end_with_a_count() -> None:
    told = blocks(verification([verdict("a", SAME), verdict("b", OTHER), verdict("c", SAME)]))
    assert paragraphs_of(told)[-1] == "3 sources: 2 agreed, 1 disagreed, 0 not checkable"
    assert paragraphs_of(blocks(verification([verdict("a", SAME)]))) == []
