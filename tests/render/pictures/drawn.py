"""Drawings for the tests of pictures: read back as XML, and judged for texts that meet."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from planner.render.pages.plan import NARROW
from planner.render.pictures.canvas import Canvas

__all__ = ["SVG", "WIDTHS", "assert_clear", "crowded", "parsed", "texts_of", "titles_of"]

SVG = "{http://www.w3.org/2000/svg}"
WIDTHS = [960, NARROW]


def parsed(svg: str) -> ET.Element:
    """The elements of a drawing."""
    return ET.fromstring(svg)  # noqa: S314 - our own output


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


def assert_clear(canvas: Canvas, height: float) -> None:
    """No text on another, none outside the picture."""
    for a, b in combinations(canvas.texts, 2):
        assert not a.meets(b), (a, b)
    for box in canvas.texts:
        assert box.left >= -0.01
        assert box.right <= canvas.width + 0.01
        assert 0 <= box.top < box.bottom <= height


def texts_of(svg: str) -> list[str]:
    """Every line of text in a drawing, in order."""
    return [element.text or "" for element in parsed(svg).iter(f"{SVG}text")]


def titles_of(svg: str) -> list[str]:
    """What a pointer shows of each part of a drawing, in order."""
    return [mark.findtext(f"{SVG}title") or "" for mark in parsed(svg).iter(f"{SVG}g") if mark.get("class") == "m"]
