"""How marks and bands are painted: the larger the leaf the higher the band, and a legend of just what is shown."""

from __future__ import annotations

import re

import pytest

from planner.render.pictures.canvas import Canvas
from planner.render.pictures.painting import legend, paint_bands, paint_mark
from planner.render.pictures.strip import Band, Item, Mark
from tests.plans import plan_of
from tests.render.pictures.drawn import SVG, assert_clear, canvas_of, parsed


def mark(kind: str) -> Mark:
    return Mark(kind, 10, 20, ((10, 20),), "a mark", Item("reserved", 0, 1))


def boxes(canvas: Canvas) -> list[tuple[float, float]]:
    """Top and height of each rectangle painted."""
    paths = [path.get("d", "") for path in parsed(canvas).iter(f"{SVG}path")]
    found = [re.match(r"M[\d.]+ ([\d.]+)h[\d.]+v([\d.]+)h", d) for d in paths]
    return [(float(m[1]), float(m[2])) for m in found if m]


@pytest.mark.parametrize(
    ("kind", "box"),
    [pytest.param("reserved", (50, 20), id="the whole height"), pytest.param("partly", (61, 9), id="the lower part")],
)
def test_a_mark_fills_its_bar(kind: str, box: tuple[float, float]) -> None:
    canvas = canvas_of()
    paint_mark(canvas, mark(kind), 50, 20)
    assert boxes(canvas) == [box]


def test_larger_leaves_stand_higher_and_on_one_line() -> None:
    canvas = canvas_of()
    paint_bands(canvas, [Band(kind, ((10.0 * kind, 9.0),), "t") for kind in range(5)], 100, 20)
    heights = [height for _, height in boxes(canvas)]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == 5
    assert {top + height for top, height in boxes(canvas)} == {100}


def test_what_does_not_change_is_pale() -> None:
    canvas = canvas_of()
    paint_bands(canvas, [Band(0, (), "t", same=((10, 9),))], 100, 20)
    assert next(parsed(canvas).iter(f"{SVG}g")).get("class") == "pale"


@pytest.mark.parametrize("width", [120, 300, 960])
def test_a_legend_has_what_is_shown(width: int) -> None:
    """Kinds of memory once each, then kinds of leaf with the size of one entry or run."""
    canvas = canvas_of(width)
    shown = [mark("crash"), mark("reserved"), mark("crash"), mark("area")]
    y = legend(canvas, 0, shown, [Band(4, (), ""), Band(1, (), "")], plan_of("aligned"))
    assert_clear(canvas, y)
    texts = [text.text or "" for text in parsed(canvas).iter(f"{SVG}text")]
    if width == 960:
        assert texts == [
            "reserved",
            "crash memory",
            "aligned area",
            "Linear map, higher for larger entries:",
            "PMD blocks, contiguous, 32M",
            "base pages, 4K",
        ]
    assert texts[0] == "reserved"
