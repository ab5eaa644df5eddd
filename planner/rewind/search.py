"""The search for the ways back: which of the things that a boot may have done lead to what is listed.

A boot is a row of steps, each with choices (one where a log names it). The search goes from the last step to the first
and takes back what was chosen; a choice that finds no place ends its branch, so that what several ways have in common
is taken back once. What is left at the end is judged: a way is whole that puts the recorded crash kernel where it is,
leaves nothing right beneath it, and leaves no listed entry in pieces.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from planner.base.ranges import Span, subtract, total, union
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

_MOST_STEPS = 600
"""Most allocations that are looked for: a listing that nothing explains must not take for ever."""

_SMALL = 64 * KIB
"""Bytes that small allocations without a name may take beside one that has one."""

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
    steps = (*early, [_crash(view)], *late)
    ways: list[Way] = []
    for budget in (Budget(_MOST_STEPS, skips=False), Budget(_MOST_STEPS)):
        ways = sorted([*ways, *_Search(view, steps, len(early), budget).run()], key=lambda way: way.rank)
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
    """One search. inner: how many steps come before the crash kernel."""

    def __init__(self, view: View, steps: Sequence[Sequence[Choice]], inner: int, budget: Budget) -> None:
        self.view, self.steps, self.inner, self.budget = view, steps, inner, budget
        self.found: list[Way] = []
        self.usual = self.whole = False
        self.early = _early_names(view)
        self.best: Rank | None = None
        self.most = list(accumulate(max((_bytes(choice) for choice in choices), default=0) for choices in steps))
        self.seen: set[tuple[Span, ...]] = set()

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
        if self.best is not None and self._bound(step, after, fit, unusual=unusual) >= self.best:
            return
        for choice in self.steps[step]:
            if choice.unusual and self.usual and step > self.inner:
                continue
            for before in undo(after.state, choice.items, self.budget):
                undone = Undone(before.state, (*before.freed, *after.freed), before.skipped + after.skipped)
                self._back(step - 1, undone, fit, unusual=unusual or choice.unusual)
                if step > self.inner and self.whole:
                    return

    def _fit(self, state: State) -> Rank:
        """(True if the crash kernel would lie elsewhere, the rest beneath it)."""
        return (not explains_crash(self.view, state), sum(_ends_with(state, start) for start, _ in self.view.crash))

    def _bound(self, step: int, after: Undone, fit: Rank, *, unusual: bool) -> Rank:
        """The best rank that anything before this can lead to: what is left may all be taken back, but no more."""
        bytes_back = -_total(after) - self.most[step]
        if self.best is not None and (*fit, unusual, after.skipped, bytes_back) >= self.best:
            return self.best
        return (*fit, unusual, self._pieces(after, _SMALL + self.most[step]) + after.skipped, bytes_back)

    def _pieces(self, undone: Undone, small: int) -> int:
        """How many entries that hold later ones are left in pieces that are not small."""
        blocks = self.view.listed.blocks
        holes = union(span for span, _ in undone.freed)
        touched: set[int] = set()
        early = self.early
        for (start, end), name in undone.freed:
            if name not in early:
                first = max(bisect_right(blocks, (start, 0)) - 1, 0)
                touched.add(first)
                if blocks[first][1] < end:
                    touched.update(range(first, bisect_left(blocks, (end, 0))))
        return sum(_in_pieces(self.view, i, holes, small) for i in touched)

    def _judge(self, undone: Undone, fit: Rank, *, unusual: bool) -> None:
        pieces = self._pieces(undone, _SMALL) + undone.skipped
        way = Way((*fit, unusual, pieces, -_total(undone)), undone)
        late = tuple(span for span, name in undone.freed if name not in self.early)
        if late in self.seen and not way.whole:
            return
        self.seen.add(late)
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


def _in_pieces(view: View, i: int, holes: Sequence[Span], small: int) -> bool:
    """True if a listed entry is only in part taken back.

    The rest may be the CMA area, or the per-CPU areas, whose size nothing tells: two pages above them were free again.
    """
    blocks, page = view.listed.blocks, view.asked.page_size
    start, end = blocks[i]
    rests = subtract(blocks[i], holes)
    if not small < total(rests) < end - start:
        return False
    if len(rests) > 1:
        return True
    per_cpu = i + 1 < len(blocks) and page <= blocks[i + 1][0] - end <= 2 * page and rests[0][1] == end
    low, high = rests[0]
    area = high <= view.low_max and not low % cma_align(view.asked.profile, page) and high - low in _AREAS
    return not (per_cpu or area)


_AREAS = frozenset((*USUAL_CMA, *OTHER_CMA))


def explains_crash(view: View, state: State) -> bool:
    """True if a search from the top gives the places that are recorded."""
    profile, bounds = view.asked.profile, Bounds(view.low_max, 1 << 52)
    windows = {(bounds.resolve(w.start), bounds.resolve(w.end)) for w in (*profile.plain, *profile.high)}
    return all(
        any(state.topmost(end - start, CRASH_ALIGN, *window) == start for window in windows)
        for start, end in view.crash
    )
