"""Break-before-make, judged on the steps alone: is an entry changed while its old translation may still be cached?

The rule (Arm ARM D8.16, "Using break-before-make when updating translation table entries"): before a live entry
changes its size, the contiguous bit or its output, write it invalid, DSB, TLBI, DSB; only then write the new one.
It speaks of what *may* be cached, so nothing is explored here: for each CPU one set of all that may be cached is
carried along the steps, and the rule is broken where that set comes to hold two translations of one page.

Level 1 excuses a change of size through the nT bit (such a block is never in the set). Level 2 excuses changes of
size and of the contiguous bit. A change of output is excused by none. Imports `model` and `walking`.
"""

from __future__ import annotations

from typing import TypeAlias

from planner.bbm.model import Descriptor, Dsb, Leaf, Procedure, Switch, Tlbi, Write
from planner.bbm.walking import Cached, Link, Observer, Tables, overlap, owner, takes

__all__ = ["Broken", "broken"]

Broken: TypeAlias = tuple[bool, bool]
"""Whether sizes (or contiguous bits), and whether outputs, are changed without break-before-make."""


def broken(procedure: Procedure, *, nt_honoured: bool, cpus: int) -> Broken:
    """Which parts of the rule the steps break, on a machine with so many CPUs."""
    tables = Tables(procedure, nt_honoured=nt_honoured)
    observers: tuple[Observer, ...] = ("one", "others") if cpus > 1 else ("one",)
    found = [_MayBeCached(tables, observer).judge() for observer in observers]
    return any(sizes for sizes, _ in found), any(outputs for _, outputs in found)


class _MayBeCached:
    """All that one CPU may have cached, step by step.

    visible: what walkers may see of each entry. flushing: invalidations that no DSB has waited for yet, and what has
    been fetched since, which they need not reach.
    """

    def __init__(self, tables: Tables, observer: Observer) -> None:
        self.tables, self.observer = tables, observer
        self.root = tables.procedure.root
        self.newest = list(tables.starts)
        self.visible: list[set[Descriptor]] = [{to} for to in tables.starts]
        self.leaves: set[Cached] = set()
        self.links: set[Link] = set()
        self.flushing: list[tuple[Tlbi, set[Cached], set[Link]]] = []
        self.sizes = self.outputs = False

    def judge(self) -> Broken:
        """Take every step; which parts of the rule were broken."""
        self._fetch()
        for step in self.tables.procedure.steps:
            if isinstance(step, Write):
                index = self.tables.index_of[step.entry]
                self.newest[index] = step.to
                self.visible[index].add(step.to)
            elif isinstance(step, Tlbi):
                if not step.local or takes(step, self.observer):
                    self.flushing.append((step, set(), set()))
            elif isinstance(step, Dsb):
                self._complete(step)
            elif isinstance(step, Switch) and takes(step, self.observer):
                self.root = step.root
            self._fetch()
        return self.sizes, self.outputs

    def _complete(self, dsb: Dsb) -> None:
        """What the barrier waits for is over: writes are seen by all, invalidations have been done."""
        if dsb.cpus in ("one", "all"):
            self.visible = [{to} for to in self.newest]
        waiting = []
        for tlbi, leaves, links in self.flushing:
            if dsb.cpus not in (owner(tlbi, self.observer), "all"):
                waiting.append((tlbi, leaves, links))
                continue
            pages = self.tables.mask(tlbi.pages)
            self.leaves = {leaf for leaf in self.leaves if not leaf.pages & pages or leaf in leaves}
            if not tlbi.last_level:
                self.links = {link for link in self.links if not link.pages & pages or link in links}
        self.flushing = waiting

    def _fetch(self) -> None:
        """Add all that walks may find now, and see whether it contradicts what is there."""
        leaves: set[Cached] = set()
        links: set[Link] = set()
        starts = [(self.root, self.tables.every_page), *((link.table, link.pages) for link in self.links)]
        for table, pages in starts:
            for page in self.tables.bit_of.values():
                if page & pages:
                    self._walk(table, page, leaves, links)
        self.leaves |= leaves
        self.links |= links
        for _, leaves_since, links_since in self.flushing:
            leaves_since.update(leaves)
            links_since.update(links)
        for one in leaves:
            for other in self.leaves:
                if overlap(one, other):
                    self.outputs |= one.output != other.output
                    self.sizes |= one.output == other.output

    def _walk(self, table: str, page: int, leaves: set[Cached], links: set[Link]) -> None:
        """Every walk of a page from a table down that the visible descriptors allow."""
        index = self.tables.entry_at(table, page)
        for to in () if index is None else self.visible[index]:
            if isinstance(to, Leaf):
                cached = self.tables.cached(index, to) if index is not None else None
                if cached is not None:
                    leaves.add(cached)
            elif to is not None and index is not None:
                links.add(self.tables.link(index, to))
                self._walk(to, page, leaves, links)
