"""Blocks put together."""

from __future__ import annotations

import pytest

from planner.render.blocks.model import Block, Bullets, Facts, Lead, Listing, Picture, Table, shown, spaced


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        pytest.param([["a", "b"]], "a\nb\n", id="lines of one part"),
        pytest.param([["a"], ["b"]], "a\n\nb\n", id="an empty line between parts"),
        pytest.param([["a"], [], ["b"], []], "a\n\nb\n", id="a part without lines leaves none"),
        pytest.param([], "\n", id="nothing at all ends with a newline, too"),
    ],
)
def test_parts_of_a_document(parts: list[list[str]], text: str) -> None:
    assert spaced(parts) == text


def test_control_characters_are_written_out_and_what_is_empty_is_left_out() -> None:
    """In every text of every block, wherever it comes from."""
    empty: list[Block] = [Facts([]), Table("none", "l", ("a",), []), Bullets("none", []), Listing("none", [])]
    told: list[Block] = [
        Lead("ok\x1b", "a\u202eb"),
        Table("t\x07", "l", ("h",), [("c\n",)]),
        Facts([("a", "\x00")]),
        *empty,
    ]
    assert shown(told) == [
        (r"ok\x1b", r"a\u202eb", "plain"),
        (r"t\x07", "l", ("h",), ((r"c\n",),)),
        ((("a", r"\x00"),),),
    ]


def test_a_picture_is_drawn_for_the_room_there_is() -> None:
    picture = Picture("Memory", lambda width, color: ["#" * width, "colour" * color])
    assert picture.draw(3, False) == ["###", ""]
    assert repr(picture) == "Picture(title='Memory')"
