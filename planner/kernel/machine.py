"""One machine as a source describes it: its memory map, and the facts about its kernel.

Every fact is optional: None means that the source does not give it. `planning` alone makes assumptions for unknown
facts, and reports them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from planner.base.ranges import Range, Span
from planner.base.sizes import MIB
from planner.kernel.memory_map import MemoryMap
from planner.kernel.profile import Placing

__all__ = [
    "KINDS",
    "LUKS_OVERHEAD",
    "NO_DMA_ZONES",
    "SINGLE_PAGES",
    "Answered",
    "AnsweredHelp",
    "AnsweredReading",
    "AnsweredUndone",
    "BootRecord",
    "Capture",
    "Event",
    "Facts",
    "FurtherRange",
    "Machine",
    "Obstacle",
    "OwnRequest",
    "TreeMap",
    "TreeRules",
]

NO_DMA_ZONES = -1
"""Value of `Facts.dma_limit` for a kernel built without ZONE_DMA and ZONE_DMA32."""

LUKS_OVERHEAD = 50 * MIB
"""Bytes that kdumpctl adds on aarch64 to `Capture.luks_memory`, if there is any (do_estimate(), kdumpctl)."""


class Event(NamedTuple):
    """One early allocation listed in a boot log, or a fact about what lay in memory before the kernel ran.

    kind: an allocation: `cma`, `cma_unplaced` (size: of areas that no line places, 0 where a log tells that there are
    none), `hash`, `kvm`, `log_buf`, `log_meta` (the log buffer's descriptors and infos), `node_data`, `percpu` (name:
    the group, or SINGLE_PAGES for all of them), `reserved-memory` (of a device tree), `swiotlb`. `node`: a node's
    range. `kernel_code` (size: of the kernel's code and read-only data). What a boot loader put there: `efi_tables`
    (start: the lowest address in UEFI's line), `efi_image` (size: of the image that UEFI loaded), `bss` (size: of that
    image, which its file does not hold), `qemu_image` (size: of the image that QEMU itself loaded), `initrd` (size: of
    its whole pages).
    start/end: bytes, None if the log gives only a size; size: bytes; line: 1-based line of the log, 0 if it follows
    from several; before_crash: whether it comes before the crash reservation in the log (None: not known); name: its
    name in the log.
    """

    kind: str
    size: int
    start: int | None = None
    end: int | None = None
    line: int = 0
    before_crash: bool | None = None
    name: str = ""

    @property
    def span(self) -> Span | None:
        """`(start, end)`; None if the log gives only a size."""
        return None if self.start is None or self.end is None else (self.start, self.end)


SINGLE_PAGES = "single pages"
"""Name of the per-CPU areas of all processors where each page was taken by itself (`percpu_alloc=page`)."""


class BootRecord(NamedTuple):
    """The crash kernel of the boot that a source records.

    crash, low: the ranges recorded (main and low part). log: the kernel's own crashkernel lines, without
    timestamps. failed: a failure line was logged. kexec_crash_size: /sys/kernel/kexec_crash_size.
    """

    crash: Range | None = None
    low: Range | None = None
    log: tuple[str, ...] = ()
    failed: bool = False
    kexec_crash_size: int | None = None


class Capture(NamedTuple):
    """The capture kernel as sources describe it, in bytes; None and empty: not known.

    kernel_size: its image, as the `Memory:` line counts it. initrd_size, initrd_unpacked: the kdump initrd. modules:
    (name, bytes) of /proc/modules. carried: names of the modules in the kdump initrd; modules_size: bytes of those that
    are loaded. luks_memory: memory needed to unlock an encrypted dump target. drivers: names of large drivers seen.
    estimates: (tool, bytes) that `kdumpctl estimate` or `kdumptool calibrate` recommends.
    """

    kernel_size: int | None = None
    initrd_size: int | None = None
    initrd_unpacked: int | None = None
    modules_size: int | None = None
    luks_memory: int | None = None
    modules: tuple[tuple[str, int], ...] = ()
    carried: tuple[str, ...] = ()
    drivers: tuple[str, ...] = ()
    estimates: tuple[tuple[str, int], ...] = ()


class FurtherRange(NamedTuple):
    """A range of a reserved-memory node after its first, which not every kernel reserves (nomap: marks NOMAP)."""

    start: int
    end: int
    name: str
    nomap: bool = False


class TreeRules(NamedTuple):
    """The rules of a kernel that its map of a device tree depends on.

    cma_align: alignment of its CMA pools. placing: how nodes with a size only are placed. cma_given: `cma=` is on the
    command line, which replaces the tree's default CMA area. cma: the kernel has CMA; without it, `cma_align` and
    `cma_given` have their defaults. keeps_pools: as in `Profile`.
    """

    cma_align: int = 2 * MIB
    placing: Placing = "sorted"
    cma_given: bool = False
    cma: bool = True
    keeps_pools: bool = False


class TreeMap(NamedTuple):
    """The map that kernels with these rules make of a device tree.

    notes: those that maps under other rules do not have. default_cma: a pool of the tree is the default CMA area.
    events: for a map of another source with the tree's reservations, those of the tree.
    """

    rules: TreeRules
    memory: MemoryMap
    notes: tuple[str, ...] = ()
    default_cma: bool = False
    events: tuple[Event, ...] = ()


class AnsweredReading(NamedTuple):
    """Another reading of the map in a report, as in `planning.result.OtherReading`."""

    assumption: str
    outcome: str
    crash: Range | None
    low: Range | None


class AnsweredHelp(NamedTuple):
    """A change that would help in a report, as in `planning.result.Help`."""

    text: str
    crashkernel: str | None
    outcome: str
    crash: Range | None
    lacks: int | None


class AnsweredUndone(NamedTuple):
    """A range that was removed from a report's map, as in `rewind.rewound.Rewound`."""

    start: int
    end: int
    reason: str


class Answered(NamedTuple):
    """Results of an earlier plan that its report lists beside the map, from its reader for `planning.earlier`.

    text: its request. kernel: the fields of `views.DISTINGUISHING`, by their names. others: every other reading of the
    map. notes: its notes. rewound: the ranges that were removed from its map. help: every change that would help; None:
    none was searched for.
    """

    text: str
    kernel: Mapping[str, object]
    outcome: str
    crash: Range | None
    low: Range | None
    others: tuple[AnsweredReading, ...] = ()
    notes: tuple[str, ...] = ()
    rewound: tuple[AnsweredUndone, ...] = ()
    help: tuple[AnsweredHelp, ...] | None = None


OwnRequest: TypeAlias = Literal["told", "restored", "lost"]
"""The state of the crashkernel= of a machine's own command line: as it says, restored, or lost."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about the kernel of one boot, and about the machine; None: not known."""

    kernel: str | None = None
    """Version string, as `uname -r` prints it."""
    arch: str | None = None
    """`aarch64`, `x86_64`, `s390x`, ..."""
    model: str | None = None
    """The machine's name in its device tree."""
    page_size: int | None = None
    """Bytes of a base page."""
    va_bits: int | None = None
    """Bits of a virtual address."""
    pa_bits: int | None = None
    """Bits of a physical address."""
    cmdline: str | None = None
    """The whole command line."""
    cmdline_cut: bool = False
    """True if `cmdline` lacks its end."""
    own_request: OwnRequest = "told"
    """How the crashkernel= of `cmdline` is known: as it says, restored from `record` where it was cut off, or lost."""
    dma_limit: int | None = None
    """`arm64_dma_phys_limit` in bytes (exclusive), `NO_DMA_ZONES` for none."""
    firmware_dma_limit: int | None = None
    """The highest address that all devices can reach according to the firmware (device tree, IORT), from which a kernel
    derives its own limit; all ones: the firmware gives no limit."""
    mem_total: int | None = None
    """MemTotal of /proc/meminfo, in bytes."""
    splits_live: bool | None = None
    """True if the log says that the kernel splits live blocks on these processors (`CPU features: detected: BBM Level
    3`, or level 2 without aborts)."""
    mirrored: bool | None = None
    """True if some memory is more reliable, as the EFI map says."""
    config: Mapping[str, str] = field(default_factory=dict)
    """Kconfig symbols without CONFIG_; absent: unknown, "n": off."""
    kernel_image: Range | None = None
    """What /proc/iomem calls Kernel code."""
    kernel_data: Range | None = None
    """What /proc/iomem calls Kernel data."""
    kfence_pool: Range | None = None
    """The early KFENCE pool."""
    midr: tuple[int, ...] = ()
    """Main ID registers of the CPUs seen in a log."""
    tree: bytes | None = None
    """The device tree's blob."""
    further_ranges: tuple[FurtherRange, ...] = ()
    """Ranges of the device tree's reserved-memory nodes after the first of each, as the map lists them."""
    tree_maps: tuple[TreeMap, ...] = ()
    """The maps that kernels with other rules make of the device tree, empty where all make the same;
    `of_reserved_mem.as_read` takes one."""
    default_cma: bool = False
    """True if a pool of the device tree is the default CMA area."""
    record: BootRecord | None = None
    """The crash kernel of that boot."""
    events: tuple[Event, ...] = ()
    """Early allocations listed in a log."""
    events_lack: str = ""
    """What shows that `events` are not all, in a few words; "" for nothing."""
    capture: Capture | None = None
    """The capture kernel."""
    request: str | None = None
    """The request of an earlier plan whose report is taken as a map, used unless the user gives another; so are the
    options of that plan that follow."""
    strategy: str | None = None
    """Name of the strategy of that plan."""
    align: str | None = None
    """Its alignment."""
    prefer_aligned: bool = False
    """Its `--prefer-aligned`."""
    rodata: str | None = None
    """Its `--rodata`."""
    kfence: bool | None = None
    """Its `--kfence` or `--no-kfence`."""
    cpu: str | None = None
    """Its `--cpu`."""
    answered: Answered | None = None
    """The results of that plan, reused if the new plan gives the same answer."""


class Kind(NamedTuple):
    """One kind of source, by the traits that the model depends on."""

    name: str
    """The value of `Machine.kind`."""
    rank: int = 99
    """Precision of its map, 0 for the most precise."""
    stated: bool = False
    """True if map and limits are given for exactly the kernel that is planned."""
    log: bool = False
    """True for a boot log."""
    shows_later: bool = True
    """True if its map also shows what a boot reserved after the crash kernel."""
    whole: bool = False
    """True if it lists the crash kernel if there is one, and ranges that overlap are nested."""
    partial: bool = False
    """True if its map omits or merges ranges that other kinds list separately."""
    at_boot: bool = False
    """True if its map is from boot, before memory hotplug."""
    firmware: bool = False
    """True if its map comes from the firmware, before `mem=`, with a command line that a boot loader may replace."""
    configuration: bool = False
    """True for a kernel's configuration."""
    may_list_nothing: bool = False
    """True if some kernels list no reservation of memblock's (/proc/iomem before 4.17), so that only a range named
    `reserved` shows that this one lists them."""
    nameless: bool = False
    """True if its reservations have no names, so that a crash kernel is one like the others."""


KINDS = {
    kind.name: kind
    for kind in (
        Kind("json", 0, stated=True),
        Kind("report", 1, stated=True),
        Kind("memblock", 2, partial=True, nameless=True),
        Kind("iomem", 3, whole=True, may_list_nothing=True),
        Kind("live", 4, whole=True, may_list_nothing=True),
        Kind("dmesg", 5, log=True, partial=True, at_boot=True),
        Kind("dtb", 6, shows_later=False, partial=True, at_boot=True, firmware=True),
        Kind("lsmem", 7, shows_later=False, partial=True),
        Kind("memory", 7, shows_later=False, partial=True),
        Kind("config", configuration=True),
        Kind("kdump"),
        Kind("facts"),
    )
}
"""Every kind of source by its name, the value of `Machine.kind`."""


class Obstacle(NamedTuple):
    """Why a source cannot be used for something, in one sentence; the note of `Machine.damage` in it, if any."""

    why: str
    damage: str | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine as its sources describe it."""

    source: str
    """Name for the report: `sample:NAME`, a path, `<stdin>`."""
    kind: str
    """A name of `KINDS`."""
    memory: MemoryMap
    """The map, regions sorted and disjoint."""
    facts: Facts = field(default_factory=Facts)
    """Facts about its kernel."""
    settled: bool = True
    """True if the map is memblock at reservation time (JSON, a `memblock=debug` log), so that `mem=` is not applied
    again and nothing needs rewinding; False for a later view (/proc/iomem, debugfs) or a partial one."""
    notes: tuple[str, ...] = ()
    """Remarks for the user: overlaps, ignored lines, inferred flags."""
    incomplete: Obstacle | None = None
    """Why the memory ranges of a log cannot be complete, so that only its facts are used."""
    damage: tuple[str, ...] = ()
    """The notes on unreadable lines of a log, those on the crash kernel first."""
    on_facts: tuple[str, ...] = ()
    """The notes on the facts of a log, which are kept if another source gives the map."""
    efi_in_4k: bool = False
    """True if the map is an EFI map read for 4K pages because the page size was not known."""
    doubt: str = ""
    """What of the map is not known, in a few words for the first line of an answer; "" if it seems whole."""
    unsure_nomap: tuple[Span, ...] = ()
    """Regions whose NOMAP flags may be the other way round: those marked and not. Nothing tells which are NOMAP."""

    @property
    def traits(self) -> Kind:
        """The traits of this kind of source."""
        return KINDS.get(self.kind) or Kind(self.kind)

    @property
    def lists_reserved(self) -> bool:
        """True if its map lists a reservation that the kernel made."""
        only = self.traits.may_list_nothing
        return any(not only or r.is_unnamed for r in self.memory.reserved)

    @property
    def lists_nothing(self) -> bool:
        """True if the source shows RAM, but none of the kernel's reservations, as /proc/iomem does after `grep RAM`.

        Those of a log are in its messages; a map that is stated has no others.
        """
        traits = self.traits
        if not self.memory.regions or traits.log or traits.stated or traits.firmware:
            return False
        return not self.lists_reserved

    @property
    def fixed(self) -> bool:
        """True if the map is memblock's own, under an unknown command line: `mem=` of another is not applied."""
        return self.settled and (not self.traits.log or self.facts.cmdline is None)
