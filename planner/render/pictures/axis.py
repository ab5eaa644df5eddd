"""One axis of addresses for several lanes, broken where memory has large holes and where low memory ends."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log2

from planner.planning.result import Plan
from planner.render.blocks import bar
from planner.render.blocks.numbers import address, size
from planner.render.pictures.canvas import MARGIN, Canvas, number
from planner.render.pictures.labels import text_width
from planner.render.pictures.strip import Scale

__all__ = ["axis", "breaks", "node_of", "scale_bar", "segments"]

_GAP, _SMALL = 12, 10


def segments(plan: Plan, left: float, room: float) -> list[Scale]:
    """A scale for each bank: larger banks are wider, but less than in proportion."""
    found = bar.banks(plan)
    weights = [log2(end - start) - 19 if end - start > 1 << 21 else 2 for start, end in found]
    free = room - _GAP * (len(found) - 1)
    result = []
    for (start, end), weight in zip(found, weights, strict=True):
        result.append(Scale(start, end, free * weight / sum(weights), left))
        left = result[-1].right + _GAP
    return result


def axis(canvas: Canvas, y: float, found: Sequence[Scale], plan: Plan) -> float:
    """Draw each bank's first address, with its node where there are several, and a scale bar for each."""
    y += 12
    used, starts = 0.0, []
    for scale in found:
        first, left = address(scale.start), scale.left
        for text in (f"{first}{node_of(plan, scale)}", first):
            wide = text_width(text, _SMALL)
            x = min(left, canvas.width - MARGIN - wide)
            if x >= used and (text == first or wide <= scale.width):
                canvas.text(x, y, text, size=_SMALL, cls="soft")
                used = x + wide + 10
                break
        starts.append(max(used, left))
    # On the line of the addresses if every bank's bar fits there, else on a line of their own.
    if any(_bar(scale, scale.right - start) is None for start, scale in zip(starts, found, strict=True)):
        y += 13
        starts = [scale.left for scale in found]
    for start, scale in zip(starts, found, strict=True):
        scale_bar(canvas, y, scale, start)
    return y + 4


def node_of(plan: Plan, scale: Scale) -> str:
    """The NUMA nodes of a range of addresses, on a machine with several."""
    if len({region.node for region in plan.memory.regions}) < 2:
        return ""
    nodes = [r.node for r in plan.memory.regions if r.start < scale.end and scale.start < r.end and r.node is not None]
    return f", node {', '.join(map(str, sorted(set(nodes))))}" if nodes else ""


def _bar(scale: Scale, room: float) -> tuple[int, float] | None:
    """(size of a scale bar, its pixels): a power of two, about an eighth of the scale; None where it does not fit."""
    whole = scale.end - scale.start
    for shift in range(3, 6):
        length = 1 << max(whole.bit_length() - shift, 0)
        wide = length * scale.width / whole
        if wide + text_width(size(length), _SMALL) + 6 <= room:
            return length, wide
    return None


def scale_bar(canvas: Canvas, y: float, scale: Scale, used: float) -> bool:
    """Draw a scale bar with its size at the right end. Returns False if there is no room right of `used`."""
    found = _bar(scale, scale.right - used)
    if found is None:
        return False
    length, wide = found
    at, text = scale.right - wide, size(length)
    canvas.text(at - text_width(text, _SMALL) - 6, y, text, size=_SMALL, cls="soft")
    canvas.line("thin", f"M{number(at)} {number(y - 6)}v6M{number(at)} {number(y - 3)}h{number(wide)}m0-3v6")
    return True


def breaks(canvas: Canvas, found: Sequence[Scale], bottom: float, height: int) -> None:
    """Draw a mark wherever the axis is broken."""
    for scale, above in pairwise(found):
        at, low = scale.right + _GAP / 2, number(bottom)
        hole = f"{size(above.start - scale.end)} without memory" if above.start > scale.end else "another scale"
        text = f"{hole} from {address(scale.end)} on"
        canvas.path("thin", f"M{number(at - 3)} {low}l3-{height}M{number(at)} {low}l3-{height}", text)
