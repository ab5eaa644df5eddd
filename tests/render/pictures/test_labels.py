"""Labels: how wide text is at most, how it is shortened, and that none meets another or its line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.render.pictures.labels import Label, middle, place, shorten, text_width, wrapped


@given(
    xs=st.lists(st.integers(0, 400), max_size=25),
    texts=st.lists(st.text("abcW ", min_size=1, max_size=20), min_size=25, max_size=25),
)
def test_labels_keep_clear_of_each_other_and_of_lines(xs: list[int], texts: list[str]) -> None:
    """No two texts in a lane overlap; no line crosses a text below it; every label is placed or handed back."""
    labels = [Label(text, x) for text, x in zip(texts, xs, strict=False)]
    placed, left_over = place(labels, 10, (0, 400), 4)
    assert len(placed) + len(left_over) == len(labels)
    for p in placed:
        assert p.left >= 0
        assert p.right <= 400
        for other in placed:
            if other is not p and other.lane == p.lane:
                assert p.right <= other.left or other.right <= p.left
            if other.lane < p.lane:
                assert not other.left < p.label.x < other.right


@given(st.text(max_size=80), st.integers(30, 400))
def test_shortened_and_wrapped_text_fits(text: str, width: int) -> None:
    """Where nothing fits, only the dots are left that say that something is missing."""
    assert text_width(shorten(text, 10, width), 10) <= max(width, text_width("...", 10)) + 1e-6
    assert all(text_width(line, 10) <= max(width, text_width("...", 10)) + 1e-6 for line in wrapped(text, 10, width))


@pytest.mark.parametrize(
    ("cut", "text", "characters", "shown"),
    [
        pytest.param(shorten, "initrd", 6, "initrd", id="what fits is whole"),
        pytest.param(shorten, "abcdeghakmno", 8, "abcde...", id="cut at the end"),
        pytest.param(shorten, "abcd eghakmn", 7, "abcd...", id="no blank before the dots"),
        pytest.param(middle, "abcdeghakuno", 8, "abc..uno", id="cut in the middle: both ends tell names apart"),
        pytest.param(middle, "abc", 3, "abc", id="what fits is whole in the middle, too"),
    ],
)
def test_where_a_text_is_cut(cut: Callable[[str, float, float], str], text: str, characters: int, shown: str) -> None:
    """In widths of small letters."""
    assert cut(text, 10, characters * text_width("e", 10)) == shown


def test_lines_are_broken_at_blanks() -> None:
    assert wrapped("one two three", 10, text_width("one two", 10)) == ["one two", "three"]


def test_control_characters_are_written_out_wherever_the_text_comes_from() -> None:
    for shown in (shorten("a\x1bb", 10, 500), middle("a\x1bb", 10, 500), *wrapped("a\x1bb", 10, 500)):
        assert shown == "a\\x1bb"


def test_the_first_label_has_the_better_place() -> None:
    """The lane next to the bar; the one after it goes above."""
    placed, left_over = place([Label("important", 50), Label("less so", 15)], 10, (0, 100), 2)
    assert [(p.label.text, p.lane) for p in placed] == [("important", 0), ("less so", 1)]
    assert left_over == []
    assert place([Label("important", 50), Label("less so", 15)], 10, (0, 100), 1)[1] == [Label("less so", 15)]
