"""One machine as a source describes it: its memory map, and the facts about its kernel.

Every fact is optional: None is "the source does not say". Assumptions for unknown facts are made in one place,
`planning`, and reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from planner.base.ranges import Range
from planner.kernel.memory_map import MemoryMap

__all__ = ["KINDS", "NO_DMA_ZONES", "Answered", "BootRecord", "Capture", "Event", "Facts", "FurtherRange", "Machine"]

NO_DMA_ZONES = -1
"""Value of `Facts.dma_limit` for a kernel built without ZONE_DMA and ZONE_DMA32."""


class Event(NamedTuple):
    """One early allocation that a boot log names.

    kind: `cma`, `swiotlb`, `node_data`, `memmap`, `pcpu`, `hash`, `percpu`, `log_buf`, `crash`, `kvm`, `initrd`,
    `reserved-memory`, `efi_tables` (start: of the lowest that UEFI's line names; size: of the image) ...;
    start/end: bytes, None where the log names only a size; size: bytes;
    line: 1-based line of the log; before_crash: whether it comes before the crash reservation in the log
    (None: not known); name: what the log calls it.
    """

    kind: str
    size: int
    start: int | None = None
    end: int | None = None
    line: int = 0
    before_crash: bool | None = None
    name: str = ""


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
    """The capture kernel as sources describe it, in bytes; None and empty: not said.

    kernel_size: its image, as the `Memory:` line counts it. initrd_size, initrd_unpacked: the kdump initrd.
    modules: (name, bytes) of /proc/modules. carried: names of modules that the kdump initrd holds; modules_size: bytes
    of those that are loaded. luks_memory: what unlocking an encrypted target takes. drivers: names of large drivers
    seen. estimates: (tool, bytes) that `kdumpctl estimate` or `kdumptool calibrate` recommends.
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


class Answered(NamedTuple):
    """The answer of an earlier plan, with the parts that its map does not show.

    kernel: the fields of `views.TOLD_APART`. help: (text, crashkernel, outcome, crash, lacks) of every change that
    would help; None: it was not looked for. others: (assumption, outcome, crash, low) of every other
    reading of the map. notes: all of them. rewound: (start, end, reason) of what its map does not hold any more.
    """

    text: str
    kernel: tuple[object, ...]
    outcome: str
    crash: Range | None
    low: Range | None
    others: tuple[tuple[str, str, Range | None, Range | None], ...] = ()
    notes: tuple[str, ...] = ()
    rewound: tuple[tuple[int, int, str], ...] = ()
    help: tuple[tuple[str, str | None, str, Range | None, int | None], ...] | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about the kernel of one boot.

    kernel: version string as `uname -r` prints it. arch: `aarch64`, `x86_64`, `s390x`, ...
    page_size, va_bits, pa_bits: of the kernel. cmdline: the whole command line. request_restored: its crashkernel=
    was lost, and is put back from `record`.
    dma_limit: `arm64_dma_phys_limit` in bytes (exclusive), `NO_DMA_ZONES` for none.
    firmware_dma_limit: the last address that the firmware (a device tree, IORT) says all devices reach, from which a
    kernel derives its own limit; all ones: the firmware names no limit. mem_total: MemTotal of /proc/meminfo, bytes.
    config: Kconfig symbols without CONFIG_ (absent: unknown, "n": off).
    kernel_image: what /proc/iomem calls Kernel code, half-open. kernel_data: Kernel data.
    kfence_pool: the early KFENCE pool. midr: main ID registers of the CPUs seen in a log. splits_live: the log says
    that the kernel splits blocks live on these (`CPU features: detected: BBM Level 3`, or level 2 without aborts).
    tree: the device tree's blob. further_ranges: of its reserved-memory nodes, as the map lists them.
    record: what is recorded of the crash kernel. events: early allocations a log names. capture: the capture kernel.
    request, strategy, align, prefer_aligned, rodata, kfence, cpu: what an earlier plan was asked, in a report that is
    taken as a map; it counts where the user says nothing else. answered: what that plan said, which holds for the same
    answer.
    """

    kernel: str | None = None
    arch: str | None = None
    page_size: int | None = None
    va_bits: int | None = None
    pa_bits: int | None = None
    cmdline: str | None = None
    request_restored: bool = False
    dma_limit: int | None = None
    firmware_dma_limit: int | None = None
    mem_total: int | None = None
    splits_live: bool | None = None
    config: Mapping[str, str] = field(default_factory=dict)
    kernel_image: Range | None = None
    kernel_data: Range | None = None
    kfence_pool: Range | None = None
    midr: tuple[int, ...] = ()
    tree: bytes | None = None
    further_ranges: tuple[FurtherRange, ...] = ()
    record: BootRecord | None = None
    events: tuple[Event, ...] = ()
    capture: Capture | None = None
    request: str | None = None
    strategy: str | None = None
    align: str | None = None
    prefer_aligned: bool = False
    rodata: str | None = None
    kfence: bool | None = None
    cpu: str | None = None
    answered: Answered | None = None


class Kind(NamedTuple):
    """One kind of source, by the traits that the model depends on.

    rank: precision of its map, the most precise first. stated: map and limits are stated for the very
    kernel that is planned. log: a boot log. shows_later: its map also shows what a boot reserved after the crash
    kernel. whole: it lists the crash kernel where there is one, and ranges that overlap are nested. partial: its map
    lacks or lumps together what others show. at_boot: the map is of the boot itself, before memory was plugged in.
    firmware: what the firmware handed over: from before `mem=`, with a command line that a boot loader may replace.
    configuration: a kernel's configuration.
    """

    name: str
    rank: int = 99
    stated: bool = False
    log: bool = False
    shows_later: bool = True
    whole: bool = False
    partial: bool = False
    at_boot: bool = False
    firmware: bool = False
    configuration: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        Kind("json", 0, stated=True),
        Kind("report", 1, stated=True),
        Kind("memblock", 2, partial=True),
        Kind("iomem", 3, whole=True),
        Kind("live", 4, whole=True),
        Kind("dmesg", 5, log=True, partial=True, at_boot=True),
        Kind("dtb", 6, shows_later=False, partial=True, at_boot=True, firmware=True),
        Kind("lsmem", 7, shows_later=False, partial=True),
        Kind("config", configuration=True),
        Kind("kdump"),
        Kind("facts"),
    )
}
"""Every kind of source, by the name that `Machine.kind` has."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine as its sources describe it.

    source: name for the report (`sample:NAME`, a path, `<stdin>`). kind: a name of `KINDS`. memory: the map, regions
    sorted and disjoint.
    settled: True when the map is memblock at reservation time (JSON, a `memblock=debug` log), so that `mem=` is
    not applied again and nothing needs rewinding; False for a later view (/proc/iomem, debugfs) or a partial one.
    notes: what the reader wants the user to know (overlaps, ignored lines, inferred flags).

    Of a log: incomplete: why the memory ranges that it shows cannot be all, so that it gives facts only. damage: those
    of its notes that name a line that cannot be read, those on the crash kernel first. on_facts: those of its notes
    that hold for its facts too, so also where another source gives the map. efi_in_4k: its map is an EFI map read for
    4K pages, as the page size was not known.
    """

    source: str
    kind: str
    memory: MemoryMap
    facts: Facts = field(default_factory=Facts)
    settled: bool = True
    notes: tuple[str, ...] = ()
    incomplete: str | None = None
    damage: tuple[str, ...] = ()
    on_facts: tuple[str, ...] = ()
    efi_in_4k: bool = False

    @property
    def traits(self) -> Kind:
        """The traits of this kind of source."""
        return KINDS.get(self.kind) or Kind(self.kind)

    @property
    def fixed(self) -> bool:
        """True if the map is memblock itself, under an unknown command line: another one does not change it."""
        return self.settled and (not self.traits.log or self.facts.cmdline is None)
