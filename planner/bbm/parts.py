"""Split of a procedure into independent parts: pages never covered by a common entry, leaf or contiguous run.

A bad outcome is two TLB entries for one address, or an access to an unmapped address. Entries of different parts cover
no common address, and a step on one part does not affect walks of another. So each part can be explored separately,
with the steps on it, and no outcome is lost; numbers of states add up instead of multiplying.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from planner.bbm.model import Descriptor, Leaf, Procedure, Step, Table, Tlbi, Touch, Write

__all__ = ["parts"]


def parts(procedure: Procedure) -> tuple[Procedure, ...]:
    """The independent parts, largest first; the procedure itself if a `Touch` of one part could stop the others."""
    if any(isinstance(step, Touch) for step in procedure.steps):
        return (procedure,)
    groups = _Groups(page.name for page in procedure.pages)
    held = _held(procedure)
    changing: set[str] = set()
    for table in procedure.tables:
        runs: dict[str, tuple[str, ...]] = {}
        contiguous: set[str] = set()
        for entry in table.entries:
            values = held[entry.name]
            leaves = [value for value in values if isinstance(value, Leaf)]
            if len(values) > 1:
                changing.update(entry.covers)
            if leaves or len(values) > 1:
                groups.join(entry.covers)
            if entry.run:
                runs[entry.run] = (*runs.get(entry.run, ()), *entry.covers)
            if any(leaf.cont for leaf in leaves):
                contiguous.add(entry.run)
        for run in contiguous & runs.keys():
            groups.join(runs[run])  # the hint of one entry applies to the whole run
    apart: dict[str, list[str]] = {}
    moving = {groups.leader(page) for page in changing}
    for page in procedure.pages:
        own = groups.leader(page.name)
        apart.setdefault(own if own in moving else "", []).append(page.name)
    return tuple(_only(procedure, frozenset(pages)) for pages in sorted(apart.values(), key=len, reverse=True))


class _Groups:
    """Groups of pages, each identified by one of its pages, the leader."""

    def __init__(self, pages: Iterable[str]) -> None:
        self._above = {page: page for page in pages}

    def leader(self, page: str) -> str:
        """The leader of a page's group."""
        while self._above[page] != page:
            page = self._above[page]
        return page

    def join(self, pages: Sequence[str]) -> None:
        """Merge the groups of some pages."""
        for page in pages[1:]:
            self._above[self.leader(page)] = self.leader(pages[0])


def _held(procedure: Procedure) -> dict[str, set[Descriptor]]:
    """All descriptors that each entry has during the procedure."""
    held = {entry.name: {entry.starts} for table in procedure.tables for entry in table.entries}
    for step in procedure.steps:
        if isinstance(step, Write):
            held[step.entry].add(step.to)
    return held


def _only(procedure: Procedure, pages: frozenset[str]) -> Procedure:
    """The procedure reduced to some of its pages."""
    tables = []
    for table in procedure.tables:
        entries = [replace(entry, covers=own) for entry in table.entries if (own := _within(entry.covers, pages))]
        tables.append(Table(table.name, table.level, tuple(entries)))
    kept = {entry.name for table in tables for entry in table.entries}
    return replace(
        procedure,
        pages=tuple(page for page in procedure.pages if page.name in pages),
        tables=tuple(tables),
        steps=tuple(_steps(procedure.steps, kept, pages)),
    )


def _within(covers: tuple[str, ...], pages: frozenset[str]) -> tuple[str, ...]:
    return tuple(page for page in covers if page in pages)


def _steps(steps: tuple[Step, ...], entries: set[str], pages: frozenset[str]) -> list[Step]:
    found: list[Step] = []
    for step in steps:
        if isinstance(step, Write):
            if step.entry in entries:
                found.append(step)
        elif isinstance(step, Tlbi) and step.pages is not None:
            own = _within(step.pages, pages)
            if own:
                found.append(replace(step, pages=own))
        else:
            found.append(step)
    return found
