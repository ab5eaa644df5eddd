"""Availability of a strategy: the processors that support it, and other obstacles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import planner
from planner.base.sizes import GIB
from planner.batch.fleet import Fleet
from planner.kernel.cputype import ALLOWED, cpu_named, of_midr
from planner.planning.processors import processors
from planner.planning.strategies import STRATEGIES, strategy_named
from planner.render.blocks.sentences import verdict


@pytest.mark.parametrize(
    ("strategy", "cpu", "may_run"),
    [
        pytest.param("pud-aligned", "neoverse-n1", True, id="break-before-make needs no feature"),
        pytest.param("switch-table", "neoverse-v2", True, id="nor does another table"),
        pytest.param("bbml2", "neoverse-v2", False, id="not on the list"),
        pytest.param("bbml2", "neoverse-v3", True, id="on the list"),
        pytest.param("rebuild-margins", "neoverse-v3", True, id="more than it needs"),
        pytest.param("rebuild-margins", "neoverse-v2", None, id="no list covers those that may abort"),
        pytest.param("rebuild-margins", "neoverse-n1", False, id="older than FEAT_BBM"),
        pytest.param("bbml2", None, None, id="unknown"),
    ],
)
def test_which_processors_may_run_a_strategy(strategy: str, cpu: str | None, may_run: bool | None) -> None:
    """Yes, no or not known, always with a reason."""
    view = processors(strategy_named(strategy), () if cpu is None else (cpu_named(cpu),))
    assert view.may_run is may_run
    assert view.why


def test_one_processor_that_may_not_split_live_is_enough_to_forbid_it() -> None:
    """All CPUs of a machine share the tables."""
    view = processors(STRATEGIES["bbml2"], (of_midr(0x410FD823), of_midr(0x410FD4F1)))
    assert view.may_run is False
    assert view.why == "neoverse-v2 (0x410fd4f1): not on the kernel's list"


def test_part_numbers_are_shown_where_the_kernels_list_decides() -> None:
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
    """From the line that every arm64 kernel prints first; an option takes precedence."""
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
        pytest.param(None, "bbml2 is not available here: no processor here is known", id="not known"),
        pytest.param("0xc00fac30", "can be unmapped after kexec load (protected)", id="on the list"),
        pytest.param("neoverse-n1", "bbml2 is not available here: these processors cannot run it", id="not on it"),
    ],
)
def test_what_processors_cannot_run_protects_nothing(cpu: str | None, said: str) -> None:
    """The first sentence has the reason, and a fleet counts it."""
    plan = planner.plan("sample:altra-32g", "512M", strategy="bbml2", cpu=cpu)
    assert plan.reservation.protected
    assert said in verdict(plan)
    fleet = Fleet([])
    fleet.add("host", plan)
    assert fleet.all.unprotected == (not plan.protects) == (cpu != "0xc00fac30")


MAP = planner.MemoryMap((planner.Region(2 * GIB, 34 * GIB),), ())
ODD = planner.MemoryMap((planner.Region(0x1A65400000, 0x1C65401000),), ())
"""RAM that ends one page above a block: an assumed KFENCE pool lies where crash memory is placed."""


@pytest.mark.parametrize(
    ("kernel", "strategy", "cpu", "available"),
    [
        pytest.param("6.1", "pud-aligned", None, True, id="the proposal needs no feature"),
        pytest.param("6.1", "mainline", None, True, id="the kernel's own behaviour is always available"),
        pytest.param("6.1", "isolated", None, False, id="too early with DMA zones"),
        pytest.param("5.0", "isolated", None, True, id="the behaviour of early kernels"),
        pytest.param("6.18", "bbml2", None, False, id="the processor is not known"),
        pytest.param("6.18", "bbml2", "neoverse-n1", False, id="a processor that may not"),
        pytest.param("6.18", "bbml2", "neoverse-v3", True, id="a processor that may"),
    ],
)
def test_a_strategy_is_available_or_an_obstacle_is_given(
    kernel: str, strategy: str, cpu: str | None, *, available: bool
) -> None:
    """The obstacle is given; a strategy that is not available does not protect."""
    plan = planner.plan(MAP, "512M", kernel=kernel, strategy=strategy, cpu=cpu)
    done = plan.reservation
    assert done.available == available
    assert (done.obstacle is None) == available
    assert not plan.protects or available


def test_without_dma_zones_nothing_is_too_early() -> None:
    """There is no DMA limit to wait for."""
    plan = planner.plan(MAP, "512M", kernel="6.1", strategy="isolated", dma_limit="none")
    assert (plan.reservation.available, plan.reservation.obstacle) == (True, None)


@pytest.mark.parametrize("strategy", ["pud-aligned", "mainline", "unprotected", "isolated"])
def test_the_answer_of_the_own_kernel_is_the_same_beside_every_strategy(strategy: str) -> None:
    own = planner.plan(MAP, "512M", kernel="6.12", strategy=strategy).own
    mainline = planner.plan(MAP, "512M", kernel="6.12", strategy="mainline").reservation
    assert own is not None
    assert (own.outcome, own.crash, own.low, own.protected) == (
        mainline.outcome,
        mainline.crash,
        mainline.low,
        mainline.protected,
    )


def test_every_strategy_has_a_row_even_if_an_assumed_pool_overlaps_crash_memory() -> None:
    compared = planner.compare(ODD, "512M", kernel="6.1", kfence=True)
    assert len(compared.rows) == 9
    plan = planner.plan(ODD, "512M", kernel="6.1", kfence=True, strategy="bbml2")
    assert plan.reserved
    assert "bbml2" in planner.render.document(plan, "html")


WORDS = {
    "yes": "can be unmapped after kexec load (protected)",
    "no": "stays mapped (unprotected)",
    "not available": "is not available here: ",
    "not known": "not known for this kernel",
}
"""What the first sentence of a plan says for each value of `Plan.protection`."""


@pytest.mark.parametrize(
    ("kernel", "strategy", "options", "protection"),
    [
        pytest.param("6.1", "mainline", {}, "yes", id="6.1 protects"),
        pytest.param("6.12", "mainline", {}, "no", id="6.12 does not"),
        pytest.param("6.12", "pud-aligned", {}, "yes", id="the proposal on 6.12"),
        pytest.param("6.1", "isolated", {}, "not available", id="too early for a kernel with DMA zones"),
        pytest.param("6.18", "bbml2", {}, "not available", id="no processor is known to split live"),
        pytest.param("6.18", "bbml2", {"cpu": "neoverse-n1"}, "not available", id="this one cannot"),
        pytest.param("6.18", "bbml2", {"cpu": "neoverse-v3"}, "yes", id="this one can"),
        pytest.param("alinux3", "mainline", {}, "not known", id="its map was not read"),
        pytest.param("openeuler21", "mainline", {}, "not known", id="nor was this one's"),
        pytest.param("alinux3", "pud-aligned", {}, "yes", id="the proposal on a map that was not read"),
        pytest.param("sles15sp5", "mainline", {}, "not known", id="nothing of it was read"),
        pytest.param("uek7", "mainline", {}, "not known", id="its configuration alone was read"),
    ],
)
def test_every_output_says_the_same_of_the_protection(
    kernel: str, strategy: str, options: dict[str, Any], protection: str
) -> None:
    """Text, Markdown, page, comparison, sums of a fleet."""
    options = {"kernel": kernel, "page_size": "4K", "rodata": "off", **options}
    plan = planner.plan(MAP, "512M", strategy=strategy, **options)
    assert plan.protection == protection
    assert plan.protects is (protection == "yes")
    for form in ("text", "markdown", "html"):
        shown = " ".join(planner.render.document(plan, form).split())
        assert WORDS[protection] in shown, form
        assert ("can be unmapped after kexec load" in shown) is (protection == "yes"), form
    [row] = [r for r in planner.compare(MAP, "512M", **options).rows if r.strategy == strategy]
    assert (row.protection, bool(row.obstacle)) == (protection, protection == "not available")
    fleet = Fleet([])
    fleet.add("host", plan)
    total = fleet.all
    counted = {"yes": (0, 0, 0), "no": (1, 0, 0), "not available": (1, 1, 0), "not known": (1, 0, 1)}
    assert (total.unprotected, total.not_available, total.not_known) == counted[protection]
    assert fleet.worst[0].protection == protection


@pytest.mark.parametrize("kernel", ["alinux3", "openeuler21"])
def test_a_map_that_was_not_read_is_not_known_wherever_it_is_reported(kernel: str) -> None:
    """In the line on the own kernel, in its costs, in the notes on the map; the placement is known."""
    plan = planner.plan(MAP, "512M", kernel=kernel, strategy="mainline")
    assert plan.own is not None
    assert (plan.own.known, plan.own.map_known, plan.kernel.map_certainty) == (True, False, "unknown")
    shown = " ".join(planner.render.document(plan).split())
    assert shown.startswith("exact: 512M at 0xe0000000; protection not known for this kernel")
    assert "Cost not known for this kernel; as the nearest mainline kernel maps memory, +" in shown
    assert "not known for this kernel; as the nearest mainline kernel maps memory, a crashkernel parameter" in shown
    beside = " ".join(planner.render.document(planner.plan(MAP, "512M", kernel=kernel)).split())
    assert "(your kernel: 512M at 0xe0000000, protection not known for this kernel)" in beside


@pytest.mark.parametrize("strategy", ["mainline", "pud-aligned"])
@pytest.mark.parametrize("request_", ["512M,high", "rubbish", "64G"])
def test_nothing_is_reserved_is_no_fact_of_an_unknown_kernel(strategy: str, request_: str) -> None:
    """SLE 15 SP5 may read `,high`; the nearest mainline kernel does not."""
    plan = planner.plan(MAP, request_, kernel="sles15sp5", strategy=strategy)
    assert plan.reservation.crash is None
    assert planner.render.document(plan).startswith("not known for this kernel: as mainline 5.14, ")


def test_readings_of_the_kernel_are_not_readings_of_the_map(tmp_path: Path) -> None:
    """A plan of a report lists them once."""
    plan = planner.plan(MAP, "512M", kernel="sles15sp5")
    assert [reading.about for reading in plan.reservation.other_readings] == ["kernel"]
    assert "the map allows" not in planner.render.document(plan)
    (tmp_path / "report.json").write_text(plan.to_json(), encoding="utf-8")
    again = planner.plan(tmp_path / "report.json")
    assert again.reservation.other_readings == plan.reservation.other_readings
