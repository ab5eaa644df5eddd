"""A plan drawn: the physical map in rows, one per bank, under each what the linear map is made of there; the search.

The axis is broken where holes dwarf memory; each row has its own scale, and the surroundings of the area have one more
where they would be too small. Labels stand above their marks; what finds no place there gets a number, and a list below
says what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.base.ranges import intersect, total, union
from planner.render.blocks import bar, tables
from planner.render.blocks.numbers import address, count, size
from planner.render.pictures import search
from planner.render.pictures.axis import node_of, scale_bar
from planner.render.pictures.canvas import FONT, MARGIN, Canvas, number
from planner.render.pictures.grid import LANE, Grid, grid_of, paint_grid
from planner.render.pictures.labels import Label, middle, place, shorten, text_width, wrapped
from planner.render.pictures.painting import WIDTH, legend, paint_bands, paint_mark
from planner.render.pictures.strip import GENERIC, Band, Item, Mark, Scale, bands, compared, items, marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.base.ranges import Span
    from planner.planning.result import Plan

__all__ = ["draw", "draw_canvas"]

_BAR, _BAND, _LANE, _LANES = 28, 15, 14, 6
_SMALL = 10  # font size of addresses and keys
_CELLS = 50  # the area gets a row of its own under 8 of so many parts of its bank
_MARKS = 500  # so many marks can be told apart, and reached with the keyboard
_WEIGHT = 180_000  # bytes that the marks may take in a file
_RUNS = 2000  # so many pieces of the linear map can be told apart
_NAMED = 40  # so many names of one row are tried
_KEYS = 60  # so many names are listed
_STEPS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0)


@dataclass(frozen=True, slots=True)
class _Row:
    """One row: its scale, what it is called, and what it shows."""

    scale: Scale
    head: str
    memory: list[Mark]
    reserved: list[Mark]
    special: list[Mark]
    without: list[Band]
    bands: list[Band]
    closer: bool
    grid: Grid | None


@dataclass(frozen=True, slots=True)
class _Key:
    """A name that found no place in its row: the mark's middle, and the text of the list."""

    number: int
    x: float
    text: str


def draw(
    plan: Plan,
    *,
    width: int = WIDTH,
    caption: bool = True,
    attempts: bool = True,
    prefix: str = "ckp",
    style: bool = True,
) -> str:
    """The picture of a plan as one `svg` element.

    width: of the drawing in pixels. caption: whether the verdict stands above it. attempts: whether the search stands
    below it. prefix: begins the ids in it, so that several pictures fit one page. style: whether it brings its style
    sheet.
    """
    canvas, height = draw_canvas(plan, width=width, caption=caption, attempts=attempts, prefix=prefix, style=style)
    return canvas.finish(height)


def draw_canvas(
    plan: Plan,
    *,
    width: int = WIDTH,
    caption: bool = True,
    attempts: bool = True,
    prefix: str = "ckp",
    style: bool = True,
) -> tuple[Canvas, float]:
    """The drawing before it is text, and its height."""
    rows = _rows(plan, width - 2 * MARGIN)
    title = f"Crash kernel memory on {plan.memory.source}"
    text = _describe(plan, rows) + (f" The search. {search.told(plan)}" if attempts else "")
    canvas = Canvas(width, title, text, prefix=prefix, style=style)
    y = _caption(canvas, plan, title) if caption else float(MARGIN)
    keys: list[_Key] = []
    unnamed = 0
    limit = plan.kernel.dma_limit
    before: int | None = None
    for row in rows:
        if not row.closer:
            y = _break(canvas, y, before, row.scale.start, limit)
            before = row.scale.end
        y, more, left = _row(canvas, y, row, len(keys))
        keys += more
        unnamed += left
    y = _break(canvas, y, before, None, limit)
    y = _costs(canvas, y, plan, rows)
    shown = [mark for row in rows for layer in (row.memory, row.reserved, row.special) for mark in layer]
    y = legend(canvas, y + 4, shown, [band for row in rows for band in row.bands], plan)
    y = _key_list(canvas, y, keys, unnamed)
    if attempts:
        y = search.paint_attempts(canvas, y + 8, plan, grid=False)
    return canvas, y + MARGIN


# -- what is drawn ---------------------------------------------------------------------------------------------


def _rows(plan: Plan, width: float) -> list[_Row]:
    """The rows of a plan, with as many marks as can be told apart."""
    memory, reserved, special = items(plan)
    scales: list[tuple[Scale, bool]] = []
    area = plan.reservation.area or plan.reservation.crash
    near = bar.surroundings(plan, _CELLS)
    for start, end in bar.banks(plan):
        scales.append((Scale(start, end, width), False))
        if near is not None and area is not None and start <= area.start < end:
            scales.append((Scale(*near, width), True))
    most_marks, most_runs = _MARKS * width // WIDTH, _RUNS * width // WIDTH
    found: list[tuple[list[Mark], list[Mark]]] = []
    for step in _STEPS:
        found = [(marks(memory, scale, step), marks(reserved, scale, step)) for scale, _ in scales]
        drawn = [mark for a, b in found for mark in (*a, *b)]
        if len(drawn) <= most_marks and sum(mark.weight for mark in drawn) <= _WEIGHT:
            break
    covers: list[tuple[list[Band], list[Band]]] = []
    changes = plan.mapping != plan.baseline
    for step in _STEPS:
        covers = [compared(plan, s, step) if changes else ([], bands(plan, s, step)) for s, _ in scales]
        drawn_runs = [len(band.runs) + len(band.same) for cover in covers for side in cover for band in side]
        if sum(drawn_runs) <= most_runs:
            break
    ram = union([(r.start, r.end) for r in plan.memory.regions])
    return [
        _Row(scale, _head(plan, scale, ram, closer=closer), a, b, _special(special, scale), *cover, closer, grid)
        for (scale, closer), (a, b), cover, grid in zip(scales, found, covers, _grids(plan, scales), strict=True)
    ]


def _grids(plan: Plan, scales: Sequence[tuple[Scale, bool]]) -> list[Grid | None]:
    """The steps that an aligned attempt could take in each row; those of the closer row only where others cannot."""
    result: list[Grid | None] = []
    for scale, closer in scales:
        found = [grid_of(plan, attempt, [scale.span]) for attempt in plan.reservation.attempts]
        grid = next((one for one in found if one is not None), None)
        if closer and result[-1] is not None and result[-1].drawn:
            grid = None
        result.append(grid)
    return result


def _special(listed: Sequence[Item], scale: Scale) -> list[Mark]:
    """Ranges of the crash kernel: never merged."""
    return [mark for item in listed for mark in marks([item], scale, 0)]


def _head(plan: Plan, scale: Scale, ram: list[Span], *, closer: bool) -> str:
    if closer:
        return "Closer: around the " + ("area" if plan.reservation.area else "crash memory")
    limit = plan.kernel.dma_limit
    zone = "" if limit is None else ", low memory" if scale.end <= limit else ", above low memory"
    return f"{size(total(intersect(scale.span, ram)))} of RAM from {address(scale.start)}{zone}{node_of(plan, scale)}"


def _describe(plan: Plan, rows: Sequence[_Row]) -> str:
    """The picture in words, for who cannot see it."""
    parts = [tables.verdict(plan) + "."]
    for row in rows:
        if row.closer:
            continue
        shown = [f"{mark.text}" for mark in row.special] + [band.text for band in row.bands]
        reserved = sum(mark.members for mark in row.reserved)
        if reserved:
            shown.insert(0, f"{count(reserved)} reserved ranges")
        parts.append(f"{row.head}: {', '.join(shown)}." if shown else f"{row.head}.")
    return " ".join(parts)


# -- how it is drawn -------------------------------------------------------------------------------------------


def _caption(canvas: Canvas, plan: Plan, title: str) -> float:
    y, room = 22.0, canvas.width - 2 * MARGIN
    canvas.text(MARGIN, y, shorten(title, 14, room / 1.1), size=14, cls="strong")
    for line in wrapped(tables.verdict(plan), 12, room):
        y += 18
        canvas.text(MARGIN, y, line, size=12)
    facts = dict(tables.facts(plan))
    for line in wrapped(f"Kernel {facts['Kernel']}. Strategy {facts['Strategy']}.", FONT, room):
        y += 15
        canvas.text(MARGIN, y, line, cls="soft")
    return y + 10


def _costs(canvas: Canvas, y: float, plan: Plan, rows: Sequence[_Row]) -> float:
    """The linear map before and after in two numbers."""
    before, after = plan.baseline, plan.mapping
    if before == after:
        text = f"Linear map: not changed; {count(after.tlb_entries)} TLB entries, {size(after.table_bytes)} of tables"
    else:
        text = (
            f"Linear map, without and with the crash kernel: {count(before.tlb_entries)} -> {count(after.tlb_entries)} "
            f"TLB entries, {size(before.table_bytes)} -> {size(after.table_bytes)} of tables"
        )
        if any(row.without for row in rows):
            text += "; the bands are pale where nothing changes"
    for line in wrapped(text, FONT, canvas.width - 2 * MARGIN):
        y += 15
        canvas.text(MARGIN, y, line)
    return y + 4


def _break(canvas: Canvas, y: float, end: int | None, start: int | None, limit: int | None) -> float:
    """What lies between two rows: a hole in memory, the end of low memory, or both. None: nothing on that side."""
    words = []
    if end is not None and start is not None and start > end:
        words.append(f"{size(start - end)} without memory")
    below, above = end is None or (limit is not None and end <= limit), start is None or limit is not None
    ends_here = limit is not None and below and above and (start is None or limit <= start)
    if ends_here and (end is not None or start is not None) and limit is not None:
        words.append(f"low memory ends at {address(limit)} ({size(limit)})")
    if not words:
        return y
    middle = canvas.width / 2
    for text in wrapped("; ".join(words), _SMALL, canvas.width - 2 * MARGIN):
        y += 14
        canvas.text(middle, y, text, size=_SMALL, cls="soft", anchor="middle")
        half = text_width(text, _SMALL) / 2 + 6
        if middle - half > MARGIN:
            left, right, rule = number(middle - half), number(middle + half), number(y - 3.5)
            cls = "edge dash" if ends_here else "thin dash"
            canvas.line(cls, f"M{MARGIN} {rule}H{left}M{right} {rule}H{canvas.width - MARGIN}")
    return y + 8


def _row(canvas: Canvas, y: float, row: _Row, known: int) -> tuple[float, list[_Key], int]:
    """One row; where the next begins, the names that go into the list, and how many do not even go there."""
    width = row.scale.width
    for line in wrapped(row.head, 12, width / 1.1):
        y += 16
        canvas.text(MARGIN, y, line, size=12, cls="strong")
    used = MARGIN + text_width(line, 12) * 1.1 + 12
    if not scale_bar(canvas, MARGIN + width, y, row.scale, used):
        y += 13
        scale_bar(canvas, MARGIN + width, y, row.scale, MARGIN)
    labels, owners, unnamed = _labels(row)
    placed, left_over = place(labels, FONT, width, _LANES)
    lanes = max([p.lane for p in placed], default=-1) + 1
    top = y + 8 + lanes * _LANE + (4 if lanes else 0)
    for p in placed:
        base = top - 7 - p.lane * _LANE
        canvas.text(MARGIN + p.left, base, p.label.text)
        canvas.line("thin", f"M{number(MARGIN + p.label.x)} {number(base + 3)}V{number(top)}")
    y = _bars(canvas, row, top)
    keys = [
        _Key(known + n, label.x, owners[label.text, label.x])
        for n, label in enumerate(sorted(left_over, key=lambda label: label.x), 1)
    ]
    kept = max(_KEYS - known, 0)
    unnamed += max(len(keys) - kept, 0)
    keys = keys[:kept]
    y = _axis(canvas, _key_marks(canvas, y, keys, width), row.scale)
    if row.grid is not None:
        for line in wrapped(row.grid.text, _SMALL, width):
            y += 12
            canvas.text(MARGIN, y, line, size=_SMALL, cls="soft")
        y += 4
    return y, keys, unnamed


def _bars(canvas: Canvas, row: _Row, top: float) -> float:
    """The bar, the steps of an aligned attempt, and the linear map below; the y below them."""
    canvas.line("thin dash", f"M{MARGIN} {number(top + _BAR / 2)}h{number(row.scale.width)}")
    for layer in (row.memory, row.reserved, row.special):
        for mark in layer:
            pieces = [(MARGIN + x, wide) for x, wide in mark.pieces]
            if mark.kind == "area":
                canvas.frame(MARGIN + mark.x - 1, top - 2, mark.width + 2, _BAR + 4, mark.text)
            else:
                paint_mark(canvas, mark, pieces, top, _BAR)
    y = top + _BAR + 3
    if row.grid is not None and row.grid.drawn:
        for cell in row.grid.cells:
            if row.scale.start < cell.start < row.scale.end:
                canvas.line("thin", f"M{number(MARGIN + row.scale.x(cell.start))} {number(top)}v{_BAR + 3}")
        paint_grid(canvas, y, row.grid, lambda at: MARGIN + row.scale.x(at))
        y += LANE + 3
    if not row.without:
        paint_bands(canvas, row.bands, MARGIN, y + _BAND, _BAND)
        return y + _BAND
    for bands_, text in ((row.without, "linear map without the crash kernel"), (row.bands, "with the crash kernel")):
        canvas.text(MARGIN, y + 9, text, size=9, cls="soft")
        paint_bands(canvas, bands_, MARGIN, y + 12 + _BAND, _BAND)
        y += 12 + _BAND + 3
    return y - 3


def _labels(row: _Row) -> tuple[list[Label], dict[tuple[str, float], str], int]:
    """What a row's marks are called, the most important first; the whole text of each; how many are left out."""
    found: list[tuple[str, float, str]] = []
    area = next((mark for mark in row.special if mark.kind == "area"), None)
    clear = area is None or area.width >= 60
    order = {"crash": 0, "low": 1, "tail": 2, "cma": 3, "kept": 4, "area": 5}
    for mark in sorted(row.special, key=lambda mark: order[mark.kind]):
        if mark.kind in {"area", "tail", "kept"} and not clear:
            continue
        item = mark.first
        x = mark.x if mark.kind == "area" else mark.x + mark.width / 2
        found.append((f"{item.name} {size(item.end - item.start)}", x, item.text))
    named = [mark for mark in row.reserved if mark.first.name not in GENERIC]
    named.sort(key=lambda mark: (mark.first.start - mark.first.end, mark.first.start))
    for mark in named[:_NAMED]:
        item = mark.first
        more = f" +{mark.members - 1}" if mark.members > 1 else ""
        name = middle(item.name, FONT, 150)
        found.append((f"{name} {size(item.end - item.start)}{more}", mark.x + mark.width / 2, mark.text))
    labels = [Label(text, min(max(x, 1), row.scale.width - 1)) for text, x, _ in found]
    owners = {(label.text, label.x): text for label, (_, _, text) in zip(labels, found, strict=True)}
    return labels, owners, max(len(named) - _NAMED, 0)


def _key_marks(canvas: Canvas, y: float, keys: Sequence[_Key], width: float) -> float:
    """Numbers below the bands; those that would touch are written as one."""
    if not keys:
        return y
    groups: list[list[_Key]] = []
    for key in keys:
        groups.append([key])
        while len(groups) > 1 and _key_box(groups[-2], width)[1] + 5 > _key_box(groups[-1], width)[0]:
            last = groups.pop()
            groups[-1] += last
    for group in groups:
        left, right, x = _key_box(group, width)
        canvas.line("thin", f"M{number(MARGIN + x)} {number(y + 1)}v5")
        canvas.text(MARGIN + (left + right) / 2, y + 15, _key_text(group), size=_SMALL, anchor="middle")
    return y + 17


def _key_text(group: Sequence[_Key]) -> str:
    first, last = group[0].number, group[-1].number
    return str(first) if first == last else f"{first}-{last}"


def _key_box(group: Sequence[_Key], width: float) -> tuple[float, float, float]:
    """Left and right end of a group's text, and the middle of its marks."""
    x = (group[0].x + group[-1].x) / 2
    wide = text_width(_key_text(group), _SMALL)
    left = min(max(x - wide / 2, 0), width - wide)
    return left, left + wide, x


def _axis(canvas: Canvas, y: float, scale: Scale) -> float:
    """The addresses at both ends, and round ones between them where there is room."""
    y += 13
    first, last = address(scale.start), address(scale.end)
    right = scale.width - text_width(last, _SMALL)
    canvas.text(MARGIN, y, first, size=_SMALL, cls="soft")
    if text_width(first, _SMALL) + 10 > right:
        return y + 4
    canvas.text(MARGIN + scale.width, y, last, size=_SMALL, cls="soft", anchor="end")
    room = text_width(last, _SMALL) + 30
    step = 1
    while scale.x(scale.start + step) < room:
        step *= 2
    at, used = (scale.start // step + 1) * step, text_width(first, _SMALL) + 10
    while at < scale.end:
        half = text_width(address(at), _SMALL) / 2
        x = scale.x(at)
        if x - half > used and x + half + 10 < right:
            canvas.text(MARGIN + x, y, address(at), size=_SMALL, cls="soft", anchor="middle")
            canvas.line("thin", f"M{number(MARGIN + x)} {number(y - 12)}v3")
            used = x + half + 10
        at += step
    return y + 4


def _key_list(canvas: Canvas, y: float, keys: Sequence[_Key], unnamed: int) -> float:
    """What the numbers stand for, in columns."""
    if not keys:
        return y
    columns = max(min(canvas.width // 310, len(keys)), 1)
    wide = (canvas.width - 2 * MARGIN) / columns
    lines = -(-len(keys) // columns)
    for n, key in enumerate(keys):
        x = MARGIN + n // lines * wide
        text = shorten(f"{key.number}  {key.text}", _SMALL, wide - 10)
        canvas.text(x, y + 12 + n % lines * 15, text, size=_SMALL)
    y += lines * 15 + 4
    if unnamed:
        canvas.text(MARGIN, y + 12, f"and {count(unnamed)} more names", size=_SMALL, cls="soft")
        y += 15
    return y
