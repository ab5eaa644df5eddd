"""Device tree blobs: the memblock state of a kernel that boots with one, without EFI.

In the kernel's order: memory nodes, the usable range, `mem=`, the initrd, the reserve map, /reserved-memory with an
address, then /reserved-memory with a size only, which memblock places. Notes say what a blob does not show.
Source: drivers/of/fdt.c, arch/arm64/mm/init.c @ 6.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import get_args

from planner.base.errors import InputError, Location, printable
from planner.base.ranges import Range, whole_pages
from planner.base.sizes import round_up
from planner.kernel.arm64_init import apply_mem, mem_limit
from planner.kernel.cma import CMA_ALIGNS
from planner.kernel.cmdline import values
from planner.kernel.machine import Facts, Machine, Obstacle, TreeMap, TreeRules
from planner.kernel.memblock import PHYS_ADDR_MAX
from planner.kernel.memory_map import PHYSICAL_TOP, Flag, MemoryMap, Region
from planner.kernel.pgtable import SMALLEST_PAGE
from planner.kernel.profile import Placing
from planner.sources.devicetree import NO_MEMORY, NO_TYPE, reserved_memory
from planner.sources.devicetree.dma_ranges import dma_limit_of
from planner.sources.devicetree.fdt import Blob, Node, number
from planner.sources.devicetree.state import State

__all__ = ["compatible_of", "parse"]

_LINEAR = 1 << 51  # the linear map of 52-bit addresses, the largest; the kernel's own is unknown


_CORTEX_A = tuple(f"arm,cortex-a{n}" for n in (5, 7, 8, 9, 12, 15, 17))
_ARMV7 = ("arm,arm9", "arm,arm11", "marvell,pj4", "marvell,sheeva-v7", "qcom,krait", "qcom,scorpion", "brcm,brahma-b15")
"""32-bit processors, and the beginnings of more: Documentation/devicetree/bindings/arm/cpus.yaml."""


def parse(
    data: bytes, name: str, *, ram: Sequence[Region] = (), cmdline: str | None = None, whole: bool = True
) -> Machine:
    """The machine that a blob describes. Raises InputError, with the byte offset of any damage.

    ram: memory instead of the tree's own, with any `mem=` applied. cmdline: that of the boot. whole: include what is
    particular to one boot: places for nodes without an address, the initrd, a capture kernel's memory.
    """
    blob = Blob(data, name)
    _check_whole(blob.root, name)
    boot = partial(_booted, blob, name, ram, cmdline, whole=whole)
    tree = boot()
    limit, untranslated = dma_limit_of(blob.root, name)
    if untranslated:
        tree.notes.append(
            f"dma-ranges of {printable(untranslated)} cannot be translated to CPU addresses; the limit is "
            "computed from them all the same, as the kernel does"
        )
    if whole:
        tree.notes.append(
            "a device tree does not show the places of the kernel image and of the tree itself, the kernel's page "
            "size or what it allocates before the crash kernel, so the result may be too high"
        )
    memory = tree.memory()
    facts = Facts(
        arch=_arch(blob.root),
        model=_model(blob.root),
        cmdline=tree.cmdline,
        firmware_dma_limit=limit,
        tree=data,
        further_ranges=tree.further_ranges(),
        default_cma=tree.default_cma,
    )
    maps, notes = _tree_maps(tree, boot)
    facts, lacks = replace(facts, tree_maps=maps), Obstacle(tree.short) if tree.short else None
    return Machine(name, "dtb", memory, facts, settled=False, notes=tuple(notes), incomplete=lacks)


def compatible_of(data: bytes) -> str:
    """The most specific name that the machine of a readable blob is compatible with; "" for none."""
    return next(iter(Blob(data, "").root.strings("compatible")), "")


def _tree_maps(tree: State, boot: Callable[[TreeRules], State]) -> tuple[tuple[TreeMap, ...], list[str]]:
    """The maps under all rules, none if no node depends on them; and the notes that all of them have."""
    notes = tree.all_notes()
    if not tree.pools and not tree.placed:
        return (), notes
    states = {rules: boot(rules) for rules in dict.fromkeys(_distinct(rules, tree) for rules in _ALL)}
    notes_by_rules = {rules: state.all_notes() for rules, state in states.items()}
    common = [note for note in notes if all(note in others for others in notes_by_rules.values())]
    read = {
        rules: TreeMap(
            rules,
            state.memory(),
            tuple(note for note in notes_by_rules[rules] if note not in common),
            state.default_cma,
        )
        for rules, state in states.items()
    }
    return tuple(read[_distinct(rules, tree)]._replace(rules=rules) for rules in _ALL), common


_ALL = (
    *(TreeRules(*rules) for rules in product(CMA_ALIGNS, get_args(Placing), (False, True))),
    *(TreeRules(align, "placed", given, keeps_pools=True) for align, given in product(CMA_ALIGNS, (False, True))),
    *(TreeRules(placing=placing, cma=False) for placing in get_args(Placing)),
    TreeRules(placing="placed", cma=False, keeps_pools=True),
)
"""The rules of all kernels."""


def _distinct(rules: TreeRules, tree: State) -> TreeRules:
    """Rules under which a tree is read as under these, the same for as many as possible."""
    if not tree.pools:
        return TreeRules(placing=rules.placing)
    keeps = rules.keeps_pools and bool(tree.unmapped or not rules.cma)
    return rules._replace(cma_given=rules.cma_given and bool(tree.defaults), keeps_pools=keeps)


def _booted(
    blob: Blob,
    name: str,
    ram: Sequence[Region],
    cmdline: str | None,
    rules: TreeRules | None = None,
    *,
    whole: bool,
) -> State:
    """The state of a kernel that has read the tree. rules: by default, those of 6.1 under the tree's command line."""
    tree = State(blob.root, name)
    for region in ram:
        tree.memblock.add(region.start, region.end - region.start, region.flags, region.node)
    chosen = blob.root.child("chosen")
    if not ram:
        _memory(tree)
    if chosen is not None and whole:
        _chosen(tree, chosen)
    tree.cmdline = tree.cmdline if cmdline is None else cmdline
    tree.rules = rules or TreeRules(cma_given=bool(values(tree.cmdline, "cma")))
    if not ram:
        _mem_option(tree, "the tree's" if cmdline is None else "the")
    if whole:
        _initrd(tree, chosen)
    for start, size in blob.reserve_map:
        tree.reserve(start, min(start + size, PHYS_ADDR_MAX), "memreserve")
    saved = reserved_memory.scan(tree)
    if chosen is not None and whole:
        _core_header(tree, chosen)
    reserved_memory.set_up(tree, saved if whole else [one for one in saved if one.has_range])
    return tree


def _check_whole(root: Node, name: str) -> None:
    """Refuse what has the format of a device tree, and is none of a machine.

    An overlay has no effect until it is applied to the tree that it changes. A FIT image holds kernels and trees.
    """
    if root.child("images") is not None and root.child("configurations") is not None:
        raise InputError(
            name,
            "this is a FIT image of a boot loader, which holds device trees and kernels",
            "take one machine's tree out of it: dumpimage -l FIT lists them, dumpimage -T flat_dt -p N -o FILE.dtb FIT",
        )
    part = next((node for node in root.children if node.child("__overlay__") is not None), None)
    if part is not None:
        raise InputError(
            Location(name, offset=part.offset),
            "this is a device tree overlay, which changes another tree",
            "apply it first: fdtoverlay -i BASE.dtb -o FILE.dtb OVERLAY.dtbo",
        )


def _arch(root: Node) -> str | None:
    """The architecture of processors that arm64 kernels do not run on; None for others."""
    cpus = root.child("cpus")
    nodes = [node for node in cpus.children if node.name.startswith("cpu@")] if cpus is not None else []
    names = [name for node in nodes for name in node.strings("compatible")]
    if "riscv" in names:
        return "riscv64"
    return "arm" if names and all(name.startswith(_ARMV7) or name in _CORTEX_A for name in names) else None


def _model(root: Node) -> str | None:
    """The machine's name, as the log has it: of_flat_dt_get_machine_name(), drivers/of/fdt.c @ 6.1, 6.12."""
    name = root.text("model") if "model" in root.properties else root.text("compatible")
    return (name or "").strip() or None


def _memory(tree: State) -> None:
    """early_init_dt_scan_memory(): add the children of the root whose device_type is memory."""
    nodes = [n for n in tree.root.children if n.text("device_type") == "memory"]
    if not nodes:
        nodes = [n for n in tree.root.children if n.name.partition("@")[0] == "memory"]
        if nodes:
            tree.notes.append(NO_TYPE)
    for node in nodes:
        value = node.properties.get("linux,usable-memory", node.properties.get("reg"))
        if value is None or not node.available:
            continue
        if rest := len(value) % (step := 4 * (tree.address_cells + tree.size_cells)):
            tree.short = f"reg of {printable(node.name)} ends within a range: {rest} of {step} bytes"
            tree.notes.append(f"{tree.short}; kernels ignore that range")
        numa = node.cell("numa-node-id")
        for start, end in tree.pairs(node, value):
            low, high = round_up(start, SMALLEST_PAGE), end // SMALLEST_PAGE * SMALLEST_PAGE
            if low >= high:
                continue
            if high > PHYSICAL_TOP:
                raise InputError(
                    Location(tree.name, offset=node.offset),
                    f"memory of {printable(node.name)} ends at {high:#x}, beyond 52 physical address bits",
                    "check its reg",
                )
            tree.memblock.add(low, high - low, 0, numa)
            if "hotpluggable" in node.properties:
                tree.memblock.mark(low, high - low, Flag.HOTPLUG.value)
    if not tree.memblock.memory:
        tree.notes.append(NO_MEMORY)


def _chosen(tree: State, chosen: Node) -> None:
    """Read the command line, and apply the range that a capture kernel may use."""
    bootargs = chosen.text("bootargs")
    if bootargs:
        tree.cmdline = printable(bootargs)
    if "linux,uefi-system-table" in chosen.properties:
        tree.notes.append(
            "this machine boots with EFI: the kernel takes its memory from the firmware, not from the tree"
        )
    value = chosen.properties.get("linux,usable-memory-range", b"")
    # The kernel compares a length in bytes with a number of cells here.
    usable = [] if len(value) % (tree.address_cells + tree.size_cells) else tree.pairs(chosen, value)[:2]
    if not usable:
        return
    start, end = usable[0]
    if start < end:
        tree.notes.append("linux,usable-memory-range: this is a capture kernel, and its memory is limited to that")
        tree.memblock.remove(0, start)
        tree.memblock.remove(end, PHYS_ADDR_MAX - end)
    else:
        tree.notes.append("linux,usable-memory-range has a size of 0: kernels ignore it")
    for start, end in usable[1:]:
        tree.memblock.add(start, end - start)


def _mem_option(tree: State, whose: str) -> None:
    """Apply `mem=` of the command line, before anything is reserved. whose: it is, for the note."""
    limit = mem_limit(tree.cmdline, SMALLEST_PAGE)
    if limit is not None and tree.memblock.memory:
        limited = apply_mem(MemoryMap(tuple(tree.memblock.memory)), limit, SMALLEST_PAGE)
        tree.memblock.memory = list(limited.regions)
        tree.notes.append(f"mem={printable(values(tree.cmdline, 'mem')[-1])} of {whose} command line is applied")


def _initrd(tree: State, chosen: Node | None) -> None:
    """Add the initrd to memory, if it is not, and reserve it: arm64_memblock_init()."""
    first, last = (
        chosen.properties.get(f"linux,initrd-{end}") if chosen is not None else None for end in ("start", "end")
    )
    if first is None or last is None or number(first) >= number(last):
        tree.notes.append("the tree has no initrd: if one is loaded, its place is unknown")
        return
    initrd = Range(*whole_pages((number(first), number(last)), SMALLEST_PAGE))
    memory = tree.memblock.memory
    if not memory:  # the boot loader fills in memory that includes it
        tree.reserve(initrd.start, initrd.end, "initrd")
    elif initrd.start < memory[0].start or initrd.end > min(memory[0].start + _LINEAR, PHYSICAL_TOP):
        tree.notes.append(
            f"the initrd at {initrd.start:#x} cannot be reached through the linear map: kernels warn and ignore it"
        )
    else:
        tree.memblock.add(initrd.start, initrd.size)
        tree.reserve(initrd.start, initrd.end, "initrd")


def _core_header(tree: State, chosen: Node) -> None:
    """Reserve the ELF header of the crashed kernel, in the tree of a capture kernel: fdt_reserve_elfcorehdr()."""
    for start, end in tree.pairs(chosen, chosen.properties.get("linux,elfcorehdr", b""))[:1]:
        if not tree.memblock.is_region_reserved(start, end - start):
            tree.reserve(start, end, "elfcorehdr")
