"""Strategies drawn below each other: the machine's memory once, then a strip of the linear map for each.

Strategies with the same strip are one group. What each protects and costs stands at its right, or above its strip where
the picture is narrow. A frame and a star mark the best; what is not available here is pale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.render.blocks import tables
from planner.render.blocks.numbers import signed_column, signed_count
from planner.render.pictures.axis import axis, breaks, segments
from planner.render.pictures.canvas import FONT, MARGIN, Canvas
from planner.render.pictures.labels import shorten, wrapped
from planner.render.pictures.painting import WIDTH, legend, paint_bands, paint_mark
from planner.render.pictures.strip import Band, Mark, Scale, bands, items, marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.planning.result import Plan

__all__ = ["Strip", "draw", "draw_canvas"]

_BAR, _BAND, _SMALL = 20, 15, 10
_COLUMN = (96, 64, 88)  # pixels of what stands at the right: protected, page tables, TLB entries
_NARROW = 600  # a picture that is less wide has no column
_MARKS = 60  # so many marks of one strip can be told apart
_STEPS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


@dataclass(frozen=True, slots=True)
class Strip:
    """One strategy. best: it serves the aim best. obstacle: why it is not available here."""

    name: str
    plan: Plan
    best: bool = False
    obstacle: str = ""


def draw(
    title: str,
    strips: Sequence[Strip],
    *,
    width: int = WIDTH,
    caption: bool = True,
    prefix: str = "ckp",
    style: bool = True,
) -> str:
    """The picture as one `svg` element. strips: all of one map."""
    canvas, height = draw_canvas(title, strips, width=width, caption=caption, prefix=prefix, style=style)
    return canvas.finish(height)


def draw_canvas(
    title: str,
    strips: Sequence[Strip],
    *,
    width: int = WIDTH,
    caption: bool = True,
    prefix: str = "ckp",
    style: bool = True,
) -> tuple[Canvas, float]:
    """The drawing before it is text, and its height."""
    told = " ".join([f"{strip.name}: {tables.verdict(strip.plan)}." for strip in strips])
    canvas = Canvas(width, title, told, prefix=prefix, style=style)
    y = float(MARGIN)
    if caption:
        y = 22
        canvas.text(MARGIN, y, shorten(title, 14, (width - 2 * MARGIN) / 1.1), size=14, cls="strong")
    if not strips:
        return canvas, y + MARGIN
    first = strips[0].plan
    found = segments(first, MARGIN, _room(canvas))
    heads = ("protected", "page tables", "TLB entries")
    if width >= _NARROW:
        _cells(canvas, y + 18, heads)
    y = axis(canvas, y + 6, found, first)
    shown = _memory(canvas, y + 4, first, found)
    y += 4 + _BAR
    covers: list[Band] = []
    groups = _groups(strips, found)
    costs = signed_column([group[0].plan.waste.extra_table_bytes for group in groups])
    for group, cost in zip(groups, costs, strict=True):
        y, special, more = _group(canvas, y + 8, group, cost, found)
        shown += special
        covers += more
    return canvas, legend(canvas, y + 4, shown, covers, first) + MARGIN


def _room(canvas: Canvas) -> float:
    """Pixels of the strips: what the column at the right leaves."""
    return canvas.width - 2 * MARGIN - (sum(_COLUMN) + 12 if canvas.width >= _NARROW else 0)


def _cells(canvas: Canvas, y: float, texts: Sequence[str], cls: str = "soft") -> None:
    """One line of the column at the right: a word, then numbers."""
    right = canvas.width - MARGIN - sum(_COLUMN)
    for n, (text, wide) in enumerate(zip(texts, _COLUMN, strict=True)):
        right += wide
        if n:
            canvas.text(right - 2, y, text, size=_SMALL, cls=cls, anchor="end")
        else:
            canvas.text(right - wide, y, text, size=_SMALL, cls=cls)


def _memory(canvas: Canvas, top: float, plan: Plan, found: Sequence[tuple[float, Scale]]) -> list[Mark]:
    """Memory and what is reserved of it, with as many marks as can be told apart."""
    memory, reserved, _ = items(plan)
    drawn: list[tuple[float, list[Mark]]] = []
    for step in _STEPS:
        drawn = [(x, marks(memory, scale, step) + marks(reserved, scale, step)) for x, scale in found]
        if sum(len(some) for _, some in drawn) <= _MARKS:
            break
    for x, some in drawn:
        for mark in some:
            paint_mark(canvas, mark, [(x + at, wide) for at, wide in mark.pieces], top, _BAR)
    breaks(canvas, found, top + _BAR, _BAR)
    return [mark for _, some in drawn for mark in some]


def _groups(strips: Sequence[Strip], found: Sequence[tuple[float, Scale]]) -> list[list[Strip]]:
    """Strategies whose memory and map are the same, in their order."""
    groups: dict[tuple[object, ...], list[Strip]] = {}
    for strip in strips:
        done = strip.plan.reservation
        cover = tuple(tuple(bands(strip.plan, scale, 2)) for _, scale in found)
        key = (done.crash, done.low, done.area, done.outcome, done.protected, strip.obstacle, cover)
        groups.setdefault(key, []).append(strip)
    return list(groups.values())


def _group(
    canvas: Canvas, y: float, group: Sequence[Strip], cost: str, found: Sequence[tuple[float, Scale]]
) -> tuple[float, list[Mark], list[Band]]:
    """One group: its names, its answer, where it goes and what its map is made of. cost: its page tables."""
    plan = group[0].plan
    best, away = any(strip.best for strip in group), bool(group[0].obstacle)
    start, room = y, _room(canvas)
    names = ", ".join([("\u2605 " if strip.best else "") + strip.name for strip in group])
    cls = "soft" if away else "strong"
    for line in wrapped(names, 12, room / 1.1):
        y += 15
        canvas.text(MARGIN + 2, y, line, size=12, cls=cls)
    protects = "not here" if away else plan.protection
    figures = (protects, cost, signed_count(plan.waste.extra_tlb_entries))
    answer = _answer(plan, group[0].obstacle)
    if canvas.width < _NARROW:
        answer += "" if away else f"; protected: {protects}"
        answer += f"; {figures[1]} page tables; {figures[2]} TLB entries"
    for line in wrapped(answer, FONT, room):
        y += 14
        canvas.text(MARGIN + 2, y, line, cls="soft")
    y += 6
    if canvas.width >= _NARROW:
        _cells(canvas, y + 9 + _BAND - 3, figures, "soft" if away else "")
    covers: list[Band] = []
    special: list[Mark] = []
    with canvas.pale(on=away):
        for x, scale in found:
            for item in items(plan)[2]:
                for mark in marks([item], scale, 0):
                    pieces = [(x + at, max(wide, 2)) for at, wide in mark.pieces]
                    if mark.kind != "area":
                        canvas.shape(mark.kind, pieces, y, 7, f"{names}: {mark.text}")
                        special.append(mark)
            cover = bands(plan, scale, 2)
            paint_bands(canvas, cover, x, y + 9 + _BAND, _BAND)
            covers += cover
    y += 9 + _BAND + 3
    if best:
        canvas.box(MARGIN - 3, start, canvas.width - 2 * MARGIN + 6, y - start, "the best for the aim")
    return y, special, covers


def _answer(plan: Plan, obstacle: str) -> str:
    """What becomes of the group."""
    text = str(plan.reservation.outcome)
    if plan.mapping == plan.baseline:
        text += "; linear map as without a crash kernel"
    return f"{text}; not available here: {obstacle}" if obstacle else text
