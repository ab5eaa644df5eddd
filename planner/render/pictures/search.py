"""The search drawn: memory once, then every attempt as a track from the top of its window down to where it ended.

Below an aligned attempt lies the grid of what it may take: one cell per aligned step, free as a whole, taken (the
cell says by what), or not all memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.errors import printable
from planner.base.ranges import intersect, subtract, total, union
from planner.base.text import counted
from planner.kernel.memory_map import Flag
from planner.render.blocks.numbers import address, size, span
from planner.render.pictures.axis import axis, breaks, on_axis, segments
from planner.render.pictures.canvas import FONT, MARGIN, Canvas, number
from planner.render.pictures.labels import middle, wrapped
from planner.render.pictures.painting import WIDTH, paint_mark
from planner.render.pictures.strip import GENERIC, Scale, items, marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.base.ranges import Span
    from planner.kernel.crash_reserve import Attempt
    from planner.planning.result import Plan

__all__ = ["draw", "draw_canvas"]

_BAR, _TRACK, _LANE, _GUTTER, _SMALL = 18, 12, 12, 26, 10
_CELLS = 64  # aligned steps that can be told apart
_TICKS = 12  # gaps of one track that are marked


def draw(plan: Plan, *, width: int = WIDTH, prefix: str = "ckp", style: bool = True) -> str:
    """The picture as one `svg` element."""
    canvas, height = draw_canvas(plan, width=width, prefix=prefix, style=style)
    return canvas.finish(height)


def draw_canvas(plan: Plan, *, width: int = WIDTH, prefix: str = "ckp", style: bool = True) -> tuple[Canvas, float]:
    """The drawing before it is text, and its height."""
    attempts = plan.reservation.attempts
    told = " ".join([f"{n}: {_said(attempt)}." for n, attempt in enumerate(attempts, 1)])
    canvas = Canvas(width, "How the kernel searches", told or "Nothing is searched.", prefix=prefix, style=style)
    y = 22.0
    canvas.text(MARGIN, y, "How the kernel searches", size=14, cls="strong")
    if not attempts:
        canvas.text(MARGIN, y + 18, "Nothing is searched.", cls="soft")
        return canvas, y + 18 + MARGIN
    found = segments(plan, MARGIN + _GUTTER, width - 2 * MARGIN - _GUTTER)
    y = axis(canvas, y + 4, found)
    top = y + 4
    memory, reserved, special = items(plan)
    for x, scale in found:
        for mark in (*marks(memory, scale, 4), *marks(reserved, scale, 4)):
            paint_mark(canvas, mark, [(x + at, wide) for at, wide in mark.pieces], top, _BAR)
        for item in special:
            for mark in marks([item], scale, 0):
                if mark.kind != "area":
                    pieces = [(x + at, max(wide, 2)) for at, wide in mark.pieces]
                    canvas.shape(mark.kind, pieces, top, _BAR, mark.text)
    breaks(canvas, found, top + _BAR, _BAR)
    for step in sorted({attempt.align for attempt in attempts if attempt.purpose == "aligned"}):
        for at in _steps(found, step):
            canvas.line("thin", f"M{number(on_axis(found, at))} {number(top - 2)}v{_BAR + 4}")
    y = top + _BAR + 4
    for n, attempt in enumerate(attempts, 1):
        y = _attempt(canvas, y, n, attempt, plan, found)
    return canvas, y + MARGIN


def _said(attempt: Attempt) -> str:
    end = "no fit" if attempt.found is None else f"found at {address(attempt.found)}"
    return f"{attempt.purpose}, {size(attempt.size)} at {size(attempt.align)} alignment: {end}"


def _attempt(
    canvas: Canvas, y: float, n: int, attempt: Attempt, plan: Plan, found: Sequence[tuple[float, Scale]]
) -> float:
    y += 22
    canvas.circle(MARGIN + 9, y - 4, 9, str(n))
    room = canvas.width - 2 * MARGIN - _GUTTER
    for line in wrapped(_said(attempt), FONT, room):
        canvas.text(MARGIN + _GUTTER, y, line)
        y += 14
    y = _track(canvas, y - 6, attempt, plan, found)
    if attempt.purpose == "aligned":
        y = _grid(canvas, y, attempt, plan, found)
    return y


def _track(canvas: Canvas, y: float, attempt: Attempt, plan: Plan, found: Sequence[tuple[float, Scale]]) -> float:
    """The window as a bracket, an arrow from its top, a tick for each gap that is too small, and where it ends."""
    first, last = found[0][1].start, found[-1][1].end
    low, high = max(attempt.start, first), min(attempt.end, last)
    if low >= high:
        canvas.text(MARGIN + _GUTTER, y + 12, "the window holds no memory", size=_SMALL, cls="soft")
        return y + 18
    left, right = on_axis(found, low), on_axis(found, high)
    middle_ = y + _TRACK / 2
    stop = left if attempt.found is None else on_axis(found, attempt.found)
    text = f"window {span(attempt.start, attempt.end)}"
    canvas.path(
        "line",
        f"M{number(left + 4)} {number(y)}h-4v{_TRACK}h4M{number(right - 4)} {number(y)}h4v{_TRACK}h-4",
        text,
    )
    canvas.line("line", f"M{number(right)} {number(middle_)}H{number(stop)}m5-4l-5 4 5 4")
    free = [gap for piece in _free(plan) for gap in intersect((low, high), [piece])]
    tried = [gap for gap in free if attempt.found is None or gap[1] > attempt.found]
    tried = [gap for gap in tried if attempt.found is None or not gap[0] <= attempt.found < gap[1]]
    for gap in sorted(tried, key=lambda gap: gap[0] - gap[1])[:_TICKS]:
        x = on_axis(found, gap[1] - 1)
        why = "too small" if gap[1] - gap[0] < attempt.size else "holds no aligned start"
        canvas.path("miss", f"M{number(x)} {number(y)}v{_TRACK}", f"free {span(*gap)}, {size(gap[1] - gap[0])}: {why}")
    if attempt.found is None:
        canvas.path(
            "miss", f"M{number(stop - 4)} {number(middle_ - 4)}l8 8m0-8l-8 8", "the search ends here without a fit"
        )
    else:
        text = f"found: {size(attempt.size)} at {address(attempt.found)}"
        wide = max(on_axis(found, min(attempt.found + attempt.size, last)) - stop, 4)
        canvas.shape("found", [(stop, wide)], y, _TRACK, text)
    return y + _TRACK + 3


def _free(plan: Plan) -> list[Span]:
    """Memory that is not reserved when the crash kernel's is searched."""
    ram = union([(r.start, r.end) for r in plan.memory.regions if not r.flags & Flag.NOMAP])
    taken = union([(r.start, r.end) for r in plan.memory.reserved])
    return [gap for piece in ram for gap in subtract(piece, taken)]


def _steps(found: Sequence[tuple[float, Scale]], step: int) -> list[int]:
    """Aligned addresses where there are banks, if they can be told apart."""
    if sum(scale.end - scale.start for _, scale in found) // step > _CELLS:
        return []
    return [at for _, scale in found for at in range(-(-scale.start // step) * step, scale.end, step)]


def _grid(canvas: Canvas, y: float, attempt: Attempt, plan: Plan, found: Sequence[tuple[float, Scale]]) -> float:
    """One cell for each aligned step in the window that has memory."""
    step = attempt.align
    cells = (
        [
            start
            for _, scale in found
            for start in range(-(-scale.start // step) * step - step, scale.end, step)
            if start >= 0
            and start < scale.end
            and scale.start < start + step
            and attempt.start <= start
            and start + step <= attempt.end
        ]
        if sum(scale.end - scale.start for _, scale in found) // step <= 16 * _CELLS
        else []
    )
    ram = union([(r.start, r.end) for r in plan.memory.regions])
    cells = sorted({start for start in cells if intersect((start, start + step), ram)})
    if not cells:
        return y
    free = _free(plan)
    whole = [start for start in cells if total(intersect((start, start + step), free)) == step]
    if len(cells) <= _CELLS:
        for start in cells:
            _cell(canvas, y, start, step, plan, found, ram, free=start in whole)
        y += _LANE + 2
    text = f"{counted(len(cells), 'aligned step', 'aligned steps')} of {size(step)} in the window, {len(whole)} free"
    blocker = _blocker(plan, cells, step)
    if not whole and blocker:
        text += f"; the largest reservation in the way: {blocker}"
    for line in wrapped(text, _SMALL, canvas.width - 2 * MARGIN - _GUTTER):
        y += 13
        canvas.text(MARGIN + _GUTTER, y, line, size=_SMALL, cls="soft")
    return y + 4


def _cell(
    canvas: Canvas,
    y: float,
    start: int,
    step: int,
    plan: Plan,
    found: Sequence[tuple[float, Scale]],
    ram: Sequence[Span],
    *,
    free: bool,
) -> None:
    left, right = on_axis(found, start), on_axis(found, start + step)
    wide = max(right - left - 1, 1)
    if free:
        canvas.shape("g-free", [(left, wide)], y, _LANE - 2, f"{address(start)}: free as a whole")
    elif total(intersect((start, start + step), ram)) < step:
        w, h = number(wide), _LANE - 2
        cross = f"M{number(left)} {number(y)}h{w}v{h}h-{w}zl{w} {h}m0-{h}l-{w} {h}"
        canvas.path("line", cross, f"{address(start)}: not all memory")
    else:
        canvas.shape("g-taken", [(left, wide)], y, _LANE - 2, f"{address(start)}: {_taken(plan, start, start + step)}")


def _taken(plan: Plan, start: int, end: int) -> str:
    """What is in the way, the largest by name."""
    inside = [(r.end - r.start, r.name or "reserved") for r in plan.memory.reserved if r.start < end and start < r.end]
    inside += [
        (r.end - r.start, "firmware memory (nomap)")
        for r in plan.memory.regions
        if r.flags & Flag.NOMAP and r.start < end and start < r.end
    ]
    if not inside:
        return "not free as a whole"
    bytes_, name = max(inside)
    return f"{printable(name)} {size(bytes_)}" + (f", {len(inside) - 1} more" if len(inside) > 1 else "")


def _blocker(plan: Plan, cells: Sequence[int], step: int) -> str:
    """The largest reservation in any of the cells."""
    spans = union([(start, start + step) for start in cells])
    inside = [(r.end - r.start, r.name) for r in plan.memory.reserved if intersect((r.start, r.end), spans)]
    inside += [
        (r.end - r.start, "firmware memory (nomap)")
        for r in plan.memory.regions
        if r.flags & Flag.NOMAP and intersect((r.start, r.end), spans)
    ]
    if not inside:
        return ""
    bytes_, name = max(inside, key=lambda found: (found[1] not in GENERIC, found[0]))
    return f"{middle(name or 'reserved', FONT, 200)} {size(bytes_)}"
