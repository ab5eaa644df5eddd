"""CMA areas reserved at boot, among them the `,cma` memory of a crash kernel.

Source: cma_declare_contiguous_nid(), mm/cma.c @ 6.12, 7.2; reserve_crashkernel_cma(), kernel/crash_reserve.c @ 6.17,
7.3; dma_contiguous_reserve(), kernel/dma/contiguous.c @ 6.1, 6.12, 7.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from planner.base.ranges import Range, Span
from planner.base.sizes import GIB, KIB, MIB, memparse, round_up
from planner.kernel.cmdline import values
from planner.kernel.machine import Event
from planner.kernel.memblock import Memblock
from planner.kernel.profile import Profile

__all__ = [
    "CMA_ALIGNS",
    "Cma",
    "as_placed_by",
    "cma_align",
    "cma_of",
    "default_area",
    "early_areas",
    "has_cma",
    "reserve_crashkernel_cma",
    "whole_area",
]

CRASHKERNEL_CMA_RANGES_MAX = 4
"""Maximum number of areas for the `,cma` memory (include/linux/crash_reserve.h)."""

_PAGE_BLOCKS = {4 * KIB: 2 * MIB, 16 * KIB: 32 * MIB, 64 * KIB: 512 * MIB}

CMA_ALIGNS = (2 * MIB, 4 * MIB, 32 * MIB, 512 * MIB)
"""All values of `cma_align`."""


def default_area(config: Mapping[str, str], ram: int, page_size: int, asked: int | None = None) -> int | None:
    """Bytes of the default area of a kernel, 0 for none; None: not known. asked: those of `cma=`.

    ram: bytes of all memory, of which the area may be a share.
    Source: dma_contiguous_reserve() and cma_early_percent_memory(), kernel/dma/contiguous.c @ 6.1, 7.2.
    """
    if not has_cma(config):
        return 0
    if asked is not None:
        return asked
    fixed, share = config.get("CMA_SIZE_MBYTES", ""), config.get("CMA_SIZE_PERCENTAGE", "")
    fixed_size = int(fixed) * MIB if fixed.isdecimal() else None
    shared_size = ram // page_size * int(share) // 100 * page_size if share.isdecimal() else None
    if config.get("CMA_SIZE_SEL_PERCENTAGE") == "y":
        return shared_size
    if "y" not in (config.get("CMA_SIZE_SEL_MIN"), config.get("CMA_SIZE_SEL_MAX")):
        return fixed_size
    if fixed_size is None or shared_size is None:
        return None
    least, most = sorted((fixed_size, shared_size))
    return least if config.get("CMA_SIZE_SEL_MIN") == "y" else most


def has_cma(config: Mapping[str, str]) -> bool:
    """False for a kernel that is built without CMA areas for DMA."""
    return "n" not in (config.get("CMA"), config.get("DMA_CMA"))


@dataclass(frozen=True, slots=True)
class Cma:
    """A request of `cma=`.

    size: 0 for none, None for what the kernel's configuration says. beyond: its limit may lie beyond the DMA limit.
    upward: above 4 GiB it is placed from below.
    """

    size: int | None = None
    base: int = 0
    limit: int = 0
    beyond: bool = False
    upward: bool = True

    @property
    def fixed(self) -> bool:
        """True if the area must lie at `base`."""
        return bool(self.base) and self.base + (self.size or 0) == self.limit


def as_placed_by(profile: Profile, asked: Cma) -> Cma:
    """The request with this kernel's rules for its place."""
    return replace(asked, beyond=profile.cma_beyond, upward=profile.cma_upward)


def cma_of(cmdline: str | None) -> Cma:
    """The last `cma=` of a command line: `size[@base[-limit]]`. Source: early_cma(), kernel/dma/contiguous.c."""
    given = values(cmdline, "cma")
    if not given:
        return Cma()
    value = given[-1]
    size, end = memparse(value)
    if value[end : end + 1] != "@":
        return Cma(size)
    base, at = memparse(value[end + 1 :])
    rest = value[end + 1 + at :]
    if rest[:1] != "-":
        return Cma(size, base, base + size)
    return Cma(size, base, memparse(rest[1:])[0])


def early_areas(events: Iterable[Event]) -> list[Span]:
    """The CMA areas that a log names as earlier than the crash kernel."""
    return [e.span for e in events if e.kind == "cma" and e.span is not None and e.before_crash is not False]


def cma_align(profile: Profile, page_size: int) -> int:
    """Alignment of an area in bytes: a page block, up to 5.17 also the largest free block."""
    return max(_PAGE_BLOCKS[page_size], profile.cma_align)


def whole_area(size: int, page_size: int) -> int:
    """Bytes of an area that a log names with this size: 7.x logs what was asked for, not its whole page blocks."""
    return round_up(size, _PAGE_BLOCKS[page_size])


def declare_contiguous(memblock: Memblock, size: int, align: int) -> Range | None:
    """Reserve an area anywhere: upwards from 4 GiB where RAM reaches beyond it, else from the top of memory down."""
    size = round_up(size, align)
    end = memblock.memory[-1].end
    found = None
    if end >= 4 * GIB + size:
        found = memblock.search(size, align, 4 * GIB, end, bottom_up=True)
    if found is None:
        found = memblock.search(size, align, 0, end)
    if found is None:
        return None
    memblock.reserve(found, size)
    return Range(found, found + size)


def reserve_crashkernel_cma(memblock: Memblock, size: int, profile: Profile) -> tuple[list[Range], str]:
    """Reserve `size` bytes of `,cma` memory; returns its areas and the kernel's log line.

    One area if it fits, else up to four, each half as large as the last that did not.
    """
    areas: list[Range] = []
    page = memblock.page_size
    wanted, reserved = round_up(size, page), 0
    while size > reserved and len(areas) < CRASHKERNEL_CMA_RANGES_MAX:
        area = declare_contiguous(memblock, wanted, cma_align(profile, page))
        if area is None:
            if wanted <= page:
                break
            wanted = round_up(wanted // 2, page)
            continue
        areas.append(area)
        reserved += wanted
    if size > reserved:
        return areas, (
            f"crashkernel CMA reservation failed: {size >> 20} MB requested, {reserved >> 20} MB reserved in "
            f"{len(areas)} ranges"
        )
    return areas, f"crashkernel CMA reserved: {reserved >> 20} MB in {len(areas)} ranges"
