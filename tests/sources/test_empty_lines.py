"""Runs of empty lines kept away from what changes a text."""

from __future__ import annotations

import re
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from planner.sources.empty_lines import without_runs

LINE = st.sampled_from(["", "a", " b", "a b "])
RUN = st.integers(1, 200).map(lambda count: [""] * count)
TEXT = st.lists(st.one_of(LINE.map(lambda line: [line]), RUN)).map(lambda parts: "\n".join(chain.from_iterable(parts)))


def _bare(text: str) -> str:
    return "\n".join(map(str.strip, text.split("\n")))


def _without_blank_lines(text: str) -> str:
    return re.sub("\n\n+", "\n", text)


def _with_runs(text: str) -> str:
    return text.replace("a", "\n" * 100)


@given(TEXT)
def test_the_change_is_that_of_the_whole_text(text: str) -> None:
    """The change may empty lines, make runs or remove them."""
    for change in (_bare, _without_blank_lines, _with_runs, lambda text: text.replace("a", "")):
        assert without_runs(change, text) == change(text)


def test_runs_that_become_one_while_another_is_made() -> None:
    """There are as many as before, and not the same ones: no line may move."""
    text = "\n".join(["x", *40 * [""], "a", *50 * [""], "b", *20 * [""], "a", *20 * [""], "y"])
    assert without_runs(_without_a, text) == _without_a(text)
    assert without_runs(lambda text: _without_a(text)[:-2], text) == _without_a(text)[:-2]  # nor where one is lost


def _without_a(text: str) -> str:
    return text.replace("a", "")


def test_long_runs_are_not_gone_through_line_by_line() -> None:
    seen: list[int] = []

    def change(text: str) -> str:
        seen.append(len(text))
        return text.upper()

    text = "a" + "\n" * 5000 + "b" + "\n" * 30 + "c" + "\n" * 9000
    assert without_runs(change, text) == text.upper()
    assert seen == [len("abc") + 30 + 2 * 32]
