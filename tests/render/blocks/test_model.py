"""Blocks put together."""

from __future__ import annotations

import pytest

from planner.render.blocks.model import Picture, spaced


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


def test_a_picture_is_drawn_for_the_room_there_is() -> None:
    picture = Picture("Memory", lambda width, color: ["#" * width, "colour" * color])
    assert picture.draw(3, False) == ["###", ""]
    assert repr(picture) == "Picture(title='Memory')"
