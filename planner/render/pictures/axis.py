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

__all__ = ["axis", "breaks", "node_of", "on_axis", "scale_bar", "segments"]

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


def axis(canvas: Canvas, y: float, found: Sequence[tuple[float, Scale]], plan: Plan) -> float:
    """Each bank's first address, with its node where there are several, and a bar of a round size for each."""
    y += 12
    used, room = 0.0, []
    for x, scale in found:
        first = address(scale.start)
        for text in (f"{first}{node_of(plan, scale)}", first):
            wide = text_width(text, _SMALL)
            if x >= used and x + wide <= canvas.width - MARGIN and (text == first or wide <= scale.width):
                canvas.text(x, y, text, size=_SMALL, cls="soft")
                used = x + wide + 10
                break
        room.append(x + scale.width - max(used, x))
    # On the addresses' line if every bank's bar finds a place there, else on a line of their own.
    if any(_bar(scale, wide) is None for wide, (_, scale) in zip(room, found, strict=True)):
        y += 13
        room = [scale.width for _, scale in found]
    for wide, (x, scale) in zip(room, found, strict=True):
        _draw_bar(canvas, x + scale.width, y, _bar(scale, wide))
    return y + 4


def node_of(plan: Plan, scale: Scale) -> str:
    """The NUMA nodes of a stretch, on a machine with several."""
    if len({region.node for region in plan.memory.regions}) < 2:
        return ""
    here = [r.node for r in plan.memory.regions if r.start < scale.end and scale.start < r.end and r.node is not None]
    return f", node {', '.join(map(str, sorted(set(here))))}" if here else ""


def _bar(scale: Scale, room: float) -> tuple[int, float] | None:
    """The size of a bar and its pixels: a power of two, about an eighth of the scale; None where it does not fit."""
    whole = scale.end - scale.start
    for shift in range(3, 6):
        length = 1 << max(whole.bit_length() - shift, 0)
        wide = length * scale.width / whole
        if wide + text_width(size(length), _SMALL) + 6 <= room:
            return length, wide
    return None


def _draw_bar(canvas: Canvas, right: float, y: float, bar_: tuple[int, float] | None) -> None:
    if bar_ is None:
        return
    length, wide = bar_
    at, text = right - wide, size(length)
    canvas.text(at - text_width(text, _SMALL) - 6, y, text, size=_SMALL, cls="soft")
    canvas.line("thin", f"M{number(at)} {number(y - 6)}v6M{number(at)} {number(y - 3)}h{number(wide)}m0-3v6")


def scale_bar(canvas: Canvas, right: float, y: float, scale: Scale, used: float) -> bool:
    """A bar with its size that ends at `right`; whether there was room for it right of `used`."""
    found = _bar(scale, right - used)
    _draw_bar(canvas, right, y, found)
    return found is not None


def on_axis(found: Sequence[tuple[float, Scale]], at: int) -> float:
    """The pixel of an address; in a hole, the end of the bank below it."""
    x = found[0][0]
    for left, scale in found:
        if at >= scale.start:
            x = left + scale.x(at)
    return x


def breaks(canvas: Canvas, found: Sequence[tuple[float, Scale]], bottom: float, height: int) -> None:
    """A mark wherever the axis is broken."""
    for (x, scale), (_, above) in pairwise(found):
        at = x + scale.width + _GAP / 2
        low = number(bottom)
        hole = f"{size(above.start - scale.end)} without memory" if above.start > scale.end else "another scale"
        text = f"{hole} from {address(scale.end)} on"
        canvas.path("thin", f"M{number(at - 3)} {low}l3-{height}M{number(at)} {low}l3-{height}", text)
