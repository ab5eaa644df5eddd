"""Flattened device trees: a read-only parser of the format.

    header | reserve map | structure: BEGIN_NODE name, PROP length name value, ..., END_NODE, END | strings

Everything is big-endian; tokens and values are aligned to four bytes. Nodes and properties keep their order, in which
kernels use them. Source: the Devicetree Specification, release 0.4, section 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from planner.base.errors import InputError, Location
from planner.base.sizes import U64
from planner.sources.reading import DEVICE_TREE

__all__ = ["MAX_BLOB", "MAX_ENTRIES", "Blob", "Entries", "Node", "cells", "number"]

MAX_BLOB = 2 << 20
"""Bytes of the largest blob that arm64 boots with (MAX_FDT_SIZE, arch/arm64/include/asm/boot.h)."""

MAX_ENTRIES = 4096
"""Ranges in a whole tree (of memory, reservations and buses): more than any board has."""

MAX_DEPTH = 64  # FDT_MAX_DEPTH, drivers/of/fdt.c
_MAX_NAME = 256  # characters kept of a name; the specification allows 31
_HEADER = Struct(">10I")
_PAIR = Struct(">QQ")
_WORD = Struct(">I")
_BEGIN, _END_NODE, _PROP, _NOP, _END = 1, 2, 3, 4, 9


class Node:
    """One node: its name with the unit address, its properties and children in order. offset: of its token."""

    __slots__ = ("children", "name", "offset", "parent", "properties")

    def __init__(self, name: str, offset: int, parent: Node | None) -> None:
        self.name, self.offset, self.parent = name, offset, parent
        self.properties: dict[str, bytes] = {}
        self.children: list[Node] = []

    def child(self, name: str) -> Node | None:
        """The first child with that name; unit addresses are ignored."""
        return next((c for c in self.children if name in (c.name, c.name.partition("@")[0])), None)

    def text(self, name: str) -> str | None:
        """The first string of a property; None without one."""
        value = self.properties.get(name)
        return None if value is None else value.partition(b"\0")[0].decode("utf-8", "backslashreplace")

    def strings(self, name: str) -> list[str]:
        """The strings of a property."""
        value = self.properties.get(name, b"")
        return [part.decode("utf-8", "backslashreplace") for part in value.split(b"\0") if part]

    def cell(self, name: str) -> int | None:
        """A property as one 32-bit number; None if it is missing or of another length."""
        value = self.properties.get(name)
        return _WORD.unpack(value)[0] if value is not None and len(value) == 4 else None

    @property
    def available(self) -> bool:
        """True if kernels use the node: of_fdt_device_is_available()."""
        return self.text("status") in (None, "ok", "okay")


class Blob:
    """A whole blob, checked: root node, reserve map. Raises InputError with the byte offset of the damage."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data, self._name = data, name
        self.root: Node
        self.reserve_map: list[tuple[int, int]] = []
        self._header()
        self._reserve_map()
        self._structure()

    def _bad(self, offset: int, what: str) -> InputError:
        """The error for damage at a byte offset."""
        return InputError(
            Location(self._name, offset=min(offset, len(self._data))), what, "give a whole blob, as dtc writes it"
        )

    def _header(self) -> None:
        """Read and check the header, and the places of the blocks. The offsets of errors are those of its fields."""
        data = self._data
        if len(data) < _HEADER.size:
            raise self._bad(len(data), "the device tree blob ends inside its header")
        magic, size, struct_at, strings_at, map_at, version, compatible, _, strings_size, struct_size = (
            _HEADER.unpack_from(data)
        )
        if magic != int.from_bytes(DEVICE_TREE, "big"):
            raise self._bad(0, "this is not a device tree blob")
        if size > MAX_BLOB:
            raise self._bad(4, f"the header says it has {size} bytes: arm64 takes no more than 2 MiB")
        if not _HEADER.size <= size <= len(data):
            raise self._bad(4, f"the header says it has {size} bytes, and there are {len(data)}")
        if version < 16 or compatible > 17 or compatible > version:
            raise self._bad(20, f"version {version} (compatible with {compatible}) is not known")
        if version == 16:
            struct_size = size - struct_at if struct_at > strings_at else strings_at - struct_at
        self._check_block(8, struct_at, struct_size, size, "structure", 4)
        self._check_block(12, strings_at, strings_size, size, "strings", 1)
        self._check_block(16, map_at, _PAIR.size, size, "reserve map", 8)
        self._size, self._map_at = size, map_at
        self._struct = (struct_at, struct_at + struct_size)
        self._strings = data[strings_at : strings_at + strings_size]
        self._last_name = self._strings.rfind(b"\0")

    def _check_block(self, field: int, start: int, length: int, size: int, what: str, align: int) -> None:
        """Refuse a block that lies outside the blob, or is not aligned. field: the offset of the one with its start."""
        if start < _HEADER.size or start + length > size:
            raise self._bad(field, f"the {what} block [{start:#x}, {start + length:#x}) lies outside the blob")
        if start % align:
            raise self._bad(field, f"the {what} block at {start:#x} is not aligned to {align} bytes")

    def _reserve_map(self) -> None:
        """Read the reserve map."""
        at = self._map_at
        while True:
            if at + _PAIR.size > self._size:
                raise self._bad(at, "the reserve map has no end")
            start, length = _PAIR.unpack_from(self._data, at)
            if not length:  # kernels stop at the first entry of size 0
                return
            if len(self.reserve_map) == MAX_ENTRIES:
                raise _too_many(Location(self._name, offset=at))
            self.reserve_map.append((start, length))
            at += _PAIR.size

    def _structure(self) -> None:
        """Read all nodes and properties. Raises InputError unless they make one tree."""
        at, end = self._struct
        node: Node | None = None
        root: Node | None = None
        depth = 0
        while (token := self._word(at, end)) != _END:
            begin, at = at, at + 4
            if token == _BEGIN:
                depth += 1
                node, at = self._begin(node, root, begin, end, depth)
                root = root or node
            elif token == _NOP:
                continue
            elif token not in (_END_NODE, _PROP):
                raise self._bad(begin, f"{token:#x} is not a device tree token")
            elif node is None:
                what = "a property stands outside all nodes" if token == _PROP else "a node ends that was never begun"
                raise self._bad(begin, what)
            elif token == _PROP:
                at = self._property(node, at, end)
            else:
                node, depth = node.parent, depth - 1
        if node is not None or root is None:
            raise self._bad(at, "the tree ends inside a node" if node is not None else "the tree has no root node")
        self.root = root

    def _begin(self, parent: Node | None, root: Node | None, begin: int, end: int, depth: int) -> tuple[Node, int]:
        """A new node, and the offset of its first token."""
        if parent is None and root is not None:
            raise self._bad(begin, "there is a second root node")
        if depth > MAX_DEPTH:
            raise self._bad(begin, f"nodes are nested more than {MAX_DEPTH} deep")
        name, at = self._name_at(begin + 4, end)
        node = Node(name, begin, parent)
        if parent is not None:
            parent.children.append(node)
        return node, at

    def _property(self, node: Node, at: int, end: int) -> int:
        """Add the property behind a token to its node. Returns the offset of the next token."""
        length, name_at = self._word(at, end), self._word(at + 4, end)
        if name_at >= len(self._strings):
            raise self._bad(at + 4, f"a property's name at {name_at:#x} lies outside the strings block")
        if name_at > self._last_name:
            raise self._bad(at + 4, "a property's name has no end")
        start = at + 8
        if start + length > end:
            raise self._bad(at, f"a property of {length} bytes does not fit in the structure block")
        # Many properties may share one long name: only the part that is kept is decoded.
        kept = self._strings[name_at : name_at + _MAX_NAME].partition(b"\0")[0]
        name = kept.decode("utf-8", "backslashreplace")
        # Of two properties with one name the first is used, as by fdt_getprop().
        node.properties.setdefault(name, self._data[start : start + length])
        return start + length + 3 & ~3

    def _name_at(self, at: int, end: int) -> tuple[str, int]:
        """The name of a node, and the offset of the token behind it."""
        stop = self._data.find(b"\0", at, end)
        if stop < 0:
            raise self._bad(at, "a node's name has no end")
        return self._data[at : min(stop, at + _MAX_NAME)].decode("utf-8", "backslashreplace"), stop + 4 & ~3

    def _word(self, at: int, end: int) -> int:
        """The 32-bit number at an offset of the structure block, which ends at `end`."""
        if at + 4 > end:
            raise self._bad(at, "the structure block ends in the middle")
        word: int = _WORD.unpack_from(self._data, at)[0]
        return word


class Entries:
    """A decoder of ranges in properties that limits their number in a whole blob."""

    def __init__(self, name: str) -> None:
        self._name, self._left = name, MAX_ENTRIES

    def of(self, node: Node, value: bytes, *counts: int) -> list[tuple[int, ...]]:
        """`cells` for a node's property. Raises InputError, at the node, beyond `MAX_ENTRIES` in the blob."""
        step = 4 * sum(counts)
        self._left -= len(value) // step if step else 0
        if self._left < 0:
            raise _too_many(Location(self._name, offset=node.offset))
        return list(cells(value, *counts))


def _too_many(where: Location) -> InputError:
    """The error for more ranges than `MAX_ENTRIES`."""
    return InputError(where, f"has more than {MAX_ENTRIES} ranges", "give the tree of one machine")


def number(value: bytes) -> int:
    """Cells as one number, the low 64 bits of it: of_read_number()."""
    return int.from_bytes(value, "big") % U64


def cells(value: bytes, *counts: int) -> Iterator[tuple[int, ...]]:
    """The groups of numbers in a property. counts: cells of each number of a group. An incomplete group is dropped."""
    step = 4 * sum(counts)
    if not step:
        return
    for at in range(0, len(value) - step + 1, step):
        group = []
        for count in counts:
            group.append(number(value[at : at + 4 * count]))
            at += 4 * count  # noqa: PLW2901 - moves on within the group
        yield tuple(group)
