"""NOMAP memory inferred in listings without flags: the smaller of adjacent ranges."""

from __future__ import annotations

from itertools import pairwise

import pytest

from planner.base.sizes import GIB, MIB
from planner.kernel.memory_map import Flag, Region
from planner.sources.nomap import inferred_nomap


@pytest.mark.parametrize(
    ("sizes", "nomap"),
    [
        pytest.param([512], [False], id="a range alone"),
        pytest.param([512, 1, 400], [False, True, False], id="between two larger ones"),
        pytest.param([512, 1], [False, True], id="at the end"),
        pytest.param([1, 512], [True, False], id="at the beginning"),
        pytest.param([512, 1, 400, 2, 300], [False, True, False, True, False], id="every other one"),
        pytest.param([2048, 2048], [False, False], id="nothing as large as 1 GiB: two nodes meet"),
        pytest.param([2048, 1, 2048], [False, True, False], id="but between two of them"),
    ],
)
def test_of_ranges_that_touch_every_other_one_is_nomap(sizes: list[int], nomap: list[bool]) -> None:
    """Sizes in MiB; a note gives the number of inferred ranges."""
    regions, at = [], GIB
    for size in sizes:
        regions.append(Region(at, at + size * MIB))
        at += size * MIB
    found = inferred_nomap(regions)
    assert [r.flags == Flag.NOMAP.value for r in found.regions] == nomap
    assert bool(found.note) is any(nomap)
    if sum(nomap) == 2:
        assert found.note == "2 memory ranges touch their neighbours and are taken as NOMAP firmware memory (inferred)"


@pytest.mark.parametrize(
    ("sizes", "used", "known", "nomap"),
    [
        pytest.param([160, 900, 988], 2, None, [False, True, False], id="the kernel allocated at an end"),
        pytest.param([160, 900, 988], 1, None, [True, False, True], id="the kernel allocated in the middle"),
        pytest.param([160, 1024, 864], 2, None, [False, True, False], id="1 GiB between two ranges, if it follows"),
        pytest.param([256, 512, 2048], 1, None, [True, False, False], id="but not at an end: memory of another kind"),
        pytest.param([400, 300, 100], None, 2, [True, False, True], id="NOMAP by another line of the log"),
        pytest.param([400, 300], 1, 1, [False, False], id="contradicting signs tell nothing"),
    ],
)
def test_allocations_and_known_nomap_memory_tell_which_ones(
    sizes: list[int], used: int | None, known: int | None, nomap: list[bool]
) -> None:
    """used, known: the number of the range with an allocation of the kernel, and of one with NOMAP memory."""
    ends = [GIB + sum(sizes[:n]) * MIB for n in range(len(sizes) + 1)]
    regions = [Region(*span) for span in pairwise(ends)]
    taken, given = ([] if n is None else [(ends[n] + MIB, ends[n] + 2 * MIB)] for n in (used, known))
    assert [r.flags == Flag.NOMAP.value for r in inferred_nomap(regions, taken, given).regions] == nomap


def test_as_large_as_the_firmwares_ranges_are_those_that_may_be_instead() -> None:
    """One of 1 GiB or more is not, and stays memory."""
    sizes = [700, 1200, 800, 200]
    ends = [GIB + sum(sizes[:n]) * MIB for n in range(len(sizes) + 1)]
    regions = [Region(*span) for span in pairwise(ends)]
    found = inferred_nomap(regions)
    assert [r.flags == Flag.NOMAP.value for r in found.regions] == [False, False, False, True]
    assert [regions.index(Region(*span)) for span in found.unsure] == [3, 0, 2]


def test_what_may_be_the_other_way_round_is_said() -> None:
    regions = [Region(GIB, GIB + 400 * MIB), Region(GIB + 400 * MIB, GIB + 700 * MIB)]
    found = inferred_nomap(regions)
    assert found.unsure == ((GIB + 400 * MIB, GIB + 700 * MIB), (GIB, GIB + 400 * MIB))
    assert found.note == (
        "1 memory range touches its neighbours and is taken as NOMAP firmware memory (inferred; "
        "it may be the others instead)"
    )


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(Region(2 * GIB + MIB, 2 * GIB + 2 * MIB, 0, 0), id="a hole before it"),
        pytest.param(Region(2 * GIB, 2 * GIB + MIB, 0, 1), id="of another node"),
    ],
)
def test_ranges_that_do_not_touch_are_memory(second: Region) -> None:
    regions = [Region(GIB, 2 * GIB, 0, 0), second]
    assert inferred_nomap(regions) == (regions, "", ())
