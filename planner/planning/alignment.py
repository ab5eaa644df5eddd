"""Alignment of the proposal in bytes (`kernel.granule` in the report)."""

from __future__ import annotations

from planner.base.errors import InputError
from planner.base.sizes import format_size, memparse, round_up
from planner.kernel.memory_map import Flag, MemoryMap
from planner.kernel.pgtable import Geometry

__all__ = ["granule_of"]


def granule_of(align: str, geo: Geometry, memory: MemoryMap, memstart: int) -> int:
    """The value of `--align` in bytes. Raises InputError if it is not an alignment."""
    named = {"pud": geo.pud_size, "pmd": geo.pmd_size, "cont-pmd": geo.cont_pmd_size}
    if align in named:
        return named[align]
    if align == "block":
        largest = geo.largest_leaf
        usable = memstart % largest == 0 and any(
            round_up(r.start, largest) + largest <= r.end for r in memory.regions if not r.flags & Flag.NOMAP
        )
        return largest if usable else geo.pmd_size
    size, end = memparse(align)
    if end != len(align) or not size:
        raise InputError(
            "--align", f"{align!r} is not an alignment", "use pud, block, cont-pmd, pmd or a size such as 512M"
        )
    if size & (size - 1):
        raise InputError(
            "--align",
            f"{align} is not a power of two",
            f"use {format_size(1 << (size.bit_length() - 1))} or {format_size(1 << size.bit_length())}",
        )
    if size < geo.page_size:
        raise InputError("--align", f"{align} is less than a page", f"use at least {format_size(geo.page_size)}")
    return size
