"""Prunes the search for boot histories: which choices of its largest step can still explain all unexplained bytes.

One choice of a step explains all that is left together, not each rest another one. That is followed for this step
alone; of every other step any choice may explain any rest.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from planner.rewind.boot_steps import MOST_PER_CPU, Choice
from planner.rewind.remainders import Rest, Rests
from planner.rewind.sums import Joined, Sums, any_of, joined, sums_of

__all__ = ["Fork"]

_FEW_PARTS = 16
"""Sums of a choice that are tried one by one; more are joined with those of the steps before it."""


class Fork:
    """The step of a boot with most choices, but for the last step, all of whose choices have to be tried.

    A set of its choices is an int with a bit for each; `open_` are those that may still explain all that is left.

    step: its number. all, few: all choices, and those that need no many processors. per_cpu: how many rests may hold
    per-CPU areas of any size beside what explains them.
    """

    def __init__(self, rests: Rests) -> None:
        self.late, self.before = rests.late, rests.before
        self.last = len(self.late) - 1
        self.step = max(range(self.last), key=lambda step: len(self.late[step]), default=0)
        own = self.late[self.step] or (Choice(),)
        self.all = (1 << len(own)) - 1
        self.few = sum(1 << i for i, choice in enumerate(own) if not choice.many)
        each = [[sums_of(choice.items) for choice in choices] for choices in self.late[: self.last]]
        sums = [any_of(choices) for choices in each]
        self.below = [*accumulate(sums[: self.step], Sums.plus, initial=Sums())]
        self.above = [*accumulate(sums[self.step + 1 :], Sums.plus, initial=Sums())]
        self.own = (each[self.step] if each else []) or [Sums()]
        self.firsts: dict[tuple[int, int, int], Sums] = {}
        self.tables: dict[tuple[int, int, int], list[Joined]] = {}
        self.known: dict[tuple[int, ...], int] = {}
        self.per_cpu = 0

    def explaining(self, open_: int, step: int, rests: Iterable[Rest]) -> int:
        """The choices with which the steps up to this one may have taken all that is left."""
        return self._with_first(open_, step + 1, 0, 0, rests) if step < self.last else open_

    def after_choice(self, open_: int, step: int, choice: int, rests: Iterable[Rest]) -> int:
        """The choices that remain with one choice of this step."""
        if step == self.step:
            return open_ & 1 << choice
        return self._with_first(open_, step, choice, len(self.late[step][choice].items), rests)

    def may_follow(self, open_: int, step: int, choice: int, count: int, rests: Iterable[Rest]) -> bool:
        """True if what one undone allocation leaves can be a sum of the `count` before it and of the steps before."""
        return bool(self._with_first(open_, step, choice if count else 0, count, rests))

    def _with_first(self, open_: int, step: int, choice: int, count: int, rests: Iterable[Rest]) -> int:
        """The choices under which the steps before, and the first `count` of `choice`, add up to every rest."""
        if self.per_cpu:
            return self._with_areas(open_, step, choice, count, rests)
        for rest in rests:
            if open_:
                open_ &= self._of_one(step, choice, count, rest)
        return open_

    def _with_areas(self, open_: int, step: int, choice: int, count: int, rests: Iterable[Rest]) -> int:
        """As `_with_first`, where up to `per_cpu` rests may also hold per-CPU areas of any size."""
        # The same block may be right beneath the crash kernel and of an entry.
        counted: dict[int, int] = {}
        # The choices that need areas in at least one rest, in two, and so on.
        needing = [0] * (self.per_cpu + 1)
        for rest in rests:
            found = self._of_one(step, choice, count, rest)
            if not open_ & ~found:
                continue
            all_of_it = rest.size <= MOST_PER_CPU
            wide = -1 if all_of_it else self._of_one(step, choice, count, rest._replace(slack=MOST_PER_CPU))
            more = open_ & wide & ~found & ~counted.get(rest.size, 0)
            counted[rest.size] = counted.get(rest.size, 0) | more
            for i, these in enumerate(needing):
                needing[i], more = these | more, these & more
            open_ &= found | (needing[0] & ~needing[-1])
        return open_

    def _of_one(self, step: int, choice: int, count: int, rest: Rest) -> int:
        """All choices with which one rest is explained."""
        key = (step, choice, count, *rest[1:])
        found = self.known.get(key)
        if found is None:
            first = self._first(step, choice, count)
            if first.unit or len(first.sizes) > _FEW_PARTS:
                found = self._explained(rest, (0,), self._table(step, choice, count))
            else:
                found = self._explained(rest, first.sizes, self._table(step, 0, 0))
            self.known[key] = found
        return found

    def _explained(self, rest: Rest, parts: Sequence[int], tables: Sequence[Joined]) -> int:
        """The choices whose sums are a rest, beside one part and what came before the crash kernel."""
        early, found = self.before[rest.early], 0
        for table in tables:
            most = table.most + rest.slack
            sizes = [
                left - one
                for part in parts
                if (left := rest.size - part) >= 0
                for one in early[bisect_left(early, left - most) : bisect_right(early, left)]
            ]
            found |= table.explain(sizes, rest.slack, many=rest.many)
        return found

    def _table(self, step: int, choice: int, count: int) -> list[Joined]:
        """Sums of the first allocations of a choice and of the steps before it, for each choice of the fork."""
        key = (step, choice, count)
        if key not in self.tables:
            own, others = self._before(step)
            self.tables[key] = joined(own, others.plus(self._first(step, choice, count)) if count else others)
        return self.tables[key]

    def _first(self, step: int, choice: int, count: int) -> Sums:
        """Sums of the first allocations of a choice."""
        key = (step, choice, count)
        if key not in self.firsts:
            self.firsts[key] = sums_of(self.late[step][choice].items[:count]) if count else Sums()
        return self.firsts[key]

    def _before(self, step: int) -> tuple[Sequence[Sums], Sums]:
        """Sums of what the steps before this one take: of each choice of the fork, and of all others."""
        if step <= self.step:
            return [Sums()] * len(self.own), self.below[step]
        return self.own, self.below[-1].plus(self.above[step - 1 - self.step])
