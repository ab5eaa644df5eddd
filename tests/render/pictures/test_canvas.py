"""A drawing as SVG: text is never markup, every text has its box, keys stop where something is told."""

from __future__ import annotations

import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.render.pictures.canvas import _PATTERNS, WHOLE, Canvas, number
from tests.render.pictures.drawn import SVG, canvas_of, parsed


@pytest.mark.parametrize(("value", "text"), [(1, "1"), (1.04, "1"), (1.05, "1.1"), (12.25, "12.2"), (0.96, "1")])
def test_a_coordinate_has_a_tenth_of_a_pixel(value: float, text: str) -> None:
    assert number(value) == text


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_is_only_text(text: str) -> None:
    """Well-formed whatever it is; title, description and label say the same."""
    canvas = Canvas(WHOLE, text, text)
    canvas.text(0, 10, text)
    root = parsed(canvas)
    labels = [element.text for element in root.iter(f"{SVG}text")]
    assert [root[0].text, root[1].text, *labels] == [labels[0]] * 3


@pytest.mark.parametrize(("anchor", "left"), [("start", 100), ("middle", 100 - 11.2), ("end", 100 - 22.4)])
def test_a_text_leaves_its_box(anchor: str, left: float) -> None:
    """Around its baseline; by its anchor."""
    canvas = canvas_of()
    canvas.text(100, 50, "Waa", size=10, anchor=anchor)
    (box,) = canvas.texts
    assert box.left == pytest.approx(left, abs=0.5)
    assert box.right == pytest.approx(left + 22.8, abs=0.5)
    assert box.top < 50 < box.bottom


def test_only_the_first_mark_is_a_stop_of_the_tab_key() -> None:
    """The arrow keys reach the others; bands are for the pointer alone."""
    canvas = canvas_of()
    canvas.shape("ram", [(0, 10)], 0, 5, "one")
    canvas.outline("edge", 20, 0, 10, 5, "two")
    canvas.shape("ram", [(40, 10)], 0, 5, "three", stop=False)
    marks = [g for g in parsed(canvas).iter(f"{SVG}g") if g.get("class") == "m"]
    assert [(g.get("tabindex"), g.findtext(f"{SVG}title")) for g in marks] == [
        ("0", "one"),
        ("-1", "two"),
        (None, "three"),
    ]


def test_only_patterns_that_are_used_are_defined_once_with_the_pictures_prefix() -> None:
    canvas = canvas_of(prefix="a")
    canvas.shape("reserved", [(0, 10)], 0, 5)
    canvas.shape("reserved", [(20, 10)], 0, 5)
    canvas.shape("ram", [(40, 10)], 0, 5)
    root = parsed(canvas)
    assert [element.get("id") for element in root.iter(f"{SVG}pattern")] == ["a-reserved"]
    assert [e.get("fill") for e in root.iter(f"{SVG}path") if e.get("fill")] == ["url(#a-reserved)"] * 2


def test_shapes_are_pale_until_the_end_of_the_block() -> None:
    canvas = canvas_of()
    with canvas.pale(on=True):
        canvas.line("thin", "M0 0")
    canvas.line("thin", "M1 1")
    pale = next(g for g in parsed(canvas).iter(f"{SVG}g") if g.get("class") == "pale")
    assert [path.get("d") for path in pale.iter(f"{SVG}path")] == ["M0 0"]


def test_light_dark_and_paper() -> None:
    """Colours of its own for a dark screen, and no others on paper."""
    style = parsed(canvas_of()).findtext(f"{SVG}style") or ""
    light, _, dark = style.partition("@media screen and (prefers-color-scheme:dark)")
    for cls in ("paper", "ram", "crash", "k0", "k4"):
        assert f".ckp .{cls}{{" in light
        assert f".ckp .{cls}{{" in dark
    assert parsed(canvas_of(style=False)).find(f"{SVG}style") is None


LANES = {
    "the bar": ["ram", "f-nomap", "f-reserved", "crash", "f-tail", "f-kept", "f-low", "f-cma"],
    "the linear map": ["k0", "k1", "k2", "k3", "k4"],
    "outcomes": ["o-aligned", "o-exact", "o-failed", "f-o-fallback", "o-none"],
}
"""What may lie side by side in one lane."""


def fills(style: str) -> dict[str, str]:
    """Each class of a style sheet, and its colour."""
    return dict(re.findall(r"\.ckp \.([\w-]+)\{fill:#([0-9a-f]+)", style))


def lightness(color: str) -> float:
    """How light a colour is without its hue: L* of CIELAB, from 0 to 100."""
    digits = color if len(color) == 6 else "".join(c * 2 for c in color)
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    ]
    y = sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lane", sorted(LANES))
def test_kinds_are_distinguished_without_colour(lane: str, scheme: str) -> None:
    """Printed grey: by a pattern that no other has, or by how light they are; leaves by their height as well."""
    style = parsed(canvas_of()).findtext(f"{SVG}style") or ""
    light, _, dark = style.partition("@media screen and (prefers-color-scheme:dark)")
    shown = fills(light) | (fills(dark) if scheme == "dark" else {})
    for a, b in combinations(LANES[lane], 2):
        patterns = [_PATTERNS.get(name.removeprefix("f-"), ("plain",)) if name[:2] == "f-" else None for name in (a, b)]
        assert patterns[0] != patterns[1] or abs(lightness(shown[a]) - lightness(shown[b])) >= 11, (a, b)


def test_outcomes_share_nothing_with_memory() -> None:
    """No colour and no pattern of an outcome is that of a kind of memory."""
    style = parsed(canvas_of()).findtext(f"{SVG}style") or ""
    shown = fills(style.partition("@media")[0])
    assert not {shown[name] for name in LANES["outcomes"] if name != "o-none"} & {
        shown[name] for name in LANES["the bar"] + LANES["the linear map"]
    }
    assert _PATTERNS["o-fallback"] not in [found for name, found in _PATTERNS.items() if name != "o-fallback"]
