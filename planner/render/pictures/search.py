"""The search as a picture: a track for each attempt on each row it searched, from the top down to its end."""

from __future__ import annotations

from planner.base.ranges import Span, intersect
from planner.kernel.crash_reserve import Attempt
from planner.planning.result import Plan
from planner.render.blocks.numbers import address, size, span
from planner.render.pictures.canvas import MARGIN, Canvas, number
from planner.render.pictures.grid import free_memory
from planner.render.pictures.labels import Label, place
from planner.render.pictures.strip import Scale

__all__ = ["GUTTER", "describe", "paint_others", "paint_tracks"]

GUTTER = 26
"""Pixels left of the rows, for the numbers of the attempts."""

_TRACK, _SMALL = 12, 10
_TICKS = 12  # most gaps marked on one track
_ARROW = 12  # pixels; a shorter arrow has no head


def describe(plan: Plan) -> str:
    """The search in words, for screen readers."""
    sentences = " ".join([f"{n}: {_in_words(attempt)}." for n, attempt in enumerate(plan.reservation.attempts, 1)])
    return sentences or "Nothing is searched."


def paint_tracks(canvas: Canvas, y: float, plan: Plan, scale: Scale) -> float:
    """Draw the attempts that search one row, below `y`. Returns the y below them."""
    for n, attempt in enumerate(plan.reservation.attempts, 1):
        window = _window(attempt, scale.span)
        if window and (attempt.found is None or attempt.found < window[1]):
            y = _track(canvas, y, n, attempt, plan, scale, window)
    return y


def paint_others(canvas: Canvas, y: float, plan: Plan) -> float:
    """Draw the attempts that search no row, below `y`. Returns the y below them."""
    if not plan.reservation.attempts:
        return canvas.paragraph(y, "Nothing is searched.", cls="soft")
    for n, attempt in enumerate(plan.reservation.attempts, 1):
        if not _window(attempt, _memory(plan)):
            canvas.circle(MARGIN + 9, y + 11, 9, str(n))
            text = f"{_in_words(attempt)}; the window {span(attempt.start, attempt.end)} holds no memory"
            y = canvas.paragraph(y, text, left=MARGIN + GUTTER, size=_SMALL, cls="soft") + 9
    return y


def _memory(plan: Plan) -> Span:
    """From the first to the last address of memory."""
    return min(r.start for r in plan.memory.regions), max(r.end for r in plan.memory.regions)


def _window(attempt: Attempt, within: Span) -> Span | None:
    low, high = max(attempt.start, within[0]), min(attempt.end, within[1])
    return (low, high) if low < high else None


def _in_words(attempt: Attempt) -> str:
    end = "no fit" if attempt.found is None else f"found at {address(attempt.found)}"
    return f"{attempt.purpose}, {size(attempt.size)} at {size(attempt.align)} alignment: {end}"


def _track(canvas: Canvas, y: float, n: int, attempt: Attempt, plan: Plan, scale: Scale, window: Span) -> float:
    """Draw the window as a bracket, an arrow from its top down, a tick for each gap that is too small, and the end."""
    whole = _window(attempt, _memory(plan)) or window
    ends_here = window[0] == whole[0] if attempt.found is None else attempt.found >= window[0]
    if ends_here:
        y = canvas.paragraph(y, _in_words(attempt), left=scale.left, size=_SMALL)
    # A gap has its whole size, and is marked on the row where its top lies.
    searched = intersect((attempt.start, attempt.end), free_memory(plan))
    lowest = -1 if attempt.found is None else attempt.found
    tried = [gap for gap in searched if window[0] < gap[1] <= window[1] and gap[0] > lowest]
    tried = sorted(tried, key=lambda gap: gap[0] - gap[1])[:_TICKS]
    y = _sizes(canvas, y + 3, tried, scale)
    left, right, middle = scale.x(window[0]), scale.x(window[1]), y + _TRACK / 2
    canvas.circle(MARGIN + 9, middle, 9, str(n))
    bracket = f"M{number(left + 4)} {number(y)}h-4v{_TRACK}h4" if window[0] == whole[0] else ""
    bracket += f"M{number(right - 4)} {number(y)}h4v{_TRACK}h-4" if window[1] == whole[1] else ""
    taken = _taken(attempt, plan) if ends_here else []
    stop = scale.x(taken[-1][2]) if taken else left
    arrow = f"M{number(right)} {number(middle)}H{number(stop)}" + ("m5-4l-5 4 5 4" if right - stop > _ARROW else "")
    canvas.path("line", bracket + arrow, f"window {span(attempt.start, attempt.end)}")
    for gap in tried:
        why = "too small" if gap[1] - gap[0] < attempt.size else "holds no aligned start"
        text = f"free {span(*gap)}, {size(gap[1] - gap[0])}: {why}"
        canvas.path("miss", f"M{number(scale.x(gap[1] - 1))} {number(y)}v{_TRACK}", text)
    if ends_here and not taken:
        cross = f"M{number(left + 2)} {number(middle - 4)}l8 8m0-8l-8 8"
        canvas.path("miss", cross, "the search ends here without a fit")
    for kind, start, end in taken:
        x = scale.x(start)
        canvas.shape(
            kind, [(x, max(scale.x(end) - x, 3))], y, _TRACK, f"found: {size(end - start)} at {address(start)}"
        )
    return y + _TRACK + 5


def _taken(attempt: Attempt, plan: Plan) -> list[tuple[str, int, int]]:
    """The ranges an attempt took, by kind of memory: for an aligned one, the crash memory and the rest of the area."""
    at, done = attempt.found, plan.reservation
    if at is None:
        return []
    end = at + attempt.size
    if done.area is not None and done.crash is not None and done.area.start == at:
        rest = [("tail" if done.returned else "kept", done.crash.end, end)] if done.crash.end < end else []
        return [("crash", at, done.crash.end), *rest]
    return [(attempt.purpose if attempt.purpose in {"low", "cma"} else "crash", at, end)]


def _sizes(canvas: Canvas, y: float, tried: list[Span], scale: Scale) -> float:
    """Write the sizes of the gaps above their ticks, the largest first, where there is room."""
    if not tried:
        return y
    labels = [Label(size(end - start), scale.x(end - 1)) for start, end in tried]
    for p in place(labels, 9, (scale.left, scale.right), 1)[0]:
        canvas.text(p.left, y + 9, p.label.text, size=9, cls="soft")
    return y + 12
