"""The alignment of the proposal: names by geometry, sizes as the kernel reads them, and errors."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, MIB, TIB
from planner.kernel.memory_map import Flag, MemoryMap, Region
from planner.kernel.pgtable import geometry
from planner.planning.alignment import granule_of

MAP = MemoryMap((Region(GIB, 65 * GIB),))


@pytest.mark.parametrize(
    ("align", "k4", "k16", "k64", "folded"),
    [
        pytest.param("pud", GIB, 64 * GIB, 4 * TIB, 512 * MIB, id="PUD_SIZE, which two levels fold to the PMD"),
        pytest.param("pmd", 2 * MIB, 32 * MIB, 512 * MIB, 512 * MIB, id="PMD_SIZE"),
        pytest.param("cont-pmd", 32 * MIB, GIB, 16 * GIB, 16 * GIB, id="a contiguous run of PMDs"),
        pytest.param("block", GIB, GIB, 16 * GIB, 512 * MIB, id="the largest that the map really has"),
        pytest.param("1G", GIB, GIB, GIB, GIB, id="a size"),
        pytest.param("0x4000000", 64 * MIB, 64 * MIB, 64 * MIB, 64 * MIB, id="a number"),
    ],
)
def test_a_name_of_an_alignment_is_a_size_of_the_page_tables(
    align: str, k4: int, k16: int, k64: int, folded: int
) -> None:
    """The columns are 4K, 16K and 64K pages, and 64K pages with two levels."""
    for found, (page, bits) in zip(
        (k4, k16, k64, folded), ((4 * KIB, 48), (16 * KIB, 47), (64 * KIB, 48), (64 * KIB, 42)), strict=True
    ):
        assert granule_of(align, geometry(page, bits), MAP, 0) == found


@pytest.mark.parametrize("page", [4 * KIB, 16 * KIB, 64 * KIB])
def test_a_size_from_a_page_on_is_an_alignment(page: int) -> None:
    geo = geometry(page, 48)
    assert granule_of(str(page), geo, MAP, 0) == page
    with pytest.raises(InputError, match="is less than a page"):
        granule_of(str(page // 2), geo, MAP, 0)


@pytest.mark.parametrize(
    ("regions", "memstart", "granule"),
    [
        pytest.param((Region(16 * GIB, 32 * GIB),), 0, 16 * GIB, id="a whole run fits"),
        pytest.param((Region(17 * GIB, 40 * GIB),), 0, 512 * MIB, id="no region holds an aligned run"),
        pytest.param((Region(16 * GIB, 32 * GIB, Flag.NOMAP),), 0, 512 * MIB, id="NOMAP memory is not mapped"),
        pytest.param((Region(16 * GIB, 32 * GIB),), 2 * GIB, 512 * MIB, id="the map starts off its alignment"),
    ],
)
def test_block_is_what_this_map_can_have(regions: tuple[Region, ...], memstart: int, granule: int) -> None:
    """64K pages: runs of 16 GiB need both addresses aligned."""
    assert granule_of("block", geometry(64 * KIB, 48), MemoryMap(regions), memstart) == granule


@pytest.mark.parametrize(
    ("align", "line"),
    [
        pytest.param(
            "PUD", "'PUD' is not an alignment; use pud, block, cont-pmd, pmd or a size such as 512M", id="a word"
        ),
        pytest.param("1GB", "'1GB' is not an alignment", id="one letter too many"),
        pytest.param("0", "'0' is not an alignment", id="nothing"),
        pytest.param("3M", "3M is not a power of two; use 2M or 4M", id="the next powers of two are named"),
        pytest.param("1K", "1K is less than a page; use at least 4K", id="below a page"),
    ],
)
def test_what_is_no_alignment(align: str, line: str) -> None:
    with pytest.raises(InputError, match=line):
        granule_of(align, geometry(4 * KIB, 48), MAP, 0)
