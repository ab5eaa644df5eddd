"""Allocations of memblock in tests: a search and a reservation in one step."""

from __future__ import annotations

from planner.kernel.memblock import Memblock

__all__ = ["alloc"]


def alloc(
    memblock: Memblock, size: int, align: int = 0, start: int = 0, end: int = 0, *, bottom_up: bool = False
) -> int | None:
    """Search and reserve: memblock_phys_alloc_range()."""
    found = memblock.search(size, align, start, end, bottom_up=bottom_up)
    if found is not None:
        memblock.reserve(found, size)
    return found
