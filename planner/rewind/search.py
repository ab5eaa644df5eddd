"""The search for the ways back: which of the things that a boot may have done lead to what is listed.

A boot is a row of steps, each with choices (one where a log names it). The search goes from the last step to the first
and takes back what was chosen; a choice that finds no place ends its branch, so that what several ways have in common
is taken back once. What is left at the end is judged: a way is whole that puts the recorded crash kernel where it is,
leaves nothing right beneath it, and leaves no listed entry in pieces. A whole way is looked for first: a branch ends
where what it left right beneath the crash kernel, or in pieces, is nothing that the steps before could have taken, or
where no entry has room for the page descriptors any more. Only where there is none are ways looked for that explain
less.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import gcd

from planner.base.ranges import Span, subtract, total
from planner.base.sizes import KIB
from planner.kernel.crash_reserve import Bounds
from planner.kernel.profiles import CRASH_ALIGN
from planner.rewind.changes import OTHER_CMA, USUAL_CMA, cma_align
from planner.rewind.later import Choice
from planner.rewind.undo import Budget, Later, State, Undone, undo
from planner.rewind.view import View

__all__ = ["CMA", "CRASH", "MEMMAP", "Way", "explains_crash", "is_late", "search"]

CRASH, CMA, MEMMAP = "crash kernel", "CMA", "memmap"
"""Names of what is not simply later than the crash kernel."""

_MOST_STEPS = 420
"""Most allocations that are looked for, for a way that explains everything."""

_OTHER_STEPS = 120
"""Likewise for others: a listing that nothing explains must not take for ever."""

_MOST = 1 << 64

_SMALL = 64 * KIB
"""Bytes that small allocations without a name may take beside one that has one."""

_FEW = 40
"""Pages of early allocations without a name that may lie above a later one, in the same entry, if no log names any."""

_FEW_ITEMS = 4
"""Allocations of one choice of which all sums are looked at."""

_MOST_WAYS = 24
"""Ways that are kept: of more, nobody could tell which is right."""

Rank = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One way back. rank: how well it explains what is listed, the best lowest; all but its last are 0 if it is whole.

    That is: whether the crash kernel would lie elsewhere, what is left beneath it, whether a kernel would not do so by
    itself, how many entries are left in pieces or not found, and the bytes that are explained, negative.
    """

    rank: Rank
    undone: Undone

    @property
    def whole(self) -> bool:
        """True if it explains everything."""
        return not any(self.rank[:-1])


def search(view: View, early: Sequence[Sequence[Choice]], late: Sequence[Sequence[Choice]]) -> list[Way]:
    """The ways back, the best first. early: what came right before the crash kernel, late: what came after it."""
    before, after = ([choices for choices in part if choices != [Choice()]] for part in (early, late))
    steps = (*before, [_crash(view)], *after)
    ways: list[Way] = []
    for strict, skips in ((True, False), (False, False), (False, True)):
        budget = Budget(_MOST_STEPS if strict else _OTHER_STEPS, skips=skips)
        found = _Search(view, steps, len(before), budget, strict=strict).run()
        ways = sorted([*ways, *found], key=lambda way: way.rank)
        if ways and not any(ways[0].rank[:3]):
            break
    return ways[:_MOST_WAYS]


def is_late(view: View, name: str) -> bool:
    """True if an allocation of this name comes after the crash kernel."""
    return name not in _early_names(view)


def _early_names(view: View) -> tuple[str, ...]:
    """Names of what does not come after the crash kernel."""
    return (CMA, CRASH) if view.asked.profile.first else (CMA, CRASH, MEMMAP)


def _crash(view: View) -> Choice:
    """The crash kernel, and what is known to have come after it."""
    names: dict[str, list[Span]] = {}
    for span, name in view.after:
        names.setdefault(name, []).append(span)
    after = tuple(Later(name, total(spans), spans=tuple(spans)) for name, spans in names.items())
    return Choice((Later(CRASH, total(view.crash), spans=view.crash), *after) if view.crash else after)


def _bytes(choice: Choice) -> int:
    return sum(item.size * item.count for item in choice.items)


class _Search:
    """One search. inner: how many steps come before the crash kernel. strict: whether only for whole ways.

    most: bytes that the steps up to each may take; parts: without the crash kernel's own, which is an entry for itself;
    grain: what all sizes after the crash kernel are multiples of. rooms: entries that may hold the largest allocation
    that must come before it.
    """

    def __init__(
        self, view: View, steps: Sequence[Sequence[Choice]], inner: int, budget: Budget, *, strict: bool
    ) -> None:
        self.view, self.steps, self.inner, self.budget = view, steps, inner, budget
        self.strict = strict
        self.found: list[Way] = []
        self.usual = self.whole = False
        self.early = _early_names(view)
        self.best: Rank | None = (0, 0, 0, 1) if strict else None
        self.most = [*accumulate(max((_bytes(choice) for choice in choices), default=0) for choices in steps)]
        known = sum(end - start for start, end in view.crash)
        self.parts = [most - known * (step >= inner) for step, most in enumerate(self.most)]
        late = [[item.size for choice in choices for item in choice.items] for choices in steps[inner + 1 :]]
        self.grain = [*accumulate((gcd(*sizes) for sizes in late), gcd)]
        needed = [item for choices in steps[:inner] if len(choices) == 1 for item in choices[0].items if item.needed]
        self.largest = max((item.size for item in needed), default=0)
        free = view.listed.without(view.crash).blocks
        self.rooms = [(start, end) for start, end in free if end - start >= self.largest] if needed else []
        self.windows = _windows(view)
        self.placed = _is_at_a_place(view)

    def run(self) -> list[Way]:
        """All ways, the best first."""
        self._back(len(self.steps) - 1, Undone(self.view.listed), (0, 0), unusual=False)
        return self.found

    def _back(self, step: int, after: Undone, fit: Rank, *, unusual: bool) -> None:
        """Take back this step and those before it. fit: how well the crash kernel fits, as far as that is known."""
        if step == self.inner - 1:
            fit = self._fit(after.state)
        if step < 0:
            self._judge(after, fit, unusual=unusual)
            return
        if self.budget.left < 0 or (step > self.inner and self._is_without_room(after.state)):
            return
        if self.best is not None and self._bound(step, after, fit, unusual=unusual) >= self.best:
            return
        beneath = self._beneath(after.state) if self.strict and step > self.inner else []
        for choice in self.steps[step]:
            if beneath and not all(self._leaves(choice, step, size) for size in beneath):
                continue
            if choice.unusual and self.usual and step > self.inner:
                continue
            for before in undo(after.state, choice.items, self.budget):
                undone = Undone(before.state, (*before.freed, *after.freed), before.skipped + after.skipped)
                self._back(step - 1, undone, fit, unusual=unusual or choice.unusual)
                if step > self.inner and self.whole:
                    return

    def _fit(self, state: State) -> Rank:
        """(True if the crash kernel would lie elsewhere, the rest beneath it)."""
        elsewhere = not self.placed and not explains_crash(self.view, state, self.windows)
        return (elsewhere, sum(_ends_with(state, start) for start, _ in self.view.crash))

    def _bound(self, step: int, after: Undone, fit: Rank, *, unusual: bool) -> Rank:
        """The best rank that anything before this can lead to: what is left may all be taken back, but no more."""
        bytes_back = -_total(after) - self.most[step]
        if self.best is not None and (*fit, unusual, after.skipped, bytes_back) >= self.best:
            return self.best
        pieces = self._pieces(after, _SMALL + self.parts[step])
        if step > self.inner and not pieces:
            pieces = not all(self._reaches(step, size) for size in self._beneath(after.state))
        return (*fit, unusual, pieces + after.skipped, bytes_back)

    def _is_without_room(self, state: State) -> bool:
        """Whether no entry is left that may hold the largest allocation that must come before the crash kernel."""
        blocks = state.blocks
        return bool(self.rooms) and not any(
            stop - begin >= self.largest
            for start, end in self.rooms
            for begin, stop in blocks[bisect_left(blocks, (start, 0)) : bisect_left(blocks, (end, 0))]
        )

    def _beneath(self, state: State) -> list[int]:
        """Bytes of the entries right beneath the crash kernel."""
        found: list[int] = []
        for start, _ in self.view.crash:
            i = bisect_left(state.blocks, (start, 0)) - 1
            if i >= 0 and state.blocks[i][1] == start:
                found.append(start - state.blocks[i][0])
        return found

    def _leaves(self, choice: Choice, step: int, size: int) -> bool:
        """Whether a choice at this step may leave, or lie in, an entry of this size."""
        if len(choice.items) > _FEW_ITEMS or any(item.count > 1 for item in choice.items):
            return True
        sums = {0}
        for item in choice.items:
            sums |= {part + item.size for part in sums}
        return any(self._reaches(step - 1, size - part) for part in sums if part <= size)

    def _reaches(self, step: int, size: int) -> bool:
        """Whether the allocations up to this step, after the crash kernel, may have left an entry of this size."""
        if step <= self.inner:
            return size <= _SMALL
        grain = self.grain[step - self.inner - 1]
        most = self.most[step] - self.most[self.inner]
        return size <= most + _SMALL and (not grain or size % grain <= _SMALL)

    def _pieces(self, undone: Undone, small: int) -> int:
        """How many entries that hold later ones are left in pieces that are not small."""
        blocks, left, early = self.view.listed.blocks, undone.state.blocks, self.early
        touched: set[int] = set()
        for (start, end), name in undone.freed:
            if name not in early:
                first = max(bisect_right(blocks, (start, _MOST)) - 1, 0)
                touched.add(first)
                if blocks[first][1] < end:
                    touched.update(range(first, bisect_left(blocks, (end, 0))))
        return sum(_in_pieces(self.view, i, left, small) for i in touched)

    def _judge(self, undone: Undone, fit: Rank, *, unusual: bool) -> None:
        pieces = self._pieces(undone, _SMALL) + undone.skipped
        way = Way((*fit, unusual, pieces, -_total(undone)), undone)
        if self.best is not None and way.rank >= self.best:
            return
        self.found.append(way)
        self.best = min(self.best, way.rank) if self.best is not None else way.rank
        self.usual = self.usual or not fit[0]
        self.whole = self.whole or way.whole


def _total(undone: Undone) -> int:
    return sum(end - start for (start, end), _ in undone.freed)


def _ends_with(state: State, at: int) -> bool:
    """True if a block ends at an address."""
    i = bisect_left(state.blocks, (at, 0))
    return i > 0 and state.blocks[i - 1][1] == at


def _in_pieces(view: View, i: int, left: Sequence[Span], small: int) -> bool:
    """True if a listed entry is only in part taken back.

    The rest may be the CMA area, or the per-CPU areas, whose size nothing tells: two pages above them were free again.
    """
    blocks, page = view.listed.blocks, view.asked.page_size
    start, end = blocks[i]
    rests = left[bisect_left(left, (start, 0)) : bisect_left(left, (end, 0))]
    if not small < total(rests) < end - start:
        return False
    if len(rests) > 1:
        return True
    if not view.events and rests[0][1] == end and total(subtract(rests[0], view.listed.kept)) <= _FEW * page:
        return False
    per_cpu = i + 1 < len(blocks) and page <= blocks[i + 1][0] - end <= 2 * page and rests[0][1] == end
    low, high = rests[0]
    area = high <= view.low_max and not low % cma_align(view.asked.profile, page) and high - low in _AREAS
    return not (per_cpu or area)


_AREAS = frozenset((*USUAL_CMA, *OTHER_CMA))


def explains_crash(view: View, state: State, windows: Iterable[Span] = ()) -> bool:
    """Whether a search from the top gives the places that are recorded."""
    windows = windows or _windows(view)
    return all(
        any(state.topmost(end - start, CRASH_ALIGN, *window) == start for window in windows)
        for start, end in view.crash
    )


def _windows(view: View) -> set[Span]:
    """All windows in which a kernel looks for a crash kernel without a place of its own."""
    profile, bounds = view.asked.profile, Bounds(view.low_max, 1 << 52)
    return {(bounds.resolve(w.start), bounds.resolve(w.end)) for w in (*profile.plain, *profile.high)}


def _is_at_a_place(view: View) -> bool:
    """Whether what is listed leaves a higher place free in every window: then its own place was asked for."""
    state, windows = view.listed.without(view.crash), _windows(view)
    return any(
        all((state.topmost(end - start, CRASH_ALIGN, *window) or 0) > start for window in windows)
        for start, end in view.crash
    )
