"""Every place of the kernel image as a strip: the outcome for an image there, and the shares at the right."""

from __future__ import annotations

from collections.abc import Sequence

from planner.render.blocks.images import percent
from planner.render.blocks.numbers import address, count, size, span
from planner.render.pictures import outcomes
from planner.render.pictures.canvas import FONT, MARGIN, WHOLE, Canvas, Frame
from planner.render.pictures.labels import text_width
from planner.studies.kaslr import Chances

__all__ = ["draw", "paint_positions"]

_BAR, _SMALL = 20, 10
_TITLE = "Outcome by position of the kernel image"
_AXIS = "positions by address"


def draw(over: Sequence[Chances], frame: Frame = WHOLE) -> Canvas:
    """The picture of these strips."""
    description = ". ".join([f"{size(one.size)}: {_shares(one)}" for one in over])
    canvas = Canvas(frame, _TITLE, description or "No positions.")
    canvas.height = paint_positions(canvas, 4, over) + MARGIN
    return canvas


def paint_positions(canvas: Canvas, y: float, over: Sequence[Chances]) -> float:
    """Draw one strip for each size, below `y`. Returns the y below them."""
    right = canvas.width - MARGIN
    y = canvas.paragraph(y, _TITLE, size=14, cls="strong")
    for one in over:
        y = canvas.paragraph(y + 4, size(one.size), size=12, cls="strong")
        shares = _shares(one)
        if canvas.texts[-1].right + 12 + text_width(shares, FONT) > right:
            y += 15
        canvas.text(right, y, shares, cls="soft", anchor="end")
        _strip(canvas, y + 5, one, right - MARGIN)
        y += 5 + _BAR + 14
        first, last = one.positions[0].start, one.positions[-1].end
        canvas.text(MARGIN, y, address(first), size=_SMALL, cls="soft")
        canvas.text(right, y, address(last), size=_SMALL, cls="soft", anchor="end")
        if canvas.texts[-1].left - canvas.texts[-2].right > text_width(_AXIS, _SMALL) + 20:
            canvas.text(canvas.width / 2, y, _AXIS, size=_SMALL, cls="soft", anchor="middle")
    return outcomes.legend(canvas, y, [part.outcome for one in over for part in one.positions])


def _shares(one: Chances) -> str:
    if len(one.slots) == 1:
        return f"100% {next(iter(one.slots))}"
    return ", ".join([f"{percent(one, outcome)} {outcome}" for outcome in one.slots])


def _strip(canvas: Canvas, top: float, one: Chances, room: float) -> None:
    """Draw positions in the order of their addresses; the width of a part is the number of its positions."""
    x = float(MARGIN)
    for part in one.positions:
        wide = room * part.slots / one.image.slots
        text = f"image in {span(part.start, part.end)}, {count(part.slots)} positions: {part.outcome}"
        canvas.shape(outcomes.kind(part.outcome), [(x, max(wide, 1))], top, _BAR, text)
        x += wide
