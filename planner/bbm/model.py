"""Parts of a procedure: pages, tables of descriptors, and the steps that change live tables.

The terms are the Arm ARM's (DDI 0487, chapter D8, "The AArch64 Virtual Memory System Architecture"), reduced to those
that decide whether two TLB entries can match one address. A *page* represents any number of similar pages; a *table*
has *entries*, each of which translates some pages; an entry's *descriptor* is invalid (None), a leaf, or the name of
the next-level table.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from planner.base.errors import PlannerError

__all__ = [
    "TOUCHES",
    "Cpus",
    "Descriptor",
    "Dsb",
    "Entry",
    "Leaf",
    "Level",
    "Page",
    "Procedure",
    "ProcedureError",
    "Step",
    "Switch",
    "Table",
    "Tlbi",
    "Touch",
    "Touched",
    "Write",
    "check",
]

Level: TypeAlias = Literal["pgd", "p4d", "pud", "pmd", "pte"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""Table levels by the kernel's names, root first; a table is linked from a level above its own."""

Touched: TypeAlias = Literal["image", "area", "linear-map"]
TOUCHES: tuple[Touched, ...] = get_args(Touched)
"""Kinds of pages: the kernel image's own mapping; the remapped reservation; the linear map outside it."""

Cpus: TypeAlias = Literal["one", "others", "all"]
"""CPUs that execute a step: the one that runs the procedure, all others, or all; the next step waits for them."""

_MOST_PAGES = 64

_Path: TypeAlias = tuple[str | int, ...]
"""The path to a part of a procedure: keys and indices."""


class ProcedureError(PlannerError):
    """An inconsistent procedure. path: keys and indices of the bad part; what: the problem; remedy: what to do."""

    def __init__(self, path: _Path, what: str, remedy: str) -> None:
        super().__init__(path, what, remedy)
        self.path, self.what, self.remedy = path, what, remedy

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path)) or 'the procedure'}: {self.what}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Page:
    """One address, or many similar ones. touch: one of `TOUCHES`."""

    name: str
    touch: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """A block or page descriptor.

    cont: the contiguous bit. nt: the nT bit, honoured by FEAT_BBM level 1 and later. output: the output address; two
    leaves of one page with different outputs conflict at every level.
    """

    cont: bool = False
    nt: bool = False
    output: str = ""


Descriptor: TypeAlias = Leaf | str | None
"""A leaf, the name of the next-level table, or None: invalid."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a table. covers: the pages it translates. starts: its initial descriptor.

    run: entries of one table with the same label form a contiguous run, which one TLB entry may cover.
    """

    name: str
    covers: tuple[str, ...]
    starts: Descriptor = None
    run: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, linked or not yet linked. level: one of `LEVELS`."""

    name: str
    level: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Write:
    """Store a descriptor. It becomes visible to walkers at any time before the next `Dsb` ends, in any order."""

    entry: str
    to: Descriptor


@dataclass(frozen=True, slots=True)
class Dsb:
    """Wait until this CPU's writes are visible to walkers and its invalidations are complete, on all CPUs."""

    cpus: Cpus = "one"


@dataclass(frozen=True, slots=True)
class Tlbi:
    """Invalidate cached entries of some pages, of all if None; it completes at any time before the next `Dsb` ends.

    local: on this CPU only, not broadcast. last_level: keep cached table descriptors (TLBI VALE1IS and the like).
    """

    pages: tuple[str, ...] | None = None
    local: bool = False
    last_level: bool = False
    cpus: Cpus = "one"


@dataclass(frozen=True, slots=True)
class Switch:
    """Make a table the root: write TTBR1, then ISB. It invalidates no cached entry."""

    root: str
    cpus: Cpus = "one"


@dataclass(frozen=True, slots=True)
class Touch:
    """Access a page, in addition to the accesses of other running code."""

    page: str
    cpus: Cpus = "one"


Step: TypeAlias = Write | Dsb | Tlbi | Switch | Touch


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure that changes live tables.

    root: the initial root table of every CPU. touch: addresses that are really accessed during it, one of `TOUCHES`.
    rests_on: the condition for its safety, in words.
    """

    name: str
    summary: str
    pages: tuple[Page, ...]
    tables: tuple[Table, ...]
    root: str
    steps: tuple[Step, ...]
    touch: str = "linear-map"
    rests_on: str = ""


def check(procedure: Procedure) -> None:
    """Raises ProcedureError if a name is unknown or duplicate, or a walk would not descend through the levels."""
    pages = _distinct([page.name for page in procedure.pages], ("pages",), "name")
    if not pages:
        raise ProcedureError(("pages",), "there are none", 'give at least one, such as {"name": "x", "touch": "area"}')
    if len(pages) > _MOST_PAGES:
        raise ProcedureError(("pages",), f"there are more than {_MOST_PAGES}", "let one page represent similar ones")
    for i, page in enumerate(procedure.pages):
        _one_of(page.touch, TOUCHES, ("pages", i, "touch"))
    _one_of(procedure.touch, TOUCHES, ("touch",))
    tables = {table.name: table for table in procedure.tables}
    _distinct([table.name for table in procedure.tables], ("tables",), "name")
    _distinct([entry.name for table in procedure.tables for entry in table.entries], ("tables",), "entry")
    _known(procedure.root, tables, ("root",), "table")
    for i, table in enumerate(procedure.tables):
        _one_of(table.level, LEVELS, ("tables", i, "level"))
        _check_entries(table, i, pages, tables)
    homes = {entry.name: (table, entry) for table in procedure.tables for entry in table.entries}
    for i, step in enumerate(procedure.steps):
        _check_step(step, ("steps", i), pages, tables, homes)


def _check_entries(table: Table, index: int, pages: set[str], tables: dict[str, Table]) -> None:
    taken: set[str] = set()
    for j, entry in enumerate(table.entries):
        path = ("tables", index, "entries", j)
        if not entry.covers:
            raise ProcedureError((*path, "covers"), "it covers nothing", "name at least one page")
        for page in entry.covers:
            _known(page, pages, (*path, "covers"), "page")
            if page in taken:
                raise ProcedureError((*path, "covers"), f"{page} is covered twice in one table", "name it once")
            taken.add(page)
        _check_descriptor(entry.starts, table, entry, tables, (*path, "starts"))


def _check_descriptor(to: Descriptor, table: Table, entry: Entry, tables: dict[str, Table], path: _Path) -> None:
    if not isinstance(to, str):
        return
    _known(to, tables, path, "table")
    target = tables[to]
    if LEVELS.index(target.level) <= LEVELS.index(table.level):
        what = f"table {to} is of level {target.level}, not below {table.level}"
        raise ProcedureError(path, what, "link a table of a level further down")
    outside = {page for inner in target.entries for page in inner.covers} - set(entry.covers)
    if outside:
        what = f"table {to} translates {', '.join(sorted(outside))}, which {entry.name} does not cover"
        raise ProcedureError(path, what, "let the entry cover all pages of its table")


def _check_step(
    step: Step, path: _Path, pages: set[str], tables: dict[str, Table], homes: dict[str, tuple[Table, Entry]]
) -> None:
    if isinstance(step, Write):
        _known(step.entry, homes, (*path, "entry"), "entry")
        _check_descriptor(step.to, *homes[step.entry], tables, (*path, "to"))
    elif isinstance(step, Tlbi):
        for page in step.pages or ():
            _known(page, pages, (*path, "pages"), "page")
        if step.cpus != "one" and not step.local:
            what = "a broadcast tlbi on one CPU reaches all CPUs"
            raise ProcedureError((*path, "cpus"), what, 'add "local": true, or leave "cpus" out')
    elif isinstance(step, Switch):
        _known(step.root, tables, (*path, "root"), "table")
    elif isinstance(step, Touch):
        _known(step.page, pages, (*path, "page"), "page")


def _distinct(names: list[str], path: _Path, what: str) -> set[str]:
    known: set[str] = set()
    for name in names:
        if name in known:
            raise ProcedureError(path, f"the {what} {name!r} is given twice", "give each a name of its own")
        known.add(name)
    return known


def _known(name: str, known: Collection[str], path: _Path, what: str) -> None:
    if name not in known:
        raise ProcedureError(path, f"unknown {what} {name!r}", f"use one of {', '.join(sorted(known))}")


def _one_of(value: str, allowed: tuple[str, ...], path: _Path) -> None:
    if value not in allowed:
        raise ProcedureError(path, f"{value!r} is not known", f"use one of {', '.join(allowed)}")
