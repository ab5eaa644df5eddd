"""The linear map: leaves by address, tables, and the effect of mapping a range again.

The maps that the kernel's own code built for 239 layouts, and those of 118 boots, are in `tests/oracle`.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.errors import KernelBugError
from planner.base.ranges import Span
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.linear_map import (
    BASE_PAGES,
    CONT_PMD,
    CONT_PTE,
    NO_BLOCKS,
    NO_CONT,
    PMD,
    PTE,
    PUD,
    LeafSpan,
    base_page_bytes,
    build,
    build_over,
    kinds_used,
    measure,
    measured,
    remap,
    remapped,
)
from planner.kernel.pgtable import VA_BITS, Geometry, geometry
from planner.kernel.ptdump import Leaves, Tables

GEOMETRIES = [geometry(page, bits) for page, all_bits in VA_BITS.items() for bits in all_bits]
K4, K16, K64 = geometry(4 * KIB, 48), geometry(16 * KIB, 47), geometry(64 * KIB, 48)


@pytest.mark.parametrize(
    ("geo", "memstart", "call", "leaves"),
    [
        pytest.param(K4, GIB, (GIB, 3 * GIB, 0), [(GIB, 3 * GIB, PUD)], id="4K pages: whole PUDs are blocks"),
        pytest.param(K16, 0, (0, 128 * GIB, 0), [(0, 128 * GIB, CONT_PMD)], id="16K pages: never a PUD block"),
        pytest.param(
            K4, GIB, (GIB + 32 * MIB, GIB + 96 * MIB, 0), [(GIB + 32 * MIB, GIB + 96 * MIB, CONT_PMD)], id="PMD runs"
        ),
        pytest.param(
            K4,
            GIB,
            (GIB + 30 * MIB, GIB + 66 * MIB, 0),
            [
                (GIB + 30 * MIB, GIB + 32 * MIB, PMD),
                (GIB + 32 * MIB, GIB + 64 * MIB, CONT_PMD),
                (GIB + 64 * MIB, GIB + 66 * MIB, PMD),
            ],
            id="PMDs beside a run have no hint",
        ),
        pytest.param(
            K4,
            GIB,
            (GIB + 60 * KIB, GIB + 136 * KIB, 0),
            [
                (GIB + 60 * KIB, GIB + 64 * KIB, PTE),
                (GIB + 64 * KIB, GIB + 128 * KIB, CONT_PTE),
                (GIB + 128 * KIB, GIB + 136 * KIB, PTE),
            ],
            id="runs of pages, and pages beside them",
        ),
        pytest.param(K4, GIB, (GIB, 2 * GIB, NO_BLOCKS), [(GIB, 2 * GIB, CONT_PTE)], id="no blocks: runs of pages"),
        pytest.param(K4, GIB, (GIB, 2 * GIB, NO_CONT), [(GIB, 2 * GIB, PUD)], id="no hint: blocks all the same"),
        pytest.param(
            K4, GIB, (GIB, GIB + 32 * MIB, NO_CONT), [(GIB, GIB + 32 * MIB, PMD)], id="no hint: each PMD by itself"
        ),
        pytest.param(K4, GIB, (GIB, 2 * GIB, BASE_PAGES), [(GIB, 2 * GIB, PTE)], id="base pages"),
        pytest.param(K4, GIB, (GIB + 1, GIB + 4097, 0), [(GIB, GIB + 8 * KIB, PTE)], id="pages, not bytes"),
        pytest.param(K4, GIB, (GIB + 5, GIB + 5, 0), [(GIB, GIB + 4 * KIB, PTE)], id="an empty range inside a page"),
        pytest.param(K4, GIB, (GIB, GIB, 0), [], id="nothing"),
        pytest.param(
            geometry(16 * KIB, 36), 0, (0, 4 * GIB, 0), [(0, 4 * GIB, PMD)], id="two levels never see a run of PMDs"
        ),
        pytest.param(geometry(64 * KIB, 42), 0, (0, 32 * GIB, 0), [(0, 32 * GIB, PMD)], id="with 64K pages too"),
        pytest.param(K64, 0, (16 * GIB, 32 * GIB, 0), [(16 * GIB, 32 * GIB, CONT_PMD)], id="64K pages: runs of 16G"),
        pytest.param(
            K64,
            2 * GIB,
            (16 * GIB, 32 * GIB, 0),
            [(16 * GIB, 32 * GIB, PMD)],
            id="a leaf needs both addresses aligned",
        ),
    ],
)
def test_which_leaf_maps_a_range(
    geo: Geometry, memstart: int, call: tuple[int, int, int], leaves: list[LeafSpan]
) -> None:
    """The largest leaf that the call fills, with both addresses aligned, and that its flags allow."""
    assert build([call], geo, memstart) == leaves


def test_two_calls_that_touch_never_share_a_leaf() -> None:
    """Alignment is tested for each call: regions that differ in node or flags are mapped separately."""
    assert build([(GIB, GIB + MIB, 0), (GIB + MIB, GIB + 2 * MIB, 0)], K4, GIB) == [
        (GIB, GIB + MIB, CONT_PTE),
        (GIB + MIB, GIB + 2 * MIB, CONT_PTE),
    ]


def kind_of(call: tuple[int, int, int], address: int, geo: Geometry, memstart: int) -> int:
    """The leaf of one address, walked down level by level as map_mem() does."""
    start, end = call[0] & -geo.page_size, -(-call[1] // geo.page_size) * geo.page_size

    def whole(size: int) -> bool:
        virtual = (address - memstart) & -size
        low = virtual + memstart
        return not low % size and start <= low and low + size <= end

    blocks, hint = not call[2] & NO_BLOCKS, not call[2] & NO_CONT
    if geo.page_size == 4 * KIB and blocks and whole(geo.pud_size):
        return PUD
    if blocks and whole(geo.pmd_size):
        return CONT_PMD if hint and geo.levels > 2 and whole(geo.cont_pmd_size) else PMD
    return CONT_PTE if hint and whole(geo.cont_pte_size) else PTE


def stand(spans: list[LeafSpan], least: int, shift: int, memstart: int) -> int:
    """Tables of a level where one maps `1 << shift` bytes: one wherever there is a leaf of this kind or smaller."""
    return len(
        {
            n
            for a, b, k in spans
            if k >= least
            for n in range((a - memstart) >> shift, ((b - 1 - memstart) >> shift) + 1)
        }
    )


Alike = tuple[Geometry, int, list[Span], int]


def built(ranges: list[Span], flags: int, geo: Geometry, memstart: int) -> list[LeafSpan]:
    """The map built from calls."""
    return build([(start, end, flags) for start, end in ranges], geo, memstart)


@st.composite
def alike(draw: st.DrawFn) -> Alike:
    """Ascending ranges: on boundaries of every kind of leaf, near them, and anywhere."""
    geo = draw(st.sampled_from(GEOMETRIES))
    unit = st.sampled_from((1, geo.page_size, geo.cont_pte_size, geo.pmd_size, geo.cont_pmd_size, geo.pud_size))
    edge = st.builds(
        lambda unit, count, near: max(unit * count + near, 0), unit, st.integers(0, 70), st.integers(-1, 1)
    )
    edges = sorted(set(draw(st.lists(edge, min_size=2, max_size=12))))
    flags = draw(st.sampled_from((0, NO_CONT, NO_BLOCKS, BASE_PAGES)))
    memstart = draw(st.sampled_from((0, GIB, 2 * GIB, 512 * MIB, -4 * GIB, geo.pud_size)))
    step = draw(st.sampled_from((1, 2)))  # 1: every call begins where the one before ends
    return geo, memstart, list(zip(edges[::step], edges[1::step], strict=False)), flags


@given(alike())
def test_every_address_has_the_leaf_that_a_walk_finds(case: Alike) -> None:
    """Asked are both sides of every edge of a call and of a leaf; addresses outside all calls are not mapped."""
    geo, memstart, ranges, flags = case
    calls = [(start, end, flags) for start, end in ranges]
    try:
        spans = build(calls, geo, memstart)
    except KernelBugError:
        return
    page = geo.page_size
    edges = {edge & -page for span in (*ranges, *spans) for edge in span[:2]}
    for address in sorted(edge + near for edge in edges for near in (-page, 0)):
        found = [kind for start, end, kind in spans if start <= address < end]
        own = [call for call in calls if call[0] & -page <= address < call[1]]
        assert found == [kind_of(call, address, geo, memstart) for call in own[:1]]


@given(alike())
def test_a_table_stands_wherever_something_smaller_lies(case: Alike) -> None:
    """Folded levels and the root are not counted; a table takes a page, a leaf or run takes a TLB entry."""
    geo, memstart, ranges, flags = case
    try:
        spans = build([(start, end, flags) for start, end in ranges], geo, memstart)
    except KernelBugError:
        return
    found = measure(spans, geo, memstart)
    shifts = [size.bit_length() - 1 for size in (geo.pmd_size, geo.pud_size)]
    per_table = geo.page_shift - 3
    lowest = [stand(spans, CONT_PTE, shifts[0], memstart), stand(spans, CONT_PMD, shifts[1], memstart)]
    above = [stand(spans, PUD, shifts[1] + n * per_table, memstart) for n in (1, 2)]
    expected = [*lowest, *above][: geo.levels - 1]
    assert found.tables == Tables(*reversed([*expected, *[0] * (4 - len(expected))]))
    assert found.table_bytes == geo.page_size * sum(expected)
    assert sum(found.bytes.__getattribute__(kind) for kind in Leaves.__slots__) == sum(b - a for a, b, _ in spans)
    entry = (geo.pud_size, geo.cont_pmd_size, geo.pmd_size, geo.cont_pte_size, geo.page_size)
    assert found.tlb_entries == sum((b - a) // entry[kind] for a, b, kind in spans)


@given(alike(), st.data())
def test_a_remapped_area_changes_what_mapping_it_anew_changes(case: Alike, data: st.DataObject) -> None:
    """Numbers and spans equal those of remapping the whole map."""
    geo, memstart, ranges, flags = case
    page = geo.page_size
    inside = [(-(-start // page), end // page) for start, end in ranges if -(-start // page) < end // page]
    if not inside:
        return
    apart = [(start * page, end * page) for start, end in inside]
    first, last = data.draw(st.sampled_from(inside))
    low = data.draw(st.integers(first, last - 1))
    area = (low * page, data.draw(st.integers(low + 1, last)) * page)
    base = measured(built(apart, flags, geo, memstart), geo, memstart)
    spans, numbers = remapped(base, area, [(*area, BASE_PAGES)], geo, memstart)
    expected = remap(built(apart, flags, geo, memstart), area, [(*area, BASE_PAGES)], geo, memstart)
    assert numbers == measure(expected, geo, memstart)
    assert list(spans) == expected


@pytest.mark.parametrize(
    ("calls", "message"),
    [
        pytest.param([(0, 2 * MIB + 4 * KIB, 0), (2 * MIB + 8 * KIB, 3 * MIB, 0)], None, id="plain pages of one frame"),
        pytest.param(
            [(16 * KIB, 2 * MIB - 4 * KIB, 0), (2 * MIB - 4 * KIB, 4 * MIB, BASE_PAGES)], None, id="plain ones, 2"
        ),
        pytest.param([(0, 4 * MIB, 0), (4 * MIB - 4 * KIB, 8 * MIB, 0)], "0x3fc000", id="one has the hint"),
    ],
)
def test_two_mappings_that_meet_in_a_page(calls: list[tuple[int, int, int]], message: str | None) -> None:
    """16K pages, regions that end inside one: the kernel stops if either maps it with the contiguous hint."""
    if message is None:
        spans = build(calls, K16, 0)
        assert sum(end - start for start, end, _ in spans) == spans[-1][1] - spans[0][0]
    else:
        with pytest.raises(KernelBugError, match=f"the page at {message}"):
            build(calls, K16, 0)


@pytest.mark.parametrize(
    ("first", "leaves"),
    [
        pytest.param(
            (GIB, GIB + 2 * MIB, BASE_PAGES),
            [(GIB, GIB + 2 * MIB, PTE), (GIB + 2 * MIB, GIB + 32 * MIB, PMD), (GIB + 32 * MIB, 2 * GIB, CONT_PMD)],
            id="no block replaces a table, and no run has an entry without the hint",
        ),
        pytest.param(
            (GIB + 32 * MIB, GIB + 64 * MIB, 0),
            [(GIB, 2 * GIB, CONT_PMD)],
            id="an existing run continues",
        ),
        pytest.param(
            (GIB + 34 * MIB, GIB + 36 * MIB, 0),
            [
                (GIB, GIB + 32 * MIB, CONT_PMD),
                (GIB + 32 * MIB, GIB + 64 * MIB, PMD),
                (GIB + 64 * MIB, 2 * GIB, CONT_PMD),
            ],
            id="a valid entry without the hint keeps its run from having it",
        ),
        pytest.param(
            (3 * GIB, 3 * GIB + 4 * KIB, 0), [(GIB, 2 * GIB, PUD), (3 * GIB, 3 * GIB + 4 * KIB, PTE)], id="apart"
        ),
    ],
)
def test_from_7_2_on_memory_goes_over_what_was_mapped_first(
    first: tuple[int, int, int], leaves: list[LeafSpan]
) -> None:
    """KFENCE's pool and the image are mapped first there, then all memory again."""
    found = build_over([first], [(GIB, 2 * GIB, 0)], K4, GIB)
    joined: list[LeafSpan] = []
    for start, end, kind in found:
        if joined and joined[-1][1:] == (start, kind):
            joined[-1] = (joined[-1][0], end, kind)
        else:
            joined.append((start, end, kind))
    assert joined == leaves


@pytest.mark.parametrize(
    ("calls", "leaves", "tables"),
    [
        pytest.param(
            [(3 * GIB, 4 * GIB, BASE_PAGES)],
            Leaves(pud=7, pte=GIB // (4 * KIB)),
            Tables(pud=1, pmd=1, pte=512),
            id="July: the whole area in base pages",
        ),
        pytest.param(
            [(3 * GIB, 3 * GIB + 256 * MIB, BASE_PAGES), (3 * GIB + 256 * MIB, 4 * GIB, 0)],
            Leaves(pud=7, cont_pmd=384, pte=64 * KIB),
            Tables(pud=1, pmd=1, pte=128),
            id="August: the tail in blocks again",
        ),
    ],
)
def test_an_area_is_mapped_again(calls: list[tuple[int, int, int]], leaves: Leaves, tables: Tables) -> None:
    """8 GiB at 1 GiB: [3G, 4G) is remapped, and the rest stays the same."""
    whole = build([(GIB, 9 * GIB, 0)], K4, GIB)
    found = measure(remap(whole, (3 * GIB, 4 * GIB), calls, K4, GIB), K4, GIB)
    assert (found.leaves, found.tables) == (leaves, tables)


def test_a_larger_leaf_that_crosses_the_edge_of_an_area_is_split() -> None:
    """The rest of it has the largest leaves that fit, none larger than before."""
    whole = build([(GIB, 2 * GIB, 0)], K4, GIB)
    found = remap(whole, (GIB, GIB + 2 * MIB), [(GIB, GIB + 2 * MIB, BASE_PAGES)], K4, GIB)
    assert found == [
        (GIB, GIB + 2 * MIB, PTE),
        (GIB + 2 * MIB, GIB + 32 * MIB, PMD),
        (GIB + 32 * MIB, 2 * GIB, CONT_PMD),
    ]


@pytest.mark.parametrize(
    ("within", "found"),
    [
        pytest.param((0, 16 * GIB), 3 * MIB, id="all, with the hint or without"),
        pytest.param((GIB, GIB + MIB), MIB, id="a part of a span"),
        pytest.param((2 * GIB, 4 * GIB), 0, id="where only blocks are"),
    ],
)
def test_bytes_in_base_pages(within: Span, found: int) -> None:
    spans = [(GIB, GIB + 2 * MIB, PTE), (GIB + 2 * MIB, GIB + 3 * MIB, CONT_PTE), (2 * GIB, 4 * GIB, PUD)]
    assert base_page_bytes(spans, within) == found


@pytest.mark.parametrize(
    ("geo", "memstart", "kinds"),
    [
        pytest.param(K4, 0, (PUD, CONT_PMD, PMD, CONT_PTE, PTE), id="4K pages"),
        pytest.param(K16, 0, (CONT_PMD, PMD, CONT_PTE, PTE), id="16K pages"),
        pytest.param(geometry(16 * KIB, 36), 0, (PMD, CONT_PTE, PTE), id="two levels"),
        pytest.param(K64, 2 * GIB, (PMD, CONT_PTE, PTE), id="64K pages, RAM from 2 GiB on"),
    ],
)
def test_kinds_of_leaves_that_a_map_may_have(geo: Geometry, memstart: int, kinds: tuple[int, ...]) -> None:
    assert kinds_used(geo, memstart) == kinds
