"""RAM hidden by mem=. Its size is unknown, so a few likely totals are tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from planner.base.ranges import subtract, total
from planner.base.sizes import memparse, round_down
from planner.kernel import crashkernel as ck
from planner.kernel.arm64_init import grown_dma_limit
from planner.kernel.cmdline import values, words
from planner.kernel.memory_map import MemoryMap, Region
from planner.rewind.changes import Boot, Early, lifted, lowest_from_top, more_tables, replay
from planner.rewind.histories import History
from planner.rewind.memmap import memmap, place_memmap
from planner.rewind.undo import State
from planner.rewind.view import View

__all__ = ["grown", "is_hidden", "is_high", "mem_limit", "totals", "with_more"]

_USUAL = 10
"""Amounts above what is seen that are always looked at: powers of two, and a quarter or half as much more."""

_MOST = 1 << 48


def mem_limit(cmdline: str | None, page_size: int) -> int | None:
    """Bytes that the last `mem=` of a command line leaves, None without one."""
    given = values(words(cmdline or ""), "mem")
    return round_down(memparse(given[-1])[0], page_size) if given else None


def is_hidden(view: View) -> bool:
    """True if the map was cut by a `mem=` and the command line asked for has none, or a larger one."""
    page = view.asked.page_size
    own, new = mem_limit(view.machine.facts.cmdline, page), mem_limit(view.asked.cmdline, page)
    if own is None or view.asked.cmdline is None or own > view.machine.memory.ram:
        return False
    return new is None or new > own


def is_high(view: View) -> bool:
    """True if what is asked for goes above low memory."""
    return ck.parse(view.asked.cmdline or "", view.machine.memory.ram, view.asked.profile).high


def totals(view: View) -> Iterator[int]:
    """Likely totals of RAM: the next powers of two, and those for which another size is requested."""
    seen = view.machine.memory.ram
    most = mem_limit(view.asked.cmdline, view.asked.page_size) or _MOST
    line, size = view.asked.cmdline or "", None
    amounts = (quarters << shift for shift in range(_MOST.bit_length()) for quarters in (4, 5, 6))
    for count, ram in enumerate(ram for ram in amounts if ram > seen):
        there = min(ram, most)
        asked = ck.parse(line, there, view.asked.profile).size
        if count < _USUAL or asked != size:
            yield there
        size = asked
        if there == most:
            return


def grown(memory: MemoryMap, more: int) -> MemoryMap:
    """The map with so many bytes of RAM after the last that is listed; nothing is reserved there."""
    plain = [r for r in memory.regions if not r.flags]
    last = plain[-1] if plain else memory.regions[-1]
    others = [r for r in memory.regions if r is not last]
    pieces = subtract((last.start, last.end + more), [(r.start, r.end) for r in others])
    regions = [*others, *(Region(a, b, last.flags, last.node) for a, b in pieces)]
    return MemoryMap(tuple(sorted(regions, key=lambda r: r.start)), memory.reserved)


def with_more(history: History, view: View, more: int, boot: Boot) -> State:
    """The state where RAM goes on above by so many bytes: what was taken from the top lies there, and more of it.

    boot: what is done then, but for the page descriptors, which follow from the RAM.
    """
    early, profile, page = history.early, view.asked.profile, view.asked.page_size
    memory = grown(view.machine.memory, more)
    regions = memory.spans()
    nodes = [*view.nodes[:-1], (view.nodes[-1][0], regions[-1][1])] if view.nodes else []
    before = lifted(history.state.without([*early.memmap, *([early.cma] if early.cma else [])]), boot.lift)
    lowest = lowest_from_top(before)
    taken = total((max(start, lowest), end) for start, end in before.blocks if end > lowest)
    usable = tuple((r.start, r.end) for r in memory.regions if not r.flags)
    state = State(usable, before.without([(lowest, _MOST << 16)]).blocks, before.kept)
    state = state.with_more(state.pages(max(taken + more_tables(boot.tables, more, page), 0), page))
    descriptors = [] if view.asked.describes_later else memmap(profile, page, regions, nodes)
    state = state.with_more(place_memmap(state, descriptors, page))
    low_max = grown_dma_limit(view.low_max, profile, view.machine.memory, memory)
    return replay(state, Early(), replace(boot, lift=0, low_max=low_max))
