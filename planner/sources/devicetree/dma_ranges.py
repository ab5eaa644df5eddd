"""The highest address that all devices of a device tree can reach: `dma-ranges` of every bus.

Source: of_dma_get_max_cpu_address(), __of_translate_address() and of_translate_one(), drivers/of/address.c @ 6.1.
Arithmetic is modulo 2**64, as there; what cannot be translated is OF_BAD_ADDR, which is all ones. A bus without
`dma-ranges` is crossed 1:1, as one where they are empty.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from planner.base.ranges import subtract
from planner.kernel.memblock import Memblock
from planner.sources.devicetree.fdt import Entries, Node

__all__ = ["NO_LIMIT", "dma_limit_of"]

NO_LIMIT = (1 << 64) - 1
"""No bus limits its devices: PHYS_ADDR_MAX."""

_BAD = NO_LIMIT
_MOST_CELLS = 4  # OF_MAX_ADDR_CELLS
_PLAIN, _FLAGS, _PCI = range(3)  # of_busses[]: with three cells of address the first is not part of the number


class _Bus:
    """A bus: how the addresses on it are written, and its `dma-ranges`, read once.

    ranges: (space, start, space above, start above, length); the space of an address is 0 where it has none.
    """

    __slots__ = ("above", "address", "kind", "limited", "pieces", "ranges", "size")

    def __init__(self, node: Node, above: _Bus | None, entries: Entries) -> None:
        self.above = above
        self.address, self.size = _count(node, "#address-cells"), _count(node, "#size-cells")
        self.kind = _PLAIN if self.address != 3 else _PCI if _is_pci(node) else _FLAGS
        outer = above or self
        value = node.properties.get("dma-ranges", b"")
        self.limited = bool(value)
        self.ranges = entries.of(node, value, *self.parts, *outer.parts, self.size)
        self.pieces: dict[int, list[tuple[int, int, int, int]]] | None = None

    @property
    def parts(self) -> tuple[int, int]:
        """Cells of an address on this bus: of its space, of its number."""
        return (0, self.address) if self.kind == _PLAIN else (1, self.address - 1)

    @property
    def translates(self) -> bool:
        """True if addresses on it can be: OF_CHECK_COUNTS()."""
        return 0 < self.address <= _MOST_CELLS and self.size > 0

    def _class(self, space: int) -> int:
        """The part of a space by which two addresses are compared: on PCI memory, I/O or neither."""
        return (0, 1, 2, 2)[space >> 24 & 3] if self.kind == _PCI else space

    def through(self, space: int, address: int) -> tuple[int, int] | None:
        """An address on the bus above, by the first range that holds it; None where none does."""
        assert self.above is not None  # noqa: S101 - the root is not crossed
        low = NO_LIMIT if self.above.address > 1 else (1 << 32) - 1
        if not self.limited:
            return 0 if self.above.kind == _PLAIN else space, address & low
        if self.pieces is None:
            self.pieces = self._pieces()
        pieces = self.pieces.get(self._class(space), [])
        index = bisect_right(pieces, (address, _BAD, _BAD, _BAD)) - 1
        if index < 0 or address >= pieces[index][1]:
            return None
        start, _, space, translated = pieces[index]
        return space, (translated + address - start) & low

    def _pieces(self) -> dict[int, list[tuple[int, int, int, int]]]:
        """Of each class of addresses the parts of the ranges that are the first to hold them, ascending."""
        pieces: dict[int, list[tuple[int, int, int, int]]] = {}
        covered: dict[int, Memblock] = {}
        for space, low, space_above, above, length in self.ranges:
            kind = self._class(space)
            taken = covered.setdefault(kind, Memblock())
            end = (low + length) & NO_LIMIT  # a range that wraps around holds nothing
            if low < end:
                free = subtract((low, end), taken.reserved)
                pieces.setdefault(kind, []).extend((a, b, space_above, above + a - low) for a, b in free)
                taken.reserve(low, end - low)
        return {kind: sorted(found) for kind, found in pieces.items()}


def dma_limit_of(root: Node, name: str) -> tuple[int, str | None]:
    """The last address that every device reaches, and the name of a node whose ranges cannot be translated.

    Each bus counts with the end of its highest range, in CPU addresses; the lowest of these is the limit.
    name: of the blob. Raises InputError where it has more ranges than any board.
    """
    limit, untranslated = NO_LIMIT, None
    entries = Entries(name)
    stack: list[tuple[Node, _Bus | None]] = [(root, None)]
    while stack:
        node, above = stack.pop()
        if not node.children and not node.properties.get("dma-ranges"):
            continue
        bus = _Bus(node, above, entries)
        end, bad = _end_of(bus)
        limit = min(limit, end)
        untranslated = untranslated or (node.name if bad else None)
        stack.extend((child, bus) for child in node.children if child.available)
    return limit, untranslated


def _end_of(bus: _Bus) -> tuple[int, bool]:
    """The last CPU address of one bus's ranges, and whether one of them could not be translated."""
    if not bus.limited:
        return NO_LIMIT, False
    end, bad = 0, False
    buses = _buses_above(bus)
    for _, _, space, address, length in bus.ranges:
        cpu = _to_cpu(buses, space, address)
        bad |= cpu == _BAD
        stop = (cpu + length) & NO_LIMIT
        if stop > end:
            end = (stop - 1) & NO_LIMIT
    return end, bad


def _buses_above(bus: _Bus) -> list[_Bus]:
    found = []
    while bus.above is not None:
        bus = bus.above
        found.append(bus)
    return found


def _to_cpu(buses: Sequence[_Bus], space: int, address: int) -> int:
    """An address on the first of these buses, translated through all of them up to the root, the last."""
    for bus in buses:
        if not bus.translates:
            return _BAD
        if bus.above is None:
            return address
        translated = bus.through(space, address)
        if translated is None:
            return _BAD
        space, address = translated
    return _BAD  # the root lies on no bus


def _count(node: Node | None, name: str) -> int:
    """The number of cells on this bus: its own, or that of the nearest bus above that says it."""
    while node is not None:
        count = node.cell(name)
        if count is not None:
            return min(count, 8)
        node = node.parent
    return 1


def _is_pci(node: Node) -> bool:
    """of_bus_pci_match(): a PCI bus, or one that is called so."""
    return node.text("device_type") in ("pci", "pciex") or node.name.partition("@")[0] == "pcie"
