"""An EFI map widened to the modelled kernel's pages, whatever gives the page size."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range
from planner.base.sizes import KIB
from planner.kernel.efi_init import asks_for_mirror
from planner.kernel.memory_map import Flag
from planner.kernel.profiles import select_profile
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import combine, parse_text

ATTRIBUTES = "|  |  |  |  |  |  |  |  |   |WB|  |  |  ]"
LOG = f"""\
[    0.000000] Linux version 6.1.0 (x) #1
[    0.000000] efi:   0x000040000000-0x0000ffffdfff [Conventional|   {ATTRIBUTES}
[    0.000000] efi:   0x0000ffffe000-0x0000ffffefff [Runtime Data|RUN{ATTRIBUTES}
[    0.000000] efi:   0x0000fffff000-0x0001bfffffff [Conventional|   {ATTRIBUTES}
"""


@pytest.mark.parametrize(
    ("options", "others", "end"),
    [
        pytest.param(Options(page_size=64 * KIB), b"", 0xFFFF_0000, id="an option"),
        pytest.param(Options(kernel="5.14.0-570.el9.aarch64+64k"), b"", 0xFFFF_0000, id="the kernel's name"),
        pytest.param(Options(), b"CONFIG_ARM64_64K_PAGES=y\n", 0xFFFF_0000, id="another source"),
        pytest.param(Options(page_size=16 * KIB), b"", 0xFFFF_C000, id="16K pages"),
        pytest.param(Options(page_size=4 * KIB), b"", 0xFFFF_E000, id="4K pages"),
        pytest.param(Options(), b"", 0xFFFF_E000, id="not given"),
    ],
)
def test_pages_of_the_kernel_that_is_modelled(options: Options, others: bytes, end: int) -> None:
    """Firmware ranges are widened to whole pages."""
    machine = parse_text(LOG.encode(), "log")
    if others:
        machine = combine([machine, parse_text(others, "config")])
    plan = make_plan(machine, "512M", options)
    assert [r.start for r in plan.memory.regions if r.flags & Flag.NOMAP] == [end]
    told = "the EFI map is read for 4K pages: the log does not give the page size"
    assert (told in plan.notes) == (options == Options() and not others)


def test_the_crash_kernel_stays_below_it() -> None:
    """512M directly below the last whole page."""
    options = Options(page_size=64 * KIB, strategy="mainline")
    plan = make_plan(parse_text(LOG.encode(), "log"), "512M", options)
    assert plan.reservation.crash == Range(0xDFE0_0000, 0xFFE0_0000)


@pytest.mark.parametrize(
    ("cmdline", "kernel", "asks"),
    [
        pytest.param("ro kernelcore=mirror", "6.6", True, id="kernelcore=mirror"),
        pytest.param("ro kernelcore=mirror,x", "6.6", True, id="among others"),
        pytest.param("ro kernelcore=mirror", None, True, id="a kernel that is not known"),
        pytest.param("ro kernelcore=mirror", "5.15", False, id="arm64 looks for it since 6.0"),
        pytest.param("ro kernelcore=2G", "6.6", False, id="a size"),
        pytest.param(None, "6.6", False, id="no command line"),
    ],
)
def test_what_asks_for_more_reliable_memory(cmdline: str | None, kernel: str | None, *, asks: bool) -> None:
    profile = select_profile(kernel).profile if kernel is not None else None
    assert asks_for_mirror(cmdline, profile) is asks
