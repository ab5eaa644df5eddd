"""Outcomes over all positions of the kernel image, which `fit` and `explain` show."""

from __future__ import annotations

from collections.abc import Sequence

from planner.base.text import counted
from planner.render.blocks.model import Block, Facts, Heading, Paragraph, Table
from planner.render.blocks.numbers import count, size, span
from planner.studies.kaslr import Chances, Image

__all__ = ["blocks", "percent"]

_MOST_ROWS = 12
_ORDER = ("aligned", "exact", "fallback", "failed", "none")


def percent(chances: Chances, outcome: str) -> str:
    """A probability as text that does not hide a rare case: 0% and 100% only if exact (`never`, `always`)."""
    slots, of = chances.slots.get(outcome, 0), chances.image.slots
    if slots in (0, of):
        return "never" if not slots else "always"
    value = 100 * slots / of
    if value < 0.1:
        return "<0.1%"
    return ">99.9%" if value > 99.9 else f"{value:.1f}%"


def blocks(over: Sequence[Chances], more: Sequence[tuple[str, str]] = ()) -> list[Block]:
    """The image, the chances of each size, and the positions of the image that break the first size."""
    if not over:
        return []
    first = over[0]
    outcomes = [outcome for outcome in _ORDER if any(outcome in chances.slots for chances in over)]
    rows = [(size(chances.size), *(percent(chances, outcome) for outcome in outcomes)) for chances in over]
    result: list[Block] = [
        Heading("Wherever the kernel image lands (UEFI places it at random)"),
        Facts([("Image", _image(first.image)), ("Positions", _positions(first)), *more]),
        Table("How often", "l" + "r" * len(outcomes), ("size", *outcomes), rows),
    ]
    if len(first.slots) == 1:
        text = f"The outcome for {size(first.size)} is the same at every position."
        if len(over) == 1:
            result.append(Paragraph(text))
        return result
    breaking: list[tuple[str, ...]] = [
        (span(part.start, part.end), count(part.slots), part.outcome) for part in first.breaking[:_MOST_ROWS]
    ]
    if len(first.breaking) > _MOST_ROWS:
        rest = first.breaking[_MOST_ROWS:]
        breaking.append((counted(len(rest), "more range"), count(sum([part.slots for part in rest])), ""))
    title = f"Where the image must not begin, for {size(first.size)}"
    result.append(Table(title, "lrl", ("image begins in", "positions", "outcome"), breaking))
    return result


def _image(image: Image) -> str:
    if image.where is None:
        return f"{size(image.size)}, assumed: the map shows none (--image-size)"
    moved = "" if image.size == image.where.size else f", taken as {size(image.size)}"
    return f"{size(image.where.size)}, in the map at {span(image.where)}{moved}"


def _positions(chances: Chances) -> str:
    text = (
        f"{count(chances.image.slots)}, every {size(chances.image.align)} in free memory; other reservations stay put"
    )
    return text if chances.as_mapped is None else f"{text}; where it is now: {chances.as_mapped}"
