"""The rests of listed entries while allocations are taken back, and which of them the allocations before explain.

In a way that explains everything, what is left of an entry is a sum of sizes that the steps before take, but for small
things without a name. So a wrong size, or a wrong place, shows as soon as it is taken back.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import gcd
from typing import Literal, NamedTuple

from planner.base.ranges import Span, intersect, subtract, total
from planner.base.sizes import KIB
from planner.kernel.cma import cma_align
from planner.rewind.changes import areas_of
from planner.rewind.later import CMA, Choice
from planner.rewind.memmap import beneath
from planner.rewind.undo import Later, State, Step
from planner.rewind.view import View

__all__ = ["Rest", "Rests"]

_SMALL = 64 * KIB
"""Bytes that small allocations without a name may take beside one that has one."""

_FEW = 40
"""Pages of early allocations without a name that may lie above a later one, in the same entry, if no log names any."""

_MOST = 1 << 64
_MANY, _MANY_ITEMS = 4096, 24
"""Sums, and allocations of a choice, that are told apart: of more, any size up to the largest may be a sum."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of some sizes, ascending, and whole numbers of units beside each, up to so many bytes of them."""

    sizes: tuple[int, ...] = (0,)
    unit: int = 0
    many: int = 0
    parts: tuple[int, ...] = ()

    def explain(self, size: int, slack: int) -> bool:
        """True if a size is a sum, or larger by no more than the slack."""
        if not self.unit:
            i = bisect_right(self.sizes, size)
            return i > 0 and size - self.sizes[i - 1] <= slack
        if size > self.sizes[-1] + self.many + slack:
            return False
        part = size % self.unit
        i = bisect_right(self.parts, part)
        return part - self.parts[i - 1] <= slack if i else part + self.unit - self.parts[-1] <= slack

    def explain_all(self, size: int, slack: int) -> bool:
        """True if a size is a sum and all units beside it, or larger by no more than the slack."""
        i = bisect_right(self.sizes, size - self.many)
        return i > 0 and size - self.many - self.sizes[i - 1] <= slack

    def plus(self, other: Sums) -> Sums:
        """Sums of both."""
        sizes = {a + b for a in self.sizes for b in other.sizes}
        return _sums(sizes, gcd(self.unit, other.unit), self.many + other.many)


def _sums(sizes: Iterable[int], unit: int, many: int) -> Sums:
    found = sorted(sizes)
    if len(found) > _MANY:
        found, unit = [0, found[-1]], 1
    return Sums(tuple(found), unit, many, tuple(sorted({size % unit for size in found})) if unit else ())


def _any_of(of: Sequence[Sums]) -> Sums:
    """Sums of one or the other."""
    unit, many = gcd(*(one.unit for one in of)), max((one.many for one in of), default=0)
    return _sums({0}.union(*(one.sizes for one in of)), unit, many)


def _sums_of(items: Iterable[Later], *, many: bool = True) -> Sums:
    """Sums of what some of the allocations take. many: those too that come in great numbers."""
    items = [item for item in items if many or item.count == 1]
    if len(items) > _MANY_ITEMS:
        return Sums((0, sum(item.size * item.count for item in items)), 1, 0, (0,))
    sizes, counted = {0}, [item for item in items if item.count > 1]
    for item in items:
        if item.count == 1:
            sizes |= {size + item.size for size in sizes}
    return _sums(sizes, gcd(*(item.size for item in counted)), sum(item.size * item.count for item in counted))


class Rest(NamedTuple):
    """The rest of an entry.

    entry: its index. slack: bytes of it that need no name. early: what may lie there that came before the crash kernel:
    nothing, page descriptors, or a CMA area, too. many: whether page descriptors may that came after it.
    """

    entry: int
    size: int
    slack: int
    early: Literal[0, 1, 2]
    many: bool


class Rests:
    """The rests of a listing's entries. steps: those of a boot; inner: how many come before the crash kernel."""

    def __init__(self, view: View, steps: Sequence[Sequence[Choice]], inner: int) -> None:
        self.view, self.inner = view, inner
        early = [_sums_of(item for item in c.items if item.name != CMA) for choices in steps[:inner] for c in choices]
        before = _any_of(early)
        self.align = cma_align(view.asked.profile, view.asked.page_size)
        self.areas = areas_of(self.align)
        self.before = ((0,), before.sizes, Sums((0, *sorted(self.areas))).plus(before).sizes)
        self.late = [choices if step > inner else () for step, choices in enumerate(steps)]
        # An area that is not known may lie above them, or among them.
        self.area = any(item.name == CMA for choices in steps[:inner] for choice in choices for item in choice.items)
        items = (item for choices in self.late for choice in choices for item in choice.items if item.count > 1)
        self.many = [(0 if self.area else beneath(view.listed, item), item.end or _MOST) for item in items]
        kinds = (False, True) if self.many else (True,)
        choices = [[[_sums_of(c.items, many=many) for c in choices] for choices in self.late] for many in kinds]
        # Of the last step's choices there is nothing to be told before one of them is taken back.
        sums = [[*accumulate(map(_any_of, each[:-1]), Sums.plus)] for each in choices]
        self.choices, self.sums = (choices, sums) if self.many else (choices * 2, sums * 2)
        self.after = sorted(span for span, _ in view.after)
        self.firsts: dict[tuple[int, int, int, bool], Sums] = {}
        self.known: dict[tuple[int, int, Rest], bool] = {}

    def explained(self, step: int, rest: Rest) -> bool:
        """True if the steps up to this one may have taken all that is left."""
        if step == len(self.sums[0]):
            return True  # all steps: nothing was taken back yet
        found = self.known.get((step, -1, rest))
        if found is None:
            found = self.known[step, -1, rest] = self._is_sum(self.sums[rest.many][step], rest.size, rest)
        return found

    def may_leave(self, step: int, choice: int, rest: Rest) -> bool:
        """True if a choice of a step, and the steps before it, may have taken all that is left."""
        found = self.known.get((step, choice, rest))
        if found is None:
            parts, sums = self.choices[rest.many][step][choice], self.sums[rest.many][step - 1]
            found = bool(parts.unit) or any(self._is_sum(sums, rest.size - part, rest) for part in parts.sizes)
            self.known[step, choice, rest] = found
        return found

    def order(self, step: int, rests: Sequence[Rest]) -> Iterable[int]:
        """The choices of a step: nothing first if the steps before it take all that lies beneath the crash kernel."""
        beneath = [rest for rest in rests if not rest.early]
        sums, numbers = self.sums[True][step - 1], range(len(self.late[step]))
        is_all = beneath and all(sums.explain_all(rest.size, rest.slack) for rest in beneath)
        return sorted(numbers, key=lambda number: bool(self.late[step][number].items)) if is_all else numbers

    def may_follow(self, step: int, choice: int, count: int, taken: Step) -> bool:
        """True if the first allocations of a choice, and the steps before it, explain what one after them leaves."""
        return all(
            self._is_sum(self._first(step, choice, count, many=rest.many), rest.size, rest)
            for rest in self.left(*taken)
        )

    def _first(self, step: int, choice: int, count: int, *, many: bool) -> Sums:
        key = (step, choice, count, many)
        if key not in self.firsts:
            items = self.late[step][choice].items[:count]
            self.firsts[key] = self.sums[many][step - 1].plus(_sums_of(items, many=many))
        return self.firsts[key]

    def _is_sum(self, sums: Sums, size: int, rest: Rest) -> bool:
        return any(part <= size and sums.explain(size - part, rest.slack) for part in self.before[rest.early])

    def beneath(self, state: State) -> Iterator[Rest]:
        """The rests right beneath the crash kernel, where nothing lies that came before it."""
        for start, _ in self.view.crash:
            i = bisect_left(state.blocks, (start, 0)) - 1
            if i >= 0 and state.blocks[i][1] == start:
                low = state.blocks[i][0]
                yield Rest(-1, start - low, _SMALL, early=0, many=self._may_hold_many(low, start))

    def left(self, state: State, spans: Iterable[Span]) -> Iterator[Rest]:
        """The rests of the entries that hold these ranges, but for small ones."""
        view, blocks = self.view, state.blocks
        for i in self.entries(spans):
            start, end = view.listed.blocks[i]
            for low, high in blocks[bisect_left(blocks, (start, 0)) : bisect_left(blocks, (end, 0))]:
                size, slack = high - low, _SMALL
                if size <= slack or (high == end and is_per_cpu(view, i)):
                    continue
                if self.after:
                    size -= total(intersect((low, high), self.after))
                if high == end and not view.events:
                    size -= total(intersect((low, high), view.listed.kept))
                    slack = max(slack, _FEW * view.asked.page_size)
                if size > slack:
                    yield Rest(
                        i, size, slack, early=2 if low < view.low_max else 1, many=self._may_hold_many(low, high)
                    )

    def _may_hold_many(self, low: int, high: int) -> bool:
        """True if page descriptors that came after the crash kernel may lie in a range."""
        return any(high > lowest and low < end for lowest, end in self.many)

    def entries(self, spans: Iterable[Span]) -> set[int]:
        """The listed entries that hold these ranges."""
        blocks = self.view.listed.blocks
        found: set[int] = set()
        for start, end in spans:
            first = max(bisect_right(blocks, (start, _MOST)) - 1, 0)
            found.add(first)
            if blocks[first][1] < end:
                found.update(range(first, bisect_left(blocks, (end, 0))))
        return found

    def are_pieces(self, i: int, state: State) -> bool:
        """True if an entry is only in part taken back.

        The rest may be the CMA area, if no step takes that back, or the per-CPU areas, whose size nothing tells.
        """
        view, page, left = self.view, self.view.asked.page_size, state.blocks
        start, end = view.listed.blocks[i]
        rests = left[bisect_left(left, (start, 0)) : bisect_left(left, (end, 0))]
        if not _SMALL < total(rests) < end - start:
            return False
        if len(rests) > 1:
            return True
        low, high = rests[0]
        if not view.events and high == end and total(subtract(rests[0], view.listed.kept)) <= _FEW * page:
            return False
        aligned = high <= view.low_max and not low % self.align
        return not (not self.area and aligned and high - low in self.areas) and not (
            high == end and is_per_cpu(view, i)
        )


def is_per_cpu(view: View, i: int) -> bool:
    """True if the top of a listed entry may be the per-CPU areas: one or two pages above it were free again.

    Not where a log names their size.
    """
    blocks, page = view.listed.blocks, view.asked.page_size
    if any(event.kind == "percpu" for event in view.events):
        return False
    return i + 1 < len(blocks) and page <= blocks[i + 1][0] - blocks[i][1] <= 2 * page
