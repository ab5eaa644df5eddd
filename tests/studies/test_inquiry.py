"""One form of request at many sizes: the text for a size, even if the kernel does not read the form."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, KIB, MIB
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.studies.inquiry import Inquiry, form_name, inquire, readable, value_of
from tests.planning.machines import machine


def asked(value: str, kernel: str = "6.12", **options: object) -> Inquiry:
    return inquire(machine(kernel=kernel), value, Options(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "kernel", "form", "reads", "written"),
    [
        pytest.param("1M", "6.12", "plain", True, "512M", id="plain"),
        pytest.param("1M@2G", "6.12", "offset", True, "512M@0x80000000", id="at an offset"),
        pytest.param("1M,high", "6.12", "high", True, "512M,high", id="high, with the default low part"),
        pytest.param(
            "crashkernel=1M,high crashkernel=64M,low",
            "6.12",
            "high",
            True,
            "crashkernel=512M,high crashkernel=64M,low",
            id="high, with a low part of its own",
        ),
        pytest.param(
            "crashkernel=1M,high crashkernel=0,low",
            "6.12",
            "high",
            True,
            "crashkernel=512M,high crashkernel=0,low",
            id="high, without one",
        ),
        pytest.param("1M,high", "5.10", "high", False, "512M,high", id="a form that this kernel does not read"),
        pytest.param("1G-4G:128M,4G-:256M", "6.12", "plain", True, "512M", id="a list of ranges"),
        pytest.param("quiet rw", "6.12", "plain", False, "512M", id="nothing was requested"),
    ],
)
def test_the_request_for_a_size(value: str, kernel: str, form: str, reads: bool, written: str) -> None:
    inquiry = asked(value, kernel)
    assert form_name(inquiry.question) == form
    assert readable(inquiry.question.request) is reads
    assert inquiry.value(512 * MIB) == written


@pytest.mark.parametrize(("size", "text"), [(300001 * KIB, "300001K"), (GIB, "1G"), (4 * KIB, "4K")])
def test_sizes_are_exact(size: int, text: str) -> None:
    assert value_of(asked("1M,high").question.request, size) == f"{text},high"


@pytest.mark.parametrize("value", ["1M", "1M,high", "1M@2G"])
@pytest.mark.parametrize("strategy", ["pud-aligned", "mainline"])
def test_a_size_is_answered_as_a_plan_of_it(value: str, strategy: str) -> None:
    """The answer may be a whole plan, or an outcome only."""
    inquiry = asked(value, strategy=strategy)
    for size in (4 * KIB, 512 * MIB, 3 * GIB, 64 * GIB):
        plan = make_plan(machine(kernel="6.12"), inquiry.value(size), Options(strategy=strategy))
        assert inquiry.plan(size).reservation == plan.reservation
        assert inquiry.outcome(size) == plan.reservation.outcome
