"""Device tree blobs: memblock as a kernel makes it of one when it boots without EFI. Imports `fdt` and `memblock`.

In the kernel's order: memory nodes, the usable range, `mem=`, the initrd, the reserve map, /reserved-memory with an
address, then /reserved-memory with a size only, which memblock places. What a blob cannot show is in the notes.
Source: drivers/of/fdt.c, drivers/of/of_reserved_mem.c, arch/arm64/mm/init.c @ 6.1.
"""

from __future__ import annotations

from planner.errors import InputError, printable
from planner.limits import apply_mem
from planner.machine import Facts, Machine
from planner.memblock import Memblock
from planner.memory_map import Flag, MemoryMap, Reserved
from planner.plurals import counted
from planner.ranges import Range
from planner.sizes import KIB, MIB, memparse, round_up
from planner.sources.dma_ranges import dma_limit_of
from planner.sources.fdt import Blob, Node, cells, number

__all__ = ["parse"]

_PAGE = 4 * KIB
_CMA_ALIGN = 2 * MIB  # pageblock_nr_pages with 4K pages: CMA_MIN_ALIGNMENT_BYTES, since 5.19
_TOP = 1 << 52
_SPAN = 1 << 64
_MANY = 4096  # ranges: more than any board has, and few enough to place one after the other


class _Tree:
    """The state between the steps: memblock, names of reservations, what to tell."""

    def __init__(self, root: Node, name: str) -> None:
        self.root, self.name = root, name
        self.address_cells = _cell_count(root, "#address-cells", name)
        self.size_cells = _cell_count(root, "#size-cells", name)
        self.memblock = Memblock()
        self.reserved: list[Reserved] = []
        self.notes: list[str] = []
        self.cmdline: str | None = None
        self.steps = 0

    def pairs(self, value: bytes) -> list[tuple[int, int]]:
        """A property of (address, size) pairs in the root's cells, as `[start, end)` with nothing beyond 64 bits."""
        found = []
        for start, size in cells(value, self.address_cells, self.size_cells):
            self.steps += 1
            if self.steps > _MANY:
                raise InputError(self.name, f"has more than {_MANY} ranges of memory", "give the tree of one machine")
            found.append((start, min(start + size, _SPAN - 1)))
        return found

    def reserve(self, start: int, end: int, label: str) -> None:
        """Reserve, and remember under which name."""
        if start < end:
            self.memblock.reserve(start, end - start)
            self.reserved.append(Reserved(start, end, printable(label)))


def parse(data: bytes, name: str) -> Machine:
    """The machine that a blob describes. Raises InputError, for damage with the byte offset."""
    blob = Blob(data, name)
    tree = _Tree(blob.root, name)
    _memory(tree)
    chosen = blob.root.child("chosen")
    initrd = _chosen(tree, chosen) if chosen is not None else None
    _mem_option(tree)
    if initrd is not None:
        start, end = initrd.start // _PAGE * _PAGE, round_up(initrd.end, _PAGE)
        tree.memblock.add(start, end - start)
        tree.reserve(start, end, "initrd")
    for start, size in blob.reserve_map[:_MANY]:
        tree.reserve(start, min(start + size, _SPAN - 1), "memreserve")
    _reserved_memory(tree)
    limit, untranslated = dma_limit_of(blob.root)
    if untranslated:
        tree.notes.append(
            f"dma-ranges of {printable(untranslated)} cannot be translated to CPU addresses; the kernel's arithmetic "
            "goes on with them all the same, and so does this limit"
        )
    if initrd is None:
        tree.notes.append("the tree names no initrd: where it lies, if there is one, is not known")
    tree.notes.append(
        "a device tree does not show where the kernel image and the tree itself lie, nor the kernel's page size and "
        "its own CMA size"
    )
    facts = Facts(cmdline=tree.cmdline, firmware_dma_limit=limit)
    memory = MemoryMap(tuple(tree.memblock.memory), tuple(tree.reserved))
    return Machine(name, "dtb", memory, facts, settled=False, notes=tuple(tree.notes))


def _cell_count(root: Node, name: str, file: str) -> int:
    count = root.cell(name)
    if count is None:
        return 1  # OF_ROOT_NODE_ADDR_CELLS_DEFAULT, OF_ROOT_NODE_SIZE_CELLS_DEFAULT
    if not 0 < count <= 4:
        raise InputError(file, f"{name} of the root node is {count}", "give the tree of a machine: 1 or 2 is usual")
    return count


def _memory(tree: _Tree) -> None:
    """early_init_dt_scan_memory(): children of the root whose device_type is memory."""
    nodes = [n for n in tree.root.children if n.text("device_type") == "memory"]
    if not nodes:
        nodes = [n for n in tree.root.children if n.name.partition("@")[0] == "memory"]
        if nodes:
            tree.notes.append("the memory nodes have no device_type: kernels leave them to the boot loader")
    for node in nodes:
        value = node.properties.get("linux,usable-memory", node.properties.get("reg"))
        if value is None or not node.available:
            continue
        numa = node.cell("numa-node-id")
        for start, end in tree.pairs(value):
            low, high = round_up(start, _PAGE), end // _PAGE * _PAGE
            if low >= high:
                continue
            if high > _TOP:
                raise InputError(
                    tree.name,
                    f"memory of {printable(node.name)} ends at {high:#x}, beyond 52 physical address bits",
                    "check its reg",
                )
            tree.memblock.add(low, high - low, 0, numa)
            if "hotpluggable" in node.properties:
                tree.memblock.mark(low, high - low, Flag.HOTPLUG.value)
    if not tree.memblock.memory:
        tree.notes.append("the tree has no memory: a boot loader fills it in, or EFI tells the kernel instead")


def _chosen(tree: _Tree, chosen: Node) -> Range | None:
    """The command line, the range that a capture kernel may use, and the initrd."""
    bootargs = chosen.text("bootargs")
    if bootargs:
        tree.cmdline = printable(bootargs)
    if "linux,uefi-system-table" in chosen.properties:
        tree.notes.append(
            "this machine boots with EFI: the kernel takes its memory from the firmware, not from the tree"
        )
    value = chosen.properties.get("linux,usable-memory-range")
    if value:
        usable = tree.pairs(value)[:2]
        if usable:
            tree.notes.append("linux,usable-memory-range: this is a capture kernel, and its memory is cut to that")
            start, end = usable[0]
            kept = [r for r in tree.memblock.memory if (r.start < end and start < r.end) or r.flags & Flag.NOMAP]
            for region in tree.memblock.memory.copy():
                if region not in kept:
                    tree.memblock.remove(region.start, region.end - region.start)
            tree.memblock.remove(0, start)
            tree.memblock.remove(end, _SPAN - 1 - end)
            for start, end in usable[1:]:
                tree.memblock.add(start, end - start)
    first, last = chosen.properties.get("linux,initrd-start"), chosen.properties.get("linux,initrd-end")
    if first is None or last is None or number(first) >= number(last) or number(last) > _TOP:
        return None
    return Range(number(first), number(last))


def _mem_option(tree: _Tree) -> None:
    """`mem=` of the tree's own command line, which comes before anything is reserved."""
    for word in (tree.cmdline or "").split():
        if word.startswith("mem=") and tree.memblock.memory:
            limit = memparse(word[4:])[0]
            if limit:
                limited = apply_mem(MemoryMap(tuple(tree.memblock.memory)), limit, _PAGE, None)
                tree.memblock.memory = list(limited.regions)
                tree.notes.append(f"{printable(word)} of the tree's command line is applied")


def _reserved_memory(tree: _Tree) -> None:
    """fdt_scan_reserved_mem() and fdt_init_reserved_mem(): with an address first, then those with a size only."""
    parent = tree.root.child("reserved-memory")
    if parent is None:
        return
    if (
        parent.cell("#address-cells") != tree.address_cells
        or parent.cell("#size-cells") != tree.size_cells
        or "ranges" not in parent.properties
    ):
        tree.notes.append("/reserved-memory has other cells than the root, or no ranges: kernels ignore it whole")
        return
    sized = []
    for node in parent.children:
        if not node.available:
            continue
        if "reg" in node.properties:
            _static(tree, node)
        elif "size" in node.properties:
            sized.append(node)
    for node in sized:
        _dynamic(tree, node)
    if sized:
        tree.notes.append(
            counted(len(sized), "reserved-memory node has", "reserved-memory nodes have")
            + " a size but no address: placed as 6.1 would, with 4K pages, in the tree's order, and without the kernel "
            "image in the way"
        )


def _static(tree: _Tree, node: Node) -> None:
    value = node.properties["reg"]
    if len(value) % (4 * (tree.address_cells + tree.size_cells)):
        tree.notes.append(f"reserved-memory {printable(node.name)}: the length of its reg is wrong, it is skipped")
        return
    nomap = "no-map" in node.properties
    for start, end in tree.pairs(value):
        if start >= end:
            continue
        if not nomap:
            if not _given_back(tree, node, start, end):
                tree.reserve(start, end, node.name)
        elif tree.memblock.is_region_reserved(start, end - start) and any(
            r.start < end and start < r.end for r in tree.memblock.memory
        ):
            tree.notes.append(f"reserved-memory {printable(node.name)} is reserved already: it cannot become nomap")
        else:
            tree.memblock.mark(start, end - start, Flag.NOMAP.value)


def _is_pool(node: Node) -> bool:
    """Whether a node becomes a CMA area: rmem_cma_setup()."""
    return (
        "shared-dma-pool" in node.strings("compatible")
        and "reusable" in node.properties
        and "no-map" not in node.properties
    )


def _given_back(tree: _Tree, node: Node, start: int, end: int) -> bool:
    """Whether a pool is freed again: `cma=` replaces the default one, and a CMA area has whole page blocks."""
    if not _is_pool(node):
        return False
    label = printable(node.name)
    if "linux,cma-default" in node.properties and any(w.startswith("cma=") for w in (tree.cmdline or "").split()):
        tree.notes.append(f"cma= on the command line: the pool {label} is given back")
        return True
    if (start | end) % _CMA_ALIGN:
        tree.notes.append(f"the pool {label} is not aligned to 2M: with 4K pages it is given back")
        return True
    return False


def _dynamic(tree: _Tree, node: Node) -> None:
    """__reserved_mem_alloc_size(): memblock places it, in the first of its ranges that has room."""
    label = printable(node.name)
    size_value, align_value = node.properties["size"], node.properties.get("alignment", b"")
    if len(size_value) != 4 * tree.size_cells or len(align_value) not in (0, 4 * tree.address_cells):
        tree.notes.append(f"reserved-memory {label}: the length of its size or alignment is wrong, it is skipped")
        return
    size, align = number(size_value), number(align_value)
    nomap = "no-map" in node.properties
    if _is_pool(node):
        align = max(align, _CMA_ALIGN)
    if align & (align - 1):
        tree.notes.append(f"reserved-memory {label}: its alignment is no power of two, it is skipped")
        return
    ranges = tree.pairs(node.properties["alloc-ranges"]) if "alloc-ranges" in node.properties else [(0, _SPAN - 1)]
    found = None
    if 0 < size < _SPAN // 2:
        found = next((at for a, b in ranges if (at := tree.memblock.search(size, align, a, b)) is not None), None)
    if found is None:
        tree.notes.append(f"reserved-memory {label}: there is no room for its {size >> 10}K")
        return
    if _given_back(tree, node, found, found + size):
        return
    if nomap:
        tree.memblock.reserve(found, size)
        tree.reserved.append(Reserved(found, found + size, label))
        tree.memblock.mark(found, size, Flag.NOMAP.value)
    else:
        tree.reserve(found, found + size, node.name)
