"""The grid of an aligned attempt: one cell per aligned step, which is free as a whole, taken, or not all memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from planner.base.errors import printable
from planner.base.ranges import Span, difference, intersect, total, union
from planner.base.text import counted
from planner.kernel.crash_reserve import Attempt
from planner.kernel.memory_map import Flag
from planner.planning.result import Plan
from planner.render.blocks.numbers import address, size
from planner.render.pictures.canvas import FONT, Canvas, number
from planner.render.pictures.labels import middle
from planner.render.pictures.strip import GENERIC

__all__ = ["CELLS", "LANE", "Cell", "Grid", "free_memory", "grid_of", "paint_grid"]

CELLS = 64
"""Most cells side by side that can be distinguished."""

LANE = 10
"""Height of the lane of cells, in pixels."""

_SIGNS = {"free": ("tick", "m-4 0l3 3 5-6"), "part": ("line", "m-3-3l6 6m0-6l-6 6")}
"""Marks in the middle of a cell: a tick, and a cross."""

_Named: TypeAlias = tuple[int, int, str]

_COUNTED = 16 * CELLS  # with more steps than this, counting them tells nothing


@dataclass(frozen=True, slots=True)
class Cell:
    """One aligned step. kind: `free` as a whole, `taken`, or `part`: not all memory."""

    start: int
    end: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """The steps of an attempt in some ranges.

    blocker: the largest reservation in them, in words; the largest with a name if there is one.
    """

    step: int
    cells: tuple[Cell, ...]
    blocker: str

    @property
    def drawn(self) -> bool:
        """True if its cells can be distinguished."""
        return len(self.cells) <= CELLS

    @property
    def text(self) -> str:
        """The number of steps, how many are free, and the largest obstacle if none is."""
        free = sum(cell.kind == "free" for cell in self.cells)
        text = counted(len(self.cells), f"aligned step of {size(self.step)}", f"aligned steps of {size(self.step)}")
        text += f", {free} free"
        if not free and self.blocker:
            text += f"; the largest {self.blocker}"
        return text


def free_memory(plan: Plan) -> list[Span]:
    """Memory that is free when the search for the crash kernel's begins."""
    ram = union([r.span for r in plan.memory.regions if not r.flags & Flag.NOMAP])
    taken = union([r.span for r in plan.memory.reserved])
    return difference(ram, taken)


def grid_of(plan: Plan, attempt: Attempt, spans: Sequence[Span]) -> Grid | None:
    """The steps of an aligned attempt that have memory in the spans; None where there are none, or far too many."""
    step = attempt.align
    if attempt.purpose != "aligned" or sum(end - start for start, end in spans) // step > _COUNTED:
        return None
    ram = union([r.span for r in plan.memory.regions])
    starts = {
        start
        for low, high in spans
        for start in range(low // step * step, high, step)
        if attempt.start <= start and start + step <= attempt.end and intersect((start, start + step), ram)
    }
    if not starts:
        return None
    free, obstacles = free_memory(plan), _obstacles(plan)
    named = obstacles if len(starts) <= CELLS else []
    cells = tuple([_cell(start, start + step, ram, free, named) for start in sorted(starts)])
    return Grid(step, cells, _blocker(obstacles, cells))


def _cell(start: int, end: int, ram: Sequence[Span], free: Sequence[Span], obstacles: Sequence[_Named]) -> Cell:
    if total(intersect((start, end), free)) == end - start:
        return Cell(start, end, "free", f"{address(start)}: free as a whole")
    if total(intersect((start, end), ram)) < end - start:
        return Cell(start, end, "part", f"{address(start)}: not all memory")
    return Cell(start, end, "taken", f"{address(start)}: {_taken(obstacles, start, end)}")


def _obstacles(plan: Plan) -> list[_Named]:
    """Everything that an aligned step must not contain."""
    reserved = [(r.start, r.end, r.name or "reserved") for r in plan.memory.reserved]
    unmapped = [(r.start, r.end, "firmware memory (nomap)") for r in plan.memory.regions if r.flags & Flag.NOMAP]
    return [*reserved, *unmapped]


def _taken(obstacles: Sequence[_Named], start: int, end: int) -> str:
    """The number of obstacles, and the name of the largest."""
    inside = [(b - a, name) for a, b, name in obstacles if a < end and start < b]
    if not inside:
        return "not free as a whole"
    bytes_, name = max(inside)
    return f"{printable(name)} {size(bytes_)}" + (f", {len(inside) - 1} more" if len(inside) > 1 else "")


def _blocker(obstacles: Sequence[_Named], cells: Sequence[Cell]) -> str:
    """The largest reservation in any of the cells; a name tells more than that something larger is reserved."""
    spans = union([(cell.start, cell.end) for cell in cells])
    inside = [(b - a, name) for a, b, name in obstacles if intersect((a, b), spans)]
    if not inside:
        return ""
    bytes_, name = max(inside, key=lambda found: (found[1] not in GENERIC, found[0]))
    named = "named " if bytes_ < max(inside)[0] else ""
    return f"{named}reservation in the way: {middle(name, FONT, 200)} {size(bytes_)}"


def paint_grid(canvas: Canvas, y: float, grid: Grid, x: Callable[[int], float]) -> None:
    """Draw one lane of cells from `y` down. x: the pixel of an address."""
    for cell in grid.cells:
        left, right = x(cell.start), x(cell.end)
        wide = max(right - left - 1, 1)
        canvas.shape(f"g-{cell.kind}", [(left, wide)], y, LANE, cell.text)
        if cell.kind in _SIGNS and wide >= LANE:
            cls, d = _SIGNS[cell.kind]
            canvas.line(cls, f"M{number(left + wide / 2)} {number(y + LANE / 2)}{d}")
