"""The scratch memory of kexec handover (KHO), which a boot sets aside last of all, for the kernel that it starts next.

There is an area in low memory, one anywhere, and one on each node. Unless `kho_scratch=` says otherwise they are twice
as large as what memblock has allocated there by then, the crash kernel included: larger than all else that is listed.
Those above low memory lie side by side, mostly, and are looked for as one; where all RAM is low memory, so do all.

Source: kho_reserve_scratch() and scratch_size_update(), kernel/liveupdate/kexec_handover.c;
memblock_reserved_kern_size(), mm/memblock.c; mm_core_init(), mm/mm_init.c @ 7.x.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from planner.base.ranges import Span, difference, intersect, total, union
from planner.base.sizes import MIB, U64, round_up
from planner.kernel.cma import cma_align, cma_of, early_areas
from planner.kernel.cmdline import has_word
from planner.kernel.kexec_handover import SCRATCH_TIMES, is_on
from planner.kernel.profiles import select_profile
from planner.rewind.cma_areas import USUAL_CMA
from planner.rewind.memmap import memmap
from planner.rewind.state import Allocation, State
from planner.rewind.undo import places
from planner.rewind.view import View, topmost_tables

__all__ = ["SCRATCH", "may_be_listed", "scratch_areas"]

SCRATCH = "scratch memory of kexec handover"
"""Its name among the allocations of a boot."""

_BUFFER = 64 * MIB
"""Bytes of the usual bounce buffer."""

_MOST_TRIED = 24
"""Sizes of the upper areas that are tried, from those that leave the least unknown: up to 60 MiB with 4K pages."""


def may_be_listed(view: View) -> bool:
    """True if scratch memory is among what is listed, as far as it is known, and nothing tells which of it.

    The listed boot's kernel decides if a source names it, and else the planned one, for which the user takes it.
    """
    machine, planned = view.machine, view.planned
    if machine.settled or machine.traits.log or planned.reserves_first:
        return False
    profile, config, facts = planned.profile, planned.config, machine.facts
    if facts.kernel is not None:
        own = select_profile(facts.kernel)
        profile, config = own.profile, {**own.symbols, **facts.config}
    return is_on(profile, config, facts.cmdline) and _is_room(view)


def _is_room(view: View) -> bool:
    """True if as much is listed as the areas and what they are for take at least, with their usual sizes.

    They are for the crash kernel, which has its own rows, and for the page descriptors; in low memory for what of the
    crash kernel lies there.
    """
    if has_word(view.machine.facts.cmdline, "kho_scratch"):
        return True
    items = memmap(view.planned.profile, view.planned.page_size, view.regions, view.nodes)
    descriptors = sum(item.size * item.times for item in items)
    low, listed = [(0, view.low_max)], difference(union([*view.listed.reserved, *view.scratch]), view.crash)
    least = SCRATCH_TIMES * (total(view.crash) + descriptors) + descriptors
    return total(listed) >= least and _within(listed, low) >= SCRATCH_TIMES * _within(view.crash, low)


def scratch_areas(view: View) -> Iterator[tuple[Span, ...]]:
    """The scratch areas among what is listed, in each way that their sizes leave open, the likeliest first.

    At last those in low memory alone. None with `kho_scratch=`, and none above low memory on several nodes: what each
    of them has allocated is not followed.
    """
    if has_word(view.machine.facts.cmdline, "kho_scratch"):
        return
    low = [()] if view.all_low else [(area,) for area in _low_areas(view)]
    if not view.nodes:
        for areas in low:
            yield from ((*areas, area) for area in _upper_areas(view, view.listed.without(areas)))
    yield from filter(None, low)


def _low_areas(view: View) -> list[Span]:
    """The places of the area in low memory, of each size that may be.

    memblock has allocated the CMA area there, parts of the crash kernel, and the bounce buffer: all else lies above.
    """
    listed, align, low = view.listed, _align(view), [(0, view.low_max)]
    known = _within(view.crash, low) + _within(early_areas(view.events), low)
    unknown = _within(listed.not_kept(), low)
    found: list[Span] = []
    for others in _others_in_low_memory(view):
        size = round_up(SCRATCH_TIMES * (known + sum(others)), align)
        for at in places(listed, Allocation(SCRATCH, size, align, 0, view.low_max - 1)):
            beside = _end_of(listed, at) - at - size
            if size + sum(others) <= unknown and beside in _sums(others):
                found.append((at, at + size))
    return list(dict.fromkeys(found))


def _others_in_low_memory(view: View) -> list[tuple[int, ...]]:
    """Bytes of the bounce buffer, and of the CMA area if no log names it: what was asked for, or what is usual."""
    buffer = next((event.size for event in view.events if event.kind == "swiotlb"), _BUFFER)
    if view.events:
        return [(buffer,)]
    asked = cma_of(view.machine.facts.cmdline).size
    own = view.default_area(asked)
    usual = () if asked is not None else (*USUAL_CMA, 0)
    return [(buffer, area) for area in dict.fromkeys((*(() if own is None else (own,)), *usual))]


def _upper_areas(view: View, listed: State) -> Iterator[Span]:
    """The areas above low memory, or all of them where all RAM is low.

    Together they are twice what memblock has allocated there, and twice what of that is a node's own: all but the crash
    kernel, the CMA area, hash tables, log and bounce buffers. So what is listed tells their size, but for what memblock
    did not allocate.
    """
    align, window = _align(view), [(0 if view.all_low else view.low_max, U64)]
    kinds = ("hash", "log_buf", "log_meta", *(("swiotlb",) if view.all_low else ()))
    apart = _within(view.crash, window) + _within(early_areas(view.events), window)
    of_no_node = apart + sum(event.size for event in view.events if event.kind in kinds)
    tables = topmost_tables(listed.memory, listed.reserved, view.machine.memory.ram // view.planned.page_size * 8)
    blocks = listed.not_kept()
    all_listed = _within(blocks, window) + apart + total(tables)
    sizes = _sizes(all_listed, of_no_node, align)
    for start, end in blocks:
        if start % align or end <= window[0][0]:
            continue
        for size in sizes:
            if start + size <= end and start in places(listed, Allocation(SCRATCH, size, align)):
                yield (start, start + size)


def _sizes(all_listed: int, of_no_node: int, align: int) -> list[int]:
    """Bytes of the upper areas, those first that leave the least that memblock did not allocate.

    all_listed: bytes of what is listed, the areas included. of_no_node: those of allocations that are no node's own.
    """
    whole = 2 * SCRATCH_TIMES * all_listed - SCRATCH_TIMES * of_no_node
    most = round_up(max(whole, 0) // (2 * SCRATCH_TIMES + 1), align) + 2 * align  # each area is rounded up
    return [size for i in range(_MOST_TRIED) if (size := most - i * align) > 0]


def _within(spans: Sequence[Span], window: Sequence[Span]) -> int:
    """Bytes of spans within a window."""
    return sum(total(intersect(span, window)) for span in spans)


def _end_of(listed: State, at: int) -> int:
    """The end of what is reserved around an address, up to what is known to be earlier."""
    return next(end for start, end in listed.not_kept() if start <= at < end)


def _sums(sizes: Sequence[int]) -> set[int]:
    """Sums of some of the sizes."""
    return {sum(some) for count in range(len(sizes) + 1) for some in combinations(sizes, count)}


def _align(view: View) -> int:
    """Alignment of an area: a page block (CMA_MIN_ALIGNMENT_BYTES)."""
    return cma_align(view.planned.profile, view.planned.page_size)
