"""Sources of different boards, and maps that reserve other memory."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, MIB
from planner.kernel.machine import Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.sources import combine, parse_text
from tests.blobs import Tree, blob_of, cell, wide
from tests.sources.sources_of import LISTED, RAM, source

LOG = "[    0.000000] Linux version 6.1.0 (gcc) #1 SMP\n[    0.000000] Machine model: {}\n"


def board(properties: Tree | None = None, nodes: Tree | None = None, ram: int = 8 * GIB) -> Machine:
    """A tree with these properties of its root, and nodes of its reserved memory."""
    tree: Tree = {
        **(properties or {}),
        "#address-cells": cell(2),
        "#size-cells": cell(2),
        "memory@40000000": {"device_type": b"memory\0", "reg": wide(GIB, ram)},
        "reserved-memory": {"#address-cells": cell(2), "#size-cells": cell(2), "ranges": b"", **(nodes or {})},
    }
    return parse_text(blob_of(tree), "x.dtb")


BOARDS = "the sources may be of different boards"


@pytest.mark.parametrize(
    ("properties", "named", "doubt"),
    [
        pytest.param({"model": b"ACME One\0"}, "ACME One", "", id="the same"),
        pytest.param({"model": b" ACME One \0"}, "ACME One", "", id="but for blanks"),
        pytest.param({"model": b"ACME One\0"}, "ACM", BOARDS, id="the line of the log is cut off"),
        pytest.param({"model": b"ACME 10\0"}, "ACME 1", BOARDS, id="or is another board's"),
        pytest.param({"model": b"ACME One\0"}, "ACME One Rev 1.5", "", id="a boot loader adds the revision"),
        pytest.param({"model": b"ACME One\0"}, "ACME One (v2)", "", id="in another form"),
        pytest.param({"model": b"ACME One Rev 1.5\0"}, "ACME One", "", id="or the log is of a boot without it"),
        pytest.param({"model": b"ACME One\0"}, "ACME One Plus", BOARDS, id="another word"),
        pytest.param({"model": b"ACME 1\0"}, "ACME 10", None, id="another number"),
        pytest.param({"model": b"ACME B\0"}, "ACME B+", None, id="another sign"),
        pytest.param({"model": b"ACME One\0"}, "ACME Two", None, id="another"),
        pytest.param({"compatible": b"acme,one\0acme\0"}, "acme,one", "", id="what it is compatible with"),
        pytest.param({"compatible": b"acme,one\0acme\0"}, "acme,two", None, id="with another"),
        pytest.param({}, "ACME Two", "", id="a tree without a name"),
        pytest.param({"model": b"ACME One\0"}, "", "", id="nothing left of the line"),
    ],
)
@pytest.mark.parametrize("ram", [8 * GIB, 0], ids=["with RAM", "without RAM"])
def test_a_log_and_a_tree_of_different_boards_are_refused_or_doubted(
    properties: Tree, named: str, ram: int, doubt: str | None
) -> None:
    tree, log = board(properties, ram=ram), parse_text(LOG.format(named).encode(), "log")
    listing = source("listing", "iomem", LISTED)
    for order in ((tree, log, listing), (listing, log, tree)):
        if doubt is None:
            with pytest.raises(InputError, match="sources of different boards: the machine is"):
                combine(order)
        else:
            assert combine(order).doubt == doubt


@pytest.mark.parametrize(
    ("one", "other", "doubt"),
    [
        pytest.param({"model": b"ACME 1\0"}, {"model": b"ACME 10\0"}, None, id="another number"),
        pytest.param({"compatible": b"acme,1\0soc\0"}, {"compatible": b"acme,10\0soc\0"}, None, id="without a model"),
        pytest.param({"model": b"ACME 1\0"}, {"model": b"ACME 1 Rev 2\0"}, "", id="the revision"),
        pytest.param({"model": b"ACME 1\0"}, {"model": b"ACME 1 Plus\0"}, BOARDS, id="another word"),
        pytest.param(
            {"model": b"ACME 1\0", "compatible": b"acme,1\0soc\0"},
            {"model": b"ACME 1 Plus\0", "compatible": b"acme,1-plus\0acme,1\0soc\0"},
            None,
            id="compatible with another",
        ),
        pytest.param(
            {"model": b"ACME 1\0", "compatible": b"acme,1\0soc\0"},
            {"model": b"ACME 1 on shelf 3\0", "compatible": b"acme,1\0soc\0"},
            "",
            id="compatible with the same",
        ),
    ],
)
def test_trees_of_different_boards_are_refused_or_doubted(one: Tree, other: Tree, doubt: str | None) -> None:
    """Boards may differ even where they reserve the same memory."""
    trees = [board(one, FIRMWARE), board(other, FIRMWARE)]
    for order in (trees, trees[::-1]):
        if doubt is None:
            with pytest.raises(InputError, match="sources of different boards: the machine is"):
                combine(order)
        else:
            assert combine(order).doubt == doubt


FIRMWARE: Tree = {"firmware@80000000": {"reg": wide(2 * GIB, 16 * MIB)}}
NOMAP: Tree = {"firmware@80000000": {"reg": wide(2 * GIB, 16 * MIB), "no-map": b""}}
POOL: Tree = {"pool": {"compatible": b"shared-dma-pool\0", "reusable": b"", "size": wide(64 * MIB)}}


@pytest.mark.parametrize(
    ("one", "other", "named"),
    [
        pytest.param(board(nodes=FIRMWARE), board({"model": b"X\0"}, FIRMWARE), None, id="trees that agree"),
        pytest.param(board(nodes=FIRMWARE), board(nodes=FIRMWARE, ram=0), None, id="one has no RAM"),
        pytest.param(board(), board(nodes=FIRMWARE), "firmware@80000000", id="a reservation"),
        pytest.param(
            board(),
            board(nodes=NOMAP, ram=0),
            "memory between 0x80000000 and 0x81000000",
            id="NOMAP memory of a tree without RAM",
        ),
        pytest.param(board(), board(nodes=POOL), "pool", id="a pool without an address"),
    ],
)
def test_only_trees_that_reserve_other_memory_are_refused(one: Machine, other: Machine, named: str | None) -> None:
    """In any order; alone or beside another source's map."""
    for order in ((one, other), (other, one), (source("a", "lsmem", RAM), one, other)):
        if named:
            said = rf"this device tree contradicts x\.dtb in what is reserved: {named} is (reserved|free) here and"
            with pytest.raises(InputError, match=said):
                combine(order)
        else:
            combine(order)


def loaded(start: int, size: int, *reserve: tuple[int, int], nodes: Tree | None = None) -> Machine:
    """A tree that a boot loader has added an initrd to, and reservations."""
    tree: Tree = {
        "#address-cells": cell(2),
        "#size-cells": cell(2),
        "memory@40000000": {"device_type": b"memory\0", "reg": wide(GIB, 8 * GIB)},
        "chosen": {"linux,initrd-start": wide(start), "linux,initrd-end": wide(start + size)},
        "reserved-memory": {"#address-cells": cell(2), "#size-cells": cell(2), "ranges": b"", **(nodes or {})},
    }
    return parse_text(blob_of(tree, reserve), "x.dtb")


INITRD = (GIB + 128 * MIB, MIB - 100)
BLOB = (GIB + 112 * MIB, 0x3000)


@pytest.mark.parametrize(
    ("one", "other", "refused"),
    [
        pytest.param(board(), loaded(*INITRD), False, id="an initrd"),
        pytest.param(board(), loaded(*INITRD, INITRD), False, id="reserved by another name"),
        pytest.param(board(), loaded(*INITRD, (INITRD[0], MIB)), False, id="its pages"),
        pytest.param(board(), loaded(*INITRD, BLOB), False, id="the tree itself"),
        pytest.param(board(), loaded(*INITRD, (GIB + 112 * MIB, 0x10000)), False, id="with room to grow"),
        pytest.param(board(nodes=FIRMWARE), loaded(*INITRD, INITRD, BLOB, nodes=FIRMWARE), False, id="all of it"),
        pytest.param(
            loaded(*INITRD, INITRD), loaded(2 * GIB, MIB, (2 * GIB, MIB)), False, id="boots with other places"
        ),
        pytest.param(loaded(*INITRD), loaded(INITRD[0], 2 * MIB, BLOB), False, id="boots with other initrds"),
        pytest.param(loaded(*INITRD, BLOB), loaded(*INITRD, (2 * GIB, 0x4000)), False, id="trees of other places"),
        pytest.param(loaded(*INITRD, (2 * GIB, MIB)), loaded(*INITRD, INITRD), True, id="where no initrd is"),
        pytest.param(board(), loaded(*INITRD, (INITRD[0], 2 * MIB)), True, id="more than the initrd"),
        pytest.param(board(), loaded(*INITRD, (GIB, 256)), True, id="less than the tree"),
        pytest.param(board(), loaded(*INITRD, (GIB, 0x20000)), True, id="more than the tree"),
        pytest.param(board(), loaded(*INITRD, BLOB, nodes=FIRMWARE), True, id="and firmware"),
    ],
)
def test_only_what_a_boot_loader_reserves_in_a_tree_may_differ(one: Machine, other: Machine, *, refused: bool) -> None:
    """For the initrd and the tree itself, which are those of one boot."""
    for order in ((one, other), (other, one)):
        if refused:
            with pytest.raises(InputError, match="in what is reserved: "):
                combine(order)
        else:
            combine(order)


MARK: Tree = {"linux,cma-default": b""}
SHARED: Tree = {"compatible": b"shared-dma-pool\0", "reusable": b""}
DEFAULT: Tree = {"pool": {**SHARED, **MARK, "size": wide(64 * MIB)}}
FIXED: Tree = {**SHARED, "reg": wide(2 * GIB, 64 * MIB)}
LATER: Tree = {**SHARED, "reg": wide(2 * GIB + 256 * MIB, 64 * MIB)}


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        pytest.param(
            board(nodes=FIRMWARE), board(nodes=NOMAP), "what is mapped: .* is NOMAP here and mapped there", id="NOMAP"
        ),
        pytest.param(
            board(nodes=POOL),
            board(nodes=DEFAULT),
            "the default CMA area: pool is it here and not there",
            id="the default pool",
        ),
        pytest.param(
            board(nodes={"pool@80000000": {**FIXED, **MARK}, "pool@90000000": LATER}),
            board(nodes={"pool@80000000": FIXED, "pool@90000000": {**LATER, **MARK}}),
            "the default CMA area: pool@90000000 is it here and not there",
            id="another default pool",
        ),
    ],
)
def test_trees_that_use_the_same_memory_in_another_way_are_refused(one: Machine, other: Machine, said: str) -> None:
    with pytest.raises(InputError, match=said):
        combine([one, other])
    with pytest.raises(InputError, match=said.partition(":")[0]):
        combine([other, one])


def test_trees_whose_devices_reach_different_addresses_are_refused() -> None:
    """What devices reach decides where low memory ends."""
    ranges: Tree = {"ranges": b"", "dma-ranges": wide(0, 0, GIB), "#address-cells": cell(2), "#size-cells": cell(2)}
    one, other = board(), board({"soc": ranges})
    for order in ((one, other), (other, one)):
        with pytest.raises(InputError, match=r"contradicts x\.dtb in what all devices can reach: up to 0x"):
            combine(order)


TAKEN = (Reserved(2 * GIB, 3 * GIB, "firmware"),)
CRASH = (Reserved(4 * GIB, 5 * GIB, "Crash kernel"),)


@pytest.mark.parametrize(
    ("one", "other", "kind", "refused"),
    [
        pytest.param(TAKEN, TAKEN, "json", False, id="the same"),
        pytest.param(TAKEN, (*TAKEN, *CRASH), "report", False, id="a crash kernel"),
        pytest.param(TAKEN, (), "json", True, id="one reserves nothing"),
        pytest.param(TAKEN, (Reserved(2 * GIB, 3 * GIB + MIB),), "report", True, id="more of it"),
        pytest.param(TAKEN, (), "memblock", False, id="a running machine's is no such map"),
    ],
)
def test_only_maps_that_reserve_other_memory_are_refused(
    one: tuple[Reserved, ...], other: tuple[Reserved, ...], kind: str, *, refused: bool
) -> None:
    first = source("a", "json", MemoryMap(RAM.regions, one), settled=True)
    second = source("b", kind, MemoryMap(RAM.regions, other), settled=True)
    for order in ((first, second), (second, first)):
        if refused:
            with pytest.raises(
                InputError, match=r"in what is reserved: (firmware|memory between 0x.*) is (reserved|free) here and"
            ) as caught:
                combine(order)
            assert str(caught.value).endswith("give only the one of the boot that is meant")
        else:
            combine(order)


def test_a_carve_out_of_one_map_only_is_refused() -> None:
    """NOMAP memory is no less taken."""
    carved = MemoryMap((Region(GIB, 9 * GIB - 16 * MIB), Region(9 * GIB - 16 * MIB, 9 * GIB, Flag.NOMAP)))
    sources = [source("a", "json", RAM, settled=True), source("b", "json", carved, settled=True)]
    with pytest.raises(InputError, match="memory between 0x23f000000 and 0x240000000 is reserved here and free there"):
        combine(sources)


def test_only_the_tree_that_is_used_is_said_to_give_reserved_memory() -> None:
    trees = [board(nodes=FIRMWARE), board({"model": b"X\0"}, FIRMWARE)]
    notes = combine([source("a", "iomem", RAM), *trees]).notes
    assert [note.rpartition("gives ")[2] for note in notes if "; x.dtb gives" in note] == [
        "reserved memory and facts",
        "facts only",
    ]
