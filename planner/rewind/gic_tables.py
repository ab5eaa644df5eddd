"""The LPI tables of a GICv3, which the running kernel reserved under UEFI, long after memblock.

GICv3 cannot be given other tables once it uses these, so a kernel that kexec starts must leave them alone: they are
entered in a table of UEFI's, and in /proc/iomem as reserved. They are pages that were free, so the next boot has none.
Each is an entry of its own; what memblock reserved side by side is one entry, unless its flags or nodes differ.
Source: gic_reserve_range(), drivers/irqchip/irq-gic-v3-its.c; efi_mem_reserve_persistent() and
efi_mem_reserve_iomem(), drivers/firmware/efi/efi.c @ 5.10, 6.1, 7.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from planner.base.ranges import Span, intersect
from planner.base.sizes import KIB, MIB

__all__ = ["lpi_tables"]

_TABLE = 64 * KIB
"""Bytes and alignment of a table: one for all processors, and one for each (LPI_PROPBASE_SZ, LPI_PENDBASE_SZ)."""

_ENTRY = 4 * KIB
"""Bytes of the list of them that is entered for a page (SZ_4K)."""

_NEAR = 16 * MIB
"""Bytes between them, at most."""


def lpi_tables(reserved: Sequence[Span], page_size: int) -> list[Span]:
    """The LPI tables among the entries of a listing, and the list of them beneath, ascending.

    None unless two tables lie side by side: a single range of their size may be anything.
    """
    tables = [span for span in sorted(reserved) if span[1] - span[0] == _TABLE and not span[0] % _TABLE]
    in_a_row = {span for pair in pairwise(tables) if pair[0][1] == pair[1][0] for span in pair}
    if not in_a_row:
        return []
    lowest, highest = min(in_a_row)[0], max(in_a_row)[1]
    found = [span for span in tables if lowest - MIB <= span[0] < highest + MIB or span in in_a_row]
    others = sorted(set(reserved).difference(found))
    return sorted([*_list_of_them(others, lowest, page_size), *found])


def _list_of_them(others: Sequence[Span], end: int, page_size: int) -> list[Span]:
    """The entries of the page that lists the tables: the highest beneath them that is alone."""
    beneath = [span for span in others if end - _NEAR <= span[0] < end]
    for start, _ in reversed(beneath):
        page = (start - start % page_size, start - start % page_size + page_size)
        inside = [span for span in beneath if intersect(span, [page])]
        if inside[0] == (page[0], page[0] + _ENTRY) and inside[-1][1] <= page[1]:
            return inside
    return []
