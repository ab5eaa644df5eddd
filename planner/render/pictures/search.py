"""The search drawn: memory once, then every attempt as a track from the top of its window down to where it ended.

Below an aligned attempt lies the grid of what it may take: one cell per aligned step, free as a whole, taken (the
cell says by what), or not all memory.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from planner.base.ranges import intersect
from planner.render.blocks.numbers import address, size, span
from planner.render.pictures.axis import axis, breaks, on_axis, segments
from planner.render.pictures.canvas import FONT, MARGIN, Canvas, number
from planner.render.pictures.grid import CELLS, LANE, free_memory, grid_of, paint_grid
from planner.render.pictures.images import paint_positions
from planner.render.pictures.labels import Label, place, wrapped
from planner.render.pictures.painting import WIDTH, paint_mark
from planner.render.pictures.strip import Scale, items, marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.base.ranges import Span
    from planner.kernel.crash_reserve import Attempt
    from planner.planning.result import Plan
    from planner.studies.kaslr import Chances

__all__ = ["draw", "draw_canvas", "paint_attempts", "told"]

_BAR, _TRACK, _GUTTER, _SMALL = 18, 12, 26, 10
_TITLE = "How the kernel searches"
_TICKS = 12  # gaps of one track that are marked


def draw(
    plan: Plan,
    *,
    width: int = WIDTH,
    prefix: str = "ckp",
    style: bool = True,
    over: Sequence[Chances] = (),
) -> str:
    """The picture as one `svg` element. over: what is known of every position of the kernel image, drawn below."""
    canvas, height = draw_canvas(plan, width=width, prefix=prefix, style=style)
    if over:
        height = paint_positions(canvas, height, over) + MARGIN
    return canvas.finish(height)


def draw_canvas(plan: Plan, *, width: int = WIDTH, prefix: str = "ckp", style: bool = True) -> tuple[Canvas, float]:
    """The drawing before it is text, and its height."""
    canvas = Canvas(width, _TITLE, told(plan), prefix=prefix, style=style)
    return canvas, paint_attempts(canvas, 0, plan, grid=True) + MARGIN


def told(plan: Plan) -> str:
    """The search in words, for who cannot see it."""
    said = " ".join([f"{n}: {_said(attempt)}." for n, attempt in enumerate(plan.reservation.attempts, 1)])
    return said or "Nothing is searched."


def paint_attempts(canvas: Canvas, y: float, plan: Plan, *, grid: bool) -> float:
    """Memory and the attempts below `y`; the y below them. grid: whether an aligned one shows its steps."""
    attempts = plan.reservation.attempts
    y += 22
    canvas.text(MARGIN, y, _TITLE, size=14, cls="strong")
    if not attempts:
        canvas.text(MARGIN, y + 18, "Nothing is searched.", cls="soft")
        return y + 18
    found = segments(plan, MARGIN + _GUTTER, canvas.width - 2 * MARGIN - _GUTTER)
    y = axis(canvas, y + 4, found, plan)
    y = _memory(canvas, y + 4, plan, found)
    for n, attempt in enumerate(attempts, 1):
        y = _attempt(canvas, y, n, attempt, plan, found)
        if grid:
            y = _grid(canvas, y, attempt, plan, found)
    return y


def _memory(canvas: Canvas, top: float, plan: Plan, found: Sequence[tuple[float, Scale]]) -> float:
    """Memory once, with hairlines at aligned addresses where they can be told apart; the y below it."""
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
    for step in sorted({attempt.align for attempt in plan.reservation.attempts if attempt.purpose == "aligned"}):
        if sum(scale.end - scale.start for _, scale in found) // step <= CELLS:
            for _, scale in found:
                for at in range(-(-scale.start // step) * step, scale.end, step):
                    canvas.line("thin", f"M{number(on_axis(found, at))} {number(top - 2)}v{_BAR + 4}")
    return top + _BAR + 4


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
    return _track(canvas, y - 6, attempt, plan, found)


def _track(canvas: Canvas, y: float, attempt: Attempt, plan: Plan, found: Sequence[tuple[float, Scale]]) -> float:
    """The window as a bracket, an arrow from its top, a tick for each gap that is too small, and where it ends."""
    first, last = found[0][1].start, found[-1][1].end
    low, high = max(attempt.start, first), min(attempt.end, last)
    if low >= high:
        canvas.text(MARGIN + _GUTTER, y + 12, "the window holds no memory", size=_SMALL, cls="soft")
        return y + 18
    free = [gap for piece in free_memory(plan) for gap in intersect((low, high), [piece])]
    tried = [gap for gap in free if attempt.found is None or gap[1] > attempt.found]
    tried = [gap for gap in tried if attempt.found is None or not gap[0] <= attempt.found < gap[1]]
    tried = sorted(tried, key=lambda gap: gap[0] - gap[1])[:_TICKS]
    y = _sizes(canvas, y, tried, found)
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
    for gap in tried:
        x = on_axis(found, gap[1] - 1)
        why = "too small" if gap[1] - gap[0] < attempt.size else "holds no aligned start"
        canvas.path("miss", f"M{number(x)} {number(y)}v{_TRACK}", f"free {span(*gap)}, {size(gap[1] - gap[0])}: {why}")
    if attempt.found is None:
        canvas.path(
            "miss", f"M{number(stop - 4)} {number(middle_ - 4)}l8 8m0-8l-8 8", "the search ends here without a fit"
        )
    else:
        for kind, start, end in _taken(attempt, attempt.found, plan):
            x = on_axis(found, start)
            text = f"found: {size(end - start)} at {address(start)}"
            canvas.shape(kind, [(x, max(on_axis(found, min(end, last)) - x, 3))], y, _TRACK, text)
    return y + _TRACK + 3


def _taken(attempt: Attempt, at: int, plan: Plan) -> list[tuple[str, int, int]]:
    """Ranges an attempt took, by kind of memory: of an aligned one the crash memory and the rest of its area."""
    done, end = plan.reservation, at + attempt.size
    if done.area is not None and done.crash is not None and done.area.start == at:
        return [("crash", at, done.crash.end), ("tail" if done.returned else "kept", done.crash.end, end)]
    return [(attempt.purpose if attempt.purpose in {"low", "cma"} else "crash", at, end)]


def _sizes(canvas: Canvas, y: float, tried: Sequence[Span], found: Sequence[tuple[float, Scale]]) -> float:
    """The sizes of the gaps above their ticks, the largest first, where there is room."""
    if not tried:
        return y
    labels = [Label(size(end - start), on_axis(found, end - 1)) for start, end in tried]
    for p in place(labels, 9, canvas.width - MARGIN, 1)[0]:
        canvas.text(p.left, y + 9, p.label.text, size=9, cls="soft")
    return y + 12


def _grid(canvas: Canvas, y: float, attempt: Attempt, plan: Plan, found: Sequence[tuple[float, Scale]]) -> float:
    """The steps of an aligned attempt below its track, and how many there are."""
    grid = grid_of(plan, attempt, [scale.span for _, scale in found])
    if grid is None:
        return y
    if grid.drawn:
        paint_grid(canvas, y, grid, partial(on_axis, found))
        y += LANE + 2
    for line in wrapped(grid.text, _SMALL, canvas.width - 2 * MARGIN - _GUTTER):
        y += 13
        canvas.text(MARGIN + _GUTTER, y, line, size=_SMALL, cls="soft")
    return y + 4
