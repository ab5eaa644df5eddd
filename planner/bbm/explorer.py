"""Every interleaving of a procedure with what the hardware may do by itself, breadth first.

A search of our own: what Python has for explicit-state model checking is either a front end to a program in
another language or unmaintained, and with one observer at a time the whole space is small. Breadth first, the first
bad state found is a nearest one, so the trace printed is a shortest.

A state is where the procedure is (steps taken, descriptors as walkers see them, steps begun but not complete, the
observer's root: all of which do not depend on the TLB, so they are enumerated once, as *points*) and what the
observer has cached (bits: TLB entries, then table descriptors kept by the walker). Between any two steps:

- a write becomes visible, a TLBI is done: in any order, until the DSB that waits for them (Arm ARM B2.3, D8.17);
- `architecture`: the walker fetches any address, covered or not, and keeps a table descriptor it passed (D8.15);
- `walk-on-miss`: it fetches what running code touches and nothing covers, and keeps only leaves;
- anything cached is evicted.

Cached entries that can overlap no other are left out: they can neither conflict nor hide anything, as they may be
evicted at any time. So are kept descriptors of tables that every walk passes anyway.
Imports `model` and `walking`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TypeAlias

from planner.bbm.model import Descriptor, Dsb, Procedure, Step, Switch, Tlbi, Write
from planner.bbm.walking import Cached, Link, Memory, Observer, Tables, Walk, overlap, owner, takes
from planner.errors import InputError
from planner.records import dataclass, replace

__all__ = ["AFTERWARDS", "CAP", "Exploration", "ExplorationError", "Finding", "TraceStep", "explore"]

CAP = 500_000
"""States after which an exploration gives up, loudly."""

AFTERWARDS = "afterwards"
"""The fault of a page that is mapped, and in use, once all steps are taken; or of a `Touch` that is a step itself."""


class ExplorationError(InputError):
    """More states than the cap: no verdict can be given."""


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One line of a trace: who did what, and the descriptors and the observer's TLB after it."""

    actor: str
    step: str
    tables: tuple[str, ...]
    tlb: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """The nearest state of one kind of bad outcome. order: how many states were found before it."""

    order: int
    trace: tuple[TraceStep, ...]


@dataclass(frozen=True, slots=True)
class Exploration:
    """What one observer may come to.

    sizes: two entries for one address that differ in size or in the contiguous bit. outputs: that map to different
    places. faults: by who touches: one of `model.TOUCHES`, or `AFTERWARDS`.
    """

    states: int
    sizes: Finding | None
    outputs: Finding | None
    faults: dict[str, Finding]


@dataclass(frozen=True, slots=True)
class _Point:
    """Where a procedure is. pending: steps begun and not complete, in program order."""

    taken: int
    memory: Memory
    pending: tuple[int, ...]
    root: str


@dataclass(frozen=True, slots=True)
class _Move:
    """From one point to another. drops: the step whose invalidation takes place, if any. touches: a page, or 0."""

    actor: str
    text: str
    to: int
    drops: Tlbi | None = None
    touches: int = 0


_Load: TypeAlias = tuple[int, int, int, int]
"""What must be cached (a kept table), what it adds, what forbids it (walk-on-miss), the page that was walked."""


def explore(
    procedure: Procedure,
    *,
    nt_honoured: bool,
    tlb: str,
    touch: str,
    observer: Observer = "one",
    cap: int = CAP,
) -> Exploration:
    """All states that one observer can reach. tlb: `architecture` or `walk-on-miss`. touch: one of `TOUCHES`.

    Under `architecture` running code adds nothing to what the walker may do by itself: `touch` then only decides which
    of the faults found count. Raises ExplorationError where there are more states than `cap`.
    """
    return _Search(Tables(procedure, nt_honoured=nt_honoured), tlb, touch, observer, cap).run()


class _Search:
    """One exploration."""

    def __init__(self, tables: Tables, tlb: str, touch: str, observer: Observer, cap: int) -> None:
        self.tables, self.observer, self.cap = tables, observer, cap
        self.eager = tlb == "architecture"
        self.cpu = "cpu 0" if observer == "one" else "cpu 1"
        procedure = tables.procedure
        # What running code touches comes first, so that a trace speaks of it where it can.
        pages = sorted(procedure.pages, key=lambda page: (page.touch != touch, page.touch == "image"))
        self.classes = {tables.bit_of[page.name]: page.touch for page in pages}
        self.running = sum(bit for bit, kind in self.classes.items() if kind in ("image", touch))
        self.in_use_afterwards = tables.mapped(tables.last_root(observer))
        self.points: list[_Point] = []
        self.moves: list[tuple[_Move, ...]] = []
        self._enumerate()
        self._walks = [self._walks_of(point) for point in self.points]
        self._choose_bits()
        self._prepare()

    # -- points: what does not depend on the TLB --------------------------------------------------------------

    def _enumerate(self) -> None:
        first = _Point(0, self.tables.starts, (), self.tables.procedure.root)
        numbers = {first: 0}
        self.points.append(first)
        for point in self.points:
            moves = []
            for actor, text, after, drops, touches in self._moves_of(point):
                number = numbers.setdefault(after, len(self.points))
                if number == len(self.points):
                    self.points.append(after)
                    self._stay_below(number)
                moves.append(_Move(actor, text, number, drops, touches))
            self.moves.append(tuple(moves))

    def _stay_below(self, states: int) -> None:
        if states >= self.cap:
            raise ExplorationError(
                f"procedure {self.tables.procedure.name}",
                f"more than {self.cap} states, so there is no verdict",
                "use fewer pages or entries, or a dsb after the writes",
            )

    def _moves_of(self, point: _Point) -> Iterator[tuple[str, str, _Point, Tlbi | None, int]]:
        """Who may do what next: actor, text, where that leads, the invalidation that takes place, the page touched."""
        for place in range(len(point.pending)):
            yield from self._completed(point, place)
        steps = self.tables.procedure.steps
        if point.taken == len(steps):
            return
        step, actor = steps[point.taken], self._actor(point.taken)
        text = self.tables.describe_step(step)
        done = _Point(point.taken + 1, point.memory, point.pending, point.root)
        begun = _Point(point.taken + 1, point.memory, (*point.pending, point.taken), point.root)
        if isinstance(step, Write):
            stored = self._stored(point.memory, step)
            waiting = any(self._same_place(step, steps[i]) for i in point.pending)
            if not waiting:
                yield actor, text, replace(done, memory=stored), None, 0
            if waiting or stored != point.memory:
                yield actor, f"{text} (not visible yet)", begun, None, 0
        elif isinstance(step, Tlbi):
            if step.local and not takes(step, self.observer):
                yield actor, text, done, None, 0
            else:
                yield actor, text, done, step, 0
                yield actor, f"{text} (not done yet)", begun, None, 0
        elif isinstance(step, Dsb):
            if not any(step.cpus in (owner(steps[i], self.observer), "all") for i in point.pending):
                yield actor, text, done, None, 0
        elif isinstance(step, Switch):
            yield actor, text, replace(done, root=step.root) if takes(step, self.observer) else done, None, 0
        else:
            yield actor, text, done, None, self.tables.bit_of[step.page] if takes(step, self.observer) else 0

    def _completed(self, point: _Point, place: int) -> Iterator[tuple[str, str, _Point, Tlbi | None, int]]:
        """A step that was begun takes effect; writes to one place stay in order."""
        steps, pending = self.tables.procedure.steps, point.pending
        step = steps[pending[place]]
        text = self.tables.describe_step(step)
        rest = replace(point, pending=pending[:place] + pending[place + 1 :])
        if isinstance(step, Tlbi):
            yield f"{self.cpu} hardware", f"{text} is done", rest, step, 0
        elif isinstance(step, Write) and not any(self._same_place(step, steps[i]) for i in pending[:place]):
            yield "memory", f"{text} becomes visible", replace(rest, memory=self._stored(point.memory, step)), None, 0

    def _same_place(self, write: Write, other: Step) -> bool:
        return isinstance(other, Write) and other.entry == write.entry

    def _stored(self, memory: Memory, step: Write) -> Memory:
        changed: list[Descriptor] = list(memory)
        changed[self.tables.index_of[step.entry]] = step.to
        return tuple(changed)

    def _actor(self, number: int) -> str:
        step = self.tables.procedure.steps[number]
        cpus = "one" if isinstance(step, Write) else step.cpus
        return {"one": "cpu 0", "others": "other cpus", "all": "all cpus"}[cpus]

    # -- what walks may leave behind ------------------------------------------------------------------------------

    def _walks_of(self, point: _Point) -> list[tuple[int, Walk]]:
        """Each page, and the walk from the root."""
        return [(bit, self.tables.walk(point.memory, point.root, bit)) for bit in self.classes]

    def _choose_bits(self) -> None:
        """Number what is worth remembering: TLB entries that may overlap another, tables not passed anyway."""
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
        known = [leaf for leaf in leaves if leaf is not None]
        self.leaves: list[Cached] = [leaf for leaf in known if any(overlap(leaf, other) for other in known)]
        self.links: list[Link] = links
        self.width = len(self.leaves) + len(self.links)
        self._stay_below(1 << len(self.leaves) if len(self.leaves) > 16 else 0)
        self.leaf_bits = {leaf: 1 << i for i, leaf in enumerate(self.leaves)}
        self.link_bits = {link: 1 << (len(self.leaves) + i) for i, link in enumerate(self.links)}

    def _always_passed(self, link: Link) -> bool:
        return all(link in walk.links for found in self._walks for bit, walk in found if bit & link.pages)

    def _covering(self, page: int) -> int:
        """The TLB entries, as bits, that match a page."""
        return sum(bit for leaf, bit in self.leaf_bits.items() if leaf.pages & page)

    def _prepare(self) -> None:
        """What the walker may add and where a touch faults at each point; what each invalidation keeps."""
        self.loads: list[tuple[_Load, ...]] = []
        self.faults: list[tuple[tuple[int, int, int, str], ...]] = []
        self.covering = {page: self._covering(page) for page in self.classes}
        for point, from_root in zip(self.points, self._walks, strict=True):
            loads: dict[tuple[int, int, int], _Load] = {}
            faults: list[tuple[int, int, int, str]] = []
            last = point.taken == len(self.tables.procedure.steps)
            touched = self.running | (self.in_use_afterwards if last else 0)
            for page, needs, walk in self._every_walk(point, from_root):
                covering = self.covering[page]
                if not walk.valid:
                    if last and page & self.in_use_afterwards:
                        faults.append((needs, covering, page, AFTERWARDS))
                    elif self.eager or page & self.running:
                        faults.append((needs, covering, page, self.classes[page]))
                    continue
                if not self.eager and not page & touched:
                    continue
                gains = [self.leaf_bits.get(walk.leaf, 0) if walk.leaf else 0]
                gains += [self.link_bits.get(link, 0) for link in walk.links]
                for gain in gains:
                    if gain:
                        forbids = gain if self.eager else gain | covering
                        loads.setdefault((needs, gain, forbids), (needs, gain, forbids, page))
            self.loads.append(tuple(loads.values()))
            self.faults.append(tuple(faults))

    def _every_walk(self, point: _Point, from_root: list[tuple[int, Walk]]) -> Iterator[tuple[int, int, Walk]]:
        """Each page, what must be cached for the walk, and the walk: from the root, and from each kept table."""
        for page, walk in from_root:
            yield page, 0, walk
        for link, bit in self.link_bits.items():
            for page in self.classes:
                if page & link.pages:
                    yield page, bit, self.tables.walk(point.memory, link.table, page)

    def _kept_by(self, step: Tlbi) -> int:
        """What an invalidation leaves, as a mask of bits."""
        pages = self.tables.mask(step.pages)
        gone = sum(bit for leaf, bit in self.leaf_bits.items() if leaf.pages & pages)
        if not step.last_level:
            gone |= sum(bit for link, bit in self.link_bits.items() if link.pages & pages)
        return ((1 << self.width) - 1) & ~gone

    # -- the search ---------------------------------------------------------------------------------------------

    def run(self) -> Exploration:
        """Breadth first from the empty TLB."""
        width, cap = self.width, self.cap
        low = (1 << width) - 1
        loads, faults = self.loads, self.faults
        everything = low
        moves = [
            tuple(
                (move.to << width, everything if move.drops is None else self._kept_by(move.drops), move.touches)
                for move in found
            )
            for found in self.moves
        ]
        clashes = self._clashes()
        leaf_mask = (1 << len(self.leaves)) - 1
        reached: dict[int, int] = {0: -1}
        order = [0]
        bad: dict[str, tuple[int, int]] = {}
        faulty = any(faults)
        for state in order:
            bits, point = state & low, state >> width
            clash = clashes.get(bits & leaf_mask)
            if clash is not None and clash not in bad:
                bad[clash] = (state, 0)
            if faulty:
                for needs, covering, page, kind in faults[point]:
                    if bits & needs == needs and not bits & covering and kind not in bad:
                        bad[kind] = (state, page)
            found = [
                state | gain for needs, gain, forbids, _ in loads[point] if bits & needs == needs and not bits & forbids
            ]
            rest = bits
            while rest:
                found.append(state ^ (rest & -rest))
                rest &= rest - 1
            for to, keeps, touches in moves[point]:
                if touches and not self._may_touch(point, bits, touches, bad, state):
                    found += self._touched(point, bits, touches, to)
                else:
                    found.append(to | (bits & keeps))
            for after in found:
                if after not in reached:
                    reached[after] = state
                    order.append(after)
            if len(order) > cap:
                self._stay_below(len(order))
        places = {state: i for i, state in enumerate(order)} if bad else {}
        findings = {
            kind: Finding(places[state], self._trace(reached, state, kind, page)) for kind, (state, page) in bad.items()
        }
        sizes, outputs = findings.pop("sizes", None), findings.pop("outputs", None)
        return Exploration(len(order), sizes, outputs, findings)

    def _clashes(self) -> dict[int, str]:
        """Which sets of TLB entries have two for one address, and how those differ; outputs weigh more."""
        pairs = [
            (self.leaf_bits[a] | self.leaf_bits[b], "outputs" if a.output != b.output else "sizes")
            for i, a in enumerate(self.leaves)
            for b in self.leaves[i + 1 :]
            if overlap(a, b)
        ]
        clashes = {}
        for bits in range(1 << len(self.leaves)):
            kinds = {kind for pair, kind in pairs if bits & pair == pair}
            if kinds:
                clashes[bits] = min(kinds)
        return clashes

    def _may_touch(self, point: int, bits: int, page: int, bad: dict[str, tuple[int, int]], state: int) -> bool:
        """Whether a `Touch` goes ahead with what is cached; notes a fault where it cannot."""
        if bits & self.covering[page]:
            return True
        walk = dict(self._walks[point])[page]
        if not walk.valid:
            bad.setdefault(AFTERWARDS, (state, page))
            return False
        return not (walk.leaf and walk.leaf in self.leaf_bits)

    def _touched(self, point: int, bits: int, page: int, to: int) -> list[int]:
        """A `Touch` that missed: the walk loads what it finds."""
        leaf = dict(self._walks[point])[page].leaf
        return [to | bits | self.leaf_bits[leaf]] if leaf in self.leaf_bits and leaf is not None else []

    # -- traces -------------------------------------------------------------------------------------------------

    def _trace(self, reached: dict[int, int], state: int, kind: str, page: int) -> tuple[TraceStep, ...]:
        """The way from the start to a state, and what is bad about it."""
        way = [state]
        while (before := reached[way[-1]]) >= 0:
            way.append(before)
        way.reverse()
        trace = [self._line(a, b) for a, b in pairwise(way)]
        trace.append(self._last_line(state, kind, page))
        return tuple(trace)

    def _line(self, before: int, after: int) -> TraceStep:
        actor, text = self._between(before, after)
        return self._shown(actor, text, after)

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
        """Who did what from one state to the next."""
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
            keeps = low if move.drops is None else self._kept_by(move.drops)
            if move.to == after >> self.width and (move.touches or bits & keeps == now):
                return move.actor, move.text
        raise AssertionError("no move between two states of a trace")

    def _named(self, bit: int) -> str:
        for leaf, own in self.leaf_bits.items():
            if own == bit:
                return self.tables.describe_cached(leaf)
        for link, own in self.link_bits.items():
            if own == bit:
                return f"walk step to table {link.table}"
        raise AssertionError("no such bit")

    def _last_line(self, state: int, kind: str, page: int) -> TraceStep:
        bits = state & ((1 << self.width) - 1)
        if kind in ("sizes", "outputs"):
            held = [leaf for leaf, bit in self.leaf_bits.items() if bits & bit]
            one, other = next(
                (a, b)
                for i, a in enumerate(held)
                for b in held[i + 1 :]
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
