"""A survey of candidates: every row is the plan of its request on its machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.errors import PlannerError
from planner.base.sizes import GIB, KIB, MIB
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources.samples import read
from planner.studies.survey import REQUESTS, SORTED_BY, Candidates, Row, default_of, sorted_by, tabulate

NAMES = ("rpi4-4g", "altra-32g", "emag-128g-64k")
MEMBERS = [(name, read(name), Options()) for name in NAMES]


def test_every_request_kernel_and_page_size_has_its_plan_in_the_order_given() -> None:
    candidates = Candidates(("512M", "1G,high"), ("debian",), ("5.10", "6.12"), (4 * KIB, 64 * KIB), "400M")
    rows = tabulate(MEMBERS, candidates)
    assert len(rows) == 3 * 2 * 2 * 3
    for row in rows:
        options = Options(kernel=row.kernel, page_size=row.page_size)
        if row.error is not None:
            with pytest.raises(PlannerError):
                make_plan(read(row.machine), row.request, options)
            continue
        plan = make_plan(read(row.machine), row.request, options)
        assert (row.outcome, row.crash, row.low) == (
            plan.reservation.outcome,
            plan.reservation.crash,
            plan.reservation.low,
        )
        assert row.low_free == plan.waste.low_free_after
        assert row.waste == plan.waste.kept + plan.waste.extra_table_bytes
        assert row.met == (row.crash is not None and row.crash.size >= 400 * MIB)
        if row.crash is not None and plan.kernel.dma_limit is not None:
            assert (row.place == "low") == (row.crash.end <= plan.kernel.dma_limit)


def test_without_candidates_the_usual_ones_and_each_machines_own_default() -> None:
    rows = tabulate(MEMBERS, Candidates())
    for name, machine, _ in MEMBERS:
        own = [row for row in rows if row.machine == name]
        assert [row.preset for row in own] == [default_of(machine), None, None, None]
        assert [row.request for row in own][1:] == list(REQUESTS)


def test_a_preset_is_planned_in_its_variant_for_64k_pages_if_it_has_one() -> None:
    rows = tabulate(MEMBERS[:1], Candidates(presets=("rhel9", "debian"), page_sizes=(4 * KIB, 64 * KIB)))
    assert [row.preset for row in rows] == ["rhel9", "debian", "rhel9-64k", "debian"]


@pytest.mark.parametrize("column", SORTED_BY)
def test_every_column_sorts(column: str) -> None:
    """Ascending and descending; rows without a value come last, or first."""
    rows = tabulate(MEMBERS, Candidates(("512M", "64G"), need="1G"))
    up, down = sorted_by(rows, column), sorted_by(rows, f"-{column}")
    values = [getattr(row, column) for row in up]
    known = [value for value in values if value is not None]
    assert known == sorted(known)
    assert values[: len(known)] == known
    assert [getattr(row, column) for row in down] == values[::-1]


def test_a_machine_that_cannot_be_planned_has_its_error() -> None:
    """VA bits that the page size does not allow: the other rows are planned."""
    rows = tabulate([("odd", read("rpi4-4g"), Options(va_bits=39))], Candidates(("512M",), page_sizes=(4096, 64 * KIB)))
    assert [row.outcome for row in rows][1] == "error"
    assert rows[1].error is not None
    assert isinstance(rows[0], Row)
    assert rows[0].ram < 4 * GIB


def test_a_machine_whose_need_is_not_known_has_its_error() -> None:
    """VA bits of a map that its page size, which is assumed, does not allow."""
    odd = replace(read("rpi4-4g"), facts=replace(read("rpi4-4g").facts, page_size=None, va_bits=42))
    rows = tabulate([("odd", odd, Options()), ("good", read("rpi4-4g"), Options())], Candidates(("512M",)))
    assert [row.outcome for row in rows] == ["error", "aligned"]


def test_a_request_that_is_not_valid_has_the_reason() -> None:
    rows = tabulate(MEMBERS, Candidates(("foo", "512M"), need="1G"))
    assert {row.invalid for row in rows if row.request == "foo"} == {
        "the kernel logs 'crashkernel: memory value expected'"
    }
    assert {row.invalid for row in rows if row.request == "512M"} == {""}


@pytest.mark.parametrize(
    ("kernel", "page_size", "preset"),
    [
        ("4.18.0-553.el8_10.aarch64", 64, "rhel8"),
        ("5.14.0-570.el9.aarch64", 4, "rhel9"),
        ("5.14.0-570.el9.aarch64+64k", 64, "rhel9-64k"),
        ("6.12.0-55.el10.aarch64", 4, "rhel10"),
        ("6.6.0-132.0.0.111.oe2403sp3.aarch64", 4, "openeuler"),
        ("5.10.134-16.3.al8.aarch64", 4, "alinux3"),
        ("6.6.57.1-7.azl3", 4, "azurelinux3"),
        ("5.14.21-150500.55.52-default", 4, "suse"),
        ("6.6.64", 4, "debian"),
        ("6.6.64", 64, "rhel9-64k"),
    ],
)
def test_the_default_is_that_of_the_kernels_distribution(kernel: str, page_size: int, preset: str) -> None:
    facts = replace(read("altra-32g").facts, kernel=kernel, page_size=page_size * KIB)
    assert default_of(replace(read("altra-32g"), facts=facts)) == preset
