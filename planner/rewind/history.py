"""One way back: the state at the reservation, what came later, and what came right before.

A search gives allocations that are taken back; with them go the per-CPU areas, if their size is in no source, and small
allocations among the later ones.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from planner.base.ranges import Span, difference, intersect, subtract, total, union
from planner.base.sizes import KIB
from planner.kernel.cma import early_areas
from planner.kernel.force_pte import kfence_pool_size
from planner.rewind.boot_steps import PER_CPU, SECTION_TABLE
from planner.rewind.log_state import areas_on_nodes
from planner.rewind.memmap import MEMMAP, WIDEST, in_pages, section_table
from planner.rewind.paging import Paging, paging_of_listing
from planner.rewind.replay import Early, lowest_pages
from planner.rewind.search import Way, explains_crash, is_late
from planner.rewind.state import State
from planner.rewind.view import View

__all__ = ["LISTED", "History", "early_of_log", "explained_but_for", "history_of", "with_memmap"]

LISTED = "every reservation listed came before the crash kernel"
"""The words for the way back in which nothing came later."""

_LEAST_PER_CPU = 64 * KIB
"""Bytes of per-CPU areas that are an entry of their own, at least."""

_USUAL_BITS = 48
"""Bits of a physical address on processors without 52."""

_BESIDE_TABLE = 64 * KIB
"""Bytes of small allocations above the table of sections in its entry, and beneath it, at most."""


@dataclass(frozen=True, slots=True)
class History:
    """One way back: the state at the reservation, what came later, and what came right before."""

    assumption: str
    """What it assumes, in words."""
    state: State
    """memblock right before the crash kernel."""
    late: tuple[tuple[Span, str], ...]
    """What came after the crash kernel, each range with its name."""
    early: Early
    """What came right before it."""
    paging: Paging
    """What was taken from the top of memory first, as far as it can be told."""
    whole: bool = True
    """True if it explains all that is listed, as far as it must."""


def early_of_log(view: View) -> Early:
    """The CMA areas that the log names as earlier than the crash kernel."""
    if view.planned.reserves_first:
        return Early()
    areas, on_nodes = early_areas(view.events), areas_on_nodes(view)
    low = [area for area in areas if area not in on_nodes and area[0] < view.low_max]
    return Early((), low[-1] if low else None, on_nodes=on_nodes)


def history_of(view: View, what: str, way: Way, early: Early) -> History:
    """The way back of a search, with the later allocations that no search looks for.

    early: what came right before the crash kernel, but for its page descriptors.
    """
    undone, whole = way.undone, way.whole
    late = tuple(entry for entry in undone.freed if is_late(view, entry[1]))
    state = view.listed.without([*view.crash, *(span for span, _ in late)])
    areas: list[Span] = []
    if not any(event.kind == "percpu" for event in view.events):
        areas = _per_cpu(view, state, [span for span, _ in late])
        late += tuple((span, PER_CPU) for span in areas)
        state = state.without(areas)
    table = _small_section_table(view, state, areas) if all(name != SECTION_TABLE for _, name in late) else []
    swept = _small_ones_between(view, state.without(table), [*table, *(span for span, _ in late)])
    descriptors = tuple(span for span, name in undone.freed if name == MEMMAP and not is_late(view, name))
    if explains_crash(view, state) and not explains_crash(view, state.without([*table, *swept])):
        table = swept = []  # the crash kernel lies where it does because of one of them
    state = state.without([*table, *swept])
    late += (*((span, SECTION_TABLE) for span in table), *((span, "a small allocation") for span in swept))
    paging = paging_of_listing(view, state.without(descriptors))
    early = with_memmap(view, state, replace(early, memmap=descriptors))
    return History(what, state, late, early, paging, whole)


def explained_but_for(view: View, history: History) -> int:
    """Bytes of the largest piece that is left of a listed entry in which a later allocation lies, and has no name.

    What comes early and is named nowhere, a KFENCE pool and the table of sections, does not count.
    """
    planned, late = view.planned, union(span for span, _ in history.late)
    known = union([*late, *view.crash, *view.listed.kept, *history.early.memmap, *history.early.areas])
    beside = [block for block in view.listed.reserved if intersect(block, late)]
    pool = kfence_pool_size(planned.config, planned.page_size) if history.paging.kfence_pool else 0
    wide = planned.pa_bits == WIDEST and not planned.profile.first
    table = section_table(planned.profile, planned.page_size, WIDEST, planned.config) if wide else 0
    return max((end - start for start, end in difference(beside, known)), default=0) - pool - table


def with_memmap(view: View, state: State, early: Early) -> Early:
    """With the page descriptors, if they are single pages: the lowest of what was taken from the top."""
    items = view.early_memmap
    if early.memmap or not items or not all(item.buffer for item in items):
        return early
    state, page = state.without(early.areas), view.planned.page_size
    found = (span for item in items for span in lowest_pages(state, in_pages(item.size, page), item.end))
    return replace(early, memmap=tuple(found), paged=True)


def _per_cpu(view: View, state: State, late: Sequence[Span]) -> list[Span]:
    """The per-CPU areas, whose size is in no source: beneath two freed pages, beside later ones.

    Where all RAM is low memory, they may be a whole entry in a hole above all others.
    """
    page, holes, kept = view.planned.page_size, union(late), set(view.listed.kept)
    found: list[Span] = []
    for block, above in pairwise(view.listed.reserved):
        if block in kept or not page <= above[0] - block[1] <= 2 * page:
            continue
        i = bisect_left(state.reserved, (block[1], 0)) - 1
        left = state.reserved[i] if i >= 0 else block
        if left[1] != block[1]:
            continue  # its top was a later allocation itself
        n = bisect_left(holes, left)
        alone = view.all_low and left == block and block[1] - block[0] >= _LEAST_PER_CPU
        above_a_later_one = any(left[0] - stop <= page for _, stop in holes[max(n - 1, 0) : n])
        beneath_a_later_one = any(start - above[0] <= 4 * page for start, _ in holes[n : n + 1])
        if alone or above_a_later_one or beneath_a_later_one:
            found.append(left)
    return found


def _small_section_table(view: View, state: State, areas: Sequence[Span]) -> list[Span]:
    """The table of sections of a processor with 48 bits, from 7.0 on; a listing alone does not tell its bits.

    It came between the crash kernel and the per-CPU areas: so it is at the bottom of the first entry above these that
    holds it, and little else, with small allocations between.
    """
    planned = view.planned
    size = section_table(planned.profile, planned.page_size, _USUAL_BITS, planned.config)
    if view.events or not (planned.profile.first and areas):
        return []
    above = max(end for _, end in areas)
    blocks = state.reserved[bisect_left(state.reserved, (above, 0)) :]
    start, end = next(((start, end) for start, end in blocks if end - start >= size), (0, 0))
    table, fits = (start, start + size), size <= end - start <= size + _BESIDE_TABLE
    return [table] if fits and start - above <= _BESIDE_TABLE and not intersect(table, view.listed.kept) else []


def _small_ones_between(view: View, state: State, late: Sequence[Span]) -> list[Span]:
    """Small allocations among the later ones: memblock allocates downward, so what lies between two came later, too."""
    page, holes, kept = view.planned.page_size, union(late), set(view.listed.kept)
    if not holes:
        return []
    found: list[Span] = []
    for block in view.listed.reserved:
        pieces = subtract(block, holes)
        rest = total(pieces)
        if 0 < rest <= page and rest < block[1] - block[0]:
            found += pieces
        elif rest == block[1] - block[0] <= 4 * page and block not in kept:
            i = bisect_left(holes, block)
            beneath = i < len(holes) and holes[i][0] == block[1]
            if beneath or (0 < i < len(holes) and _is_nearly_free(state, holes[i - 1][1], holes[i][0], 4 * page)):
                found.append(block)
    # What is left between the crash kernel and later ones right beneath it is later than the crash kernel, but for
    # what is known to be earlier, and a CMA area beneath the limit of low memory.
    gone, tops = union([*holes, *found, *kept]), {end for _, end in holes}
    bottoms = {start for start, _ in view.crash} - {view.low_max}
    left = difference(view.listed.reserved, gone)
    return found + [piece for piece in left if piece[1] in bottoms and piece[0] in tops]


def _is_nearly_free(state: State, low: int, high: int, most: int) -> bool:
    """True if a range lies in one region and holds no larger block."""
    i = bisect_left(state.memory, (low + 1, 0)) - 1
    if i < 0 or state.memory[i][1] < high:
        return False
    first = max(bisect_left(state.reserved, (low, 0)) - 1, 0)
    inside = state.reserved[first : bisect_left(state.reserved, (high, 0))]
    return not any(start < high and low < end and end - start > most for start, end in inside)
