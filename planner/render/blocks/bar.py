"""The memory map as rows of characters, one row per bank, and a close-up of the area.

Banks are memory between large holes, cut at the end of low memory. A cell shows the most important thing in it, so that
crash memory shows in the largest map. The time depends on the number of regions, not on their size.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby, pairwise
from typing import NamedTuple

from planner.base.ranges import Span, intersect, total, union
from planner.kernel.memory_map import Flag
from planner.planning.result import Plan
from planner.render.blocks.numbers import address, size
from planner.render.terminal import BOLD, CYAN, DIM, RED, YELLOW, paint, wrap_items

__all__ = ["LEGEND", "Painter", "Row", "banks", "draw", "surroundings"]

FREE, RESERVED, PARTLY, CRASH, TAIL, KEPT, LOW, CMA, NOTHING = ".", "#", "+", "C", "t", "k", "L", "M", " "

LEGEND = {
    FREE: "free",
    RESERVED: "reserved",
    PARTLY: "partly reserved",
    CRASH: "crash memory",
    TAIL: "tail (freed after boot)",
    KEPT: "rest of the area (kept)",
    LOW: "crash kernel's low memory",
    CMA: "crash cma",
    NOTHING: "blank: no memory",
}

_STYLES = {CRASH: f"{BOLD};{RED}", TAIL: YELLOW, KEPT: YELLOW, LOW: CYAN, CMA: CYAN, RESERVED: DIM, PARTLY: DIM}
_MAX_BANKS = 8
_LARGE_HOLE = 8
"""A hole is large, and ends a bank, if it is larger than this part of RAM: an eighth."""

_CLEAR_CELLS = 8
"""An area that takes fewer cells than this gets a close-up."""


class Row(NamedTuple):
    """One stretch of addresses `[start, end)` as cells; ram: bytes of memory in it."""

    start: int
    end: int
    ram: int
    cells: str


class Painter:
    """The spans of one plan, ready to be drawn at any scale."""

    def __init__(self, plan: Plan) -> None:
        memory, done = plan.memory, plan.reservation
        self.ram = union([r.span for r in memory.regions])
        taken = [r.span for r in memory.reserved]
        taken += [r.span for r in memory.regions if r.flags & Flag.NOMAP]
        self.taken = union(taken)
        area = done.area
        self.marks: list[tuple[str, int, int]] = []  # later ones are painted over earlier ones
        if area is not None:
            self.marks.append((KEPT, area.start, area.end))
        self.marks += [(TAIL, r.start, r.end) for r in done.returned]
        self.marks += [(CMA, r.start, r.end) for r in done.cma]
        if done.low is not None:
            self.marks.append((LOW, done.low.start, done.low.end))
        if done.crash is not None:
            self.marks.append((CRASH, done.crash.start, done.crash.end))

    def row(self, start: int, end: int, width: int) -> Row:
        """`[start, end)` in `width` cells."""
        ram = intersect((start, end), self.ram)
        edges = [start + (end - start) * i // width for i in range(width + 1)]
        cells = []
        for cell in pairwise(edges):
            pieces = intersect(cell, ram)
            memory, taken = total(pieces), sum(total(intersect(piece, self.taken)) for piece in pieces)
            if not memory or 2 * memory < cell[1] - cell[0]:
                cells.append(NOTHING)
            elif 2 * taken >= memory:
                cells.append(RESERVED)
            else:
                cells.append(PARTLY if taken else FREE)
        for mark, low, high in self.marks:
            for i in _cells_of(low, high, edges):
                cells[i] = mark
        return Row(start, end, total(ram), "".join(cells))


def _cells_of(low: int, high: int, edges: list[int]) -> list[int]:
    """The cells that mostly lie in `[low, high)`, or the one that holds its start if none does."""
    if high <= edges[0] or low >= edges[-1]:
        return []
    inside = [
        i for i in range(len(edges) - 1) if 2 * (min(high, edges[i + 1]) - max(low, edges[i])) > edges[i + 1] - edges[i]
    ]
    at = max(low, edges[0])
    return inside or [i for i in range(len(edges) - 1) if edges[i] <= at < edges[i + 1]]


def banks(plan: Plan) -> list[Span]:
    """Memory cut at large holes and at the end of low memory, ascending."""
    ram = union([r.span for r in plan.memory.regions])
    if not ram:
        return []
    large = total(ram) // _LARGE_HOLE
    holes = [(b[0] - a[1], a[1], b[0]) for a, b in pairwise(ram) if b[0] - a[1] > large]
    cuts = sorted((low, high) for _, low, high in sorted(holes, reverse=True)[: _MAX_BANKS - 1])
    start, end = ram[0][0], ram[-1][1]
    limit = plan.kernel.dma_limit
    if limit is not None and start < limit < end and not any(low <= limit <= high for low, high in cuts):
        around = intersect((limit - 1, limit + 1), ram)
        low = limit if around else max(e for _, e in ram if e <= limit)
        high = limit if around else min(s for s, _ in ram if s >= limit)
        cuts = sorted([*cuts, (low, high)])
    starts = [start, *(high for _, high in cuts)]
    ends = [*(low for low, _ in cuts), end]
    return list(zip(starts, ends, strict=True))


def surroundings(plan: Plan, width: int) -> Span | None:
    """The addresses around the area, where it takes too few of `width` cells in its bank to be seen well."""
    done = plan.reservation
    focus = done.area or done.crash
    if focus is None:
        return None
    bank = next((b for b in banks(plan) if b[0] <= focus.start < b[1]), None)
    if bank is None or focus.size * width >= _CLEAR_CELLS * (bank[1] - bank[0]):
        return None
    start = max(focus.start - focus.size, bank[0])
    return start, min(start + 4 * focus.size, bank[1])


def draw(plan: Plan, width: int, *, color: bool = False) -> list[str]:
    """The lines of the picture: one bar per bank, then the surroundings of the area if it is small in its bank."""
    ends = [address(end) for end in (0, *(r.end for r in plan.memory.regions))]
    left = max(map(len, ends))
    cells = max(width - left - len("   || 1234.56G low"), 8)
    painter, near = Painter(plan), surroundings(plan, cells)
    drawn = [painter.row(*bank, cells) for bank in banks(plan)]
    if not drawn:
        return []
    close = [] if near is None else [painter.row(*near, cells)]
    used = set("".join(row.cells for row in (*drawn, *close)))
    legend = "  ".join(
        meaning if mark == NOTHING else f"{mark} {meaning}" for mark, meaning in LEGEND.items() if mark in used
    )
    limit = plan.kernel.dma_limit or 0
    lines = _bars(drawn, left, limit, color=color)
    if close:
        lines += [f"  closer, up to {address(close[0].end)}:", *_bars(close, left, limit, color=color)]
    return lines + wrap_items(legend, width, "  ")


def _bars(drawn: Iterable[Row], left: int, limit: int, *, color: bool) -> list[str]:
    """Bars with their first address at the left and the memory in them at the right, marked if it is low memory."""
    lines = []
    for row in drawn:
        cells = _coloured(row.cells) if color else row.cells
        low = " low" if row.end <= limit else ""
        lines.append(f"  {address(row.start):>{left}} |{cells}| {size(row.ram)}{low}")
    return lines


def _coloured(cells: str) -> str:
    runs = ("".join(run) for _, run in groupby(cells))
    return "".join([paint(run, _STYLES[run[0]]) if run[0] in _STYLES else run for run in runs])
