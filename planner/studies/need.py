"""`need`: the memory that a capture kernel needs, component by component.

There are two peaks. While the initrd is unpacked, both the archive and its files are in memory: the archive is freed
only afterwards, and the root file system, a tmpfs, may hold at most half of the memory available then (6.18 and later
let initramfs_options=size= change that share). Later the kernel, the unpacked files and the running programs must fit.
The larger peak is the minimum reservation; the page descriptors of the reservation itself are added.

The figures marked *measured* are from a kernel booted by kexec on an emulated machine with one processor and no dump
program: the smallest reservations with which it completed, within 4.3% of this model. The model is not a bound: a
request needs a margin on top.

Source of the mechanism: unpack_to_rootfs(), init/initramfs.c; init_rootfs(), init/do_mounts.c;
shmem_default_max_blocks(), mm/shmem.c @ 6.12; init_mount_tree(), fs/namespace.c @ 6.18.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planner.base.errors import InputError
from planner.base.sizes import KIB, MIB, format_size, in_words, round_up
from planner.kernel.arch import other_arch
from planner.kernel.machine import Machine
from planner.kernel.pgtable import STRUCT_PAGE
from planner.kernel.profiles import CRASH_ALIGN
from planner.studies.need_estimates import Estimate, estimates_of
from planner.studies.need_inputs import HALF, MOST, Given, Inputs, inputs_of

__all__ = ["SWIOTLB_LOW", "Component", "Need", "need"]

SWIOTLB_LOW = 64 * MIB
"""Size of the bounce buffers, which lie below the DMA limit, of a kernel with memory above it."""

_BOOT = 4 * MIB
"""Measured: per-CPU areas, page tables and device tree of a kernel that unpacks its initrd."""


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the need. source: stated, read, measured, computed or assumed, with details."""

    name: str
    bytes: int
    source: str


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


def need(
    given: Given | None = None, machine: Machine | None = None, *, notes: Sequence[str] = (), guess: bool = False
) -> Need:
    """The need of a capture kernel. machine: gives facts, which `given` overrides. notes: added to the result's notes.

    guess: assume unknown sizes. Raises InputError if the size of the kernel or of the initrd is not known, unless
    guess, and for another architecture's machine.
    """
    arch = other_arch(machine.facts) if machine is not None else None
    if machine is not None and arch is not None:
        raise InputError(machine.source, f"this is {arch}, not arm64", "give sources of an arm64 machine")
    given = given or Given()
    inputs = inputs_of(given, machine, guess=guess)
    always = sum(figure.bytes for _, figure in inputs.always)
    limit = _free_beside_files(inputs.unpacked.bytes, given.rootfs_limit) if given.rootfstype == "tmpfs" else 0
    runtime = _runtime(inputs.kernel.bytes)
    unpacking = always + limit + _BOOT if limit else 0
    running = always + runtime + sum(figure.bytes for _, figure in inputs.later)
    binding = "unpacking" if unpacking > running else "running"
    body = max(unpacking, running)
    least = _with_descriptors(body, inputs.page)
    image, *initrd = [Component(name, figure.bytes, figure.source) for name, figure in inputs.always]
    counted = (*inputs.always, *(inputs.later if binding == "running" else ()))
    assumed = [name for name, figure in counted if figure.assumed and figure.bytes]
    components = [
        image,
        Component("page descriptors", least - body, f"computed: {STRUCT_PAGE} bytes a page of the reservation"),
        *initrd,
        *_components_at_peak(given, inputs, binding, limit, _BOOT if binding == "unpacking" else runtime),
    ]
    known = machine.facts.capture if machine is not None else None
    return Need(
        least=least,
        recommended=round_up(least + given.margin.of(least), CRASH_ALIGN),
        binding=binding,
        margin=given.margin.text,
        page_size=inputs.page,
        components=tuple(components),
        estimates=tuple(estimates_of(inputs, given, known)),
        assumed=(*assumed, *(["page size"] if inputs.page_assumed else [])),
        unmeasured=tuple(_unmeasured(given, inputs)),
        notes=(*notes, *_notes(given, inputs, binding, unpacking=unpacking, running=running)),
    )


def _runtime(image: int) -> int:
    """Bytes that a running kernel allocates, measured: 0.35 of its image (slab and others) and 3.5M."""
    return image * 7 // 20 + 7 * MIB // 2


def _components_at_peak(given: Given, inputs: Inputs, binding: str, limit: int, runtime: int) -> list[Component]:
    """The components that count only while unpacking, or only while running; 0 if the other peak is larger.

    limit: bytes that must be free beside the files. runtime: bytes that the kernel allocates at this peak.
    """
    unpacking = binding == "unpacking"
    share = "half" if given.rootfs_limit == HALF else f"{given.rootfs_limit}%"
    why = f"kernel: a tmpfs may hold {share} of the available memory, so this much must be free beside the files"
    if given.rootfstype != "tmpfs":
        why = f"none: rootfstype={given.rootfstype}"
    elif not unpacking:
        why = "not reached: running needs more"
    booting, running = "per-CPU areas, page tables, device tree", "0.35 of the image (slab and others) and 3.5M"
    rows = [
        Component("root file system limit", limit if unpacking else 0, why),
        Component("runtime", runtime, f"measured: {booting if unpacking else running}"),
        Component("swiotlb", 0, "measured: none if the whole reservation lies below the DMA limit"),
    ]
    for name, figure in inputs.later:
        later = unpacking and figure.bytes
        source = f"only after unpacking ({in_words(figure.bytes)}), which needs more" if later else figure.source
        rows.append(Component(name, 0 if unpacking else figure.bytes, source))
    return rows


def _unmeasured(given: Given, inputs: Inputs) -> list[str]:
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


def _with_descriptors(body: int, page: int) -> int:
    """The reservation that holds this much and the descriptors of its own pages."""
    return round_up(-(-body * page // (page - STRUCT_PAGE)), page)


def _notes(given: Given, inputs: Inputs, binding: str, *, unpacking: int, running: int) -> list[str]:
    """What to know about the figures, and options of the capture kernel that lower the need."""
    notes = []
    if binding == "unpacking":
        page = inputs.page
        notes.append(
            "the root file system's limit binds: with rootfstype=ramfs on the capture kernel's command line "
            f"{_rounded(_with_descriptors(running, page))} is enough"
        )
        if given.rootfs_limit == HALF:
            inside = unpacking - inputs.unpacked.bytes + _free_beside_files(inputs.unpacked.bytes, MOST)
            notes.append(
                f"with initramfs_options=size={MOST}% (kdump-utils since December 2025, on 6.18 and later, RHEL 9.8 "
                f"and 10.2) {_rounded(_with_descriptors(max(running, inside), page))} is enough, which is not measured"
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
