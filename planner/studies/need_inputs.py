"""The inputs of `need`: what the user gives, what a machine's sources say, and assumptions for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from planner.base.errors import InputError
from planner.base.sizes import KIB, MIB, format_size, in_words
from planner.kernel.machine import Capture, Machine
from planner.planning.configured import with_configuration
from planner.planning.modelled import geometry_of
from planner.planning.options import Options
from planner.planning.remarks import Remarks
from planner.planning.values import BadValue, percent, size

__all__ = [
    "HALF",
    "MOST",
    "PER_CPU",
    "Figure",
    "Given",
    "Inputs",
    "Margin",
    "bitmaps",
    "buffers",
    "inputs_of",
    "margin",
    "rootfs_limit",
    "with_initrd",
]

LEAST_MARGIN, USUAL_MARGIN = 32 * MIB, 20
"""The margin: bytes at least, and percent by default."""

_MOST_MARGIN = 9999
"""Percent of a margin, at most."""

HALF, MOST = 50, 90
"""Percent that a tmpfs may hold: by default, and as set by kdump-utils (KDUMP_COMMANDLINE_APPEND, since 2025)."""

PER_CPU = 250 * KIB
"""Bytes of the kernel's areas for a further processor, as `kdumptool calibrate` adds them."""

_MAX_BITMAPS = 32 * MIB
"""Most bytes of makedumpfile's bitmaps, which its cyclic mode limits."""

_ASSUMED_KERNEL = 50 * MIB
_ASSUMED_ARCHIVE, _USUAL_RATIO = 32 * MIB, 3
"""A typical archive, and the size of its files as a multiple of it."""


@dataclass(frozen=True, slots=True)
class Margin:
    """The margin that `recommended` adds: a percentage of the minimum, at least 32M, or bytes."""

    percent: int | None = USUAL_MARGIN
    size: int = 0

    def of(self, least: int) -> int:
        """Bytes."""
        if self.percent is None:
            return self.size
        return max(-(-least * self.percent // 100), LEAST_MARGIN) if self.percent else 0

    @property
    def text(self) -> str:
        """The margin as text."""
        if self.percent is None:
            return format_size(self.size)
        return f"{self.percent}%, at least {format_size(LEAST_MARGIN)}" if self.percent else "none"


@dataclass(frozen=True, slots=True)
class Given:
    """Inputs given by the user; None takes the sources' value, then an assumption.

    rootfs_limit: the share of the available memory that a tmpfs may hold, in percent. modules: names of the kernel
    modules in the initrd, if it was read. initrd: the source of the initrd's sizes.
    """

    kernel_size: int | None = None
    initrd_size: int | None = None
    initrd_unpacked: int | None = None
    rootfstype: str = "tmpfs"
    rootfs_limit: int = HALF
    page_size: int | None = None
    cpus: int = 1
    luks_memory: int | None = None
    margin: Margin = Margin()
    modules: tuple[str, ...] = ()
    initrd: str = "stated"


@dataclass(frozen=True, slots=True)
class Figure:
    """One input. source: stated, read, computed or assumed, with details."""

    bytes: int
    source: str
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Inputs:
    """All inputs of a need. page: page size in bytes. ram: that of the dumped machine; None if it is not known."""

    kernel: Figure
    archive: Figure
    unpacked: Figure
    modules: Figure
    drivers: tuple[tuple[str, Figure], ...]
    percpu: Figure
    dump: Figure
    luks: Figure
    page: int
    page_assumed: bool
    ram: int | None

    @property
    def always(self) -> tuple[tuple[str, Figure], ...]:
        """Figures that count at both peaks, with the names of their components."""
        return (("kernel image", self.kernel), ("initrd archive", self.archive), ("unpacked initrd", self.unpacked))

    @property
    def later(self) -> tuple[tuple[str, Figure], ...]:
        """Figures that count only while running, with the names of their components."""
        return (
            ("kernel modules", self.modules),
            *((f"driver {name}", figure) for name, figure in self.drivers),
            ("further processors", self.percpu),
            ("dump program", self.dump),
            ("LUKS", self.luks),
        )


def page_size_of(machine: Machine | None) -> tuple[int, bool]:
    """The page size of a machine, and whether it is assumed, as it is without a machine."""
    if machine is None:
        return 4 * KIB, True
    remarks = Remarks()
    page = geometry_of(with_configuration(machine.facts, Options()).facts, Options(), remarks).page_size
    return page, "page_size" in remarks.assumed


def with_initrd(
    given: Given,
    machine: Machine | None,
    *,
    archive: int,
    unpacked: Mapping[int, int],
    modules: tuple[str, ...],
    source: str,
) -> Given:
    """The given inputs, completed from an initrd. unpacked: bytes by page size; source: how it was read."""
    page = given.page_size or page_size_of(machine)[0]
    return replace(
        given,
        initrd_size=archive if given.initrd_size is None else given.initrd_size,
        initrd_unpacked=unpacked[page] if given.initrd_unpacked is None else given.initrd_unpacked,
        modules=modules,
        initrd=source,
    )


def margin(value: str | int | None) -> Margin:
    """A margin from text: `25%`, a bare number up to 100 for a percentage, or a size; None is the default.

    Raises BadValue.
    """
    if value is None:
        return Margin()
    text = str(value)
    added = percent(text, _MOST_MARGIN if text.endswith("%") else 100)
    if added is not None:
        return Margin(percent=added)
    try:
        return Margin(percent=None, size=size(value))
    except BadValue:
        raise BadValue(f"{text[:40]!r} is not a margin", "give one such as 25% or 64M") from None


def rootfs_limit(value: str | int | None) -> int:
    """A share of memory in percent from `90%` or 90; None is half. Raises BadValue."""
    if value is None:
        return HALF
    limit = percent(value)
    if not limit:
        raise BadValue(f"{str(value)[:40]!r} is not a share of memory", "give a percentage from 1% to 100%")
    return limit


def inputs_of(given: Given, machine: Machine | None, *, guess: bool) -> Inputs:
    """The inputs of a need, given, read or assumed.

    guess: assume unknown sizes. Raises InputError if neither the kernel's nor the initrd's size is known, unless guess.
    """
    known = machine.facts.capture if machine is not None else None
    page, page_assumed = (given.page_size, False) if given.page_size is not None else page_size_of(machine)
    kernel = _kernel(given, machine)
    archive, unpacked = _initrd(given, known)
    if kernel is None and archive is None and unpacked is None and not guess:
        raise InputError(
            "need",
            "the size of the kernel or of its initrd is not known",
            "give --kernel-size, --initrd FILE or the machine's own sources with --map",
        )
    archive, unpacked = _completed(archive, unpacked)
    ram = machine.memory.ram if machine is not None and machine.memory.regions else None
    return Inputs(
        kernel=kernel or Figure(_ASSUMED_KERNEL, "assumed: the largest measured (Debian 7.3)", assumed=True),
        archive=archive,
        unpacked=unpacked,
        modules=_modules(given, known),
        drivers=_drivers(known, page),
        percpu=_percpu(given.cpus),
        dump=_dump(ram, page, given.cpus),
        luks=_luks(given, known),
        page=page,
        page_assumed=page_assumed,
        ram=ram,
    )


def _kernel(given: Given, machine: Machine | None) -> Figure | None:
    """The image as the `Memory:` line counts it: code, read-only data, init, data and bss."""
    if given.kernel_size is not None:
        return Figure(given.kernel_size, "stated")
    if machine is None:
        return None
    facts = machine.facts
    if facts.capture is not None and facts.capture.kernel_size is not None:
        return Figure(facts.capture.kernel_size, f"read: the Memory: line of {machine.source}")
    code, data = facts.kernel_image, facts.kernel_data
    if code is not None and data is not None and data.end > code.start:
        return Figure(data.end - code.start, f"read: Kernel code to Kernel data of {machine.source}")
    if code is not None:
        return Figure(code.size * 4 // 3, f"assumed: Kernel code of {machine.source} and a third of it", assumed=True)
    return None


def _initrd(given: Given, known: Capture | None) -> tuple[Figure | None, Figure | None]:
    """Archive and unpacked size; None if unknown."""
    archive = unpacked = None
    if given.initrd_size is not None:
        archive = Figure(given.initrd_size, given.initrd)
    elif known is not None and known.initrd_size is not None:
        archive = Figure(known.initrd_size, "read: the kdump initrd of the machine")
    if given.initrd_unpacked is not None:
        unpacked = Figure(given.initrd_unpacked, given.initrd)
    elif known is not None and known.initrd_unpacked is not None and given.initrd_size is None:
        unpacked = Figure(known.initrd_unpacked, "read: the kdump initrd of the machine")
    return archive, unpacked


def _completed(archive: Figure | None, unpacked: Figure | None) -> tuple[Figure, Figure]:
    """Archive and unpacked size; an unknown one is assumed from the other."""
    if unpacked is None:
        archive = archive or Figure(_ASSUMED_ARCHIVE, "assumed: a typical size", assumed=True)
        ratio = f"assumed: {_USUAL_RATIO} times the archive"
        return archive, Figure(archive.bytes * _USUAL_RATIO, ratio, assumed=True)
    return archive or Figure(unpacked.bytes, "assumed: not compressed", assumed=True), unpacked


def _luks(given: Given, known: Capture | None) -> Figure:
    if given.luks_memory is not None:
        return Figure(given.luks_memory, "stated")
    if known is not None and known.luks_memory is not None:
        return Figure(known.luks_memory, "read: output of kdumpctl estimate")
    return Figure(0, "not stated: no encrypted target")


def _modules(given: Given, known: Capture | None) -> Figure:
    """The memory of the kernel modules that the initrd carries."""
    if known is not None and known.modules_size is not None:
        return Figure(known.modules_size, "read: output of kdumpctl estimate")
    loaded = dict(known.modules) if known is not None else {}
    held = set(given.modules or (known.carried if known is not None else ()))
    if not loaded or not held:
        return Figure(0, "not known: needs /proc/modules and the initrd's own list")
    carried = [loaded[name] for name in loaded if name in held]
    return Figure(sum(carried), f"read: {len(carried)} loaded modules that are in the initrd")


_LARGE = {
    "mlx5_core": {4 * KIB: 150 * MIB, 16 * KIB: 150 * MIB, 64 * KIB: 200 * MIB},
    "arm-smmu-v3": {64 * KIB: 384 * MIB},
}
"""Memory that RHEL's default adds for drivers, by page size (kdump_get_arch_recommend_crashkernel(), kdump-lib.sh)."""


def _drivers(known: Capture | None, page: int) -> tuple[tuple[str, Figure], ...]:
    names = set(known.drivers) | {name for name, _ in known.modules} if known is not None else set()
    source = "assumed: the amount that RHEL's default adds, not measured"
    large = [(name, added[page]) for name, added in _LARGE.items() if name in names and page in added]
    return tuple((name, Figure(added, source, assumed=True)) for name, added in large)


def _percpu(cpus: int) -> Figure:
    """The memory of processors beyond the first."""
    more = cpus - 1
    if not more:
        return Figure(0, "one processor: part of the runtime")
    return Figure(
        more * PER_CPU,
        f"assumed: 250K for each of {more} more, after kdumptool calibrate; not measured",
        assumed=True,
    )


def bitmaps(ram: int, page: int) -> int:
    """Bytes of makedumpfile's two bitmaps, each of one bit a page, as far as its cyclic mode lets them grow."""
    return min(-(-ram // page) // 4, _MAX_BITMAPS)


def buffers(cpus: int, page: int) -> int:
    """Bytes of the buffers of makedumpfile's threads, one thread a processor: three pages and 133K each."""
    return cpus * (3 * page + 133 * KIB)


def _dump(ram: int | None, page: int, cpus: int) -> Figure:
    """Memory of makedumpfile: its bitmaps and buffers, and 96 bytes for each 128M of RAM."""
    if ram is None:
        return Figure(0, "not known: needs the RAM of the dumped machine")
    whole = bitmaps(ram, page) + buffers(cpus, page) + -(-ram // (128 * MIB)) * 96
    return Figure(whole, f"computed: bitmaps and buffers for {in_words(ram)} of RAM, not measured")
