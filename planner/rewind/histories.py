"""The ways back from a running machine: what came later, and the state before it.

Where a log names what came later, all of it is taken back in order; without one, what is usual for so much RAM.
Imports `view`, `undo`, `later` and `changes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import TypeAlias

from planner.base.ranges import Span, subtract, total, union
from planner.base.sizes import GIB
from planner.kernel.profiles import CRASH_ALIGN
from planner.rewind.changes import OTHER_CMA, USUAL_CMA, Early, cma_align
from planner.rewind.from_log import built, crowded
from planner.rewind.later import Account, accounts_of_log, guessed_accounts
from planner.rewind.undo import Budget, Later, State, Undone, places, topmost, undo
from planner.rewind.view import View, topmost_tables

__all__ = ["History", "histories"]

_CRASH, _CMA, _MEMMAP = "crash kernel", "CMA", "memmap"
_Guess: TypeAlias = tuple[tuple[int, ...], str, Undone]
"""How well it explains what is listed, what it says, and the state before it."""

_LISTED = "every reservation listed came before the crash kernel"


@dataclass(frozen=True, slots=True)
class History:
    """One way back: the state at the reservation, what came later, and what came right before.

    pages: whether the linear map has base pages, as far as it can be told.
    """

    what: str
    state: State
    late: tuple[tuple[Span, str], ...]
    early: Early
    pages: bool


def histories(view: View) -> list[History]:
    """The ways back, the likeliest first."""
    if view.machine.settled:
        return [_as_logged(view)]
    if view.machine.traits.log:
        return list(_of_log_alone(view))
    logged = any(e.kind in ("hash", "swiotlb") for e in view.events)
    found = _logged(view) if logged else _guessed(view)
    if logged and found:
        return found
    # Nothing explains all that is listed: what is certain, and what would be if nothing came later.
    simple = [_simple(view)] if view.crash or logged else []
    return [*found, *simple, _all_early(view)]


def _all_early(view: View) -> History:
    early = _early_of_log(view)
    return History(_LISTED, view.listed.without(view.crash), (), early, bool(early.tables))


def _as_logged(view: View) -> History:
    """The state that a log with all early reservations shows; the page descriptors in it are those that fit."""
    state, early = view.listed.without(view.crash), _early_of_log(view)
    undone = next(undo(state, _before(view, early), Budget(400)), Undone(state))
    descriptors = tuple(span for span, name in undone.freed if name == _MEMMAP)
    return History("as the log shows it", state, (), replace(early, memmap=descriptors), bool(early.tables))


def _of_log_alone(view: View) -> Iterator[History]:
    """What a log without a listing leaves open: what it does not name."""
    found, areas = built(view), _early_of_log(view)
    early = replace(areas, memmap=found.memmap, tables=found.tables)
    ways = [History("what the log names as later came later", found.state, found.late, early, found.pages)]
    if found.between:
        what = "what the log does not name, above what came later, was there before"
        ways.append(History(what, found.state.with_more(found.between), found.late, early, found.pages))
    if view.regions[-1][1] > view.low_max:
        # Only the bounce buffer is bound to low memory: all else that came later lies above.
        ways.reverse()
    yield from ways
    what = "the image, the initrd or firmware, which the log does not place, lie in the way"
    yield History(what, crowded(found.state, view), found.late, early, found.pages)
    yield History(_LISTED, view.listed.without(view.crash), (), areas, found.pages)


def _before(view: View, early: Early) -> list[Later]:
    """What is known to come right before the crash kernel, first allocation first."""
    area = [Later(_CMA, early.cma[1] - early.cma[0], at=early.cma[0])] if early.cma is not None else []
    return [*view.early_memmap, *area]


def _early_of_log(view: View) -> Early:
    areas = [
        (e.start, e.end)
        for e in view.events
        if e.kind == "cma" and e.start is not None and e.end is not None and e.start < view.low_max
        if e.before_crash is not False
    ]
    return Early((), areas[-1] if areas else None, _tables(view))


def _tables(view: View) -> tuple[Span, ...]:
    """Page tables, if the linear map has base pages."""
    most = view.page_tables
    found = topmost_tables(view.listed.memory, view.listed.blocks, most)
    return tuple(found) if total(found) >= most * 9 // 10 else ()


def _logged(view: View) -> list[History]:
    """The ways back that a log leaves open: all that it names is taken back, in order."""
    profile, page = view.asked.profile, view.asked.page_size
    accounts = accounts_of_log(view.events, profile, page, view.regions, view.nodes, view.low_max)
    early = _early_of_log(view)
    before = [*_before(view, early), *(Later(_CRASH, end - start, at=start) for start, end in view.crash)]
    for account in accounts:
        budget = Budget(8000)
        found: list[History] = []
        for undone in undo(view.listed, [*before, *account.items], budget):
            history = _history(view, account.what, undone, early)
            if all(history.state != other.state for other in found):
                found.append(history)
            if len(found) == 24:
                break
        if found:
            return _likeliest(view, found, len(account.items))
    return []


def _likeliest(view: View, found: list[History], items: int) -> list[History]:
    """Those that put the recorded crash kernel where it is: first what leaves few entries in pieces, and few items."""
    right = [history for history in found if _explains_crash(view, history.state)] or found

    def left(history: History) -> tuple[int, int]:
        late = [span for span, _ in history.late]
        return _pieces(view, late) + max(items - len(late), 0), -total(union(late))

    return sorted(right, key=left)[:6]


def _pieces(view: View, freed: Sequence[Span]) -> int:
    """How many listed entries are left in pieces of more than a page where these ranges are taken out."""
    holes = union(freed)
    rests = [(end - start, total(subtract((start, end), holes))) for start, end in view.listed.blocks]
    return sum(view.asked.page_size < rest < size for size, rest in rests)


def _is_late(view: View, name: str) -> bool:
    """Whether an allocation of this name comes after the crash kernel."""
    return name not in ((_CMA, _CRASH) if view.asked.profile.first else (_CMA, _CRASH, _MEMMAP))


def _history(view: View, what: str, undone: Undone, early: Early) -> History:
    late = tuple(entry for entry in undone.freed if _is_late(view, entry[1]))
    state = view.listed.without([*view.crash, *(span for span, _ in late)])
    if not any(event.kind == "percpu" for event in view.events):
        areas = _per_cpu(view, state, [span for span, _ in late])
        late += tuple((span, "per-CPU areas") for span in areas)
        state = state.without(areas)
    swept = _swept(view, state, [span for span, _ in late])
    descriptors = tuple(span for span, name in undone.freed if name == _MEMMAP and not _is_late(view, name))
    state = state.without(swept)
    late += tuple((span, "a small allocation") for span in swept)
    return History(what, state, late, Early(descriptors, early.cma, early.tables), bool(early.tables))


def _per_cpu(view: View, state: State, late: Sequence[Span]) -> list[Span]:
    """The per-CPU areas, whose size nothing tells: right above what came later, beneath two pages that were freed."""
    page, blocks = view.asked.page_size, view.listed.blocks
    for block, above in pairwise(blocks):
        beneath = any(start < block[0] and block[0] - end <= page for start, end in late)
        hole = above[0] - block[1]
        if beneath and page <= hole <= 2 * page and block in state.blocks and block not in view.listed.kept:
            return [block]
    return []


def _swept(view: View, state: State, late: Sequence[Span]) -> list[Span]:
    """Small allocations among the later ones: allocations go downward, so what lies between two is later too."""
    page, holes = view.asked.page_size, union(late)
    found: list[Span] = []
    for block in view.listed.blocks if holes else ():
        pieces = subtract(block, holes)
        rest = total(pieces)
        if 0 < rest <= page and rest < block[1] - block[0]:
            found += pieces
        elif rest == block[1] - block[0] <= 4 * page and block not in view.listed.kept:
            below, above = [h[1] for h in holes if h[1] <= block[0]], [h[0] for h in holes if h[0] >= block[1]]
            if below and above and _open(state, max(below), min(above), 4 * page):
                found.append(block)
    # What is left between the crash kernel and later ones right beneath it is later than the crash kernel.
    left = (
        [piece for block in view.listed.blocks for piece in subtract(block, union([*holes, *found]))] if holes else []
    )
    tops, bottoms = {end for _, end in holes}, {start for start, _ in view.crash}
    return found + [piece for piece in left if piece[1] in bottoms and piece[0] in tops]


def _open(state: State, low: int, high: int, most: int) -> bool:
    """Whether a range lies in one region and holds no larger block."""
    inside = any(start <= low and high <= end for start, end in state.memory)
    return inside and not any(start < high and low < end and end - start > most for start, end in state.blocks)


def _explains_crash(view: View, state: State) -> bool:
    """Whether a search from the top gives the places that are recorded."""
    profile, limits = view.asked.profile, {"0": 0, "low": view.low_max, "4G": 4 * GIB, "high": 1 << 52}
    gaps = state.gaps()
    windows = {(limits[w.start], limits[w.end]) for w in (*profile.plain, *profile.high)}
    return all(
        any(topmost(gaps, end - start, CRASH_ALIGN, *window) == start for window in windows)
        for start, end in view.crash
    )


def _guessed(view: View) -> list[History]:
    """The ways back that are usual for so much RAM: those that explain best what is listed, three at most."""
    found = _guessed_of(view)
    if view.nodes:
        # What looks like the edge of a node may be that of memory that was plugged in, or flagged.
        one = _guessed_of(replace(view, nodes=()))
        found += [(rank, f"{what}; all RAM in one node", undone) for rank, what, undone in one]
        found.sort(key=lambda entry: entry[0])
    return [_history(view, what, undone, _guessed_early(view, undone)) for _, what, undone in found[:3]]


def _guessed_of(view: View) -> list[_Guess]:
    """The guesses that lead to what is listed, the best first."""
    profile, page = view.asked.profile, view.asked.page_size
    ram, crashed = view.machine.memory.ram, total(view.crash)
    accounts = guessed_accounts(profile, page, ram, crashed, view.regions, view.nodes, view.low_max)
    crash = [Later(_CRASH, end - start, at=start) for start, end in view.crash]
    align = cma_align(profile, page)
    areas: list[list[Later]] = [[]]
    if view.regions and view.regions[-1][1] <= view.low_max:
        # All RAM is low memory: the area lies right beneath the page descriptors and must be taken back with them.
        areas = [[Later(_CMA, size, align, 0, view.low_max)] for size in (*USUAL_CMA, *OTHER_CMA)] + areas
    for descriptors in [view.early_memmap, []] if view.early_memmap else [[]]:
        tried = [entry for area in areas for entry in _tried(view, accounts, (*descriptors, *area, *crash))]
        if tried:
            return sorted(tried, key=lambda entry: entry[0])
    return []


def _tried(view: View, accounts: Sequence[Account], before: Sequence[Later]) -> Iterator[_Guess]:
    """The accounts that lead to what is listed, with their ranks; none after one that leaves nothing in pieces."""
    found = False
    for account in accounts:
        if account.unusual and found:
            return
        whole = False
        for undone in islice(undo(view.listed, (*before, *account.items), Budget(400)), 8):
            rank = _rank(view, undone, account)
            found = found or not rank[0]
            whole = whole or not any(rank[:4])
            yield rank, account.what, undone
        if whole:
            return


def _guessed_early(view: View, undone: Undone) -> Early:
    """What came right before the crash kernel: the area that was taken back, or one that would lie where it lies."""
    own = [span for span, name in undone.freed if name == _CMA]
    if own:
        return Early((), own[0], _tables(view))
    state = undone.state.without(view.crash)
    align = cma_align(view.asked.profile, view.asked.page_size)
    found: list[Span] = []
    for size in (*USUAL_CMA, *OTHER_CMA):
        found += [(at, at + size) for at in places(state, Later(_CMA, size, align, 0, view.low_max))[:1]]
    whole = [area for area in found if area in state.blocks]
    return Early((), next(iter((*whole, *found)), None), _tables(view))


def _rank(view: View, undone: Undone, account: Account) -> tuple[int, ...]:
    """How well a guess explains what is listed, the best lowest.

    First that the crash kernel lies where it would be put, then that nothing is left right beneath it, that the
    kernel does so by itself, how few entries are left in pieces, and how much is explained.
    """
    late = [span for span, name in undone.freed if _is_late(view, name)]
    state = view.listed.without([*view.crash, *late])
    freed = [span for span, _ in undone.freed]
    ends = {end for _, end in state.blocks}
    return (
        not _explains_crash(view, state),
        sum(start in ends for start, _ in view.crash),
        account.unusual,
        _pieces(view, freed),
        -total(union(freed)),
    )


def _simple(view: View) -> History:
    """What lies directly beneath the crash kernel came later, and the bounce buffer that a log names."""
    late = [
        ((e.start, e.end), "software IO TLB")
        for e in view.events
        if e.kind == "swiotlb" and e.start is not None and e.end is not None
    ]
    joined = union(view.listed.without(view.crash).blocks)
    for start, _ in view.crash:
        beneath = next((span for span in joined if span[0] < start <= span[1]), None)
        if beneath is not None:
            late += [
                (piece, "directly beneath the crash kernel")
                for piece in subtract((beneath[0], start), [k for k in view.listed.kept if k not in view.crash])
            ]
    state = view.listed.without([*view.crash, *(span for span, _ in late)])
    what, early = "only what lies directly beneath the crash kernel came later", _early_of_log(view)
    return History(what, state, tuple(late), early, bool(early.tables))
