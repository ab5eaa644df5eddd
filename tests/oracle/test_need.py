"""What capture kernels were measured to need, booted by kexec in ever smaller reservations, against the model."""

from __future__ import annotations

import pytest

from planner.base.sizes import KIB, MIB
from planner.studies.need import need
from planner.studies.need_inputs import Given
from tests.oracle.cases import Case, Tally, cases


def given(case: Case) -> Given:
    """The inputs of one measurement."""
    return Given(
        kernel_size=case["kernel_KiB"]["total"] * KIB,
        initrd_size=case["initrd_archive_bytes"],
        initrd_unpacked=case["initrd_unpacked_bytes_in_pagecache"],
        page_size=case["page_size"],
        rootfstype="ramfs" if "rootfstype=ramfs" in case["capture_cmdline"] else "tmpfs",
    )


def test_need(capsys: pytest.CaptureFixture[str]) -> None:
    """Within a tenth of every measured minimum; what is recommended is never below it."""
    tally = Tally("need")
    for case in cases("need"):
        found, measured = need(given(case)), case["least_ok_MiB"] * MIB
        off = abs(found.least - measured) / measured
        got = (off <= 0.1, found.recommended >= measured)
        tally.compare(f"{case['label']} ({found.least / MIB:.1f}M, measured {measured // MIB}M)", got, (True, True))
    tally.report(capsys)
