"""Which strategies the processors of a machine may run."""

from __future__ import annotations

import pytest

import planner
from planner.batch.fleet import Fleet
from planner.kernel.cputype import ALLOWED, cpu_named, of_midr
from planner.planning.processors import processors
from planner.planning.strategies import STRATEGIES, strategy_named
from planner.render.blocks.tables import verdict


@pytest.mark.parametrize(
    ("strategy", "cpu", "may_run"),
    [
        pytest.param("pud-aligned", "neoverse-n1", True, id="break-before-make asks nothing of a processor"),
        pytest.param("switch-table", "neoverse-v2", True, id="nor does another table"),
        pytest.param("bbml2", "neoverse-v2", False, id="not on the list"),
        pytest.param("bbml2", "neoverse-v3", True, id="on the list"),
        pytest.param("rebuild-margins", "neoverse-v3", True, id="more than it asks"),
        pytest.param("rebuild-margins", "neoverse-v2", None, id="nobody lists those that may abort"),
        pytest.param("rebuild-margins", "neoverse-n1", False, id="older than FEAT_BBM"),
        pytest.param("bbml2", None, None, id="unknown"),
    ],
)
def test_who_may_run_what(strategy: str, cpu: str | None, may_run: bool | None) -> None:
    """Yes, no, or nobody can tell; always with a reason."""
    view = processors(strategy_named(strategy), () if cpu is None else (cpu_named(cpu),))
    assert view.may_run is may_run
    assert view.why


def test_one_processor_that_may_not_is_enough() -> None:
    """All CPUs of a machine share the tables."""
    view = processors(STRATEGIES["bbml2"], (of_midr(0x410FD823), of_midr(0x410FD4F1)))
    assert view.may_run is False
    assert view.why == "neoverse-v2 (0x410fd4f1): not on the kernel's list"


def test_the_part_numbers_are_shown() -> None:
    """Where the list decides, it is in the plan."""
    plan = planner.plan(
        planner.MemoryMap((planner.Region(1 << 31, 1 << 33),), ()), "64M", strategy="bbml2", kernel="7.2"
    )
    assert plan.processors is not None
    assert plan.processors.allowed == ALLOWED
    assert {(row.implementer, row.part, row.least_revision) for row in ALLOWED} == {
        (0x41, 0xD82, 3),
        (0x41, 0xD84, 2),
        (0x41, 0xD83, 2),
        (0x4E, 0x010, None),
        (0xC0, 0xAC3, None),
        (0xC0, 0xAC4, None),
    }


def test_a_boot_log_names_its_processors() -> None:
    """By the line that every arm64 kernel prints first; an option wins over it."""
    plan = planner.plan("sample:honeycomb-30g", "512M", strategy="bbml2")
    assert plan.processors is not None
    assert [cpu.midr for cpu in plan.processors.cpus] == [0x410FD083]
    assert plan.processors.may_run is False
    other = planner.plan("sample:honeycomb-30g", "512M", strategy="bbml2", cpu="0xc00fac30").processors
    assert other is not None
    assert other.may_run is True


@pytest.mark.parametrize(
    ("cpu", "said"),
    [
        pytest.param(None, "can be unmapped after kexec load (protected)", id="nobody knows"),
        pytest.param("0xc00fac30", "can be unmapped after kexec load (protected)", id="on the list"),
        pytest.param("neoverse-n1", "unprotected, as these CPUs cannot run this strategy", id="not on it"),
    ],
)
def test_what_processors_cannot_run_protects_nothing(cpu: str | None, said: str) -> None:
    """The first sentence says so, and a fleet counts it."""
    plan = planner.plan("sample:altra-32g", "512M", strategy="bbml2", cpu=cpu)
    assert plan.reservation.protected
    assert verdict(plan).endswith(said)
    fleet = Fleet([])
    fleet.add("host", plan)
    assert fleet.all.unprotected == (not plan.protects) == (cpu == "neoverse-n1")
