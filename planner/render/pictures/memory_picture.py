"""A plan as a picture: the physical map in rows, one per bank; on each row the search, and the linear map.

The axis is broken where holes are much larger than memory. Each row has its own scale, and the surroundings of the area
get a row of their own where they would be too small. Labels stand above their marks; a label without room there becomes
a number, with its text in a list below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from planner.base.ranges import Span, intersect, total, union
from planner.base.text import counted
from planner.planning.result import Plan
from planner.render.blocks import bar, sentences
from planner.render.blocks.numbers import address, column, count, size
from planner.render.pictures import search
from planner.render.pictures.axis import node_of, scale_bar
from planner.render.pictures.canvas import FONT, MARGIN, WHOLE, WIDTH, Canvas, Frame, number
from planner.render.pictures.grid import LANE, Grid, grid_of, paint_grid
from planner.render.pictures.images import paint_positions
from planner.render.pictures.labels import Label, middle, place, text_width, wrapped
from planner.render.pictures.painting import legend, paint_bands, paint_mark
from planner.render.pictures.strip import GENERIC, Band, Item, Items, Mark, Scale, bands, compared, items, marks
from planner.studies.kaslr import Chances

__all__ = ["draw", "element"]

_BAR, _BAND, _LANE, _LANES = 28, 15, 14, 6
_SMALL = 10  # font size of addresses and keys
_CELLS = 50  # an area under 8 of this many parts of its bank gets a row of its own
_MARKS = 500  # most marks that can be distinguished and reached with the keyboard
_WEIGHT = 180_000  # most bytes of the marks in a file
_RUNS = 2000  # most pieces of the linear map that can be distinguished
_NAMED = 40  # most names of one row for which a place is searched
_KEYS = 60  # most names in the list below
_STEPS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0)  # pixels, tried in order: what is smaller is merged


@dataclass(frozen=True, slots=True)
class _Row:
    """One row: its scale, its heading and its contents.

    without, bands: the linear map without the crash kernel, if that differs, and with it. closer: it is a close-up of
    the area. grid: the aligned steps.
    """

    scale: Scale
    head: str
    memory: list[Mark]
    reserved: list[Mark]
    special: list[Mark]
    without: list[Band]
    bands: list[Band]
    closer: bool
    grid: Grid | None

    @property
    def layers(self) -> tuple[list[Mark], ...]:
        """Marks as they are painted, the last on top."""
        return (self.memory, self.reserved, self.special)


@dataclass(frozen=True, slots=True)
class _Key:
    """A name without room in its row: its number, its mark's middle, and its text in the list."""

    number: int
    x: float
    text: str


class _Drawn(NamedTuple):
    """A row that is drawn: the y below it, its names for the list, and the number of names left out of the list."""

    y: float
    keys: list[_Key]
    unnamed: int


class _Names(NamedTuple):
    """The labels of a row's marks, the most important first.

    whole: the whole text of a label, by its text and x. unnamed: the number of marks without a label.
    """

    labels: list[Label]
    whole: dict[tuple[str, float], str]
    unnamed: int


class _KeyBox(NamedTuple):
    """The place of a group of numbers: both ends of its text, and the middle of its marks."""

    left: float
    right: float
    x: float


def draw(plan: Plan, frame: Frame = WHOLE, *, over: Sequence[Chances] = ()) -> Canvas:
    """Draw a plan or its explanation. over: the outcomes for every position of the kernel image, if known."""
    left = MARGIN + (search.GUTTER if plan.reservation.attempts else 0)
    rows = _rows(plan, left, frame.width - MARGIN - left)
    text = f"{_describe(plan, rows)} The search. {search.describe(plan)}"
    canvas = Canvas(frame, f"Crash kernel memory on {plan.memory.source}", text)
    y = _caption(canvas, plan)
    keys: list[_Key] = []
    unnamed = 0
    limit = plan.kernel.dma_limit
    before: int | None = None
    changed = [row for row in rows if any(band.runs for band in row.without) and not row.closer]
    for row in rows:
        if not row.closer:
            y = _break(canvas, y, before, row.scale.start, limit)
            before = row.scale.end
        costs = _costs(plan) if row is (changed or rows)[0] else ""
        drawn = _row(canvas, y, row, plan, costs, len(keys))
        y = drawn.y
        keys += drawn.keys
        unnamed += drawn.unnamed
    y = _break(canvas, y, before, None, limit)
    y = search.paint_others(canvas, y, plan)
    shown = [mark for row in rows for layer in row.layers for mark in layer]
    y = legend(canvas, y + 4, shown, [band for row in rows for band in row.bands], plan)
    y = _key_list(canvas, y, keys, unnamed)
    if over:
        y = paint_positions(canvas, y, over)
    canvas.height = y + MARGIN
    return canvas


def element(plan: Plan, width: int) -> str:
    """A plan drawn as one `svg` element, `width` pixels wide."""
    return draw(plan, Frame(width)).svg()


# -- what is drawn ---------------------------------------------------------------------------------------------


def _rows(plan: Plan, left: float, width: float) -> list[_Row]:
    """The rows of a plan, with as many marks as can be distinguished."""
    listed = items(plan)
    scales: list[tuple[Scale, bool]] = []
    area = plan.reservation.area or plan.reservation.crash
    near = bar.surroundings(plan, _CELLS)
    for start, end in bar.banks(plan):
        scales.append((Scale(start, end, width, left), False))
        if near is not None and area is not None and start <= area.start < end:
            scales.append((Scale(*near, width, left), True))
    found = _marks(listed, [scale for scale, _ in scales], _MARKS * width // WIDTH)
    covers = _covers(plan, [scale for scale, _ in scales], _RUNS * width // WIDTH)
    ram = union([r.span for r in plan.memory.regions])
    return [
        _Row(
            scale=scale,
            head=_head(plan, scale, ram, closer=closer),
            memory=memory_marks,
            reserved=reserved_marks,
            special=_special(listed.special, scale),
            without=without,
            bands=with_crash,
            closer=closer,
            grid=grid,
        )
        for (scale, closer), (memory_marks, reserved_marks), (without, with_crash), grid in zip(
            scales, found, covers, _grids(plan, scales), strict=True
        )
    ]


def _marks(listed: Items, scales: Sequence[Scale], most: float) -> list[tuple[list[Mark], list[Mark]]]:
    """The marks of memory and of reservations in each row, merged until they are no more than `most`."""
    found: list[tuple[list[Mark], list[Mark]]] = []
    for step in _STEPS:
        found = [(marks(listed.memory, scale, step), marks(listed.reserved, scale, step)) for scale in scales]
        drawn = [mark for memory, reserved in found for mark in (*memory, *reserved)]
        if len(drawn) <= most and sum(mark.weight for mark in drawn) <= _WEIGHT:
            break
    return found


def _covers(plan: Plan, scales: Sequence[Scale], most: float) -> list[tuple[list[Band], list[Band]]]:
    """The linear map of each row without the crash kernel, if that differs, and with it, in at most `most` pieces."""
    covers: list[tuple[list[Band], list[Band]]] = []
    changes = plan.mapping != plan.baseline
    for step in _STEPS:
        covers = [compared(plan, scale, step) if changes else ([], bands(plan, scale, step)) for scale in scales]
        pieces = [len(band.runs) + len(band.same) for cover in covers for side in cover for band in side]
        if sum(pieces) <= most:
            break
    return covers


def _grids(plan: Plan, scales: Sequence[tuple[Scale, bool]]) -> list[Grid | None]:
    """The aligned steps of each row; those of the closer row only where its bank has too many to draw."""
    result: list[Grid | None] = []
    for scale, closer in scales:
        searched = [
            attempt for attempt in plan.reservation.attempts if attempt.found is None or attempt.found < scale.end
        ]
        found = [grid_of(plan, attempt, [scale.span]) for attempt in searched]
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
    """The picture in words, for screen readers."""
    parts = [sentences.verdict(plan) + "."]
    for row in rows:
        if row.closer:
            continue
        shown = [mark.text for mark in row.special] + [band.text for band in row.bands]
        reserved = sum(mark.members for mark in row.reserved)
        if reserved:
            shown.insert(0, counted(reserved, "reserved range"))
        parts.append(f"{row.head}: {', '.join(shown)}." if shown else f"{row.head}.")
    return " ".join(parts)


# -- how it is drawn -------------------------------------------------------------------------------------------


def _caption(canvas: Canvas, plan: Plan) -> float:
    if not canvas.frame.caption:
        return float(MARGIN)
    y = canvas.paragraph(canvas.caption() + 2, sentences.verdict(plan), size=12)
    facts = dict(sentences.facts(plan))
    return canvas.paragraph(y, f"Kernel {facts['Kernel']}. Strategy {facts['Strategy']}.", cls="soft") + 10


def _costs(plan: Plan) -> str:
    """The linear map before and after in two numbers."""
    before, after = plan.baseline, plan.mapping
    entries, bytes_ = [before.tlb_entries, after.tlb_entries], column([before.table_bytes, after.table_bytes])
    if before == after:
        return f"whole map: {count(entries[1])} TLB entries, {bytes_[1]} tables"
    return f"whole map: {count(entries[0])} -> {count(entries[1])} TLB entries, {bytes_[0]} -> {bytes_[1]} tables"


def _break(canvas: Canvas, y: float, end: int | None, start: int | None, limit: int | None) -> float:
    """Draw the line between two rows: a hole in memory, the end of low memory, or both. None: no row on that side."""
    words = []
    if end is not None and start is not None and start > end:
        words.append(f"{size(start - end)} without memory")
    below, above = end is None or (limit is not None and end <= limit), start is None or limit is not None
    ends_here = limit is not None and below and above and (start is None or limit <= start)
    if ends_here and (end is not None or start is not None) and limit is not None:
        words.append(f"low memory ends at {address(limit)} ({size(limit)})")
    if not words:
        return y
    lines = wrapped("; ".join(words), _SMALL, canvas.width - 2 * MARGIN)
    for text in lines:
        y += 14
        canvas.text(canvas.width / 2, y, text, size=_SMALL, cls="soft", anchor="middle")
    box, cls, right = canvas.texts[-1], "edge dash" if ends_here else "thin dash", canvas.width - MARGIN
    if len(lines) == 1 and box.left - 6 > MARGIN:
        rule = number(y - 3.5)
        canvas.line(cls, f"M{MARGIN} {rule}H{number(box.left - 6)}M{number(box.right + 6)} {rule}H{right}")
    else:
        y += 6
        canvas.line(cls, f"M{MARGIN} {number(y)}H{right}")
    return y + 8


def _row(canvas: Canvas, y: float, row: _Row, plan: Plan, costs: str, known: int) -> _Drawn:
    """Draw one row. costs: a text about the whole map. known: the number of names in the list so far."""
    scale = row.scale
    y = canvas.paragraph(y, row.head, size=12, cls="strong")
    used = canvas.texts[-1].right + 12
    if not scale_bar(canvas, y, scale, used):
        y += 13
        scale_bar(canvas, y, scale, scale.left)
    names = _names(row)
    placed, left_over = place(names.labels, FONT, (MARGIN, scale.right), _LANES)
    lanes = max([p.lane for p in placed], default=-1) + 1
    top = y + 8 + lanes * _LANE + (4 if lanes else 0)
    for p in placed:
        base = top - 7 - p.lane * _LANE
        canvas.text(p.left, base, p.label.text)
        canvas.line("thin", f"M{number(p.label.x)} {number(base + 3)}V{number(top)}")
    y = _bars(canvas, row, top)
    y = search.paint_tracks(canvas, y, plan, scale)
    y = _maps(canvas, y, row, costs)
    keys = [
        _Key(known + n, label.x, names.whole[label.text, label.x])
        for n, label in enumerate(sorted(left_over, key=lambda label: label.x), 1)
    ]
    kept = max(_KEYS - known, 0)
    y = _axis(canvas, _key_marks(canvas, y, keys[:kept], scale), scale)
    return _Drawn(y, keys[:kept], names.unnamed + max(len(keys) - kept, 0))


def _bars(canvas: Canvas, row: _Row, top: float) -> float:
    """Draw the bar, and below it the steps of an aligned attempt. Returns the y below them."""
    scale = row.scale
    canvas.line("thin dash", f"M{number(scale.left)} {number(top + _BAR / 2)}h{number(scale.width)}")
    for layer in row.layers:
        for mark in layer:
            if mark.kind == "area":
                canvas.outline("edge", mark.x - 1, top - 2, mark.width + 2, _BAR + 4, mark.text)
            else:
                paint_mark(canvas, mark, top, _BAR)
    y = top + _BAR + 3
    if row.grid is None:
        return y
    if row.grid.drawn:
        for cell in row.grid.cells:
            if scale.start < cell.start < scale.end:
                canvas.line("thin", f"M{number(scale.x(cell.start))} {number(top)}v{_BAR + 3}")
        paint_grid(canvas, y, row.grid, scale.x)
        y += LANE
    return canvas.paragraph(y - 1, row.grid.text, left=scale.left, size=_SMALL, cls="soft") + 5


def _maps(canvas: Canvas, y: float, row: _Row, costs: str) -> float:
    """Draw the linear map without and with the crash kernel, or once where they are the same. Returns the y below."""
    lanes = [(row.without, "linear map without the crash kernel"), (row.bands, "with the crash kernel")]
    if not row.without:
        lanes = [(row.bands, "linear map, the same without the crash kernel")]
    left, right = row.scale.left, row.scale.right
    for shown, text in lanes:
        y += 9
        canvas.text(left, y, text, size=9, cls="soft")
        if shown is row.bands and costs:
            # At the right end of the label, or in lines of its own.
            fits = left + text_width(text, 9) + 12 + text_width(costs, _SMALL) <= right
            for line in [costs] if fits else wrapped(costs, _SMALL, right - left):
                y += 0 if fits else 12
                canvas.text(right, y, line, size=_SMALL, anchor="end")
        y += 3 + _BAND
        paint_bands(canvas, shown, y, _BAND)
        y += 3
    return y - 3


def _names(row: _Row) -> _Names:
    """The labels of one row."""
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
    low, high = row.scale.left + 1, row.scale.right - 1
    labels = [Label(text, min(max(x, low), high)) for text, x, _ in found]
    whole = {(label.text, label.x): text for label, (_, _, text) in zip(labels, found, strict=True)}
    return _Names(labels, whole, max(len(named) - _NAMED, 0))


def _key_marks(canvas: Canvas, y: float, keys: Sequence[_Key], scale: Scale) -> float:
    """Draw the numbers of names below the bands; numbers that would touch are drawn as a range."""
    if not keys:
        return y
    groups: list[list[_Key]] = []
    for key in keys:
        groups.append([key])
        while len(groups) > 1 and _key_box(groups[-2], scale).right + 5 > _key_box(groups[-1], scale).left:
            last = groups.pop()
            groups[-1] += last
    for group in groups:
        box = _key_box(group, scale)
        canvas.line("thin", f"M{number(box.x)} {number(y + 1)}v5")
        canvas.text((box.left + box.right) / 2, y + 15, _key_text(group), size=_SMALL, anchor="middle")
    return y + 17


def _key_text(group: Sequence[_Key]) -> str:
    first, last = group[0].number, group[-1].number
    return str(first) if first == last else f"{first}-{last}"


def _key_box(group: Sequence[_Key], scale: Scale) -> _KeyBox:
    """The place of a group, moved in from the edges of the row."""
    x = (group[0].x + group[-1].x) / 2
    wide = text_width(_key_text(group), _SMALL)
    left = min(max(x - wide / 2, scale.left), scale.right - wide)
    return _KeyBox(left, left + wide, x)


def _axis(canvas: Canvas, y: float, scale: Scale) -> float:
    """Draw the addresses at both ends, and round ones between them where there is room."""
    y += 13
    first, last = address(scale.start), address(scale.end)
    used, right = scale.left + text_width(first, _SMALL) + 10, scale.right - text_width(last, _SMALL)
    canvas.text(scale.left, y, first, size=_SMALL, cls="soft")
    if used > right:
        return y + 4
    canvas.text(scale.right, y, last, size=_SMALL, cls="soft", anchor="end")
    step = 1
    while step * scale.width < (text_width(last, _SMALL) + 30) * (scale.end - scale.start):
        step *= 2
    for at in range((scale.start // step + 1) * step, scale.end, step):
        half, x = text_width(address(at), _SMALL) / 2, scale.x(at)
        if x - half > used and x + half + 10 < right:
            canvas.text(x, y, address(at), size=_SMALL, cls="soft", anchor="middle")
            canvas.line("thin", f"M{number(x)} {number(y - 12)}v3")
            used = x + half + 10
    return y + 4


def _key_list(canvas: Canvas, y: float, keys: Sequence[_Key], unnamed: int) -> float:
    """Draw the list of numbered names, in as many columns as hold them whole."""
    if not keys:
        return y
    texts = [f"{key.number}  {key.text}" for key in keys]
    room = canvas.width - 2 * MARGIN
    columns = max(min(int(room // (max([text_width(text, _SMALL) for text in texts]) + 10)), len(keys)), 1)
    if columns == 1:
        for text in texts:
            y = canvas.paragraph(y, text, size=_SMALL)
        y += 4
    else:
        lines = -(-len(texts) // columns)
        for n, text in enumerate(texts):
            canvas.text(MARGIN + n // lines * room / columns, y + 12 + n % lines * 15, text, size=_SMALL)
        y += lines * 15 + 4
    return canvas.paragraph(y, f"and {count(unnamed)} more names", size=_SMALL, cls="soft") if unnamed else y
