"""What is left of listed entries while allocations are undone, and whether earlier allocations explain it.

In a way that explains everything, what is left of an entry is a sum of sizes that the steps before take, but for small
things without a name. So a wrong size, or a wrong place, shows as soon as it is taken back.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Literal, NamedTuple

from planner.base.ranges import Span, intersect, subtract, total
from planner.base.sizes import KIB
from planner.kernel.cma import cma_align
from planner.kernel.force_pte import kfence_pool_size
from planner.rewind.changes import areas_of
from planner.rewind.later import CMA, KFENCE, MOST_PER_CPU, Choice
from planner.rewind.memmap import beneath
from planner.rewind.sums import Sums, any_of, sums_of
from planner.rewind.undo import Later, State, Step
from planner.rewind.view import View

__all__ = ["Rest", "Rests"]

_SMALL = 64 * KIB
"""Bytes that small allocations without a name may take beside one that has one."""

_AREA = 160 * KIB
"""Bytes of the per-CPU area of one processor, about: only a log names it."""

_FEW = 40
"""Pages of early allocations without a name that may lie above a later one, in the same entry, if no log names any."""

_MOST = 1 << 64
_FEW_PARTS = 16
"""Sums of a choice that are tried one by one; more are joined with those of the steps before it."""


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
    """The rests of a listing's entries. steps: those of a boot; inner: how many come before the crash kernel.

    One choice of a step explains all rests together, not each rest another one. That is followed for the step with
    most choices, the fork: `open` are those of its choices that may still explain all that is left.

    per_cpu: how many rests may hold per-CPU areas of any size beside what explains them.
    """

    def __init__(self, view: View, steps: Sequence[Sequence[Choice]], inner: int) -> None:
        self.view = view
        self.late = [choices if step > inner else () for step, choices in enumerate(steps)]
        before = any_of([sums_of([i for i in c.items if i.name != CMA]) for choices in steps[:inner] for c in choices])
        # Where its metadata is likely, its pool was among the first allocations.
        likely = bool(self.late[-1]) and any(item.name == KFENCE for item in self.late[-1][0].items)
        self.pool = kfence_pool_size(view.asked.config, view.asked.page_size) if likely else 0
        before = before.plus(Sums((0, self.pool))) if likely else before
        self.align = cma_align(view.asked.profile, view.asked.page_size)
        self.areas = areas_of(self.align)
        self.before = ((0,), before.sizes, Sums((0, *sorted(self.areas))).plus(before).sizes)
        self.area = any(item.name == CMA for choices in steps[:inner] for choice in choices for item in choice.items)
        items = (item for choices in self.late for choice in choices for item in choice.items if item.times > 1)
        self.many = [(self._lowest(item), item.end or _MOST) for item in items]
        self.after = sorted(span for span, _ in view.after)
        # Nothing rules out a choice of the last step before it is undone.
        self.last = len(steps) - 1
        self.fork = max(range(self.last), key=lambda step: len(self.late[step]), default=0)
        self.few = tuple(i for i, choice in enumerate(self.late[self.fork] or (Choice(),)) if not choice.many)
        sums = [any_of([sums_of(choice.items) for choice in choices]) for choices in self.late[: self.last]]
        self.below = [*accumulate(sums[: self.fork], Sums.plus, initial=Sums())]
        self.above = [*accumulate(sums[self.fork + 1 :], Sums.plus, initial=Sums())]
        self.sums: dict[tuple[int, ...], Sums] = {}
        self.summed: dict[tuple[int, tuple[int, ...]], dict[int, Sums]] = {}
        self.known: dict[tuple[int, int, int, tuple[int, ...], Rest], tuple[int, ...]] = {}
        self.rests: dict[Span, Rest | None] = {}
        self.per_cpu = 0

    @property
    def all(self) -> tuple[int, ...]:
        """All choices of the fork."""
        return tuple(range(max(len(self.late[self.fork]), 1))) if self.per_cpu else self.few

    def _lowest(self, item: Later) -> int:
        """The lowest address of page descriptors; 0 in low memory, where an unknown CMA area may lie above them."""
        low = beneath(self.view.listed, item)
        return 0 if self.area or low < self.view.low_max else low

    def explaining(self, open_: tuple[int, ...], step: int, rests: Sequence[Rest]) -> tuple[int, ...]:
        """The choices of the fork with which the steps up to this one may have taken all that is left."""
        return self._with_first(open_, step + 1, 0, 0, rests) if step < self.last else open_

    def after_choice(self, open_: tuple[int, ...], step: int, choice: int, rests: Sequence[Rest]) -> tuple[int, ...]:
        """The choices of the fork that remain with one choice of this step."""
        if step == self.fork:
            return (choice,) if choice in open_ else ()
        return self._with_first(open_, step, choice, len(self.late[step][choice].items), rests)

    def may_follow(self, open_: tuple[int, ...], step: int, choice: int, count: int, taken: Step) -> bool:
        """True if the first allocations of a choice, and the steps before it, explain what one after them leaves."""
        state, spans = taken
        return bool(self._with_first(open_, step, choice, count, self.left(state, self.entries(spans))))

    def _with_first(
        self, open_: tuple[int, ...], step: int, choice: int, count: int, rests: Sequence[Rest]
    ) -> tuple[int, ...]:
        """The choices of the fork with which these steps and the first allocations of a choice explain all rests."""
        if self.per_cpu:
            return self._with_areas(open_, step, choice, count, rests)
        for rest in rests:
            open_ = self._of_one(open_, step, choice, count, rest)
        return open_

    def _with_areas(
        self, open_: tuple[int, ...], step: int, choice: int, count: int, rests: Sequence[Rest]
    ) -> tuple[int, ...]:
        """The same where so many rests may hold per-CPU areas."""
        # The same block may be right beneath the crash kernel and of an entry.
        areas: dict[int, set[int]] = {i: set() for i in open_}
        for rest in rests:
            found = self._of_one(open_, step, choice, count, rest)
            if len(found) == len(open_):
                continue
            all_of_it = rest.size <= MOST_PER_CPU
            wide = open_ if all_of_it else self._of_one(open_, step, choice, count, rest._replace(slack=MOST_PER_CPU))
            for i in wide:
                areas[i].add(rest.size)
            open_ = tuple(i for i in open_ if i in found or 0 < len(areas[i]) <= self.per_cpu)
        return open_

    def _of_one(self, open_: tuple[int, ...], step: int, choice: int, count: int, rest: Rest) -> tuple[int, ...]:
        """The same for one rest."""
        key = (step, choice, count, open_, rest)
        found = self.known.get(key)
        if found is None:
            first, sums = self._first(step, choice, count), self._before(step, open_)
            if first.unit or len(first.sizes) > _FEW_PARTS:
                sums = {i: self._with(step, choice, count, i) for i in open_}
                first = Sums()
            found = self.known[key] = self._explained(rest, first.sizes, sums)
        return found

    def per_cpu_areas(self, state: State, entries: Iterable[int]) -> list[Span]:
        """What is left of these entries that nothing before the crash kernel explains; none for more than there are.

        Areas of many processors, which only a log names: the lowest part of what is left, as they came last.
        """
        found: list[Span] = []
        crash = [start for start, _ in self.view.crash]
        for i in entries if self.per_cpu else ():
            for low, high in self._left_of(i, state):
                rest = self._rest(i, (low, high)) if high - low > _SMALL else None
                if rest is None:
                    continue
                early = (0,) if high in crash else self.before[rest.early]
                more = rest.size - early[bisect_right(early, rest.size) - 1]
                if more > rest.slack:
                    found.append((low, low + more))
        return found if len(found) <= self.per_cpu and all(b - a <= MOST_PER_CPU for a, b in found) else []

    def _before(self, step: int, open_: tuple[int, ...]) -> dict[int, Sums]:
        """Sums of what the steps before this one take, for each of these choices of the fork."""
        key = (step, open_)
        if key not in self.summed:
            self.summed[key] = {i: self._sums(step - 1, i) for i in open_}
        return self.summed[key]

    def _explained(self, rest: Rest, parts: Sequence[int], sums: Mapping[int, Sums]) -> tuple[int, ...]:
        """The choices of the fork whose sums are a rest, beside one part and what came before the crash kernel."""
        early, slack = self.before[rest.early], rest.slack
        most = max((one.most for one in sums.values()), default=0) + slack
        sizes = [
            left - one
            for part in parts
            if (left := rest.size - part) >= 0
            for one in early[bisect_left(early, left - most) : bisect_right(early, left)]
        ]
        return tuple(i for i, one in sums.items() if one.explain(sizes, slack, many=rest.many))

    def _with(self, step: int, choice: int, count: int, forked: int) -> Sums:
        """Sums of the first allocations of a choice and of the steps before it."""
        key = (step, choice, count, forked)
        if key not in self.sums:
            self.sums[key] = self._sums(step - 1, forked).plus(self._first(step, choice, count))
        return self.sums[key]

    def _first(self, step: int, choice: int, count: int) -> Sums:
        """Sums of the first allocations of a choice."""
        key = (step, choice, count)
        if key not in self.sums:
            self.sums[key] = sums_of(self.late[step][choice].items[:count]) if count else Sums()
        return self.sums[key]

    def _sums(self, step: int, forked: int) -> Sums:
        """Sums of what the steps up to this one take, with one choice of the fork."""
        if step < self.fork:
            return self.below[step + 1]
        key = (step, forked)
        if key not in self.sums:
            own = sums_of(self.late[self.fork][forked].items) if self.late[self.fork] else Sums()
            self.sums[key] = self.below[-1].plus(own).plus(self.above[step - self.fork])
        return self.sums[key]

    def beneath(self, state: State) -> list[Rest]:
        """The rests right beneath the crash kernel, where nothing lies that came before it."""
        found = []
        for start, _ in self.view.crash:
            i = bisect_left(state.blocks, (start, 0)) - 1
            if i >= 0 and state.blocks[i][1] == start:
                low = state.blocks[i][0]
                found.append(Rest(-1, start - low, _SMALL, early=0, many=self._may_hold_many(low, start)))
        return found

    def left(self, state: State, entries: Iterable[int]) -> list[Rest]:
        """The rests of these entries, but for small ones."""
        found = []
        for i in entries:
            for block in self._left_of(i, state):
                if block[1] - block[0] > _SMALL:
                    rest = self.rests[block] if block in self.rests else self._rest(i, block)
                    if rest is not None:
                        found.append(rest)
        return found

    def _left_of(self, i: int, state: State) -> Sequence[Span]:
        """The blocks that are left of a listed entry."""
        start, end = self.view.listed.blocks[i]
        return state.blocks[bisect_left(state.blocks, (start, 0)) : bisect_left(state.blocks, (end, 0))]

    def _rest(self, i: int, block: Span) -> Rest | None:
        """The rest of an entry that is this block, if it needs an explanation."""
        view, (low, high), size, rest = self.view, block, block[1] - block[0], None
        slack = _SMALL if view.events else _AREA
        top = high == view.listed.blocks[i][1]
        if not (top and is_per_cpu(view, i)):
            if self.after:
                size -= total(intersect(block, self.after))
            if top and not view.events:
                size -= total(intersect(block, view.listed.kept))
                slack = max(slack, _FEW * view.asked.page_size)
            if size > slack:
                rest = Rest(i, size, slack, early=2 if low < view.low_max else 1, many=self._may_hold_many(low, high))
        self.rests[block] = rest
        return rest

    def _may_hold_many(self, low: int, high: int) -> bool:
        """True if page descriptors that came after the crash kernel may lie in a range."""
        return any(high > lowest and low < end for lowest, end in self.many)

    def entries(self, spans: Iterable[Span]) -> set[int]:
        """The listed entries that hold these ranges, as far as there are any."""
        blocks = self.view.listed.blocks
        found: set[int] = set()
        for start, end in spans if blocks else ():
            first = max(bisect_right(blocks, (start, _MOST)) - 1, 0)
            found.add(first)
            if blocks[first][1] < end:
                found.update(range(first, bisect_left(blocks, (end, 0))))
        return found

    def are_pieces(self, i: int, state: State) -> bool:
        """True if only a part of an entry was undone.

        The rest may be the CMA area, if no step takes that back, a pool of KFENCE, or the per-CPU areas, whose size
        nothing tells.
        """
        view, page, rests = self.view, self.view.asked.page_size, self._left_of(i, state)
        start, end = view.listed.blocks[i]
        if not _SMALL < total(rests) < end - start:
            return False
        if self.pool and [size for a, b in rests if (size := b - a) > _AREA] == [self.pool]:
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
