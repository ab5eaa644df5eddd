"""RAM hidden by mem=. Its size is unknown, so a few likely totals are tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from planner.base.ranges import Span, subtract, total
from planner.base.sizes import GIB, MIB, U64, round_up
from planner.kernel import crashkernel as ck
from planner.kernel.arm64_init import grown_dma_limit, mem_limit
from planner.kernel.memory_map import MemoryMap, Region
from planner.kernel.pgtable import geometry
from planner.kernel.profiles import CRASH_ALIGN
from planner.rewind.history import History
from planner.rewind.memmap import memmap, place_memmap
from planner.rewind.replay import Boot, Early, lifted, lowest_from_top, more_tables, replay
from planner.rewind.state import State
from planner.rewind.view import View

__all__ = [
    "Total",
    "WithoutTop",
    "asks_for_high",
    "grown",
    "is_hidden",
    "likely_totals",
    "map_with",
    "settles",
    "with_more",
    "without_top",
]

_ALWAYS = 10
"""Totals above what is seen that are always tried: powers of two, and a quarter or half as much more."""

_MOST = 1 << 48
"""Bytes of RAM that are tried at most: all that 48-bit physical addresses reach."""

_VA_BITS = 48
"""Bits of virtual addresses with which every page size has a PUD that is not folded."""


def is_hidden(view: View) -> bool:
    """True if a `mem=` cut the map and the requested command line has none, or a larger one."""
    page = view.planned.page_size
    own, new = mem_limit(view.machine.facts.cmdline, page), mem_limit(view.planned.cmdline, page)
    if own is None or view.planned.cmdline is None or own > view.machine.memory.ram:
        return False
    return new is None or new > own


def asks_for_high(view: View) -> bool:
    """True if the request is for memory above low memory."""
    return ck.parse(view.planned.cmdline or "", view.machine.memory.ram, view.planned.profile).high


def _cut_away(view: View) -> Span | None:
    """RAM that a `mem=` cut away beneath what stays, up to the end of what is listed, in whole steps of 64M."""
    return (view.cut, round_up(view.machine.memory.end, 64 * MIB)) if view.cut else None


class Total(NamedTuple):
    """A likely total of RAM. size: bytes of the crash kernel requested then."""

    ram: int
    size: int


def likely_totals(view: View) -> Iterator[Total]:
    """Likely totals of RAM: powers of two, a quarter and a half more, and those with another requested size."""
    listed, cut, line, size = view.machine.memory.ram, _cut_away(view), view.planned.cmdline or "", None
    if cut is not None:
        ram = listed + total(subtract(cut, view.regions))
        yield Total(ram, ck.parse(line, ram, view.planned.profile).size)
        return
    most = mem_limit(view.planned.cmdline, view.planned.page_size) or _MOST
    last = ck.largest(line, view.planned.profile)
    amounts = (quarters << shift for shift in range(_MOST.bit_length()) for quarters in (4, 5, 6))
    for count, ram in enumerate(ram for ram in amounts if ram > listed):
        usable = min(ram, most)
        requested = ck.parse(line, usable, view.planned.profile).size
        if count < _ALWAYS or requested != size:
            yield Total(usable, requested)
        size = requested
        if usable == most or (count >= _ALWAYS and usable > last):
            return


def grown(memory: MemoryMap, more: int, cut: Span | None = None) -> MemoryMap:
    """The map with `more` bytes of RAM after the last listed range, or where RAM was cut.

    Nothing is reserved there.
    """
    plain = [r for r in memory.regions if not r.flags]
    last = plain[-1] if plain else memory.regions[-1]
    span = cut or (last.end, last.end + more)
    pieces = subtract(span, sorted(r.span for r in memory.regions))
    found: list[Region] = []
    for r in sorted(
        [*memory.regions, *(Region(a, b, last.flags, last.node) for a, b in pieces)], key=lambda r: r.start
    ):
        if (
            found
            and (found[-1].end, found[-1].flags, found[-1].node) == (r.start, r.flags, r.node)
            and span[0] <= r.end
        ):
            found[-1] = Region(found[-1].start, r.end, r.flags, r.node)
        else:
            found.append(r)
    return MemoryMap(tuple(found), memory.reserved)


def map_with(view: View, more: int) -> MemoryMap:
    """The map of the machine with `more` bytes of hidden RAM."""
    return grown(view.machine.memory, more, _cut_away(view))


def settles(view: View, memory: MemoryMap, state: State, size: int) -> bool:
    """True if more RAM than in this map changes nothing: low memory has room for the crash kernel, aligned or not.

    What is taken from the top lies far above it then. A request for memory above is not asked about.
    """
    pud = geometry(view.planned.page_size, _VA_BITS).pud_size
    if not 0 < size <= view.low_max - pud:
        return False
    low = grown_dma_limit(view.low_max, view.planned.profile, view.machine.memory, memory)
    if memory.end < low + GIB:
        return False
    wanted = ((size, CRASH_ALIGN), (round_up(size, pud), pud))
    return all(state.topmost(length, align, 0, low) is not None for length, align in wanted)


class WithoutTop(NamedTuple):
    """A state without what was taken from the top of memory before the crash kernel. taken: bytes of that."""

    state: State
    taken: int


def without_top(history: History, view: View, lift: int) -> WithoutTop:
    """The state without page descriptors, CMA area, and what lies at the top. lift: by how much less is taken then."""
    early = history.early
    before = lifted(history.state.without([*early.memmap, *early.areas]), lift, view.cut)
    lowest, top = lowest_from_top(before, view.cut), view.cut or U64
    taken = total((max(start, lowest), min(end, top)) for start, end in before.reserved if end > lowest and start < top)
    return WithoutTop(before.without([(lowest, top)]), taken)


def with_more(bare: WithoutTop, view: View, memory: MemoryMap, boot: Boot) -> State:
    """The state with RAM above: allocations from the top move up there, and grow.

    memory: the map with it, see `map_with`. boot: what is done then, but for the page descriptors, which follow from
    the RAM.
    """
    profile, page = view.planned.profile, view.planned.page_size
    regions, more = memory.spans(), memory.ram - view.machine.memory.ram
    nodes = [*view.nodes[:-1], (view.nodes[-1][0], regions[-1][1])] if view.nodes else []
    usable = tuple(r.span for r in memory.regions if not r.flags)
    state = State(usable, bare.state.reserved, bare.state.kept)
    state = state.with_allocated(state.topmost_pages(max(bare.taken + more_tables(boot.tables, more, page), 0), page))
    descriptors = [] if view.planned.describes_later else memmap(profile, page, regions, nodes)
    state = state.with_allocated(place_memmap(state, descriptors, page))
    low_max = grown_dma_limit(view.low_max, profile, view.machine.memory, memory)
    return replay(state, Early(), boot._replace(lift=0, low_max=low_max))
