"""/reserved-memory: nodes with an address, nodes that memblock places, pools that are freed."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, MIB
from planner.kernel.memory_map import Flag
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import parse_text
from tests.blobs import Tree, blob_of, cell, wide
from tests.sources.devicetree.test_dtb import AT, CMA, TOP, machine, pool, regions, reserved


@pytest.mark.parametrize(
    ("tree", "reserve", "expected"),
    [
        pytest.param(machine(), ((0x5000_0000, 4096),), [(0x5000_0000, 0x5000_1000, "memreserve")], id="reserve map"),
        pytest.param(
            machine(chosen={"linux,initrd-start": wide(0x4800_0010), "linux,initrd-end": cell(0x4900_0001)}),
            (),
            [(0x4800_0000, 0x4900_1000, "initrd")],
            id="the initrd, in one or two cells, as whole pages",
        ),
        pytest.param(
            machine(reserved_memory=pool({"a@1": {"reg": wide(0x5000_0000, MIB, 0x6000_0000, MIB)}})),
            (),
            [(0x5000_0000, 0x5010_0000, "a@1"), (0x6000_0000, 0x6010_0000, "a@1")],
            id="every range of reg",
        ),
        pytest.param(
            machine(reserved_memory=pool({"linux,cma": CMA})),
            (),
            [(TOP - 64 * MIB, TOP, "linux,cma")],
            id="a pool with a size only is placed from the top",
        ),
        pytest.param(
            machine(reserved_memory=pool({"linux,cma": {**CMA, "alloc-ranges": wide(GIB, 512 * MIB)}})),
            (),
            [(GIB + 448 * MIB, GIB + 512 * MIB, "linux,cma")],
            id="inside its alloc-ranges",
        ),
        pytest.param(
            machine(reserved_memory=pool({"linux,cma": {**CMA, "alloc-ranges": wide(0, GIB, GIB, GIB)}})),
            (),
            [(2 * GIB - 64 * MIB, 2 * GIB, "linux,cma")],
            id="in the first of them with room",
        ),
        pytest.param(
            machine(reserved_memory=pool({"linux,cma": {**CMA, "alignment": wide(GIB)}})),
            (),
            [(2 * GIB, 2 * GIB + 64 * MIB, "linux,cma")],
            id="at its alignment",
        ),
        pytest.param(
            machine(reserved_memory=pool({"a": {"size": wide(MIB)}, "b@bff00000": {"reg": wide(TOP - MIB, MIB)}})),
            (),
            [(TOP - 2 * MIB, TOP - MIB, "a"), (TOP - MIB, TOP, "b@bff00000")],
            id="nodes with an address come first",
        ),
        pytest.param(
            machine(chosen={"bootargs": b"cma=32M\0"}, reserved_memory=pool({"linux,cma": CMA})),
            (),
            [],
            id="cma= on the command line gives the default pool back",
        ),
        pytest.param(
            machine(reserved_memory=pool({"p@50000000": {**CMA, "reg": wide(0x5000_0000, 64 * MIB)}})),
            (),
            [(0x5000_0000, 0x5400_0000, "p@50000000")],
            id="a pool with an address",
        ),
        pytest.param(
            machine(reserved_memory=pool({"p@50001000": {**CMA, "reg": wide(0x5000_1000, 64 * MIB)}})),
            (),
            [],
            id="a pool that is not made of whole page blocks is given back",
        ),
        pytest.param(
            machine(
                reserved_memory=pool({"a": {"size": wide(MIB)}, "p": {**CMA, "reg": wide(TOP - 65 * MIB, 65 * MIB)}})
            ),
            (),
            [(TOP - 66 * MIB, TOP - 65 * MIB, "a")],
            id="after others were placed below it",
        ),
        pytest.param(
            machine(
                reserved_memory=pool(
                    {
                        "p": {**CMA, "reg": wide(0x5000_1000, MIB, 0x6000_1000, MIB)},
                        "b": {"reg": wide(0x5000_0000, MIB)},
                    }
                )
            ),
            (),
            [(0x5000_0000, 0x5000_1000, "b"), (0x6000_1000, 0x6010_1000, "p")],
            id="its first range only, and whatever else lies there",
        ),
        pytest.param(
            machine(reserved_memory=pool({"p": {**CMA, "no-map": b""}, "q@50000000": {**CMA, "no-map": b"", **AT}})),
            (),
            [(TOP - 64 * MIB, TOP, "p")],
            id="a pool that loses its no-map stays reserved where memblock placed it",
        ),
        pytest.param(
            machine(reserved_memory=pool({"a": {"size": wide(MIB), "alloc-ranges": wide(GIB, GIB)[:-4]}})),
            (),
            [],
            id="alloc-ranges of a wrong length",
        ),
        pytest.param(
            machine(
                chosen={"linux,elfcorehdr": wide(0x5000_0000, MIB)}, reserved_memory=pool({"a": {"size": wide(MIB)}})
            ),
            (),
            [(0x5000_0000, 0x5010_0000, "elfcorehdr"), (TOP - MIB, TOP, "a")],
            id="the header of a crashed kernel's memory",
        ),
        pytest.param(
            machine(chosen={"linux,elfcorehdr": wide(0x5000_0000, MIB)}),
            ((0x5008_0000, 4096),),
            [(0x5008_0000, 0x5008_1000, "memreserve")],
            id="unless any of it is reserved already",
        ),
        pytest.param(
            machine(reserved_memory={"#address-cells": cell(1), "a@5": {"reg": wide(0x5000_0000, MIB)}}),
            (),
            [],
            id="other cells than the root's: ignored whole",
        ),
        pytest.param(
            machine(reserved_memory=pool({"a@5": {"reg": wide(0x5000_0000, MIB), "status": b"disabled\0"}})),
            (),
            [],
            id="disabled",
        ),
    ],
)
def test_reservations(tree: Tree, reserve: tuple[tuple[int, int], ...], expected: list[tuple[int, int, str]]) -> None:
    """Reservations have the kernel's order and places."""
    assert reserved(tree, *reserve) == expected


@pytest.mark.parametrize(
    ("kernel", "start"),
    [
        pytest.param("6.1", 0xC000_0000, id="6.1 reserves every range of a node"),
        pytest.param("7.2", 0xE000_0000, id="7.2 only the first"),
    ],
)
def test_a_node_with_two_ranges(kernel: str, start: int) -> None:
    """Depending on the kernel, only the first range is reserved: __reserved_mem_reserve_reg(), drivers/of."""
    split = {"split@a0000000": {"reg": wide(0xA000_0000, 16 * MIB, 0xE000_0000, 512 * MIB)}}
    memory: Tree = {"device_type": b"memory\0", "reg": wide(2 * GIB, 2 * GIB)}
    cells: Tree = {"#address-cells": cell(2), "#size-cells": cell(2)}
    tree: Tree = {**cells, "memory@80000000": memory, "reserved-memory": pool(split)}
    found = make_plan(parse_text(blob_of(tree), "x.dtb"), "512M", Options(kernel=kernel, strategy="mainline"))
    assert found.reservation.crash == Range(start, start + 512 * MIB)


def test_kernels_remember_64_nodes() -> None:
    """Later ones with an address are still reserved; many nodes share one note."""
    nodes: dict[str, Tree] = {f"s{i}@0": {"reg": wide(GIB + i * MIB, 4096)} for i in range(40)}
    nodes |= {f"d{i}": {"size": wide(4096)} for i in range(8000)}
    nodes |= {"last@0": {"reg": wide(2 * GIB, 4096)}}
    found = parse_text(blob_of(machine(reserved_memory=pool(nodes))), "x.dtb")
    names = [r.name for r in found.memory.reserved]
    assert sorted(names) == sorted([*(f"s{i}@0" for i in range(40)), *(f"d{i}" for i in range(24)), "last@0"])
    told = [note for note in found.notes if "64 nodes" in note]
    assert len(told) == 1
    assert told[0].startswith("reserved-memory d24, d25, d26 and 7973 more: 6.1 has room for 64 nodes: ")


def test_a_placed_nomap_region_is_no_memory_for_others() -> None:
    """A sized node with no-map is both placed and marked."""
    tree = machine(reserved_memory=pool({"fw": {"size": wide(MIB), "no-map": b""}}))
    assert regions(tree) == [(GIB, TOP - MIB, 0), (TOP - MIB, TOP, Flag.NOMAP)]


@pytest.mark.parametrize(
    ("node", "place", "notes"),
    [
        pytest.param({"reg": wide(2 * GIB, 0)}, [], ["a: its reg has a size of 0: nothing is reserved"], id="nothing"),
        pytest.param(
            {"reg": wide(2 * GIB, 0), "size": wide(MIB)},
            [(TOP - MIB, TOP, "a")],
            ["node has a size but no address: placed as 6.1 does"],
            id="its size counts",
        ),
    ],
)
def test_a_node_with_an_empty_range(node: Tree, place: list[tuple[int, int, str]], notes: list[str]) -> None:
    tree = machine(reserved_memory=pool({"a": node}))
    assert reserved(tree) == place
    told = [note for note in parse_text(blob_of(tree), "x").notes if "reserved-memory" in note]
    assert [any(part in note for note in told) for part in notes] == [True] * len(told)
