"""The numbers of a linear map are the same however they are come by: from its spans, or straight from its calls."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.ranges import Span, union
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.linear_map import (
    BASE_PAGES,
    NO_BLOCKS,
    NO_CONT,
    LeafSpan,
    build,
    map_alike,
    measure,
    remap,
    remapped,
)
from planner.kernel.pgtable import VA_BITS, Geometry, geometry

GEOMETRIES = [geometry(page, bits) for page, all_bits in VA_BITS.items() for bits in all_bits]


Alike = tuple[Geometry, int, list[Span], int]


def built(ranges: list[Span], flags: int, geo: Geometry, memstart: int) -> list[LeafSpan]:
    """The map by way of its calls."""
    return build([(start, end, flags) for start, end in ranges], geo, memstart)


@st.composite
def alike(draw: st.DrawFn) -> Alike:
    """Ranges that ascend: on boundaries of every kind of leaf, near them, and anywhere."""
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
def test_numbers_without_spans_are_those_of_the_spans(case: Alike) -> None:
    geo, memstart, ranges, flags = case
    page = geo.page_size
    pages = [(start & -page, -(-end // page) * page) for start, end in ranges]
    if sum(end - start for start, end in union(pages)) != sum(end - start for start, end in pages):
        return  # two ranges meet in a page: the map is built, or the kernel stops
    spans, mapping = map_alike(ranges, flags, geo, memstart)
    assert mapping == measure(built(ranges, flags, geo, memstart), geo, memstart)
    assert spans.listed == tuple(built(ranges, flags, geo, memstart))


@given(alike(), st.data())
def test_a_remapped_area_changes_what_mapping_it_anew_changes(case: Alike, data: st.DataObject) -> None:
    """The numbers, all spans, and those near any range are the ones of the whole map remapped."""
    geo, memstart, ranges, flags = case
    page = geo.page_size
    inside = [(-(-start // page), end // page) for start, end in ranges if -(-start // page) < end // page]
    if not inside:
        return
    apart = [(start * page, end * page) for start, end in inside]
    first, last = data.draw(st.sampled_from(inside))
    low = data.draw(st.integers(first, last - 1))
    area = (low * page, data.draw(st.integers(low + 1, last)) * page)
    base = map_alike(apart, flags, geo, memstart)
    spans, numbers = remapped(base, area, [(*area, BASE_PAGES)], geo, memstart)
    near = (data.draw(st.integers(0, area[1])), data.draw(st.integers(area[0] + 1, apart[-1][1] + 1)))
    close = spans.near(*near) if near[0] < near[1] else []
    expected = remap(built(apart, flags, geo, memstart), area, [(*area, BASE_PAGES)], geo, memstart)
    assert numbers == measure(expected, geo, memstart)
    assert close == [span for span in expected if span[0] < near[1] and near[0] < span[1] and near[0] < near[1]]
    assert list(spans.listed) == expected


@pytest.mark.parametrize(
    ("ranges", "flags"),
    [
        pytest.param([], 0, id="no range"),
        pytest.param([(0, 5 * KIB), (6 * KIB, 9 * KIB)], BASE_PAGES, id="pages that meet"),
    ],
)
def test_other_ranges_are_built(ranges: list[Span], flags: int) -> None:
    geo = geometry(4 * KIB, 48)
    spans, mapping = map_alike(ranges, flags, geo, 0)
    assert spans.listed == tuple(built(ranges, flags, geo, 0))
    assert mapping == measure(spans.listed, geo, 0)


def test_spans_are_values() -> None:
    """Equal, and equal after a journey to another process, whether they were made before or not."""
    geo = geometry(4 * KIB, 48)
    one, same = (map_alike([(0, 3 * GIB + MIB)], 0, geo, 0)[0] for _ in range(2))
    other = map_alike([(0, 3 * GIB)], 0, geo, 0)[0]
    assert pickle.loads(pickle.dumps(one)) == same  # noqa: S301 - its own
    assert one != other
    assert one != one.listed
    assert hash(one) == hash(same)
