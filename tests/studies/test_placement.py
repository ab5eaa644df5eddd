"""The recorded place of a crash kernel beside the planned one, as a source bounds it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memory_map import MemoryMap, Region, Reserved
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
