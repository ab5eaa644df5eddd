"""Strategies drawn below each other: the machine's memory once, then a strip of the linear map for each.

Strategies with the same strip form one group. Protection and costs stand at the right, or above the strip where the
picture is narrow. A frame and a star mark the best; strategies not available here are pale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from planner.planning.result import Plan
from planner.render.blocks import sentences
from planner.render.blocks.numbers import signed_column, signed_count
from planner.render.pictures.axis import axis, breaks, segments
from planner.render.pictures.canvas import MARGIN, WHOLE, Canvas, Frame
from planner.render.pictures.painting import legend, paint_bands, paint_mark
from planner.render.pictures.strip import Band, Mark, Scale, bands, items, marks

__all__ = ["Strip", "draw"]

_BAR, _BAND, _SMALL = 20, 15, 10
_COLUMN = (96, 64, 88)  # widths of the columns at the right: protected, page tables, TLB entries
_NARROW = 600  # pixels; a narrower picture has no columns at the right
_MARKS = 60  # most marks of one strip that can be distinguished
_STEPS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # pixels, tried in order: what is smaller is merged


@dataclass(frozen=True, slots=True)
class Strip:
    """One strategy. best: it serves the aim best. obstacle: why it is not available here."""

    name: str
    plan: Plan
    best: bool = False
    obstacle: str = ""


def draw(title: str, strips: Sequence[Strip], frame: Frame = WHOLE, *, doubt: str = "") -> Canvas:
    """Draw strategies on one map. doubt: what of the kernel or the map is not known."""
    description = " ".join([f"{strip.name}: {sentences.verdict(strip.plan)}." for strip in strips])
    canvas = Canvas(frame, title, description)
    y = canvas.caption(doubt)
    if strips:
        first = strips[0].plan
        found = segments(first, MARGIN, _room(canvas))
        if canvas.width >= _NARROW:
            _cells(canvas, y + 18, ("protected", "page tables", "TLB entries"))
        y = axis(canvas, y + 6, found, first) + 4
        shown = _memory(canvas, y, first, found)
        y += _BAR
        covers: list[Band] = []
        groups = _groups(strips, found)
        costs = signed_column([group[0].plan.waste.extra_table_bytes for group in groups])
        for group, cost in zip(groups, costs, strict=True):
            y, special, more = _group(canvas, y + 8, group, cost, found)
            shown += special
            covers += more
        y = legend(canvas, y + 4, shown, covers, first)
    canvas.height = y + MARGIN
    return canvas


def _room(canvas: Canvas) -> float:
    """Width of the strips: the rest beside the columns at the right."""
    return canvas.width - 2 * MARGIN - (sum(_COLUMN) + 12 if canvas.width >= _NARROW else 0)


def _cells(canvas: Canvas, y: float, texts: Sequence[str], cls: str = "soft") -> None:
    """Draw one line of the columns at the right: a word, then numbers."""
    right = canvas.width - MARGIN - sum(_COLUMN)
    for n, (text, wide) in enumerate(zip(texts, _COLUMN, strict=True)):
        right += wide
        if n:
            canvas.text(right - 2, y, text, size=_SMALL, cls=cls, anchor="end")
        else:
            canvas.text(right - wide, y, text, size=_SMALL, cls=cls)


def _memory(canvas: Canvas, top: float, plan: Plan, found: Sequence[Scale]) -> list[Mark]:
    """Draw memory and its reservations, with as many marks as can be distinguished."""
    listed = items(plan)
    drawn: list[Mark] = []
    for step in _STEPS:
        layers = (listed.memory, listed.reserved)
        drawn = [mark for scale in found for layer in layers for mark in marks(layer, scale, step)]
        if len(drawn) <= _MARKS:
            break
    for mark in drawn:
        paint_mark(canvas, mark, top, _BAR)
    breaks(canvas, found, top + _BAR, _BAR)
    return drawn


def _groups(strips: Sequence[Strip], found: Sequence[Scale]) -> list[list[Strip]]:
    """Groups of strategies with the same memory and map, in their order."""
    groups: dict[tuple[object, ...], list[Strip]] = {}
    for strip in strips:
        done = strip.plan.reservation
        cover = tuple(tuple(bands(strip.plan, scale, 2)) for scale in found)
        key = (done.crash, done.low, done.area, done.outcome, done.protected, strip.obstacle, cover)
        groups.setdefault(key, []).append(strip)
    return list(groups.values())


def _group(
    canvas: Canvas, y: float, group: Sequence[Strip], cost: str, found: Sequence[Scale]
) -> tuple[float, list[Mark], list[Band]]:
    """Draw one group: its names, its answer, its place and its linear map. cost: its page tables."""
    plan = group[0].plan
    best, away = any(strip.best for strip in group), bool(group[0].obstacle)
    start, left, right = y, MARGIN + 2, MARGIN + 2 + _room(canvas)
    names = ", ".join([("\u2605 " if strip.best else "") + strip.name for strip in group])
    y = canvas.paragraph(y, names, left=left, right=right, size=12, cls="soft" if away else "strong")
    figures = ("not here" if away else plan.protection, cost, signed_count(plan.waste.extra_tlb_entries))
    answer = _answer(plan, group[0].obstacle)
    if canvas.width < _NARROW:
        answer += "" if away else f"; protected: {plan.protection}"
        answer += f"; {figures[1]} page tables; {figures[2]} TLB entries"
    y = canvas.paragraph(y, answer, left=left, right=right, cls="soft") + 6
    if canvas.width >= _NARROW:
        _cells(canvas, y + 9 + _BAND - 3, figures, "soft" if away else "")
    covers: list[Band] = []
    special = [
        mark
        for scale in found
        for item in items(plan).special
        for mark in marks([item], scale, 0)
        if item.kind != "area"
    ]
    with canvas.pale(on=away):
        for mark in special:
            paint_mark(canvas, replace(mark, text=f"{names}: {mark.text}"), y, 7, least=2)
        y += 9 + _BAND
        for scale in found:
            cover = bands(plan, scale, 2)
            paint_bands(canvas, cover, y, _BAND)
            covers += cover
    y += 3
    if best:
        canvas.outline("best", MARGIN - 3, start, canvas.width - 2 * MARGIN + 6, y - start, "the best for the aim")
    return y, special, covers


def _answer(plan: Plan, obstacle: str) -> str:
    """The outcome of the group, and the obstacle if it is not available here."""
    text = str(plan.reservation.outcome)
    if plan.mapping == plan.baseline:
        text += "; linear map the same without a crash kernel"
    return f"{text}; not available here: {obstacle}" if obstacle else text
