"""CMA areas: where each goes, and what nodes have of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.ranges import Span
from planner.base.sizes import GIB, MIB
from planner.kernel.cma import Cma, cma_of
from planner.rewind.cma_areas import areas_of, cma_of_nodes, place_cma
from planner.rewind.state import State


def test_there_is_no_place_without_memory() -> None:
    assert place_cma(State((), ()), 64 * MIB, Cma(), 2 * MIB, 4 * GIB) is None


@pytest.mark.parametrize(
    ("asked_for", "low_max", "expected"),
    [
        pytest.param(Cma(), 4 * GIB, 4 * GIB - 64 * MIB, id="right below the DMA limit"),
        pytest.param(Cma(), 9 * GIB, 4 * GIB, id="from 4 GiB up where all memory will do"),
        pytest.param(Cma(upward=False), 9 * GIB, 9 * GIB - 64 * MIB, id="or from the top, as up to 5.11"),
        pytest.param(Cma(64 * MIB, 2 * GIB, 2 * GIB + 64 * MIB), 4 * GIB, 2 * GIB, id="where it was told to"),
        pytest.param(Cma(64 * MIB, 0, 3 * GIB), 4 * GIB, 3 * GIB - 64 * MIB, id="below its own limit"),
    ],
)
def test_where_the_area_goes(asked_for: Cma, low_max: int, expected: int) -> None:
    """In an empty memory from 1 to 9 GiB."""
    state = State(((GIB, 9 * GIB),), ())
    assert place_cma(state, 64 * MIB, asked_for, 2 * MIB, low_max) == (expected, expected + 64 * MIB)


@pytest.mark.parametrize(
    ("cmdline", "beyond", "taken", "expected"),
    [
        pytest.param("cma=64M@2G", False, (3 * GIB, 4 * GIB), 2 * GIB, id="free"),
        pytest.param("cma=64M@2G", False, (2 * GIB + 63 * MIB, 3 * GIB), None, id="any of it is reserved"),
        pytest.param("cma=64M@2049M", False, (3 * GIB, 4 * GIB), None, id="not aligned"),
        pytest.param("cma=63M@2G", False, (3 * GIB, 4 * GIB), None, id="rounded up it is beyond its own end"),
        pytest.param("cma=64M@5G", False, (3 * GIB, 4 * GIB), None, id="beyond the DMA limit"),
        pytest.param("cma=64M@5G", True, (3 * GIB, 4 * GIB), 5 * GIB, id="beyond the DMA limit since 6.17"),
        pytest.param("cma=64M@9G", True, (3 * GIB, 4 * GIB), None, id="beyond memory"),
    ],
)
def test_an_area_at_an_address_lies_there_or_nowhere(
    cmdline: str, beyond: bool, taken: Span, expected: int | None
) -> None:
    asked_for = replace(cma_of(cmdline), beyond=beyond)
    area = place_cma(State(((GIB, 9 * GIB),), (taken,)), asked_for.size or 0, asked_for, 2 * MIB, 4 * GIB)
    assert area == (None if expected is None else (expected, expected + 64 * MIB))


@pytest.mark.parametrize(
    ("cmdline", "expected"),
    [
        pytest.param("quiet", [64 * MIB, 64 * MIB], id="as much as the default area"),
        pytest.param("cma_pernuma=16M", [16 * MIB, 16 * MIB], id="as much as is asked for on every node"),
        pytest.param("numa_cma=1:32M", [0, 32 * MIB], id="on one node alone"),
        pytest.param("cma_pernuma=16M numa_cma=0:8M,7:4M", [8 * MIB, 16 * MIB], id="one node otherwise; no node 7"),
    ],
)
def test_what_each_node_has_of_its_own(cmdline: str, expected: list[int]) -> None:
    assert cma_of_nodes(cmdline, 2, 64 * MIB) == expected


def test_an_area_takes_whole_page_blocks() -> None:
    """A page block has 512M with 64K pages, which is more than any usual size."""
    assert areas_of(512 * MIB, (64 * MIB, 16 * MIB, 1 * GIB)) == (512 * MIB, GIB)
