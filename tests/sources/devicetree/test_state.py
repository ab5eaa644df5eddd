"""The state of a kernel that reads a device tree: root cells, names of reservations, notes."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, MIB, U64
from planner.kernel.machine import FurtherRange
from planner.kernel.memory_map import Reserved
from planner.sources.devicetree.fdt import Blob, Node
from planner.sources.devicetree.state import State
from tests.blobs import Tree, blob_of, cell, wide

CELLS: Tree = {"#address-cells": cell(2), "#size-cells": cell(2)}
NODES: Tree = {f"node{n}": {} for n in range(5)}


def root(tree: Tree) -> Node:
    return Blob(blob_of(tree), "x.dtb").root


def state(tree: Tree | None = None) -> State:
    return State(root(tree if tree is not None else {**CELLS, **NODES}), "x.dtb")


@pytest.mark.parametrize(
    ("tree", "cells"),
    [
        pytest.param(CELLS, (2, 2), id="as the root says"),
        pytest.param({}, (1, 1), id="one each where it does not"),
        pytest.param({"#address-cells": cell(4), "#size-cells": cell(1)}, (4, 1), id="up to four"),
    ],
)
def test_the_root_says_how_many_cells_a_number_has(tree: Tree, cells: tuple[int, int]) -> None:
    found = state(tree)
    assert (found.address_cells, found.size_cells) == cells


@pytest.mark.parametrize("count", [0, 5])
def test_cells_that_no_machine_has_are_refused(count: int) -> None:
    with pytest.raises(InputError, match=rf"^x.dtb:\+0x[0-9a-f]+: #size-cells of the root node is {count}"):
        state({"#size-cells": cell(count)})


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        pytest.param(wide(GIB, MIB, 2 * GIB, MIB), [(GIB, GIB + MIB), (2 * GIB, 2 * GIB + MIB)], id="address and size"),
        pytest.param(wide(U64 - MIB, 2 * MIB), [(U64 - MIB, U64 - 1)], id="nothing lies beyond 64 bits"),
    ],
)
def test_pairs_are_ranges(value: bytes, pairs: list[tuple[int, int]]) -> None:
    found = state()
    assert found.pairs(found.root, value) == pairs


def test_a_reservation_keeps_its_name_and_is_given_back_in_part() -> None:
    found = state()
    found.reserve(GIB, GIB + 4 * MIB, "pool\x1b")
    found.reserve(2 * GIB, 2 * GIB, "empty")
    found.release((GIB + MIB, GIB + 2 * MIB))
    assert found.reserved == [
        Reserved(GIB, GIB + MIB, "pool\\x1b"),
        Reserved(GIB + 2 * MIB, GIB + 4 * MIB, "pool\\x1b"),
    ]
    assert found.memblock.reserved == [(GIB, GIB + MIB), (GIB + 2 * MIB, GIB + 4 * MIB)]


def test_a_further_range_that_is_another_nodes_first_is_none() -> None:
    """It is NOMAP because of a first range, in any kernel."""
    found = state()
    found.first_nomap.append((GIB, GIB + MIB))
    found.further(GIB, GIB + 2 * MIB, "fw", nomap=True)
    found.further(GIB, GIB + 2 * MIB, "pool", nomap=False)
    assert found.further_ranges() == (
        FurtherRange(GIB + MIB, GIB + 2 * MIB, "fw", True),
        FurtherRange(GIB, GIB + 2 * MIB, "pool", False),
    )


def test_what_is_told_of_many_nodes_is_one_note() -> None:
    """Three nodes are named; notes on the tree come first."""
    found = state()
    for node in found.root.children:
        found.tell(node, "it is skipped")
    found.tell(found.root.children[0], "it is odd")
    found.notes.append("first")
    assert found.all_notes() == [
        "first",
        "reserved-memory node0, node1, node2 and 2 more: it is skipped",
        "reserved-memory node0: it is odd",
    ]
