"""Memory maps: entries stay as listed, sums include NOMAP memory, carve-outs split regions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.ranges import Span, intersect, total, union
from planner.base.sizes import GIB, MIB
from planner.kernel.memory_map import FLAG_NAMES, Flag, MemoryMap, Region, Reserved, with_nomap, with_other_nomap
from tests.strategies import memory_maps

NOMAP, HOTPLUG = Flag.NOMAP.value, Flag.HOTPLUG.value
MAP = MemoryMap(
    (Region(GIB, 2 * GIB), Region(2 * GIB, 3 * GIB, NOMAP), Region(8 * GIB, 9 * GIB, HOTPLUG, 1)),
    (Reserved(5 * GIB, 6 * GIB, "outside"), Reserved(GIB, GIB + 1)),
)


def test_ram_is_the_sum_of_all_regions() -> None:
    """memblock_phys_mem_size(): including NOMAP and hotplug regions, without holes."""
    assert (MAP.ram, MAP.start, MAP.end) == (3 * GIB, GIB, 9 * GIB)


def test_the_span_of_a_range_is_its_start_and_end() -> None:
    """Of a region and of a reservation alike."""
    assert [r.span for r in MAP.regions] == MAP.spans()
    assert [r.span for r in MAP.reserved] == [(5 * GIB, 6 * GIB), (GIB, GIB + 1)]


@pytest.mark.parametrize(
    ("skipped", "spans"),
    [
        (0, [(GIB, 2 * GIB), (2 * GIB, 3 * GIB), (8 * GIB, 9 * GIB)]),
        (NOMAP, [(GIB, 2 * GIB), (8 * GIB, 9 * GIB)]),
        (NOMAP | HOTPLUG, [(GIB, 2 * GIB)]),
    ],
)
def test_spans_leave_out_what_has_a_flag(skipped: int, spans: list[Span]) -> None:
    """Regions that touch stay separate."""
    assert MAP.spans(skipped) == spans


def test_without_flags_to_skip_all_regions_have_spans() -> None:
    assert MAP.spans() == MAP.spans(0)


def test_nomap_has_the_spans_that_are_left_out_of_the_map() -> None:
    assert MAP.nomap() == [(2 * GIB, 3 * GIB)]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("Crash kernel", {"is_crash"}),
        ("Crash kernel (low)", {"is_crash"}),
        ("Kernel code", {"is_image"}),
        ("Kernel data", {"is_image"}),
        ("reserved", {"is_unnamed"}),
        ("", set()),
    ],
)
def test_reservations_are_known_by_their_names_in_iomem(name: str, what: set[str]) -> None:
    reserved = Reserved(GIB, 2 * GIB, name)
    assert {trait for trait in ("is_crash", "is_image", "is_unnamed") if getattr(reserved, trait)} == what


def test_flags_have_the_kernels_values() -> None:
    """include/linux/memblock.h @ 6.1; each has the name that JSON uses."""
    assert {name: flag.value for name, flag in FLAG_NAMES.items()} == {
        "hotplug": 1,
        "mirror": 2,
        "nomap": 4,
        "driver_managed": 8,
    }


@pytest.mark.parametrize(
    ("holes", "regions"),
    [
        pytest.param([], [Region(GIB, 2 * GIB, HOTPLUG, 1)], id="none"),
        pytest.param([(GIB, 2 * GIB)], [Region(GIB, 2 * GIB, HOTPLUG | NOMAP, 1)], id="a whole region"),
        pytest.param(
            [(GIB + 2 * MIB, GIB + 4 * MIB), (GIB + 3 * MIB, GIB + 5 * MIB)],
            [
                Region(GIB, GIB + 2 * MIB, HOTPLUG, 1),
                Region(GIB + 2 * MIB, GIB + 5 * MIB, HOTPLUG | NOMAP, 1),
                Region(GIB + 5 * MIB, 2 * GIB, HOTPLUG, 1),
            ],
            id="two that overlap are one",
        ),
        pytest.param(
            [(0, GIB + MIB)],
            [Region(GIB, GIB + MIB, HOTPLUG | NOMAP, 1), Region(GIB + MIB, 2 * GIB, HOTPLUG, 1)],
            id="one that begins outside adds no memory",
        ),
    ],
)
def test_carve_outs_are_nomap_and_the_rest_is_as_before(holes: list[Span], regions: list[Region]) -> None:
    """Other flags and the node are kept."""
    assert with_nomap([Region(GIB, 2 * GIB, HOTPLUG, 1)], holes) == regions


@given(memory=memory_maps(), holes=st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), max_size=4))
def test_a_carve_out_is_nomap_and_nothing_else_changes(memory: MemoryMap, holes: list[tuple[int, int]]) -> None:
    spans = [(memory.start + a * 128 * MIB, memory.start + (a + n) * 128 * MIB) for a, n in holes]
    carved = MemoryMap(with_nomap(memory.regions, spans))
    assert carved.spans() == sorted(carved.spans())
    assert union(carved.spans()) == union(memory.spans())
    usable = memory.spans(NOMAP)
    lost = sum(total(intersect(span, union(spans))) for span in usable)
    assert total(carved.spans(NOMAP)) == total(usable) - lost


def test_nomap_the_other_way_round() -> None:
    """Of the regions within the ranges, one or both of which may touch; other flags and the node are kept."""
    regions = [Region(GIB, 2 * GIB, HOTPLUG, 1), Region(2 * GIB, 3 * GIB, NOMAP), Region(3 * GIB, 4 * GIB)]
    assert with_other_nomap(regions, [(2 * GIB, 3 * GIB), (GIB, 2 * GIB)]) == [
        Region(GIB, 2 * GIB, HOTPLUG | NOMAP, 1),
        Region(2 * GIB, 3 * GIB),
        regions[2],
    ]
