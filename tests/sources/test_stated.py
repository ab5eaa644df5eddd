"""RAM from another source than the device tree, with the tree's reservations."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import planner
from planner.base.errors import InputError
from planner.base.sizes import GIB, MIB
from planner.kernel.memory_map import Flag
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import combine, parse_text
from planner.sources.stated import with_stated_ram
from tests.blobs import Tree, blob_of, cell, wide
from tests.cli.conftest import run  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from tests.cli.conftest import Run

RAM = (0x8000_0000, 0x1_0000_0000)
MAINLINE = Options(strategy="mainline", kernel="6.1", page_size=4096)


def tree(memory: bytes = wide(0, 0), more: Tree | None = None) -> bytes:
    """A board whose boot loader adds the memory, with a carve-out at its top."""
    return blob_of(
        {
            "#address-cells": cell(2),
            "#size-cells": cell(2),
            "memory@80000000": {"device_type": b"memory\0", "reg": memory},
            "reserved-memory": {
                "#address-cells": cell(2),
                "#size-cells": cell(2),
                "ranges": b"",
                "firmware@e0000000": {"reg": wide(0xE000_0000, 512 * MIB), "no-map": b""},
                "buffer@d0000000": {"reg": wide(0xD000_0000, 256 * MIB)},
                **(more or {}),
            },
        }
    )


LOG = """\
[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x410fd034]
[    0.000000] Linux version 6.1.0 (gcc) #1 SMP
[    0.000000] Zone ranges:
[    0.000000]   DMA      [mem 0x0000000080000000-0x00000000ffffffff]
[    0.000000]   DMA32    empty
[    0.000000]   Normal   empty
[    0.000000] Movable zone start for each node
[    0.000000] Early memory node ranges
[    0.000000]   node   0: [mem 0x0000000080000000-0x00000000ffffffff]
[    0.000000] Initmem setup node 0 [mem 0x0000000080000000-0x00000000ffffffff]
[    0.000000] Kernel command line: console=ttyS0
"""
OTHERS = {
    "a JSON map": json.dumps({"memory": [{"start": RAM[0], "end": RAM[1]}]}),
    "/proc/iomem": "80000000-ffffffff : System RAM\n  80200000-81ffffff : Kernel code\n  82200000-827fffff : "
    "Kernel data\n",
    "lsmem": "RANGE SIZE STATE\n0x0000000080000000-0x00000000ffffffff 2G online\n",
    "a boot log": LOG,
}


@pytest.mark.parametrize("other", [pytest.param(text, id=name) for name, text in OTHERS.items()])
@pytest.mark.parametrize("first", [True, False])
def test_ram_of_another_source_and_the_reservations_of_the_tree(other: str, first: bool) -> None:
    """The crash kernel avoids the carve-out and the buffer, whichever source comes first."""
    sources = [parse_text(tree(), "board.dtb"), parse_text(other.encode(), "other")]
    combined = combine(sources if first else sources[::-1])
    assert combined.memory.ram == 2 * GIB
    assert [(r.start, r.end) for r in combined.memory.regions if r.flags & Flag.NOMAP] == [(0xE000_0000, RAM[1])]
    crash = make_plan(combined, "256M", MAINLINE).reservation.crash
    assert crash is not None
    assert (crash.start, crash.end) == (0xC000_0000, 0xD000_0000)


@pytest.mark.parametrize("memory", [wide(0, 0), wide(RAM[0], GIB)], ids=["without RAM", "with less"])
def test_stated_ram_takes_the_place_of_the_tree_s(memory: bytes) -> None:
    """The carve-out, the buffer and the limit of its buses stay."""
    machine = with_stated_ram(parse_text(tree(memory), "board.dtb"), [RAM])
    assert machine.kind == "dtb"
    assert machine.memory.ram == 2 * GIB
    crash = make_plan(machine, "256M", MAINLINE).reservation.crash
    assert crash is not None
    assert crash.start == 0xC000_0000


def test_what_the_tree_leaves_to_memblock_is_placed_in_the_stated_ram() -> None:
    """A pool without an address is placed, unless the other source lists it."""
    pool: Tree = {"compatible": b"shared-dma-pool\0", "reusable": b"", "size": wide(64 * MIB)}
    blob = parse_text(tree(more={"linux,cma": pool}), "board.dtb")
    stated = with_stated_ram(blob, [RAM])
    assert (0xCC00_0000, 0xD000_0000, "linux,cma") in [(r.start, r.end, r.name) for r in stated.memory.reserved]
    listing = "80000000-ffffffff : System RAM\n  90000000-93ffffff : reserved\n"
    listed = combine([blob, parse_text(listing.encode(), "iomem")])
    assert not [r for r in listed.memory.reserved if r.name == "linux,cma"]
    assert [r.name for r in listed.memory.reserved] == ["reserved", "buffer@d0000000"]


@pytest.mark.parametrize("other", ["a boot log", "/proc/iomem", "lsmem", "a JSON map"])
@pytest.mark.parametrize(("page_size", "kept"), [(4096, True), (65536, False)])
def test_a_pool_of_the_tree_that_another_kernel_frees(other: str, page_size: int, *, kept: bool) -> None:
    """With 64K pages it is not made of whole page blocks, whatever source has the map, and with stated RAM."""
    pool: Tree = {"compatible": b"shared-dma-pool\0", "reusable": b"", "reg": wide(0xC200_0000, 64 * MIB)}
    combined = combine([parse_text(tree(more={"p": pool}), "board.dtb"), parse_text(OTHERS[other].encode(), "other")])
    for machine in (combined, with_stated_ram(combined, [RAM])):
        found = make_plan(machine, "64M", replace(MAINLINE, page_size=page_size))
        assert any(r.name == "p" for r in found.memory.reserved) is kept
        assert any("the pool is not aligned to 512M, it is freed" in note for note in found.notes) is not kept


def test_what_both_list_is_there_once() -> None:
    """A listing of the same boot has the tree's reservations already."""
    listing = "80000000-ffffffff : System RAM\n  d0000000-dfffffff : reserved\n"
    listed = combine([parse_text(tree(), "board.dtb"), parse_text(listing.encode(), "iomem")])
    assert [(r.start, r.end) for r in listed.memory.reserved] == [(0xD000_0000, 0xE000_0000)]


def test_a_listing_keeps_its_reservations_and_carve_outs_in_the_stated_ram() -> None:
    """Only the RAM is another."""
    text = json.dumps(
        {
            "memory": [{"start": "2G", "size": "1G"}, {"start": "3G", "size": "1G", "flags": ["nomap"]}],
            "reserved": [{"start": "2G", "size": "16M", "name": "firmware"}],
        }
    )
    machine = with_stated_ram(parse_text(text.encode(), "x"), [(2 * GIB, 8 * GIB)])
    assert [(r.start, r.end, r.flags) for r in machine.memory.regions] == [
        (2 * GIB, 3 * GIB, 0),
        (3 * GIB, 4 * GIB, Flag.NOMAP),
        (4 * GIB, 8 * GIB, 0),
    ]
    assert [r.name for r in machine.memory.reserved] == ["firmware"]
    assert machine.settled


@pytest.mark.parametrize(
    ("ram", "doubt"),
    [
        pytest.param((2 * GIB, 8 * GIB), "what is reserved is that of other RAM", id="more than the log's"),
        pytest.param((2 * GIB, 4 * GIB), "", id="that of the log"),
    ],
)
def test_reservations_of_other_ram_are_in_doubt(ram: tuple[int, int], doubt: str) -> None:
    """A boot takes from the top of its RAM: page tables, the CMA area, and more."""
    log = f"{LOG}[    0.000000] cma: Reserved 64 MiB at 0x00000000fc000000\n"
    machine = parse_text(log.encode(), "log")
    assert with_stated_ram(machine, [ram]).doubt == doubt
    assert with_stated_ram(replace(machine, doubt="lost"), [ram]).doubt == "; ".join(filter(None, ("lost", doubt)))


def test_what_a_log_shows_tells_nothing_about_ram_that_its_boot_did_not_have() -> None:
    """There is room above its crash kernel then, and low memory does not end where its memory did."""
    log = LOG.replace("ffffffff", "bfffffff").replace(
        "[    0.000000] Kernel command line: console=ttyS0",
        "[    0.000000] crashkernel reserved: 0x00000000b0000000 - 0x00000000b8000000 (128 MB)\n"
        "[    0.000000] Kernel command line: console=ttyS0 crashkernel=128M",
    )
    machine = with_stated_ram(parse_text(log.encode(), "log"), [(2 * GIB, 8 * GIB)])
    low = make_plan(machine, "512M", MAINLINE).reservation.crash
    assert low is not None
    assert (low.start, low.end) == (0xE000_0000, 0x1_0000_0000)
    high = make_plan(machine, "2G,high", MAINLINE).reservation.crash
    assert high is not None
    assert high.start >= 5 * GIB


@pytest.mark.parametrize("nomap", [False, True])
@pytest.mark.parametrize(
    ("kernel", "start"),
    [
        pytest.param("6.1", 0xC000_0000, id="6.1 reserves all ranges of a node"),
        pytest.param("7.2", 0xE000_0000, id="7.2 reserves the first"),
    ],
)
def test_nodes_with_several_ranges_keep_them_in_stated_ram(kernel: str, start: int, nomap: bool) -> None:
    """The kernel that is modelled has the rule."""
    node: Tree = {"reg": wide(0xA000_0000, 16 * MIB, 0xE000_0000, 512 * MIB), **({"no-map": b""} if nomap else {})}
    blob = blob_of(
        {
            "#address-cells": cell(2),
            "#size-cells": cell(2),
            "memory@80000000": {"device_type": b"memory\0", "reg": wide(RAM[0], 2 * GIB)},
            "reserved-memory": {
                "#address-cells": cell(2),
                "#size-cells": cell(2),
                "ranges": b"",
                "split@a0000000": node,
            },
        }
    )
    plan = make_plan(parse_text(blob, "x.dtb"), "512M", Options(strategy="mainline", kernel=kernel))
    assert plan.reservation.crash is not None
    assert plan.reservation.crash.start == start
    assert any(note.startswith("reserved-memory split@a0000000: ") for note in plan.notes)
    assert len(plan.memory.regions) == (1 if not nomap else 4 if kernel == "6.1" else 3)


# -- the command line and the library ----------------------------------------------------------------------------


def test_the_option_states_ram(run: Run, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    """Alone, repeated, and with a tree; the error for a tree without RAM names the option."""
    path = tmp_path / "board.dtb"
    path.write_bytes(tree())
    status, _, err = run("plan", "256M", "--map", str(path))
    assert status == 2
    assert err.endswith(
        "the map has no RAM; state its RAM with --memory SIZE@START, or add another source of this machine that shows "
        "it\n"
    )
    common = ("plan", "256M", "--strategy", "mainline", "--kernel", "6.1")
    assert run(*common, "--map", str(path), "--memory", "2G@0x80000000").out.startswith("exact: 256M at 0xc0000000")
    assert run(*common, "--memory", "2G@0x80000000").out.startswith("exact: 256M at 0xf0000000")
    assert "3G of RAM in 2 regions" in run(*common, "--memory", "1G@2G", "--memory", "2G@0x100000000").out


def test_the_library_takes_stated_ram_under_the_options_name(tmp_path: Path) -> None:
    path = tmp_path / "board.dtb"
    path.write_bytes(tree())
    plan = planner.plan(path, "256M", memory="2G@0x80000000", strategy="mainline", kernel="6.1")
    assert plan.reservation.crash is not None
    assert plan.reservation.crash.start == 0xC000_0000
    assert planner.plan(None, "256M", memory=["1G@2G", "2G@0x100000000"]).memory.ram == 3 * GIB
    with pytest.raises(InputError, match="memory: '1G' has no start; write SIZE@START, such as 2G@0x80000000"):
        planner.plan(path, "256M", memory=["1G"])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param("2G", "'2G' has no start", id="no start"),
        pytest.param("@2G", "'' is not a size", id="no size"),
        pytest.param("0@2G", "'0@2G' is empty", id="no RAM"),
        pytest.param("1@2G", "'1@2G' holds no whole page", id="less than a page"),
        pytest.param("2GB@2G", "'2GB' is not a size", id="more than a size"),
        pytest.param("2G@", "'' is not an address", id="no number for a start"),
        pytest.param("8P@0", "'8P@0' lies beyond 52 physical address bits", id="more than arm64 addresses"),
        pytest.param("9" * 5000 + "@0", "lies beyond 52 physical address bits", id="more than anything"),
    ],
)
def test_what_is_no_ram_is_refused_in_one_line(run: Run, value: str, message: str) -> None:  # noqa: F811 - the fixture
    status, _, err = run("plan", "256M", "--memory", value)
    assert (status, err.count("\n")) == (2, 1)
    assert err.startswith("error: --memory: ")
    assert message in err
