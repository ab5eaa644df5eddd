"""`verify`: agreement, disagreement, and records that cannot be checked."""

from __future__ import annotations

from typing import Any

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.studies.verify import verify, verify_all
from tests.studies.records import MAINLINE, PLACED, TOP, machine, moved, recorded

HIGH, LOW = Range(9 * GIB - 512 * MIB, 9 * GIB), Range(TOP - 128 * MIB, TOP)


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


def test_several_machines_end_with_one_status() -> None:
    """1 if any disagrees, else 2 if none could be checked."""
    agreed, wrong = machine(record=recorded(PLACED)), machine(record=recorded(moved(2 * MIB)))
    unread = InputError("x.iomem", "is empty", "give a map")
    assert verify_all([agreed, wrong, unread], MAINLINE).status == 1
    assert verify_all([agreed, unread], MAINLINE).status == 0
    assert verify_all([machine(), unread], MAINLINE).status == 2
    assert verify_all([agreed, unread], MAINLINE).counts.not_checkable == 1
