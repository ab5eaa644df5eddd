"""Numbers of leaves and tables in a linear map, as a dump of the page tables lists them (mm/ptdump.c)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KINDS", "TABLES", "Leaves", "Mapping", "Tables"]

KINDS = ("pud", "cont_pmd", "pmd", "cont_pte", "pte")
"""Kinds of leaf entries, largest first; `cont_*` entries are not counted in `pmd` and `pte`."""

TABLES = ("p4d", "pud", "pmd", "pte")
"""Table levels below the root, largest first; folded levels count 0."""


@dataclass(frozen=True, slots=True)
class Leaves:
    """One number per kind of leaf: entries or bytes."""

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
    """TLB entries needed to map all of it: one per leaf, one per contiguous run."""
