"""What became of a request: the outcome, what is freed again, and whether the memory can be unmapped."""

from __future__ import annotations

from typing import Any

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, MIB
from planner.kernel.crash_reserve import Placement, Proposal
from planner.kernel.crashkernel import Reading
from planner.planning.reservation import outcome_of, own_view, protected, reservation_view
from tests.planning.machines import context_of, question

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
    """The crash memory is its bottom; an area that is all crash memory returns nothing."""
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
        pytest.param("unprotected", "exact", {"rodata": "full"}, False, False, id="nobody unmaps it"),
    ],
)
def test_whether_it_can_be_unmapped(
    strategy: str, outcome: str, options: dict[str, Any], whole: bool, found: bool
) -> None:
    """It has leaves of its own, and the kernel does it."""
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
    """Whatever the strategy; and whether that is known."""
    asked = question("256M", kernel=kernel)
    own = own_view(asked.mainline, asked.request, asked.shared.place(asked.request, asked.mainline)[0])
    assert (own.profile, own.known, own.map_known, own.outcome) == (profile, known, map_known, "exact")
    assert own.crash is not None
