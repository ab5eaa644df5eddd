"""The order in which the choices of a step are tried: first those whose size is just what is unexplained.

Memory is filled downward from its tops. So what lies right beneath the crash kernel is often all that came later: one
choice of each step, and nothing beside it; or it is one allocation, whose entry it fills. Where page descriptors lie
there, too, what leaves a whole number of their units comes before what does not. Where nothing is left to tell, or all
RAM is low memory, the smallest choice of the widest step comes first: mostly it is none. Of two choices, one that finds
a place hardly does so by accident.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain

from planner.rewind.cma_areas import USUAL_CMA
from planner.rewind.remainders import DESCRIPTORS_AND_AREA, NOTHING, Remainder, Remainders

__all__ = ["Order"]


class Order:
    """The order of the choices of late steps.

    sizes: bytes of each choice of each step; items: those of its allocations. totals: what one choice of each step
    before one takes together. areas: bytes of CMA areas that may lie beside them. unit: of page descriptors, 0 if
    they are of one piece. widest: the step with most choices, see `Pruner`.
    """

    def __init__(self, remainders: Remainders, widest: int) -> None:
        view, late = remainders.view, remainders.late
        self.unusual = [[choice.unusual for choice in choices] for choices in late]
        self.sizes = [[choice.size for choice in choices] for choices in late]
        self.items = [[sorted(item.size for item in choice.items) for choice in choices] for choices in late]
        self.totals = [*accumulate(self.sizes[:-1], _totals, initial=[0])]
        self.low = all(end <= view.low_max for _, end in view.crash)
        # Where no log names a CMA area, what is left of an entry in low memory may be all beside a usual one.
        self.areas = (0, *remainders.areas[: len(USUAL_CMA)]) if not view.events else ()
        self.widest = widest
        self.all_low = view.all_low
        self.known: dict[tuple[int, tuple[Remainder, ...]], list[int]] = {}
        self.unit = max((item.size for c in chain(*late) for item in c.items if item.times > 1), default=0)

    def of(self, step: int, remainders: Sequence[Remainder]) -> Iterable[int]:
        """The numbers of a step's choices, in their order."""
        key = (step, tuple(remainders))
        if key not in self.known:
            self.known[key] = self._sorted(step, remainders)
        return self.known[key]

    def _sorted(self, step: int, remainders: Sequence[Remainder]) -> list[int]:
        """The numbers of a step's choices: usual ones of just the size of a remainder first."""
        sizes, unusual, totals = self.sizes[step], self.unusual[step], self.totals[step]
        exact = {
            i
            for remainder in remainders
            if (parts := self._beside(step, remainder))
            for i, size in enumerate(sizes)
            if _holds(self.items[step][i], remainder.size, remainder.slack)
            or any(_holds(totals, remainder.size - part - size, remainder.slack) for part in parts)
        }
        if len(remainders) > 1:
            whole = sum(remainder.size for remainder in remainders if remainder.entry >= 0)
            slack = max(remainder.slack for remainder in remainders)
            exact |= {i for i, size in enumerate(sizes) if _holds(totals, whole - size, slack)}
        odd = self._odd(sizes, remainders)
        smallest = step == self.widest and len(sizes) > 2 and (self.all_low or not remainders)
        # What lies beneath a high crash kernel does not tell whether there is an unusual buffer in low memory.
        return sorted(
            range(len(sizes)),
            key=lambda i: (self.low and i not in exact, unusual[i], i not in exact, odd[i], smallest and sizes[i]),
        )

    def _odd(self, sizes: Sequence[int], remainders: Sequence[Remainder]) -> list[bool]:
        """True for sizes which, taken from any remainder, leave no whole number of units of page descriptors."""
        found = [remainder for remainder in remainders if remainder.descriptors]
        if not found or any(remainder.slack >= self.unit for remainder in found):
            return [False] * len(sizes)
        return [all((one.size - size) % self.unit > one.slack for one in found) for size in sizes]

    def _beside(self, step: int, remainder: Remainder) -> Sequence[int]:
        """Sizes of earlier allocations that may share an entry with later ones."""
        if remainder.early == NOTHING:
            return (0,)
        areas = self.areas if remainder.early == DESCRIPTORS_AND_AREA and step >= self.widest else ()
        return [size for size in areas if remainder.size - size > remainder.slack]


def _totals(before: list[int], sizes: Sequence[int]) -> list[int]:
    """Bytes of one choice and one of those before it together, ascending."""
    return sorted({a + b for a in before for b in set(sizes)}) if sizes else before


def _holds(ascending: Sequence[int], size: int, slack: int) -> bool:
    """True if one of them is this size, or smaller by no more than the slack."""
    i = bisect_left(ascending, size - slack)
    return i < len(ascending) and ascending[i] <= size
