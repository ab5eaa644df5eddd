"""The recorded place of a crash kernel beside the planned one, as a source bounds it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.plan import answer, ask
from planner.planning.result import OtherReading
from planner.studies.placement import placement
from planner.studies.verify import verify
from tests.studies.records import MAINLINE, PLACED, TOP, machine, moved, recorded


@pytest.mark.parametrize(
    ("facts", "doubt", "why"),
    [
        pytest.param(
            {"kernel": None}, "", "the kernel is not known, planned as 7.3 (give it: --kernel): ", id="kernel"
        ),
        pytest.param({}, "the log lacks the highest memory", "the log lacks the highest memory: ", id="memory"),
    ],
)
def test_a_check_that_depends_on_an_unknown_never_disagrees(facts: dict[str, Any], doubt: str, why: str) -> None:
    """A record that agrees under it does not become doubtful."""
    for crash, outcome in ((moved(2 * MIB), "not checkable"), (PLACED, "agreed")):
        found = verify(replace(machine(record=recorded(crash), **facts), doubt=doubt), MAINLINE)
        assert found.outcome == outcome
        assert found.checks[0].why.startswith(why) is (outcome == "not checkable")


@pytest.mark.parametrize(
    ("kernel", "size", "outcome"),
    [
        pytest.param("6.1", 512 * MIB, "agreed", id="6.1 counts the main part"),
        pytest.param("6.12", 640 * MIB, "agreed", id="6.12 counts both"),
        pytest.param("6.12", 512 * MIB, "not checkable", id="less may have been shrunk"),
        pytest.param("6.1", 640 * MIB, "disagreed", id="more cannot be"),
    ],
)
def test_a_size_alone(kernel: str, size: int, outcome: str) -> None:
    """/sys/kernel/kexec_crash_size does not give an address."""
    request = "crashkernel=512M,high crashkernel=128M,low"
    verdict = verify(machine(kernel=kernel, cmdline=request, record=recorded(kexec_crash_size=size)), MAINLINE)
    assert verdict.outcome == outcome


def test_a_moved_crash_kernel_is_found_in_a_listing() -> None:
    """The other reservations stay in place."""
    above = Reserved(TOP - 64 * MIB, TOP, "reserved")
    honest = Range(above.start - 512 * MIB, above.start)
    for span, outcome in ((honest, "agreed"), (moved(2 * MIB, honest), "disagreed")):
        memory = MemoryMap((Region(GIB, 9 * GIB),), (above, Reserved(span.start, span.end, "Crash kernel")))
        listing = replace(machine(kind="iomem", record=recorded(span)), memory=memory)
        assert verify(listing, MAINLINE).outcome == outcome


def test_a_crash_kernel_over_another_reservation_disagrees() -> None:
    """Nothing is reserved inside a crash kernel, so a small reservation directly above it bounds it too."""
    above, small = (
        Reserved(TOP - 64 * MIB, TOP, "reserved"),
        Reserved(TOP - 65 * MIB, TOP - 64 * MIB - 16 * KIB, "reserved"),
    )
    honest = Range(TOP - 66 * MIB - 512 * MIB, TOP - 66 * MIB)
    for span, outcome in ((honest, "agreed"), (moved(2 * MIB, honest), "disagreed")):
        reserved = (above, small, Reserved(span.start, span.end, "Crash kernel"))
        listing = replace(
            machine(kind="iomem", record=recorded(span)), memory=MemoryMap((Region(GIB, 9 * GIB),), reserved)
        )
        verdict = verify(listing, MAINLINE)
        assert verdict.outcome == outcome
        assert ("overlaps the reservation" in verdict.checks[0].why) == (outcome == "disagreed")


@pytest.mark.parametrize("doubt", ["", "lines of the log about memory are damaged"])
def test_a_request_that_failed_as_planned_agrees_whatever_is_doubted(doubt: str) -> None:
    """Only where nothing is recorded at all, nothing may have been reserved for another reason."""
    failed = recorded(log=("cannot allocate crashkernel",), failed=True)
    found = verify(replace(machine(record=failed, cmdline="crashkernel=4G"), doubt=doubt), MAINLINE)
    assert (found.outcome, found.checks[0].why) == ("agreed", "the reservation failed, as planned")


@pytest.mark.parametrize(
    ("size", "outcome", "why"),
    [
        pytest.param(0, "not checkable", "kexec_crash_size is 0 of 512M: it failed, or was shrunk", id="nothing"),
        pytest.param(512 * MIB, "agreed", "kexec_crash_size is 512M, as planned", id="all"),
        pytest.param(513 * MIB, "disagreed", "kexec_crash_size is 513M, planned: 512M", id="more"),
    ],
)
def test_a_size_says_what_is_planned(size: int, outcome: str, why: str) -> None:
    (check,) = verify(machine(record=recorded(kexec_crash_size=size)), MAINLINE).checks
    assert (check.what, check.outcome) == ("size", outcome)
    assert check.why.startswith(why)


ODD = 512 * MIB + 1


@pytest.mark.parametrize(
    ("kernel", "size", "wrong"),
    [
        pytest.param("6.12", ODD, "", id="6.12 takes as much as is asked for"),
        pytest.param("6.12", 512 * MIB + 4 * KIB, "", id="which a listing shows in whole pages"),
        pytest.param("6.12", 512 * MIB, "recorded: 512M, requested 536870913", id="less"),
        pytest.param("6.12", 512 * MIB + 8 * KIB, "recorded: 524296K, requested 536870913", id="more"),
        pytest.param("6.1", 512 * MIB + 4 * KIB, "", id="6.1 takes whole pages"),
        pytest.param("6.1", ODD, "recorded: 536870913, requested 524292K", id="and nothing else"),
    ],
)
def test_a_crash_kernel_is_as_large_as_it_was_asked_for(kernel: str, size: int, wrong: str) -> None:
    """It is 2 MiB lower than planned, as if something unseen were above it."""
    placed = Range(TOP - 516 * MIB, TOP - 516 * MIB + size)
    (check,) = verify(machine(kernel=kernel, cmdline=f"crashkernel={ODD}", record=recorded(placed)), MAINLINE).checks
    assert check.outcome == ("disagreed" if wrong else "not checkable")
    assert check.why.startswith(wrong or "recorded [")


@pytest.mark.parametrize(
    ("crash", "outcome", "why"),
    [
        pytest.param(moved(-128 * MIB), "agreed", "under the reading: less is free", id="that of the other reading"),
        pytest.param(moved(-256 * MIB), "not checkable", "lower than planned", id="another place"),
        pytest.param(moved(2 * MIB), "disagreed", "in no window", id="above the window"),
    ],
)
def test_another_reading_of_the_map_may_have_the_recorded_place(crash: Range, outcome: str, why: str) -> None:
    source = machine()
    question = ask(source, None, MAINLINE)
    plan = answer(question)
    reading = OtherReading("less is free", "exact", moved(-128 * MIB), None)
    plan = replace(plan, reservation=replace(plan.reservation, other_readings=(reading,)))
    check = placement(source, question, plan, recorded(crash), inferred=None)
    assert check.outcome == outcome
    assert why in check.why


@pytest.mark.parametrize(
    ("low", "outcome", "why"),
    [
        pytest.param(None, "disagreed", "the low part is missing", id="no low part"),
        pytest.param((TOP - 128 * MIB, TOP), "not checkable", "lower than planned", id="at the top of low memory"),
        pytest.param((TOP - 126 * MIB, TOP + 2 * MIB), "disagreed", "the low part is higher", id="above low memory"),
    ],
)
def test_a_low_part_lies_below_the_dma_limit(low: tuple[int, int] | None, outcome: str, why: str) -> None:
    """Of a crash kernel in high memory, which is lower than planned."""
    cmdline = "crashkernel=512M,high crashkernel=128M,low"
    record = recorded(Range(8 * GIB, 8 * GIB + 512 * MIB), None if low is None else Range(*low))
    (check,) = verify(machine(cmdline=cmdline, record=record), MAINLINE).checks
    assert check.outcome == outcome
    assert why in check.why
