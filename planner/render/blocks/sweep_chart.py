"""A sweep of sizes as lines of characters: the outcome, waste, page tables and free low memory over the size."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from planner.render.blocks.numbers import size
from planner.render.terminal import GREEN, RED, YELLOW, paint, wrap_items
from planner.studies.size import SizePlan
from planner.studies.sweep import Row, Sweep

__all__ = ["draw"]

_MARKS = {"aligned": "A", "fallback": "F", "exact": "E", "failed": "x", "none": "-"}
_STYLES = {"A": GREEN, "E": GREEN, "F": YELLOW, "x": RED, "-": RED}


def draw(swept: Sweep, width: int, *, color: bool = False) -> list[str]:
    """One line of characters per quantity over size, on a logarithmic scale."""
    cells = max(width - len("  low free  || ~123.4G"), 16)
    ratio = swept.most / swept.least
    sizes = [int(swept.least * ratio ** ((i + 0.5) / cells)) for i in range(cells)]
    starts = [row.size for row in swept.sweep]
    rows = [swept.sweep[max(0, bisect_right(starts, value) - 1)] for value in sizes]
    marks = "".join(_MARKS[row.outcome] for row in rows)
    painted = "".join([paint(mark, _STYLES[mark]) for mark in marks])
    lines = [f"  {'outcome':<10}|{painted if color else marks}|"]
    quantities: tuple[tuple[str, Callable[[SizePlan], int]], ...] = (
        ("waste", lambda plan: plan.rounding),
        ("tables", lambda plan: plan.extra_table_bytes),
        ("low free", lambda plan: plan.low_free_after),
    )
    for label, of in quantities:
        values = [max(0, _at(row, value, of)) for row, value in zip(rows, sizes, strict=True)]
        top = max(values)
        digits = "".join(str(9 * value // top) if top else "0" for value in values)
        lines.append(f"  {label:<10}|{digits}| {size(_short(top))}")
    left, right = size(swept.least), size(swept.most)
    lines.append(f"  {'size':<10} {left}{right:>{max(1, cells - len(left))}}")
    used = [f"{mark} {name}" for name, mark in _MARKS.items() if mark in marks]
    return lines + wrap_items("  ".join([*used, "waste: rounding, mostly freed after boot"]), width, "  ")


def _short(value: int) -> int:
    """A size cut to about three digits, for the legend."""
    digits = max(0, value.bit_length() - 10)
    return value >> digits << digits


def _at(row: Row, value: int, of: Callable[[SizePlan], int]) -> int:
    """A quantity at a size within a row, interpolated between the row's first and last size."""
    first, last = row, row.end
    if last.size == first.size:
        return of(first)
    share = min(max(value - first.size, 0), last.size - first.size)
    return of(first) + (of(last) - of(first)) * share // (last.size - first.size)
