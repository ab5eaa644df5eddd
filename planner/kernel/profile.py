"""The type of a kernel profile: how one span of arm64 kernels treats a crash kernel, as data.

A version string only selects a profile. The profiles are in `mainline` and `vendor_profiles`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from planner.base.sizes import MIB

__all__ = [
    "ABOVE_4G",
    "ABOVE_LOW",
    "ANYWHERE",
    "BELOW_LOW",
    "CRASH_ALIGN",
    "Bound",
    "Certainty",
    "Effect",
    "Placing",
    "Profile",
    "Window",
    "least_sure",
]

CRASH_ALIGN = 2 * MIB
"""Alignment of the crash kernel on arm64, in every version."""

Bound: TypeAlias = Literal["0", "2M", "low", "high", "4G", "64T", "none"]
Effect: TypeAlias = Literal["isolated", "pages", "below-4G", "none"]
Placing: TypeAlias = Literal["sorted", "beside", "placed"]
Certainty: TypeAlias = Literal["read", "configured", "inferred", "unknown"]
_SUREST_FIRST: tuple[Certainty, ...] = ("read", "configured", "inferred", "unknown")


def least_sure(*certainties: Certainty) -> Certainty:
    """The lowest of several certainties."""
    return max(certainties, key=_SUREST_FIRST.index)


class Window(NamedTuple):
    """The bounds of one attempt. `low` is the DMA limit, `high` the physical address limit, `none` no limit at all."""

    start: Bound
    end: Bound


BELOW_LOW = Window("0", "low")
ANYWHERE = Window("0", "high")
ABOVE_LOW = Window("low", "high")
ABOVE_4G = Window("4G", "high")


class Profile(NamedTuple):
    """The behaviour of one span of kernels.

    name: the version that names the span. spans: the versions it covers, for people. since: the first of them, major
    and minor. source: where the behaviour was read. certainty: `read` in the source, taken from a built `configured`
    kernel, `inferred` from neighbours, or `unknown`. reserves: whether these kernels support crash kernels at all.

    Parser. combine: `plain` reads only the plain entry, `arch` is arm64's own combination of plain, high and low (5.19
    to 6.6), `generic` is parse_crashkernel() of 6.7. suffixes: entries that are not plain. high_after: when the `,high`
    entry is parsed: the plain one is `absent`, or after any `failure` of it. low_default: bytes of low memory with
    `,high` and no `,low`. low_with_plain: `,low` and its default apply to a plain request too, and an invalid `,low`
    gives the default. rounds_ram: RAM is rounded up to 128 MiB before ranges are matched. bad_size, bad_base: the
    messages for a range's unreadable size and base. asks_cma: the architecture reads the `,cma` entry.
    refuses_oversize: a size that is not less than RAM is refused without a log line. auto: the value of `auto` ("" if
    the kernel does not accept it).

    Reservation. rounds_size: the size is rounded up to a page. dma_limit: how arm64_dma_phys_limit, or the limit used
    in its place, is derived (`bits`: the highest bit of the firmware's limit; `bits-offset`: the same, counted from the
    multiple below the start of RAM; `value`: the limit itself; `dma32`: the end of the 32-bit zone, which starts at a
    multiple of 4 GiB, whatever the firmware says; `dma32-exclusive`: one byte less, for kernels that search to
    ARCH_LOW_ADDRESS_LIMIT; `dma32-capped`: 4 GiB, or the end of RAM that starts above; `4G`: 4 GiB always). plain,
    high: windows in the order they are tried. provisional: the `high` window is searched first, for a size in whole
    pages, and freed again once a plain request has found its place. fixed: how X@base is placed: `tests` checks the
    range, `window` searches [base, base + X), `aligned` does so after testing the alignment. low_when: which main part
    needs a low part: `at-limit` (it starts at the limit or above), `near-limit` (above the limit less the low size),
    `over-limit` (it ends above the limit), `always`. low_from: where the search for the low part starts. loops_high: an
    unsuccessful `,high` request retries for ever if the DMA limit is the physical limit; loops_plain: the same for a
    plain request. in_use_message: a failed X@base has a message of its own. reserved_reg: whether all ranges of a
    reserved-memory node are reserved or only the first. reserved_nodes: how nodes with a size only are placed: `sorted`
    (down, in the order that lib/sort.c leaves), `beside` (in the tree's order, upwards where their range begins at
    another node's memory), `placed` (the same, beside nodes that were placed before). keeps_pools: a CMA pool
    that no driver takes, as it has no-map or the kernel has no CMA, stays reserved. messages: the style of the log
    lines. first: crash memory is placed before the memmap and the zones (7.0). early: it is placed before the linear
    map is built and before the default CMA area.

    Linear map. effect, zoneless_effect: the effect of a crashkernel parameter with and without DMA zones (`isolated`:
    reserved early, only it has base pages; `pages`: everything has; `below-4G`: it and, for a plain request, all RAM
    below 4 GiB; `none`). map_certainty: certainty of this part. protects: a loaded crash kernel is made invalid in the
    linear map. unmaps_low: the low part is left out of the map. needs_word: the effect requires the parameter as a
    separate word on the command line. moves_memstart: KASLR moves the start of the linear map by multiples of its
    alignment. image: `apart` (mapped after memory, contiguous hint never) or `first` (mapped before memory, whose
    mapping covers it again). rounds_inward: partial pages of memory ranges are not mapped; other kernels map them
    whole. kfence: `absent`, `forces` (built in means base pages), `pool` (only without an early pool), `harmless`
    (never). rodata: the accepted values of rodata=: `booleans` (and full; every boolean clears it), `full-only` (on and
    off leave a built-in full as it is), `keywords` (off, on, full), `noalias` (off, noalias, on, which is full and the
    default). maps_driver_managed. section_64k: sparsemem section size with 64K pages. bbm: the processors whose live
    blocks are split: `none`, `bbml2` (those on a list), `bbml3` (a longer list, or FEAT_BBM level 3).
    crash_size_counts_low: kexec_crash_size includes the low part.

    Around the reservation. cma: the architecture reserves the `,cma` memory, after the crash kernel. cma_align: bytes
    that a CMA area is aligned to with 4K pages (with larger ones a page block, in every version). cma_beyond: a
    limit in `cma=` may lie beyond the DMA limit. cma_gigantic: areas of `hugetlb_cma=` are aligned to the pages they
    are for, else to what one entry of the page middle directory maps. swiotlb: when a boot has bounce buffers: `needed`
    (RAM lies beyond the DMA limit), `small` (otherwise too, a small one for unaligned kmalloc buffers), `always` (on
    every machine).
    swiotlb_slots: bytes per 2K slot in each array beside the buffer. log_descriptors: a log buffer that is allocated
    has descriptors and infos beside it; log_info: bytes of one info as distributions build the kernel. kfence_metadata:
    bytes for each object that KFENCE takes at boot, 0 where the image holds them; kfence_last: after the bounce buffer.
    """

    name: str
    spans: str
    since: tuple[int, int]
    source: str
    certainty: Certainty = "read"
    reserves: bool = True
    combine: Literal["plain", "arch", "generic"] = "generic"
    suffixes: tuple[str, ...] = (",high", ",low")
    high_after: Literal["absent", "failure"] = "absent"
    low_default: int = 128 * MIB
    low_with_plain: bool = False
    rounds_ram: bool = True
    bad_size: str = "crashkernel: Memory value expected"
    bad_base: str = "crashkernel: Memory value expected after '@'"
    asks_cma: bool = False
    refuses_oversize: bool = True
    auto: str = ""
    rounds_size: bool = False
    dma_limit: Literal["bits", "bits-offset", "value", "dma32", "dma32-exclusive", "dma32-capped", "4G"] = "bits"
    plain: tuple[Window, ...] = (BELOW_LOW, ABOVE_LOW)
    high: tuple[Window, ...] = (ABOVE_LOW, BELOW_LOW)
    provisional: bool = False
    fixed: Literal["tests", "window", "aligned"] = "window"
    low_when: Literal["at-limit", "near-limit", "over-limit", "always"] = "at-limit"
    low_from: Bound = "0"
    loops_plain: bool = True
    loops_high: bool = False
    in_use_message: bool = True
    messages: Literal["mainline", "openeuler", "alibaba"] = "mainline"
    first: bool = False
    reserved_reg: Literal["all", "first"] = "all"
    reserved_nodes: Placing = "placed"
    keeps_pools: bool = False
    early: bool = False
    map_certainty: Certainty = "read"
    effect: Effect = "none"
    zoneless_effect: Effect = "none"
    protects: bool = False
    unmaps_low: bool = False
    image: Literal["apart", "first"] = "apart"
    rounds_inward: bool = False
    kfence: Literal["absent", "forces", "pool", "harmless"] = "pool"
    rodata: Literal["booleans", "full-only", "keywords", "noalias"] = "keywords"
    needs_word: bool = True
    moves_memstart: bool = False
    maps_driver_managed: bool = True
    section_64k: int = 512 * MIB
    bbm: Literal["none", "bbml2", "bbml3"] = "none"
    crash_size_counts_low: bool = True
    cma: bool = False
    cma_align: int = 2 * MIB
    cma_beyond: bool = True
    cma_gigantic: bool = True
    swiotlb: Literal["needed", "small", "always"] = "small"
    swiotlb_slots: tuple[int, ...] = (24,)
    log_descriptors: bool = True
    log_info: int = 88
    kfence_metadata: int = 1168
    kfence_last: bool = True

    def reserves_first(self, *, zones: bool) -> bool:
        """True if the crash kernel is reserved before the linear map is made. zones: whether the kernel has DMA zones.

        So it is before all that memblock hands out, and before the default CMA area.
        """
        return self.early or (not zones and self.zoneless_effect == "isolated")

    def __hash__(self) -> int:
        return hash(self.name)
