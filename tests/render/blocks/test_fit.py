"""A fit in blocks: the largest sizes in one sentence, then where. Whole texts stand in tests/golden/asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.sizes import GIB, MIB
from planner.render.blocks.fit import blocks
from planner.studies.fit import Fit, Largest, OtherFit, fit
from tests.planning.machines import machine
from tests.render.blocks.found import facts_of, lead_of, table_of


def found(form: str | None = None, *, keep_low: int = 0, any_image: bool = False) -> Fit:
    return fit(machine(), form, keep_low=keep_low, any_image=any_image)


@pytest.mark.parametrize(
    ("aligned", "reserved", "text", "mood"),
    [
        (2 * GIB, 3008 * MIB, "up to 2G aligned, up to 3008M at all", "good"),
        (2 * GIB, 2 * GIB, "up to 2G, and that is aligned", "good"),
        (None, 3008 * MIB, "up to 3008M, no size is aligned", "warn"),
        (None, None, "nothing: a request of type plain (no ,high) fails at every size", "bad"),
    ],
)
def test_the_answer(aligned: int | None, reserved: int | None, text: str, mood: str) -> None:
    base = replace(found(), largest=Largest(aligned, reserved))
    assert lead_of(blocks(base)) == ("fits", text, mood)
    kept = replace(base, keep_low=64 * MIB)
    assert lead_of(blocks(kept)) == ("fits", f"{text}, with 64M of low memory left", mood)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        pytest.param([(GIB, GIB)], "up to 1G aligned, up to 1G at all under another reading of the map", id="both"),
        pytest.param([(2 * GIB, GIB)], "up to 1G at all under another reading of the map", id="one of two"),
        pytest.param([(None, 3 * GIB)], "no size is aligned under another reading of the map", id="nothing aligned"),
        pytest.param(
            [(2 * GIB, GIB), (2 * GIB, 512 * MIB)],
            "up to 512M..1G at all under other readings of the map",
            id="several",
        ),
        pytest.param(
            [(2 * GIB, None), (2 * GIB, 1 * GIB)],
            "nothing or up to 1G at all under other readings of the map",
            id="nothing in one of them",
        ),
        pytest.param([(2 * GIB, None)], "nothing at all under another reading of the map", id="nothing"),
    ],
)
def test_the_sizes_under_other_readings_follow_the_answer(
    others: list[tuple[int | None, int | None]], said: str
) -> None:
    readings = tuple(OtherFit(f"reading {n}", Largest(*sizes)) for n, sizes in enumerate(others))
    base = replace(found(), largest=Largest(2 * GIB, 3 * GIB), other_readings=readings, doubt="the log is cut")
    told = blocks(base)
    assert lead_of(told)[1] == f"up to 2G aligned, up to 3G at all; {said}; the log is cut"
    assert [row[-1] for row in table_of(told, "Other readings").rows] == [r.assumption for r in readings]


@pytest.mark.parametrize(
    ("form", "told"),
    [(None, "plain (no ,high)"), ("1G,high", ",high"), ("1G@3G", "fixed offset of 0xc0000000")],
)
def test_the_form_that_was_requested(form: str | None, told: str) -> None:
    assert facts_of(blocks(found(form)))["Request"] == told


def test_each_outcome_has_its_stretch_of_sizes() -> None:
    """Each begins where the last one ends, and beyond the last nothing is reserved."""
    assert table_of(blocks(found()), "By size range").rows == [
        ("0", "2048M", "aligned"),
        ("2048M", "3008M", "fallback"),
        ("3008M", "", "none or failed"),
    ]


def test_where_the_largest_lies_and_what_one_page_more_would_be() -> None:
    assert table_of(blocks(found()), "Largest sizes").rows == [
        ("aligned", "2048M", "0x80000000", "962M", "fallback", "-"),
        ("at all", "3008M", "0x44000000", "2M", "failed", "2M"),
    ]


def test_a_window_is_named_once_for_both_attempts() -> None:
    rows = table_of(blocks(found()), "Largest request per search window").rows
    assert [row[:3] for row in rows] == [("[0x0, 0x100000000)", "aligned", "2048M"), ("", "exact", "3008M")]


def test_without_an_aligned_attempt_it_has_no_row() -> None:
    """A fixed offset is tested as it is."""
    rows = table_of(blocks(found("1G@3G")), "Largest request per search window").rows
    assert [row[1] for row in rows] == ["exact"] * len(rows)


def test_what_is_certain_at_every_position() -> None:
    assert "Certain" not in facts_of(blocks(found()))
    assert facts_of(blocks(found(any_image=True)))["Certain"].startswith("at every position up to ")
