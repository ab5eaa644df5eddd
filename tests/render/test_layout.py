"""Blocks in every format: what is empty is left out, and only text knows of colour and width."""

from __future__ import annotations

import pytest

from planner.render.blocks.model import Block, Bullets, Facts, Heading, Lead, Listing, Paragraph, Picture, Table, Terms
from planner.render.layout import lay_out

FORMS = ("text", "markdown", "rst", "html")
EMPTY: tuple[Block, ...] = (
    Facts([]),
    Table("Emptiness", "l", ("head",), []),
    Bullets("Emptiness", []),
    Terms("Emptiness", []),
    Listing("Emptiness", []),
)
LONG = " ".join(["word"] * 40)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("empty", EMPTY, ids=[type(block).__name__ for block in EMPTY])
def test_empty_tables_and_lists_are_left_out(form: str, empty: Block) -> None:
    """Not even its title."""
    around: list[Block] = [Lead("aligned", "512M"), Paragraph("after")]
    assert lay_out([around[0], empty, around[1]], form) == lay_out(around, form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "block",
    [
        Lead("wombat", "or not"),
        Heading("wombat"),
        Paragraph("wombat"),
        Facts([("wombat", "x")]),
        Table("", "l", ("",), [("wombat",)]),
        Bullets("", ["wombat"]),
        Terms("", ["wombat"]),
        Listing("", ["wombat"]),
    ],
    ids=lambda block: type(block).__name__,
)
def test_blocks_with_content_are_shown(form: str, block: Block) -> None:
    told = lay_out([block], form)
    assert "wombat" in told
    assert told.endswith("\n")


def test_a_page_shows_no_drawing_in_characters() -> None:
    """It has figures of its own."""
    picture = Picture("Memory", lambda width, _: ["#" * width])
    assert "#" * 50 in lay_out([picture], "text", width=50)
    assert {form for form in FORMS if "#" * 50 in lay_out([picture], form)} == {"text", "markdown", "rst"}


@pytest.mark.parametrize("form", FORMS)
def test_colour_and_width_are_of_text_only(form: str) -> None:
    blocks: list[Block] = [Lead("failed", "no room", "bad"), Paragraph(LONG)]
    plain = lay_out(blocks, form)
    assert ("\x1b[" in lay_out(blocks, form, color=True)) is (form == "text")
    assert (lay_out(blocks, form, width=40) != plain) is (form == "text")


def test_an_unknown_format_is_an_error() -> None:
    with pytest.raises(ModuleNotFoundError):
        lay_out([], "pdf")
