"""Drawings for the tests of pictures: read back as XML, and judged for texts that meet."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from planner.render.pages import NARROW
from planner.render.pictures.canvas import Canvas, Frame
from planner.render.pictures.labels import Box

__all__ = ["SVG", "WIDTHS", "assert_clear", "canvas_of", "crowded", "parsed", "texts_of", "titles_of"]

SVG = "{http://www.w3.org/2000/svg}"
WIDTHS = [960, NARROW]


def canvas_of(width: int = 300, **facts: object) -> Canvas:
    """An empty drawing."""
    return Canvas(Frame(width, **facts), "t", "d")  # type: ignore[arg-type]


def parsed(drawn: Canvas | str) -> ET.Element:
    """The elements of a drawing."""
    return ET.fromstring(drawn if isinstance(drawn, str) else drawn.svg())  # noqa: S314 - our own output


def crowded(count: int, *, regions: bool = False) -> Plan:
    """A machine with `count` named reservations, all over the place and in clusters; or with so many regions."""
    if regions:
        memory = MemoryMap(tuple(Region(GIB + n * 9 * MIB, GIB + n * 9 * MIB + 8 * MIB) for n in range(count)))
    else:
        at = [GIB + (n * n * 7919 % 3000) * MIB + n * 16 * KIB for n in range(count)]
        memory = MemoryMap(
            (Region(GIB, 5 * GIB), Region(64 * GIB, 96 * GIB)),
            tuple(Reserved(start, start + (n % 5 + 1) * 16 * KIB, f"driver-{n}") for n, start in enumerate(at)),
        )
    return make_plan(Machine("crowded", "json", memory, Facts(kernel="6.12", page_size=4096, va_bits=48)), "64M,high")


def assert_clear(canvas: Canvas, height: float | None = None) -> None:
    """No text on another, none outside the picture. height: where the drawing ends, if it is not finished."""
    high = canvas.height if height is None else height
    for a, b in combinations(canvas.texts, 2):
        assert not _meet(a, b), (a, b)
    for box in canvas.texts:
        assert box.left >= -0.01
        assert box.right <= canvas.width + 0.01
        assert 0 <= box.top < box.bottom <= high


def _meet(a: Box, b: Box) -> bool:
    """True if the two share more than an edge."""
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom


def texts_of(drawn: Canvas | str) -> list[str]:
    """Every line of text in a drawing, in order."""
    return [element.text or "" for element in parsed(drawn).iter(f"{SVG}text")]


def titles_of(drawn: Canvas | str) -> list[str]:
    """What a pointer shows of each part of a drawing, in order."""
    return [mark.findtext(f"{SVG}title") or "" for mark in parsed(drawn).iter(f"{SVG}g") if mark.get("class") == "m"]
