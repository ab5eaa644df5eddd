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
"""A bound of a window: an address, or the name of one, see `Window`."""

Effect: TypeAlias = Literal["isolated", "pages", "below-4G", "none"]
"""The effect of a crashkernel parameter on the linear map, see `Profile.effect`."""

Placing: TypeAlias = Literal["sorted", "beside", "placed"]
"""The way to place reserved-memory nodes with a size only, see `Profile.reserved_nodes`."""

Certainty: TypeAlias = Literal["read", "configured", "inferred", "unknown"]
"""How a behaviour is known, see `Profile.certainty`."""

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
    """The behaviour of one span of kernels."""

    name: str
    """The version that names the span."""
    spans: str
    """The versions it covers, for people."""
    since: tuple[int, int]
    """The first of them, major and minor."""
    source: str
    """Where the behaviour was read."""
    certainty: Certainty = "read"
    """`read` in the source, taken from a built `configured` kernel, `inferred` from neighbours, or `unknown`."""
    reserves: bool = True
    """True if these kernels support crash kernels at all."""

    # -- the parser of crashkernel= -------------------------------------------------------------------------------

    combine: Literal["plain", "arch", "generic"] = "generic"
    """`plain` reads only the plain entry, `arch` is arm64's own combination of plain, high and low (5.19 to 6.6),
    `generic` is parse_crashkernel() of 6.7."""
    suffixes: tuple[str, ...] = (",high", ",low")
    """Suffixes of entries that are not plain."""
    high_after: Literal["absent", "failure"] = "absent"
    """When the `,high` entry is parsed: if the plain one is `absent`, or after any `failure` of it."""
    low_default: int = 128 * MIB
    """Bytes of low memory with `,high` and no `,low`."""
    low_with_plain: bool = False
    """True if `,low` and its default apply to a plain request too, and an invalid `,low` gives the default."""
    rounds_ram: bool = True
    """True if RAM is rounded up to 128 MiB before ranges are matched."""
    bad_size: str = "crashkernel: Memory value expected"
    """The message for a range's unreadable size."""
    bad_base: str = "crashkernel: Memory value expected after '@'"
    """The message for a list's unreadable base."""
    asks_cma: bool = False
    """True if the architecture reads the `,cma` entry."""
    refuses_oversize: bool = True
    """True if a size that is not less than RAM is refused without a log line."""
    auto: str = ""
    """The value of `auto`; "" if the kernel does not accept it."""

    # -- the reservation ------------------------------------------------------------------------------------------

    rounds_size: bool = False
    """True if the size is rounded up to a page."""
    dma_limit: Literal["bits", "bits-offset", "value", "dma32", "dma32-exclusive", "dma32-capped", "4G"] = "bits"
    """How arm64_dma_phys_limit, or the limit used in its place, is derived.

    `bits`: the highest bit of the firmware's limit. `bits-offset`: the same, counted from the multiple below the start
    of RAM. `value`: the limit itself. `dma32`: the end of the 32-bit zone, which starts at a multiple of 4 GiB,
    whatever the firmware says. `dma32-exclusive`: one byte less, for kernels that search to ARCH_LOW_ADDRESS_LIMIT.
    `dma32-capped`: 4 GiB, or the end of RAM that starts above. `4G`: 4 GiB always.
    """
    plain: tuple[Window, ...] = (BELOW_LOW, ABOVE_LOW)
    """Windows of a plain request, in the order they are tried."""
    high: tuple[Window, ...] = (ABOVE_LOW, BELOW_LOW)
    """Windows of a `,high` request."""
    provisional: bool = False
    """True if the `high` window is searched first, for a size in whole pages, and freed again once a plain request has
    found its place."""
    fixed: Literal["tests", "window", "aligned"] = "window"
    """How X@base is placed: `tests` checks the range, `window` searches [base, base + X), `aligned` does so after
    testing the alignment."""
    low_when: Literal["at-limit", "near-limit", "over-limit", "always"] = "at-limit"
    """Which main part needs a low part: `at-limit` (it starts at the limit or above), `near-limit` (above the limit
    less the low size), `over-limit` (it ends above the limit), `always`."""
    low_from: Bound = "0"
    """Where the search for the low part starts."""
    loops_plain: bool = True
    """True if an unsuccessful plain request retries for ever where the DMA limit is the physical limit."""
    loops_high: bool = False
    """The same for a `,high` request."""
    in_use_message: bool = True
    """True if a failed X@base has a message of its own."""
    messages: Literal["mainline", "openeuler", "alibaba"] = "mainline"
    """The style of the log lines."""
    first: bool = False
    """True if crash memory is placed before the memmap and the zones (7.0)."""
    reserved_reg: Literal["all", "first"] = "all"
    """Which ranges of a reserved-memory node are reserved: all, or only the first."""
    reserved_nodes: Placing = "placed"
    """How reserved-memory nodes with a size only are placed: `sorted` (down, in the order that lib/sort.c leaves),
    `beside` (in the tree's order, upwards where their range begins at another node's memory), `placed` (the same,
    beside nodes that were placed before)."""
    removes_nomap: bool = False
    """True if no-map memory of a device tree is removed from memory, which then does not count as RAM."""
    keeps_pools: bool = False
    """True if a CMA pool that no driver takes, as it has no-map or the kernel has no CMA, stays reserved."""
    early: bool = False
    """True if crash memory is placed before the linear map is built and before the default CMA area."""

    prefers_mirrored: bool = True
    """True if the kernel looks for mirrored memory in the EFI map, to take it first under `kernelcore=mirror`."""

    # -- the linear map -------------------------------------------------------------------------------------------

    map_certainty: Certainty = "read"
    """Certainty of this part."""
    effect: Effect = "none"
    """The effect of a crashkernel parameter with DMA zones: `isolated`: reserved early, only it has base pages;
    `pages`: everything has; `below-4G`: it and, for a plain request, all RAM below 4 GiB; `none`."""
    zoneless_effect: Effect = "none"
    """The same without DMA zones."""
    protects: bool = False
    """True if a loaded crash kernel is made invalid in the linear map."""
    unmaps_low: bool = False
    """True if the low part is left out of the map."""
    image: Literal["apart", "first"] = "apart"
    """How the kernel image is mapped: `apart` (after memory, contiguous hint never) or `first` (before memory, whose
    mapping covers it again)."""
    rounds_inward: bool = False
    """True if partial pages of memory ranges are not mapped; other kernels map them whole."""
    kfence: Literal["absent", "forces", "pool", "harmless"] = "pool"
    """When KFENCE forces base pages: `absent` (it does not exist), `forces` (if it is built in), `pool` (only without
    an early pool), `harmless` (never)."""
    rodata: Literal["booleans", "full-only", "keywords", "noalias"] = "keywords"
    """The accepted values of rodata=: `booleans` (and full; every boolean clears it), `full-only` (on and off leave a
    built-in full as it is), `keywords` (off, on, full), `noalias` (off, noalias, on, which is full and the default)."""
    needs_word: bool = True
    """True if the effect requires the parameter as a separate word on the command line."""
    moves_memstart: bool = False
    """True if KASLR moves the start of the linear map by multiples of its alignment."""
    maps_driver_managed: bool = True
    """True if memory that a driver manages is mapped."""
    section_64k: int = 512 * MIB
    """Bytes of a sparsemem section with 64K pages."""
    memmap_buffer: bool = True
    """True if a node takes one buffer for all of its page descriptors (up to 7.1), instead of a place for each
    section."""
    bbm: Literal["none", "bbml2", "bbml3"] = "none"
    """The processors whose live blocks are split: `none`, `bbml2` (those on a list), `bbml3` (a longer list, or
    FEAT_BBM level 3)."""
    crash_size_counts_low: bool = True
    """True if kexec_crash_size includes the low part."""

    # -- around the reservation -----------------------------------------------------------------------------------

    cma: bool = False
    """True if the architecture reserves the `,cma` memory, after the crash kernel."""
    cma_align: int = 2 * MIB
    """Bytes that a CMA area is aligned to with 4K pages (with larger ones a page block, in every version)."""
    cma_beyond: bool = True
    """True if a limit in `cma=` may lie beyond the DMA limit."""
    cma_upward: bool = True
    """True if a CMA area that may lie above 4 GiB is placed from there up."""
    cma_gigantic: bool = True
    """True if areas of `hugetlb_cma=` are aligned to the pages they are for, else to what a PMD entry maps."""
    swiotlb: Literal["needed", "small", "always"] = "small"
    """When a boot has bounce buffers: `needed` (RAM lies beyond the DMA limit), `small` (otherwise too, a small one
    for unaligned kmalloc buffers), `always` (on every machine)."""
    swiotlb_slots: tuple[int, ...] = (24,)
    """Bytes per 2K slot in each array beside the buffer."""
    log_descriptors: bool = True
    """True if a log buffer that is allocated has descriptors and infos beside it."""
    log_info: int = 88
    """Bytes of one info, as distributions build the kernel."""
    kfence_metadata: int = 1168
    """Bytes for each object that KFENCE takes at boot; 0 where the image holds them."""
    kfence_last: bool = True
    """True if KFENCE takes them after the bounce buffer."""
    reserve_mem: bool = True
    """True if `reserve_mem=` takes memory at boot."""

    hands_over: bool = False
    """True if the kernel may set memory aside for kexec handover, last of all (6.16)."""

    def reserves_first(self, *, zones: bool) -> bool:
        """True if the crash kernel is reserved before the linear map is made. zones: whether the kernel has DMA zones.

        So it is before all that memblock hands out, and before the default CMA area.
        """
        return self.early or (not zones and self.zoneless_effect == "isolated")

    def __hash__(self) -> int:
        return hash(self.name)
