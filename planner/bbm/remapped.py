"""A plan's remap steps as a procedure: the same operations, on the fewest representative entries.

A map has millions of entries; entries that every step treats the same way, in similar tables, behave the same. So one
*point* of each group is kept; groups differ in the operations on an address, and in the sharing of its old leaf or
contiguous run. For a contiguous run two points in different entries are kept, because entries of a run are rewritten
one after the other. The tables are those of the points, a neighbour that no step changes, and the image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from planner.base.ranges import Range
from planner.bbm.model import Dsb, Entry, Leaf, Page, Procedure, Step, Switch, Table, Tlbi, Write
from planner.bbm.procedures import IMAGE
from planner.kernel.pgtable import Geometry
from planner.kernel.ptdump import KINDS
from planner.planning.remap_steps import BOOT_ROOT, ENTRY_LEVELS, ROOT, TABLE_LEVELS
from planner.planning.result import RemapStep

__all__ = ["procedure_of"]


class _Reached(NamedTuple):
    """One step on an address, as far as it tells addresses apart."""

    phase: int
    """How many barriers, invalidations and switches come before it."""
    operation: str
    leaf: str | None
    """The kind of leaf that it stores."""
    was: str | None
    """The kind of leaf before."""


class _Point(NamedTuple):
    """A representative address."""

    address: int
    name: str
    touch: str
    was: str | None
    """The kind of its old leaf; None if it was not mapped."""
    unit: int | None
    """The number of its old leaf or run; None if it was not mapped."""
    reached: tuple[_Reached, ...]
    """The steps on it."""


def procedure_of(
    steps: Sequence[RemapStep],
    geometry: Geometry,
    crash: Range,
    area: Range | None = None,
    *,
    name: str = "plan",
    touch: str = "linear-map",
) -> Procedure:
    """The procedure of a plan's steps. area: the remapped aligned range; None: the crash memory.

    touch: addresses that are really accessed meanwhile. If the steps contradict each other, exploring raises
    ProcedureError.
    """
    return _Maker(steps, geometry, crash, area or crash).procedure(name, touch)


class _Maker:
    """Makes one procedure. own: the remapped range. live: the steps change entries of the live map."""

    def __init__(self, steps: Sequence[RemapStep], geometry: Geometry, crash: Range, own: Range) -> None:
        self.steps, self.crash, self.own = steps, crash, own
        self.sizes = {"pud": geometry.pud_size, "pmd": geometry.pmd_size, "pte": geometry.page_size}
        self.units = dict(zip(KINDS, geometry.leaf_sizes, strict=True))
        self.live = any(step.was for step in steps)
        self.points = self._points()

    # -- representative addresses -------------------------------------------------------------------------------

    def _points(self) -> tuple[_Point, ...]:
        """One or two points of each kind; units whose points all occur in another unit are left out."""
        page = self.sizes["pte"]
        edges = {edge for step in self.steps if step.range for edge in step.range.span}
        edges |= {edge for span in (self.crash, self.own) for edge in (span.start, -(-span.end // page) * page)}
        addresses = edges | {edge - page for edge in edges}
        rewritten = {self.sizes[step.level] for step in self.steps if step.level and _of_run(step.was)}
        addresses |= {address + off for address in addresses for size in rewritten for off in (size, -size)}
        units: dict[tuple[str | None, int | None], dict[object, list[_Point]]] = {}
        for address in sorted(addresses):
            point = self._point(address)
            if point.reached:
                alike = units.setdefault((point.was, point.unit), {}).setdefault(
                    (point.touch, point.name, point.reached), []
                )
                if not alike or (len(alike) == 1 and self._same_run(alike[0], point)):
                    alike.append(point)
        chosen: list[tuple[str | None, dict[object, int], list[_Point]]] = []
        for (was, _), kept in sorted(units.items(), key=lambda item: -len(item[1])):
            shown = {kind: len(alike) for kind, alike in kept.items()}
            if not any(was == other and shown.items() <= seen.items() for other, seen, _ in chosen):
                chosen.append((was, shown, [point for alike in kept.values() for point in alike]))
        points = sorted((point for _, _, found in chosen for point in found), key=lambda point: point.address)
        return tuple(_numbered(points))

    def _same_run(self, one: _Point, other: _Point) -> bool:
        """True if two points lie in different entries of one contiguous run that is rewritten."""
        runs = {step.was for step in one.reached if step.was is not None and _of_run(step.was)}
        return any(
            one.address // self.units[run] == other.address // self.units[run]
            and one.address // self.sizes[ENTRY_LEVELS[KINDS.index(run)]]
            != other.address // self.sizes[ENTRY_LEVELS[KINDS.index(run)]]
            for run in runs
        )

    def _point(self, address: int) -> _Point:
        reached: list[_Reached] = []
        was: str | None = None
        phase = 0
        for step in self.steps:
            if step.step in ("dsb", "tlbi", "switch"):
                phase += 1
            if step.range is None or not step.range.start <= address < step.range.end:
                continue
            if was is None and step.was is not None:
                was = step.was
            reached.append(_Reached(phase, step.step, step.leaf, step.was))
        if address in range(self.crash.start, self.crash.end):
            name, touch = "crash", "area"
        elif address in range(self.own.start, self.own.end):
            name, touch = "tail", "area"
        else:
            name, touch = "margin" if self.live else "rest", "linear-map"
        return _Point(address, name, touch, was, address // self.units[was] if was else None, tuple(reached))

    # -- tables ------------------------------------------------------------------------------------------------

    def procedure(self, name: str, touch: str) -> Procedure:
        """The procedure itself."""
        pages = [Page(point.name, point.touch) for point in self.points]
        if self.live:
            pages.append(Page("next", "linear-map"))
        return Procedure(
            name=name,
            summary="the remap steps of a plan",
            pages=(*pages, IMAGE),
            tables=tuple(self._tables()),
            root=ROOT if self.live else BOOT_ROOT,
            steps=tuple(self._abstract()),
            touch=touch,
        )

    def _top(self, point: _Point) -> str:
        """The level of the highest entry changed or filled for a point."""
        if point.was is not None:
            return ENTRY_LEVELS[KINDS.index(point.was)]
        return "pud" if self.sizes["pud"] != self.sizes["pmd"] else "pmd"

    def _group(self, point: _Point, level: str) -> tuple[_Point, ...]:
        """The points that share a point's entry at a level."""
        number = point.address // self.sizes[level]
        return tuple(
            p for p in self.points if p.address // self.sizes[level] == number and self._top(p) == self._top(point)
        )

    def _entry(self, point: _Point, level: str) -> str:
        """The name of a point's entry at a level."""
        return f"{'+'.join(p.name for p in self._group(point, level))} {level.upper()}"

    def _table(self, point: _Point, level: str) -> str:
        """The name of the table with a point's entry at a level."""
        if level == self._top(point):
            return f"{level}s"
        above = TABLE_LEVELS[TABLE_LEVELS.index(level) - 1]
        return f"{'+'.join(p.name for p in self._group(point, above))} {level}s"

    def _tables(self) -> Iterator[Table]:
        """The roots, then every table that a point's walk may pass."""
        tops = dict.fromkeys(self._top(point) for point in self.points)
        entries: dict[tuple[str, str], dict[str, Entry]] = {}
        for point in self.points:
            for level in self._levels(point):
                group, starts, run = self._group(point, level), None, ""
                if level != self._top(point):
                    if level != "pud":  # new entries form a run if the hint is set
                        run = f"run {point.address // self.units[f'cont_{level}']}"
                elif point.was is not None:
                    starts = Leaf(cont=_of_run(point.was))
                    run = f"run {point.unit}" if starts.cont else ""
                table = entries.setdefault((self._table(point, level), level), {})
                entry = self._entry(point, level)
                table.setdefault(entry, Entry(entry, tuple(p.name for p in group), starts, run))
        if self.live:
            top = next(iter(tops))
            entries[f"{top}s", top]["next"] = Entry(f"next {top.upper()}", ("next",), Leaf())
        roots = [
            Entry(
                f"root of {top}s",
                tuple(page for entry in entries[f"{top}s", top].values() for page in entry.covers),
                f"{top}s",
            )
            for top in tops
        ]
        yield Table(ROOT, "pgd", (*roots, Entry("image", (IMAGE.name,), Leaf())))
        yield Table(BOOT_ROOT, "pgd", (Entry("early image", (IMAGE.name,), Leaf()),))
        for (name, level), held in entries.items():
            yield Table(name, level, tuple(held.values()))

    def _levels(self, point: _Point) -> tuple[str, ...]:
        """The levels at which a point has an entry."""
        top = TABLE_LEVELS.index(self._top(point))
        stored = [
            TABLE_LEVELS.index(step.level)
            for step in self.steps
            if step.level and step.step in ("build", "write") and self._reaches(step, point)
        ]
        return TABLE_LEVELS[top : max(top, *stored, top) + 1]

    def _reaches(self, step: RemapStep, point: _Point) -> bool:
        return step.range is not None and step.range.start <= point.address < step.range.end

    # -- steps -------------------------------------------------------------------------------------------------

    def _abstract(self) -> Iterator[Step]:
        for step in self.steps:
            reached = [point for point in self.points if self._reaches(step, point)]
            if step.step == "dsb":
                yield Dsb("all" if step.cpus == "all" else "one")
            elif step.step == "tlbi":
                if step.range is None or reached:
                    pages = None if step.range is None else tuple(point.name for point in reached)
                    yield Tlbi(pages, local=step.local, cpus="all" if step.cpus == "all" else "one")
            elif step.step == "switch":
                yield Switch(step.root or ROOT, "all" if step.cpus == "all" else "one")
            else:
                yield from dict.fromkeys(write for point in reached for write in self._writes(step, point))

    def _filled(self, point: _Point, level: str) -> bool:
        """True if a step stores the descriptor of a point's entry at a level itself."""
        return any(
            step.level == level and step.step in ("build", "link", "write") and self._reaches(step, point)
            for step in self.steps
        )

    def _writes(self, step: RemapStep, point: _Point) -> Iterator[Write]:
        """Descriptors that a step stores in the entries of a point."""
        level = step.level
        if level is None:
            return
        if step.step == "clear":
            yield Write(self._entry(point, level), None)
        elif step.step == "link":
            below = TABLE_LEVELS[TABLE_LEVELS.index(level) + 1]
            yield Write(self._entry(point, level), self._table(point, below))
        else:
            top = self._top(point)
            if step.step == "build":
                between = TABLE_LEVELS[TABLE_LEVELS.index(top) + (self.live) : TABLE_LEVELS.index(level)]
                for upper in between:
                    if not self._filled(point, upper):
                        below = TABLE_LEVELS[TABLE_LEVELS.index(upper) + 1]
                        yield Write(self._entry(point, upper), self._table(point, below))
            yield Write(self._entry(point, level), Leaf(cont=_of_run(step.leaf)))


def _of_run(kind: str | None) -> bool:
    return kind is not None and kind.startswith("cont_")


def _numbered(points: Sequence[_Point]) -> Iterator[_Point]:
    counts: dict[str, int] = {}
    names = [point.name for point in points]
    for point in points:
        number = counts[point.name] = counts.get(point.name, 0) + 1
        name = point.name if names.count(point.name) == 1 else f"{point.name} {number}"
        yield point._replace(name=name)
