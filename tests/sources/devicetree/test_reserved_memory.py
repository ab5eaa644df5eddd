"""/reserved-memory: nodes with an address, nodes that memblock places, pools that are freed."""

from __future__ import annotations

import time

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memory_map import Flag
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import combine, parse_text
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
def test_reservations_have_the_kernels_order_and_places(
    tree: Tree, reserve: tuple[tuple[int, int], ...], expected: list[tuple[int, int, str]]
) -> None:
    """Reservations have the kernel's order and places."""
    assert reserved(tree, *reserve) == expected


@pytest.mark.parametrize(
    ("kernel", "start"),
    [
        pytest.param("6.1", 0xC000_0000, id="6.1 reserves every range of a node"),
        pytest.param("7.2", 0xE000_0000, id="7.2 only the first"),
    ],
)
def test_whether_all_ranges_of_a_node_are_reserved_depends_on_the_kernel(kernel: str, start: int) -> None:
    """Depending on the kernel, only the first range is reserved: __reserved_mem_reserve_reg(), drivers/of."""
    split = {"split@a0000000": {"reg": wide(0xA000_0000, 16 * MIB, 0xE000_0000, 512 * MIB)}}
    memory: Tree = {"device_type": b"memory\0", "reg": wide(2 * GIB, 2 * GIB)}
    cells: Tree = {"#address-cells": cell(2), "#size-cells": cell(2)}
    tree: Tree = {**cells, "memory@80000000": memory, "reserved-memory": pool(split)}
    found = make_plan(parse_text(blob_of(tree), "x.dtb"), "512M", Options(kernel=kernel, strategy="mainline"))
    assert found.reservation.crash == Range(start, start + 512 * MIB)


def test_kernels_remember_64_nodes() -> None:
    """Later ones with an address are still reserved; many nodes share one note. Since 6.13, those are not counted."""
    nodes: dict[str, Tree] = {f"s{i}@0": {"reg": wide(GIB + i * MIB, 4096)} for i in range(40)}
    nodes |= {f"d{i}": {"size": wide(4096)} for i in range(8000)}
    nodes |= {"last@0": {"reg": wide(2 * GIB, 4096)}}
    found = parse_text(blob_of(machine(reserved_memory=pool(nodes))), "x.dtb")
    names = [r.name for r in found.memory.reserved]
    assert sorted(names) == sorted([*(f"s{i}@0" for i in range(40)), *(f"d{i}" for i in range(24)), "last@0"])
    told = {
        kernel: [note for note in make_plan(found, "64M", Options(kernel=kernel)).notes if "64 nodes" in note]
        for kernel in ("6.1", "6.18")
    }
    start = "reserved-memory d{}, d{}, d{} and {} more: there is room for 64 nodes: "
    assert [len(notes) for notes in told.values()] == [1, 1]
    assert told["6.1"][0].startswith(start.format(24, 25, 26, 7973))
    assert told["6.18"][0].startswith(start.format(64, 65, 66, 7933))


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
            ["node has a size but no address: placed as kernels up to 6.4 do"],
            id="its size counts",
        ),
    ],
)
def test_a_node_with_an_empty_range_is_placed_by_its_size(
    node: Tree, place: list[tuple[int, int, str]], notes: list[str]
) -> None:
    tree = machine(reserved_memory=pool({"a": node}))
    assert reserved(tree) == place
    planned = make_plan(parse_text(blob_of(tree), "x"), "64M", Options(kernel="6.1"))
    told = [note for note in planned.notes if "reserved-memory" in note]
    assert [any(part in note for note in told) for part in notes] == [True] * len(told)


def planned(
    nodes: Tree, kernel: str, page_size: int | None = None, bootargs: str = ""
) -> tuple[list[tuple[int, int, str]], list[str]]:
    """What is reserved before a crash kernel, and the notes on it."""
    chosen: Tree = {"bootargs": bootargs.encode() + b"\0"}
    own = parse_text(blob_of(machine(chosen=chosen, reserved_memory=pool(nodes))), "x.dtb")
    found = make_plan(own, "64M", Options(kernel=kernel, page_size=page_size, strategy="mainline"))
    notes = [note for note in found.notes if "reserved-memory" in note or "default CMA" in note]
    return sorted((r.start, r.end, r.name) for r in found.memory.reserved), notes


POOL: Tree = {"compatible": b"shared-dma-pool\0", "reusable": b""}


@pytest.mark.parametrize(
    ("kernel", "page_size", "block"),
    [
        pytest.param("6.1", 4 * KIB, 2 * MIB, id="4K"),
        pytest.param("5.15", 4 * KIB, 4 * MIB, id="4K, up to 5.17"),
        pytest.param("5.10.0-32-arm64", None, 4 * MIB, id="Debian's 5.10"),
        pytest.param("6.1", 16 * KIB, 32 * MIB, id="16K"),
        pytest.param("5.15", 16 * KIB, 32 * MIB, id="16K, up to 5.17"),
        pytest.param("6.1", 64 * KIB, 512 * MIB, id="64K"),
        pytest.param("7.2", 64 * KIB, 512 * MIB, id="64K, today"),
    ],
)
def test_a_pool_is_made_of_whole_page_blocks(kernel: str, page_size: int | None, block: int) -> None:
    """In its kernel's pages; whether its start or its size is not, it is freed."""
    half = block // 2
    whole: Tree = {"p": {**POOL, "reg": wide(GIB, block)}}
    assert planned(whole, kernel, page_size)[0][:1] == [(GIB, GIB + block, "p")]
    for reg in (wide(GIB + half, block), wide(GIB, block + half)):
        found, notes = planned({"p": {**POOL, "reg": reg}}, kernel, page_size)
        assert not any(name == "p" for *_, name in found)
        said = f"reserved-memory p: the pool is not aligned to {block // MIB}M, it is freed"
        assert said in notes
    ranged: Tree = {"p": {**POOL, "size": wide(block), "alloc-ranges": wide(GIB + half, 2 * GIB - half)}}
    found, _ = planned(ranged, kernel, page_size)
    assert [start % block for start, _, name in found if name == "p"] == [0]
    odd: Tree = {"p": {**POOL, "size": wide(half)}}
    found, notes = planned(odd, kernel, page_size)
    assert not any(name == "p" for *_, name in found)


def test_a_default_pool_that_is_freed_makes_room_for_the_kernels_own() -> None:
    """It is the kernel's configuration that counts then, or `cma=`, which frees the pool in any case."""
    default: Tree = {"p": {**POOL, "reg": wide(0x5000_0000, 64 * MIB), "linux,cma-default": b""}}
    own = (0x5000_0000, 0x5400_0000, "p")
    assert planned(default, "6.1.0-32-arm64") == ([own], [])
    found, notes = planned(default, "6.1.0-32-arm64", 64 * KIB)
    assert [name for *_, name in found] == ["default CMA area"]
    assert notes[0] == "reserved-memory p: the pool is not aligned to 512M, it is freed"
    found, notes = planned(default, "6.1.0-32-arm64", 64 * KIB, "cma=512M")
    assert [name for *_, name in found] == ["default CMA area"]
    assert notes[0] == "reserved-memory p: cma= is on the command line, the pool is freed"


WITHOUT = "reserved-memory p: the kernel is built without CMA: "
FREED, KEPT = f"{WITHOUT}the pool is freed, as up to 7.0", f"{WITHOUT}it is reserved all the same, as from 7.1 on"


@pytest.mark.parametrize("symbol", ["CMA", "DMA_CMA"])
@pytest.mark.parametrize(
    ("kernel", "node", "kept"),
    [
        pytest.param("6.1", {"reg": wide(0x5000_0000, 3 * MIB)}, None, id="6.1"),
        pytest.param("6.1", {"size": wide(64 * MIB)}, None, id="6.1, without an address"),
        pytest.param("7.0", {"size": wide(64 * MIB)}, None, id="7.0"),
        pytest.param("7.1", {"reg": wide(0x5000_0000, 3 * MIB)}, (0x5000_0000, 0x5030_0000), id="7.1"),
        pytest.param("7.2", {"reg": wide(0x5000_0000, 3 * MIB)}, (0x5000_0000, 0x5030_0000), id="7.2"),
        pytest.param("7.2", {"size": wide(3 * MIB)}, (TOP - 3 * MIB, TOP), id="7.2, in no whole page blocks"),
    ],
)
@pytest.mark.parametrize("default", [False, True])
def test_a_pool_of_a_kernel_without_cma(
    kernel: str, node: Tree, kept: tuple[int, int] | None, symbol: str, default: bool
) -> None:
    """Up to 7.0 the driver of other pools refuses it, and it is freed; from 7.1 on it stays reserved."""
    mark: Tree = {"linux,cma-default": b""} if default else {}
    tree = blob_of(machine(reserved_memory=pool({"p": {**POOL, **node, **mark}})))
    own = combine(
        [parse_text(tree, "x.dtb"), parse_text(f"# CONFIG_{symbol} is not set\n".encode(), "config", "config")]
    )
    found = make_plan(own, "64M", Options(kernel=kernel, strategy="mainline"))
    assert [(r.start, r.end) for r in found.memory.reserved] == ([kept] if kept else [])
    assert [note for note in found.notes if "without CMA" in note] == [KEPT if kept else FREED]


@pytest.mark.parametrize(
    ("kernel", "kept"), [("6.1", False), ("7.0", False), ("7.1", True), ("7.3", True)], ids=["6.1", "7.0", "7.1", "7.3"]
)
@pytest.mark.parametrize("default", [False, True])
def test_a_pool_that_is_not_mapped(kernel: str, kept: bool, default: bool) -> None:
    """No driver takes it: up to 7.0 it becomes ordinary memory, from 7.1 on it stays as it is."""
    mark: Tree = {"linux,cma-default": b""} if default else {}
    nodes: Tree = {"p": {**POOL, **mark, "reg": wide(0x5000_0000, 64 * MIB), "no-map": b""}}
    own = parse_text(blob_of(machine(reserved_memory=pool(nodes))), "x.dtb")
    found = make_plan(own, "64M", Options(kernel=kernel, strategy="mainline"))
    unmapped = [(r.start, r.end) for r in found.memory.regions if r.flags & Flag.NOMAP]
    assert unmapped == ([(0x5000_0000, 0x5400_0000)] if kept else [])
    said = "it is reserved all the same, as from 7.1 on" if kept else "it becomes ordinary memory, as up to 7.0"
    assert f"reserved-memory p: a reusable pool cannot have no-map: {said}" in found.notes


FROM = wide(GIB + 16 * MIB, GIB)
SIZED: Tree = {"size": wide(MIB)}
FIRMWARE: Tree = {"fw@40000000": {"reg": wide(GIB, 16 * MIB)}}
ABOVE = (GIB + 16 * MIB, GIB + 17 * MIB)
BELOW_END = (2 * GIB + 15 * MIB, 2 * GIB + 16 * MIB)


@pytest.mark.parametrize(
    ("nodes", "places"),
    [
        pytest.param(
            {"a": SIZED, "b": SIZED},
            {"6.4": (TOP - 2 * MIB, TOP - MIB), "6.5": (TOP - MIB, TOP), "6.12": (TOP - MIB, TOP)},
            id="of two nodes, the second comes first up to 6.4",
        ),
        pytest.param(
            {**FIRMWARE, "a": {**SIZED, "alloc-ranges": FROM}},
            {"6.1": BELOW_END, "6.4": BELOW_END, "6.5": ABOVE, "6.11": ABOVE, "6.12": BELOW_END, "7.2": BELOW_END},
            id="a range from another node's end on",
        ),
        pytest.param(
            {**FIRMWARE, "a": {**SIZED, "alloc-ranges": wide(GIB, GIB + 16 * MIB)}},
            {"6.4": BELOW_END, "6.5": ABOVE, "6.12": BELOW_END},
            id="a range from another node's beginning on",
        ),
        pytest.param(
            {"a": {**SIZED, "alloc-ranges": wide(GIB, MIB)}, "b": {**SIZED, "alloc-ranges": wide(GIB + MIB, GIB)}},
            {"6.4": (GIB, GIB + MIB), "6.12": (GIB, GIB + MIB)},
            id="the first of two",
        ),
        pytest.param(
            {**FIRMWARE, "e@90000000": {"reg": wide(2 * GIB + 16 * MIB, MIB)}, "a": {**SIZED, "alloc-ranges": FROM}},
            {"6.4": BELOW_END, "6.5": BELOW_END, "6.12": BELOW_END},
            id="a range between two nodes",
        ),
    ],
)
def test_each_kernel_places_nodes_without_an_address_by_its_rule(
    nodes: Tree, places: dict[str, tuple[int, int]]
) -> None:
    """The addresses are those of node `a`."""
    found = {kernel: [(s, e) for s, e, name in planned(nodes, kernel)[0] if name == "a"] for kernel in places}
    assert found == {kernel: [place] for kernel, place in places.items()}


def test_a_node_that_begins_where_another_was_placed() -> None:
    """Upwards from 6.5 on, also where nodes with an address are not known yet."""
    nodes: Tree = {
        "a": {"size": wide(MIB), "alloc-ranges": wide(GIB, MIB)},
        "b": {"size": wide(MIB), "alloc-ranges": wide(GIB + MIB, GIB)},
    }
    starts = {k: [s for s, _, name in planned(nodes, k)[0] if name == "b"] for k in ("6.4", "6.5", "6.12", "7.2")}
    assert starts == {"6.4": [2 * GIB], "6.5": [GIB + MIB], "6.12": [GIB + MIB], "7.2": [GIB + MIB]}


@pytest.mark.parametrize("kernel", ["6.5", "6.12", "7.2"])
def test_a_pool_that_is_freed_makes_room_for_the_next_node(kernel: str) -> None:
    """At once: both have no address, and the next one is placed where the pool was."""
    nodes: Tree = {"p": {**POOL, "size": wide(64 * MIB), "linux,cma-default": b""}, "a": SIZED}
    found, notes = planned(nodes, kernel, None, "cma=8M")
    assert (TOP - MIB, TOP, "a") in found
    assert "reserved-memory p: cma= is on the command line, the pool is freed" in notes


@pytest.mark.parametrize(
    ("node", "why"),
    [
        pytest.param(
            {"size": wide(MIB)[:-4]}, "the length of its size or alignment is wrong, it is skipped", id="a short size"
        ),
        pytest.param(
            {**SIZED, "alignment": cell(4096)},
            "the length of its size or alignment is wrong, it is skipped",
            id="a short alignment",
        ),
        pytest.param(
            {**SIZED, "alignment": wide(3)}, "its alignment is not a power of two: it is skipped", id="an odd alignment"
        ),
        pytest.param(
            {**SIZED, "alloc-ranges": wide(GIB, GIB)[:-4]},
            "the length of its alloc-ranges is wrong, it is skipped",
            id="a short range",
        ),
        pytest.param({"reg": wide(GIB, MIB)[:-4]}, "the length of its reg is wrong, it is skipped", id="a short reg"),
        pytest.param({"reg": wide(GIB, 0)}, "its reg has a size of 0: nothing is reserved", id="an empty reg"),
        pytest.param({"size": wide(4 * GIB)}, "there is no room for its 4194304K", id="too large"),
        pytest.param({"size": wide(0)}, "there is no room for its 0K", id="nothing"),
    ],
)
def test_a_node_that_is_not_placed_has_a_note(node: Tree, why: str) -> None:
    found = parse_text(blob_of(machine(reserved_memory=pool({"a": node}))), "x.dtb")
    assert found.memory.reserved == ()
    assert f"reserved-memory a: {why}" in found.notes


def test_where_kernels_place_a_node_elsewhere_a_note_says_so() -> None:
    said = "kernels of other versions place reserved-memory nodes without an address elsewhere"
    assert said in planned({"a": SIZED, "b": SIZED}, "6.1")[1]
    assert said not in planned({"a": SIZED}, "6.1")[1]


def test_a_tree_of_many_pools_is_read_in_seconds() -> None:
    """Every rule frees all of them."""
    nodes = {f"p{i}": {**POOL, "reg": wide(GIB + i * 8 * KIB, 4 * KIB)} for i in range(4000)}
    began = time.process_time()
    assert reserved(machine(reserved_memory=pool(nodes))) == [
        (GIB + i * 8 * KIB, GIB + i * 8 * KIB + 4 * KIB, f"p{i}") for i in range(64, 4000)
    ]
    assert time.process_time() - began < 20
