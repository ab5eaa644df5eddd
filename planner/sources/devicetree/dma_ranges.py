"""The highest address that all devices of a device tree can reach, from the `dma-ranges` of every bus.

Source: of_dma_get_max_cpu_address(), __of_translate_address() and of_translate_one(), drivers/of/address.c @ 6.1.
Arithmetic is modulo 2**64, as there; an address that cannot be translated is OF_BAD_ADDR, all ones. A bus without
`dma-ranges`, or with empty ones, is an identity mapping.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from planner.base.ranges import subtract
from planner.kernel.memblock import PHYS_ADDR_MAX, Memblock
from planner.sources.devicetree.fdt import Entries, Node

__all__ = ["dma_limit_of"]

_BAD = PHYS_ADDR_MAX  # OF_BAD_ADDR
_MOST_CELLS = 4  # OF_MAX_ADDR_CELLS
_PLAIN, _FLAGS, _PCI = range(3)  # of_busses[]: the first of three address cells is not part of the number


class _DmaRange(NamedTuple):
    """One entry of `dma-ranges`: a start on this bus, the start on the parent bus that it becomes, and the length.

    space, space_above: the address space of each, 0 on a bus without address spaces.
    """

    space: int
    start: int
    space_above: int
    above: int
    length: int


class _Piece(NamedTuple):
    """The part of an entry of `dma-ranges` that no earlier one covers: `[start, end)`, and what its start becomes."""

    start: int
    end: int
    space_above: int
    above: int


class _Bus:
    """A bus: the form of its addresses, and its `dma-ranges`.

    address, size: cells of an address and of a length. limited: it has ranges, beyond which nothing is reached.
    """

    __slots__ = ("above", "address", "kind", "limited", "pieces", "ranges", "size")

    def __init__(self, node: Node, above: _Bus | None, entries: Entries) -> None:
        self.above = above
        self.address, self.size = _count(node, "#address-cells"), _count(node, "#size-cells")
        self.kind = _PLAIN if self.address != 3 else _PCI if _is_pci(node) else _FLAGS
        outer = above or self
        value = node.properties.get("dma-ranges", b"")
        self.limited = bool(value)
        found = entries.of(node, value, *self.parts, *outer.parts, self.size)
        self.ranges = [_DmaRange(*cells) for cells in found]
        self.pieces: dict[int, list[_Piece]] | None = None

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
        index = bisect_right(pieces, address, key=lambda piece: piece.start) - 1
        if index < 0 or address >= pieces[index].end:
            return None
        piece = pieces[index]
        return piece.space_above, (piece.above + address - piece.start) & low

    def _pieces(self) -> dict[int, list[_Piece]]:
        """For each class of addresses, the parts of ranges that no earlier range covers, in ascending order."""
        pieces: dict[int, list[_Piece]] = {}
        covered: dict[int, Memblock] = {}
        for r in self.ranges:
            kind = self._class(r.space)
            taken = covered.setdefault(kind, Memblock())
            end = (r.start + r.length) & PHYS_ADDR_MAX  # a range that wraps around contains nothing
            if r.start < end:
                free = subtract((r.start, end), taken.reserved)
                pieces.setdefault(kind, []).extend(_Piece(a, b, r.space_above, r.above + a - r.start) for a, b in free)
                taken.reserve(r.start, end - r.start)
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
    for r in bus.ranges:
        cpu = _to_cpu(buses, r.space_above, r.above)
        bad |= cpu == _BAD
        stop = (cpu + r.length) & PHYS_ADDR_MAX
        if stop > end:
            end = (stop - 1) & PHYS_ADDR_MAX
    return end, bad


def _buses_above(bus: _Bus) -> list[_Bus]:
    """The buses between one and the processors, the nearest first; the last is the root."""
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
            return min(count, 2 * _MOST_CELLS)  # as good as any: such addresses are not translated
        node = node.parent
    return 1


def _is_pci(node: Node) -> bool:
    """of_bus_pci_match(): a PCI bus by device_type, or by its name."""
    return node.text("device_type") in ("pci", "pciex") or node.name.partition("@")[0] == "pcie"
