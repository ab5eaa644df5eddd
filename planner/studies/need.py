"""`need`: the memory that a capture kernel needs, component by component.

There are two peaks. While the initrd is unpacked, both the archive and its files are in memory: the archive is freed
only afterwards, and the root file system, a tmpfs, may hold at most half of the memory available then (6.18 and later
let initramfs_options=size= change that share). Later the kernel, the unpacked files and the running programs must fit.
The larger peak is the minimum reservation; the page descriptors of the reservation itself are added.

The figures marked *measured* are from a kernel booted by kexec on an emulated machine with one processor and no dump
program: the smallest reservations with which it completed, within 4.3 % of this model. The model is not a bound: a
request needs a margin on top.

Source of the mechanism: unpack_to_rootfs(), init/initramfs.c; init_rootfs(), init/do_mounts.c;
shmem_default_max_blocks(), mm/shmem.c @ 6.12; init_mount_tree(), fs/namespace.c @ 6.18. Estimates: do_estimate(),
kdumpctl of kdump-utils @ 63f248c; runtimeSize(), kdumptool/calibrate.cc of kdump @ 34da4b8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, MIB, format_size, in_words, round_up
from planner.kernel import crashkernel as ck
from planner.kernel.machine import LUKS_OVERHEAD, Capture, Machine
from planner.kernel.mainline import NEWEST
from planner.kernel.pgtable import STRUCT_PAGE
from planner.kernel.profiles import CRASH_ALIGN
from planner.planning.configured import with_configuration
from planner.planning.modelled import geometry_of
from planner.planning.options import Options
from planner.planning.presets import PRESETS, variant
from planner.planning.remarks import Remarks
from planner.planning.values import BadValue, size

__all__ = ["Component", "Estimate", "Given", "Margin", "Need", "margin", "need", "rootfs_limit", "with_initrd"]

LEAST_MARGIN, USUAL_MARGIN = 32 * MIB, 20

HALF, MOST = 50, 90
"""Percent that a tmpfs may hold: by default, and as set by kdump-utils (KDUMP_COMMANDLINE_APPEND, since 2025)."""

SWIOTLB_LOW = 64 * MIB
"""Size of the bounce buffers, which lie below the DMA limit, of a kernel with memory above it."""

_ASSUMED_KERNEL = 50 * MIB
_ASSUMED_ARCHIVE, _USUAL_RATIO = 32 * MIB, 3
_MAX_BITMAP = 32 * MIB


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
        return f"{self.percent} %, at least {format_size(LEAST_MARGIN)}" if self.percent else "none"


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
class Component:
    """One part of the need. source: stated, read, measured, computed or assumed, with details."""

    name: str
    bytes: int
    source: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """The result of another tool, or of its formula, for the same inputs."""

    tool: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Need:
    """The memory that a capture kernel needs, in bytes.

    least: the model's minimum, in whole pages, the sum of the components. recommended: with the margin, rounded up to
    the kernel's alignment. binding: `unpacking` or `running`, whichever needs more. assumed: names of the components
    that are assumed. unmeasured: the inputs for which the model was not measured.
    """

    least: int
    recommended: int
    binding: str
    margin: str
    page_size: int
    components: tuple[Component, ...]
    estimates: tuple[Estimate, ...]
    assumed: tuple[str, ...]
    unmeasured: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Figure:
    bytes: int
    source: str
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class _Inputs:
    kernel: _Figure
    archive: _Figure
    unpacked: _Figure
    modules: _Figure
    drivers: tuple[tuple[str, _Figure], ...]
    percpu: _Figure
    dump: _Figure
    luks: _Figure
    page: int
    page_assumed: bool

    @property
    def always(self) -> tuple[tuple[str, _Figure], ...]:
        """Figures that count at both peaks, with the names of their components."""
        return (("kernel image", self.kernel), ("initrd archive", self.archive), ("unpacked initrd", self.unpacked))

    @property
    def later(self) -> tuple[tuple[str, _Figure], ...]:
        """Figures that count only while running, with the names of their components."""
        return (
            ("kernel modules", self.modules),
            *((f"driver {name}", figure) for name, figure in self.drivers),
            ("further processors", self.percpu),
            ("dump program", self.dump),
            ("LUKS", self.luks),
        )


def need(
    given: Given | None = None, machine: Machine | None = None, *, notes: Sequence[str] = (), guess: bool = False
) -> Need:
    """The need of a capture kernel. machine: gives facts, which `given` overrides. notes: added to the result's notes.

    guess: assume unknown sizes. Raises InputError if the size of the kernel or of the initrd is not known, unless
    guess.
    """
    given = given or Given()
    inputs = _inputs(given, machine, guess=guess)
    always = sum(figure.bytes for _, figure in inputs.always)
    limit = _free_beside_files(inputs.unpacked.bytes, given.rootfs_limit) if given.rootfstype == "tmpfs" else 0
    boot, runtime = 4 * MIB, inputs.kernel.bytes * 7 // 20 + 7 * MIB // 2
    unpacking = always + limit + boot if limit else 0
    running = always + runtime + sum(figure.bytes for _, figure in inputs.later)
    binding = "unpacking" if unpacking > running else "running"
    body = max(unpacking, running)
    least = _described(body, inputs.page)
    image, *initrd = [Component(name, figure.bytes, figure.source) for name, figure in inputs.always]
    counted = (*inputs.always, *(inputs.later if binding == "running" else ()))
    assumed = [name for name, figure in counted if figure.assumed and figure.bytes]
    components = [
        image,
        Component("page descriptors", least - body, f"computed: {STRUCT_PAGE} bytes a page of the reservation"),
        *initrd,
        *_of_the_moment(given, inputs, binding, limit, boot if binding == "unpacking" else runtime),
    ]
    ram = machine.memory.ram if machine is not None and machine.memory.regions else None
    return Need(
        least=least,
        recommended=round_up(least + given.margin.of(least), CRASH_ALIGN),
        binding=binding,
        margin=given.margin.text,
        page_size=inputs.page,
        components=tuple(components),
        estimates=tuple(_estimates(inputs, given, machine, ram)),
        assumed=(*assumed, *(["page size"] if inputs.page_assumed else [])),
        unmeasured=tuple(_unmeasured(given, inputs)),
        notes=(*notes, *_notes(given, inputs, binding, unpacking=unpacking, running=running)),
    )


def page_size_of(machine: Machine | None) -> tuple[int, bool]:
    """The page size of a machine, and whether it is assumed."""
    if machine is None:
        return 4 * KIB, False
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
    number = text.removesuffix("%")
    if number.isascii() and number.isdecimal() and len(number) < 5 and (number != text or int(number) <= 100):
        return Margin(percent=int(number))
    try:
        return Margin(percent=None, size=size(value))
    except BadValue:
        raise BadValue(f"{text[:40]!r} is not a margin", "give one such as 25% or 64M") from None


def rootfs_limit(value: str | int | None) -> int:
    """A share of memory in percent from `90%` or 90; None is half. Raises BadValue."""
    if value is None:
        return HALF
    number = str(value).removesuffix("%")
    if number.isascii() and number.isdecimal() and len(number) < 4 and 0 < int(number) <= 100:
        return int(number)
    raise BadValue(f"{str(value)[:40]!r} is not a share of memory", "give a percentage from 1% to 100%")


# -- inputs ----------------------------------------------------------------------------------------------------


def _inputs(given: Given, machine: Machine | None, *, guess: bool) -> _Inputs:
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
    return _Inputs(
        kernel=kernel or _Figure(_ASSUMED_KERNEL, "assumed: the largest measured (Debian 7.3)", assumed=True),
        archive=archive,
        unpacked=unpacked,
        modules=_modules(given, known),
        drivers=_drivers(known, page),
        percpu=_percpu(given.cpus),
        dump=_dump(ram, page, given.cpus),
        luks=_luks(given, known),
        page=page,
        page_assumed=page_assumed,
    )


def _kernel(given: Given, machine: Machine | None) -> _Figure | None:
    """The image as the `Memory:` line counts it: code, read-only data, init, data and bss."""
    if given.kernel_size is not None:
        return _Figure(given.kernel_size, "stated")
    if machine is None:
        return None
    facts = machine.facts
    if facts.capture is not None and facts.capture.kernel_size is not None:
        return _Figure(facts.capture.kernel_size, f"read: the Memory: line of {machine.source}")
    code, data = facts.kernel_image, facts.kernel_data
    if code is not None and data is not None and data.end > code.start:
        return _Figure(data.end - code.start, f"read: Kernel code to Kernel data of {machine.source}")
    if code is not None:
        return _Figure(code.size * 4 // 3, f"assumed: Kernel code of {machine.source} and a third of it", assumed=True)
    return None


def _initrd(given: Given, known: Capture | None) -> tuple[_Figure | None, _Figure | None]:
    """Archive and unpacked size; None if unknown."""
    archive = unpacked = None
    if given.initrd_size is not None:
        archive = _Figure(given.initrd_size, given.initrd)
    elif known is not None and known.initrd_size is not None:
        archive = _Figure(known.initrd_size, "read: the kdump initrd of the machine")
    if given.initrd_unpacked is not None:
        unpacked = _Figure(given.initrd_unpacked, given.initrd)
    elif known is not None and known.initrd_unpacked is not None and given.initrd_size is None:
        unpacked = _Figure(known.initrd_unpacked, "read: the kdump initrd of the machine")
    return archive, unpacked


def _completed(archive: _Figure | None, unpacked: _Figure | None) -> tuple[_Figure, _Figure]:
    if unpacked is None:
        archive = archive or _Figure(_ASSUMED_ARCHIVE, "assumed: a typical size", assumed=True)
        ratio = f"assumed: {_USUAL_RATIO} times the archive"
        return archive, _Figure(archive.bytes * _USUAL_RATIO, ratio, assumed=True)
    return archive or _Figure(unpacked.bytes, "assumed: not compressed", assumed=True), unpacked


def _luks(given: Given, known: Capture | None) -> _Figure:
    if given.luks_memory is not None:
        return _Figure(given.luks_memory, "stated")
    if known is not None and known.luks_memory is not None:
        return _Figure(known.luks_memory, "read: output of kdumpctl estimate")
    return _Figure(0, "not stated: no encrypted target")


def _modules(given: Given, known: Capture | None) -> _Figure:
    if known is not None and known.modules_size is not None:
        return _Figure(known.modules_size, "read: output of kdumpctl estimate")
    loaded = dict(known.modules) if known is not None else {}
    held = set(given.modules or (known.carried if known is not None else ()))
    if not loaded or not held:
        return _Figure(0, "not known: needs /proc/modules and the initrd's own list")
    carried = [size for name, size in loaded.items() if name in held]
    return _Figure(sum(carried), f"read: {len(carried)} loaded modules that are in the initrd")


_LARGE = {
    "mlx5_core": {4 * KIB: 150 * MIB, 16 * KIB: 150 * MIB, 64 * KIB: 200 * MIB},
    "arm-smmu-v3": {64 * KIB: 384 * MIB},
}
"""Memory that RHEL's default adds for drivers, by page size (kdump_get_arch_recommend_crashkernel(), kdump-lib.sh)."""


def _drivers(known: Capture | None, page: int) -> tuple[tuple[str, _Figure], ...]:
    seen = set(known.drivers) | {name for name, _ in known.modules} if known is not None else set()
    source = "assumed: the amount that RHEL's default adds, not measured"
    large = [(name, sizes[page]) for name, sizes in _LARGE.items() if name in seen and page in sizes]
    return tuple((name, _Figure(size, source, assumed=True)) for name, size in large)


def _percpu(cpus: int) -> _Figure:
    more = cpus - 1
    if not more:
        return _Figure(0, "one processor: part of the runtime")
    return _Figure(
        more * 250 * KIB,
        f"assumed: 250K for each of {more} more, after kdumptool calibrate; not measured",
        assumed=True,
    )


def _dump(ram: int | None, page: int, cpus: int) -> _Figure:
    """Memory of makedumpfile: two bitmaps of 1 bit per page, limited by its cyclic mode, and its threads' buffers."""
    if ram is None:
        return _Figure(0, "not known: needs the RAM of the dumped machine")
    bitmap = min(-(-ram // page) // 4, _MAX_BITMAP)
    size = bitmap + cpus * (3 * page + 133 * KIB) + -(-ram // (128 * MIB)) * 96
    return _Figure(size, f"computed: bitmaps and buffers for {in_words(ram)} of RAM, not measured")


def _of_the_moment(given: Given, inputs: _Inputs, binding: str, limit: int, room: int) -> list[Component]:
    """The components that count only while unpacking, or only while running; 0 if the other peak is larger."""
    unpacking = binding == "unpacking"
    share = "half" if given.rootfs_limit == HALF else f"{given.rootfs_limit} %"
    half = f"kernel: a tmpfs may hold {share} of the available memory, so this much must be free beside the files"
    if given.rootfstype != "tmpfs":
        half = f"none: rootfstype={given.rootfstype}"
    elif not unpacking:
        half = "not reached: running needs more"
    rows = [
        Component("root file system limit", limit if unpacking else 0, half),
        Component(
            "runtime",
            room,
            "measured: per-CPU areas, page tables, device tree"
            if unpacking
            else "measured: 0.35 of the image (slab and others) and 3.5M",
        ),
        Component("swiotlb", 0, "measured: none if the whole reservation lies below the DMA limit"),
    ]
    for name, figure in inputs.later:
        later = unpacking and figure.bytes
        source = f"only after unpacking ({in_words(figure.bytes)}), which needs more" if later else figure.source
        rows.append(Component(name, 0 if unpacking else figure.bytes, source))
    return rows


# -- other tools -----------------------------------------------------------------------------------------------


def _estimates(inputs: _Inputs, given: Given, machine: Machine | None, ram: int | None) -> list[Estimate]:
    kernel, archive, luks = inputs.kernel.bytes, inputs.archive.bytes, inputs.luks.bytes
    kdumpctl = kernel + inputs.modules.bytes + 3 * archive + 16 * MIB + (luks + LUKS_OVERHEAD if luks else 0)
    found = [
        Estimate("kdumpctl estimate", kdumpctl),
        *([] if ram is None else [Estimate("kdumpctl, recommended", max(kdumpctl, _default(inputs, ram)))]),
        Estimate("kdumptool calibrate", _kdumptool(inputs, given, ram)),
    ]
    known = machine.facts.capture if machine is not None else None
    found += [Estimate(f"output of {tool}", size) for tool, size in (known.estimates if known is not None else ())]
    return found


def _default(inputs: _Inputs, ram: int) -> int:
    """The default size of kdump-utils for this RAM, with its additions for large drivers; 0 if it has none."""
    value = PRESETS[variant("rhel10", inputs.page)].value
    size = ck.parse(ck.as_cmdline(value), ram, NEWEST).size
    return size + sum(figure.bytes for _, figure in inputs.drivers) if size else 0


def _kdumptool(inputs: _Inputs, given: Given, ram: int | None) -> int:
    """The formula of kdumptool with this kernel and initrd in place of the distribution's constants."""
    page, luks = inputs.page, inputs.luks.bytes
    base = inputs.kernel.bytes * 27 // 20 + inputs.unpacked.bytes
    framebuffers = 2 * 3 * MIB
    percpu = given.cpus * (150 * KIB + 100 * KIB + 3 * page + 133 * KIB)
    bitmap = 0 if ram is None else min(-(-ram // page) // 4, _MAX_BITMAP) + 96 * KIB * -(-ram // (128 * GIB))
    size = base + framebuffers + luks + percpu + bitmap
    size = size * 102400 // (102400 - 20480 - 1280)  # dirty pages (20 %) and I/O in flight
    size = size * MIB // (MIB - 1856)  # hashes
    size = size * page // (page - STRUCT_PAGE)
    size = max(size, base + inputs.archive.bytes)
    return (size - luks) * 130 // 100 + 64 * MIB + luks


def _unmeasured(given: Given, inputs: _Inputs) -> list[str]:
    """Inputs for which the model was never measured."""
    found = []
    if inputs.page == 64 * KIB:
        found.append("64K pages")
    if given.rootfstype == "tmpfs" and given.rootfs_limit != HALF:
        found.append("another share for the root file system")
    if given.cpus > 1:
        found.append("several processors")
    if inputs.luks.bytes:
        found.append("an encrypted target")
    if inputs.modules.bytes or inputs.drivers:
        found.append("drivers")
    return found


def _free_beside_files(unpacked: int, percent: int) -> int:
    """Memory that must be free beside the files if they may take only this percentage of available memory."""
    return -(-unpacked * (100 - percent) // percent)


def _described(body: int, page: int) -> int:
    """The reservation that holds this much and the descriptors of its own pages."""
    return round_up(-(-body * page // (page - STRUCT_PAGE)), page)


def _notes(given: Given, inputs: _Inputs, binding: str, *, unpacking: int, running: int) -> list[str]:
    notes = []
    if binding == "unpacking":
        page = inputs.page
        notes.append(
            "the root file system's limit binds: with rootfstype=ramfs on the capture kernel's command line "
            f"{_rounded(_described(running, page))} is enough"
        )
        if given.rootfs_limit == HALF:
            inside = unpacking - inputs.unpacked.bytes + _free_beside_files(inputs.unpacked.bytes, MOST)
            notes.append(
                f"with initramfs_options=size={MOST}% (kdump-utils since December 2025, on 6.18 and later, RHEL 9.8 "
                f"and 10.2) {_rounded(_described(max(running, inside), page))} is enough, which is not measured"
            )
    notes.append(
        "a CMA area in the capture kernel takes memory from it: use cma=0 on its command line, as kdump-utils does"
    )
    notes.append(
        "not measured: a dump program, drivers of real hardware, encrypted targets, 64K pages, several processors, "
        ",high with a low part"
    )
    notes.append(
        f"a reservation above the DMA limit also needs {format_size(SWIOTLB_LOW)} of low memory for swiotlb, which the "
        "low part provides (unless the capture kernel has swiotlb=noforce, as kdump-utils sets it)"
    )
    notes.append(
        "kdumptool's own constants are not known (each distribution measures them for its calibrate.conf): this "
        "kernel and initrd are used instead, and nothing for its user space"
    )
    if given.rootfstype == "tmpfs":
        notes.append(
            "root= without rootfstype= on the capture kernel's command line makes its root file system a ramfs "
            "(kdump-utils removes root=)"
        )
    return notes


def _rounded(size: int) -> str:
    return format_size(round_up(size, MIB))
