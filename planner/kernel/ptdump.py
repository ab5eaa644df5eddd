"""The contents of a linear map, as a dump of the page tables shows them: leaves, tables, spans (mm/ptdump.c)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass

__all__ = ["KINDS", "NO_SPANS", "TABLES", "Leaves", "Mapping", "Spans", "Tables"]

KINDS = ("pud", "cont_pmd", "pmd", "cont_pte", "pte")
"""Kinds of leaf entries, largest first; `cont_*` entries are not counted in `pmd` and `pte`."""

TABLES = ("p4d", "pud", "pmd", "pte")
"""Table levels below the root, largest first; folded levels count 0."""


@dataclass(frozen=True, slots=True)
class Leaves:
    """One number per kind of leaf (entries, or bytes)."""

    pud: int = 0
    """PUD blocks."""
    cont_pmd: int = 0
    """PMD blocks in contiguous runs."""
    pmd: int = 0
    """Single PMD blocks."""
    cont_pte: int = 0
    """Pages in contiguous runs."""
    pte: int = 0
    """Single pages."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Table pages per level; neither the root nor folded levels are counted."""

    p4d: int = 0
    """P4D tables."""
    pud: int = 0
    """PUD tables."""
    pmd: int = 0
    """PMD tables."""
    pte: int = 0
    """PTE tables."""

    @property
    def total(self) -> int:
        """All table pages."""
        return self.p4d + self.pud + self.pmd + self.pte


@dataclass(frozen=True, slots=True)
class Mapping:
    """The linear map in numbers."""

    leaves: Leaves
    """Entries."""
    bytes: Leaves
    """Bytes that those entries map."""
    tables: Tables
    """Table pages."""
    table_bytes: int
    """Page size x the sum of `tables`."""
    tlb_entries: int
    """TLB entries that cover the map: one per leaf, one per contiguous run."""


class Spans:
    """The spans of a linear map, made when they are first read: the numbers of most plans do without them.

    make: all of them. around: those that overlap a range, and perhaps others near it, where that takes less.
    """

    __slots__ = ("_around", "_listed", "_make")

    def __init__(
        self,
        make: Callable[[], Iterable[tuple[int, int, int]]] = tuple,
        around: Callable[[int, int], Iterable[tuple[int, int, int]]] | None = None,
    ) -> None:
        self._make, self._around = make, around
        self._listed: tuple[tuple[int, int, int], ...] | None = None

    @property
    def listed(self) -> tuple[tuple[int, int, int], ...]:
        """Sorted `(start, end, kind)`."""
        listed = self._listed
        if listed is None:
            listed = self._listed = tuple(self._make())
        return listed

    def near(self, low: int, high: int) -> list[tuple[int, int, int]]:
        """Those that overlap `[low, high)`, whole."""
        if self._listed is None and self._around is not None:
            return [span for span in self._around(low, high) if span[0] < high and low < span[1]]
        first = bisect_right(self.listed, (low,))
        first -= bool(first and self.listed[first - 1][1] > low)
        return list(self.listed[first : bisect_left(self.listed, (high,))])

    def __eq__(self, other: object) -> bool:
        return self.listed == other.listed if isinstance(other, Spans) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.listed)

    def __reduce__(self) -> tuple[object, ...]:
        return (_spans_of, (self.listed,))


def _spans_of(listed: tuple[tuple[int, int, int], ...]) -> Spans:
    return Spans(lambda: listed)


NO_SPANS = Spans()
"""The spans of a linear map that was not computed."""
