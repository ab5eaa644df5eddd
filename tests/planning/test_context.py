"""Contexts: the effect of a crashkernel parameter on the map, and the aligned attempt."""

from __future__ import annotations

from typing import Any

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, MIB
from planner.kernel.crash_reserve import Bounds, Placement, Proposal
from planner.kernel.machine import NO_DMA_ZONES
from planner.kernel.memory_map import MemoryMap, Region
from planner.kernel.profiles import NEWEST
from planner.planning.context import bounds_of, own_effect, placed_in, with_more_memory, with_text
from tests.planning.machines import MEMORY, context_of, question

PAGES = {"config": {"RODATA_FULL_DEFAULT_ENABLED": "y"}}
KFENCE = {"config": {"KFENCE": "y", "KFENCE_SAMPLE_INTERVAL": "100"}, "cmdline": "rodata=off"}


@pytest.mark.parametrize(
    ("kernel", "value", "zones", "effect"),
    [
        pytest.param("6.1", "256M", True, "pages", id="5.11 to 6.3: base pages everywhere"),
        pytest.param("6.1", "256M", False, "isolated", id="without DMA zones: early and isolated"),
        pytest.param("6.1", "rodata=off quiet", True, "none", id="without the parameter"),
        pytest.param("6.1", "rodata=off xcrashkernel=256M", True, "none", id="as a part of another word"),
        pytest.param("6.1", "crashkernel=abc", True, "pages", id="its presence counts, not its success"),
        pytest.param("6.12", "256M", True, "none", id="6.4 and later"),
        pytest.param("4.12", "256M", True, "isolated", id="up to 5.10.0"),
    ],
)
def test_what_the_kernel_itself_does_to_the_map(kernel: str, value: str, zones: bool, effect: str) -> None:
    own = question(value, kernel=kernel, dma_limit=None if zones else NO_DMA_ZONES).mainline
    assert own.effect == effect


@pytest.mark.parametrize(
    ("strategy", "facts", "options", "proposal", "effect"),
    [
        pytest.param("pud-aligned", {}, {}, Proposal(GIB), "area", id="the proposal"),
        pytest.param(
            "pud-aligned-trimmed",
            {},
            {},
            Proposal(GIB, posted_offset_bug=True),
            "trimmed",
            id="as posted, with its bug",
        ),
        pytest.param("pud-aligned-trimmed", {}, {"kernel": "6.12"}, Proposal(GIB), "trimmed", id="on the common code"),
        pytest.param("pud-aligned", PAGES, {}, None, "area", id="forced base pages: no aligned attempt"),
        pytest.param("pud-aligned", KFENCE, {}, None, "area", id="a built-in KFENCE: no attempt either"),
        pytest.param("pud-aligned", {}, {"dma_limit": NO_DMA_ZONES}, None, "isolated", id="no DMA zones: isolated"),
        pytest.param("mainline", {}, {}, None, "pages", id="other strategies make no attempt"),
        pytest.param("bbml2", {}, {}, None, "split", id="nor does this"),
    ],
)
def test_who_makes_an_aligned_attempt(
    strategy: str, facts: dict[str, Any], options: dict[str, Any], proposal: Proposal | None, effect: str
) -> None:
    found = context_of(strategy, facts=facts, **options)
    assert (found.proposal, found.effect) == (proposal, effect)


@pytest.mark.parametrize("strategy", ["base-pages", "mainline"])
def test_without_the_parameter_nothing_turns_the_map_into_base_pages(strategy: str) -> None:
    assert context_of(strategy, "root=/dev/vda quiet").effect == "none"
    assert context_of("isolated", "root=/dev/vda quiet").effect == "isolated"


def test_a_built_in_kfence_forces_pages_under_the_proposal_only() -> None:
    """The posted code asks whether KFENCE is built in; 6.1 with an early pool does not force anything."""
    assert context_of("mainline", facts=KFENCE).forcing.reasons == ()
    assert context_of("mainline", facts=KFENCE).forcing.pool
    forced = context_of("pud-aligned", facts=KFENCE).forcing
    assert "KFENCE is built in" in forced.reasons[0]
    assert not forced.pool


@pytest.mark.parametrize(
    ("cpu", "kernel", "no_aborts"),
    [
        pytest.param("neoverse-v3", "6.18", True, id="on the list of 6.18"),
        pytest.param("neoverse-v3", "6.12", True, id="an older kernel has no list: that of the first"),
        pytest.param("neoverse-n3", "6.18", False, id="not on it"),
        pytest.param("neoverse-n3", "7.3", True, id="on the longer one of 7.3"),
        pytest.param("neoverse-n1", "6.18", False, id="on no processor"),
    ],
)
def test_processors_that_split_live(cpu: str, kernel: str, no_aborts: bool) -> None:
    assert question(kernel=kernel, cpu=cpu).mainline.no_aborts is no_aborts


def test_a_log_says_that_this_kernel_splits_live() -> None:
    """It applies to the kernel that wrote the log, unless a processor is given."""
    facts = {"kernel": "6.18", "splits_live": True}
    assert question(facts=facts).mainline.splits_live
    assert not question(facts=facts, kernel="6.12").mainline.splits_live
    assert not question(facts=facts, cpu="neoverse-n1").mainline.splits_live


def test_bounds_never_exceed_the_physical_limit() -> None:
    facts = {"config": {"ARM64_PA_BITS": "36"}, "dma_limit": 1 << 40}
    bounds = question(facts=facts).mainline.bounds
    assert (bounds.low_max, bounds.high_max) == (1 << 36, 1 << 36)


def test_the_bounds_of_a_kernel() -> None:
    """Without DMA zones all memory is low memory; a profile without a default of its own takes the kernel's 128M."""
    silent = NEWEST._replace(low_default=0)
    assert bounds_of(silent, None, 1 << 48, has_cma=True) == Bounds(1 << 48, 1 << 48, default_low=128 * MIB)
    large = NEWEST._replace(low_default=256 * MIB)
    assert bounds_of(large, 4 * GIB, 1 << 48, has_cma=False) == Bounds(
        4 * GIB, 1 << 48, default_low=256 * MIB, has_cma=False
    )


@pytest.mark.parametrize(
    ("value", "effect", "provisional"),
    [
        pytest.param("256M", "below-4G", True, id="a plain request"),
        pytest.param("256M,high", "isolated", False, id="high: only it"),
        pytest.param("256M@0x60000000", "isolated", False, id="a fixed offset: only it"),
        pytest.param("abc", "none", False, id="nothing valid"),
    ],
)
def test_where_the_form_of_a_request_decides(value: str, effect: str, provisional: bool) -> None:
    """openEuler's 5.10: all RAM below 4 GiB in base pages for a plain request."""
    asked = question(value, kernel="openeuler22.03")
    taken = Placement(provisional=Range(8 * GIB, 8 * GIB + 256 * MIB))
    found = placed_in(asked.mainline._replace(effect="below-4G"), asked.request, taken)
    assert found.effect == effect
    assert (found.provisional is not None) is provisional


def test_another_text_is_another_presence() -> None:
    own = question("256M").mainline
    assert (own.present, own_effect(own)) == (True, "pages")
    other = with_text(own, "root=/dev/vda quiet")
    assert (other.present, other.effect, own_effect(other)) == (False, "none", "pages")


@pytest.mark.parametrize(
    ("limit", "low_max"),
    [
        pytest.param(None, 4 * GIB, id="RAM reaches 4 GiB now"),
        pytest.param(2 * GIB, 2 * GIB, id="the devices' limit does not grow"),
    ],
)
def test_more_memory_than_the_sources_show(limit: int | None, low_max: int) -> None:
    """Low memory ends at the end of RAM."""
    small = MemoryMap((Region(GIB, 3 * GIB),))
    own = question("256M", small, dma_limit=limit).mainline
    grown = with_more_memory(own, MemoryMap((Region(GIB, 9 * GIB),)))
    assert grown.memory.ram == 8 * GIB
    assert grown.bounds.low_max == low_max
    assert MEMORY.regions == grown.memory.regions
