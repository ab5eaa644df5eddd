"""The EFI memory map that a kernel prints with `efi=debug`, and the memblock state that results from it.

Under EFI, arm64 takes its memory from this map alone, and drops the memory nodes of a device tree. Source:
reserve_regions(), is_memory(), is_usable_memory(), drivers/firmware/efi/arm-init.c @ 4.5 to 5.10 and efi-init.c @ 6.1;
memrange_efi_to_native(), include/linux/efi.h.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from planner.base.ranges import Span, subtract, union, whole_pages
from planner.base.sizes import KIB
from planner.base.text import compiled
from planner.kernel.efi_init import ACPI_RECLAIM
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import Flag, Region, Reserved, with_nomap

__all__ = ["Entry", "entry", "memblock_of", "mirrored", "regions_of"]

# A descriptor; groups: first and last byte, type, attributes in words or in bits, the star of an old kernel.
_ENTRY = (
    r"^efi:\s+0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16}) \[([^|\]]{1,32})\|"
    r"((?:[A-Z0-9 ]{0,9}\|)*[A-Z0-9 ]{0,9}|attr=0x[0-9a-f]{1,16})\](\*?)"
)
_USABLE = ("loader", "boot", "conventional", "persistent", "acpi reclaim")  # is_usable_memory(): types begin so
_UC, _WC, _WT, _WB, _MORE_RELIABLE, _SPECIAL = 1, 2, 4, 8, 1 << 16, 1 << 18
_CACHEABLE = _WC | _WT | _WB  # is_memory()
_ATTRIBUTES = {"UC": _UC, "WC": _WC, "WT": _WT, "WB": _WB, "MR": _MORE_RELIABLE, "SP": _SPECIAL}
"""Attributes that matter here, as a log names them: EFI_MEMORY_*, include/linux/efi.h."""


class Entry(NamedTuple):
    """One descriptor: bytes `[start, end)`, its type in lower case, attribute bits of the UEFI specification.

    starred: an old kernel marked it as firmware memory.
    """

    start: int
    end: int
    type: str
    attributes: int
    starred: bool = False


def entry(line: str) -> Entry | None:
    """The descriptor on one line of a log, without its timestamp; None for any other line."""
    match = compiled(_ENTRY).match(line)
    if match is None:
        return None
    bits = 0
    if match[4].startswith("attr="):
        bits = int(match[4][5:], 16)
    else:
        for word in match[4].split("|"):
            bits |= _ATTRIBUTES.get(word.strip(), 0)
    return Entry(int(match[1], 16), int(match[2], 16) + 1, match[3].strip().lower(), bits, match[5] == "*")


def memblock_of(entries: list[Entry], page_size: int, *, mirror: bool = False) -> tuple[list[Region], list[Reserved]]:
    """Memory regions, NOMAP for those that the firmware keeps, and the ranges that are reserved at once.

    Descriptors are in 4K pages and are widened to the kernel's; they are added in the order listed, as the kernel does.
    mirror: `kernelcore=mirror` is on the command line, which prefers memory with the attribute "more reliable".
    """
    memblock = Memblock()
    reserved: list[Reserved] = []
    old = any(e.starred for e in entries)
    for e in entries:
        start, end = whole_pages((e.start, e.end), page_size)
        if start >= end or not e.attributes & _CACHEABLE or e.attributes & _SPECIAL:
            continue
        memblock.add(start, end - start)
        usable = e.type.startswith(_USABLE) and e.attributes & _WB
        # Up to 4.14, ACPI tables were NOMAP too, and the line of each NOMAP range ended in a star.
        if e.starred if old else not usable:
            memblock.mark(start, end - start, Flag.NOMAP.value)
        elif e.type.startswith("acpi reclaim"):
            reserved.append(Reserved(start, end, ACPI_RECLAIM))
    for start, end in mirrored(entries) if mirror else ():
        memblock.mark(start, end - start, Flag.MIRROR.value)
    return memblock.memory, reserved


def mirrored(entries: list[Entry]) -> list[Span]:
    """Memory with the attribute "more reliable"."""
    return union((e.start, e.end) for e in entries if e.attributes & _MORE_RELIABLE)


def regions_of(
    entries: list[Entry], nodes: list[Region], page_size: int | None, notes: list[str], *, mirror: bool = False
) -> tuple[list[Region], list[Reserved]]:
    """The memory of a log without a memblock dump, and the ranges that are reserved for the firmware.

    nodes: the node ranges of the log, which are memblock's own; the EFI map then only adds NOMAP to parts of them.
    """
    nodes = sorted(nodes, key=lambda r: r.start)
    if not entries:
        return nodes, []
    regions, reserved = memblock_of(entries, page_size or 4 * KIB, mirror=mirror)
    if not nodes:
        notes.append("memory is from the EFI map, without the nodes: the log has no node ranges")
        return regions, reserved
    if mirror:
        reliable = mirrored(entries)
        nodes = [r if subtract(r.span, reliable) else replace(r, flags=Flag.MIRROR.value) for r in nodes]
    return with_nomap(nodes, [r.span for r in regions if r.flags & Flag.NOMAP]), reserved
