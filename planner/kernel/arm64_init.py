"""Memory limits at boot: the DMA limit, the start of the linear map, and the RAM that the linear map can hold.

Source: arch/arm64/mm/init.c @ 5.10, 6.1, 6.12, 6.18, 7.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from planner.base.ranges import Range, intersect, subtract, union
from planner.base.sizes import MIB, format_size, memparse, round_down, round_up
from planner.kernel.cmdline import values
from planner.kernel.machine import Facts
from planner.kernel.memblock import PHYS_ADDR_MAX
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.kernel.pgtable import Geometry
from planner.kernel.profiles import Profile

__all__ = [
    "apply_mem",
    "clip_to_linear_region",
    "cut_by_mem",
    "derived_dma_limit",
    "grown_dma_limit",
    "mem_limit",
    "own_mem_limit",
    "whole_image",
]

_MAX32 = (1 << 32) - 1
_EDGE = 2 * MIB


def derived_dma_limit(
    profile: Profile, memory: MemoryMap, firmware_limit: int | None = None, *, zone_dma: bool = True
) -> int:
    """`arm64_dma_phys_limit` in bytes (exclusive) of a kernel with DMA zones.

    firmware_limit: the highest address, inclusive, that all devices can reach according to the firmware (device tree,
    IORT); None: no limit. zone_dma: False for a kernel with ZONE_DMA32 only: the limit is then 32 bits, whatever the
    firmware says.
    Source: max_zone_phys() and zone_sizes_init(), arch/arm64/mm/init.c; up to 5.10.0 the removed lines of 791ab8b2e3db
    ("Ignore any DMA offsets in the max_zone_phys() calculation").
    """
    first, last = memory.start, memory.end - 1
    rule = profile.dma_limit
    if rule == "4G":
        return 1 << 32
    if rule in ("dma32", "dma32-exclusive"):
        offset = first & ~_MAX32
        return min(offset + (1 << 32), last + 1) - (rule == "dma32-exclusive")
    if rule == "dma32-capped":
        return last + 1 if first > _MAX32 else min(_MAX32, last) + 1
    firmware = PHYS_ADDR_MAX if firmware_limit is None else firmware_limit
    if rule == "bits-offset":
        bits = min(32, firmware.bit_length()) if zone_dma else 32
        return min((first >> bits << bits) + (1 << bits), last + 1)
    if rule == "value":
        limit = (min(firmware, _MAX32) if first < _MAX32 else firmware) if zone_dma else _MAX32
        return min(limit, last) + 1
    mask = (1 << (min(32, firmware.bit_length()) if zone_dma else 32)) - 1
    if first > _MAX32:
        mask = PHYS_ADDR_MAX
    elif first > mask:
        mask = _MAX32
    return min(mask, last) + 1


def grown_dma_limit(limit: int, profile: Profile, shown: MemoryMap, grown: MemoryMap) -> int:
    """The DMA limit with more RAM than the source shows: a limit derived from the end of RAM rises with it."""
    return derived_dma_limit(profile, grown) if limit in (shown.end, derived_dma_limit(profile, shown)) else limit


def whole_image(code: Range | None, data: Range | None) -> Range | None:
    """The kernel image from its first to its last known byte."""
    if code is None:
        return None
    return Range(code.start, code.end if data is None else max(code.end, data.end))


def memstart_of(profile: Profile, geometry: Geometry, start: int) -> int:
    """`memstart_addr` without KASLR for memory that begins at `start`."""
    return round_down(start, geometry.memstart_align(profile.section_64k))


def clip_to_linear_region(
    memory: MemoryMap, profile: Profile, geometry: Geometry, *, pa_bits: int, image: Range | None
) -> tuple[MemoryMap, int, tuple[str, ...]]:
    """The memory that the kernel keeps, `memstart_addr`, and notes on what it drops.

    Source: arm64_memblock_init(): memory above the physical limit and beyond the linear region is removed.
    """
    linear_size = geometry.linear_size
    memstart = memstart_of(profile, geometry, memory.start)
    top = max(memstart + linear_size, image.end if image else 0)
    limit = min(1 << pa_bits, top)
    if memory.end <= limit:
        return memory, memstart, ()
    kept = _clip(memory.regions, 0, limit)
    if kept and kept[-1].end > memstart + linear_size:
        memstart = round_up(kept[-1].end - linear_size, geometry.memstart_align(profile.section_64k))
        kept = _clip(kept, memstart, limit)
    dropped = memory.ram - sum(r.end - r.start for r in kept)
    note = (
        f"{format_size(dropped)} of RAM is dropped: it lies outside {pa_bits}-bit physical addresses or the linear "
        f"region of {format_size(linear_size)} from {memstart:#x} on"
    )
    return MemoryMap(kept, memory.reserved), memstart, (note,)


def _clip(regions: Iterable[Region], low: int, high: int) -> list[Region]:
    return [
        Region(max(r.start, low), min(r.end, high), r.flags, r.node)
        for r in regions
        if max(r.start, low) < min(r.end, high)
    ]


def mem_limit(cmdline: str | None, page_size: int) -> int | None:
    """Bytes of RAM that the last `mem=` of a command line keeps; None without one, or with one of less than a page."""
    given = values(cmdline, "mem")
    return (round_down(memparse(given[-1])[0], page_size) or None) if given else None


def cut_by_mem(memory: MemoryMap, facts: Facts, page_size: int) -> int:
    """The address where a machine's own `mem=` cut RAM away beneath what stays: the image, the initrd, NOMAP memory.

    0 if nothing stays above, or there was none. Without the command line the image tells, which is a region of its own
    then.
    Source: arm64_memblock_init() adds the image and the initrd back, arch/arm64/mm/init.c @ 5.10, 6.1, 7.2.
    """
    remaining, image = mem_limit(facts.cmdline, page_size), whole_image(facts.kernel_image, facts.kernel_data)
    for below, r in pairwise(memory.regions):
        remaining = remaining - (below.end - below.start) if remaining is not None else None
        alone = image is not None and 0 <= image.start - r.start < _EDGE and 0 <= r.end - image.end < _EDGE
        if remaining == 0 or (alone and not below.flags):
            return below.end
    return 0


def own_mem_limit(memory: MemoryMap, facts: Facts, page_size: int) -> int | None:
    """Bytes that a machine's own `mem=` kept, from its command line or from where RAM was cut; None without one."""
    if facts.cmdline is None and (cut := cut_by_mem(memory, facts, page_size)):
        return sum(r.end - r.start for r in memory.regions if r.end <= cut)
    return mem_limit(facts.cmdline, page_size)


def apply_mem(memory: MemoryMap, limit: int, page_size: int, stays: Sequence[Range] = ()) -> MemoryMap:
    """The map after `mem=limit`: memory above the address where `limit` bytes are used up is removed.

    A limit of less than a page is none. NOMAP regions stay; what else `stays`, such as the kernel's image, is added
    back, with what is reserved there.
    Source: memblock_mem_limit_remove_map(), mm/memblock.c @ 6.1.
    """
    remaining = round_down(limit, page_size)
    if not remaining:
        return memory
    top = None
    for region in memory.regions:
        size = region.end - region.start
        if remaining <= size:
            top = region.start + remaining
            break
        remaining -= size
    if top is None:
        return memory
    kept: list[Region] = []
    for r in memory.regions:
        if r.flags & Flag.NOMAP:
            kept.append(r)
        elif r.start < top:
            kept.append(Region(r.start, min(r.end, top), r.flags, r.node))
    for stay in stays:
        kept = _with(kept, stay)
    usable = union([(0, top), *(stay.span for stay in stays)])
    reserved = (Reserved(a, b, r.name) for r in memory.reserved for a, b in intersect(r.span, usable))
    return MemoryMap(tuple(kept), tuple(reserved))


def _with(kept: list[Region], stay: Range) -> list[Region]:
    """Add the parts of a range that no region covers, growing an adjacent flagless region where there is one."""
    for start, end in subtract(stay.span, [r.span for r in kept]):
        below = next((r for r in kept if r.end == start and not r.flags), None)
        added = Region(below.start, end, 0, below.node) if below else Region(start, end)
        kept = sorted([*(r for r in kept if r is not below), added], key=lambda r: r.start)
    return kept
