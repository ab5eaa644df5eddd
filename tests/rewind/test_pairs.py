"""From one modelled boot's listing and log the placement of another: it comes out, or is among the readings."""

from __future__ import annotations

from itertools import product

import pytest

from planner.base.sizes import GIB, KIB
from planner.planning.plan import Options, make_plan
from tests.rewind.boots import Boot, Kernel, spans

LINES = (
    "quiet crashkernel=256M",
    "quiet crashkernel=512M log_buf_len=16M",
    "quiet crashkernel=512M,high",
    "quiet crashkernel=256M swiotlb=noforce mem=3G",
    "quiet crashkernel=512M cma=32M swiotlb=8192",
    "quiet crashkernel=512M mem=1536M",
    "quiet crashkernel=256M swiotlb=65536",
    "quiet",
    "quiet mem=3G",
    "quiet crashkernel=256M cma=0",
    "quiet crashkernel=256M rodata=off kfence.sample_interval=100",
    "quiet crashkernel=1G,high rodata=off kfence.sample_interval=100",
    "quiet crashkernel=512M hugepagesz=1G hugepages=1",
)

MACHINES = [
    pytest.param(Kernel(version, page), ram, id=f"{version}-{page // KIB}K-{ram // GIB}G")
    for version, page, ram in product(("6.1", "6.12", "7.2"), (4 * KIB, 16 * KIB), (2 * GIB, 8 * GIB))
]


@pytest.mark.parametrize(("kernel", "ram"), MACHINES)
def test_the_other_boot_comes_out_of_listing_and_log(kernel: Kernel, ram: int) -> None:
    """Whatever else is asked for, too: other `mem=`, `cma=`, `swiotlb=`, base pages, a KFENCE pool, gigantic pages."""
    boots = [Boot(kernel, ram, line) for line in LINES if ram > 2 * GIB or "hugepages" not in line]
    options = Options(strategy="mainline", kernel=kernel.version, page_size=kernel.page_size)
    lacking, other = [], 0
    for before in boots:
        machine = before.machine(log=True)
        for after in (boot for boot in boots if boot is not before and "crashkernel" in boot.cmdline):
            found = make_plan(machine, after.cmdline, options).reservation
            expected = spans(after.crash, after.low)
            other += spans(found.crash, found.low) != expected
            readings = [found.crash, found.low], *([o.crash, o.low] for o in found.other_readings)
            if expected not in [spans(*reading) for reading in readings]:
                lacking.append(f"{before.cmdline} -> {after.cmdline}")
    assert lacking == []
    # How much RAM a `mem=` hid nobody can know, and what the configuration leaves open has two answers.
    assert other <= len(boots) ** 2 // 4
