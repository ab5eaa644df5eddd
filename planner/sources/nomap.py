"""NOMAP memory inferred from sources without flags: adjacent ranges that were not merged."""

from __future__ import annotations

from planner.base.sizes import GIB
from planner.base.text import counted
from planner.kernel.memory_map import Flag, Region

__all__ = ["inferred_nomap"]


def inferred_nomap(nodes: list[Region], notes: list[str]) -> list[Region]:
    """The ranges, with the smaller of adjacent ones marked NOMAP.

    memblock merges adjacent ranges of one node and equal flags, so the flags of these differ, and firmware has the
    smaller one. Nothing of 1 GiB or more is taken for firmware: such ranges may be of two nodes.
    """
    result: list[Region] = []
    mapped = True
    guessed = 0
    for i, region in enumerate(nodes):
        touches = i > 0 and nodes[i - 1].end == region.start and nodes[i - 1].node == region.node
        if not touches:
            follows = i + 1 < len(nodes) and nodes[i + 1].start == region.end and nodes[i + 1].node == region.node
            mapped = not follows or region.end - region.start >= nodes[i + 1].end - nodes[i + 1].start
        else:
            mapped = not mapped or region.end - region.start >= GIB
        guessed += not mapped
        result.append(region if mapped else Region(region.start, region.end, Flag.NOMAP.value, region.node))
    if guessed:
        ranges = counted(
            guessed, "memory range touches its neighbours and is", "memory ranges touch their neighbours and are"
        )
        notes.append(f"{ranges} taken as NOMAP firmware memory (inferred)")
    return result
