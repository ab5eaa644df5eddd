"""NOMAP memory inferred from sources without flags: adjacent ranges that were not merged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from planner.base.ranges import Span, intersect, union
from planner.base.sizes import GIB
from planner.base.text import counted
from planner.kernel.memory_map import Flag, Region

__all__ = ["OR_OTHERS", "Inferred", "inferred_nomap"]

OR_OTHERS = "; it may be the others instead)"
"""The end of the note on ranges of which nothing tells whether it is these."""

_COMPARABLE = 4  # times: of two sets of ranges, one that is this much smaller is the firmware's


class Inferred(NamedTuple):
    """Ranges of memory, some of them marked NOMAP."""

    regions: list[Region]
    note: str = ""
    """The note on those that are; "" if none is."""
    unsure: tuple[Span, ...] = ()
    """Ranges that may be the other way round, those marked and not: nothing tells which are the firmware's."""


def inferred_nomap(nodes: Sequence[Region], used: Sequence[Span] = (), nomap: Sequence[Span] = ()) -> Inferred:
    """The ranges, every other one of those that touch marked NOMAP.

    memblock merges adjacent ranges of one node and equal flags, so the flags of these differ, and the kernel allocates
    nothing in NOMAP memory. Firmware has the smaller part. Nothing of 1 GiB or more is taken for firmware if that does
    not follow: such ranges may be of two nodes, or memory that can be plugged in.

    used: what the kernel allocated. nomap: what is known to be NOMAP.
    """
    chains: list[list[Region]] = []
    for region in nodes:
        if chains and chains[-1][-1].end == region.start and chains[-1][-1].node == region.node:
            chains[-1].append(region)
        else:
            chains.append([region])
    found: list[Region] = []
    used, nomap, unsure = union(used), union(nomap), list[Region]()
    for chain in chains:
        firmware, instead = _firmware(chain, used, nomap)
        unsure += [*firmware, *instead] if instead else []
        found += [Region(r.start, r.end, Flag.NOMAP.value, r.node) if r in firmware else r for r in chain]
    return Inferred(
        found, _note(sum(r.flags == Flag.NOMAP.value for r in found), sure=not unsure), tuple(r.span for r in unsure)
    )


def _note(count: int, *, sure: bool) -> str:
    """The note on so many ranges; "" for none."""
    if not count:
        return ""
    touch = "memory range touches its neighbours and is", "memory ranges touch their neighbours and are"
    return f"{counted(count, *touch)} taken as NOMAP firmware memory (inferred{')' if sure else OR_OTHERS}"


def _firmware(
    chain: Sequence[Region], used: Sequence[Span], nomap: Sequence[Span]
) -> tuple[list[Region], list[Region]]:
    """The ranges of a chain that are NOMAP; and those that may be instead, none if these are known."""
    odd, even = chain[1::2], chain[::2]
    parts = [part for part, rest in ((odd, even), (even, odd)) if not _meet(part, used) and not _meet(rest, nomap)]
    if not parts:
        return [], []
    parts.sort(key=_bytes)
    follows = len(parts) == 1
    firmware = [r for r in parts[0] if r.end - r.start < GIB or (follows and r not in (chain[0], chain[-1]))]
    if not firmware or follows or _bytes(parts[1]) > _COMPARABLE * _bytes(parts[0]):
        return firmware, []
    return firmware, [r for r in parts[1] if r.end - r.start < GIB]


def _meet(regions: Sequence[Region], spans: Sequence[Span]) -> bool:
    """True if one of the regions has a byte of the spans."""
    return any(intersect(r.span, spans) for r in regions)


def _bytes(regions: Sequence[Region]) -> int:
    """Bytes in all regions."""
    return sum(r.end - r.start for r in regions)
