"""Pruning of the search for boot histories: can what is left of the listing still be explained?

What is left of a listed entry (`remainders`) must be a sum of what the earlier steps may have taken. One choice of a
step explains all that is left together, not each remainder another one. That is followed for one step alone, the
widest; of every other step any choice may explain any remainder.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from planner.rewind.boot_steps import MOST_PER_CPU, Choice
from planner.rewind.remainders import Remainder, Remainders
from planner.rewind.sums import Joined, Sums, any_of, joined, sums_of

__all__ = ["Pruner"]

_FEW_PARTS = 16
"""Sums of a choice that are tried one by one; more are joined with those of the steps before it."""


class Pruner:
    """The choices of the widest step, and which of them may still explain all that is left.

    The widest step is that with most choices, but for the last step, all of whose choices have to be tried. A set of
    its choices is an int with a bit for each, the first one the lowest; those that are `possible` may still explain all
    that is left.

    widest: the number of that step. all, few: all its choices, and those that do not need many processors. per_cpu: how
    many remainders may hold per-CPU areas of any size beside what explains them; a search sets it.
    """

    def __init__(self, remainders: Remainders) -> None:
        self.late, self.before = remainders.late, remainders.before
        self.last = len(self.late) - 1
        self.widest = max(range(self.last), key=lambda step: len(self.late[step]), default=0)
        own = self.late[self.widest] or (Choice(),)
        self.all = (1 << len(own)) - 1
        self.few = sum(1 << i for i, choice in enumerate(own) if not choice.many_cpus)
        each = [[sums_of(choice.items) for choice in choices] for choices in self.late[: self.last]]
        sums = [any_of(choices) for choices in each]
        # Sums of the steps before each one: up to the widest, and of those after it.
        self.below = [*accumulate(sums[: self.widest], Sums.plus, initial=Sums())]
        self.above = [*accumulate(sums[self.widest + 1 :], Sums.plus, initial=Sums())]
        self.own = (each[self.widest] if each else []) or [Sums()]
        self.firsts: dict[tuple[int, int, int], Sums] = {}
        self.tables: dict[tuple[int, int, int], list[Joined]] = {}
        self.known: dict[tuple[int, ...], int] = {}
        self.per_cpu = 0

    def explaining(self, possible: int, step: int, remainders: Iterable[Remainder]) -> int:
        """The choices with which the steps up to this one may have taken all that is left."""
        return self._with_first(possible, step + 1, 0, 0, remainders) if step < self.last else possible

    def after_choice(self, possible: int, step: int, choice: int, remainders: Iterable[Remainder]) -> int:
        """The choices that remain possible if this one is made at this step."""
        if step == self.widest:
            return possible & 1 << choice
        return self._with_first(possible, step, choice, len(self.late[step][choice].items), remainders)

    def may_follow(self, possible: int, step: int, choice: int, count: int, remainders: Iterable[Remainder]) -> bool:
        """True if what is left can be explained once an allocation of this choice is taken back.

        count: how many allocations of the choice come before it. These and the steps before must add up to what is
        left.
        """
        return bool(self._with_first(possible, step, choice if count else 0, count, remainders))

    def _with_first(self, possible: int, step: int, choice: int, count: int, remainders: Iterable[Remainder]) -> int:
        """The choices under which the steps before, and the first `count` of `choice`, add up to every remainder."""
        if self.per_cpu:
            return self._with_areas(possible, step, choice, count, remainders)
        for remainder in remainders:
            if possible:
                possible &= self._of_one(step, choice, count, remainder)
        return possible

    def _with_areas(self, possible: int, step: int, choice: int, count: int, remainders: Iterable[Remainder]) -> int:
        """As `_with_first`, where up to `per_cpu` remainders may also hold per-CPU areas of any size."""
        # The same block may be right beneath the crash kernel and of an entry.
        counted: dict[int, int] = {}
        # The choices that need areas in at least one remainder, in two, and so on.
        needing = [0] * (self.per_cpu + 1)
        for remainder in remainders:
            found = self._of_one(step, choice, count, remainder)
            if not possible & ~found:
                continue
            all_of_it = remainder.size <= MOST_PER_CPU
            wide = -1 if all_of_it else self._of_one(step, choice, count, remainder._replace(slack=MOST_PER_CPU))
            more = possible & wide & ~found & ~counted.get(remainder.size, 0)
            counted[remainder.size] = counted.get(remainder.size, 0) | more
            for i, these in enumerate(needing):
                needing[i], more = these | more, these & more
            possible &= found | (needing[0] & ~needing[-1])
        return possible

    def _of_one(self, step: int, choice: int, count: int, remainder: Remainder) -> int:
        """All choices with which one remainder is explained."""
        key = (step, choice, count, *remainder[1:])
        found = self.known.get(key)
        if found is None:
            first = self._first(step, choice, count)
            if first.unit or len(first.sizes) > _FEW_PARTS:
                found = self._explained(remainder, (0,), self._table(step, choice, count))
            else:
                found = self._explained(remainder, first.sizes, self._table(step, 0, 0))
            self.known[key] = found
        return found

    def _explained(self, remainder: Remainder, parts: Sequence[int], tables: Sequence[Joined]) -> int:
        """The choices whose sums are a remainder, beside one part and what came before the crash kernel."""
        early, found = self.before[remainder.early], 0
        for table in tables:
            most = table.most + remainder.slack
            sizes = [
                left - one
                for part in parts
                if (left := remainder.size - part) >= 0
                for one in early[bisect_left(early, left - most) : bisect_right(early, left)]
            ]
            found |= table.explain(sizes, remainder.slack, units=remainder.descriptors)
        return found

    def _table(self, step: int, choice: int, count: int) -> list[Joined]:
        """Sums of the first allocations of a choice and of the steps before it, for each choice of the widest step."""
        key = (step, choice, count)
        if key not in self.tables:
            own, others = self._before(step)
            self.tables[key] = joined(own, others.plus(self._first(step, choice, count)) if count else others)
        return self.tables[key]

    def _first(self, step: int, choice: int, count: int) -> Sums:
        """Sums of the first `count` allocations of a choice."""
        key = (step, choice, count)
        if key not in self.firsts:
            self.firsts[key] = sums_of(self.late[step][choice].items[:count]) if count else Sums()
        return self.firsts[key]

    def _before(self, step: int) -> tuple[Sequence[Sums], Sums]:
        """Sums of what the steps before this one take: of each choice of the widest step, and of all others."""
        if step <= self.widest:
            return [Sums()] * len(self.own), self.below[step]
        return self.own, self.below[-1].plus(self.above[step - 1 - self.widest])
