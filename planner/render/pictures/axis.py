"""One axis of addresses for several lanes: broken where memory has large holes and where low memory ends."""

from __future__ import annotations

from itertools import pairwise
from math import log2
from typing import TYPE_CHECKING

from planner.render.blocks import bar
from planner.render.blocks.numbers import address, size
from planner.render.pictures.canvas import MARGIN, number
from planner.render.pictures.labels import text_width
from planner.render.pictures.strip import Scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.planning.result import Plan
    from planner.render.pictures.canvas import Canvas

__all__ = ["axis", "breaks", "on_axis", "segments"]

_GAP, _SMALL = 12, 10


def segments(plan: Plan, left: float, room: float) -> list[tuple[float, Scale]]:
    """Where each bank begins, and its scale: the larger the wider, but not as much as it is larger."""
    found = bar.banks(plan)
    if not found:
        return []
    weights = [log2(end - start) - 19 if end - start > 1 << 21 else 2 for start, end in found]
    free = room - _GAP * (len(found) - 1)
    result, x = [], left
    for (start, end), weight in zip(found, weights, strict=True):
        wide = free * weight / sum(weights)
        result.append((x, Scale(start, end, wide)))
        x += wide + _GAP
    return result


def axis(canvas: Canvas, y: float, found: Sequence[tuple[float, Scale]]) -> float:
    """Each bank's first address and a bar of a round size, where there is room."""
    y += 12
    used = 0.0
    for x, scale in found:
        text = address(scale.start)
        wide = text_width(text, _SMALL)
        if x < used or x + wide > canvas.width - MARGIN:
            continue
        canvas.text(x, y, text, size=_SMALL, cls="soft")
        used = x + wide + 10
        used = max(used, scale_bar(canvas, x + scale.width, y, scale, used) + 10)
    return y + 4


def scale_bar(canvas: Canvas, right: float, y: float, scale: Scale, used: float) -> float:
    """A bar of a power of two that ends at `right`, with its size; `used` where there is no room for it."""
    length = 1 << max((scale.end - scale.start).bit_length() - 3, 0)
    wide = length * scale.width / (scale.end - scale.start)
    text = size(length)
    left = right - wide - text_width(text, _SMALL) - 6
    if left < used:
        return used
    canvas.text(left, y, text, size=_SMALL, cls="soft")
    at = right - wide
    canvas.line("thin", f"M{number(at)} {number(y - 6)}v6M{number(at)} {number(y - 3)}h{number(wide)}m0-3v6")
    return right


def on_axis(found: Sequence[tuple[float, Scale]], at: int) -> float:
    """The pixel of an address; in a hole, the end of the bank below it."""
    x = found[0][0]
    for left, scale in found:
        if at >= scale.start:
            x = left + scale.x(at)
    return x


def breaks(canvas: Canvas, found: Sequence[tuple[float, Scale]], bottom: float, height: int) -> None:
    """A mark wherever the axis is broken."""
    for (x, scale), _ in pairwise(found):
        at = x + scale.width + _GAP / 2
        low = number(bottom)
        canvas.line("thin", f"M{number(at - 3)} {low}l3-{height}M{number(at)} {low}l3-{height}")
