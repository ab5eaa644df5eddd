"""Text for a terminal: broken into lines, painted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.render.terminal import BOLD, RED, fit, paint, wrap, wrap_items


def test_paint_begins_and_ends_and_what_follows_is_as_before() -> None:
    """The escapes are ECMA-48's (SGR)."""
    assert paint("failed", RED) == "\x1b[31mfailed\x1b[0m"
    assert paint("", BOLD) == "\x1b[1m\x1b[0m"


@pytest.mark.parametrize(
    ("text", "width", "first", "rest", "lines"),
    [
        pytest.param("a b", 3, "", "", ["a b"], id="a line that is just full"),
        pytest.param("a bc", 3, "", "", ["a", "bc"], id="one character more"),
        pytest.param("", 3, "- ", "  ", ["- "], id="nothing keeps its prefix"),
        pytest.param("one two", 12, "- ", "  ", ["- one two"], id="the prefix counts"),
        pytest.param(
            "one two three", 12, "- ", "  ", ["- one two", "  three"], id="lines after the first are indented"
        ),
        pytest.param("abcdef", 4, "", "", ["abcd", "ef"], id="a word longer than a line"),
        pytest.param("1G,2G,3G", 6, "", "", ["1G,2G,", "3G"], id="broken after a comma"),
        pytest.param("rk3588-16g.dmesg", 8, "", "", ["rk3588-", "16g.dmes", "g"], id="else after a dash"),
        pytest.param(
            "abcdefghij", 4, "....", "....", ["....abcdefgh", "....ij"], id="eight characters beside any prefix"
        ),
    ],
)
def test_text_in_lines(text: str, width: int, first: str, rest: str, lines: list[str]) -> None:
    assert wrap(text, width, first, rest) == lines


@pytest.mark.parametrize(
    ("widths", "excess", "narrowed", "left"),
    [
        pytest.param([9, 5, 5], 3, [6, 5, 5], 0, id="the widest gives way first"),
        pytest.param([6, 5, 5], 4, [4, 4, 4], 0, id="then all in turn"),
        pytest.param([3, 3, 3], 9, [2, 2, 2], 6, id="down to the least"),
    ],
)
def test_columns_give_way(widths: list[int], excess: int, narrowed: list[int], left: int) -> None:
    given_way = [*widths]
    assert fit(given_way, [2, 2, 2], excess) == left
    assert given_way == narrowed


@pytest.mark.parametrize("prefix", ["", "  debian, ubuntu         "])
def test_a_value_is_broken_after_commas_only(prefix: str) -> None:
    """Inside `128G-:4096M` nobody could read it."""
    value = "2G-4G:320M,4G-32G:512M,32G-64G:1024M,64G-128G:2048M,128G-:4096M"
    for room in range(20, 64):
        lines = wrap(value, len(prefix) + room, prefix, " " * len(prefix))
        parts = [line[len(prefix) :] for line in lines]
        assert "".join(parts) == value
        assert all(len(part) <= room for part in parts)
        assert all(part.endswith(",") for part in parts[:-1])


@given(st.lists(st.text("abc ", min_size=1, max_size=50), min_size=1, max_size=6), st.integers(20, 80))
def test_items_wrap_and_none_is_lost(items: list[str], width: int) -> None:
    """A legend: between items where that is enough, inside one where it is longer than a line."""
    told = [" ".join(item.split()) or "x" for item in items]
    lines = wrap_items("  ".join(told), width, "  ")
    assert all(len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join("".join(told).split())
