"""Laws of a plan: what the accounting promises, on maps nobody has seen."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from planner.kernel.linear_map import BASE_PAGES, build, measure
from planner.kernel.memory_map import Flag, MemoryMap
from planner.kernel.pgtable import VA_BITS, geometry
from planner.kernel.ptdump import KINDS
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.strategies import STRATEGIES
from tests.strategies import machine_of, memory_maps, requests

UNITS = {
    "pud": "pud_size",
    "cont_pmd": "cont_pmd_size",
    "pmd": "pmd_size",
    "cont_pte": "cont_pte_size",
    "pte": "page_size",
}


def test_most_requests_of_these_laws_are_reserved_aligned_or_not() -> None:
    """Laws that hold of machines on which nothing is reserved would say little."""
    outcomes: Counter[str] = Counter()

    @given(memory_maps(), requests)
    def count(memory: MemoryMap, value: str) -> None:
        outcomes[make_plan(machine_of(memory), value).reservation.outcome] += 1

    count()
    assert set(outcomes) >= {"aligned", "fallback", "failed", "none"}
    assert outcomes["aligned"] + outcomes["fallback"] > 2 * (outcomes["failed"] + outcomes["none"])


@given(memory_maps(), requests, st.sampled_from(sorted(STRATEGIES)))
def test_every_mapped_byte_is_covered_once_by_aligned_entries(memory: MemoryMap, value: str, strategy: str) -> None:
    """Whatever the strategy does, the linear map covers the RAM that is not NOMAP, once."""
    plan = make_plan(machine_of(memory), value, Options(strategy=strategy))
    mapped = sum(r.end - r.start for r in memory.regions if not r.flags & Flag.NOMAP)
    assert sum(end - start for start, end, _ in plan.leaf_spans) == mapped
    assert all(a[1] <= b[0] for a, b in pairwise(plan.leaf_spans))
    geo = geometry(plan.kernel.page_size, plan.kernel.va_bits)
    for start, end, kind in plan.leaf_spans:
        unit = getattr(geo, UNITS[KINDS[kind]])
        assert start % unit == 0
        assert end % unit == 0


@given(
    memory=memory_maps(),
    value=requests,
    strategy=st.sampled_from(["pud-aligned", "pud-aligned-trimmed"]),
    prefer=st.booleans(),
)
def test_the_aligned_path_accounts_for_every_byte_it_takes(
    memory: MemoryMap, value: str, strategy: str, *, prefer: bool
) -> None:
    """Rounding is 0 or more and less than the granule; what is not returned is kept; crash lies at the bottom."""
    plan = make_plan(machine_of(memory), value, Options(strategy=strategy, prefer_aligned=prefer))
    view, waste = plan.reservation, plan.waste
    assert waste.kept == waste.rounding - waste.returned
    if view.outcome != "aligned":
        assert view.area is None
        assert waste.rounding == waste.returned == 0
        return
    assert view.area is not None
    assert view.crash is not None
    assert view.crash.start == view.area.start
    assert view.area.start % plan.kernel.granule == 0
    assert 0 <= waste.rounding == view.area.size - view.crash.size < plan.kernel.granule
    assert waste.returned == sum(r.size for r in view.returned)
    assert waste.alignment_loss >= 0


@given(memory_maps(), requests, st.sampled_from(sorted(STRATEGIES)))
def test_differences_are_plan_minus_baseline(memory: MemoryMap, value: str, strategy: str) -> None:
    """Extra tables and TLB entries are what the two mappings of the same report say."""
    plan = make_plan(machine_of(memory), value, Options(strategy=strategy))
    assert plan.waste.extra_table_bytes == plan.mapping.table_bytes - plan.baseline.table_bytes
    assert plan.waste.extra_tlb_entries == plan.mapping.tlb_entries - plan.baseline.tlb_entries
    tables = plan.mapping.tables
    assert plan.mapping.table_bytes == plan.kernel.page_size * (tables.p4d + tables.pud + tables.pmd + tables.pte)
    assert plan.waste.low_free_after <= plan.waste.low_free_before


@given(memory=memory_maps(), value=requests, prefer=st.booleans())
def test_crash_memory_is_free_memory_of_one_region(memory: MemoryMap, value: str, *, prefer: bool) -> None:
    """What is reserved was not reserved before, and lies in one region that memblock may use."""
    view = make_plan(machine_of(memory), value, Options(prefer_aligned=prefer)).reservation
    for found in (view.area or view.crash, view.low):
        if found is not None:
            assert any(
                r.start <= found.start and found.end <= r.end and not r.flags & Flag.NOMAP for r in memory.regions
            )
            assert not any(r.start < found.end and found.start < r.end for r in memory.reserved)


@given(memory_maps(), st.sampled_from([(page, bits) for page, all_bits in VA_BITS.items() for bits in all_bits]))
def test_wider_granularity_never_costs_more_tables(memory: MemoryMap, shape: tuple[int, int]) -> None:
    """Base pages need at least as many tables and TLB entries as blocks do."""
    geo = geometry(*shape)
    page = geo.page_size
    ranges = [(-(-r.start // page) * page, r.end // page * page) for r in memory.regions]
    ranges = [(start, end) for start, end in ranges if start < end]
    blocks = measure(build([(a, b, 0) for a, b in ranges], geo, 0), geo, 0)
    pages = measure(build([(a, b, BASE_PAGES) for a, b in ranges], geo, 0), geo, 0)
    assert blocks.table_bytes <= pages.table_bytes
    assert blocks.tlb_entries <= pages.tlb_entries
    assert pages.leaves.pte * page == sum(b - a for a, b in ranges)
