"""Kernel profiles: what each span of arm64 kernels does about a crash kernel, as data.

A profile states behaviour. A version string only selects one, and distributions backport, so the report always
names the profile that was taken. Imports numbers and errors only.

Sources, by file: arch/arm64/mm/init.c and mmu.c @ 5.10, 5.15, 5.19, 6.1, 6.6, 6.12, 6.18, 7.2;
kernel/crash_core.c @ 5.10, 6.1; kernel/crash_reserve.c @ 6.12, 6.17, 6.18, 7.2. Spans between two versions read
rest on the list patches that made the change; a field's comment names the commit where one is known.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from planner.errors import InputError
from planner.records import dataclass, replace
from planner.sizes import GIB, MIB

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
    (`bits`: the highest bit of the firmware's limit; `value`: the limit itself; `dma32`: 32 bits always;
    `dma32-exclusive`: one byte less, for kernels that search to ARCH_LOW_ADDRESS_LIMIT). plain, high: windows in
    the order they are tried. fixed: how X@base is placed: `tests` checks the range, `window` searches
    [base, base + X). loops_high: an unsuccessful `,high` request retries for ever where the DMA limit is the
    physical limit; loops_plain likewise. in_use_message: X@base fails with a message of its own.
    first: crash memory is placed before the memmap and the zones (7.x).

    Linear map. effect, zoneless_effect: what a crashkernel parameter does with and without DMA zones
    (`isolated`: reserved early, only it has base pages; `pages`: everything has; `none`). image: `apart` (mapped
    after memory, contiguous hint never) or `first` (mapped before memory, which goes over it again).
    kfence: `absent`, `forces` (built in means base pages), `pool` (only without an early pool).
    rodata_full: `config` (RODATA_FULL_DEFAULT_ENABLED) or `always`. maps_driver_managed. section_64k: sparsemem
    section size with 64K pages. bbml2: splits live on processors that promise no conflict abort.
    crash_size_counts_low: kexec_crash_size includes the low part.
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
    effect: Literal["isolated", "pages", "none"] = "none"
    zoneless_effect: Literal["isolated", "pages", "none"] = "none"
    image: Literal["apart", "first"] = "apart"
    kfence: Literal["absent", "forces", "pool"] = "pool"
    rodata_full: Literal["config", "always"] = "config"
    maps_driver_managed: bool = True
    section_64k: int = 512 * MIB
    bbml2: bool = False
    crash_size_counts_low: bool = True


# Newest first in thought, oldest first in the table: each older profile is the next newer one with what differs.

_V7_2 = Profile(
    name="7.2",
    spans="7.0 and later",
    since=(7, 0),
    source="arch/arm64/mm/init.c, mmu.c and kernel/crash_reserve.c @ 7.2",
    suffixes=(",high", ",low", ",cma"),
    dma_limit="value",
    first=True,
    image="first",
    rodata_full="always",
    bbml2=True,
)
_V6_18 = replace(
    _V7_2,
    name="6.18",
    spans="6.18 and 6.19",
    since=(6, 18),
    source="arch/arm64/mm/init.c, mmu.c and kernel/crash_reserve.c @ 6.18",
    first=False,
    image="apart",
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
    # The misspelt prefix is the kernel's own (kernel/crash_reserve.c @ 6.12).
    bad_base="crahskernel: Memory value expected after '@'",
)
_V6_7 = replace(
    _V6_12,
    name="6.7",
    spans="6.7 to 6.11",
    since=(6, 7),
    source="generic reservation as in 6.12 before the loop guard ('crash: fix riscv64 crash memory reserve dead loop')",
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
    source="removed lines of 'simplify the reservation behaviour of crashkernel=,high' (2023); mmu.c: 0d124e96051b",
    plain=(_BELOW_LOW, _ANYWHERE),
    high=(_ANYWHERE,),
    in_use_message=False,
    crash_size_counts_low=False,
)
_V6_2 = replace(
    _V6_4,
    name="6.2",
    spans="6.2 and 6.3",
    since=(6, 2),
    source="commits a149cf00b158 (low default) and a9ae89df7377 (fall back high)",
    effect="pages",
    zoneless_effect="isolated",
    kfence="forces",
)
_V6_1 = replace(
    _V6_2,
    name="6.1",
    spans="6.0 and 6.1",
    since=(6, 0),
    source="arch/arm64/mm/init.c, mmu.c and kernel/crash_core.c @ 6.1 (stable: the early KFENCE pool is back-ported)",
    low_default=0,
    plain=(_BELOW_LOW,),
    loops_plain=False,
    loops_high=False,
    kfence="pool",
)
_V5_19 = replace(
    _V6_1,
    name="5.19",
    spans="5.19",
    since=(5, 19),
    source="arch/arm64/mm/init.c @ 5.19 (commit 019bc1f65e91)",
    rounds_ram=False,
    kfence="forces",
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
)
_V5_12 = replace(
    _V5_15,
    name="5.12",
    spans="5.12 to 5.14",
    since=(5, 12),
    source="arch/arm64/mm/init.c @ 5.10 stable, the same code",
    fixed="tests",
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
    spans="5.5 to 5.10.0",
    since=(5, 5),
    source="removed lines of the patch that introduced arm64_dma_phys_limit as the bound",
    effect="isolated",
    zoneless_effect="isolated",
    dma_limit="dma32",
)
_V4_12 = replace(
    _V5_10_0,
    name="4.12",
    spans="4.12 to 5.4",
    since=(4, 12),
    source="removed lines of the same patch: ARCH_LOW_ADDRESS_LIMIT, inclusive",
    dma_limit="dma32-exclusive",
)

PROFILES: tuple[Profile, ...] = (
    _V4_12,
    _V5_10_0,
    _V5_10,
    _V5_11,
    _V5_12,
    _V5_15,
    _V5_18,
    _V5_19,
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
"""Every profile, oldest first."""

NEWEST = _V7_2

GENERIC = replace(
    _V7_2,
    name="generic",
    spans="kernel/crash_reserve.c of 6.7 and later, for an architecture that asks for everything",
    asks_cma=True,
)

_BY_NAME = {p.name: p for p in (*PROFILES, GENERIC)}
_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")
_RHEL = re.compile(r"\.el(\d+)")


@dataclass(frozen=True, slots=True)
class Selection:
    """The profile a version string selects, and what must be said about the choice ("" if nothing)."""

    profile: Profile
    note: str = ""
    supported: bool = True


def profile_named(name: str) -> Profile | None:
    """The profile of exactly this name."""
    return _BY_NAME.get(name)


def select_profile(version: str) -> Selection:
    """The profile for a version string as a machine prints it (`5.14.0-503.el9.aarch64+64k`, `6.1`, `generic`).

    Raises InputError where no version can be read.
    """
    named = _BY_NAME.get(version)
    if named is not None:
        return Selection(named)
    match = _VERSION.match(version)
    if match is None:
        raise InputError(
            "--kernel",
            f"{version!r} is no kernel version",
            "give one as `uname -r` prints it, such as 6.1.0-18-arm64",
        )
    major_minor = (int(match[1]), int(match[2]))
    rhel = _RHEL.search(version)
    if rhel and major_minor == (5, 14):
        return Selection(
            RHEL9,
            f"{version} is a RHEL {rhel[1]} kernel: later back-ports than 5.14 has (it dropped the protection and "
            "reads ,high and ,low); modelled as 6.6's reservation",
        )
    if rhel and major_minor == (4, 18):
        return Selection(
            _V4_12,
            f"{version} is a RHEL {rhel[1]} kernel: its own back-ports (crashkernel=auto) are not modelled",
        )
    # Stable releases of 5.10 took the later behaviour; only its first release has the earlier one.
    if major_minor == (5, 10) and match[3] == "0" and version.rstrip("+").endswith("5.10.0"):
        return Selection(_V5_10_0)
    chosen = None
    for profile in PROFILES:
        if profile.since <= major_minor:
            chosen = profile
    if chosen is None:
        return Selection(
            _V4_12, f"{version} is older than 4.12, the first kernel modelled; taken as 4.12", supported=False
        )
    if chosen is _V5_10_0 and major_minor == (5, 10):
        chosen = _V5_10
    return Selection(chosen, supported=major_minor[0] <= 7)


RHEL9 = replace(
    _V6_5,
    name="rhel9",
    spans="RHEL 9's 5.14",
    since=(5, 14),
    source="centos-stream-9 merge request 3077 ('take off the protection'); reservation assumed as 6.6",
)
_BY_NAME["rhel9"] = RHEL9
