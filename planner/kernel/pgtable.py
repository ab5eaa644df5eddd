"""Page-table geometry of arm64: bytes per entry at each level, and the levels whose entries may be leaves.

Source: arch/arm64/Kconfig @ 7.2, arch/arm64/include/asm/pgtable-hwdef.h and kernel-pgtable.h @ 6.1.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, MIB, format_size

__all__ = ["ANY_VA_BITS", "PAGE_SIZES", "SMALLEST_PAGE", "STRUCT_PAGE", "VA_BITS", "Geometry", "geometry"]

VA_BITS = {4 * KIB: (39, 48, 52), 16 * KIB: (36, 47, 48, 52), 64 * KIB: (42, 48, 52)}
"""Bits of the virtual address space that each page size allows (arch/arm64/Kconfig, ARM64_VA_BITS_*)."""

ANY_VA_BITS = tuple(sorted({bits for allowed in VA_BITS.values() for bits in allowed}))
"""Those that some page size allows, ascending."""

PAGE_SIZES = tuple(VA_BITS)
"""Bytes of a base page of arm64, ascending."""

SMALLEST_PAGE = PAGE_SIZES[0]
"""The smallest of them: whatever a kernel's page size is, its pages begin and end at a multiple of this."""

STRUCT_PAGE = 64
"""Bytes of a page descriptor (struct page, include/linux/mm_types.h), which each base page of RAM has."""

_CONT_ENTRIES = {12: (16, 16), 14: (128, 32), 16: (32, 32)}
"""Entries in a contiguous run of PTEs and of PMDs, by page shift (CONT_PTE_SHIFT, CONT_PMD_SHIFT)."""


class Geometry(NamedTuple):
    """One configuration of the tables; sizes in bytes.

    levels: table levels, the root included (2 to 5). cont_*_size: bytes of one contiguous run. pud_size: `PUD_SIZE`,
    which equals `pmd_size` with two levels, where the PUD is folded.
    """

    page_size: int
    va_bits: int
    page_shift: int
    levels: int
    cont_pte_size: int
    pmd_size: int
    cont_pmd_size: int
    pud_size: int

    def __hash__(self) -> int:
        return hash((self.page_shift, self.va_bits))

    @property
    def pud_leaf(self) -> bool:
        """True if the linear map uses PUD blocks: with 4K pages only."""
        return self.page_shift == 12

    @property
    def linear_size(self) -> int:
        """Bytes of the linear region: half of the virtual address space; more with 52 bits.

        A 52-bit kernel must also boot on processors with fewer bits, so the other half is only as large as theirs
        (PAGE_END and VA_BITS_MIN, arch/arm64/include/asm/memory.h @ 6.1, 6.12: 48 bits, 47 with 16K pages).
        """
        least = min(self.va_bits, 47 if self.page_shift == 14 and self.va_bits == 52 else 48)
        return (1 << self.va_bits) - (1 << (least - 1))

    @property
    def entry_sizes(self) -> tuple[int, ...]:
        """Bytes that one entry maps, by the kinds of leaves (`ptdump.KINDS`)."""
        return (self.pud_size, self.pmd_size, self.pmd_size, self.page_size, self.page_size)

    @property
    def leaf_sizes(self) -> tuple[int, ...]:
        """Bytes of a leaf, or of a whole contiguous run, by the kinds of leaves."""
        return (self.pud_size, self.cont_pmd_size, self.pmd_size, self.cont_pte_size, self.page_size)

    @property
    def largest_leaf(self) -> int:
        """Bytes of the largest leaf or contiguous run possible in the linear map."""
        if self.pud_leaf:
            return self.pud_size
        return self.pmd_size if self.levels == 2 else self.cont_pmd_size

    def memstart_align(self, section_64k: int) -> int:
        """Alignment of `memstart_addr` (ARM64_MEMSTART_ALIGN); section_64k: sparsemem's section size with 64K pages."""
        return max(512 * MIB, section_64k) if self.page_shift == 16 else GIB


@lru_cache(maxsize=16)
def geometry(page_size: int, va_bits: int) -> Geometry:
    """The geometry of a page size and a size of the virtual address space.

    Raises InputError if arm64 has no such configuration.
    """
    allowed = VA_BITS.get(page_size)
    if allowed is None:
        raise InputError("--page-size", f"{format_size(page_size)} is not an arm64 page size", "use 4K, 16K or 64K")
    if va_bits not in allowed:
        choices = ", ".join(str(bits) for bits in allowed)
        raise InputError(
            "--va-bits",
            f"{format_size(page_size)} pages are not possible with {va_bits}-bit virtual addresses",
            f"use one of {choices}",
        )
    shift = page_size.bit_length() - 1
    per_table = shift - 3
    levels = -(-(va_bits - shift) // per_table)
    cont_ptes, cont_pmds = _CONT_ENTRIES[shift]
    pmd_size = 1 << (shift + per_table)
    return Geometry(
        page_size=page_size,
        va_bits=va_bits,
        page_shift=shift,
        levels=levels,
        cont_pte_size=page_size * cont_ptes,
        pmd_size=pmd_size,
        cont_pmd_size=pmd_size * cont_pmds,
        pud_size=pmd_size if levels == 2 else pmd_size << per_table,
    )
