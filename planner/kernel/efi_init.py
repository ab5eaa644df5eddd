"""The EFI memory map as memblock holds it: descriptors in units of 4K, widened to pages of the kernel's size.

Source: reserve_regions(), drivers/firmware/efi/efi-init.c @ 6.1, which widens each descriptor to whole pages;
efi_find_mirror() there, on arm64 since 6.0; cmdline_parse_kernelcore(), mm/mm_init.c.
"""

from __future__ import annotations

from dataclasses import replace

from planner.base.ranges import whole_pages
from planner.kernel.cmdline import values
from planner.kernel.machine import Machine
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import Flag, MemoryMap, Reserved
from planner.kernel.profile import Profile

__all__ = ["ACPI_RECLAIM", "asks_for_mirror", "for_pages"]

ACPI_RECLAIM = "ACPI reclaim"
"""The name of reserved memory that holds ACPI tables."""


def asks_for_mirror(cmdline: str | None, profile: Profile | None) -> bool:
    """True if a kernel takes more reliable memory first: `kernelcore=mirror`. profile: None not known."""
    asked = any("mirror" in value.split(",") for value in values(cmdline, "kernelcore"))
    return asked and (profile is None or profile.prefers_mirrored)


def for_pages(machine: Machine, page_size: int | None) -> Machine:
    """The machine with its EFI map, read for 4K pages, widened to the kernel's page size.

    Widening to 4K pages first and to larger pages later gives the same result as widening once.
    """
    if page_size is None or not machine.efi_in_4k:
        return machine
    memory = machine.memory
    nomap = [whole_pages(r.span, page_size) for r in memory.regions if r.flags & Flag.NOMAP.value]
    if any(r.node is not None for r in memory.regions):
        memblock = Memblock.of(memory)  # node ranges are memblock's own, in pages of the kernel
    else:
        memblock = Memblock()
        for r in memory.regions:
            start, end = whole_pages(r.span, page_size)
            memblock.add(start, end - start)
        for r in memory.regions:
            if r.flags & Flag.MIRROR:
                memblock.mark(r.start, r.end - r.start, Flag.MIRROR.value)
    for start, end in nomap:
        memblock.mark(start, end - start, Flag.NOMAP.value)
    reserved = [
        Reserved(*whole_pages(r.span, page_size), r.name) if r.name == ACPI_RECLAIM else r for r in memory.reserved
    ]
    return replace(machine, memory=MemoryMap(memblock.memory, reserved), efi_in_4k=False)
