"""Up to which address all devices of a device tree can reach: `dma-ranges` of every bus. Imports `fdt`.

Source: of_dma_get_max_cpu_address(), of_translate_dma_address() and of_pci_range_parser_one(), drivers/of/address.c
@ 6.1. Arithmetic is modulo 2**64, as there; what cannot be translated is OF_BAD_ADDR, which is all ones.
"""

from __future__ import annotations

from planner.sources.fdt import Node, cells, number

__all__ = ["NO_LIMIT", "dma_limit_of"]

NO_LIMIT = (1 << 64) - 1
"""No bus limits its devices: PHYS_ADDR_MAX."""

_BAD = NO_LIMIT
_SPACE = 0x3000000  # of a PCI address: which address space


def dma_limit_of(root: Node) -> tuple[int, str | None]:
    """The last address that every device reaches, and the name of a node whose ranges cannot be translated.

    Each bus counts with the end of its highest range, in CPU addresses; the lowest of these is the limit.
    """
    limit, untranslated = NO_LIMIT, None
    stack = [root]
    while stack:
        node = stack.pop()
        end, bad = _end_of(node)
        limit = min(limit, end)
        untranslated = untranslated or (node.name if bad else None)
        stack.extend(child for child in node.children if child.available)
    return limit, untranslated


def _end_of(node: Node) -> tuple[int, bool]:
    """The last CPU address of one bus's ranges, and whether one of them could not be translated."""
    value = node.properties.get("dma-ranges")
    if not value:
        return NO_LIMIT, False
    address, size, above = _count(node, "#address-cells"), _count(node, "#size-cells"), _above(node, "#address-cells")
    end, bad = 0, False
    step = 4 * (address + above + size)
    for at in range(0, len(value) - step + 1, step) if step else ():
        start = at + 4 * address
        cpu = _to_cpu(node, value[start : start + 4 * above])
        length = number(value[start + 4 * above : at + step])
        bad |= cpu == _BAD
        stop = (cpu + length) & NO_LIMIT
        if stop > end:
            end = (stop - 1) & NO_LIMIT
    return end, bad


def _count(node: Node | None, name: str) -> int:
    """The number of cells on this bus: its own, or that of the nearest bus above that says it."""
    while node is not None:
        count = node.cell(name)
        if count is not None:
            return min(count, 8)
        node = node.parent
    return 1


def _above(node: Node, name: str) -> int:
    return _count(node.parent, name) if node.parent is not None else _count(node, name)


def _to_cpu(node: Node, address: bytes) -> int:
    """An address on the bus above a node, translated through the `dma-ranges` of all buses above."""
    bus = node.parent
    while bus is not None and bus.parent is not None:
        ranges = bus.properties.get("dma-ranges")
        if ranges is None:
            return _BAD
        if ranges:
            translated = _through(bus, ranges, address)
            if translated is None:
                return _BAD
            address = translated
        bus = bus.parent
    return number(address)


def _through(bus: Node, ranges: bytes, address: bytes) -> bytes | None:
    """One address through the ranges of one bus: the first that holds it; None where none does."""
    child, parent, size = _count(bus, "#address-cells"), _above(bus, "#address-cells"), _count(bus, "#size-cells")
    pci = bus.text("device_type") in ("pci", "pciex") and child == 3
    wanted = number(address[4:] if pci else address)
    for low, space, start, length in _entries(ranges, child, parent, size, pci=pci):
        if pci and (space ^ number(address[:4])) & _SPACE:
            continue
        if low <= wanted < low + length:
            return ((start + wanted - low) & NO_LIMIT).to_bytes(8, "big").rjust(4 * parent, b"\0")[-4 * parent :]
    return None


def _entries(ranges: bytes, child: int, parent: int, size: int, *, pci: bool) -> list[tuple[int, int, int, int]]:
    if pci:
        return [(low, space, start, n) for space, low, start, n in cells(ranges, 1, child - 1, parent, size)]
    return [(low, 0, start, n) for low, start, n in cells(ranges, child, parent, size)]
