"""From one modelled boot's listing and log the placement of another: it comes out, or is among the readings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from planner.base.sizes import GIB, KIB
from planner.kernel.machine import Machine
from planner.planning.options import Options
from planner.planning.plan import make_plan
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
    "quiet crashkernel=256M reserve_mem=40M:4096:trace reserve_mem=2M:2M:oops",
)

MACHINES = [
    pytest.param(Kernel(version, page), ram, id=f"{version}-{page // KIB}K-{ram // GIB}G")
    for version, page, ram in (
        *product(("6.1", "6.12", "7.2"), (4 * KIB, 16 * KIB), (2 * GIB, 8 * GIB)),
        ("7.1", 4 * KIB, 8 * GIB),
        ("7.1", 16 * KIB, 8 * GIB),
        ("7.1", 64 * KIB, 2 * GIB),
        ("7.2", 16 * KIB, 3 * GIB),
        ("6.1", 64 * KIB, 2 * GIB),
        ("6.12", 64 * KIB, 2 * GIB),
    )
]


EARLY_MACHINES = [
    pytest.param(Kernel(version, page), ram, id=f"{version}-{page // KIB}K-{ram // GIB}G")
    for version, page, ram in (
        ("5.10.0", 4 * KIB, 2 * GIB),
        ("5.10.0", 4 * KIB, 8 * GIB),
        ("4.18.0-553.el8_10", 64 * KIB, 2 * GIB),
        ("4.18.0-553.el8_10", 64 * KIB, 8 * GIB),
    )
]


def lacking(before: Machine, after: Boot) -> tuple[bool, bool]:
    """Two answers: the first reading of a boot's machine is not the other boot's placement; none of them is."""
    options = Options(strategy="mainline", kernel=after.kernel.version, page_size=after.kernel.page_size)
    found, expected = make_plan(before, after.cmdline, options).reservation, spans(after.crash, after.low)
    readings = [spans(o.crash, o.low) for o in found.other_readings]
    other = spans(found.crash, found.low) != expected
    return other, other and expected not in readings


def pairs(kernel: Kernel, ram: int, *, log: bool) -> Iterator[tuple[Boot, Boot, bool, bool]]:
    """All pairs of boots of one machine, and what is lacking in their readings."""
    boots = [Boot(kernel, ram, line) for line in LINES if ram > 2 * GIB or "hugepages" not in line]
    for before in boots:
        machine = before.machine(log=log)
        for after in (boot for boot in boots if boot is not before and "crashkernel" in boot.cmdline):
            yield (before, after, *lacking(machine, after))


@pytest.mark.parametrize(("kernel", "ram"), MACHINES)
def test_the_other_boot_comes_out_of_listing_and_log(kernel: Kernel, ram: int) -> None:
    """It asks for other things: `mem=`, `cma=`, `swiotlb=`, base pages, a KFENCE pool, gigantic pages."""
    found = list(pairs(kernel, ram, log=True))
    assert [f"{before.cmdline} -> {after.cmdline}" for before, after, _, none in found if none] == []
    # How much RAM a `mem=` hid nobody can know, and what the configuration leaves open has two answers.
    assert sum(other for *_, other, _ in found) <= len(found) // 3


@pytest.mark.parametrize("page", [4 * KIB, 16 * KIB])
@pytest.mark.parametrize("version", ["6.1", "6.12", "7.1", "7.2"])
def test_a_boot_without_a_bounce_buffer_shows_in_its_listing_alone(version: str, page: int) -> None:
    """Its hash tables came later; nothing was taken from low memory, where the CMA area lies."""
    before, after = (
        Boot(Kernel(version, page), 8 * GIB, line)
        for line in ("quiet crashkernel=512M swiotlb=noforce", "quiet crashkernel=1G,high")
    )
    assert lacking(before.machine(log=False), after) == (False, False)


def test_the_table_of_sections_is_taken_back_also_where_page_descriptors_lie_elsewhere() -> None:
    """On 7.1 with 16K pages they lie in the middle of memory; the table has whole pages of others beside it."""
    before, after = (
        Boot(Kernel("7.1", 16 * KIB), 3 * GIB, line)
        for line in ("quiet crashkernel=512M,high", "quiet crashkernel=256M cma=0")
    )
    assert lacking(before.machine(log=True), after) == (False, False)


@pytest.mark.parametrize(("kernel", "ram"), EARLY_MACHINES)
def test_kernels_that_reserve_before_the_linear_map_is_made(kernel: Kernel, ram: int) -> None:
    """All that memblock handed out came later, whatever it was: the listing alone is enough."""
    found = list(pairs(kernel, ram, log=False))
    assert [f"{before.cmdline} -> {after.cmdline}" for before, after, _, none in found if none] == []
    # But for RAM that a `mem=` hid.
    assert sum(other for *_, other, _ in found) <= len(found) // 8
