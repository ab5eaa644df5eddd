"""The search for the ways back: which of the things that a boot may have done lead to what is listed.

A boot is a row of steps, each with choices (one where a log names it). The search goes from the last step to the first
and takes back what was chosen; a choice that finds no place ends its branch, so that what several ways have in common
is taken back once. What is left at the end is judged: a way is whole that puts the recorded crash kernel where it is,
leaves nothing right beneath it, and leaves no listed entry in pieces.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from planner.base.ranges import Span, subtract, total, union
from planner.base.sizes import GIB
from planner.kernel.profiles import CRASH_ALIGN
from planner.rewind.later import Choice
from planner.rewind.undo import Budget, Later, State, Undone, undo
from planner.rewind.view import View

__all__ = ["CMA", "CRASH", "MEMMAP", "Way", "is_late", "search"]

CRASH, CMA, MEMMAP = "crash kernel", "CMA", "memmap"
"""Names of what is not simply later than the crash kernel."""

_MOST_STEPS = 1500
"""How many allocations are looked for at most: a listing that nothing explains must not take for ever."""

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
        """Whether it explains everything."""
        return not any(self.rank[:-1])


def search(view: View, early: Sequence[Sequence[Choice]], late: Sequence[Sequence[Choice]]) -> list[Way]:
    """The ways back, the best first. early: what came right before the crash kernel, late: what came after it."""
    return _Search(view, (*early, [_crash(view)], *late), len(early)).run()


def is_late(view: View, name: str) -> bool:
    """Whether an allocation of this name comes after the crash kernel."""
    return name not in ((CMA, CRASH) if view.asked.profile.first else (CMA, CRASH, MEMMAP))


def _crash(view: View) -> Choice:
    return Choice((Later(CRASH, total(view.crash), spans=view.crash),) if view.crash else ())


class _Search:
    """One search. inner: how many steps come before the crash kernel."""

    def __init__(self, view: View, steps: Sequence[Sequence[Choice]], inner: int) -> None:
        self.view, self.steps, self.inner = view, steps, inner
        self.budget = Budget(_MOST_STEPS)
        self.found: list[Way] = []
        self.usual = self.whole = False
        self.seen: set[tuple[Span, ...]] = set()

    def run(self) -> list[Way]:
        """All ways, the best first."""
        self._back(len(self.steps) - 1, Undone(self.view.listed), unusual=False)
        return sorted(self.found, key=lambda way: way.rank)

    def _back(self, step: int, after: Undone, *, unusual: bool) -> None:
        """Take back this step and those before it."""
        if step < 0:
            self._judge(after, unusual=unusual)
            return
        for choice in self.steps[step]:
            if choice.unusual and self.usual:
                continue
            for before in undo(after.state, choice.items, self.budget):
                undone = Undone(before.state, (*before.freed, *after.freed), before.skipped + after.skipped)
                self._back(step - 1, undone, unusual=unusual or choice.unusual)
                if step > self.inner and (self.whole or len(self.found) >= _MOST_WAYS):
                    return

    def _judge(self, undone: Undone, *, unusual: bool) -> None:
        view, late = self.view, [span for span, name in undone.freed if is_late(self.view, name)]
        key = tuple(late)
        state = view.listed.without([*view.crash, *late])
        explained = explains_crash(view, state)
        beneath = sum(_ends_with(state, start) for start, _ in view.crash)
        freed = [span for span, _ in undone.freed]
        pieces = _pieces(view, freed, late) + undone.skipped
        way = Way((not explained, beneath, unusual, pieces, -total(union(freed))), undone)
        if key in self.seen and not way.whole:
            return
        self.seen.add(key)
        self.found.append(way)
        self.usual = self.usual or explained
        self.whole = self.whole or way.whole


def _ends_with(state: State, at: int) -> bool:
    """Whether a block ends at an address."""
    i = bisect_left(state.blocks, (at, 0))
    return i > 0 and state.blocks[i - 1][1] == at


def _pieces(view: View, freed: Iterable[Span], late: Iterable[Span]) -> int:
    """How many entries that hold later ones are left in pieces of more than a page where what is taken back is free."""
    holes, blocks, page = union(freed), view.listed.blocks, view.asked.page_size
    touched: set[int] = set()
    for start, end in union(late):
        touched.update(range(max(bisect_right(blocks, (start, 0)) - 1, 0), bisect_left(blocks, (end, 0))))
    rests = ((blocks[i], total(subtract(blocks[i], holes))) for i in touched)
    return sum(page < rest < end - start for (start, end), rest in rests)


def explains_crash(view: View, state: State) -> bool:
    """Whether a search from the top gives the places that are recorded."""
    profile, limits = view.asked.profile, {"0": 0, "low": view.low_max, "4G": 4 * GIB, "high": 1 << 52}
    windows = {(limits[w.start], limits[w.end]) for w in (*profile.plain, *profile.high)}
    return all(
        any(state.topmost(end - start, CRASH_ALIGN, *window) == start for window in windows)
        for start, end in view.crash
    )
