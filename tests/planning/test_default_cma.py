"""The default CMA area of machines whose sources do not show it. Places are those of boots on QEMU's virt machine."""

from __future__ import annotations

from typing import Any

import pytest

from planner.base.sizes import GIB, MIB
from planner.kernel.machine import NO_DMA_ZONES, Event, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from planner.sources import parse_text
from tests.blobs import Tree, blob_of, cell, wide

RAM = MemoryMap((Region(GIB, 7 * GIB),))
BUILT = {"CMA": "y", "CMA_SIZE_MBYTES": "64"}
CRASH = "crashkernel=256M"
UNKNOWN = "the size of the default CMA area is not known"


def plan(
    cmdline: str,
    kernel: str = "6.1",
    kind: str = "dtb",
    *,
    settled: bool = False,
    dma_limit: int | None = None,
    **f: Any,
) -> Plan:
    """A plan of 6 GiB at 1 GiB."""
    own = Machine("m", kind, RAM, Facts(page_size=4096, cmdline=cmdline, **f), settled=settled)
    return make_plan(own, None, Options(kernel=kernel, strategy="mainline", dma_limit=dma_limit))


def area(found: Plan) -> int | None:
    """Where it begins; None without one."""
    return next((r.start for r in found.memory.reserved if r.name == "default CMA area"), None)


def start(found: Plan) -> int | None:
    """Where the crash kernel begins."""
    return found.reservation.crash.start if found.reservation.crash else None


@pytest.mark.parametrize("kind", ["dtb", "lsmem"])
@pytest.mark.parametrize(
    ("cmdline", "kernel", "config", "cma", "crash"),
    [
        pytest.param(CRASH, "6.1", BUILT, 0xFC00_0000, 0xEC00_0000, id="as configured"),
        pytest.param(CRASH, "6.1.0-57-arm64", {}, 0xFC00_0000, 0xEC00_0000, id="as its builder configures it"),
        pytest.param(f"cma=512M {CRASH}", "7.2", BUILT, 0xE000_0000, 0xD000_0000, id="cma= counts before that"),
        pytest.param(f"cma=0 {CRASH}", "6.1", BUILT, None, 0xF000_0000, id="cma=0: none"),
        pytest.param(f"cma=64M {CRASH}", "6.1", {"CMA": "n"}, None, 0xF000_0000, id="built without CMA: none"),
        pytest.param(CRASH, "6.1", {}, None, 0xF000_0000, id="none where the size is not known"),
        pytest.param(f"cma=64M {CRASH}", "5.4", {}, None, 0xEFE0_0000, id="up to 5.10.21 it comes later"),
        pytest.param(
            f"cma=128M@0x50000000-0x60000000 {CRASH}", "6.12", {}, 0x5800_0000, 0xF000_0000, id="in a range of its own"
        ),
        pytest.param(f"cma=128M@5G {CRASH}", "6.12", {}, None, 0xF000_0000, id="not beyond the DMA limit"),
        pytest.param(f"cma=128M@5G {CRASH}", "7.2", {}, 5 * GIB, 0xF000_0000, id="since 6.16 beyond it, if asked"),
        pytest.param(f"cma=128M@5G {CRASH}", "6.15", {}, None, 0xF000_0000, id="not yet in 6.15"),
        pytest.param(f"cma=128M@5G {CRASH}", "6.16", {}, 5 * GIB, 0xF000_0000, id="but in 6.16"),
    ],
)
def test_where_the_area_and_the_crash_kernel_go(
    kind: str, cmdline: str, kernel: str, config: dict[str, str], cma: int | None, crash: int
) -> None:
    found = plan(cmdline, kernel, kind, config=config)
    assert (area(found), start(found)) == (cma, crash)


@pytest.mark.parametrize(
    ("kind", "settled"),
    [
        pytest.param("json", True, id="a stated map"),
        pytest.param("iomem", False, id="a listing, which shows its own"),
        pytest.param("dmesg", False, id="a log"),
    ],
)
def test_sources_that_show_their_area_get_no_other(kind: str, settled: bool) -> None:
    assert area(plan(f"cma=512M {CRASH}", kind=kind, settled=settled)) is None


def test_kernels_without_dma_zones_reserve_it_later() -> None:
    assert area(plan(f"cma=64M {CRASH}", dma_limit=NO_DMA_ZONES)) is None


@pytest.mark.parametrize(
    ("own", "cma"),
    [
        pytest.param("quiet", 0xD000_0000, id="as it was"),
        pytest.param("cma=64M quiet", 0xFC00_0000, id="another cma= moves it"),
    ],
)
def test_a_log_beside_the_map_says_where_it_was(own: str, cma: int) -> None:
    shown = Event("cma", 64 * MIB, 0xD000_0000, 0xD400_0000, line=7)
    machine = Machine("m", "lsmem", RAM, Facts(cmdline=own, config=BUILT, events=(shown,)), settled=False)
    assert area(make_plan(machine, f"quiet {CRASH}", Options(kernel="6.1"))) == cma


@pytest.mark.parametrize(
    ("cmdline", "facts", "kind", "note"),
    [
        pytest.param(CRASH, {}, "dtb", UNKNOWN, id="no size: the result may be too high"),
        pytest.param(CRASH, {}, "lsmem", None, id="which a map of RAM alone says of all that is reserved"),
        pytest.param(
            f"cma=64M {CRASH}",
            {},
            "dtb",
            "the default CMA area of 64M (cma=) is reserved before the crash kernel, at [0xfc000000, 0x100000000)",
            id="its size and place",
        ),
        pytest.param(
            f"cma=8G {CRASH}", {}, "dtb", "the default CMA area of 8G (cma=) fits nowhere that it may go", id="no room"
        ),
        pytest.param(
            f"numa_cma=0:1G hugetlb_cma=2G {CRASH}",
            {"config": BUILT},
            "dtb",
            "the CMA areas of hugetlb_cma= and numa_cma= are not modelled here",
            id="others are not modelled",
        ),
    ],
)
def test_a_note_tells_of_the_default_cma_area(cmdline: str, facts: dict[str, Any], kind: str, note: str | None) -> None:
    told = [n for n in plan(cmdline, kind=kind, **facts).notes if "CMA" in n]
    assert [n.startswith(note or "") for n in told[:1]] == ([True] if note else [])


def test_from_7_0_on_areas_for_huge_pages_are_no_obstacle() -> None:
    """These kernels reserve them after the crash kernel."""
    line = f"hugetlb_cma=2G cma=64M {CRASH}"
    told = {kernel: [n for n in plan(line, kernel).notes if "hugetlb_cma=" in n] for kernel in ("6.12", "7.2")}
    assert [len(notes) for notes in told.values()] == [1, 0]


CELLS: Tree = {"#address-cells": cell(2), "#size-cells": cell(2)}
LOW = {"alloc-ranges": wide(0, 4 * GIB)}


def board(bootargs: str) -> Machine:
    """A board with a default CMA area of its own, and another node that memblock places."""
    pool: Tree = {"compatible": b"shared-dma-pool\0", "reusable": b"", "linux,cma-default": b""}
    tree: Tree = {
        **CELLS,
        "chosen": {"bootargs": bootargs.encode() + b"\0"},
        "memory@40000000": {"device_type": b"memory\0", "reg": wide(GIB, 6 * GIB)},
        "reserved-memory": {
            **CELLS,
            "ranges": b"",
            "linux,cma": {**pool, "size": wide(256 * MIB), **LOW},
            "late": {"size": wide(32 * MIB), **LOW},
        },
    }
    return parse_text(blob_of(tree), "x.dtb")


@pytest.mark.parametrize("own", ["quiet", "cma=96M quiet"])
@pytest.mark.parametrize(
    ("cmdline", "cma", "crash"),
    [
        pytest.param(f"quiet {CRASH}", None, 0xDE00_0000, id="the tree's area is the default one"),
        pytest.param(f"cma=512M {CRASH}", 0xDE00_0000, 0xCE00_0000, id="cma= replaces it"),
        pytest.param(f"cma=0 {CRASH}", None, 0xEE00_0000, id="also with none"),
    ],
)
def test_a_trees_own_area_is_the_default_one_whatever_its_command_line(
    own: str, cmdline: str, cma: int | None, crash: int
) -> None:
    """The other node takes the place of the pool that is freed."""
    found = make_plan(board(own), cmdline, Options(kernel="6.1", strategy="mainline"))
    assert (area(found), start(found)) == (cma, crash)
    assert any("cma= is on the command line" in n for n in found.notes) is ("cma=" in cmdline)
    assert not any(n.startswith(UNKNOWN) for n in found.notes)


def test_a_report_has_the_area_in_its_map_and_gives_the_same_answer_again() -> None:
    first = plan(f"cma=512M {CRASH}")
    memory = MemoryMap(first.memory.regions, [Reserved(r.start, r.end, r.name) for r in first.memory.reserved])
    again = Machine("m", "report", memory, Facts(page_size=4096, cmdline=f"cma=512M {CRASH}"))
    assert start(make_plan(again, None, Options(kernel="6.1", strategy="mainline"))) == start(first)
