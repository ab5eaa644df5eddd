"""The order in which the choices of a step are tried: first those whose size is just what is unexplained.

Memory is filled downward from its tops. So what lies right beneath the crash kernel is often all that came later: one
choice of each step, and nothing beside it; or it is one allocation, whose entry it fills. Where page descriptors lie
there, too, what leaves a whole number of their units comes before what does not. Where nothing is left to tell, or all
RAM is low memory, the smallest choice of the fork comes first: mostly it is none. Of two choices, one that finds a
place hardly does so by accident.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain

from planner.rewind.remainders import Rest, Rests
from planner.rewind.replay import USUAL_CMA

__all__ = ["Order"]


class Order:
    """The order of the choices of late steps.

    sizes: bytes of each choice of each step; items: those of its allocations. totals: what one choice of each step
    before one takes together. areas: bytes of CMA areas that may lie beside them. unit: of page descriptors, 0 if
    they are of one piece. fork: the step with most choices, see `Fork`.
    """

    def __init__(self, rests: Rests, fork: int) -> None:
        view, late = rests.view, rests.late
        self.unusual = [[choice.unusual for choice in choices] for choices in late]
        self.sizes = [[choice.size for choice in choices] for choices in late]
        self.items = [[sorted(item.size for item in choice.items) for choice in choices] for choices in late]
        self.totals = [*accumulate(self.sizes[:-1], _totals, initial=[0])]
        self.low = all(end <= view.low_max for _, end in view.crash)
        # Where no log names a CMA area, the rest of an entry in low memory may be all beside a usual one.
        self.areas = (0, *rests.areas[: len(USUAL_CMA)]) if not view.events else ()
        self.fork = fork
        self.all_low = view.all_low
        self.known: dict[tuple[int, tuple[Rest, ...]], list[int]] = {}
        self.unit = max((item.size for c in chain(*late) for item in c.items if item.times > 1), default=0)

    def of(self, step: int, rests: Sequence[Rest]) -> Iterable[int]:
        """The numbers of a step's choices, in their order."""
        key = (step, tuple(rests))
        if key not in self.known:
            self.known[key] = self._sorted(step, rests)
        return self.known[key]

    def _sorted(self, step: int, rests: Sequence[Rest]) -> list[int]:
        sizes, unusual, totals = self.sizes[step], self.unusual[step], self.totals[step]
        exact = {
            i
            for rest in rests
            if (parts := self._beside(step, rest))
            for i, size in enumerate(sizes)
            if _holds(self.items[step][i], rest.size, rest.slack)
            or any(_holds(totals, rest.size - part - size, rest.slack) for part in parts)
        }
        if len(rests) > 1:
            whole, slack = sum(rest.size for rest in rests if rest.entry >= 0), max(rest.slack for rest in rests)
            exact |= {i for i, size in enumerate(sizes) if _holds(totals, whole - size, slack)}
        odd = self._odd(sizes, rests)
        smallest = step == self.fork and len(sizes) > 2 and (self.all_low or not rests)
        # What lies beneath a high crash kernel does not tell whether there is an unusual buffer in low memory.
        return sorted(
            range(len(sizes)),
            key=lambda i: (self.low and i not in exact, unusual[i], i not in exact, odd[i], smallest and sizes[i]),
        )

    def _odd(self, sizes: Sequence[int], rests: Sequence[Rest]) -> list[bool]:
        """True for sizes which, taken from any of the rests, leave no whole number of units of page descriptors."""
        many = [rest for rest in rests if rest.many]
        if not many or any(rest.slack >= self.unit for rest in many):
            return [False] * len(sizes)
        return [all((rest.size - size) % self.unit > rest.slack for rest in many) for size in sizes]

    def _beside(self, step: int, rest: Rest) -> Sequence[int]:
        """Sizes of earlier allocations that may share an entry with later ones."""
        if not rest.early:
            return (0,)
        areas = self.areas if rest.early == 2 and step >= self.fork else ()
        return [size for size in areas if rest.size - size > rest.slack]


def _totals(before: list[int], sizes: Sequence[int]) -> list[int]:
    """Bytes of one choice and one of those before it together, ascending."""
    return sorted({a + b for a in before for b in set(sizes)}) if sizes else before


def _holds(ascending: Sequence[int], size: int, slack: int) -> bool:
    """True if one of them is this size, or smaller by no more than the slack."""
    i = bisect_left(ascending, size - slack)
    return i < len(ascending) and ascending[i] <= size
