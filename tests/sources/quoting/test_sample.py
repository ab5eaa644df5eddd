"""A few lines of a text, whatever its size."""

from __future__ import annotations

import pytest

from planner.sources.quoting.sample import some_lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("a\nb\n", ["a", "b", ""], id="all of a short text"),
        pytest.param("\n\na\n\nb", ["a", "", "b"], id="from the first that is not empty"),
        pytest.param("x\n" * 5000, ["x"] * 8, id="a few of many"),
        pytest.param("first\n" * 100 + "\n" * 5000 + "last\n", ["last", ""], id="those after a gap"),
        pytest.param("first\n" * 100 + "\n" * 9000, [], id="an empty second half"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_some_lines_are_those_of_the_middle_or_the_first(text: str, lines: list[str]) -> None:
    """From the middle of a long text, where a log is for sure."""
    assert some_lines(text) == lines


def test_a_long_line_of_a_sample_is_cut() -> None:
    """Its end does not tell what kind of text it is."""
    assert list(map(len, some_lines("x" * 100_000))) == [4096]
