"""The search for boot histories: which sequences of allocations lead to the listing.

A boot is a row of steps, each with choices (one where a log names it). The search goes from the last step to the first
and takes back what was chosen; a choice that finds no place ends its branch, so that what several ways have in common
is taken back once. What is left at the end is judged: a way is whole that puts the recorded crash kernel where it is,
leaves nothing right beneath it, and leaves no listed entry in pieces. A whole way is looked for first, and after one
with something unusual one without: a branch ends where what it left right beneath the crash kernel, or in pieces, is
nothing that the steps before could have taken, or where large allocations before it, such as page descriptors, have no
room any more. Where there is none, what is left of an entry may be the per-CPU areas of many processors, whose size is
in no listing. Only then are ways looked for that explain less; a better one must follow each in a few steps. All
searches of one listing share their steps, so that no listing takes long.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import TypeAlias

from planner.base.ranges import Span, total
from planner.base.sizes import MIB
from planner.kernel.crash_reserve import Bounds
from planner.kernel.memory_map import PHYSICAL_TOP
from planner.kernel.profiles import CRASH_ALIGN
from planner.rewind.boot_steps import CMA, CRASH, PER_CPU, Choice
from planner.rewind.memmap import MEMMAP
from planner.rewind.order import Order
from planner.rewind.pruning import Fork
from planner.rewind.remainders import Rest, Rests
from planner.rewind.state import Allocation, State
from planner.rewind.undo import Budget, Known, Rooms, Step, Undone, have_room, undo
from planner.rewind.view import View

__all__ = ["Effort", "Search", "Way", "explains_crash", "is_at_a_place", "is_late", "search"]

_LARGE = 2 * MIB
"""Bytes of allocations that must have had room before each step."""

_MOST_WAYS = 24
"""Ways that are kept: of more, nothing tells which is right."""

_ALONE, _NODES, _LOW, _LOGGED = (74, 48, 35, 20), (80, 55, 35, 20), (80, 30), (110, 75, 30)
"""Steps of each search of a listing alone, of several nodes, where all RAM is low memory, and beside a log.

With more, hardly any finds what it has not found. In low memory the place of the CMA area tells more than ways that
explain less: see `cma_stack`.
"""

_FOUND = 110
"""Steps that a search counts for which found ways, with those it took to look for better ones."""

_EARLY = 20
"""Steps that are left, at least, once the first way has explained all that came after the crash kernel."""

_MORE = 60
"""Steps in which a better way must follow one that is found."""

_USUAL = 75
"""Steps in which a usual way must follow one that explains everything with something unusual."""

Rank: TypeAlias = tuple[int, ...]

_WHOLE: Rank = (0, 0, 0, 1)
_UNUSUAL: Rank = (0, 0, 1, 1)
_STRICT = (_WHOLE, _UNUSUAL)


@dataclass(frozen=True, slots=True)
class Way:
    """One way back. rank: how well it explains what is listed, the best lowest.

    That is: whether the crash kernel would lie elsewhere, what is left beneath it, whether a kernel would not do so by
    itself, how many entries are left in pieces or not found, and the bytes that are explained, negative.
    """

    rank: Rank
    undone: Undone

    @property
    def whole(self) -> bool:
        """True if it explains everything."""
        elsewhere, beneath, _, pieces, _ = self.rank
        return not (elsewhere or beneath or pieces)


@dataclass(slots=True)
class Effort:
    """The searches of one listing, and the steps that they share.

    searches: for each the rank that ways must be below, the most steps, and how many rests may hold per-CPU areas of
    any size, see `Fork`. left: steps that are left for them: where the likeliest page descriptors take them all, no
    others explain the listing. known: what they have looked for.
    """

    searches: tuple[tuple[Rank | None, int, int], ...]
    left: int = 0
    known: Known = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.left = sum(most for _, most, _ in self.searches)

    @classmethod
    def of(cls, view: View) -> Effort:
        """The searches of a listing; where all RAM is low memory, only those for ways that explain everything.

        Without a crash kernel, no later allocation at all explains everything: nothing unusual is needed. Where a log
        names the allocations, it names the per-CPU areas, too, and a place that is hard to find is worth more steps.
        """
        whole, areas = _UNUSUAL if view.crash else _WHOLE, max(len(view.nodes), 1)
        if view.events:
            return cls(tuple(zip((whole, (1,), None), _LOGGED, (0, 0, 0), strict=True)))
        if view.all_low:
            return cls(tuple(zip((whole, whole), _LOW, (0, areas), strict=True)))
        steps = _NODES if view.nodes else _ALONE
        return cls(tuple(zip((whole, whole, (1,), None), steps, (0, areas, 0, 0), strict=True)))

    def less(self) -> Effort:
        """The remaining searches, for ways that leave something unexplained."""
        return Effort(tuple(zip(((1,), None), _ALONE[2:], (0, 0), strict=True)), known=self.known)


def search(view: View, early: Sequence[Sequence[Choice]], late: Sequence[Sequence[Choice]]) -> list[Way]:
    """The ways back, the best first. early: what came right before the crash kernel, late: what came after it."""
    return Search(view, early, late).ways(Effort.of(view))


def _places(view: View) -> int | None:
    """The number of places tried of a small allocation that need not be there; None: all."""
    return None if view.events else 2 if view.all_low else 1


def is_late(view: View, name: str) -> bool:
    """True if an allocation of this name comes after the crash kernel."""
    return name not in _early_names(view)


def _early_names(view: View) -> tuple[str, ...]:
    """Names of what does not come after the crash kernel."""
    return (CMA, CRASH) if view.planned.profile.first else (CMA, CRASH, MEMMAP)


def _crash(view: View) -> Choice:
    """The crash kernel, and what is known to have come after it."""
    names: dict[str, list[Span]] = {}
    for span, name in view.after:
        names.setdefault(name, []).append(span)
    after = tuple(Allocation(name, total(spans), spans=tuple(spans)) for name, spans in names.items())
    return Choice((Allocation(CRASH, total(view.crash), spans=view.crash), *after) if view.crash else after)


class Search:
    """The searches of one account of a listing. early: what came right before the crash kernel; late: after it.

    inner: how many steps come before the crash kernel. most: bytes that the steps up to each may take. needed: the
    large allocations that must have come before each step.
    """

    def __init__(self, view: View, early: Sequence[Sequence[Choice]], late: Sequence[Sequence[Choice]]) -> None:
        before, after = ([choices for choices in part if choices != [Choice()]] for part in (early, late))
        rooms = Rooms(view.listed, view.crash)
        after = [[choice for choice in choices if all(map(rooms.may_hold, choice.items))] for choices in after]
        steps, inner = (*before, [_crash(view)], *after), len(before)
        self.view, self.steps, self.inner = view, steps, inner
        self.early = _early_names(view)
        self.most = [*accumulate(max((choice.size for choice in choices), default=0) for choices in steps)]
        self.rests = Rests(view, steps, inner)
        self.fork = Fork(self.rests)
        self.order = Order(self.rests, self.fork.step)
        sure = [choices[0].items if len(choices) == 1 else () for choices in steps]
        self.needed = [[i for items in sure[:step] for i in items if _is_large(i)] for step in range(len(steps))]
        self.windows = _windows(view)
        self.placed = is_at_a_place(view)

    def ways(self, effort: Effort) -> list[Way]:
        """The ways back, the best first; none once the searches of the listing have no steps left."""
        for below, most, per_cpu in effort.searches:
            if effort.left <= 0:
                break
            steps = min(most, effort.left)
            budget = Budget(steps, skips=below not in _STRICT, places=_places(self.view), known=effort.known)
            ways = self.run(budget, below, per_cpu)
            effort.left -= _FOUND if ways else steps - max(budget.left, 0)
            if ways:
                return sorted(ways, key=lambda way: (not way.whole, way.rank))[:_MOST_WAYS]
        return []

    def run(self, budget: Budget, best: Rank | None, per_cpu: int = 0) -> list[Way]:
        """The ways below a rank, each better than the one before. per_cpu: see `Fork`."""
        self.budget, self.best, self.strict = budget, best, best in _STRICT
        self.fork.per_cpu, self.most_steps = per_cpu, budget.left
        self.found: list[Way] = []
        self.usual = self.whole = self.reached = False
        self.choices = self.fork.all if per_cpu else self.fork.few
        self._back(len(self.steps) - 1, Undone(self.view.listed), (0, 0), frozenset(), self.choices, unusual=False)
        return self.found

    def _back(self, step: int, after: Undone, fit: Rank, entries: frozenset[int], open_: int, *, unusual: bool) -> None:
        """Take back this step and those before it. fit: how well the crash kernel fits, as far as that is known.

        entries: those that hold what was taken back so far. open_: see `Fork`.
        """
        if step == self.inner - 1:
            fit = self._fit(after.state)
        self._spare(step)
        if step < 0:
            self._judge(after, fit, unusual=unusual)
            return
        late, rests = step > self.inner, self._rests(after.state, entries) if step >= self.inner else []
        if self.budget.left < 0:
            return
        if self._is_hopeless(step, after, rests, fit, unusual=unusual):
            return
        if self.strict:
            open_ = self.fork.explaining(open_, step, rests)
        for number, left in self._choices(step, open_, rests):
            if self.budget.left < 0 or self._is_over(late=late, unusual=unusual):
                return
            choice = self.steps[step][number]
            if not late and self._is_worse(after, fit, choice, step, unusual=unusual):
                continue
            accepts = partial(self._may_follow, left, step, number) if late else None
            for before in undo(after.state, choice.items, self.budget, accepts):
                undone = Undone(before.state, (*before.freed, *after.freed), before.skipped + after.skipped)
                held = entries.union(self.rests.entries(self._late(before)))
                if step == self.inner + 1:
                    undone = self._without_per_cpu(undone, held)
                self._back(step - 1, undone, fit, held, left, unusual=unusual or choice.unusual)
                if self._is_over(late=late, unusual=unusual or choice.unusual):
                    break

    def _spare(self, step: int) -> None:
        """Leave some steps for what came before the crash kernel, once all that came after it is explained."""
        if step == self.inner and self.strict and not self.reached:
            self.reached, self.budget.left = True, max(self.budget.left, _EARLY)

    def _without_per_cpu(self, undone: Undone, entries: frozenset[int]) -> Undone:
        """The same with the per-CPU areas taken back, too, if what is left of these entries may be them."""
        areas = self.rests.per_cpu_areas(undone.state, entries, self.fork.per_cpu) if self.fork.per_cpu else []
        if not areas:
            return undone
        freed = tuple((span, PER_CPU) for span in areas)
        return Undone(undone.state.without(areas), (*freed, *undone.freed), undone.skipped)

    def _is_over(self, *, late: bool, unusual: bool) -> bool:
        """True if no way with what was taken back so far can be better than those that were found."""
        return (late and self.whole) or (unusual and self.best == _WHOLE)

    def _choices(self, step: int, open_: int, rests: list[Rest]) -> Iterator[tuple[int, int]]:
        """The choices of a step that may explain all that is left, each with what is open after it."""
        late, numbers = step > self.inner, range(len(self.steps[step]))
        for number in self.order.of(step, rests) if late and self.strict else numbers:
            choice = self.steps[step][number]
            if choice.many and not self.fork.per_cpu:
                continue
            if choice.unusual and ((self.usual and late) or self.best == _WHOLE):
                continue
            left = self.fork.after_choice(open_, step, number, rests) if late and self.strict else open_
            if left:
                yield number, left

    def _fit(self, state: State) -> Rank:
        """(True if the crash kernel would lie elsewhere, the rest beneath it)."""
        elsewhere = not self.placed and not explains_crash(self.view, state, self.windows)
        return (elsewhere, sum(_ends_with(state, start) for start, _ in self.view.crash))

    def _is_hopeless(self, step: int, after: Undone, rests: list[Rest], fit: Rank, *, unusual: bool) -> bool:
        """True if even a perfect continuation would not beat the best way found.

        The steps before this can undo all that is left, but no more.
        """
        best = self.best
        if best is None:
            return False
        if self.strict:  # whose ranks end before the number of bytes
            return (*fit, unusual, after.skipped) >= best
        rank = _reached(after, fit, self.most[step], unusual=unusual)
        if rank >= best or rank[:3] < best[:3]:
            return rank >= best
        pieces = len({rest.entry for rest in rests if not self.fork.explaining(self.choices, step, [rest])})
        return _reached(after._replace(skipped=after.skipped + pieces), fit, self.most[step], unusual=unusual) >= best

    def _is_worse(self, after: Undone, fit: Rank, choice: Choice, step: int, *, unusual: bool) -> bool:
        """True if no way with a choice of an early step is better than the best."""
        most = choice.size + (self.most[step - 1] if step else 0)
        return self.best is not None and _reached(after, fit, most, unusual=unusual or choice.unusual) >= self.best

    def _may_follow(self, open_: int, step: int, number: int, count: int, taken: Step) -> bool:
        """True if a choice may go on once one of its allocations is taken back, from how many of it are left."""
        if self.strict:
            state, spans = taken
            left = self.rests.left(state, self.rests.entries(spans))
            if not self.fork.may_follow(open_, step, number, count, left):
                return False
        return not self.needed[step] or have_room(taken, self.needed[step])

    def _rests(self, state: State, entries: Iterable[int]) -> list[Rest]:
        """The rests right beneath the crash kernel, and of these entries."""
        return [*self.rests.beneath(state), *self.rests.left(state, entries)]

    def _late(self, undone: Undone) -> list[Span]:
        return [span for span, name in undone.freed if name not in self.early]

    def _judge(self, undone: Undone, fit: Rank, *, unusual: bool) -> None:
        entries = self.rests.entries(span for span, name in undone.freed if name != CRASH)
        pieces = sum(self.rests.are_pieces(i, undone.state) for i in entries) + undone.skipped
        way = Way((*fit, unusual, pieces, -_total(undone)), undone)
        if self.best is not None and way.rank >= self.best:
            return
        self.found.append(way)
        self.budget.left = min(self.budget.left, _MORE)
        if self.strict and pieces:
            return  # an unusual way may explain everything
        if self.strict and unusual:
            self.best, self.budget.left = _WHOLE, min(_USUAL, self.most_steps)
            return
        self.best = min(self.best, way.rank) if self.best is not None else way.rank
        self.usual = self.usual or not fit[0]
        self.whole = self.whole or way.whole


def _is_large(item: Allocation) -> bool:
    return item.needed and item.at is None and not item.spans and item.size * item.times >= _LARGE


def _reached(after: Undone, fit: Rank, most: int, *, unusual: bool) -> Rank:
    """The rank once so many more bytes are explained, and all else is."""
    return (*fit, unusual, after.skipped, -_total(after) - most)


def _total(undone: Undone) -> int:
    return sum(end - start for (start, end), _ in undone.freed)


def _ends_with(state: State, at: int) -> bool:
    """True if a block ends at an address."""
    i = bisect_left(state.reserved, (at, 0))
    return i > 0 and state.reserved[i - 1][1] == at


def explains_crash(view: View, state: State, windows: Iterable[Span] = ()) -> bool:
    """True if a search from the top finds the recorded places."""
    windows = windows or _windows(view)
    return all(
        any(state.topmost(end - start, CRASH_ALIGN, *window) == start for window in windows)
        for start, end in view.crash
    )


def _windows(view: View) -> set[Span]:
    """All windows in which a kernel looks for a crash kernel without a place of its own."""
    profile, bounds = view.planned.profile, Bounds(view.low_max, PHYSICAL_TOP)
    return {(bounds.resolve(w.start), bounds.resolve(w.end)) for w in (*profile.plain, *profile.high)}


def is_at_a_place(view: View) -> bool:
    """True if every window that has a free place has a higher one: then the request had an address."""
    state, windows = view.listed.without(view.crash), _windows(view)
    for start, end in view.crash:
        found = [state.topmost(end - start, CRASH_ALIGN, *window) for window in windows]
        if any(found) and all(at is None or at > start for at in found):
            return True
    return False
