"""The ways back from a running machine: what came later, and the state before it.

Where a log names what came later, all of it is taken back in order; without one, what is usual for so much RAM.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import pairwise
from typing import NamedTuple

from planner.base.ranges import Span, intersect, subtract, total, union
from planner.base.sizes import KIB
from planner.kernel import crashkernel as ck
from planner.kernel.cma import cma_align, early_areas
from planner.kernel.crash_reserve import Bounds, windows_of
from planner.kernel.memory_map import PHYSICAL_TOP
from planner.kernel.pgtable import STRUCT_PAGE
from planner.kernel.profiles import CRASH_ALIGN
from planner.rewind.changes import USUAL_CMA, Early, areas_of, lowest_pages
from planner.rewind.from_log import (
    Built,
    areas_on_nodes,
    built,
    efi_images,
    is_fixed,
    loaded_by_qemu,
    lower_half,
)
from planner.rewind.later import BOUNCE, CMA, MOST_PER_CPU, PER_CPU, Choice, named, steps_of_log, usual_steps
from planner.rewind.listed_cma import area_sizes, listed_area
from planner.rewind.memmap import MEMMAP, in_pages, section_size
from planner.rewind.search import Effort, Search, Way, explains_crash, is_at_a_place, is_late, search
from planner.rewind.stacked import stacked
from planner.rewind.top import Top, top_bytes, top_of_line, top_of_listing
from planner.rewind.undo import Budget, Later, State, Undone, undo
from planner.rewind.view import View

__all__ = ["History", "histories"]


_LEAST_PER_CPU = 64 * KIB
"""Bytes of per-CPU areas that are an entry of their own, at least."""

_MOST_OF_RAM = 6
"""The part of RAM that came later at most where that is all that is known of it."""

_LISTED = "every reservation listed came before the crash kernel"


@dataclass(frozen=True, slots=True)
class History:
    """One way back: the state at the reservation, what came later, and what came right before.

    top: what was taken from the top of memory first, as far as it can be told. whole: whether it explains all that is
    listed, as far as it must.
    """

    what: str
    state: State
    late: tuple[tuple[Span, str], ...]
    early: Early
    top: Top
    whole: bool = True


class _Account(NamedTuple):
    """Allocations of which a boot may have made some. where: a word on its nodes; search: for the ways back."""

    where: str
    search: Callable[[], Search | None]


def histories(view: View) -> list[History]:
    """The ways back, the likeliest first."""
    if view.machine.settled:
        return [_as_logged(view)]
    if view.machine.traits.log:
        return list(_of_log_alone(view))
    if view.asked.reserves_first:
        return [_reserved_first(view), _all_early(view)]
    logged = any(e.kind in ("hash", "percpu", "swiotlb") for e in view.events)
    found = _logged(view) if logged else []
    if found:
        return found
    # Nothing explains all that is listed: what is certain, and what would be if nothing came later.
    others = [_simple(view)] if view.crash or logged else []
    ways = _guessed(view, others) if not logged else others
    return [*ways, _all_early(view) if ways else replace(_all_early(view), whole=False)]


def _stacked(view: View) -> History | None:
    """The way back in which all that lies beneath the CMA area came later."""
    found = stacked(view, anywhere=not view.crash or is_at_a_place(view))
    if found is None:
        return None
    late = found.late(view)
    if total(late) > view.machine.memory.ram // _MOST_OF_RAM:
        return None
    state = view.listed.without([*view.crash, *late])
    above = "the CMA area" if found.early.cma is not None else "the page descriptors"
    named = tuple((span, f"beneath {above}") for span in late)
    return History(f"all beneath {above} came later", state, named, found.early, top_of_listing(view, state))


def _reserved_first(view: View) -> History:
    """The crash kernel was reserved before all that memblock handed out: that fills memory downward from its tops.

    The tops are the end of memory, that of low memory, and the crash kernel.
    """
    profile, page = view.asked.profile, view.asked.page_size
    # What is aligned most leaves the largest holes.
    most = max(cma_align(profile, page), section_size(profile, page) // page * STRUCT_PAGE, CRASH_ALIGN)
    blocks = view.listed.without(view.crash).blocks
    late: set[Span] = set()
    for top in (view.listed.memory[-1][1], view.low_max, *(start for start, _ in view.crash)):
        reached = top
        for start, end in reversed(blocks[: bisect_left(blocks, (top, 0))]):
            if reached - end >= most:
                break
            reached = start
            late.add((start, end))
    what, kept = "what memblock handed out came later", view.listed.kept
    taken = [(piece, "from the top of what was free") for span in sorted(late) for piece in subtract(span, kept)]
    state = view.listed.without([*view.crash, *(span for span, _ in taken)])
    return History(what, state, tuple(taken), Early(), top_of_listing(view, state))


def _early(view: View, state: State) -> Early:
    """What came right before the crash kernel, by the log, or else by the listing."""
    return _early_of_log(view) if view.events else Early((), listed_area(view, state))


def _all_early(view: View) -> History:
    """Nothing that is listed came after the crash kernel."""
    state = view.listed.without(view.crash)
    early = _early(view, state)
    return History(_LISTED, state, (), early, top_of_listing(view, state))


def _as_logged(view: View) -> History:
    """The state that a log with all early reservations shows; the page descriptors in it are those that fit."""
    state, early = view.listed.without(view.crash), _early_of_log(view)
    undone = next(undo(state, _before(view, early), Budget(400)), Undone(state))
    descriptors = tuple(span for span, name in undone.freed if name == MEMMAP)
    early = _with_memmap(view, state, replace(early, memmap=descriptors))
    return History("as the log shows it", state, (), early, top_of_listing(view, state.without(descriptors)))


def _of_log_alone(view: View) -> Iterator[History]:
    """The histories that a log without a listing leaves open: they differ in what it does not name."""
    found = built(view)
    ways = [_as_built(view, "what the log names as later came later", found)]
    if found.between:
        what = "what the log does not name, above what came later, was there before"
        ways.append(_as_built(view, what, found, found.between))
    if not view.all_low:
        # Only the bounce buffer must be in low memory: all other later allocations lie above.
        ways.reverse()
    if loaded := loaded_by_qemu(view):
        what = f"QEMU put the initrd or the device tree at {loaded[1][0]:#x}"
        ways.insert(0, _as_built(view, what, built(view, loaded)))
    images = [
        _as_built(view, f"UEFI put the image at {loaded[0][0]:#x}", built(view, loaded)) for loaded in efi_images(view)
    ]
    # Mostly the file and two copies lie beneath the tables; a crash kernel that is recorded may tell better.
    fixed = is_fixed(view)
    likely = next(
        (n for n, way in reversed([*enumerate(images)]) if fixed or explains_crash(view, way.state)), len(images)
    )
    what = "the image, the initrd or firmware, which the log does not place, are in the way"
    in_the_way = _as_built(view, what, found, lower_half(found.state, view.low_max))
    as_listed = History(_LISTED, view.listed.without(view.crash), (), _early_of_log(view), found.top)
    every = (*images[likely : likely + 1], *ways, *images[:likely], *images[likely + 1 :], in_the_way, as_listed)
    yield from sorted(every, key=lambda way: _has_room_for_failed(view, way.state))


def _has_room_for_failed(view: View, state: State) -> bool:
    """True if the request that failed by the log would have found a place: then memory was not like that."""
    facts, profile = view.machine.facts, view.asked.profile
    if facts.record is None or not facts.record.failed or view.crash or facts.cmdline is None:
        return False
    request, bounds = ck.parse(facts.cmdline, view.machine.memory.ram, profile), Bounds(view.low_max, PHYSICAL_TOP)
    fixed = [(request.base, request.base + request.size)] if request.base else None
    windows = fixed or windows_of(request, profile, bounds)
    size = 0 if request.rc else request.size
    return size > 0 and any(state.topmost(size, CRASH_ALIGN, *window) is not None for window in windows)


def _as_built(view: View, what: str, found: Built, more: Sequence[Span] = ()) -> History:
    """The history of a state that a log alone shows. more: what else was there before the crash kernel."""
    early = replace(_early_of_log(view), memmap=found.memmap)
    early = replace(early, cma=found.area) if found.area is not None else early
    return History(what, found.state.with_more(more), found.late, early, found.top)


def _before(view: View, early: Early) -> list[Later]:
    """Allocations known to come right before the crash kernel, the first one first."""
    area = [Later(CMA, early.cma[1] - early.cma[0], at=early.cma[0])] if early.cma is not None else []
    return [*view.early_memmap, *area]


def _early_of_log(view: View) -> Early:
    """The CMA areas that the log names as earlier than the crash kernel."""
    if view.asked.reserves_first:
        return Early()
    areas, on_nodes = early_areas(view.events), areas_on_nodes(view)
    low = [area for area in areas[: len(areas) - len(on_nodes)] if area[0] < view.low_max]
    return Early((), low[-1] if low else None, on_nodes=on_nodes)


def _logged(view: View) -> list[History]:
    """The histories that a log leaves open: all allocations that it names are undone in order."""
    pool = top_of_line(view, view.machine.facts.cmdline, crash=bool(view.crash)).pool
    early = _early_of_log(view)
    ways = search(view, [[Choice(tuple(_before(view, early)))]], steps_of_log(view, kfence=pool))
    right = [way for way in ways if not way.rank[0]] or ways
    return [_history(view, "what the log names", way, early) for way in _chosen(right, 6)]


def _chosen(ways: list[Way], most: int) -> list[Way]:
    """The ways that explain everything, or else the best."""
    return ([way for way in ways if way.whole] or ways)[:most]


def _history(view: View, what: str, way: Way, early: Early) -> History:
    undone, whole = way.undone, way.whole
    late = tuple(entry for entry in undone.freed if is_late(view, entry[1]))
    state = view.listed.without([*view.crash, *(span for span, _ in late)])
    if not any(event.kind == "percpu" for event in view.events):
        areas = _per_cpu(view, state, [span for span, _ in late])
        late += tuple((span, PER_CPU) for span in areas)
        state = state.without(areas)
    swept = _swept(view, state, [span for span, _ in late])
    descriptors = tuple(span for span, name in undone.freed if name == MEMMAP and not is_late(view, name))
    if explains_crash(view, state) and not explains_crash(view, state.without(swept)):
        swept = []  # the crash kernel lies where it does because of one of them
    state = state.without(swept)
    late += tuple((span, "a small allocation") for span in swept)
    top = top_of_listing(view, state.without(descriptors))
    early = _with_memmap(view, state, replace(early, memmap=descriptors))
    return History(what, state, late, early, top, whole)


def _with_memmap(view: View, state: State, early: Early) -> Early:
    """With the page descriptors, if they are single pages: the lowest of what was taken from the top."""
    items = view.early_memmap
    if early.memmap or not items or not all(item.buffer for item in items):
        return early
    state, page = state.without(early.areas), view.asked.page_size
    found = (span for item in items for span in lowest_pages(state, in_pages(item.size, page), item.end))
    return replace(early, memmap=tuple(found), paged=True)


def _per_cpu(view: View, state: State, late: Sequence[Span]) -> list[Span]:
    """The per-CPU areas, whose size is in no source: beneath two freed pages, beside later ones.

    Where all RAM is low memory, they may be a whole entry in a hole above all others.
    """
    page, holes, kept = view.asked.page_size, union(late), set(view.listed.kept)
    found: list[Span] = []
    for block, above in pairwise(view.listed.blocks):
        if page <= above[0] - block[1] <= 2 * page and block not in kept:
            i = bisect_left(state.blocks, (block[1], 0)) - 1
            left = state.blocks[i] if i >= 0 else block
            n = bisect_left(holes, left)
            near = view.all_low and left == block and block[1] - block[0] >= _LEAST_PER_CPU
            near = near or any(left[0] - stop <= page for _, stop in holes[max(n - 1, 0) : n])
            near = near or any(start - above[0] <= 4 * page for start, _ in holes[n : n + 1])
            if left[1] == block[1] and near:
                found.append(left)
    return found


def _swept(view: View, state: State, late: Sequence[Span]) -> list[Span]:
    """Small allocations among the later ones: memblock allocates downward, so what lies between two came later, too."""
    page, holes, kept = view.asked.page_size, union(late), set(view.listed.kept)
    if not holes:
        return []
    found: list[Span] = []
    for block in view.listed.blocks:
        pieces = subtract(block, holes)
        rest = total(pieces)
        if 0 < rest <= page and rest < block[1] - block[0]:
            found += pieces
        elif rest == block[1] - block[0] <= 4 * page and block not in kept:
            i = bisect_left(holes, block)
            beneath = i < len(holes) and holes[i][0] == block[1]
            if beneath or (0 < i < len(holes) and _open(state, holes[i - 1][1], holes[i][0], 4 * page)):
                found.append(block)
    # What is left between the crash kernel and later ones right beneath it is later than the crash kernel, but for
    # what is known to be earlier, and a CMA area beneath the limit of low memory.
    gone, tops = union([*holes, *found, *kept]), {end for _, end in holes}
    bottoms = {start for start, _ in view.crash} - {view.low_max}
    left = (piece for block in view.listed.blocks for piece in subtract(block, gone))
    return found + [piece for piece in left if piece[1] in bottoms and piece[0] in tops]


def _open(state: State, low: int, high: int, most: int) -> bool:
    """True if a range lies in one region and holds no larger block."""
    i = bisect_left(state.memory, (low + 1, 0)) - 1
    if i < 0 or state.memory[i][1] < high:
        return False
    first = max(bisect_left(state.blocks, (low, 0)) - 1, 0)
    inside = state.blocks[first : bisect_left(state.blocks, (high, 0))]
    return not any(start < high and low < end and end - start > most for start, end in inside)


def _guessed(view: View, others: list[History]) -> list[History]:
    """Histories of allocations that are usual for so much RAM, and others: the likeliest first."""
    effort = Effort.of(view)
    accounts = _accounts(view)
    found = _found(accounts, effort)
    whole = bool(found) and found[0][0].whole
    if whole and _is_sure(view, found[0][0]):
        return [*_named(view, found), *others]
    if view.all_low:
        stack = _stacked(view)
        if stack is not None:
            others = [stack]
        elif not found:
            found = _found(accounts, effort.less())
        # Areas of a size that fits above the CMA area mean little where several nodes have them.
        first = not whole or bool(view.nodes) or any(way.late for way in others)
        return [*others, *_named(view, found)] if first else [*_named(view, found), *others]
    named = _named(view, found)
    wider = _with_all_beside(view, named[0]) if named and not whole else None
    return [*([wider] if wider is not None else ()), *named, *others]


def _found(accounts: Sequence[_Account], effort: Effort) -> list[tuple[Way, str]]:
    """The ways back of the first account that has some, the best first, each with a word on its nodes.

    With other nodes those are only looked for, beside the others, where none explains everything.
    """
    found: list[tuple[Way, str]] = []
    for account in accounts:
        if effort.left > 0 and not any(way.whole or where == account.where for way, where in found):
            search = account.search()
            found += [(way, account.where) for way in search.ways(effort)] if search is not None else []
    return sorted(found, key=lambda entry: entry[0].rank) if any(where for _, where in found) else found


def _accounts(view: View) -> list[_Account]:
    """The accounts of usual allocations, the likeliest first."""
    paged = _paged(view)
    descriptors = [()] if paged is not view else dict.fromkeys([tuple(view.early_memmap), ()])
    usual = cache(partial(_usual, paged))
    accounts = [_Account("", cache(partial(_search, usual, before))) for before in descriptors]
    if view.nodes:
        # What looks like the edge of a node may be that of memory that was plugged in, or flagged.
        one = replace(view, nodes=())
        own = partial(_search, partial(_usual, one), tuple(one.early_memmap))
        accounts.append(_Account("; all RAM in one node", cache(own)))
    return accounts


def _named(view: View, found: list[tuple[Way, str]]) -> list[History]:
    """The histories of the best ways, three at most."""
    return [
        _history(view, _guess(view, way) + where, way, _guessed_early(view, way.undone)) for way, where in found[:3]
    ]


def _is_sure(view: View, way: Way) -> bool:
    """True if a way explains everything, and more than nothing, without per-CPU areas of a size that fits."""
    names = {name for _, name in way.undone.freed if is_late(view, name)}
    return way.whole and PER_CPU not in names and bool(names or not is_at_a_place(view))


def _with_all_beside(view: View, way: History) -> History | None:
    """A way back in which all of an entry came later where a part did, but for page descriptors; None without more.

    So it is where the areas of many processors lie there, whose size is in no listing. They lie in high memory.
    """
    spans = union(span for span, _ in way.late)
    known = union([*spans, *way.early.memmap, *way.early.areas, *view.listed.kept])
    blocks = view.listed.blocks[bisect_left(view.listed.blocks, (view.low_max, 0)) :]
    beside = [piece for block in blocks if intersect(block, spans) for piece in subtract(block, known)]
    beside = [(start, end) for start, end in beside if end - start <= MOST_PER_CPU]
    if not beside:
        return None
    late = (*way.late, *((piece, "beside a later allocation") for piece in beside))
    return replace(way, what=f"{way.what}, and all beside it", state=way.state.without(beside), late=late)


def _paged(view: View) -> View:
    """The view in which an entry of the size of the page descriptors came before the crash kernel.

    With 64K pages no hole holds their buffer, so they are single pages; later arrays may lie right beneath them.
    """
    page, listed = view.asked.page_size, view.listed
    if page != 64 * KIB or not view.early_memmap:
        return view
    sizes = {size for item in view.early_memmap for size in (item.size, in_pages(item.size, page))}
    own = [
        (end - size, end)
        for start, end in listed.blocks
        for size in sorted(sizes, reverse=True)
        if size <= end - start <= size + 2 * page and (start, end) not in listed.kept
    ]
    return replace(view, listed=listed._replace(kept=tuple(sorted([*listed.kept, *own]))))


def _pooled(view: View) -> tuple[View, bool]:
    """The view in which page tables and a KFENCE pool came before the crash kernel; and whether there is a pool.

    Both lie in the topmost entry, and fill it.
    """
    listed = view.listed
    top = top_of_listing(view, listed._replace(blocks=listed.blocks[-1:]))
    start, end = listed.blocks[-1] if listed.blocks else (0, 0)
    if not top.pool or end - start > top_bytes(top, view) + 64 * KIB:
        return view, top.pool
    kept = (*(span for span in listed.kept if span[0] < start), (start, end))
    return replace(view, listed=listed._replace(kept=kept)), True


def _guess(view: View, way: Way) -> str:
    """The words for a guess: what is assumed to have come later, with the bytes of each."""
    late: dict[str, int] = {}
    for (start, end), name in way.undone.freed:
        if is_late(view, name) and not name.endswith(("slots", "section table")):
            late[name] = late.get(name, 0) + end - start
    return named(late.items())


def _usual(view: View) -> tuple[View, list[Choice], list[list[Choice]]]:
    """A view with what is known of its top, CMA areas that may have come right before, and what usually came later."""
    view, pool = _pooled(view)
    late = usual_steps(view, kfence=pool)
    areas = [Choice()]
    if view.all_low and late:
        # All RAM is low memory: the area lies right beneath the page descriptors and must be taken back with them.
        align = cma_align(view.asked.profile, view.asked.page_size)
        usual = areas_of(align, USUAL_CMA)
        areas = [
            Choice((Later(CMA, size, align, 0, view.low_max),), unusual=size not in usual) for size in area_sizes(view)
        ] + areas
    return view, areas, late


def _search(
    usual: Callable[[], tuple[View, list[Choice], list[list[Choice]]]], before: tuple[Later, ...]
) -> Search | None:
    """The search for ways from usual allocations to the listing; None where there are none.

    before: page descriptors that came first.
    """
    view, areas, late = usual()
    return Search(view, [[Choice(before)], areas], late) if late else None


def _guessed_early(view: View, undone: Undone) -> Early:
    """The CMA area right before the crash kernel: one that was undone, or one whose place agrees with the listing."""
    own = [span for span, name in undone.freed if name == CMA]
    if own:
        return Early((), own[0])
    described = any(name == MEMMAP for _, name in undone.freed)
    return Early((), listed_area(view, undone.state.without(view.crash), described=described))


def _simple(view: View) -> History:
    """Only what lies directly beneath the crash kernel came later, and the bounce buffer that a log names."""
    late = [(e.span, BOUNCE) for e in view.events if e.kind == "swiotlb" and e.span is not None]
    late += view.after
    joined, crash = union(view.listed.without(view.crash).blocks), set(view.crash)
    kept = [span for span in view.listed.kept if span not in crash]
    for start, _ in view.crash:
        i = bisect_left(joined, (start, 0)) - 1
        if i >= 0 and joined[i][1] >= start:
            late += [(piece, "directly beneath the crash kernel") for piece in subtract((joined[i][0], start), kept)]
    state = view.listed.without([*view.crash, *(span for span, _ in late)])
    what = "only what lies directly beneath the crash kernel came later"
    early = _early(view, state)
    return History(what, state, tuple(late), early, top_of_listing(view, state), whole=False)
