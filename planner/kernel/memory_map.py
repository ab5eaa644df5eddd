"""A machine's memory: regions with memblock flags and node, and reserved ranges.

Entries are kept as listed: touching regions stay separate (they may differ in a way that no source shows), reserved
ranges may be unaligned and may lie outside memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntFlag

from planner.base.ranges import Span, difference, intersect, subtract, union

__all__ = [
    "FLAG_NAMES",
    "PHYSICAL_TOP",
    "Flag",
    "MemoryMap",
    "Region",
    "Reserved",
    "with_flag",
    "with_nomap",
    "with_other_nomap",
]


PHYSICAL_TOP = 1 << 52
"""The end of the physical addresses of arm64: 52 bits."""


class Flag(IntFlag):
    """memblock's region flags (include/linux/memblock.h, 6.1)."""

    NONE = 0
    HOTPLUG = 1
    MIRROR = 2
    NOMAP = 4
    DRIVER_MANAGED = 8


FLAG_NAMES = {
    "hotplug": Flag.HOTPLUG,
    "mirror": Flag.MIRROR,
    "nomap": Flag.NOMAP,
    "driver_managed": Flag.DRIVER_MANAGED,
}


@dataclass(frozen=True, slots=True)
class Region:
    """One region of `memblock.memory`: bytes `[start, end)`, `Flag` bits as an int, NUMA node if known."""

    start: int
    """First byte."""
    end: int
    """First byte after the range."""
    flags: int = 0
    """memblock's flags of the region."""
    node: int | None = None
    """NUMA node, or null when the source does not say."""

    @property
    def span(self) -> Span:
        """`(start, end)`, for the arithmetic of `planner.base.ranges`."""
        return (self.start, self.end)


@dataclass(frozen=True, slots=True)
class Reserved:
    """One reserved range `[start, end)`, with the name its source gives it ("" if none)."""

    start: int
    """First byte."""
    end: int
    """First byte after the range."""
    name: str = ""
    """Its name in the source; may be empty."""

    @property
    def span(self) -> Span:
        """`(start, end)`, for the arithmetic of `planner.base.ranges`."""
        return (self.start, self.end)

    @property
    def is_crash(self) -> bool:
        """True for the crash kernel or its low part, by their names in /proc/iomem (crashk_res, crashk_low_res)."""
        return self.name.startswith("Crash kernel")

    @property
    def is_image(self) -> bool:
        """True for a part of the kernel image, by its name in /proc/iomem (kernel_code, kernel_data)."""
        return self.name.startswith("Kernel")

    @property
    def is_unnamed(self) -> bool:
        """True for what memblock reserved, which /proc/iomem lists as `reserved`."""
        return self.name == "reserved"


@dataclass(frozen=True, slots=True)
class MemoryMap:
    """Memory and reservations of one machine.

    regions: sorted, disjoint, none empty (source readers resolve other lists as memblock would).
    reserved: any order, may overlap, none empty.
    """

    regions: tuple[Region, ...]
    reserved: tuple[Reserved, ...]

    def __init__(self, regions: Iterable[Region], reserved: Iterable[Reserved] = ()) -> None:
        object.__setattr__(self, "regions", tuple(regions))
        object.__setattr__(self, "reserved", tuple(reserved))

    @property
    def start(self) -> int:
        """The first byte of RAM."""
        return self.regions[0].start

    @property
    def end(self) -> int:
        """The first byte after all RAM: `memblock_end_of_DRAM()`."""
        return self.regions[-1].end

    @property
    def ram(self) -> int:
        """Bytes of all regions, NOMAP ones included: `memblock_phys_mem_size()`."""
        return sum([r.end - r.start for r in self.regions])

    def spans(self, skipped: int = 0) -> list[Span]:
        """`(start, end)` of the regions that have none of these flags, ascending."""
        return [(r.start, r.end) for r in self.regions if not r.flags & skipped]

    def nomap(self) -> list[Span]:
        """`(start, end)` of the NOMAP regions, ascending."""
        return [(r.start, r.end) for r in self.regions if r.flags & Flag.NOMAP.value]


def with_nomap(regions: Iterable[Region], spans: Iterable[Span]) -> list[Region]:
    """The same regions, split so that the parts in `spans` (in any order, may overlap) are NOMAP."""
    return with_flag(regions, spans, Flag.NOMAP)


def with_flag(regions: Iterable[Region], spans: Iterable[Span], flag: Flag) -> list[Region]:
    """The same regions, split so that the parts in `spans` (in any order, may overlap) have a flag."""
    parts = union(spans)
    result: list[Region] = []
    for r in regions:
        pieces = [(a, b, r.flags) for a, b in subtract(r.span, parts)]
        pieces += [(a, b, r.flags | flag.value) for a, b in intersect(r.span, parts)]
        result += [Region(a, b, flags, r.node) for a, b, flags in sorted(pieces)]
    return result


def with_other_nomap(regions: Iterable[Region], spans: Sequence[Span]) -> list[Region]:
    """The same regions, those within `spans` with the NOMAP flag the other way round."""
    inside = union(spans)
    return [
        r if difference([r.span], inside) else Region(r.start, r.end, r.flags ^ Flag.NOMAP.value, r.node)
        for r in regions
    ]
