"""What paging_init() takes from the top of memory first: page tables of base pages, and an early KFENCE pool.

Both are there or not by the command line and the configuration; where these are not known, their sizes tell.
Source: paging_init(), map_mem() and arm64_kfence_alloc_pool(), arch/arm64/mm/mmu.c @ 6.1, 6.12, 6.18, 7.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from planner.base.ranges import Range, Span, total, union
from planner.base.sizes import KIB, MIB, U64
from planner.kernel import crashkernel as ck
from planner.kernel.cmdline import values
from planner.kernel.force_pte import forcing, kfence_pool_size
from planner.kernel.machine import NO_DMA_ZONES
from planner.rewind.memmap import WIDEST, section_table
from planner.rewind.state import State
from planner.rewind.view import View, topmost_tables

__all__ = [
    "Paging",
    "base_page_tables",
    "paging_bytes",
    "paging_of_cmdline",
    "paging_of_listing",
    "pagings_alike",
    "pagings_planned",
    "table_bytes",
]


_IMAGE = 28 * MIB
"""Bytes of code and read-only data of an image, about, where no listing says where it lies."""


_BESIDE = MIB
"""Bytes of small allocations that lie right beneath the page tables and the pool, at most."""


@dataclass(frozen=True, slots=True)
class Paging:
    """The two allocations of paging_init() whose size depends on the boot.

    base_pages: the whole linear map has base pages, whose tables are large. kfence_pool: there is an early pool. sure:
    both are known.
    """

    base_pages: bool
    kfence_pool: bool
    sure: bool = True


@lru_cache(maxsize=8)
def base_page_tables(memory: tuple[Span, ...], page_size: int, code: Range | None = None) -> int:
    """Bytes of page tables where RAM has base pages, but for its root: one for each block, and those above.

    code: of the image, whose linear alias still has blocks.
    """
    each = page_size // 8
    block = page_size * each
    low, high = (-(-code.start // block), code.end // block) if code is not None else (0, _IMAGE // block)
    above = [block * each, block * each * each] if page_size == 4 * KIB else [block * each]
    count = sum(total(union((a // size, -(-b // size)) for a, b in memory)) for size in (block, *above))
    return (count - max(high - low, 0)) * page_size


def table_bytes(paging: Paging, view: View) -> int:
    """Bytes of page tables of base pages.

    From 7.2 on memory goes over the image again, which then has base pages, too.
    """
    code = Range(0, 0) if view.planned.profile.image == "first" else view.machine.facts.kernel_image
    return base_page_tables(view.listed.memory, view.planned.page_size, code) if paging.base_pages else 0


def paging_bytes(paging: Paging, view: View) -> int:
    """Bytes of the page tables and the pool."""
    page = view.planned.page_size
    few, for_pool = (3, 2) if page == 4 * KIB else (2, 1)
    tables = table_bytes(paging, view) or (few + for_pool * paging.kfence_pool) * page
    return tables + (kfence_pool_size(view.planned.config, page) if paging.kfence_pool else 0)


def paging_of_cmdline(view: View, cmdline: str | None, *, crash: bool) -> Paging:
    """The pool and the page tables at the top of memory under a command line."""
    planned, facts = view.planned, view.machine.facts
    profile = planned.profile
    forced = forcing(profile, cmdline, planned.config, rodata=facts.rodata, kfence=facts.kfence)
    effect = profile.zoneless_effect if planned.dma_limit == NO_DMA_ZONES else profile.effect
    present = ck.present(cmdline) if cmdline is not None else crash
    pages = bool(forced.reasons) or (effect == "pages" and present)
    # That KFENCE is asked for does not tell whether it is built in.
    pool_known = "KFENCE" in planned.config or profile.kfence != "pool" or bool(_kfence(cmdline) and not forced.pool)
    return Paging(pages, forced.pool, sure=pool_known and (pages or "rodata" not in forced.assumed))


def _kfence(cmdline: str | None) -> tuple[str, ...]:
    return values(cmdline, "kfence.sample_interval")


def paging_of_listing(view: View, state: State) -> Paging:
    """The pool and the page tables at the top of a listed memory: the largest combination that fits without a gap.

    Where no pool is configured, one has little beneath it: more is something else, such as reserved memory.
    """
    own = view.machine.facts.cmdline
    known = paging_of_cmdline(view, own, crash=bool(view.crash))
    if own is not None and known.sure:
        return known
    taken = total(topmost_tables(state.memory, state.reserved, U64, view.cut))
    off = view.planned.config.get("KFENCE") == "n" or (own is not None and _kfence(own) and not known.kfence_pool)
    pools = [False, True] if view.planned.profile.kfence == "pool" and not off else [False]
    found = [Paging(pages, pool, sure=False) for pages in (True, False) for pool in pools]
    if known.base_pages and own is not None:
        found = [paging for paging in found if paging.base_pages]
    sizes = {paging: paging_bytes(paging, view) for paging in found}
    found.sort(key=lambda paging: -sizes[paging])
    most = {
        paging: sizes[paging] + _BESIDE if paging.kfence_pool and not known.kfence_pool else U64 for paging in found
    }
    # A small part of the tables may lie elsewhere; but that must not make room for a pool.
    fits = (p for p in found if sizes[p] * (100 if p.kfence_pool else 97) // 100 <= taken < most[p])
    return next(fits, found[-1])


def pagings_alike(view: View, paging: Paging) -> Iterator[Paging]:
    """What a boot may have taken that looks like this in a listing, the likeliest first.

    With 4K pages the table of sections for 52-bit addresses is as large as a pool, and before 7.0 lies beneath the page
    tables, too. It is there if the processor has 52 bits, which no listing tells.
    """
    yield paging
    planned = view.planned
    if paging.sure or not paging.kfence_pool or planned.profile.first or planned.config.get("ARM64_PA_BITS") != "52":
        return
    pool = kfence_pool_size(planned.config, planned.page_size)
    if 0 <= section_table(planned.profile, planned.page_size, WIDEST, planned.config) - pool < _BESIDE:
        yield replace(paging, kfence_pool=False)


def pagings_planned(view: View, former: Paging) -> Iterator[Paging]:
    """What the planned boot may take under its command line, the likeliest first. former: what the other boot took."""
    planned = view.planned
    if view.machine.fixed or planned.cmdline is None:
        yield former
        return
    new = paging_of_cmdline(view, planned.cmdline, crash=planned.crash)
    if new.sure:
        yield new
        return
    for pages in [True] if new.base_pages else _base_pages_planned(view, former, pool=new.kfence_pool):
        for pool in _pools_planned(view, former, new):
            yield Paging(base_pages=pages, kfence_pool=pool)


def _base_pages_planned(view: View, former: Paging, *, pool: bool) -> list[bool]:
    """The possible answers to whether its linear map has base pages, which an unknown configuration may decide."""
    own, new = view.machine.facts.cmdline, view.planned.cmdline
    before, then = (values(line, "rodata") for line in (own, new))
    if then:
        if own is not None and before == then and _kfence(own) == _kfence(new):
            return [former.base_pages]
        # A KFENCE that is built in, but has no pool, needs base pages whatever rodata= says.
        return [False] if pool or view.planned.profile.kfence != "pool" else [False, True]
    if own is None:
        return [True] if former.base_pages else [False, True]
    # Where rodata= was given before, the default has to be known: distributions' is full.
    return [True, False] if before else [former.base_pages]


def _pools_planned(view: View, former: Paging, new: Paging) -> list[bool]:
    """The possible answers to whether the planned boot has an early KFENCE pool."""
    own = view.machine.facts.cmdline
    if view.planned.profile.kfence != "pool" or (_kfence(view.planned.cmdline) and not new.kfence_pool):
        return [False]
    if _kfence(view.planned.cmdline):
        return (
            [former.kfence_pool] if own is not None and _kfence(own) == _kfence(view.planned.cmdline) else [True, False]
        )
    if own is None:
        return [True, False] if former.kfence_pool else [False]
    return [False, True] if _kfence(own) else [former.kfence_pool]
