"""CMA areas before the crash kernel: usual sizes, those that a command line asks for, and their places.

Source: dma_contiguous_reserve() and dma_numa_cma_reserve(), kernel/dma/contiguous.c; cma_declare_contiguous_nid(),
mm/cma.c @ 5.10, 6.1, 7.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from planner.base.ranges import Span, intersect, union
from planner.base.sizes import GIB, MIB, U64, memparse, round_down, round_up
from planner.kernel.cma import Cma
from planner.kernel.cmdline import values
from planner.kernel.memory_map import MemoryMap
from planner.rewind.state import State

__all__ = ["USUAL_CMA", "area_in", "areas_of", "cma_of_nodes", "place_cma"]

USUAL_CMA = (64 * MIB, 32 * MIB, 16 * MIB)
"""Sizes that kernels are configured with (CMA_SIZE_MBYTES): distributions, arm64's own, the general default."""

_OTHER_CMA = (128 * MIB, 256 * MIB, 512 * MIB, GIB, 8 * MIB, 4 * MIB)
"""Sizes that are asked for with `cma=`."""


def areas_of(align: int, sizes: Sequence[int] = (*USUAL_CMA, *_OTHER_CMA)) -> tuple[int, ...]:
    """Bytes that areas of these sizes take: a request for less than a page block gets the whole of it."""
    return tuple(dict.fromkeys(round_up(size, align) for size in sizes))


def cma_of_nodes(cmdline: str | None, count: int, default: int) -> list[int]:
    """Bytes of each node's own area on 7.x: those of the default one, or what `numa_cma=` and `cma_pernuma=` say."""
    single, every = values(cmdline, "numa_cma"), values(cmdline, "cma_pernuma")
    if not single and not every:
        return [default] * count
    sizes = [memparse(every[-1])[0] if every else 0] * count
    for node, _, size in (pair.partition(":") for value in single for pair in value.split(",")):
        if node.isdecimal() and int(node) < count:
            sizes[int(node)] = memparse(size)[0] or sizes[int(node)]
    return sizes


def place_cma(state: State, size: int, asked: Cma, align: int, low_max: int, node: Span = (0, U64)) -> Span | None:
    """The place of an area: below the DMA limit, from the top; above 4 GiB from below, if both are allowed.

    None if there is no room, or no room at the address asked for. node: where the node lies that it must be on.
    """
    if not (size and state.memory):
        return None
    end_of_memory = state.memory[-1][1]
    size = round_up(size, align)
    own = asked.limit or low_max
    limit = round_down(min(own if asked.beyond else min(own, low_max), end_of_memory), align)
    if asked.fixed:
        area = (asked.base, asked.base + size)
        return None if asked.base % align or area[1] > limit or intersect(area, state.reserved) else area
    if asked.upward and end_of_memory >= 4 * GIB + size:
        high_up = takewhile(lambda gap: gap[1] > 4 * GIB, state.gaps_down())
        for low, high in reversed([*high_up]):
            start = round_up(max(low, 4 * GIB, node[0]), align)
            if start + size <= min(high, limit, node[1]):
                return (start, start + size)
    found = state.topmost(size, align, max(asked.base, node[0]), min(limit, node[1]))
    return None if found is None else (found, found + size)


def area_in(memory: MemoryMap, skipped: int, size: int, asked: Cma, align: int, low_max: int) -> Span | None:
    """The place of an area in a map. skipped: flags of regions that a search skips."""
    state = State(tuple(memory.spans(skipped)), tuple(union(r.span for r in memory.reserved)))
    return place_cma(state, size, asked, align, low_max)
