"""The highest address that all devices of a device tree can reach, from the `dma-ranges` of every bus.

Source: of_dma_get_max_cpu_address(), __of_translate_address() and of_translate_one(), drivers/of/address.c @ 6.1.
Arithmetic is modulo 2**64, as there; an address that cannot be translated is OF_BAD_ADDR, all ones. A bus without
`dma-ranges`, or with empty ones, is an identity mapping.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from planner.base.ranges import subtract
from planner.kernel.memblock import PHYS_ADDR_MAX, Memblock
from planner.sources.devicetree.fdt import Entries, Node

__all__ = ["dma_limit_of"]

_BAD = PHYS_ADDR_MAX
_MOST_CELLS = 4  # OF_MAX_ADDR_CELLS
_PLAIN, _FLAGS, _PCI = range(3)  # of_busses[]: the first of three address cells is not part of the number


class _Bus:
    """A bus: the form of its addresses, and its `dma-ranges`.

    ranges: (space, start, parent space, parent start, length); the space is 0 on a bus without address spaces.
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
        """Cells of an address on this bus: of its space and of its number."""
        return (0, self.address) if self.kind == _PLAIN else (1, self.address - 1)

    @property
    def translates(self) -> bool:
        """True if addresses on this bus can be translated: OF_CHECK_COUNTS()."""
        return 0 < self.address <= _MOST_CELLS and self.size > 0

    def _class(self, space: int) -> int:
        """The part of a space that must match: on PCI, whether it is memory, I/O or neither."""
        return (0, 1, 2, 2)[space >> 24 & 3] if self.kind == _PCI else space

    def through(self, space: int, address: int) -> tuple[int, int] | None:
        """The address on the parent bus, by the first range that contains it; None if none does."""
        assert self.above is not None  # noqa: S101 - the root is not crossed
        low = PHYS_ADDR_MAX if self.above.address > 1 else (1 << 32) - 1
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
        """For each class of addresses, the parts of ranges that no earlier range covers, in ascending order."""
        pieces: dict[int, list[tuple[int, int, int, int]]] = {}
        covered: dict[int, Memblock] = {}
        for space, low, space_above, above, length in self.ranges:
            kind = self._class(space)
            taken = covered.setdefault(kind, Memblock())
            end = (low + length) & PHYS_ADDR_MAX  # a range that wraps around contains nothing
            if low < end:
                free = subtract((low, end), taken.reserved)
                pieces.setdefault(kind, []).extend((a, b, space_above, above + a - low) for a, b in free)
                taken.reserve(low, end - low)
        return {kind: sorted(found) for kind, found in pieces.items()}


def dma_limit_of(root: Node, name: str) -> tuple[int, str | None]:
    """The last address that every device can reach, and the name of a node whose ranges cannot be translated.

    The limit is the lowest of the ends of each bus's highest range, in CPU addresses. name: of the blob. Raises
    InputError for more ranges than any board has.
    """
    limit, untranslated = PHYS_ADDR_MAX, None
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
    """The last CPU address in the ranges of one bus, and whether one of them cannot be translated."""
    if not bus.limited:
        return PHYS_ADDR_MAX, False
    end, bad = 0, False
    buses = _buses_above(bus)
    for _, _, space, address, length in bus.ranges:
        cpu = _to_cpu(buses, space, address)
        bad |= cpu == _BAD
        stop = (cpu + length) & PHYS_ADDR_MAX
        if stop > end:
            end = (stop - 1) & PHYS_ADDR_MAX
    return end, bad


def _buses_above(bus: _Bus) -> list[_Bus]:
    found = []
    while bus.above is not None:
        bus = bus.above
        found.append(bus)
    return found


def _to_cpu(buses: Sequence[_Bus], space: int, address: int) -> int:
    """The CPU address of an address on the first of these buses, which end with the root."""
    for bus in buses:
        if not bus.translates:
            return _BAD
        if bus.above is None:
            return address
        translated = bus.through(space, address)
        if translated is None:
            return _BAD
        space, address = translated
    return _BAD  # the root is on no bus


def _count(node: Node | None, name: str) -> int:
    """The number of cells on this bus: its own property, or that of the nearest ancestor with one."""
    while node is not None:
        count = node.cell(name)
        if count is not None:
            return min(count, 8)
        node = node.parent
    return 1


def _is_pci(node: Node) -> bool:
    """of_bus_pci_match(): a PCI bus by device_type, or by its name."""
    return node.text("device_type") in ("pci", "pciex") or node.name.partition("@")[0] == "pcie"
