"""Mapping calls by version and strategy: the image, KFENCE's pool, the crash memory, other memory."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.linear_map import CONT_PMD, CONT_PTE, PMD, PTE, PUD, LeafSpan
from planner.kernel.memory_map import Flag, MemoryMap, Region
from planner.kernel.pgtable import geometry
from planner.planning.context import Context
from planner.planning.map_mem import assumes_kfence_pool, baseline_map, planned_map, whole_leaves
from planner.planning.result import ReservationView
from tests.planning.machines import MEMORY, context_of

OFF = "rodata=off"
IMAGE = Range(2 * GIB, 2 * GIB + 32 * MIB)
K4 = geometry(4 * KIB, 48)


def context(
    kernel: str, memory: MemoryMap = MEMORY, strategy: str = "mainline", value: str = OFF, **facts: Any
) -> Context:
    return context_of(strategy, value, memory, {"kernel": kernel, "cmdline": OFF, **facts})


def kinds(own: Context, low: int, high: int) -> set[int | None]:
    """The leaves in a range of the map without a crash kernel."""
    return {kind for start, end, kind in baseline_map(own).spans if start < high and low < end}


@pytest.mark.parametrize(
    ("kernel", "value", "inside"),
    [
        pytest.param("6.1", OFF, {PMD}, id="mapped apart: blocks, never with the hint"),
        pytest.param("6.18", OFF + " rodata=noalias", {PMD}, id="so in 6.18"),
        pytest.param("7.2", "rodata=noalias", {CONT_PMD}, id="mapped first from 7.2 on: with the hint"),
        pytest.param("6.1", "rodata=full", {PMD}, id="forced pages leave its blocks"),
        pytest.param("7.2", "rodata=on", {PTE}, id="until 7.2"),
    ],
)
def test_the_image_is_a_call_of_its_own(kernel: str, value: str, inside: set[int]) -> None:
    own = context(kernel, value=value, kernel_image=IMAGE)
    assert kinds(own, IMAGE.start, IMAGE.end) == inside


def test_the_edges_of_the_image_break_blocks_around_it() -> None:
    """It was marked NOMAP: the parts before and after it are mapped by separate calls."""
    own = context("6.1", kernel_image=IMAGE)
    assert kinds(own, 2 * GIB, 3 * GIB) == {CONT_PMD, PMD}
    assert kinds(own, 3 * GIB, 9 * GIB) == {PUD}


@pytest.mark.parametrize("image", [Range(2 * GIB, 10 * GIB), Range(0, MIB)], ids=["partly", "not at all"])
def test_an_image_that_is_not_all_memory_is_left_out(image: Range) -> None:
    assert kinds(context("6.1", kernel_image=image), GIB, 9 * GIB) == {PUD}


@pytest.mark.parametrize(
    ("facts", "pool", "assumed"),
    [
        pytest.param({"kfence_pool": Range(3 * GIB, 3 * GIB + 2 * MIB)}, 3 * GIB, False, id="given by a source"),
        pytest.param({}, 9 * GIB - 2 * MIB, True, id="else the topmost 2 MiB of RAM"),
    ],
)
@pytest.mark.parametrize("kernel", ["6.12", "7.2"])
def test_an_early_kfence_pool_has_base_pages(kernel: str, facts: dict[str, Any], pool: int, assumed: bool) -> None:
    """It has (255 + 1) * 2 pages."""
    config = {"KFENCE": "y", "KFENCE_SAMPLE_INTERVAL": "100"}
    own = context(kernel, value="rodata=off" if kernel == "6.12" else "rodata=noalias", config=config, **facts)
    assert assumes_kfence_pool(own) is assumed
    listed = baseline_map(own).spans
    assert [(start, end) for start, end, kind in listed if kind == PTE] == [(pool, pool + 2 * MIB)]


@pytest.mark.parametrize(
    ("regions", "end"),
    [
        pytest.param(
            [Region(GIB, 2 * GIB), Region(3 * GIB, 3 * GIB + 2 * MIB)], 3 * GIB + 2 * MIB, id="a region of it"
        ),
        pytest.param([Region(GIB, 2 * GIB), Region(3 * GIB, 3 * GIB + MIB)], 2 * GIB, id="not one that is smaller"),
        pytest.param([Region(GIB, 2 * GIB), Region(2 * GIB, 3 * GIB, Flag.NOMAP)], 2 * GIB, id="nor NOMAP memory"),
        pytest.param([Region(GIB, 2 * GIB + 100)], 2 * GIB, id="in whole pages"),
    ],
)
def test_an_assumed_kfence_pool_is_the_topmost_memory_that_holds_it(regions: list[Region], end: int) -> None:
    config = {"KFENCE": "y", "KFENCE_SAMPLE_INTERVAL": "100"}
    spans = baseline_map(context("6.12", MemoryMap(regions), config=config)).spans
    assert (end - 2 * MIB, end, PTE) in [(max(low, end - 2 * MIB), high, kind) for low, high, kind in spans]


def test_memory_that_is_not_mapped() -> None:
    """NOMAP is never mapped; driver-managed memory since 5.12."""
    regions = (
        Region(GIB, 2 * GIB),
        Region(2 * GIB, 3 * GIB, Flag.NOMAP),
        Region(3 * GIB, 4 * GIB, Flag.DRIVER_MANAGED),
    )
    memory = MemoryMap(regions)
    assert baseline_map(context("6.1", memory)).spans == ((GIB, 2 * GIB, PUD), (3 * GIB, 4 * GIB, PUD))
    assert baseline_map(context("5.10", memory)).spans == ((GIB, 2 * GIB, PUD),)


def test_a_region_that_ends_inside_a_page() -> None:
    """Mapped whole up to 7.2; 7.3 leaves partial pages out."""
    memory = MemoryMap((Region(GIB + 100, 2 * GIB + 100),))
    edges = [
        (found[0][0], found[-1][1])
        for k in ("6.1", "7.3")
        for found in [baseline_map(context(k, memory, value="rodata=noalias")).spans]
    ]
    assert edges == [(GIB, 2 * GIB + 4 * KIB), (GIB + 4 * KIB, 2 * GIB)]


CRASH = Range(3 * GIB, 3 * GIB + 256 * MIB)
ALIGNED = ReservationView("aligned", crash=CRASH, area=Range(3 * GIB, 4 * GIB), returned=(Range(CRASH.end, 4 * GIB),))
EXACT = ReservationView("exact", crash=Range(3 * GIB + 2 * MIB, 3 * GIB + 258 * MIB))


def planned(
    strategy: str, reservation: ReservationView, *, whole: bool = True, value: str = "256M", **facts: Any
) -> dict[int, int]:
    """Bytes by kind of leaf from 3 to 4 GiB."""
    own = context_of(strategy, value, MEMORY, facts)
    spans = planned_map(own, reservation, baseline_map(own), whole=whole).spans
    found: dict[int, int] = {}
    for start, end, kind in spans:
        inside = min(end, 4 * GIB) - max(start, 3 * GIB)
        if inside > 0:
            found[kind] = found.get(kind, 0) + inside
    return found


@pytest.mark.parametrize(
    ("strategy", "reservation", "found"),
    [
        pytest.param("pud-aligned", ALIGNED, {PTE: GIB}, id="July: the whole area"),
        pytest.param(
            "pud-aligned-trimmed", ALIGNED, {PTE: 256 * MIB, CONT_PMD: 768 * MIB}, id="August: blocks in the tail"
        ),
        pytest.param("pud-aligned", EXACT, {PUD: GIB}, id="without an area nothing is remapped"),
        pytest.param("base-pages", EXACT, {PTE: GIB}, id="everything"),
        pytest.param(
            "isolated", EXACT, {PTE: 256 * MIB, PMD: 32 * MIB, CONT_PMD: 736 * MIB}, id="only the crash memory"
        ),
        pytest.param("bbml2", EXACT, {PMD: 64 * MIB, CONT_PMD: 960 * MIB}, id="split at its edges"),
        pytest.param("unprotected", EXACT, {PUD: GIB}, id="nothing"),
        pytest.param("mainline", ReservationView("failed"), {PTE: GIB}, id="6.1: a failed request counts as well"),
        pytest.param("isolated", ReservationView("failed"), {PUD: GIB}, id="a failed one isolates nothing"),
    ],
)
def test_what_a_strategy_does_to_the_map(strategy: str, reservation: ReservationView, found: dict[int, int]) -> None:
    assert planned(strategy, reservation) == found


@pytest.mark.parametrize("kernel", ["6.12", "7.2"])
@pytest.mark.parametrize("pool", [3 * GIB + 4 * MIB, 3 * GIB + MIB, 3 * GIB + 257 * MIB])
def test_a_pool_that_overlaps_the_crash_memory_is_mapped_once(kernel: str, pool: int) -> None:
    """The address of a pool may be assumed."""
    facts: dict[str, Any] = {"kernel": kernel, "config": {"KFENCE": "y", "KFENCE_SAMPLE_INTERVAL": "100"}}
    value = "rodata=off crashkernel=256M" if kernel == "6.12" else "rodata=noalias crashkernel=256M"
    own = context_of("isolated", value, MEMORY, {**facts, "kfence_pool": Range(pool, pool + 2 * MIB)})
    assert own.forcing.pool
    spans = planned_map(own, EXACT, baseline_map(own), whole=True).spans
    assert all(left[1] == right[0] for left, right in pairwise(spans))
    assert (spans[0][0], spans[-1][1]) == (GIB, 9 * GIB)


def test_an_area_inside_a_larger_leaf_stays() -> None:
    assert planned("pud-aligned", ALIGNED, whole=False) == {PUD: GIB}


def test_forced_base_pages_stay_whatever_the_strategy() -> None:
    facts: dict[str, Any] = {"config": {"RODATA_FULL_DEFAULT_ENABLED": "y"}}
    for strategy in ("pud-aligned", "isolated", "unprotected"):
        assert planned(strategy, EXACT, **facts) == {PTE: GIB}


def test_a_map_that_does_not_change_is_the_baseline_itself() -> None:
    """The same object is not counted twice."""
    own = context_of("unprotected")
    base = baseline_map(own)
    assert planned_map(own, EXACT, base, whole=False) is base


@pytest.mark.parametrize(
    ("spans", "area", "whole"),
    [
        pytest.param([(GIB, 9 * GIB, PUD)], Range(3 * GIB, 4 * GIB), True, id="a whole block"),
        pytest.param([(GIB, 9 * GIB, PUD)], Range(3 * GIB, 3 * GIB + 512 * MIB), False, id="half of one"),
        pytest.param([(GIB, 2 * GIB, CONT_PMD)], Range(GIB + 32 * MIB, GIB + 64 * MIB), True, id="a whole run"),
        pytest.param(
            [(GIB, 2 * GIB, CONT_PMD)], Range(GIB + 2 * MIB, GIB + 64 * MIB), False, id="an edge inside a run"
        ),
        pytest.param([(GIB, 2 * GIB, CONT_PTE)], Range(GIB, GIB + 64 * KIB), True, id="a run of pages"),
        pytest.param([(GIB, 2 * GIB, PUD)], Range(GIB, 2 * GIB), True, id="all there is"),
        pytest.param([], Range(GIB, 2 * GIB), True, id="nothing is mapped"),
    ],
)
def test_whole_leaves(spans: list[LeafSpan], area: Range, whole: bool) -> None:
    """Leaves shared with other memory do not count."""
    assert whole_leaves(spans, area, K4) is whole
