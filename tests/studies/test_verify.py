"""`verify`: agreement, disagreement, and records that cannot be checked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.studies.verify import verify, verify_all
from tests.studies.records import MAINLINE, PLACED, TOP, machine, moved, recorded

HIGH, LOW = Range(9 * GIB - 512 * MIB, 9 * GIB), Range(TOP - 128 * MIB, TOP)


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
    """Nor does a record that agrees under it become doubtful."""
    for crash, outcome in ((moved(2 * MIB), "not checkable"), (PLACED, "agreed")):
        found = verify(replace(machine(record=recorded(crash), **facts), doubt=doubt), MAINLINE)
        assert found.outcome == outcome
        assert found.checks[0].why.startswith(why) is (outcome == "not checkable")


@pytest.mark.parametrize(
    ("given", "outcome", "why"),
    [
        pytest.param({"record": recorded(PLACED)}, "agreed", "as planned", id="where it is planned"),
        pytest.param({"record": recorded(moved(-2 * MIB))}, "not checkable", "lower", id="lower, of a partial source"),
        pytest.param(
            {"record": recorded(moved(-2 * MIB)), "settled": True}, "disagreed", "every", id="lower, of a whole one"
        ),
        pytest.param({"record": recorded(moved(2 * MIB))}, "disagreed", "no window", id="beyond the limit"),
        pytest.param(
            {"record": recorded(moved(2 * MIB)), "dma_limit": 5 * GIB}, "not checkable", "lower", id="a higher limit"
        ),
        pytest.param(
            {"record": recorded(Range(TOP - 256 * MIB, TOP))}, "disagreed", "requested 512M", id="another size"
        ),
        pytest.param({"record": recorded(moved(-4 * KIB))}, "disagreed", "not aligned", id="misaligned"),
        pytest.param(
            {"record": recorded(failed=True)}, "not checkable", "it may fail", id="failed, of a partial source"
        ),
        pytest.param(
            {"record": recorded(failed=True), "settled": True}, "disagreed", "failed", id="failed, of a whole one"
        ),
        pytest.param(
            {"record": recorded(failed=True), "cmdline": "crashkernel=16G"}, "agreed", "failed", id="failed as planned"
        ),
        pytest.param({}, "not checkable", "records no crash kernel", id="nothing recorded"),
        pytest.param(
            {"record": recorded(PLACED), "regions": ()}, "not checkable", "no memory map", id="no memory ranges"
        ),
        pytest.param(
            {"record": recorded(PLACED), "kernel": "4.4.0"}, "not checkable", "4.12 to 7.x", id="a kernel too old"
        ),
        pytest.param(
            {"record": recorded(PLACED), "arch": "x86_64"}, "not checkable", "not arm64", id="another architecture"
        ),
        pytest.param(
            {"record": recorded(PLACED), "cmdline": "crashkernel=auto"},
            "not checkable",
            "refused",
            id="a patched parser",
        ),
        pytest.param(
            {"record": recorded(HIGH, LOW), "kernel": "5.9.0"},
            "not checkable",
            "patched kernel",
            id="low memory before 5.19",
        ),
        pytest.param(
            {"record": recorded(PLACED, log=("Reserving 512MB of memory at 3584MB for crashkernel",))},
            "not checkable",
            "matches no mainline",
            id="a line that arm64 does not print",
        ),
        pytest.param(
            {
                "record": recorded(PLACED, log=("Reserving 512MB of memory at 3584MB for crashkernel",)),
                "kernel": "5.10.0-216.0.0.115.oe2203sp4.aarch64",
            },
            "agreed",
            "as planned",
            id="a line that a distribution's kernel prints",
        ),
        pytest.param(
            {"record": recorded(Range(TOP - 256 * MIB, TOP)), "cmdline": None},
            "agreed",
            "for the recorded size",
            id="a request that is inferred",
        ),
        pytest.param({"kind": "iomem"}, "not checkable", "no crash kernel is reserved", id="a listing without it"),
        pytest.param(
            {"kind": "iomem", "cmdline": "crashkernel=16G"},
            "agreed",
            "nothing is reserved",
            id="nothing reserved, as planned",
        ),
        pytest.param(
            {"record": recorded(HIGH, LOW), "cmdline": "crashkernel=512M,high crashkernel=128M,low"},
            "agreed",
            "below",
            id="both parts",
        ),
        pytest.param(
            {"record": recorded(HIGH), "cmdline": "crashkernel=512M,high crashkernel=128M,low"},
            "disagreed",
            "low part is missing",
            id="no low part",
        ),
        pytest.param(
            {
                "record": recorded(HIGH, Range(LOW.start - 128 * MIB, LOW.end)),
                "cmdline": "crashkernel=512M,high crashkernel=128M,low",
            },
            "disagreed",
            "of low memory",
            id="another low size",
        ),
        pytest.param(
            {
                "record": recorded(moved(64 * MIB, Range(GIB, GIB + 512 * MIB))),
                "kernel_image": Range(GIB + 64 * MIB, GIB + 96 * MIB),
            },
            "disagreed",
            "overlaps the kernel image",
            id="over the image",
        ),
        pytest.param(
            {"record": recorded(Range(8 * GIB + 768 * MIB, 9 * GIB + 256 * MIB))}, "disagreed", "RAM", id="beyond RAM"
        ),
    ],
)
def test_the_placement(given: dict[str, Any], outcome: str, why: str) -> None:
    """One sentence gives the result or what is missing."""
    verdict = verify(machine(**given), MAINLINE)
    assert verdict.outcome == outcome
    assert why in verdict.checks[0].why


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


def test_several_machines_end_with_one_status() -> None:
    """1 if any disagrees, else 2 if none could be checked."""
    agreed, wrong = machine(record=recorded(PLACED)), machine(record=recorded(moved(2 * MIB)))
    unread = InputError("x.iomem", "is empty", "give a map")
    assert verify_all([agreed, wrong, unread], MAINLINE).status == 1
    assert verify_all([agreed, unread], MAINLINE).status == 0
    assert verify_all([machine(), unread], MAINLINE).status == 2
    assert verify_all([agreed, unread], MAINLINE).counts.not_checkable == 1


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
