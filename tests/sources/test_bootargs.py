"""A device tree's command line beside other sources, which say whether the kernel had it."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, MIB
from planner.kernel.machine import Machine
from planner.kernel.memory_map import MemoryMap, Region
from planner.sources import combine, parse_text
from planner.sources.bootargs import under_boots_command_line, without_mem
from tests.blobs import Tree, blob_of, cell, wide
from tests.sources.sources_of import LISTED, RAM, source

ELSEWHERE = MemoryMap((Region(64 * GIB, 72 * GIB),))


def board(bootargs: str = "", start: int = GIB, size: int = 8 * GIB) -> Machine:
    """A tree with this RAM and command line."""
    chosen: Tree = {"chosen": {"bootargs": bootargs.encode() + b"\0"}} if bootargs else {}
    tree: Tree = {
        "#address-cells": cell(2),
        "#size-cells": cell(2),
        f"memory@{start:x}": {"device_type": b"memory\0", "reg": wide(start, size)},
        **chosen,
    }
    return parse_text(blob_of(tree), "x.dtb")


@pytest.mark.parametrize(
    ("bootargs", "line"),
    [
        pytest.param("reserve_mem=4M:4096:trace", None, id="another parameter that ends so"),
        pytest.param("hugetlb_cma=1G quiet x.mem=1G", "quiet", id="a module's"),
        pytest.param("mem=4G", "quiet", id="the tree's own, which the boot's line replaces"),
        pytest.param("", "mem=4G", id="the boot's, which only cuts"),
        pytest.param("mem=4G", "mem=4G", id="both"),
        pytest.param("mem=4G", None, id="the tree's own"),
    ],
)
def test_another_machines_ram_is_refused_whatever_mem_says(bootargs: str, line: str | None) -> None:
    """The order of the sources does not count."""
    tree = board(bootargs)
    for other in (source("a", "iomem", ELSEWHERE, cmdline=line), source("a", "lsmem", ELSEWHERE, cmdline=line)):
        for order in ((tree, other), (other, tree)):
            with pytest.raises(InputError, match="give sources of the same boot"):
                combine(order)


@pytest.mark.parametrize(
    ("bootargs", "line", "shown", "ram"),
    [
        pytest.param("", "mem=4G", 4 * GIB, 4 * GIB, id="the boot's mem= hides RAM of the tree"),
        pytest.param("mem=4G", None, 4 * GIB, 4 * GIB, id="the tree's own does"),
        pytest.param("mem=4G", "quiet", 8 * GIB, 8 * GIB, id="the tree's own is not that of the boot"),
        pytest.param("mem=4G", "mem=6G", 6 * GIB, 6 * GIB, id="the boot's is another"),
    ],
)
@pytest.mark.parametrize("kind", ["iomem", "lsmem"])
def test_ram_that_mem_hides_is_no_contradiction(
    bootargs: str, line: str | None, shown: int, ram: int, kind: str
) -> None:
    """The map of the answer is that of the boot's command line, also if it is the tree's own."""
    other = source("a", kind, MemoryMap((Region(GIB, GIB + shown),), LISTED.reserved), cmdline=line)
    combined = combine([board(bootargs), other])
    assert combined.memory.ram == ram
    assert combined.facts.cmdline == (line or bootargs)


@pytest.mark.parametrize("kind", ["iomem", "dmesg", "lsmem"])
def test_ram_that_the_trees_mem_would_hide_shows_that_the_line_was_not_used(kind: str) -> None:
    """Then the tree's request is not that of the boot either."""
    combined = combine([board("mem=2G crashkernel=1G"), source("a", kind, RAM)])
    assert combined.memory.ram == 8 * GIB
    assert combined.facts.cmdline is None
    said = (
        "a has RAM that mem=2G of x.dtb would hide: the command line of the tree was not that of this boot, it is "
        "ignored"
    )
    assert [note for note in combined.notes if "mem=2G" in note] == [said]


def test_as_much_ram_as_sources_may_differ_by_shows_nothing() -> None:
    """The initrd is added back after `mem=`."""
    tree, other = board("mem=8128M"), source("a", "lsmem", RAM)
    assert under_boots_command_line([tree, other]) == ([tree, other], [])


def test_without_mem_a_tree_has_all_its_ram() -> None:
    """Other sources show what they show."""
    assert without_mem(board("mem=2G")).memory.ram == 8 * GIB
    listing = source("a", "iomem", RAM, cmdline="mem=64M")
    assert without_mem(listing) is listing
    assert board("mem=2G").memory.ram == 2 * GIB
    assert board("mem=2G", size=GIB + MIB).memory.ram == GIB + MIB
