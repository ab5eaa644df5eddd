"""Device tree blobs: memblock as the kernel makes it of one, and damage told with its byte offset."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.errors import InputError
from planner.base.ranges import union
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memory_map import Flag, Region
from planner.planning.plan import Options, make_plan
from planner.sources import parse_text
from planner.sources.devicetree import dma_ranges
from planner.sources.devicetree.fdt import Blob
from tests.blobs import Tree, blob_of, cell, wide

HIKEY = Path(__file__).parent.parent / "data" / "hikey-hi6220-2g-memory-nodes.dts"
CELLS: Tree = {"#address-cells": cell(2), "#size-cells": cell(2)}
MEMORY: Tree = {"device_type": b"memory\0", "reg": wide(GIB, 2 * GIB)}
TOP = 3 * GIB


def machine(**nodes: Tree | bytes) -> Tree:
    """A tree with 2 GiB at 1 GiB and these nodes; `_` in their names stands for `-`."""
    return {**CELLS, "memory@40000000": MEMORY, **{name.replace("_", "-"): node for name, node in nodes.items()}}


def pool(children: Tree) -> Tree:
    """/reserved-memory with the root's cells."""
    return {**CELLS, "ranges": b"", **children}


CMA: Tree = {"compatible": b"shared-dma-pool\0", "reusable": b"", "size": wide(64 * MIB), "linux,cma-default": b""}
AT: Tree = {"reg": wide(0x5000_0000, 64 * MIB)}


def regions(tree: Tree) -> list[tuple[int, int, int]]:
    """What is memory, with flags."""
    return [(r.start, r.end, r.flags) for r in parse_text(blob_of(tree), "x.dtb").memory.regions]


def reserved(tree: Tree, *reserve: tuple[int, int]) -> list[tuple[int, int, str]]:
    """What is reserved, in order, by name."""
    found = parse_text(blob_of(tree, reserve), "x.dtb").memory.reserved
    return sorted((r.start, r.end, r.name) for r in found)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        pytest.param(machine(), [(GIB, TOP, 0)], id="a memory node"),
        pytest.param(
            {
                "#address-cells": cell(1),
                "memory@0": {"device_type": b"memory\0", "reg": cell(0x4000_0000, 0x1000_0000)},
            },
            [(GIB, GIB + 256 * MIB, 0)],
            id="cells are one where the root does not say",
        ),
        pytest.param(
            {**CELLS, "memory@0": {**MEMORY, "reg": wide(GIB, MIB, GIB + MIB, 0, GIB + 2 * MIB, MIB)}},
            [(GIB, GIB + MIB, 0), (GIB + 2 * MIB, GIB + 3 * MIB, 0)],
            id="a size of 0 is nothing",
        ),
        pytest.param(
            {**CELLS, "memory@0": {**MEMORY, "reg": wide(GIB + 1, 3 * MIB)}},
            [(GIB + 4 * KIB, GIB + 3 * MIB, 0)],
            id="memory is cut to whole pages",
        ),
        pytest.param(
            {**CELLS, "memory@0": {**MEMORY, "reg": wide(GIB, MIB) + b"\0\0\0\1"}},
            [(GIB, GIB + MIB, 0)],
            id="an incomplete last pair is left out",
        ),
        pytest.param(
            {**CELLS, "memory@0": {**MEMORY, "hotpluggable": b""}}, [(GIB, TOP, Flag.HOTPLUG)], id="hotpluggable"
        ),
        pytest.param(
            {**CELLS, "memory@0": {**MEMORY, "status": b"disabled\0"}, "memory@1": {**MEMORY, "reg": wide(0, MIB)}},
            [(0, MIB, 0)],
            id="a disabled node does not count",
        ),
        pytest.param(
            {**CELLS, "memory@0": {**MEMORY, "linux,usable-memory": wide(GIB, 64 * MIB)}},
            [(GIB, GIB + 64 * MIB, 0)],
            id="linux,usable-memory wins over reg",
        ),
        pytest.param(
            machine(chosen={"linux,usable-memory-range": wide(GIB + MIB, MIB, 2 * GIB, MIB)}),
            [(GIB + MIB, GIB + 2 * MIB, 0), (2 * GIB, 2 * GIB + MIB, 0)],
            id="a capture kernel keeps its two ranges",
        ),
        pytest.param(
            machine(reserved_memory=pool({"fw@50000000": {"reg": wide(0x5000_0000, MIB), "no-map": b""}})),
            [(GIB, 0x5000_0000, 0), (0x5000_0000, 0x5010_0000, Flag.NOMAP), (0x5010_0000, TOP, 0)],
            id="no-map",
        ),
        pytest.param(
            machine(
                reserved_memory=pool(
                    {
                        "a@50000000": {"reg": wide(0x5000_0000, MIB)},
                        "b@50000000": {"reg": wide(0x5000_0000, MIB), "no-map": b""},
                    }
                )
            ),
            [(GIB, TOP, 0)],
            id="what is reserved already cannot become nomap",
        ),
        pytest.param(
            machine(chosen={"bootargs": b"mem=512M\0"}), [(GIB, GIB + 512 * MIB, 0)], id="mem= of its own command line"
        ),
        pytest.param(
            machine(chosen={"linux,usable-memory-range": wide(0, 0)}),
            [(GIB, TOP, 0)],
            id="a usable range of 0 cuts nothing",
        ),
        pytest.param(
            machine(chosen={"linux,usable-memory-range": wide(0, 0, 4 * GIB, MIB)}),
            [(GIB, TOP, 0), (4 * GIB, 4 * GIB + MIB, 0)],
            id="and the second range is added all the same",
        ),
        pytest.param(
            machine(chosen={"linux,initrd-start": wide(8 * GIB), "linux,initrd-end": wide(8 * GIB + MIB)}),
            [(GIB, TOP, 0), (8 * GIB, 8 * GIB + MIB, 0)],
            id="an initrd above the memory is memory",
        ),
        pytest.param(
            machine(chosen={"linux,initrd-start": cell(0x1000_0000), "linux,initrd-end": cell(0x1100_0000)}),
            [(GIB, TOP, 0)],
            id="one below it is not, and kernels do without",
        ),
        pytest.param(
            machine(chosen={"linux,initrd-start": wide(1 << 51), "linux,initrd-end": wide((1 << 51) + 2 * GIB)}),
            [(GIB, TOP, 0)],
            id="nor is one that no linear map reaches",
        ),
        pytest.param(
            {**CELLS, "chosen": {"linux,initrd-start": cell(GIB), "linux,initrd-end": cell(GIB + MIB)}},
            [],
            id="where the tree has no memory, the initrd is none",
        ),
        pytest.param(
            machine(reserved_memory=pool({"p": {**CMA, "no-map": b""}, "q@50000000": {**CMA, "no-map": b"", **AT}})),
            [(GIB, TOP, 0)],
            id="a pool that is reusable loses its no-map",
        ),
    ],
)
def test_memory(tree: Tree, expected: list[tuple[int, int, int]]) -> None:
    """Nodes in their order, cut to pages, flags as the kernel marks them."""
    assert regions(tree) == expected


def test_nodes_of_numa() -> None:
    """Memory that touches stays apart where the node differs."""
    tree = {
        **CELLS,
        "memory@0": {**MEMORY, "numa-node-id": cell(0)},
        "memory@1": {**MEMORY, "reg": wide(TOP, GIB), "numa-node-id": cell(1)},
    }
    assert parse_text(blob_of(tree), "x.dtb").memory.regions == (
        Region(GIB, TOP, 0, 0),
        Region(TOP, TOP + GIB, 0, 1),
    )


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
    """In the kernel's order, at the kernel's places."""
    assert reserved(tree, *reserve) == expected


def test_kernels_remember_64_nodes() -> None:
    """Of those with an address, later ones are reserved all the same; what is told of many nodes is one note."""
    nodes: dict[str, Tree] = {f"s{i}@0": {"reg": wide(GIB + i * MIB, 4096)} for i in range(40)}
    nodes |= {f"d{i}": {"size": wide(4096)} for i in range(8000)}
    nodes |= {"last@0": {"reg": wide(2 * GIB, 4096)}}
    found = parse_text(blob_of(machine(reserved_memory=pool(nodes))), "x.dtb")
    names = [r.name for r in found.memory.reserved]
    assert sorted(names) == sorted([*(f"s{i}@0" for i in range(40)), *(f"d{i}" for i in range(24)), "last@0"])
    told = [note for note in found.notes if "64 nodes" in note]
    assert len(told) == 1
    assert told[0].startswith("reserved-memory d24, d25, d26 and 7973 more: 6.1 has room for 64 nodes, ")


@pytest.mark.parametrize(
    ("blob", "mark", "what"),
    [
        pytest.param(
            blob_of({**machine(), "#address-cells": cell(9437186)}),
            cell(1, 0),
            "#address-cells of the root node is 9437186",
            id="cells of the root",
        ),
        pytest.param(
            blob_of(machine(memory={"device_type": b"memory\0", "reg": wide(1 << 52, GIB)})),
            cell(1) + b"memory\0\0",
            "memory of memory ends at 0x10000040000000",
            id="memory beyond 52 bits",
        ),
        pytest.param(
            blob_of(machine(memory={"device_type": b"memory\0", "reg": wide(GIB, 0) * 4096})),
            cell(1) + b"memory\0\0",
            "has more than 4096 ranges",
            id="too many ranges of memory",
        ),
        pytest.param(
            blob_of(machine(), [(GIB + i * MIB, 4096) for i in range(5000)]),
            wide(GIB + 4096 * MIB, 4096),
            "has more than 4096 ranges",
            id="too many in the reserve map",
        ),
    ],
)
def test_errors_name_the_node(blob: bytes, mark: bytes, what: str) -> None:
    """By the offset of its token; of the reserve map, by that of the entry."""
    with pytest.raises(InputError) as caught:
        parse_text(blob, "x.dtb")
    assert str(caught.value).startswith(f"x.dtb:+{blob.index(mark, 40):#x}: {what}")


def test_a_placed_nomap_region_is_no_memory_for_others() -> None:
    """A sized node with no-map is both placed and marked."""
    tree = machine(reserved_memory=pool({"fw": {"size": wide(MIB), "no-map": b""}}))
    assert regions(tree) == [(GIB, TOP - MIB, 0), (TOP - MIB, TOP, Flag.NOMAP)]


BUS: Tree = {"#address-cells": cell(1), "#size-cells": cell(1)}
PCI: Tree = {
    "#address-cells": cell(3),
    "#size-cells": cell(2),
    "dma-ranges": cell(0x0200_0000, 0, 0, 0, 0x8000_0000, 0, 0x4000_0000),
}


@pytest.mark.parametrize(
    ("nodes", "limit"),
    [
        pytest.param({}, dma_ranges.NO_LIMIT, id="no dma-ranges: no limit"),
        pytest.param(
            {"soc": {**BUS, "dma-ranges": cell(0xC000_0000, 0, 0, 0x3C00_0000)}},
            0x3BFF_FFFF,
            id="the end of the range in CPU addresses (Raspberry Pi 4)",
        ),
        pytest.param({"soc": {**BUS, "dma-ranges": b""}}, dma_ranges.NO_LIMIT, id="an empty one is 1:1"),
        pytest.param(
            {"soc": {**BUS, "dma-ranges": cell(0, 0, 0, 0x4000_0000, 0x8000_0000, 0, 0x8000_0000, 0x1000_0000)}},
            0x8FFF_FFFF,
            id="of one bus the highest range counts",
        ),
        pytest.param(
            {"soc": {**BUS, "dma-ranges": cell(0x8000_0000, 0, 0x8000_0000, 0x1000_0000, 0, 0, 0, 0x4000_0000)}},
            0x8FFF_FFFF,
            id="whatever their order",
        ),
        pytest.param(
            {
                "a": {**BUS, "dma-ranges": cell(0, 0, 0, 0x8000_0000)},
                "b": {**BUS, "dma-ranges": cell(0, 0, 0, 0x4000_0000)},
            },
            0x3FFF_FFFF,
            id="of all buses the lowest",
        ),
        pytest.param(
            {"a": {**BUS, "dma-ranges": cell(0, 0, 0, 0x4000_0000), "status": b"disabled\0"}},
            dma_ranges.NO_LIMIT,
            id="a disabled bus has no devices",
        ),
        pytest.param(
            {"a": {**BUS, "dma-ranges": cell(0, 1, 0, 0x8000_0000), "b": {**BUS, "dma-ranges": cell(0, 0, 0x1000)}}},
            0x1_0000_0FFF,
            id="an inner bus is translated through the outer one",
        ),
        pytest.param(
            {"a": {**BUS, "b": {**BUS, "dma-ranges": cell(0, 0, 0x4000_0000)}}},
            0x3FFF_FFFF,
            id="a bus without dma-ranges is crossed 1:1",
        ),
        pytest.param(
            {"a": {**BUS, "dma-ranges": b"", "b": {**BUS, "dma-ranges": cell(0, 0, 0x4000_0000)}}},
            0x3FFF_FFFF,
            id="as is one where they are empty",
        ),
        pytest.param(
            {
                "a": {
                    **BUS,
                    "dma-ranges": cell(0x8000_0000, 1, 0, 0x4000_0000),
                    "b": {**BUS, "dma-ranges": cell(0, 0, 0x4000_0000)},
                }
            },
            0x3FFF_FFFE,
            id="what cannot be translated counts from all ones, as in the kernel",
        ),
        pytest.param(
            {"dma-ranges": wide(0, 0, GIB)}, 0x3FFF_FFFE, id="the root lies on no bus: its own cannot be translated"
        ),
        pytest.param(
            {"a": {**BUS, "#size-cells": cell(0), "b": {**BUS, "dma-ranges": cell(0, 0, 0x4000_0000)}}},
            0x3FFF_FFFE,
            id="nothing is translated on a bus without sizes",
        ),
        pytest.param(
            {
                "a": {
                    **CELLS,
                    "dma-ranges": wide((1 << 64) - 0x1000, GIB, 0x2000),
                    "b": {**BUS, "dma-ranges": cell(0, 0xFFFF_FFFF, 0xFFFF_F800, 0x100)},
                }
            },
            0xFE,
            id="a range that wraps around holds nothing",
        ),
        pytest.param(
            {
                "pcie": {
                    "device_type": b"pci\0",
                    "#address-cells": cell(3),
                    "#size-cells": cell(2),
                    "dma-ranges": cell(0x0200_0000, 0, 0, 0, 0, 0, 0xC000_0000),
                }
            },
            0xBFFF_FFFF,
            id="a PCI bus has three cells",
        ),
        pytest.param(
            {"pcie@0": {**PCI, "b": {**BUS, "dma-ranges": cell(0, 0x0300_0000, 0, 0x1000, 0x10)}}},
            0x8000_100F,
            id="on PCI memory is memory, of 32 bits or 64",
        ),
        pytest.param(
            {"pcie@0": {**PCI, "b": {**BUS, "dma-ranges": cell(0, 0x0100_0000, 0, 0x1000, 0x10)}}},
            0xE,
            id="and is not I/O",
        ),
        pytest.param(
            {"bus@0": {**PCI, "b": {**BUS, "dma-ranges": cell(0, 0x0300_0000, 0, 0x1000, 0x10)}}},
            0xE,
            id="on other buses with three cells the first must be the same",
        ),
    ],
)
def test_dma_limit(nodes: Tree, limit: int) -> None:
    """Facts of drivers/of/address.c, of_dma_get_max_cpu_address()."""
    assert dma_ranges.dma_limit_of(Blob(blob_of({**CELLS, **nodes}), "x").root, "x")[0] == limit


RANGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20), st.integers(0, 200)), min_size=1, max_size=8)


@given(RANGES, st.integers(0, 60))
def test_the_first_range_that_holds_an_address_translates_it(ranges: list[tuple[int, int, int]], address: int) -> None:
    """However they overlap; against looking at one after the other."""
    tree: Tree = {
        **BUS,
        "dma-ranges": b"".join(cell(low, 0, 0x1000 + target, size) for low, size, target in ranges),
        "b": {**BUS, "dma-ranges": cell(0, address, 1)},
    }
    own = max(0x1000 + target + size - 1 for _, size, target in ranges)
    held = next((0x1000 + t + address - low for low, size, t in ranges if low <= address < low + size), None)
    expected = min(own, held) if held is not None else 0
    found = dma_ranges.dma_limit_of(Blob(blob_of({**CELLS, "a": tree}), "x").root, "x")
    assert found == (expected, "b" if held is None else None)


@pytest.mark.parametrize(
    ("outer", "inner", "refused"),
    [
        pytest.param(2048, 2048, False, id="4096 in all"),
        pytest.param(2048, 2049, True, id="one more"),
        pytest.param(0, 170_000, True, id="as many as fit"),
    ],
)
def test_ranges_of_buses_are_counted(outer: int, inner: int, refused: bool) -> None:
    """Over the whole tree: what is translated through what does not multiply."""
    far = b"".join(cell(16 * i, 0, 16 * i, 16) for i in range(outer))
    near = b"".join(cell(i, 16 * (outer - 1) & 0xFFFF_FFFF, 1) for i in range(inner))
    blob = blob_of(machine(a={**BUS, "dma-ranges": far, "b": {**BUS, "dma-ranges": near}}))
    if not refused:
        assert parse_text(blob, "x.dtb").facts.firmware_dma_limit == 16 * (outer - 1)
        return
    with pytest.raises(InputError, match="has more than 4096 ranges") as caught:
        parse_text(blob, "x.dtb")
    assert str(caught.value).startswith(f"x.dtb:+{blob.index(cell(1) + b'b' + bytes(3)):#x}: ")


def test_the_limit_is_applied_as_each_kernel_does() -> None:
    """To 6.11 the highest bit of it counts, from 6.12 on its value."""
    soc: Tree = {**BUS, "dma-ranges": cell(0xC000_0000, 0, 0, 0x3C00_0000)}
    tree = {**machine(soc=soc), "memory@40000000": {**MEMORY, "reg": wide(0, 2 * GIB)}}
    source = parse_text(blob_of(tree), "pi.dtb")
    ends = {kernel: make_plan(source, "64M", Options(kernel=kernel)).kernel.dma_limit for kernel in ("6.1", "6.12")}
    assert ends == {"6.1": GIB, "6.12": 0x3C00_0000}
    assert "dma_limit" not in make_plan(source, "64M").kernel.assumed


def test_the_command_line_is_the_request() -> None:
    """What is in bootargs is what the kernel gets."""
    source = parse_text(blob_of(machine(chosen={"bootargs": b"quiet crashkernel=96M\0", "kaslr-seed": wide(7)})), "x")
    assert make_plan(source, None).request.size == 96 * MIB


def patched(offset: int, data: bytes, blob: bytes | None = None) -> bytes:
    """A good blob with some bytes replaced."""
    blob = blob or blob_of(machine(), [(GIB, 4096)])
    return blob[:offset] + data + blob[offset + len(data) :]


GOOD = blob_of(machine(), [(GIB, 4096)])
STRUCTURE = int.from_bytes(GOOD[8:12], "big")


@pytest.mark.parametrize(
    ("blob", "offset", "what"),
    [
        pytest.param(GOOD[:20], 20, "ends inside its header", id="a header cut off"),
        pytest.param(GOOD[:-8], 4, "the blob says it has", id="an end cut off"),
        pytest.param(patched(4, cell(3 << 20)), 4, "no more than 2 MiB", id="larger than a kernel takes"),
        pytest.param(patched(20, cell(3)), 20, "version 3 ", id="an old version"),
        pytest.param(patched(24, cell(18)), 20, "is not known", id="too new a version"),
        pytest.param(patched(8, cell(0xFFFF_FFF0)), 8, "structure block", id="structure outside"),
        pytest.param(patched(8, cell(STRUCTURE + 2)), 8, "structure block", id="structure not aligned"),
        pytest.param(patched(12, cell(len(GOOD))), 12, "strings block", id="strings outside"),
        pytest.param(patched(16, cell(len(GOOD) - 8)), 16, "reserve map block", id="reserve map outside"),
        pytest.param(patched(40 + 16, wide(0, 1) * 40)[: len(GOOD)], None, "", id="a reserve map without end"),
        pytest.param(patched(STRUCTURE, cell(7)), STRUCTURE, "0x7 is not a device tree token", id="no token"),
        pytest.param(patched(STRUCTURE, cell(2)), STRUCTURE, "a node ends that was never begun", id="end before begin"),
        pytest.param(patched(STRUCTURE, cell(9)), STRUCTURE + 0, "the tree has no root node", id="no root"),
        pytest.param(
            patched(STRUCTURE + 12, cell(0xFFFF)), STRUCTURE + 12, "a property of 65535 bytes", id="a long property"
        ),
        pytest.param(
            patched(STRUCTURE + 16, cell(0xFFFF)), STRUCTURE + 16, "outside the strings block", id="a name outside"
        ),
        pytest.param(patched(len(GOOD) - 1, b"x"), None, "name has no end", id="a name without end"),
    ],
)
def test_damage(blob: bytes, offset: int | None, what: str) -> None:
    """One error, with the byte at which the walker gives up."""
    with pytest.raises(InputError) as caught:
        parse_text(blob, "x.dtb")
    assert what in str(caught.value)
    assert re.match(r"x\.dtb:\+0x[0-9a-f]+: ", str(caught.value))
    if offset is not None:
        assert str(caught.value).startswith(f"x.dtb:+{offset:#x}: ")


def test_nesting_has_a_limit() -> None:
    """As in the kernel; a hostile blob must not exhaust the stack."""
    tree: Tree = {}
    for _ in range(64):
        tree = {"n": tree}
    with pytest.raises(InputError, match="nested more than 64 deep"):
        Blob(blob_of(tree), "x")


def test_source_text_is_refused_with_the_way_out() -> None:
    """The compiler resolves labels, includes and overlays; we do not."""
    with pytest.raises(InputError, match=r"dtc -O dtb -o FILE\.dtb FILE\.dts"):
        parse_text(HIKEY.read_bytes(), "hikey.dts")


@pytest.mark.skipif(shutil.which("dtc") is None, reason="needs dtc (device-tree-compiler)")
def test_a_real_board(tmp_path: Path) -> None:
    """96Boards HiKey: six pieces, ramoops with an address, 128M of CMA with a size only."""
    target = tmp_path / "hikey.dtb"
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", target, HIKEY], check=True)
    found = parse_text(target.read_bytes(), "hikey.dtb")
    spans = re.findall(r"<0x00000000 (0x[0-9a-f]+) 0x00000000 (0x[0-9a-f]+)>", HIKEY.read_text())
    listed = [(int(start, 16), int(start, 16) + int(size, 16)) for start, size in spans]
    assert union((r.start, r.end) for r in found.memory.regions) == union(listed)
    assert [(r.start, r.end - r.start, r.name) for r in found.memory.reserved] == [
        (0x21F0_0000, MIB, "ramoops@21f00000"),
        (max(end for _, end in listed) - 128 * MIB, 128 * MIB, "linux,cma"),
    ]
