"""Kernel profiles: what each span of arm64 kernels does about a crash kernel, as data.

A profile states behaviour. A version string only selects one, and distributions backport, so the report always
names the profile that was taken. Imports `distributions`, numbers and errors only.

Sources, by file: arch/arm64/mm/init.c and mmu.c @ 5.10, 5.15, 5.19, 6.1, 6.6, 6.12, 6.18, 7.2;
kernel/crash_core.c @ 5.10, 6.1; kernel/crash_reserve.c @ 6.12, 6.17, 6.18, 7.2. Spans between two versions read
rest on the list patches that made the change; a field's comment names the commit where one is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, TypeAlias

from planner.base.errors import InputError
from planner.base.sizes import GIB, MIB
from planner.kernel.vendors import build_of

__all__ = [
    "CRASH_ALIGN",
    "GENERIC",
    "NEWEST",
    "PROFILES",
    "Bound",
    "Profile",
    "Selection",
    "Window",
    "profile_named",
    "select_profile",
]

CRASH_ALIGN = 2 * MIB
"""Alignment of the crash kernel on arm64, in every version."""

Bound: TypeAlias = Literal["0", "low", "high", "4G"]


@dataclass(frozen=True, slots=True)
class Window:
    """The bounds of one attempt. `low` is the DMA limit, `high` the physical address limit."""

    start: Bound
    end: Bound


_BELOW_LOW = Window("0", "low")
_ANYWHERE = Window("0", "high")
_ABOVE_LOW = Window("low", "high")
_ABOVE_4G = Window("4G", "high")


@dataclass(frozen=True, slots=True)
class Profile:
    """What one span of kernels does.

    name: the version that stands for the span. spans: which versions it covers, for people.

    Parser. combine: `plain` reads only the plain entry, `arch` is arm64's own combination of plain, high and low
    (5.19 to 6.6), `generic` is parse_crashkernel() of 6.7. suffixes: entries that are not plain. low_default:
    bytes of low memory with `,high` and no `,low`. rounds_ram: RAM is rounded up to 128 MiB before ranges are
    matched. bad_size, bad_base: the messages for a range's unreadable size and base. asks_cma: the architecture
    asks for the `,cma` entry.

    Reservation. rounds_size: the size is rounded up to a page. dma_limit: how arm64_dma_phys_limit is derived
    (`bits`: the highest bit of the firmware's limit; `value`: the limit itself; `dma32`: the end of the 32-bit
    zone, which starts at a multiple of 4 GiB, whatever the firmware says; `dma32-exclusive`: one byte less, for
    kernels that search to ARCH_LOW_ADDRESS_LIMIT). plain, high: windows in the order they are tried.
    fixed: how X@base is placed: `tests` checks the range, `window` searches [base, base + X). loops_high: an
    unsuccessful `,high` request retries for ever where the DMA limit is the physical limit; loops_plain likewise.
    reserved_reg: of a reserved-memory node with several ranges, all are reserved or only the first.
    in_use_message: X@base fails with a message of its own.
    first: crash memory is placed before the memmap and the zones (7.x).

    Linear map. effect, zoneless_effect: what a crashkernel parameter does with and without DMA zones
    (`isolated`: reserved early, only it has base pages; `pages`: everything has; `none`). needs_word: it does so
    only if the parameter is a word of its own on the command line. moves_memstart: KASLR moves the start of the
    linear map by multiples of its alignment. image: `apart` (mapped
    after memory, contiguous hint never) or `first` (mapped before memory, which goes over it again).
    kfence: `absent`, `forces` (built in means base pages), `pool` (only without an early pool).
    rodata_full: `config` (RODATA_FULL_DEFAULT_ENABLED) or `always`. maps_driver_managed. section_64k: sparsemem
    section size with 64K pages. bbml2: splits live on processors that promise no conflict abort.
    crash_size_counts_low: kexec_crash_size includes the low part.

    Around the reservation. cma: the architecture reserves the `,cma` memory, after the crash kernel.
    cma_align: bytes that a CMA area is aligned to with 4K pages (with larger ones a page block, in every version).
    swiotlb: when a boot has bounce buffers: `needed` where RAM lies beyond the DMA limit, `small` elsewhere too (a
    small one, for unaligned kmalloc buffers), `always` (set up on every machine).
    swiotlb_slots: bytes per 2K slot in each array beside the buffer. log_descriptors: a log buffer that is allocated
    has descriptors and infos beside it; log_info: bytes of one info as distributions build the kernel.
    """

    name: str
    spans: str
    since: tuple[int, int]
    source: str
    combine: Literal["plain", "arch", "generic"] = "generic"
    suffixes: tuple[str, ...] = (",high", ",low")
    low_default: int = 128 * MIB
    rounds_ram: bool = True
    bad_size: str = "crashkernel: Memory value expected"
    bad_base: str = "crashkernel: Memory value expected after '@'"
    asks_cma: bool = False
    rounds_size: bool = False
    dma_limit: Literal["bits", "value", "dma32", "dma32-exclusive"] = "bits"
    plain: tuple[Window, ...] = (_BELOW_LOW, _ABOVE_LOW)
    high: tuple[Window, ...] = (_ABOVE_LOW, _BELOW_LOW)
    fixed: Literal["tests", "window"] = "window"
    loops_plain: bool = True
    loops_high: bool = False
    in_use_message: bool = True
    first: bool = False
    reserved_reg: Literal["all", "first"] = "all"
    effect: Literal["isolated", "pages", "none"] = "none"
    zoneless_effect: Literal["isolated", "pages", "none"] = "none"
    image: Literal["apart", "first"] = "apart"
    kfence: Literal["absent", "forces", "pool"] = "pool"
    rodata_full: Literal["config", "always"] = "config"
    needs_word: bool = True
    moves_memstart: bool = False
    maps_driver_managed: bool = True
    section_64k: int = 512 * MIB
    bbml2: bool = False

    def __hash__(self) -> int:
        return hash(self.name)

    crash_size_counts_low: bool = True
    cma: bool = False
    cma_align: int = 2 * MIB
    swiotlb: Literal["needed", "small", "always"] = "small"
    swiotlb_slots: tuple[int, ...] = (24,)
    log_descriptors: bool = True
    log_info: int = 88


# Newest first in thought, oldest first in the table: each older profile is the next newer one with what differs.

_V7_2 = Profile(
    name="7.2",
    spans="7.0 and later",
    since=(7, 0),
    source="arch/arm64/mm/init.c, mmu.c and kernel/crash_reserve.c @ 7.2",
    suffixes=(",high", ",low", ",cma"),
    dma_limit="value",
    first=True,
    reserved_reg="first",
    image="first",
    rodata_full="always",
    bbml2=True,
    log_info=112,
)
_V6_18 = replace(
    _V7_2,
    name="6.18",
    spans="6.18 and 6.19",
    since=(6, 18),
    source="arch/arm64/mm/init.c, mmu.c and kernel/crash_reserve.c @ 6.18",
    first=False,
    reserved_reg="all",
    image="apart",
    log_info=88,
)
_V6_17 = replace(
    _V6_18,
    name="6.17",
    spans="6.17",
    since=(6, 17),
    source="kernel/crash_reserve.c and arch/arm64/mm/init.c @ 6.17",
    rodata_full="config",
    bbml2=False,
)
_V6_12 = replace(
    _V6_17,
    name="6.12",
    spans="6.12 to 6.16",
    since=(6, 12),
    source="kernel/crash_reserve.c and arch/arm64/mm/init.c @ 6.12",
    suffixes=(",high", ",low"),
    moves_memstart=True,
    # The misspelt prefix is the kernel's own (kernel/crash_reserve.c @ 6.12).
    bad_base="crahskernel: Memory value expected after '@'",
)
_V6_7 = replace(
    _V6_12,
    name="6.7",
    spans="6.7 to 6.11",
    since=(6, 7),
    source="generic reservation as in 6.12 before the loop guard ('crash: fix riscv64 crash memory reserve dead "
    "loop'); not read as a whole file",
    dma_limit="bits",
    loops_high=True,
)
_V6_5 = replace(
    _V6_7,
    name="6.6",
    spans="6.5 and 6.6",
    since=(6, 5),
    source="arch/arm64/mm/init.c @ 6.6",
    combine="arch",
    rounds_size=True,
    high=(_ABOVE_4G, _BELOW_LOW),
    bad_size="Memory value expected",
    bad_base="Memory value expected after '@'",
)
_V6_4 = replace(
    _V6_5,
    name="6.4",
    spans="6.4",
    since=(6, 4),
    source="removed lines of 'simplify the reservation behaviour of crashkernel=,high' (2023); mmu.c: 0d124e96051b; "
    "not read as whole files",
    plain=(_BELOW_LOW, _ANYWHERE),
    high=(_ANYWHERE,),
    in_use_message=False,
    crash_size_counts_low=False,
    # kernel: kernel/dma/swiotlb.c, mem_init() asks for a small buffer for unaligned kmalloc memory from 6.5 on.
    swiotlb="needed",
)
_V6_2 = replace(
    _V6_4,
    name="6.2",
    spans="6.2 and 6.3",
    since=(6, 2),
    source="commits a149cf00b158 (low default) and a9ae89df7377 (fall back high); not read as whole files",
    effect="pages",
    zoneless_effect="isolated",
    kfence="forces",
)
_V6_1 = replace(
    _V6_2,
    name="6.1",
    spans="6.1 stable",
    since=(6, 1),
    source="arch/arm64/mm/init.c, mmu.c and kernel/crash_core.c @ 6.1.187, 6.1.192 (with the early KFENCE pool; which "
    "6.1.y has it first is not known)",
    low_default=0,
    plain=(_BELOW_LOW,),
    loops_plain=False,
    loops_high=False,
    kfence="pool",
)
_V6_0 = replace(
    _V6_1,
    name="6.0",
    spans="6.0 and 6.1.0",
    since=(6, 0),
    source="as 6.1, before KFENCE had an early pool; that RAM is rounded up from 6.0 on is inferred",
    kfence="forces",
)
_V5_19 = replace(
    _V6_0,
    name="5.19",
    spans="5.19",
    since=(5, 19),
    source="arch/arm64/mm/init.c @ 5.19 (commit 019bc1f65e91)",
    rounds_ram=False,
)
_V5_18 = replace(
    _V5_19,
    name="5.18",
    spans="5.18",
    since=(5, 18),
    source="arch/arm64/mm/init.c @ 5.15-rc and 031495635b46 (kernels without DMA zones reserve early again)",
    combine="plain",
    suffixes=(",high", ",low"),
    high=(),
)
_V5_15 = replace(
    _V5_18,
    name="5.15",
    spans="5.15 to 5.17",
    since=(5, 15),
    source="arch/arm64/mm/init.c @ 5.15-rc (commit a7259df76702)",
    zoneless_effect="pages",
    # kernel: CMA_MIN_ALIGNMENT_BYTES, include/linux/cma.h, since 5.18; before, mm/cma.c also keeps the largest free
    # block, of MAX_ORDER, whole.
    cma_align=4 * MIB,
)
_V5_15_STABLE = replace(
    _V5_15,
    name="5.15-stable",
    spans="5.15 stable",
    source="as 5.15, with the back-port of 031495635b46, read in a 5.15 LTS tree's arch/arm64/mm/init.c (which 5.15.y "
    "has it first is not known: taken from 5.15.100)",
    zoneless_effect="isolated",
)
_V5_12 = replace(
    _V5_15,
    name="5.12",
    spans="5.12 and 5.13",
    since=(5, 12),
    source="arch/arm64/mm/init.c @ 5.10 stable, the same code",
    fixed="tests",
    # kernel: struct io_tlb_slot, kernel/dma/swiotlb.c, since 5.14 (one array); the array of
    # allocated sizes came with 5.12.
    swiotlb_slots=(4, 8, 8),
)
_V5_14 = replace(
    _V5_12,
    name="5.14",
    spans="5.14",
    since=(5, 14),
    source="as 5.12 to 5.13; kernel/dma/swiotlb.c: struct io_tlb_slot",
    swiotlb_slots=(24,),
)
_V5_11 = replace(
    _V5_12,
    name="5.11",
    spans="5.11",
    since=(5, 11),
    source="arch/arm64/mm/init.c @ 5.10 stable, the same code; 0a30c53573b0, 2687275a5843",
    kfence="absent",
    maps_driver_managed=False,
    section_64k=GIB,
    swiotlb_slots=(4, 8),
)
_V5_10 = replace(
    _V5_11,
    name="5.10",
    spans="5.10 stable",
    since=(5, 10),
    source="arch/arm64/mm/init.c and mmu.c @ 5.10.262 (back-ports of 0a30c53573b0, 2687275a5843, 031495635b46)",
    zoneless_effect="isolated",
)
_V5_10_0 = replace(
    _V5_10,
    name="5.10.0",
    spans="5.10.0 to 5.10.21",
    since=(5, 10),
    source="5.10.13 read whole; removed lines of the patches that made arm64_dma_phys_limit the bound and that ignore "
    "DMA offsets (791ab8b2e3db)",
    effect="isolated",
    zoneless_effect="isolated",
    dma_limit="dma32",
    needs_word=False,
)
_V5_5 = replace(
    _V5_10_0,
    name="5.5",
    spans="5.5 to 5.9",
    since=(5, 5),
    source="as 5.10.0, by the same removed lines; not read as a whole file",
    # kernel: kernel/printk/printk_ringbuffer.c, since 5.10.
    log_descriptors=False,
)
_V4_12 = replace(
    _V5_5,
    name="4.12",
    spans="4.12 to 5.4",
    since=(4, 12),
    source="removed lines of the same patches: ARCH_LOW_ADDRESS_LIMIT, inclusive; not read as a whole file",
    dma_limit="dma32-exclusive",
)

PROFILES: tuple[Profile, ...] = (
    _V4_12,
    _V5_5,
    _V5_10_0,
    _V5_10,
    _V5_11,
    _V5_12,
    _V5_14,
    _V5_15_STABLE,
    _V5_15,
    _V5_18,
    _V5_19,
    _V6_0,
    _V6_1,
    _V6_2,
    _V6_4,
    _V6_5,
    _V6_7,
    _V6_12,
    _V6_17,
    _V6_18,
    _V7_2,
)
"""Every profile, oldest first; a release's stable kernels stand before what the next releases have."""

NEWEST = _V7_2
_NEWEST_READ = (7, 2)

GENERIC = replace(
    _V7_2,
    name="generic",
    spans="kernel/crash_reserve.c of 6.7 and later, for an architecture that asks for everything",
    asks_cma=True,
)

RHEL9 = replace(
    _V6_5,
    name="rhel9",
    spans="RHEL 9's 5.14",
    since=(5, 14),
    source="centos-stream-9 merge request 3077 ('take off the protection'); reservation assumed as 6.6",
)

_BY_NAME = {p.name: p for p in (*PROFILES, GENERIC, RHEL9)}
_FIRST_STABLE = {(5, 10): ("5.10.0", "5.10"), (5, 15): ("5.15", "5.15-stable"), (6, 1): ("6.0", "6.1")}
"""Releases whose stable kernels took later behaviour: the profiles of `X.Y.0` itself and of all others."""
_VERSION = r"v?(\d+)\.(\d+)(?:\.(\d+))?"
_PATCH = r"\.(\d+)"
_FIRST_RELEASE = r"(\.0)?[-.]?rc\d+.*|\.0\+?"


@dataclass(frozen=True, slots=True)
class Selection:
    """The profile a version string selects, and what must be said about the choice ("" if nothing).

    supported: whether the version lies within the modelled ones, later ones of the newest series included. page_size:
    bytes, where the name of the kernel's flavour says it. kfence_off: it is known to have KFENCE built in with sample
    interval 0.
    """

    profile: Profile
    note: str = ""
    supported: bool = True
    page_size: int | None = None
    kfence_off: bool = False


def profile_named(name: str) -> Profile | None:
    """The profile of exactly this name."""
    return _BY_NAME.get(name)


@lru_cache(maxsize=256)
def select_profile(version: str) -> Selection:
    """The profile for a version string as a machine prints it (`5.14.0-503.el9.aarch64+64k`, `6.1`, `generic`).

    Raises InputError where no version can be read.
    """
    named = _BY_NAME.get(version)
    if named is not None:
        return Selection(named)
    match = re.match(_VERSION, version)
    if match is None:
        raise InputError(
            "--kernel",
            f"{version!r} is no kernel version",
            "give one as `uname -r` prints it, such as 6.1.0-18-arm64",
        )
    release = (int(match[1]), int(match[2]))
    build = build_of(version)
    if release < _V4_12.since:
        note = f"{version} is older than 4.12, the first kernel modelled; taken as 4.12"
        return Selection(_V4_12, note, supported=False, page_size=build.page_size)
    profile = _BY_NAME[build.profile] if build.profile else _of_release(release, version[match.end(2) :])
    note = build.note
    if release > _NEWEST_READ:
        newer = f"{version} is newer than 7.2, the newest kernel read; taken as 7.2"
        note = f"{newer}; {note}" if note else newer
    return Selection(profile, note, release[0] <= _NEWEST_READ[0], build.page_size, build.kfence_off)


def _of_release(release: tuple[int, int], rest: str) -> Profile:
    """The profile of a release; rest: what follows `major.minor` in the version string."""
    stable = _FIRST_STABLE.get(release)
    if stable is not None:
        early = re.fullmatch(_FIRST_RELEASE, rest) is not None
        patch = re.match(_PATCH, rest)
        if release == (5, 15) and patch is not None and 0 < int(patch[1]) < 100:
            early = True
        return _BY_NAME[stable[not early]]
    return [p for p in PROFILES if p.since <= release][-1]
