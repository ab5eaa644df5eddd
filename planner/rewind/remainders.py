"""Unexplained parts of listed entries while allocations are taken back.

In a way back that explains everything, what is left of an entry is a sum of sizes that the earlier steps take, but for
small things without a name: see `pruning`. So a wrong size, or a wrong place, shows as soon as it is taken back.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from planner.base.ranges import Span, difference, intersect, subtract, total
from planner.base.sizes import KIB, U64
from planner.kernel.cma import cma_align
from planner.kernel.force_pte import kfence_pool_size
from planner.rewind.boot_steps import CMA, KFENCE, MOST_PER_CPU, Choice
from planner.rewind.cma_areas import areas_of
from planner.rewind.memmap import MEMMAP, lowest_memmap
from planner.rewind.state import Allocation, State
from planner.rewind.sums import Sums, any_of, sums_of
from planner.rewind.view import View

__all__ = ["DESCRIPTORS", "DESCRIPTORS_AND_AREA", "NOTHING", "EarlyPart", "Remainder", "Remainders"]

_SMALL = 64 * KIB
"""Bytes that small allocations without a name may take beside one that has one."""

_SMALL_PAGES = 6
"""Pages that they may take in any case: tables, and a device tree, have whole ones."""

_AREA = 160 * KIB
"""Bytes of the per-CPU area of one processor, about: only a log names it."""

_FEW = 40
"""Pages of early allocations without a name that may lie above a later one, in the same entry, if no log names any."""


EarlyPart: TypeAlias = Literal[0, 1, 2]
NOTHING: EarlyPart = 0
DESCRIPTORS: EarlyPart = 1
DESCRIPTORS_AND_AREA: EarlyPart = 2
"""What may lie in a remainder that came before the crash kernel: nothing, page descriptors, or a CMA area, too."""


class Remainder(NamedTuple):
    """A part of a listed entry that no allocation taken back accounts for yet."""

    entry: int
    """Number of the entry; -1 for what lies right beneath the crash kernel, whatever its entry."""
    size: int
    """Bytes of it."""
    slack: int
    """Bytes of small allocations that may be part of it and have no name."""
    early: EarlyPart
    """What may be part of it that came before the crash kernel."""
    descriptors: bool
    """True if page descriptors that came after the crash kernel may be part of it."""


class Remainders:
    """The remainders of a listing's entries. steps: those of a boot; inner: how many come before the crash kernel.

    small: bytes of small allocations beside one that has a name, at most. late: the choices of each step after the
    crash kernel, none for the others. before: sums of what came before it, by `Remainder.early`. pool: bytes of an
    early KFENCE pool that is likely, 0 if none is. align, areas: alignment and usual sizes of CMA areas. takes_area: a
    step takes a CMA area back. descriptors: ranges that may hold page descriptors that came after the crash kernel.
    """

    def __init__(self, view: View, steps: Sequence[Sequence[Choice]], inner: int) -> None:
        self.view = view
        self.small = max(_SMALL, _SMALL_PAGES * view.planned.page_size)
        self.late = [choices if step > inner else () for step, choices in enumerate(steps)]
        before = any_of([sums_of([i for i in c.items if i.name != CMA]) for choices in steps[:inner] for c in choices])
        # Where its metadata is likely, its pool was among the first allocations.
        likely = bool(self.late[-1]) and any(item.name == KFENCE for item in self.late[-1][0].items)
        self.pool = kfence_pool_size(view.planned.config, view.planned.page_size) if likely else 0
        before = before.plus(Sums((0, self.pool))) if likely else before
        self.align = cma_align(view.planned.profile, view.planned.page_size)
        self.areas = areas_of(self.align)
        self.before = ((0,), before.sizes, Sums((0, *sorted(self.areas))).plus(before).sizes)
        self.takes_area = any(
            item.name == CMA for choices in steps[:inner] for choice in choices for item in choice.items
        )
        items = (item for choices in self.late for choice in choices for item in choice.items if item.times > 1)
        self.descriptors = [(self._lowest(item), item.end or U64) for item in items if item.name == MEMMAP]
        self.after = sorted(span for span, _ in view.after)
        self.known: dict[Span, Remainder | None] = {}

    def _lowest(self, item: Allocation) -> int:
        """The lowest address of page descriptors; 0 in low memory, where an unknown CMA area may lie above them."""
        low = lowest_memmap(self.view.listed, item)
        return 0 if self.takes_area or low < self.view.low_max else low

    def per_cpu_areas(self, state: State, entries: Iterable[int], most: int) -> list[Span]:
        """Parts of these entries that nothing before the crash kernel explains; none if there are more than `most`.

        Areas of many processors, which only a log names: the lowest part of what is left, as they came last.
        """
        found: list[Span] = []
        crash = [start for start, _ in self.view.crash]
        for i in entries:
            for low, high in self._left_of(i, state):
                if high - low <= _SMALL:
                    continue
                remainder = self._beneath(low, high) if high in crash else self._remainder(i, (low, high))
                if remainder is None:
                    continue
                early = self.before[remainder.early]
                more = remainder.size - early[bisect_right(early, remainder.size) - 1]
                if more > remainder.slack:
                    found.append((low, low + more))
        return found if len(found) <= most and all(b - a <= MOST_PER_CPU for a, b in found) else []

    def beneath(self, state: State) -> list[Remainder]:
        """The remainders right beneath the crash kernel, where nothing lies that came before it."""
        found = []
        for start, _ in self.view.crash:
            i = bisect_left(state.reserved, (start, 0)) - 1
            if i >= 0 and state.reserved[i][1] == start:
                found.append(self._beneath(*state.reserved[i]))
        return found

    def _beneath(self, low: int, high: int) -> Remainder:
        """The remainder that a block right beneath the crash kernel is: all of it came later."""
        size = high - low - total(intersect((low, high), self.after))
        return Remainder(-1, size, _SMALL, NOTHING, descriptors=self._may_hold_descriptors(low, high))

    def left(self, state: State, entries: Iterable[int]) -> list[Remainder]:
        """The remainders of these entries, but for small ones."""
        found = []
        for i in entries:
            for block in self._left_of(i, state):
                if block[1] - block[0] > _SMALL:
                    remainder = self.known[block] if block in self.known else self._remainder(i, block)
                    if remainder is not None:
                        found.append(remainder)
        return found

    def _left_of(self, i: int, state: State) -> Sequence[Span]:
        """The blocks that are left of a listed entry."""
        start, end = self.view.listed.reserved[i]
        return state.reserved[bisect_left(state.reserved, (start, 0)) : bisect_left(state.reserved, (end, 0))]

    def _remainder(self, i: int, block: Span) -> Remainder | None:
        """The remainder that a block of an entry is; None if it needs no explanation."""
        remainder = self.known[block] = self._unexplained(i, block)
        return remainder

    def _unexplained(self, i: int, block: Span) -> Remainder | None:
        view, (low, high) = self.view, block
        at_top = high == view.listed.reserved[i][1]
        if at_top and is_per_cpu(view, i):
            return None
        size, slack = high - low, self.small if view.events else _AREA
        if self.after:
            size -= total(intersect(block, self.after))
        if at_top:
            size -= total(intersect(block, view.listed.kept))
            slack = slack if view.events else max(slack, _FEW * view.planned.page_size)
        if size <= slack:
            return None
        early = DESCRIPTORS_AND_AREA if low < view.low_max else DESCRIPTORS
        return Remainder(i, size, slack, early, descriptors=self._may_hold_descriptors(low, high))

    def _may_hold_descriptors(self, low: int, high: int) -> bool:
        """True if page descriptors that came after the crash kernel may lie in a range."""
        return any(high > lowest and low < end for lowest, end in self.descriptors)

    def entries(self, spans: Iterable[Span]) -> set[int]:
        """The listed entries that hold these ranges, as far as there are any."""
        blocks = self.view.listed.reserved
        found: set[int] = set()
        for start, end in spans if blocks else ():
            first = max(bisect_right(blocks, (start, U64)) - 1, 0)
            found.add(first)
            if blocks[first][1] < end:
                found.update(range(first, bisect_left(blocks, (end, 0))))
        return found

    def are_pieces(self, i: int, state: State) -> bool:
        """True if only a part of an entry was taken back, and nothing is known that the rest may be.

        It may be the CMA area, if no step takes that back, a pool of KFENCE, or the per-CPU areas, whose size
        nothing tells.
        """
        view, page, left = self.view, self.view.planned.page_size, self._left_of(i, state)
        start, end = view.listed.reserved[i]
        if not self.small < total(difference(left, view.listed.kept)) < end - start:
            return False
        if self.pool and [size for a, b in left if (size := b - a) > _AREA] == [self.pool]:
            return False
        if len(left) > 1:
            return True
        low, high = left[0]
        if not view.events and high == end and total(subtract(left[0], view.listed.kept)) <= _FEW * page:
            return False
        aligned = high <= view.low_max and not low % self.align
        return not (not self.takes_area and aligned and high - low in self.areas) and not (
            high == end and is_per_cpu(view, i)
        )


def is_per_cpu(view: View, i: int) -> bool:
    """True if the top of a listed entry may be the per-CPU areas: one or two pages above it were free again.

    Not where a log names their size.
    """
    blocks, page = view.listed.reserved, view.planned.page_size
    if any(event.kind == "percpu" for event in view.events):
        return False
    return i + 1 < len(blocks) and page <= blocks[i + 1][0] - blocks[i][1] <= 2 * page
