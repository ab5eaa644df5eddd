"""Breadth-first search of every interleaving of a procedure with the hardware's own actions.

Python has no maintained explicit-state model checker without external programs, and with one observer at a time the
state space is small. The first bad state found breadth first is a nearest one, so the trace printed is a shortest.

A state is a *point* of the procedure (steps taken, descriptors visible to walkers, steps begun but not complete, the
observer's root; points do not depend on the TLB, so they are enumerated once) and the observer's cached entries (bits:
TLB entries, then table descriptors kept by the walker). Between any two steps:

- a write becomes visible, a TLBI completes: in any order, until the DSB that waits for them (Arm ARM B2.3, D8.17);
- `architecture`: the walker fetches any address, covered or not, and keeps a table descriptor it passed (D8.15);
- `walk-on-miss`: it fetches addresses that running code accesses and no entry covers, and keeps only leaves;
- anything cached is evicted.

Under `architecture`, entries of different pages are independent, so one page is searched at a time: only TLB entries
that match it are tracked. Equivalent states are merged. Three differences are not tracked: the visibility of writes to
tables that no walk reaches before the next DSB; cached entries that overlap no other, which neither conflict nor hide a
fault, since they may be evicted at any time; kept descriptors of tables that every walk passes anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise
from typing import TypeAlias

from planner.bbm.model import Procedure, Tlbi, Touch
from planner.bbm.points import CAP, Point, Points
from planner.bbm.walking import Cached, Link, Observer, Tables, Walk, overlap

__all__ = ["AFTERWARDS", "Exploration", "Trace", "TraceStep", "explore"]

AFTERWARDS = "afterwards"
"""A fault on a page that is in use after the last step, or on a `Touch` step."""


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One line of a trace."""

    actor: str
    """The actor: a CPU, its hardware, memory."""
    step: str
    """The action."""
    tables: tuple[str, ...]
    """The descriptors that the procedure changes, after this step."""
    tlb: tuple[str, ...]
    """The observer's cached entries after this step."""


Trace: TypeAlias = tuple[TraceStep, ...]


@dataclass(frozen=True, slots=True)
class Exploration:
    """Result of a search for one observer: a shortest trace to each bad outcome.

    sizes: two entries for one address that differ in size or in the contiguous bit. outputs: two that map it to
    different outputs. faults: by the kind of page accessed, one of `model.TOUCHES`, or `AFTERWARDS`.
    """

    states: int
    sizes: Trace | None
    outputs: Trace | None
    faults: dict[str, Trace]


_Load: TypeAlias = tuple[int, int, int, int]
"""Bits that must be cached (a kept table), bit added, bits that forbid it (walk-on-miss), page walked."""
_Fault: TypeAlias = tuple[int, int, int, str]
"""Bits that must be cached, TLB entries that would hide the fault, the page, the kind of access."""


@lru_cache(maxsize=64)
def explore(
    procedure: Procedure, *, nt_honoured: bool, tlb: str, touch: str, observer: Observer = "one", cap: int = CAP
) -> Exploration:
    """Explore all states that one observer can reach. tlb: `architecture` or `walk-on-miss`. touch: one of `TOUCHES`.

    Under `architecture` running code adds no walks to those that the hardware may make anyway: `touch` then only
    selects the faults that count. Cached, for levels with the same states. Raises ExplorationError for more states than
    `cap`.
    """
    points = Points(Tables(procedure, nt_honoured=nt_honoured), observer, cap)
    apart = tlb == "architecture" and not any(isinstance(step, Touch) for step in procedure.steps)
    # Pages that running code accesses come first, so that the trace prefers them.
    pages = sorted(procedure.pages, key=lambda page: (page.touch != touch, page.touch == "image"))
    focuses = [points.tables.bit_of[page.name] for page in pages] if apart else [points.tables.every_page]
    return _together([_Search(points, tlb, touch, focus).run() for focus in focuses])


def _together(found: list[Exploration]) -> Exploration:
    """The merged results of several searches, with a shortest trace to each bad outcome."""

    def shortest(traces: list[Trace | None]) -> Trace | None:
        return min((trace for trace in traces if trace is not None), key=len, default=None)

    kinds = dict.fromkeys(kind for one in found for kind in one.faults)
    faults = {kind: shortest([one.faults.get(kind) for one in found]) for kind in kinds}
    return Exploration(
        sum(one.states for one in found),
        shortest([one.sizes for one in found]),
        shortest([one.outputs for one in found]),
        {kind: trace for kind, trace in faults.items() if trace is not None},
    )


class _Search:
    """One search. focus: mask of the pages whose TLB entries are tracked: all pages, or one."""

    def __init__(self, points: Points, tlb: str, touch: str, focus: int) -> None:
        self.tables, self.points, self.moves = points.tables, points.points, points.moves
        self.cpu, self.cap, self.stay_below = points.cpu, points.cap, points.stay_below
        self.eager, self.focus = tlb == "architecture", focus
        pages = sorted(self.tables.procedure.pages, key=lambda page: (page.touch != touch, page.touch == "image"))
        self.classes = {self.tables.bit_of[page.name]: page.touch for page in pages}
        self.running = sum(bit for bit, kind in self.classes.items() if kind in ("image", touch))
        self.in_use_afterwards = self.tables.mapped(self.tables.last_root(points.observer))
        # Each page, and its walk from the root, at every point.
        self._walks = [
            [(bit, self.tables.walk(point.memory, point.root, bit)) for bit in self.classes] for point in self.points
        ]
        self._choose_bits()
        self._prepare()

    # -- entries that walks may cache -----------------------------------------------------------------------------

    def _choose_bits(self) -> None:
        """Number the tracked entries: TLB entries that may overlap another, and tables that some walks do not pass."""
        walks = [walk for found in self._walks for _, walk in found]
        links = list(dict.fromkeys(link for walk in walks for link in walk.links)) if self.eager else []
        links = [link for link in links if not self._always_passed(link)]
        memories = list(dict.fromkeys(point.memory for point in self.points))
        leaves = {walk.leaf: None for walk in walks}
        for memory in memories:
            for link in links:
                for bit in self.classes:
                    if link.pages & bit:
                        leaves[self.tables.walk(memory, link.table, bit).leaf] = None
        known = [leaf for leaf in leaves if leaf is not None and leaf.pages & self.focus]
        self.leaves: list[Cached] = [leaf for leaf in known if any(overlap(leaf, other) for other in known)]
        reach = self.focus
        for leaf in self.leaves:
            reach |= leaf.pages
        self.links: list[Link] = [link for link in links if link.pages & reach]
        self.width = len(self.leaves) + len(self.links)
        self.leaf_bits = {leaf: 1 << i for i, leaf in enumerate(self.leaves)}
        self.link_bits = {link: 1 << (len(self.leaves) + i) for i, link in enumerate(self.links)}

        self.pairs = [
            (self.leaf_bits[one] | self.leaf_bits[other], "outputs" if one.output != other.output else "sizes")
            for one, other in combinations(self.leaves, 2)
            if overlap(one, other)
        ]

    def _always_passed(self, link: Link) -> bool:
        return all(link in walk.links for found in self._walks for bit, walk in found if bit & link.pages)

    def _prepare(self) -> None:
        """Prepare the walker's loads and the faults of each point, and the TLB entries (bits) that match each page."""
        self.loads: list[tuple[_Load, ...]] = []
        self.faults: list[tuple[_Fault, ...]] = []
        self.covering = {
            page: sum(bit for leaf, bit in self.leaf_bits.items() if leaf.pages & page) for page in self.classes
        }
        for point, from_root in zip(self.points, self._walks, strict=True):
            loads: dict[tuple[int, int, int], _Load] = {}
            faults: list[_Fault] = []
            last = point.taken == len(self.tables.procedure.steps)
            touched = self.running | (self.in_use_afterwards if last else 0)
            for page, needs, walk in self._every_walk(point, from_root):
                if not walk.valid and page & self.focus:
                    who = AFTERWARDS if last and page & self.in_use_afterwards else self.classes[page]
                    if self.eager or page & touched:
                        faults.append((needs, self.covering[page], page, who))
                if self.eager or page & touched:
                    for gain in self._gains(walk):
                        forbids = gain if self.eager else gain | self.covering[page]
                        loads.setdefault((needs, gain, forbids), (needs, gain, forbids, page))
            self.loads.append(tuple(loads.values()))
            self.faults.append(tuple(faults))

    def _gains(self, walk: Walk) -> list[int]:
        """Bits that a walk may add, including the tables it passed, even if it ends at an invalid entry."""
        bits = [self.link_bits.get(link, 0) for link in walk.links]
        if walk.leaf is not None:
            bits.append(self.leaf_bits.get(walk.leaf, 0))
        return [bit for bit in bits if bit]

    def _every_walk(self, point: Point, from_root: list[tuple[int, Walk]]) -> Iterator[tuple[int, int, Walk]]:
        """(page, bit that must be cached, walk) for all walks: from the root, and from each kept table."""
        for page, walk in from_root:
            yield page, 0, walk
        for link, bit in self.link_bits.items():
            for page in self.classes:
                if page & link.pages:
                    yield page, bit, self.tables.walk(point.memory, link.table, page)

    def _kept_by(self, step: Tlbi | None) -> int:
        """Mask of the bits that survive an invalidation; all bits for None."""
        if step is None:
            return (1 << self.width) - 1
        pages = self.tables.mask(step.pages)
        gone = sum(bit for leaf, bit in self.leaf_bits.items() if leaf.pages & pages)
        if not step.last_level:
            gone |= sum(bit for link, bit in self.link_bits.items() if link.pages & pages)
        return ((1 << self.width) - 1) & ~gone

    # -- the search ---------------------------------------------------------------------------------------------

    def run(self) -> Exploration:
        """Search from the empty TLB."""
        width, cap = self.width, self.cap
        low = (1 << width) - 1
        loads, faults = self.loads, self.faults
        moves = [
            tuple((move.to << width, self._kept_by(move.drops), move.touches) for move in found) for found in self.moves
        ]
        self.clashes: dict[int, str | None] = {}
        reached: dict[int, int] = {0: -1}
        order = [0]
        bad: dict[str, tuple[int, int]] = {}
        for state in order:
            bits, point = state & low, state >> width
            self._note_harm(state, bits, faults[point], bad)
            found = [
                state | gain for needs, gain, forbids, _ in loads[point] if bits & needs == needs and not bits & forbids
            ]
            rest = bits
            while rest:
                found.append(state ^ (rest & -rest))
                rest &= rest - 1
            for to, keeps, touches in moves[point]:
                if not touches or bits & self.covering[touches]:
                    found.append(to | (bits & keeps))
                    continue
                walk = dict(self._walks[point])[touches]
                if walk.valid:  # a miss: the walk loads the entry
                    found.append(to | bits | (self.leaf_bits.get(walk.leaf, 0) if walk.leaf else 0))
                else:
                    bad.setdefault(AFTERWARDS, (state, touches))
            for after in found:
                if after not in reached:
                    reached[after] = state
                    order.append(after)
            if len(order) > cap:
                self.stay_below(len(order))
        findings = {kind: self._trace(reached, state, kind, page) for kind, (state, page) in bad.items()}
        sizes, outputs = findings.pop("sizes", None), findings.pop("outputs", None)
        return Exploration(len(order), sizes, outputs, findings)

    def _note_harm(self, state: int, bits: int, faults: tuple[_Fault, ...], bad: dict[str, tuple[int, int]]) -> None:
        """Record the first state with each bad outcome."""
        held = bits & ((1 << len(self.leaves)) - 1)
        if held not in self.clashes:
            self.clashes[held] = self._clash(held)
        clash = self.clashes[held]
        if clash is not None and clash not in bad:
            bad[clash] = (state, 0)
        for needs, covering, page, kind in faults:
            if bits & needs == needs and not bits & covering and kind not in bad:
                bad[kind] = (state, page)

    def _clash(self, bits: int) -> str | None:
        """The difference between two of these TLB entries that match one address: `outputs` before `sizes`; or None."""
        kinds = {kind for pair, kind in self.pairs if bits & pair == pair}
        return min(kinds, default=None)

    # -- traces -------------------------------------------------------------------------------------------------

    def _trace(self, reached: dict[int, int], state: int, kind: str, page: int) -> tuple[TraceStep, ...]:
        """The path from the start to a state, and its bad outcome."""
        way = [state]
        while (before := reached[way[-1]]) >= 0:
            way.append(before)
        way.reverse()
        trace = [self._shown(*self._between(before, after), after) for before, after in pairwise(way)]
        return (*trace, self._last_line(state, kind, page))

    def _shown(self, actor: str, text: str, state: int) -> TraceStep:
        bits, point = state & ((1 << self.width) - 1), self.points[state >> self.width]
        tlb = [self.tables.describe_cached(leaf) for leaf, bit in self.leaf_bits.items() if bits & bit]
        tlb += [
            f"walker: {self.tables.names(link.pages)} by table {link.table}"
            for link, bit in self.link_bits.items()
            if bits & bit
        ]
        return TraceStep(actor, text, self.tables.describe(point.memory), tuple(tlb))

    def _between(self, before: int, after: int) -> tuple[str, str]:
        low = (1 << self.width) - 1
        point, bits, now = before >> self.width, before & low, after & low
        if point == after >> self.width:
            changed = bits ^ now
            if bits & changed:
                return f"{self.cpu} hardware", f"evicts the {self._named(changed)}"
            pages = [
                page
                for needs, gain, forbids, page in self.loads[point]
                if gain == changed and bits & needs == needs and not bits & forbids
            ]
            page = self.tables.names(pages[0])
            if self.eager:
                return f"{self.cpu} hardware", f"walks {page}, caches the {self._named(changed)}"
            return self.cpu, f"touches {page}: a miss, loads the {self._named(changed)}"
        for move in self.moves[point]:
            if move.to == after >> self.width and (move.touches or bits & self._kept_by(move.drops) == now):
                return move.actor, move.text
        raise AssertionError("no move between two states of a trace")

    def _named(self, bit: int) -> str:
        number = bit.bit_length() - 1
        if number < len(self.leaves):
            return self.tables.describe_cached(self.leaves[number])
        return f"walk step to table {self.links[number - len(self.leaves)].table}"

    def _last_line(self, state: int, kind: str, page: int) -> TraceStep:
        bits = state & ((1 << self.width) - 1)
        if kind in ("sizes", "outputs"):
            held = [leaf for leaf, bit in self.leaf_bits.items() if bits & bit]
            one, other = next(
                (a, b)
                for a, b in combinations(held, 2)
                if overlap(a, b) and (a.output != b.output) == (kind == "outputs")
            )
            both = next(bit for bit in self.classes if bit & one.pages & other.pages)
            how = "touches" if both & self.running else "fetches ahead of any access"
            text = (
                f"{how} {self.tables.names(both)}: two entries match, the {self.tables.describe_cached(one)} and the "
                f"{self.tables.describe_cached(other)}"
            )
        else:
            text = f"touches {self.tables.names(page)}: nothing maps it"
        return self._shown(self.cpu, text, state)
