"""/reserved-memory of a device tree: nodes with an address, then those with a size only, which memblock places.

The first pass reserves nodes with an address and stores the first range of each; the second one places the others and
sets up pools. A pool that cannot be set up is freed, or loses its NOMAP flag if it has no-map. Source:
fdt_scan_reserved_mem(), drivers/of/fdt.c; fdt_init_reserved_mem(), drivers/of/of_reserved_mem.c; rmem_cma_setup() and
rmem_dma_setup(), kernel/dma @ 6.1, 6.12.117; how others differ: `Profile.reserved_nodes`, `Profile.keeps_pools`,
`cma.cma_align`. A kernel without CMA has rmem_dma_setup() alone, which refuses pools.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from planner.base.ranges import Span
from planner.base.sizes import U64, format_size
from planner.base.text import counted
from planner.kernel.memblock import PHYS_ADDR_MAX
from planner.kernel.memory_map import Flag
from planner.kernel.of_reserved_mem import kernel_sorted
from planner.sources.devicetree.fdt import Node, number
from planner.sources.devicetree.state import State

__all__ = ["MAX_NODES", "scan", "set_up"]

MAX_NODES = 64
"""Nodes stored between the passes: MAX_RESERVED_REGIONS."""

_AS = {"sorted": "kernels up to 6.4 do", "beside": "6.5 to 6.12.12 do", "placed": "6.12.13 and newer do"}
"""The kernels that place nodes by a rule."""

_NOMAP = Flag.NOMAP.value


class Saved(NamedTuple):
    """A node stored between the passes, with its first range, which is empty if the node has none."""

    node: Node
    start: int
    end: int

    @property
    def has_range(self) -> bool:
        """True if the first pass gave it a range that is not empty."""
        return self.start != self.end


def scan(tree: State) -> list[Saved]:
    """Reserve nodes with an address. Returns the nodes for `set_up`."""
    parent = tree.root.child("reserved-memory")
    if parent is None:
        return []
    if (
        parent.cell("#address-cells") != tree.address_cells
        or parent.cell("#size-cells") != tree.size_cells
        or "ranges" not in parent.properties
    ):
        tree.notes.append("/reserved-memory has other cell counts than the root, or no ranges: kernels ignore it")
        return []
    saved: list[Saved] = []
    stored = 0
    for node in parent.children:
        if not node.available:
            continue
        first = _static(tree, node) if "reg" in node.properties else (0, 0)
        if first is None or ("reg" not in node.properties and "size" not in node.properties):
            continue
        # Since 6.13, nodes with an address are stored after the others are placed, in an array of the right size.
        apart = tree.rules.placing == "placed" and first[0] != first[1]
        if apart or stored < MAX_NODES:
            saved.append(Saved(node, *first))
            stored += not apart
        elif "reg" not in node.properties:
            tree.tell(node, f"there is room for {MAX_NODES} nodes: later ones without an address are ignored")
    return saved


def set_up(tree: State, saved: list[Saved]) -> None:
    """Place the nodes without an address, and set up all pools."""
    known = [(one.start, one.end) for one in saved if one.start < one.end] if tree.rules.placing == "beside" else []
    freed: list[Span] = []
    for node, start, end in _in_order(tree, saved):
        at: tuple[int, int] | None = (start, end)
        if start == end and "size" not in node.properties:
            tree.tell(node, "its reg has a size of 0: nothing is reserved")
            continue
        if start == end:
            at = _dynamic(tree, node, known)
            tree.placed += 1
            known += [at] if at is not None else []
        tree.pools += _is_pool(node)
        tree.unmapped += _is_pool(node) and "no-map" in node.properties
        tree.defaults += _is_default(node)
        if at is not None and (why := _refused(tree, node, *at)) is not None:
            tree.tell(node, why)
            if "no-map" in node.properties:
                tree.memblock.mark(at[0], at[1] - at[0], _NOMAP, value=False)
            elif start == end:
                tree.release(at)
            else:  # those without an address come first: no search meets what is freed here
                freed.append(at)
        elif at is not None and _is_default(node) and tree.rules.cma and "no-map" not in node.properties:
            tree.default_cma = True
    tree.release(*freed)
    if tree.placed:
        tree.notes.append(
            counted(tree.placed, "reserved-memory node has", "reserved-memory nodes have")
            + f" a size but no address: placed as {_AS[tree.rules.placing]}, disregarding the kernel image"
        )


def _in_order(tree: State, saved: list[Saved]) -> Iterable[Saved]:
    """The nodes in the order of their addresses, those without one first: __rmem_check_for_overlap() sorts them."""
    if tree.rules.placing == "sorted":
        return kernel_sorted(saved, key=lambda one: (one.start, one.end - one.start))
    return sorted(saved, key=lambda one: (one.start, one.end))


def _static(tree: State, node: Node) -> tuple[int, int] | None:
    """Reserve every range of a node, and return the first; None if there is none."""
    value = node.properties["reg"]
    if len(value) % (4 * (tree.address_cells + tree.size_cells)):
        tree.tell(node, "the length of its reg is wrong, it is skipped")
        return None
    ranges = tree.pairs(node, value)
    nomap = "no-map" in node.properties
    for index, (start, end) in enumerate(ranges):
        if start >= end:
            continue
        if index:
            tree.further(start, end, node.name, nomap=nomap)
        elif nomap:
            tree.first_nomap.append((start, end))
        if not nomap:
            tree.reserve(start, end, node.name)
        elif tree.memblock.is_region_reserved(start, end - start) and tree.memblock.overlaps(start, end - start):
            tree.tell(node, "it is reserved already and cannot become nomap")
        else:
            tree.memblock.mark(start, end - start, _NOMAP)
    return ranges[0] if ranges else None


def _dynamic(tree: State, node: Node, known: list[Span]) -> tuple[int, int] | None:
    """Place a node in the first of its alloc-ranges with room: __reserved_mem_alloc_size().

    known: memory of other nodes that the kernel has stored.
    """
    size_value, align_value = node.properties["size"], node.properties.get("alignment", b"")
    if len(size_value) != 4 * tree.size_cells or len(align_value) not in (0, 4 * tree.address_cells):
        tree.tell(node, "the length of its size or alignment is wrong, it is skipped")
        return None
    size, align = number(size_value), number(align_value)
    if _is_pool(node) and "no-map" not in node.properties and tree.rules.cma:
        align = max(align, tree.rules.cma_align)
    if align & (align - 1):
        tree.tell(node, "its alignment is not a power of two: it is skipped")
        return None
    ranges = [(0, PHYS_ADDR_MAX)]
    if (value := node.properties.get("alloc-ranges")) is not None:
        if len(value) % (4 * (tree.address_cells + tree.size_cells)):
            tree.tell(node, "the length of its alloc-ranges is wrong, it is skipped")
            return None
        ranges = tree.pairs(node, value)
    found = None
    if 0 < size < U64 // 2:
        searches = (
            tree.memblock.search(size, align, a, b, bottom_up=tree.rules.placing != "sorted" and _upwards(known, a, b))
            for a, b in ranges
        )
        found = next((at for at in searches if at is not None), None)
    if found is None:
        tree.tell(node, f"there is no room for its {size >> 10}K")
        return None
    tree.reserve(found, found + size, node.name)
    if "no-map" in node.properties:
        tree.memblock.mark(found, size, _NOMAP)
    return found, found + size


def _upwards(known: list[Span], start: int, end: int) -> bool:
    """True if a range is searched upwards: its start is at known memory, its end is not.

    Source: __reserved_mem_alloc_in_range(), drivers/of/of_reserved_mem.c @ 6.12.117.
    """
    return any(a <= start <= b for a, b in known) and not any(a <= end <= b for a, b in known)


def _is_default(node: Node) -> bool:
    """True if a node is the pool that DMA uses by default."""
    return _is_pool(node) and "linux,cma-default" in node.properties


def _is_pool(node: Node) -> bool:
    """True if a node is a CMA pool."""
    return "reusable" in node.properties and "shared-dma-pool" in node.strings("compatible")


def _refused(tree: State, node: Node, start: int, end: int) -> str | None:
    """The reason why a pool cannot be set up; None if it can, or the node is not a pool."""
    if not _is_pool(node):
        return None
    if "no-map" in node.properties:
        why, up_to_7_0 = "a reusable pool cannot have no-map", "it becomes ordinary memory"
    elif not tree.rules.cma:
        why, up_to_7_0 = "the kernel is built without CMA", "the pool is freed"
    else:
        return _misfit(tree, node, start, end)
    if not tree.rules.keeps_pools:
        return f"{why}: {up_to_7_0}, as up to 7.0"
    tree.tell(node, f"{why}: it is reserved all the same, as from 7.1 on")
    return None


def _misfit(tree: State, node: Node, start: int, end: int) -> str | None:
    """The reason why a pool cannot become a CMA area; None if it can."""
    if tree.rules.cma_given and _is_default(node):
        return "cma= is on the command line, the pool is freed"
    if (start | end) % tree.rules.cma_align:
        return f"the pool is not aligned to {format_size(tree.rules.cma_align)}, it is freed"
    return None
