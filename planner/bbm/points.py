"""Points that a procedure can reach: steps begun and complete, in every order that the barriers allow.

Points do not depend on the TLB, so they are enumerated once, before any TLB is modelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from planner.base.errors import InputError
from planner.bbm.model import Descriptor, Dsb, Step, Switch, Tlbi, Write
from planner.bbm.walking import Memory, Observer, Tables, owner, takes, unseen_writes

__all__ = ["CAP", "ExplorationError", "Point", "Points"]

CAP = 500_000
"""Maximum number of states of an exploration; more are an error."""

_MOST_POINTS = 20_000
"""Maximum number of points, each of which has many states."""


class ExplorationError(InputError):
    """More states than the cap: no verdict can be given."""


@dataclass(frozen=True, slots=True)
class Point:
    """One state of a procedure, without the TLB. pending: steps begun and not complete, in program order."""

    taken: int
    memory: Memory
    pending: tuple[int, ...]
    root: str


@dataclass(frozen=True, slots=True)
class Move:
    """A transition between points."""

    actor: str
    """Who makes it: a CPU, its hardware, memory."""
    text: str
    """What is done."""
    to: int
    """The number of the point reached."""
    drops: Tlbi | None = None
    """The invalidation that completes, if any."""
    touches: int = 0
    """The page that is accessed, as a mask; 0: none."""


class _Next(NamedTuple):
    """A move whose point has no number yet; as in `Move`."""

    actor: str
    text: str
    after: Point
    drops: Tlbi | None = None
    touches: int = 0


class Points:
    """All points of a procedure by number, the initial one first, and the moves from each."""

    def __init__(self, tables: Tables, observer: Observer, cap: int) -> None:
        self.tables, self.observer, self.cap = tables, observer, cap
        self.cpu = "cpu 0" if observer == "one" else "cpu 1"
        self.unseen = unseen_writes(tables.procedure)
        self.points: list[Point] = []
        self.moves: list[tuple[Move, ...]] = []
        self._enumerate()

    def _enumerate(self) -> None:
        first = Point(0, self.tables.starts, (), self.tables.procedure.root)
        numbers = {first: 0}
        self.points.append(first)
        for point in self.points:
            moves = []
            for move in self._moves_of(point):
                number = numbers.setdefault(move.after, len(self.points))
                if number == len(self.points):
                    self.points.append(move.after)
                    self.stay_below(number, min(self.cap, _MOST_POINTS))
                moves.append(Move(move.actor, move.text, number, move.drops, move.touches))
            self.moves.append(tuple(moves))

    def stay_below(self, states: int, cap: int | None = None) -> None:
        """Raises ExplorationError for too many states."""
        most = self.cap if cap is None else cap
        if states > most:
            raise ExplorationError(
                f"procedure {self.tables.procedure.name}",
                f"more than {most} states, so there is no verdict",
                "use fewer pages or entries, or a dsb after the writes",
            )

    def _moves_of(self, point: Point) -> Iterator[_Next]:
        """The possible next moves: a step that was begun completes, or the next one is taken."""
        for place in range(len(point.pending)):
            yield from self._completed(point, place)
        steps = self.tables.procedure.steps
        if point.taken == len(steps):
            return
        step, actor = steps[point.taken], self._actor(point.taken)
        text = self.tables.describe_step(step)
        done = Point(point.taken + 1, point.memory, point.pending, point.root)
        begun = Point(point.taken + 1, point.memory, (*point.pending, point.taken), point.root)
        if isinstance(step, Write):
            stored = self._stored(point.memory, step)
            waiting = any(self._same_place(step, steps[i]) for i in point.pending)
            if not waiting:
                yield _Next(actor, text, replace(done, memory=stored))
            if waiting or (stored != point.memory and point.taken not in self.unseen):
                yield _Next(actor, f"{text} (not visible yet)", begun)
        elif isinstance(step, Tlbi):
            if step.local and not takes(step, self.observer):
                yield _Next(actor, text, done)
            else:
                yield _Next(actor, text, done, drops=step)
                yield _Next(actor, f"{text} (not done yet)", begun)
        elif isinstance(step, Dsb):
            if not any(step.cpus in (owner(steps[i], self.observer), "all") for i in point.pending):
                yield _Next(actor, text, done)
        elif isinstance(step, Switch):
            yield _Next(actor, text, replace(done, root=step.root) if takes(step, self.observer) else done)
        else:
            touches = self.tables.bit_of[step.page] if takes(step, self.observer) else 0
            yield _Next(actor, text, done, touches=touches)

    def _completed(self, point: Point, place: int) -> Iterator[_Next]:
        """Complete a step that was begun; writes to the same entry stay in order."""
        steps, pending = self.tables.procedure.steps, point.pending
        step = steps[pending[place]]
        text = self.tables.describe_step(step)
        rest = replace(point, pending=pending[:place] + pending[place + 1 :])
        if isinstance(step, Tlbi):
            yield _Next(f"{self.cpu} hardware", f"{text} is done", rest, drops=step)
        elif isinstance(step, Write) and not any(self._same_place(step, steps[i]) for i in pending[:place]):
            yield _Next("memory", f"{text} becomes visible", replace(rest, memory=self._stored(point.memory, step)))

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
