"""The chart of a sweep by characters."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, MIB
from planner.render.blocks import sweep_chart
from planner.render.terminal import GREEN, paint
from planner.studies.sweep import sweep
from tests.planning.machines import machine

SWEPT = sweep(machine(), 2 * MIB, 8 * GIB)


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_chart_is_as_wide_as_there_is_room(width: int) -> None:
    """A line a quantity from 0 to 9, over the sizes of the first line's outcomes."""
    lines = sweep_chart.draw(SWEPT, width)
    bars = [line.split("|")[1] for line in lines[:4]]
    assert {len(bar) for bar in bars} == {width - 22}
    assert set(bars[0]) == {"A", "F", "x"}
    assert list(bars[0]) == sorted(bars[0], key="AFx".index)
    assert all(max(bar) == "9" for bar in bars[1:])
    assert all(digit == "0" for mark, digit in zip(bars[0], bars[1], strict=True) if mark != "A")
    assert all(len(line) <= width for line in lines)


def test_a_chart_names_the_marks_that_it_uses() -> None:
    legend = "".join(sweep_chart.draw(SWEPT, 80)[5:])
    assert [name in legend for name in ("A aligned", "F fallback", "x failed", "E exact", "- none")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_colour_is_of_the_outcomes() -> None:
    plain, coloured = sweep_chart.draw(SWEPT, 40), sweep_chart.draw(SWEPT, 40, color=True)
    assert coloured[1:] == plain[1:]
    assert (
        coloured[0]
        == plain[0].split("|")[0]
        + "|"
        + "".join(paint(mark, {"A": GREEN, "F": "33", "x": "31"}[mark]) for mark in plain[0].split("|")[1])
        + "|"
    )
