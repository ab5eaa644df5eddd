"""The operations that change the linear map under a strategy, in order, on the entries of one map.

The order of phases is a field of the strategy's row; the steps of a plan and the procedures of the TLB model (`bbm`)
both follow it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from planner.base.ranges import Range, Span, union
from planner.kernel.linear_map import LeafSpan, Measured, kinds_used
from planner.kernel.ptdump import KINDS, TABLES, Tables
from planner.planning.context import Context
from planner.planning.result import RemapStep, ReservationView
from planner.planning.strategies import BEFORE_LIVE, STRATEGIES, Phase

__all__ = ["BOOT_ROOT", "ENTRY_LEVELS", "ORDERS", "ROOT", "TABLE_LEVELS", "Phase", "remap_steps"]

ROOT, BOOT_ROOT = "swapper_pg_dir", "init_pg_dir"
"""The kernel's table, and the early one, which maps only the image."""

TABLE_LEVELS = ("pud", "pmd", "pte")
"""Levels whose entries may be leaves, from the root down."""

ENTRY_LEVELS = ("pud", "pmd", "pmd", "pte", "pte")
"""The level of the entries of each kind of leaf, by its index in `KINDS`."""

ORDERS: dict[str, tuple[Phase, ...]] = {
    "gather": ("link", "dsb", "flush", "dsb"),
    "rebuild-margins-nt": ("build", "dsb", "mark", "dsb", "flush", "dsb", "link", "dsb", "flush", "dsb"),
    **{s.name: s.order for s in STRATEGIES.values() if s.live or s.effect in ("pages", "isolated")},
}
"""The phases of every procedure: those of the strategies, and two used only by the TLB model."""

_WITHOUT_ENTRIES: dict[Phase, RemapStep] = {
    "dsb": RemapStep("dsb"),
    "forget": RemapStep("tlbi", local=True),
    "leave": RemapStep("switch", root=BOOT_ROOT),
    "return": RemapStep("switch", root=ROOT),
    "start": RemapStep("switch", root=ROOT, cpus="all"),
}
"""The phases that are a single operation, whatever entries change."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Entries that change: whole leaves or contiguous runs of one kind, and their new leaves.

    was: None where nothing was mapped before.
    """

    start: int
    end: int
    was: int | None
    parts: tuple[LeafSpan, ...]


def remap_steps(
    context: Context, reservation: ReservationView, *, baseline: Measured, planned: Measured
) -> tuple[RemapStep, ...]:
    """The operations from the map without a crash kernel to the plan's map; empty if they are the same.

    A map that is decided before it goes live is built as a whole; otherwise entries of the live map change.
    """
    before, after = baseline.spans, planned.spans
    if after is before or (reservation.crash is None and context.effect != "pages"):
        return ()
    strategy = context.strategy
    live = strategy.live and context.effect not in ("pages", "none")
    if strategy.proposal and reservation.area is None:
        live = False
    order = strategy.order if live else BEFORE_LIVE
    maker = _Maker(context, order)
    if not live:
        pieces = [_Piece(start, end, None, ((start, end, kind),)) for start, end, kind in after]
        tables = planned.mapping.tables
    else:
        area = reservation.area if strategy.proposal else None
        pieces = _within(before, after, area) if area else maker.changed(before, after)
        now, then = planned.mapping.tables, baseline.mapping.tables
        tables = Tables(*(max(0, getattr(now, level) - getattr(then, level)) for level in TABLES))
    if not pieces:
        return ()
    steps = [RemapStep("tables", entries=tables.total, tables=tables)]
    for phase in order:
        steps += maker.phase(phase, pieces)
    return tuple(steps)


def _within(before: Sequence[LeafSpan], after: Sequence[LeafSpan], area: Range) -> list[_Piece]:
    """Every entry of an area that consists of whole leaves."""
    return [
        _Piece(start, end, kind, _clipped(after, start, end))
        for start, end, kind in _clipped(before, area.start, area.end)
    ]


def _clipped(spans: Sequence[LeafSpan], start: int, end: int) -> tuple[LeafSpan, ...]:
    """The spans inside a range, adjacent ones of one kind merged."""
    found: list[LeafSpan] = []
    for low, high, kind in spans:
        if high <= start or end <= low:
            continue
        first, last = max(low, start), min(high, end)
        if found and found[-1][1] == first and found[-1][2] == kind:
            first = found.pop()[0]
        found.append((first, last, kind))
    return tuple(found)


class _Maker:
    """Turns phases into operations on the entries of one geometry."""

    def __init__(self, context: Context, order: Sequence[Phase]) -> None:
        geo = context.geometry
        self.cleared = "clear" in order
        self.kinds = kinds_used(geo, context.memstart)
        self.entry_sizes, self.unit_sizes = geo.entry_sizes, geo.leaf_sizes

    def changed(self, before: Sequence[LeafSpan], after: Sequence[LeafSpan]) -> list[_Piece]:
        """The leaves and whole runs that change."""
        pieces = []
        first = 0
        for start, end, kind in before:
            while first < len(after) and after[first][1] <= start:
                first += 1
            found = []
            index = first
            while index < len(after) and after[index][0] < end:
                low, high, now = after[index]
                if now != kind:
                    found.append(self._units(kind, start, max(low, start), min(high, end)))
                index += 1
            pieces += [_Piece(low, high, kind, _clipped(after, low, high)) for low, high in union(found)]
        return pieces

    def _units(self, kind: int, origin: int, low: int, high: int) -> Span:
        """The whole leaves or runs of a kind that contain a range; origin: the start of one of them."""
        size = self.unit_sizes[kind]
        return origin + (low - origin) // size * size, origin - (origin - high) // size * size

    def phase(self, phase: Phase, pieces: Sequence[_Piece]) -> Iterator[RemapStep]:
        """The operations of one phase."""
        if phase == "split":
            yield from self._split(pieces)
        elif phase == "flush":
            for start, end in union((piece.start, piece.end) for piece in pieces):
                yield RemapStep("tlbi", Range(start, end))
        elif phase in _WITHOUT_ENTRIES:
            yield _WITHOUT_ENTRIES[phase]
        else:
            make = {"build": self._build, "clear": self._clear, "link": self._link}[phase]
            for piece in pieces:
                yield from make(piece)

    def _on(self, step: str, start: int, end: int, *, leaf: int | None = None, was: int | None = None) -> RemapStep:
        """An operation on the entries of a kind of leaf in a range."""
        kind = leaf if leaf is not None else was
        assert kind is not None  # noqa: S101 - an operation on entries is one on leaves of some kind
        return RemapStep(
            step,
            Range(start, end),
            leaf=None if leaf is None else KINDS[leaf],
            was=None if was is None else KINDS[was],
            level=ENTRY_LEVELS[kind],
            entries=(end - start) // self.entry_sizes[kind],
        )

    def _deeper(self, kind: int, was: int | None) -> bool:
        """True if a leaf lies in a table below the entries that were there."""
        return was is None or TABLE_LEVELS.index(ENTRY_LEVELS[kind]) > TABLE_LEVELS.index(ENTRY_LEVELS[was])

    def _clear(self, piece: _Piece) -> Iterator[RemapStep]:
        yield self._on("clear", piece.start, piece.end, was=piece.was)

    def _build(self, piece: _Piece) -> Iterator[RemapStep]:
        for start, end, kind in piece.parts:
            if self._deeper(kind, piece.was):
                yield self._on("build", start, end, leaf=kind)

    def _link(self, piece: _Piece) -> Iterator[RemapStep]:
        was = piece.was
        assert was is not None  # noqa: S101 - what is built before the map is live has no phase of linking
        size = self.entry_sizes[was]
        below = union(
            (
                piece.start + (start - piece.start) // size * size,
                piece.start - (piece.start - end) // size * size,
            )
            for start, end, kind in piece.parts
            if self._deeper(kind, was)
        )
        for start, end in below:
            step = self._on("link", start, end, was=was)
            yield RemapStep(
                "link", step.range, was=None if self.cleared else step.was, level=step.level, entries=step.entries
            )
        for start, end, kind in piece.parts:
            if not self._deeper(kind, was) and (self.cleared or kind != was):
                yield self._on("write", start, end, leaf=kind, was=None if self.cleared else was)

    def _split(self, pieces: Sequence[_Piece]) -> Iterator[RemapStep]:
        """Split level by level from the largest kind down, until every leaf has its new size."""
        current = [(piece.start, piece.end, piece.was) for piece in pieces]
        final = [part for piece in pieces for part in piece.parts]
        for kind, smaller in zip(self.kinds, self.kinds[1:], strict=False):
            following: list[tuple[int, int, int | None]] = []
            cut: list[Span] = []
            for start, end, was in current:
                if was != kind:
                    following.append((start, end, was))
                    continue
                own = union(
                    self._units(kind, start, low, high) for low, high, now in _clipped(final, start, end) if now > kind
                )
                cut += own
                following += [(low, high, smaller) for low, high in own]
            current = sorted(following, key=lambda item: item[0])
            if not cut:
                continue
            split = [_Piece(low, high, kind, ((low, high, smaller),)) for low, high in cut]
            if self._deeper(smaller, kind):
                yield from self.phase("build", split)
                yield RemapStep("dsb")
            yield from self.phase("link", split)
            yield RemapStep("dsb")
