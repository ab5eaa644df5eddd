"""Hypothesis strategies for maps and requests, shared by the property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved

PAGE = 4 * KIB


@st.composite
def memory_maps(draw: st.DrawFn, *, least: int = 1, most: int = 8) -> MemoryMap:
    """Sorted, disjoint regions of whole pages with some holes, some touching, some NOMAP, and reservations.

    Three in four have a region that holds most requests, half of these one that has an aligned area for sure.
    """
    regions: list[Region] = []
    start = draw(st.sampled_from([0, PAGE, 0x40000000, 0x80000000, 0x8000_0000_00]))
    count = draw(st.integers(least, most))
    large = draw(st.integers(0, count - 1)) if draw(st.sampled_from([True, True, True, False])) else None
    for index in range(count):
        start += draw(st.sampled_from([0, 0, PAGE, 2 * MIB, 512 * MIB, 3 * GIB]))
        size, flags = draw(st.sampled_from([1400 * MIB, 5 * GIB + 4 * MIB])), 0
        if index != large:
            size = draw(st.sampled_from([PAGE, 64 * KIB, 2 * MIB, 33 * MIB, 512 * MIB, GIB, 5 * GIB + 4 * MIB]))
            flags = draw(st.sampled_from([0, 0, 0, 0, Flag.NOMAP.value, Flag.HOTPLUG.value]))
        regions.append(Region(start, start + size, flags))
        start += size
    if all(r.flags & Flag.NOMAP for r in regions):
        regions[-1] = Region(regions[-1].start, regions[-1].end)
    top = regions[-1].end
    reserved = []
    for _ in range(draw(st.integers(0, 6))):
        low = draw(st.integers(0, top - 1))
        reserved.append(Reserved(low, low + draw(st.sampled_from([1, 64, PAGE, 2 * MIB, 300 * MIB]))))
    return MemoryMap(tuple(regions), tuple(reserved))


def machine_of(memory: MemoryMap, facts: Facts | None = None) -> Machine:
    """A machine whose map is memblock's own at reservation."""
    return Machine("<test>", "json", memory, facts or Facts(kernel="6.12", page_size=PAGE, va_bits=48))


requests = st.sampled_from(
    ["64M", "256M", "512M", "1G", "3G", "300001K", "512M,high", "1G,high", "256M@0x60000000", "1G-4G:128M,4G-:512M"]
)
