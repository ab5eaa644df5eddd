"""Check of break-before-make on the steps alone: is an entry changed while its old translation may be cached?

The rule (Arm ARM D8.16, "Using break-before-make when updating translation table entries"): before a live entry changes
its size, the contiguous bit or its output, write it invalid, DSB, TLBI, DSB; only then write the new one. It depends on
entries that *may* be cached, so no search is needed: for each CPU one set of all entries that may be cached is updated
with every step, and the rule is broken when the set holds two translations of one page.

Level 1 permits a change of size through the nT bit (such a block is never in the set). Level 2 permits changes of size
and of the contiguous bit. No level permits a change of output.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeAlias

from planner.bbm.model import Descriptor, Dsb, Leaf, Procedure, Switch, Tlbi, Write
from planner.bbm.walking import Cached, Link, Observer, Tables, overlap, owner, takes

__all__ = ["Broken", "broken"]


class Broken(NamedTuple):
    """The parts of the rule that are broken: what is changed without break-before-make."""

    sizes: bool
    """Sizes or contiguous bits are."""
    outputs: bool
    """Outputs are."""


_Cache: TypeAlias = tuple[set[Cached], set[Link]]
"""TLB entries, and the tables that a walker keeps."""


@lru_cache(maxsize=64)
def broken(procedure: Procedure, *, nt_honoured: bool, cpus: int) -> Broken:
    """The parts of the rule that the steps break on a machine with this many CPUs."""
    tables = Tables(procedure, nt_honoured=nt_honoured)
    observers: tuple[Observer, ...] = ("one", "others") if cpus > 1 else ("one",)
    found = [_MayBeCached(tables, observer).judge() for observer in observers]
    return Broken(any(one.sizes for one in found), any(one.outputs for one in found))


class _MayBeCached:
    """The entries that one CPU may have cached, step by step.

    visible: the descriptors of each entry that walkers may see. flushing: invalidations that no DSB has waited for yet,
    each with the set that it leaves if it completes at once, which applies when the DSB ends.
    """

    def __init__(self, tables: Tables, observer: Observer) -> None:
        self.tables, self.observer = tables, observer
        self.root = tables.procedure.root
        self.newest = list(tables.starts)
        self.visible: list[set[Descriptor]] = [{to} for to in tables.starts]
        self.cache: _Cache = (set(), set())
        self.flushing: list[tuple[Tlbi, _Cache]] = []
        self.sizes = self.outputs = False

    def judge(self) -> Broken:
        """Process every step; returns the parts of the rule that are broken."""
        self._fetch()
        for step in self.tables.procedure.steps:
            if isinstance(step, Write):
                index = self.tables.index_of[step.entry]
                self.newest[index] = step.to
                self.visible[index].add(step.to)
            elif isinstance(step, Tlbi):
                if not step.local or takes(step, self.observer):
                    self.flushing.append((step, self._left_by(step)))
            elif isinstance(step, Dsb):
                self._complete(step)
            elif isinstance(step, Switch) and takes(step, self.observer):
                self.root = step.root
            self._fetch()
        return Broken(self.sizes, self.outputs)

    def _left_by(self, tlbi: Tlbi) -> _Cache:
        pages = self.tables.mask(tlbi.pages)
        leaves, links = self.cache
        kept = {leaf for leaf in leaves if not leaf.pages & pages}
        return kept, set(links) if tlbi.last_level else {link for link in links if not link.pages & pages}

    def _complete(self, dsb: Dsb) -> None:
        """Complete a barrier: earlier writes are visible to all, earlier invalidations are done."""
        if dsb.cpus in ("one", "all"):
            self.visible = [{to} for to in self.newest]
        waiting = []
        for tlbi, (leaves, links) in self.flushing:
            if dsb.cpus in (owner(tlbi, self.observer), "all"):
                self.cache = self.cache[0] & leaves, self.cache[1] & links
            else:
                waiting.append((tlbi, (leaves, links)))
        self.flushing = waiting

    def _fetch(self) -> None:
        """Add all entries that walks may load now, and check them against those already in the set."""
        fetched = self._fill(self.cache)
        for _, left in self.flushing:
            self._fill(left)
        for one in fetched:
            for other in self.cache[0]:
                if overlap(one, other):
                    self.outputs |= one.output != other.output
                    self.sizes |= one.output == other.output

    def _fill(self, cache: _Cache) -> set[Cached]:
        """Add to a cache the entries that walks from the root, and from its kept tables, may load."""
        leaves: set[Cached] = set()
        links: set[Link] = set()
        starts = [(self.root, self.tables.every_page), *((link.table, link.pages) for link in cache[1])]
        for table, pages in starts:
            for page in self.tables.bit_of.values():
                if page & pages:
                    self._walk(table, page, leaves, links)
        cache[0].update(leaves)
        cache[1].update(links)
        return leaves

    def _walk(self, table: str, page: int, leaves: set[Cached], links: set[Link]) -> None:
        """Collect the leaves and tables of every walk of a page from a table down that visible descriptors allow."""
        index = self.tables.entry_at(table, page)
        if index is None:
            return
        for to in self.visible[index]:
            if isinstance(to, Leaf):
                cached = self.tables.cached(index, to)
                if cached is not None:
                    leaves.add(cached)
            elif to is not None:
                links.add(self.tables.link(index, to))
                self._walk(to, page, leaves, links)
