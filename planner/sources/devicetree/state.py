"""The state of a kernel that reads a device tree: memblock, names of reservations, notes."""

from __future__ import annotations

from planner.base.errors import InputError, Location, printable
from planner.base.ranges import Span, subtract, union
from planner.kernel.machine import FurtherRange, TreeRules
from planner.kernel.memblock import PHYS_ADDR_MAX, Memblock
from planner.kernel.memory_map import MemoryMap, Reserved
from planner.sources.devicetree.fdt import Entries, Node

__all__ = ["State"]

_NAMED = 3  # nodes named in one note


class State:
    """The state between the steps of reading; ranges have the cells of the root node.

    short: what is wrong with a memory node whose `reg` ends within a range, "" for none.
    rules: those of the kernel. pools, unmapped, placed, defaults: the numbers of CMA pools, of those with no-map, of
    nodes with a size only, and of pools for the default CMA area. default_cma: one of them is that area.
    """

    def __init__(self, root: Node, name: str, rules: TreeRules = TreeRules()) -> None:  # noqa: B008 - it is constant
        self.root, self.name, self.rules = root, name, rules
        self.address_cells = self._cell_count("#address-cells")
        self.size_cells = self._cell_count("#size-cells")
        self.memblock = Memblock()
        self.reserved: list[Reserved] = []
        self.notes: list[str] = []
        self.cmdline: str | None = None
        self.short = ""
        self.first_nomap: list[Span] = []
        self.pools = self.unmapped = self.placed = self.defaults = 0
        self.default_cma = False
        self._further: list[FurtherRange] = []
        self._entries = Entries(name)
        self._told: dict[str, list[str]] = {}

    def _cell_count(self, name: str) -> int:
        """The number of cells that the root node gives. Raises InputError for one that no machine has."""
        count = self.root.cell(name)
        if count is None:
            return 1  # OF_ROOT_NODE_ADDR_CELLS_DEFAULT, OF_ROOT_NODE_SIZE_CELLS_DEFAULT
        if not 0 < count <= 4:
            where = Location(self.name, offset=self.root.offset)
            raise InputError(
                where, f"{name} of the root node is {count}", "give the tree of a machine: 1 or 2 is usual"
            )
        return count

    def pairs(self, node: Node, value: bytes) -> list[tuple[int, int]]:
        """The (address, size) pairs of a property as `[start, end)`, cut at 64 bits. Raises InputError."""
        found = self._entries.of(node, value, self.address_cells, self.size_cells)
        return [(start, min(start + size, PHYS_ADDR_MAX)) for start, size in found]

    def reserve(self, start: int, end: int, label: str) -> None:
        """Reserve a range, with a name."""
        if start < end:
            self.memblock.reserve(start, end - start)
            self.reserved.append(Reserved(start, end, printable(label)))

    def release(self, *spans: Span) -> None:
        """Free ranges, even those that several reservations cover."""
        for start, end in spans:
            self.memblock.free(start, end - start)
        freed = union(spans)
        kept = [(r.name, piece) for r in self.reserved for piece in subtract(r.span, freed)]
        self.reserved = [Reserved(*piece, name) for name, piece in kept]

    def further(self, start: int, end: int, label: str, *, nomap: bool) -> None:
        """Store a range after the first one of a node."""
        self._further.append(FurtherRange(start, end, printable(label), nomap))

    def further_ranges(self) -> tuple[FurtherRange, ...]:
        """The stored ranges, without parts that are NOMAP because of the first range of a node."""
        first = union(self.first_nomap)
        found: list[FurtherRange] = []
        for r in self._further:
            pieces = subtract((r.start, r.end), first) if r.nomap else [(r.start, r.end)]
            found += [r._replace(start=a, end=b) for a, b in pieces]
        return tuple(found)

    def tell(self, node: Node, what: str) -> None:
        """Add a note on a node of /reserved-memory; nodes with the same text share one note."""
        self._told.setdefault(what, []).append(node.name)

    def memory(self) -> MemoryMap:
        """The map."""
        return MemoryMap(tuple(self.memblock.memory), tuple(self.reserved))

    def all_notes(self) -> list[str]:
        """The notes, those about nodes last."""
        merged = []
        for what, names in self._told.items():
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            merged.append(f"reserved-memory {', '.join(map(printable, names[:_NAMED]))}{more}: {what}")
        return [*self.notes, *merged]
