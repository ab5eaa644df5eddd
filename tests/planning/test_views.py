"""Parts of the report: request, kernel, facts and reservation."""

from __future__ import annotations

from typing import Any

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.crash_reserve import Placement, Proposal
from planner.kernel.crashkernel import Reading
from planner.kernel.machine import NO_DMA_ZONES
from planner.planning.views import outcome_of, own_view, protected, reservation_view
from tests.planning.machines import context_of, plan, question


@pytest.mark.parametrize(
    ("value", "kernel", "said"),
    [
        pytest.param("256M", "6.1", (256 * MIB, None, False, None, 0), id="plain"),
        pytest.param("256M@2G", "6.1", (256 * MIB, 2 * GIB, False, None, 0), id="an offset"),
        pytest.param("256M,high", "6.12", (256 * MIB, None, True, 128 * MIB, 0), id="high, with the default low part"),
        pytest.param(
            "crashkernel=256M,high crashkernel=0,low",
            "6.12",
            (256 * MIB, None, True, 0, 0),
            id="no low memory is requested",
        ),
        pytest.param(
            "crashkernel=256M crashkernel=128M,cma", "7.3", (256 * MIB, None, False, None, 128 * MIB), id="CMA memory"
        ),
        pytest.param("quiet rw", "6.1", (0, None, False, None, 0), id="nothing"),
    ],
)
def test_a_request_is_reported_as_the_kernel_read_it_before_any_rounding(
    value: str, kernel: str, said: tuple[object, ...]
) -> None:
    found = plan(value, kernel=kernel).request
    assert (found.size, found.offset, found.high, found.low_size, found.cma_size) == said
    assert found.text == value


@pytest.mark.parametrize(
    ("facts", "options", "key", "value"),
    [
        pytest.param({}, {}, "dma_limit", 4 * GIB, id="the end of low memory"),
        pytest.param({}, {"dma_limit": NO_DMA_ZONES}, "dma_limit", None, id="null without DMA zones"),
        pytest.param({}, {}, "pud_size", GIB, id="PUD_SIZE"),
        pytest.param({}, {"align": "64M"}, "granule", 64 * MIB, id="the alignment"),
        pytest.param({"page_size": 64 * KIB, "va_bits": 42}, {}, "pud_size", 512 * MIB, id="a folded PUD"),
        pytest.param({"kernel": "6.1.69"}, {}, "version", "6.1.69", id="the version string"),
        pytest.param({"kernel": "6.1.69"}, {}, "profile", "6.1", id="and the profile selected"),
        pytest.param({}, {"rodata": "full"}, "forced_base_pages", ("rodata=full",), id="reasons for base pages"),
    ],
)
def test_the_kernel_that_was_modelled(facts: dict[str, Any], options: dict[str, Any], key: str, value: object) -> None:
    assert getattr(plan(facts=facts, **options).kernel, key) == value


def test_an_assumption_is_reported_once() -> None:
    found = plan(facts={"kernel": None, "page_size": None, "va_bits": None}).kernel
    assert len(found.assumed) == len(set(found.assumed))
    assert {"kernel", "page_size", "va_bits"} <= set(found.assumed)


def test_of_a_configuration_the_report_keeps_what_is_read() -> None:
    config = {"KFENCE": "n", "AUDIT": "y", "ARM64_PA_BITS": "48"}
    assert plan(facts={"config": config}).facts.config == {key: config[key] for key in ("KFENCE", "ARM64_PA_BITS")}


def test_the_users_word_is_kept() -> None:
    """A report holds it, so that the report taken as a map gives the same plan."""
    found = plan(rodata="off", kfence=False, cpu="neoverse-n1", prefer_aligned=True).facts
    assert (found.rodata, found.kfence, found.cpu, found.prefer_aligned) == ("off", False, "neoverse-n1", True)


CRASH, AREA = Range(3 * GIB, 3 * GIB + 256 * MIB), Range(3 * GIB, 4 * GIB)


def request(value: str = "256M") -> Reading:
    return question(value).request


@pytest.mark.parametrize(
    ("value", "placement", "proposal", "outcome"),
    [
        pytest.param("256MB", Placement(), True, "none", id="no valid request"),
        pytest.param("256M", Placement(), True, "failed", id="nothing fits"),
        pytest.param("256M", Placement(CRASH, area=AREA), True, "aligned", id="in an area of its own"),
        pytest.param("256M", Placement(CRASH), True, "fallback", id="tried in vain"),
        pytest.param("256M@3G", Placement(CRASH), True, "exact", id="a fixed offset is never tried"),
        pytest.param("256M", Placement(CRASH), False, "exact", id="nor does another strategy try"),
    ],
)
def test_outcomes(value: str, placement: Placement, proposal: bool, outcome: str) -> None:
    context = context_of("pud-aligned")._replace(proposal=Proposal(GIB) if proposal else None)
    assert outcome_of(request(value), placement, context) == outcome


def test_the_tail_of_an_area_is_returned() -> None:
    """The crash memory is its bottom; an area without a tail returns nothing."""
    context = context_of("pud-aligned")
    view = reservation_view(request(), Placement(CRASH, area=AREA), context, whole=True)
    assert (view.crash, view.area, view.returned) == (CRASH, AREA, (Range(CRASH.end, AREA.end),))
    assert reservation_view(request(), Placement(AREA, area=AREA), context, whole=True).returned == ()


def test_the_kernels_lines_come_in_order_and_a_failure_keeps_its_searches() -> None:
    context = context_of("pud-aligned")
    asked = request()._replace(log=("parsed",))
    view = reservation_view(asked, Placement(log=["cannot allocate"]), context, whole=False, obstacle="no such kernel")
    assert view.log == ("parsed", "cannot allocate")
    assert (view.outcome, view.available, view.obstacle, view.protected) == ("failed", False, "no such kernel", False)


@pytest.mark.parametrize(
    ("strategy", "outcome", "options", "whole", "found"),
    [
        pytest.param("pud-aligned", "aligned", {}, True, True, id="a remapped area"),
        pytest.param("pud-aligned", "aligned", {}, False, False, id="one that shares a leaf"),
        pytest.param("pud-aligned", "fallback", {}, False, False, id="the fallback"),
        pytest.param("pud-aligned", "exact", {"rodata": "full"}, False, True, id="forced base pages"),
        pytest.param("mainline", "exact", {}, False, True, id="6.1: base pages, and unmapped"),
        pytest.param("mainline", "exact", {"kernel": "6.12"}, False, False, id="6.4 and later do not unmap"),
        pytest.param(
            "mainline", "exact", {"kernel": "5.10.22"}, False, False, id="5.10.22: it would, but lies in blocks"
        ),
        pytest.param("isolated", "exact", {"kernel": "6.12"}, False, True, id="isolated, on any kernel"),
        pytest.param("unprotected", "exact", {"rodata": "full"}, False, False, id="nothing unmaps it"),
    ],
)
def test_crash_memory_can_be_unmapped_in_leaves_of_its_own_where_the_kernel_does(
    strategy: str, outcome: str, options: dict[str, Any], whole: bool, found: bool
) -> None:
    assert protected(outcome, context_of(strategy, **options), whole=whole) is found


@pytest.mark.parametrize(
    ("kernel", "profile", "known", "map_known"),
    [
        ("6.1", "6.1", True, True),
        ("5.10.134-19.1.al8.aarch64", "alibaba-5.10", True, False),
        ("6.6.0-132.0.0.111.oe2403sp3.aarch64", "6.6", False, False),
    ],
)
def test_what_the_machines_own_kernel_does(kernel: str, profile: str, known: bool, map_known: bool) -> None:
    """Independent of the strategy, with its certainty."""
    asked = question("256M", kernel=kernel)
    own = own_view(asked.mainline, asked.request, asked.shared.place(asked.request, asked.mainline)[0])
    assert (own.profile, own.known, own.map_known, own.outcome) == (profile, known, map_known, "exact")
    assert own.crash is not None
