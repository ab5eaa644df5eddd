"""A drawing as SVG: text is never markup, every text has its box, keys stop where something is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.render.pictures.canvas import Canvas, number
from tests.render.pictures.drawn import SVG, parsed


@pytest.mark.parametrize(("value", "text"), [(1, "1"), (1.04, "1"), (1.05, "1.1"), (12.25, "12.2"), (0.96, "1")])
def test_a_coordinate_has_a_tenth_of_a_pixel(value: float, text: str) -> None:
    assert number(value) == text


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_is_only_text(text: str) -> None:
    """Well-formed whatever it is; title, description and label say the same."""
    canvas = Canvas(300, text, text)
    canvas.text(0, 10, text)
    root = parsed(canvas.finish(20))
    labels = [element.text for element in root.iter(f"{SVG}text")]
    assert [root[0].text, root[1].text, *labels] == [labels[0]] * 3


@pytest.mark.parametrize(("anchor", "left"), [("start", 100), ("middle", 100 - 11.2), ("end", 100 - 22.4)])
def test_a_text_leaves_its_box(anchor: str, left: float) -> None:
    """Around its baseline; by its anchor."""
    canvas = Canvas(300, "t", "d")
    canvas.text(100, 50, "Waa", size=10, anchor=anchor)
    (box,) = canvas.texts
    assert box.left == pytest.approx(left, abs=0.5)
    assert box.right == pytest.approx(left + 22.8, abs=0.5)
    assert box.top < 50 < box.bottom


def test_only_the_first_mark_is_a_stop_of_the_tab_key() -> None:
    """The arrow keys reach the others; bands are for the pointer alone."""
    canvas = Canvas(300, "t", "d")
    canvas.shape("ram", [(0, 10)], 0, 5, "one")
    canvas.frame(20, 0, 10, 5, "two")
    canvas.band("ram", [(40, 10)], 0, 5, "three")
    marks = [g for g in parsed(canvas.finish(20)).iter(f"{SVG}g") if g.get("class") == "m"]
    assert [(g.get("tabindex"), g.findtext(f"{SVG}title")) for g in marks] == [
        ("0", "one"),
        ("-1", "two"),
        (None, "three"),
    ]


def test_patterns_that_are_used_are_defined_once_with_the_pictures_prefix() -> None:
    """And only those."""
    canvas = Canvas(300, "t", "d", prefix="a")
    canvas.band("reserved", [(0, 10)], 0, 5)
    canvas.band("reserved", [(20, 10)], 0, 5)
    canvas.band("ram", [(40, 10)], 0, 5)
    root = parsed(canvas.finish(20))
    assert [element.get("id") for element in root.iter(f"{SVG}pattern")] == ["a-reserved"]
    assert [e.get("fill") for e in root.iter(f"{SVG}path") if e.get("fill")] == ["url(#a-reserved)"] * 2


def test_what_is_pale_is_so_until_the_end_of_it() -> None:
    canvas = Canvas(300, "t", "d")
    with canvas.pale(on=True):
        canvas.line("thin", "M0 0")
    canvas.line("thin", "M1 1")
    pale = next(g for g in parsed(canvas.finish(20)).iter(f"{SVG}g") if g.get("class") == "pale")
    assert [path.get("d") for path in pale.iter(f"{SVG}path")] == ["M0 0"]


def test_light_dark_and_paper() -> None:
    """Colours of its own for a dark screen, and no others on paper."""
    style = parsed(Canvas(300, "t", "d").finish(20)).findtext(f"{SVG}style") or ""
    light, _, dark = style.partition("@media screen and (prefers-color-scheme:dark)")
    for cls in ("paper", "ram", "crash", "k0", "k4"):
        assert f".ckp .{cls}{{" in light
        assert f".ckp .{cls}{{" in dark
    assert parsed(Canvas(300, "t", "d", style=False).finish(20)).find(f"{SVG}style") is None
