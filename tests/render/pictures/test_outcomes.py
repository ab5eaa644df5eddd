"""Outcomes in every picture: a look and a glyph of their own, a word where it fits."""

from __future__ import annotations

import re

import pytest

from planner.render.pictures import outcomes
from tests.render.pictures.drawn import SVG, assert_clear, canvas_of, parsed

KINDS = ("aligned", "fallback", "exact", "failed", "none")


def test_every_outcome_has_a_glyph_and_a_look_of_its_own() -> None:
    """A plan's outcomes are these five; a record in error looks like none, with a glyph of its own."""
    assert tuple(outcomes.GLYPHS) == (*KINDS, "error")
    assert len(set(outcomes.GLYPHS.values())) == len(KINDS) + 1
    assert len({outcomes.kind(outcome) for outcome in KINDS}) == len(KINDS)
    assert outcomes.kind("error") == outcomes.kind("none")


@pytest.mark.parametrize("outcome", KINDS)
def test_the_style_sheet_knows_every_look(outcome: str) -> None:
    """A look is a class, or a pattern with two."""
    drawn = canvas_of()
    drawn.shape(outcomes.kind(outcome), [(0, 10)], 0, 10)
    svg = drawn.svg()
    style = parsed(svg).findtext(f"{SVG}style") or ""
    used = set(re.findall(r'class="([fl]?-?o-\w+)"', svg))
    assert used
    assert all(f".ckp .{cls}{{" in style for cls in used)
    assert f"on-{outcome}" in style


@pytest.mark.parametrize(("wide", "written"), [(200, True), (20, False)])
def test_a_word_stands_in_its_stretch_where_it_fits(wide: float, written: bool) -> None:
    drawn = canvas_of()
    assert outcomes.band(drawn, "fallback", (10, wide), 0, 24, "512M") is written
    assert [box.left >= 10 and box.right <= 10 + wide for box in drawn.texts] == [True] * written


@pytest.mark.parametrize("width", [100, 150, 400])
def test_a_legend_has_what_is_used_in_one_order(width: int) -> None:
    """In lines, whatever the width."""
    drawn = canvas_of(width)
    y = outcomes.legend(drawn, 0, ["failed", "aligned", "failed", "fallback"])
    assert_clear(drawn, y)
    words = [text.text for text in parsed(drawn).iter(f"{SVG}text") if len(text.text or "") > 1]
    assert words == ["aligned", "fallback", "failed"]
