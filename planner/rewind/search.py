"""The search for boot histories: which sequences of allocations lead to the listing.

A boot is a row of steps, each with choices (one where a log names it). The search goes from the last step to the first
and takes back what was chosen; a choice that finds no place ends its branch, so that what several ways have in common
is taken back once. What is left at the end is judged: a way is whole that puts the recorded crash kernel where it is,
leaves nothing right beneath it, and leaves no listed entry in pieces.

Whole ways are looked for first, and after one with something unusual one without: a branch ends where what it left
right beneath the crash kernel, or in pieces, is nothing that the earlier steps could have taken, or where large
allocations before it, such as page descriptors, have no room any more. If there is none, what is left of an entry may
be the per-CPU areas of many processors, whose size is in no listing. Only then are ways looked for that explain less; a
better one must follow each within a few tries. All searches of one listing share their tries, so that no listing takes
long.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import NamedTuple, TypeAlias

from planner.base.ranges import Span, total
from planner.base.sizes import MIB
from planner.kernel.crash_reserve import Bounds
from planner.kernel.memory_map import PHYSICAL_TOP
from planner.kernel.profiles import CRASH_ALIGN
from planner.rewind.boot_steps import CMA, CRASH, PER_CPU, Choice
from planner.rewind.memmap import MEMMAP
from planner.rewind.order import Order
from planner.rewind.pruning import Pruner
from planner.rewind.remainders import Remainder, Remainders
from planner.rewind.state import Allocation, State
from planner.rewind.undo import Budget, Known, Removal, Rooms, Undone, have_room, undo
from planner.rewind.view import View

__all__ = ["Effort", "Search", "Way", "explains_crash", "is_at_a_place", "is_late", "search"]

_LARGE = 2 * MIB
"""Bytes of allocations that must have had room before each step."""

_MOST_WAYS = 24
"""Ways that are kept: of more, nothing tells which is right."""

_ALONE, _NODES, _LOW, _LOGGED = (74, 48, 35, 20), (80, 55, 35, 20), (80, 30), (110, 75, 30)
"""Tries of each search of a listing alone, of several nodes, where all RAM is low memory, and beside a log.

With more, hardly any finds what it has not found. In low memory the place of the CMA area tells more than ways that
explain less: see `cma_stack`.
"""

_COST_OF_WAYS = 110
"""Tries that a search counts for which found ways, with those it took to look for better ones."""

_TRIES_FOR_EARLY = 20
"""Tries that are left, at least, once all that came after the crash kernel is explained for the first time."""

_TRIES_FOR_BETTER = 60
"""Tries within which a better way must follow one that is found."""

_TRIES_FOR_USUAL = 75
"""Tries within which a usual way must follow one that explains everything with something unusual."""


class Rank(NamedTuple):
    """How well a way back explains the listing; the lowest is the best."""

    elsewhere: bool
    """True if the crash kernel would lie elsewhere than recorded."""
    beneath: int
    """How many of its ranges have something right beneath them that is not explained."""
    unusual: bool
    """True if the boot did something that a kernel does not do by itself."""
    pieces: int
    """How many entries are left in pieces, and allocations not found."""
    taken_back: int
    """Bytes that are explained, negative."""


Bound: TypeAlias = tuple[int, ...]
"""A rank, or the beginning of one, below which a way must be."""

_WHOLE_AND_USUAL: Bound = (0, 0, 0, 1)
_WHOLE: Bound = (0, 0, 1, 1)
_EXPLAINS_CRASH: Bound = (1,)
_STRICT = (_WHOLE_AND_USUAL, _WHOLE)
"""The bounds of searches for ways that explain everything."""

_Fit: TypeAlias = tuple[bool, int]
"""The first two fields of a rank, which concern the crash kernel."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way back, and how well it explains what is listed."""

    rank: Rank
    undone: Undone

    @property
    def whole(self) -> bool:
        """True if it explains everything."""
        rank = self.rank
        return not (rank.elsewhere or rank.beneath or rank.pieces)


class _Pass(NamedTuple):
    """One search of a listing.

    below: the bound of its ways; None: any way. tries: at most. per_cpu: how many remainders may hold per-CPU areas of
    any size, see `Pruner`.
    """

    below: Bound | None
    tries: int
    per_cpu: int = 0


@dataclass(slots=True)
class Effort:
    """The searches of one listing, one after the other, and the tries that they share.

    left: tries that are left for them: where the likeliest page descriptors take them all, no others explain the
    listing. known: what they have looked for.
    """

    passes: tuple[_Pass, ...]
    left: int = 0
    known: Known = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.left = sum(one.tries for one in self.passes)

    @classmethod
    def of(cls, view: View) -> Effort:
        """The searches of a listing; where all RAM is low memory, only those for ways that explain everything.

        Without a crash kernel, no later allocation at all explains everything: nothing unusual is needed. Where a log
        names the allocations, it names the per-CPU areas, too, and a place that is hard to find is worth more tries.
        """
        whole, areas = _WHOLE if view.crash else _WHOLE_AND_USUAL, max(len(view.nodes), 1)
        if view.events:
            first, second, last = _LOGGED
            return cls((_Pass(whole, first), _Pass(_EXPLAINS_CRASH, second), _Pass(None, last)))
        if view.all_low:
            first, second = _LOW
            return cls((_Pass(whole, first), _Pass(whole, second, areas)))
        first, second, third, last = _NODES if view.nodes else _ALONE
        less = _Pass(_EXPLAINS_CRASH, third), _Pass(None, last)
        return cls((_Pass(whole, first), _Pass(whole, second, areas), *less))

    def less(self) -> Effort:
        """The remaining searches, for ways that leave something unexplained."""
        _, _, third, last = _ALONE
        return Effort((_Pass(_EXPLAINS_CRASH, third), _Pass(None, last)), known=self.known)


def search(view: View, early: Sequence[Sequence[Choice]], late: Sequence[Sequence[Choice]]) -> list[Way]:
    """The ways back, the best first. early: what came right before the crash kernel, late: what came after it."""
    return Search(view, early, late).ways(Effort.of(view))


def _places(view: View) -> int | None:
    """The number of places tried of a small allocation that need not be there; None: all."""
    return None if view.events else 2


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
    """The steps of one boot, prepared for searches. early: those right before the crash kernel; late: those after it.

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
        self.remainders = Remainders(view, steps, inner)
        self.pruner = Pruner(self.remainders)
        self.order = Order(self.remainders, self.pruner.widest)
        sure = [choices[0].items if len(choices) == 1 else () for choices in steps]
        self.needed = [[i for items in sure[:step] for i in items if _is_large(i)] for step in range(len(steps))]
        self.windows = _windows(view)
        self.placed = is_at_a_place(view)

    def ways(self, effort: Effort) -> list[Way]:
        """The ways back, the best first; none once the searches of the listing have no tries left.

        A way that leaves pieces does not end the searches for one that explains everything: what is in pieces may be
        per-CPU areas.
        """
        found: list[Way] = []
        for below, most, per_cpu in effort.passes:
            if effort.left <= 0 or (found and below not in _STRICT):
                break
            tries = min(most, effort.left)
            budget = Budget(tries, skips=below not in _STRICT, places=_places(self.view), known=effort.known)
            ways = _Run(self, budget, below, per_cpu).ways()
            effort.left -= _COST_OF_WAYS if ways else tries - max(budget.left, 0)
            found += ways
            if any(way.whole for way in ways):
                break
        return sorted(found, key=lambda way: (not way.whole, way.rank))[:_MOST_WAYS]


class _Run:
    """One search. best: the bound below which the next way must be; it falls with each way that is found.

    strict: only ways that explain everything are looked for. usual, whole: a way was found that explains the crash
    kernel, or everything. reached: all that came after the crash kernel was explained once.
    """

    def __init__(self, search: Search, budget: Budget, best: Bound | None, per_cpu: int) -> None:
        self.search, self.view, self.steps, self.inner = search, search.view, search.steps, search.inner
        self.remainders, self.pruner = search.remainders, search.pruner
        self.budget, self.tries, self.best, self.strict = budget, budget.left, best, best in _STRICT
        self.pruner.per_cpu = per_cpu
        self.choices = self.pruner.all if per_cpu else self.pruner.few
        self.found: list[Way] = []
        self.usual = self.whole = self.reached = False

    def ways(self) -> list[Way]:
        """The ways below the bound, each better than the one before."""
        last = len(self.steps) - 1
        self._take_back(last, Undone(self.view.listed), (False, 0), frozenset(), self.choices, unusual=False)
        return self.found

    def _take_back(
        self, step: int, after: Undone, fit: _Fit, entries: frozenset[int], possible: int, *, unusual: bool
    ) -> None:
        """Take back this step and those before it.

        after: the state after this step, with what was taken back so far. fit: how well the crash kernel fits, as far
        as that is known. entries: those that hold what was taken back. possible: see `Pruner`. unusual: something of
        what was taken back is.
        """
        if step == self.inner - 1:
            fit = self._fit(after.state)
        self._spare(step)
        if step < 0:
            self._judge(after, fit, unusual=unusual)
            return
        late, remainders = step > self.inner, self._remainders(after.state, entries) if step >= self.inner else []
        if self.budget.left < 0:
            return
        if self._is_hopeless(step, after, remainders, fit, unusual=unusual):
            return
        if self.strict:
            possible = self.pruner.explaining(possible, step, remainders)
        for number, left in self._choices(step, possible, remainders):
            if self.budget.left < 0 or self._is_over(late=late, unusual=unusual):
                return
            choice = self.steps[step][number]
            if not late and self._is_worse(after, fit, choice, step, unusual=unusual):
                continue
            accepts = partial(self._may_follow, left, step, number) if late else None
            for before in undo(after.state, choice.items, self.budget, accepts):
                skipped = before.skipped + after.skipped + choice.lacking
                undone = Undone(before.state, (*before.freed, *after.freed), skipped)
                held = entries.union(self.remainders.entries(self._late(before)))
                if step == self.inner + 1:
                    undone = self._without_per_cpu(undone, held)
                self._take_back(step - 1, undone, fit, held, left, unusual=unusual or choice.unusual)
                if self._is_over(late=late, unusual=unusual or choice.unusual):
                    break

    def _spare(self, step: int) -> None:
        """Leave some tries for what came before the crash kernel, once all that came after it is explained."""
        if step == self.inner and self.strict and not self.reached:
            self.reached, self.budget.left = True, max(self.budget.left, _TRIES_FOR_EARLY)

    def _without_per_cpu(self, undone: Undone, entries: frozenset[int]) -> Undone:
        """The same with the per-CPU areas taken back, too, if what is left of these entries may be them."""
        per_cpu = self.pruner.per_cpu
        areas = self.remainders.per_cpu_areas(undone.state, entries, per_cpu) if per_cpu else []
        if not areas:
            return undone
        freed = tuple((span, PER_CPU) for span in areas)
        return Undone(undone.state.without(areas), (*freed, *undone.freed), undone.skipped)

    def _is_over(self, *, late: bool, unusual: bool) -> bool:
        """True if no way with what was taken back so far can be better than those that were found."""
        return (late and self.whole) or (unusual and self.best == _WHOLE_AND_USUAL)

    def _choices(self, step: int, possible: int, remainders: list[Remainder]) -> Iterator[tuple[int, int]]:
        """The choices of a step that may explain all that is left: number, and what is possible after it."""
        late, numbers = step > self.inner, range(len(self.steps[step]))
        for number in self.search.order.of(step, remainders) if late and self.strict else numbers:
            choice = self.steps[step][number]
            if choice.many_cpus and not self.pruner.per_cpu:
                continue
            if choice.unusual and ((self.usual and late) or self.best == _WHOLE_AND_USUAL):
                continue
            left = self.pruner.after_choice(possible, step, number, remainders) if late and self.strict else possible
            if left:
                yield number, left

    def _fit(self, state: State) -> _Fit:
        """How well the crash kernel fits before all that came after it."""
        elsewhere = not self.search.placed and not explains_crash(self.view, state, self.search.windows)
        return (elsewhere, sum(_ends_with(state, start) for start, _ in self.view.crash))

    def _is_hopeless(self, step: int, after: Undone, remainders: list[Remainder], fit: _Fit, *, unusual: bool) -> bool:
        """True if even a perfect continuation would not beat the best way found.

        The steps before this can undo all that is left, but no more.
        """
        best = self.best
        if best is None:
            return False
        if self.strict:  # whose bounds end before the number of bytes
            return (*fit, unusual, after.skipped) >= best
        most = self.search.most[step]
        rank = _reached(after, fit, most, unusual=unusual)
        if rank >= best or rank[:3] < best[:3]:
            return rank >= best
        pieces = len({one.entry for one in remainders if not self.pruner.explaining(self.choices, step, [one])})
        return _reached(after._replace(skipped=after.skipped + pieces), fit, most, unusual=unusual) >= best

    def _is_worse(self, after: Undone, fit: _Fit, choice: Choice, step: int, *, unusual: bool) -> bool:
        """True if no way with a choice of an early step is better than the best."""
        most = choice.size + (self.search.most[step - 1] if step else 0)
        return self.best is not None and _reached(after, fit, most, unusual=unusual or choice.unusual) >= self.best

    def _may_follow(self, possible: int, step: int, number: int, count: int, removal: Removal) -> bool:
        """True if a choice may go on once one of its allocations is taken back, the last but `count`."""
        if self.strict:
            left = self.remainders.left(removal.before, self.remainders.entries(removal.spans))
            if not self.pruner.may_follow(possible, step, number, count, left):
                return False
        needed = self.search.needed[step]
        return not needed or have_room(removal, needed)

    def _remainders(self, state: State, entries: Iterable[int]) -> list[Remainder]:
        """What is left right beneath the crash kernel, and of these entries."""
        return [*self.remainders.beneath(state), *self.remainders.left(state, entries)]

    def _late(self, undone: Undone) -> list[Span]:
        """The ranges taken back that came after the crash kernel."""
        return [span for span, name in undone.freed if name not in self.search.early]

    def _judge(self, undone: Undone, fit: _Fit, *, unusual: bool) -> None:
        """Keep a way that is better than those before, and look for a better one yet."""
        entries = self.remainders.entries(span for span, name in undone.freed if name != CRASH)
        pieces = sum(self.remainders.are_pieces(i, undone.state) for i in entries) + undone.skipped
        way = Way(Rank(*fit, unusual, pieces, -_total(undone)), undone)
        if self.best is not None and way.rank >= self.best:
            return
        self.found.append(way)
        self.budget.left = min(self.budget.left, _TRIES_FOR_BETTER)
        if self.strict and pieces:
            return  # an unusual way may explain everything
        if self.strict and unusual:
            self.best, self.budget.left = _WHOLE_AND_USUAL, min(_TRIES_FOR_USUAL, self.tries)
            return
        self.best = min(self.best, way.rank) if self.best is not None else way.rank
        self.usual = self.usual or not way.rank.elsewhere
        self.whole = self.whole or way.whole


def _is_large(item: Allocation) -> bool:
    return item.needed and item.at is None and not item.spans and item.size * item.times >= _LARGE


def _reached(after: Undone, fit: _Fit, most: int, *, unusual: bool) -> Bound:
    """The rank once so many more bytes are explained, and all else is."""
    return (*fit, unusual, after.skipped, -_total(after) - most)


def _total(undone: Undone) -> int:
    return sum(end - start for (start, end), _ in undone.freed)


def _ends_with(state: State, at: int) -> bool:
    """True if a reserved range ends at an address."""
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
