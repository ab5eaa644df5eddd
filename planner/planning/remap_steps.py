"""How each strategy changes the linear map, operation by operation: in which order, and on which entries of a map.

`ORDERS` is the one place where the order of a strategy's phases stands: the concrete steps of a plan follow it, and so
do the procedures of the TLB model (`bbm`).

Source: the thread of July 2022 on "arm64: mm: fix linear mem mapping access performance degradation" (methods 1 and 3,
v5), the patch series of 19 August 2022, idmap_cpu_replace_ttbr1(), arch/arm64/mm/proc.S @ 6.1, and
split_kernel_leaf_mapping(), arch/arm64/mm/mmu.c @ 6.18.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from planner.base.ranges import Range, Span, union
from planner.kernel.linear_map import LeafSpan, kinds_used
from planner.kernel.ptdump import KINDS, Mapping, Tables
from planner.planning.context import Setting
from planner.planning.result import RemapStep, ReservationView

__all__ = ["BOOT_ROOT", "ENTRY_LEVELS", "ORDERS", "ROOT", "TABLE_LEVELS", "Phase", "remap_steps"]

ROOT, BOOT_ROOT = "swapper_pg_dir", "init_pg_dir"
"""The kernel's table, and the early one, which maps nothing but the image."""

TABLE_LEVELS = ("pud", "pmd", "pte")
"""Levels whose entries may be leaves, from the root down."""

ENTRY_LEVELS = ("pud", "pmd", "pmd", "pte", "pte")
"""The level of the entries of each kind of leaf, by its index in `KINDS`."""

Phase: TypeAlias = Literal[
    "build", "clear", "link", "split", "mark", "dsb", "flush", "forget", "leave", "return", "start"
]
"""build: fill new tables beside. clear: make the old entries invalid. link: put the new ones in place. split: build
and link, one size of leaf after the other, each with its barriers (set_pmd() has one). mark: set the nT bit. flush:
invalidate what changed, on all CPUs. forget: invalidate everything, on this CPU. leave, return: run on `BOOT_ROOT`, on
`ROOT` again. start: all CPUs run on `ROOT` for the first time."""

ORDERS: dict[str, tuple[Phase, ...]] = {
    "gather": ("link", "dsb", "flush", "dsb"),
    "rebuild-margins": ("build", "dsb", "link", "dsb", "flush", "dsb"),
    "rebuild-margins-nt": ("build", "dsb", "mark", "dsb", "flush", "dsb", "link", "dsb", "flush", "dsb"),
    "switch-table": (
        *("build", "leave", "forget", "dsb"),
        *("clear", "dsb", "flush", "dsb", "link", "dsb"),
        *("return", "forget", "dsb"),
    ),
    "pud-aligned": ("clear", "dsb", "flush", "dsb", "build", "dsb", "link", "dsb"),
    "pud-aligned-trimmed": ("clear", "dsb", "flush", "dsb", "build", "dsb", "link", "dsb"),
    "base-pages": ("build", "dsb", "start"),
    "isolated": ("build", "dsb", "start"),
    "bbml2": ("split", "flush", "dsb"),
}

_WITHOUT_ENTRIES: dict[Phase, RemapStep] = {
    "dsb": RemapStep("dsb"),
    "forget": RemapStep("tlbi", local=True),
    "leave": RemapStep("switch", root=BOOT_ROOT),
    "return": RemapStep("switch", root=ROOT),
    "start": RemapStep("switch", root=ROOT, cpus="all"),
}
"""The phases that are one operation whatever changes."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Entries that change: whole leaves or contiguous runs of one kind, and what they become.

    was: None where nothing was mapped before.
    """

    start: int
    end: int
    was: int | None
    parts: tuple[LeafSpan, ...]


def remap_steps(
    setting: Setting,
    reservation: ReservationView,
    *,
    before: Sequence[LeafSpan],
    after: Sequence[LeafSpan],
    mapping: Mapping,
    baseline: Mapping,
) -> tuple[RemapStep, ...]:
    """The operations that lead from the map without a crash kernel to that of the plan; empty if it stays as it is.

    What is decided before the map is live is built whole; all else changes entries of the live map.
    """
    if after is before or (reservation.crash is None and setting.effect != "pages"):
        return ()
    name = setting.strategy.name
    live = name in ORDERS and setting.effect not in ("pages", "none") and (name != "isolated")
    if setting.strategy.proposal and reservation.area is None:
        live = False
    order = ORDERS[name] if live else ORDERS["base-pages" if setting.effect == "pages" else "isolated"]
    maker = _Maker(setting, order)
    if not live:
        pieces = [_Piece(start, end, None, ((start, end, kind),)) for start, end, kind in after]
        tables = mapping.tables
    else:
        area = reservation.area if setting.strategy.proposal else None
        pieces = _within(before, after, area) if area else maker.changed(before, after)
        tables = Tables(
            *(max(0, getattr(mapping.tables, level) - getattr(baseline.tables, level)) for level in Tables.__slots__)
        )
    if not pieces:
        return ()
    total = tables.p4d + tables.pud + tables.pmd + tables.pte
    steps = [RemapStep("tables", entries=total, tables=tables)]
    for phase in order:
        steps += maker.phase(phase, pieces)
    return tuple(steps)


def _within(before: Sequence[LeafSpan], after: Sequence[LeafSpan], area: Range) -> list[_Piece]:
    """Every entry of an area that consists of whole leaves."""
    return [
        _Piece(start, end, kind, _clipped(after, start, end)) for start, end, kind in _clipped(before, *_span(area))
    ]


def _span(area: Range) -> Span:
    return area.start, area.end


def _clipped(spans: Sequence[LeafSpan], start: int, end: int) -> tuple[LeafSpan, ...]:
    """The spans inside a range, neighbours of one kind joined."""
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

    def __init__(self, setting: Setting, order: Sequence[Phase]) -> None:
        geo = setting.geometry
        self.cleared = "clear" in order
        self.kinds = kinds_used(geo, setting.memstart)
        self.entry_sizes = (geo.pud_size, geo.pmd_size, geo.pmd_size, geo.page_size, geo.page_size)
        self.unit_sizes = (geo.pud_size, geo.cont_pmd_size, geo.pmd_size, geo.cont_pte_size, geo.page_size)

    def changed(self, before: Sequence[LeafSpan], after: Sequence[LeafSpan]) -> list[_Piece]:
        """The leaves and whole runs that are not what they were."""
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
        """The whole leaves or runs of a kind that a range lies in; origin: where one starts."""
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
        """Whether a leaf lies in a table below the entries that were there."""
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
        """From the largest kind down: what must become smaller takes the next size, through all sizes there are."""
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
