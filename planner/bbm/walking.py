"""One CPU's walker and TLB: table walks, the entries they cache, and the invalidations that remove them.

TLBs are independent: the entries of CPU 1 depend on the tables and on broadcasts, not on the entries of CPU 0, and a
bad outcome occurs within a single TLB. So one *observer* at a time is explored, the CPU that runs the procedure or any
of the others (which all behave the same), and no outcome is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from planner.bbm.model import Descriptor, Dsb, Leaf, Procedure, Step, Switch, Tlbi, Touch, Write

__all__ = ["Cached", "Link", "Memory", "Observer", "Tables", "Walk", "overlap", "owner", "takes", "unseen_writes"]

Observer: TypeAlias = Literal["one", "others"]
"""The CPU whose TLB is modelled: the one that runs the procedure, or another."""

Memory: TypeAlias = tuple[Descriptor, ...]
"""The descriptors visible to walkers, one per entry."""


@dataclass(frozen=True, slots=True)
class Cached:
    """A TLB entry: the mask of pages it matches, and the properties in which entries may differ."""

    pages: int
    level: str
    cont: bool
    output: str


@dataclass(frozen=True, slots=True)
class Link:
    """A table descriptor that a walk may cache: a table, and the mask of pages it translates."""

    pages: int
    table: str


@dataclass(frozen=True, slots=True)
class Walk:
    """Result of a walk. valid: it ended at a leaf. leaf: the entry it may cache; None for none (nT). links: passed."""

    valid: bool
    leaf: Cached | None
    links: tuple[Link, ...]


def overlap(one: Cached, other: Cached) -> bool:
    """True if two TLB entries match a common address: a TLB conflict if both are present."""
    return one != other and bool(one.pages & other.pages)


def owner(step: Step, observer: Observer) -> Observer:
    """The CPU whose barrier waits for this step, as seen by the observer."""
    return observer if isinstance(step, Tlbi) and step.local else "one"


def takes(step: Step, observer: Observer) -> bool:
    """True if the observer executes this step itself."""
    return not isinstance(step, Write) and step.cpus in (observer, "all")


def unseen_writes(procedure: Procedure) -> set[int]:
    """The writes to tables that no walk from a root in use can reach before the next DSB ends."""
    home = {entry.name: table.name for table in procedure.tables for entry in table.entries}
    below: dict[str, set[str]] = {table.name: set() for table in procedure.tables}
    roots = [procedure.root]
    for table in procedure.tables:
        below[table.name].update(entry.starts for entry in table.entries if isinstance(entry.starts, str))
    unseen: set[int] = set()
    begun: list[int] = []
    for number, step in enumerate((*procedure.steps, Dsb())):
        if isinstance(step, Write):
            begun.append(number)
            if isinstance(step.to, str):
                below[home[step.entry]].add(step.to)
        elif isinstance(step, Switch):
            roots.append(step.root)
        elif isinstance(step, Dsb) and step.cpus != "others":
            reached = _reached(roots, below)
            written = [(i, one) for i in begun if isinstance(one := procedure.steps[i], Write)]
            unseen.update(i for i, one in written if home[one.entry] not in reached)
            begun = []
    return unseen


def _reached(roots: list[str], below: dict[str, set[str]]) -> set[str]:
    """The tables that walks from some roots may pass."""
    reached: set[str] = set()
    todo = list(roots)
    while todo:
        table = todo.pop()
        if table not in reached:
            reached.add(table)
            todo += below[table]
    return reached


class Tables:
    """The tables of a procedure, prepared for walks.

    nt_honoured: whether the nT bit keeps a block out of the TLB (FEAT_BBM level 1 and later; D8.16.1 of the Arm ARM),
    or is an ignored bit.
    """

    def __init__(self, procedure: Procedure, *, nt_honoured: bool) -> None:
        self.procedure = procedure
        self.nt_honoured = nt_honoured
        self.page_names = [page.name for page in procedure.pages]
        self.bit_of = {page.name: 1 << i for i, page in enumerate(procedure.pages)}
        self.every_page = (1 << len(procedure.pages)) - 1
        self.entry_names: list[str] = []
        self.index_of: dict[str, int] = {}
        self._covers: list[int] = []
        self._runs: list[int] = []
        self._levels: list[str] = []
        self._at: dict[str, dict[int, int]] = {}
        starts: list[Descriptor] = []
        for table in procedure.tables:
            place = self._at[table.name] = {}
            runs: dict[str, int] = {}
            for entry in table.entries:
                runs[entry.run] = runs.get(entry.run, 0) | self.mask(entry.covers)
            for entry in table.entries:
                index = self.index_of[entry.name] = len(starts)
                starts.append(entry.starts)
                self.entry_names.append(entry.name)
                self._covers.append(self.mask(entry.covers))
                self._runs.append(runs[entry.run] if entry.run else self._covers[-1])
                self._levels.append(table.level)
                place.update({self.bit_of[page]: index for page in entry.covers})
        self.starts: Memory = tuple(starts)

    def mask(self, pages: tuple[str, ...] | None) -> int:
        """Pages as a mask; all of them for None."""
        if pages is None:
            return self.every_page
        result = 0
        for page in pages:
            result |= self.bit_of[page]
        return result

    def names(self, mask: int) -> str:
        """The pages of a mask, by name."""
        return ", ".join(name for i, name in enumerate(self.page_names) if mask >> i & 1)

    def walk(self, memory: Memory, table: str, page: int) -> Walk:
        """Translate a page (one bit) from a table down."""
        links: list[Link] = []
        while True:
            index = self.entry_at(table, page)
            to = None if index is None else memory[index]
            if index is None or to is None:
                return Walk(valid=False, leaf=None, links=tuple(links))
            if isinstance(to, Leaf):
                return Walk(valid=True, leaf=self.cached(index, to), links=tuple(links))
            links.append(self.link(index, to))
            table = to

    def entry_at(self, table: str, page: int) -> int | None:
        """The entry of a table that translates a page; None if there is none."""
        return self._at[table].get(page)

    def link(self, index: int, table: str) -> Link:
        """The `Link` of an entry with a table descriptor."""
        return Link(self._covers[index], table)

    def cached(self, index: int, leaf: Leaf) -> Cached | None:
        """The TLB entry that a walk caches for a leaf. In a contiguous run it covers the run: the hint is used."""
        if leaf.nt and self.nt_honoured:
            return None
        pages = self._runs[index] if leaf.cont else self._covers[index]
        return Cached(pages, self._levels[index], leaf.cont, leaf.output)

    def mapped(self, root: str) -> int:
        """The pages mapped from a root after the last step: those in use afterwards."""
        memory = list(self.starts)
        for step in self.procedure.steps:
            if isinstance(step, Write):
                memory[self.index_of[step.entry]] = step.to
        done = tuple(memory)
        return sum(bit for bit in self.bit_of.values() if self.walk(done, root, bit).valid)

    def last_root(self, observer: Observer) -> str:
        """The table the observer runs on at the end."""
        root = self.procedure.root
        for step in self.procedure.steps:
            if isinstance(step, Switch) and takes(step, observer):
                root = step.root
        return root

    def describe(self, memory: Memory) -> tuple[str, ...]:
        """The descriptors of the entries that some step changes, as text."""
        changed = {step.entry for step in self.procedure.steps if isinstance(step, Write)}
        pairs = zip(self.entry_names, memory, strict=True)
        return tuple(f"{name}: {_spelt(to)}" for name, to in pairs if name in changed)

    def describe_cached(self, entry: Cached) -> str:
        """A TLB entry as text."""
        kind = "page" if entry.level == "pte" else f"{entry.level} block"
        run = "contiguous run" if entry.cont else kind
        to = f" to {entry.output}" if entry.output else ""
        return f"{run} of {self.names(entry.pages)}{to}"

    def describe_step(self, step: Step) -> str:
        """A step as text."""
        if isinstance(step, Write):
            return f"clear {step.entry}" if step.to is None else f"write {step.entry}: {_spelt(step.to)}"
        if isinstance(step, Tlbi):
            what = "all" if step.pages is None else ", ".join(step.pages)
            return f"tlbi {what}{', leaves only' * step.last_level}{', local' * step.local}"
        if isinstance(step, Switch):
            return f"switch to {step.root}"
        if isinstance(step, Touch):
            return f"touch {step.page}"
        assert isinstance(step, Dsb)  # noqa: S101 - the last kind
        return "dsb"


def _spelt(to: Descriptor) -> str:
    if to is None:
        return "invalid"
    if isinstance(to, str):
        return f"table {to}"
    words = ["leaf", *(["contiguous"] if to.cont else []), *(["nT"] if to.nt else [])]
    return " ".join(words) + (f" to {to.output}" if to.output else "")
