"""What of a kernel or a map is not known, in words."""

from __future__ import annotations

import pytest

from planner.planning.doubts import apart_from_later, as_nearest, doubt_of_kernel, doubts_of_map


@pytest.mark.parametrize(
    ("certainty", "assumed", "doubt"),
    [
        ("unknown", (), "not known for this kernel, planned as mainline 5.14"),
        ("unknown", ("kernel",), "not known for this kernel, planned as mainline 5.14"),
        ("inferred", ("kernel", "rodata"), "the kernel is not known, planned as 5.14"),
        ("inferred", ("rodata",), "inferred for this kernel, whose code was not read"),
        ("read", ("rodata",), ""),
        (None, (), ""),
    ],
)
def test_a_plan_and_its_report_doubt_a_kernel_in_the_same_words(
    certainty: str | None, assumed: tuple[str, ...], doubt: str
) -> None:
    """A report of an older version states no certainty."""
    assert doubt_of_kernel("5.14", certainty=certainty, assumed=assumed) == doubt


@pytest.mark.parametrize(
    ("readings", "doubt", "doubts"),
    [
        ((), "", []),
        (("kernel",), "", []),
        (("kernel", "map", "map"), "", ["the map allows another reading"]),
        (("map",), "the log is damaged", ["the map allows another reading", "the log is damaged"]),
    ],
)
def test_the_doubt_about_a_map(readings: tuple[str, ...], doubt: str, doubts: list[str]) -> None:
    """Another reading of the kernel is no doubt about the map."""
    assert list(doubts_of_map(readings, doubt)) == doubts


def test_a_statement_about_an_unknown_kernel() -> None:
    assert as_nearest("5.14") == "not known for this kernel; as mainline 5.14, "


@pytest.mark.parametrize(
    ("doubt", "left"),
    [
        pytest.param("", "", id="none"),
        pytest.param("the listing does not tell all that came later", "", id="of a listing"),
        pytest.param("the log does not name all that came later; its end is lost", "its end is lost", id="of a log"),
    ],
)
def test_what_came_later_can_be_left_out(doubt: str, left: str) -> None:
    assert apart_from_later(doubt) == left
