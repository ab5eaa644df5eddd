"""Gigantic pages of a listing: as pairs of entries, or as many as the command line asks for."""

from __future__ import annotations

import pytest

from planner.base.ranges import Span
from planner.base.sizes import GIB, KIB, MIB
from planner.rewind.gigantic import areas_for_gigantic_pages, gigantic_pages, gigantic_pages_asked
from planner.rewind.state import State

PAGE = 4 * KIB


@pytest.mark.parametrize(
    ("cmdline", "page_size", "expected"),
    [
        pytest.param(None, PAGE, {}, id="unknown"),
        pytest.param("hugepagesz=1G hugepages=3 quiet", PAGE, {GIB: 3}, id="gigantic"),
        pytest.param("hugepagesz=2M hugepages=512", PAGE, {}, id="from the buddy allocator"),
        pytest.param("hugepages=8", PAGE, {}, id="of the default size"),
        pytest.param(
            "hugepagesz=32M hugepages=4 hugepagesz=1G hugepages=1", PAGE, {32 * MIB: 4, GIB: 1}, id="two sizes"
        ),
        pytest.param("hugepagesz=1G hugepages=0:1,1:1", PAGE, {}, id="by node, which is not followed"),
    ],
)
def test_gigantic_pages_that_a_command_line_asks_for(
    cmdline: str | None, page_size: int, expected: dict[int, int]
) -> None:
    assert gigantic_pages_asked(cmdline, page_size) == expected


@pytest.mark.parametrize(
    ("blocks", "cmdline", "expected"),
    [
        pytest.param(
            [(5 * GIB, 5 * GIB + PAGE), (5 * GIB + PAGE, 6 * GIB)],
            None,
            [(5 * GIB, 6 * GIB)],
            id="one small page and the rest",
        ),
        pytest.param(
            [(5 * GIB - 32 * MIB, 5 * GIB + PAGE), (5 * GIB + PAGE, 6 * GIB)],
            None,
            [(5 * GIB, 6 * GIB)],
            id="the small page is one entry with what lies beneath",
        ),
        pytest.param([(5 * GIB, 6 * GIB)], None, [(5 * GIB, 6 * GIB)], id="one whole entry, before 6.7"),
        pytest.param([(2 * GIB, 3 * GIB)], None, [], id="a lower one, beneath a place that is free"),
        pytest.param(
            [(2 * GIB, 3 * GIB), (4 * GIB - MIB, 8 * GIB - MIB)], None, [(2 * GIB, 3 * GIB)], id="where none is"
        ),
        pytest.param([(4 * GIB - 64 * MIB, 5 * GIB)], None, [(4 * GIB, 5 * GIB)], id="above a CMA area"),
        pytest.param([(5 * GIB, 6 * GIB)], "quiet", [], id="none are asked for"),
        pytest.param([(5 * GIB + MIB, 6 * GIB)], None, [], id="an entry of another size tells nothing"),
        pytest.param(
            [(5 * GIB - MIB, 8 * GIB)],
            "hugepagesz=1G hugepages=2",
            [(6 * GIB, 8 * GIB)],
            id="as many as asked for, topmost",
        ),
        pytest.param([(5 * GIB, 5 * GIB + PAGE), (5 * GIB + PAGE, 5 * GIB + 8 * MIB)], None, [], id="another size"),
    ],
)
def test_where_gigantic_pages_lie(blocks: list[Span], cmdline: str | None, expected: list[Span]) -> None:
    assert gigantic_pages(State(((GIB, 8 * GIB),), tuple(blocks)), cmdline, PAGE) == expected


def test_what_is_known_to_be_earlier_is_no_gigantic_page() -> None:
    listed = State(((GIB, 8 * GIB),), ((4 * GIB, 6 * GIB),), ((5 * GIB, 6 * GIB),))
    assert gigantic_pages(listed, "hugepagesz=1G hugepages=1", PAGE) == [(4 * GIB, 5 * GIB)]


NODES = ((GIB, 5 * GIB), (5 * GIB, 9 * GIB), (9 * GIB, 13 * GIB))


@pytest.mark.parametrize(
    ("blocks", "cmdline", "nodes", "expected"),
    [
        pytest.param(
            [(4 * GIB - 64 * MIB, 6 * GIB)], "hugetlb_cma=2G", (), [(4 * GIB, 6 * GIB)], id="from 4 GiB up, in one area"
        ),
        pytest.param(
            [(4 * GIB - 64 * MIB, 7 * GIB)], "hugetlb_cma=1G", (), [(4 * GIB, 5 * GIB)], id="from 4 GiB up, the lowest"
        ),
        pytest.param([(2 * GIB, 4 * GIB)], "hugetlb_cma=1G", (), [(3 * GIB, 4 * GIB)], id="or else from the top"),
        pytest.param(
            [(2 * GIB, 3 * GIB), (4 * GIB, 4 * GIB + MIB), (6 * GIB, 7 * GIB)],
            "hugetlb_cma=2G",
            NODES,
            [(2 * GIB, 3 * GIB), (6 * GIB, 7 * GIB)],
            id="whole pages on each node, as far as they go",
        ),
        pytest.param([(4 * GIB, 5 * GIB)], "hugetlb_cma=1G hugetlb_cma=0", (), [], id="none: the last one counts"),
        pytest.param([(4 * GIB, 5 * GIB)], "quiet", (), [], id="not asked for"),
        pytest.param([(4 * GIB, 5 * GIB)], None, (), [], id="not known"),
        pytest.param([(4 * GIB, 5 * GIB)], "hugetlb_cma=0:1G", NODES, [], id="by node, which is not followed"),
        pytest.param([(4 * GIB, 5 * GIB - MIB)], "hugetlb_cma=1G", (), [], id="no room for it: it failed"),
    ],
)
def test_areas_for_gigantic_pages(
    blocks: list[Span], cmdline: str | None, nodes: tuple[Span, ...], expected: list[Span]
) -> None:
    listed = State(((GIB, 13 * GIB),), tuple(blocks))
    assert areas_for_gigantic_pages(listed, cmdline, PAGE, nodes) == expected
