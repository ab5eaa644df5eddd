"""One range of addresses drawn to scale: marks for its contents, bands for how the linear map covers it.

Positions are pixels of the picture. Ranges smaller than a pixel are drawn together with small neighbours, so that a
picture of thousands of ranges stays as small as its pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from planner.base.errors import printable
from planner.base.ranges import Span, subtract, total, union
from planner.kernel.linear_map import LeafSpan
from planner.kernel.memory_map import FLAG_NAMES, Flag, Region
from planner.planning.result import Plan
from planner.render.blocks.numbers import count, size, span

__all__ = [
    "GENERIC",
    "KIND_NAMES",
    "Band",
    "Item",
    "Items",
    "Mark",
    "Scale",
    "bands",
    "compared",
    "items",
    "marks",
    "merged",
]

KIND_NAMES = ("PUD blocks", "PMD blocks, contiguous", "PMD blocks", "pages, contiguous", "base pages")
"""Names of the kinds of leaf entries, in the order of `planner.kernel.ptdump.KINDS`."""

GENERIC = {"", "reserved", "Reserved"}
"""Names that tell nothing that the drawing does not show."""

_NAME = 64
"""Most characters of a name."""

_LISTED = 6
"""Most members of a mark that are named."""

_WIDEST = 16
"""Greatest width of a mark of merged ranges, in merging distances, so that it still shows where they are."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Addresses `[start, end)` on `width` pixels from `left` on."""

    start: int
    end: int
    width: float
    left: float = 0.0

    def x(self, at: int) -> float:
        """The pixel of an address; addresses outside are moved to the edge."""
        inside = min(max(at, self.start), self.end) - self.start
        return self.left + inside * self.width / (self.end - self.start)

    @property
    def right(self) -> float:
        """The pixel where it ends."""
        return self.left + self.width

    @property
    def span(self) -> Span:
        """The addresses."""
        return (self.start, self.end)


@dataclass(frozen=True, slots=True)
class Item:
    """One range of a plan. kind: `ram`, `nomap`, `reserved`, `kept`, `tail`, `cma`, `low`, `crash` or `area`."""

    kind: str
    start: int
    end: int
    name: str = ""

    @property
    def text(self) -> str:
        """The range in one sentence."""
        name = printable(self.name) or "reserved"
        if len(name) > _NAME:
            name = f"{name[: _NAME - 3]}..."
        return f"{name}: {size(self.end - self.start)} at {span(self.start, self.end)}"


@dataclass(frozen=True, slots=True)
class Mark:
    """One item, or several small ones drawn together. pieces: (x, width) of each part that can be seen.

    kind: that of its items, or `partly`: reserved ranges that take less than half of what is drawn for them.
    """

    kind: str
    x: float
    width: float
    pieces: tuple[tuple[float, float], ...]
    text: str
    first: Item
    members: int = 1

    @property
    def weight(self) -> int:
        """About how many bytes it takes in a file."""
        return 130 + len(self.text) + 24 * len(self.pieces)


@dataclass(frozen=True, slots=True)
class Band:
    """One kind of leaf in a range. kind: index into `KIND_NAMES`; runs: (x, width); same: the unchanged parts."""

    kind: int
    runs: tuple[tuple[float, float], ...]
    text: str
    same: tuple[tuple[float, float], ...] = ()


class Items(NamedTuple):
    """The ranges of a plan: memory and reservations, ascending; `special`, the crash kernel's, as they are painted."""

    memory: list[Item]
    reserved: list[Item]
    special: list[Item]


def items(plan: Plan) -> Items:
    """Everything that a plan shows on an axis of addresses."""
    memory = [_memory(region) for region in plan.memory.regions]
    listed = sorted(plan.memory.reserved, key=lambda r: (r.start, r.end, r.name))
    reserved = [Item("reserved", r.start, r.end, r.name) for r in listed]
    done = plan.reservation
    special: list[Item] = []
    if done.area is not None:
        special.append(Item("area", done.area.start, done.area.end, "area"))
        freed = [r.span for r in done.returned]
        taken = ([done.crash.span] if done.crash else []) + freed
        kept = subtract(done.area.span, union(taken))
        special += [Item("kept", start, end, "rest of the area, kept") for start, end in kept]
    special += [Item("tail", r.start, r.end, "tail, freed after boot") for r in done.returned]
    special += [Item("cma", r.start, r.end, "crash cma") for r in done.cma]
    if done.low is not None:
        special.append(Item("low", done.low.start, done.low.end, "crash kernel's low memory"))
    if done.crash is not None:
        special.append(Item("crash", done.crash.start, done.crash.end, "crash memory"))
    return Items(memory, reserved, special)


def _memory(region: Region) -> Item:
    flags = [name for name, flag in FLAG_NAMES.items() if region.flags & flag]
    words = ["firmware memory" if region.flags & Flag.NOMAP else "memory"]
    if region.node is not None:
        words.append(f"of node {region.node}")
    if flags:
        words.append(f"({', '.join(flags)})")
    return Item("nomap" if region.flags & Flag.NOMAP else "ram", region.start, region.end, " ".join(words))


def marks(listed: Sequence[Item], scale: Scale, small: float) -> list[Mark]:
    """The items inside a scale, ascending; those under `small` pixels are merged with such neighbours."""
    found: list[Mark] = []
    group: list[Item] = []
    edge = start = 0.0
    for item in listed:
        if item.end <= scale.start or item.start >= scale.end:
            continue
        left, right = scale.x(item.start), scale.x(item.end)
        if right - left >= small:
            found += _flush(group, scale)
            group = []
            found.append(_single(item, left, right))
            continue
        joins = group and left - edge < small and right - start < _WIDEST * small and group[0].kind == item.kind
        if not joins:
            found += _flush(group, scale)
            group, start, edge = [], left, left
        group.append(item)
        edge = max(edge, right)
    return [*found, *_flush(group, scale)]


def _single(item: Item, left: float, right: float) -> Mark:
    width = max(right - left, 1)
    return Mark(item.kind, left, width, ((left, width),), item.text, item)


def _flush(group: list[Item], scale: Scale) -> list[Mark]:
    """A group of small neighbours as one mark; none for an empty group."""
    if len(group) < 2:
        return [_single(item, scale.x(item.start), scale.x(item.end)) for item in group]
    pieces = merged((scale.x(item.start), scale.x(item.end)) for item in group)
    start, end = group[0].start, max(item.end for item in group)
    within = union([(item.start, item.end) for item in group])
    shown = "; ".join([item.text for item in group[:_LISTED]])
    more = f"; and {count(len(group) - _LISTED)} more" if len(group) > _LISTED else ""
    text = f"{count(len(group))} ranges, {size(total(within))} within {span(start, end)}: {shown}{more}"
    left, right = pieces[0][0], pieces[-1][0] + pieces[-1][1]
    drawn = sum(wide for _, wide in pieces) * (scale.end - scale.start) / scale.width
    sparse = group[0].kind == "reserved" and 2 * total(within) < drawn
    return [Mark("partly" if sparse else group[0].kind, left, right - left, pieces, text, group[0], len(group))]


def merged(extents: Iterable[tuple[float, float]], step: float = 1.0) -> tuple[tuple[float, float], ...]:
    """Sorted (left, right) pairs as (x, width), at least `step` wide; what is less than that apart is one piece."""
    result: list[tuple[float, float]] = []
    for left, right in extents:
        if result and left < result[-1][0] + result[-1][1] + step:
            x, width = result[-1]
            result[-1] = (x, max(width, right - x))
        else:
            result.append((left, max(right - left, step)))
    return tuple(result)


def bands(plan: Plan, scale: Scale, step: float = 1.0) -> list[Band]:
    """The linear map inside a scale: one band per kind of leaf.

    Every `step` pixels show the kind that maps most of them; the leaves of the crash memory always show, however small.
    """
    spans, shown = _shown(plan.leaf_spans, scale, step)
    crash = plan.reservation.crash
    if crash is not None and scale.start <= crash.start < scale.end:
        at = min(int((scale.x(crash.start) - scale.left) / step), len(shown) - 1)
        shown[at] = next((kind for start, end, kind in spans if start <= crash.start < end), shown[at])
    return _bands(spans, shown, [True] * len(shown), scale, step, "linear map")


def compared(plan: Plan, scale: Scale, step: float = 1.0) -> tuple[list[Band], list[Band]]:
    """The linear map inside a scale without the crash kernel and with it, each in what changes and what does not."""
    before, after = (_shown(spans, scale, step) for spans in (plan.baseline_spans, plan.leaf_spans))
    changed = [a != b for a, b in zip(before[1], after[1], strict=True)]
    return (
        _bands(*before, changed, scale, step, "linear map without the crash kernel"),
        _bands(*after, changed, scale, step, "linear map with the crash kernel"),
    )


def _shown(listed: Sequence[LeafSpan], scale: Scale, step: float) -> tuple[list[LeafSpan], list[int | None]]:
    """Spans inside a scale, and the kind that each column of `step` pixels shows."""
    spans = [s for s in listed if s[0] < scale.end and s[1] > scale.start]
    return spans, _columns(spans, scale, max(int(scale.width / step), 1))


def _bands(
    spans: Sequence[LeafSpan],
    shown: Sequence[int | None],
    changed: Sequence[bool],
    scale: Scale,
    step: float,
    what: str,
) -> list[Band]:
    """A band for each kind of leaf that maps anything."""
    found = []
    for kind, name in enumerate(KIND_NAMES):
        mapped = sum(min(end, scale.end) - max(start, scale.start) for start, end, k in spans if k == kind)
        if mapped:
            runs, same = (
                tuple(
                    (scale.left + first * step, (last - first) * step)
                    for first, last in _runs([k == kind and c == moved for k, c in zip(shown, changed, strict=True)])
                )
                for moved in (True, False)
            )
            found.append(Band(kind, runs, f"{what}: {size(mapped)} here in {name}", same))
    return found


def _columns(spans: Sequence[LeafSpan], scale: Scale, columns: int) -> list[int | None]:
    """The kind that maps most of each column; None where nothing is mapped. One pass over the spans."""
    most: list[dict[int, int]] = [{} for _ in range(columns)]
    whole = scale.end - scale.start
    for start, end, kind in spans:
        low, high = max(start, scale.start) - scale.start, min(end, scale.end) - scale.start
        first, last = low * columns // whole, (high - 1) * columns // whole
        for column in {first, last}:
            left, right = column * whole // columns, (column + 1) * whole // columns
            mapped = min(high, right) - max(low, left)
            most[column][kind] = most[column].get(kind, 0) + mapped
        for column in range(first + 1, last):
            most[column][kind] = whole
    return [max(kinds, key=lambda k: (kinds[k], k)) if kinds else None for kinds in most]


def _runs(shown: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """First and last column, exclusive, of each run of true ones."""
    at = 0
    for on, group in groupby(shown):
        end = at + sum(1 for _ in group)
        if on:
            yield at, end
        at = end
