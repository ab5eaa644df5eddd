"""EFI maps in logs, and the memblock state that results."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memory_map import Flag, Region
from planner.sources import combine, configured, parse_text, read_source
from planner.sources.log import efi

SAMPLES = Path(parse_text.__code__.co_filename).parent / "samples"
THUNDERX = (SAMPLES / "thunderx-cn88xx-128g-64k-efi-memblock.dmesg").read_text()
WB = "|   |  |  |  |  |  |  |  |  |  |   |WB|WT|WC|UC]"
HEAD = "[    0.000000] Linux version 6.1.0 (gcc) #1\n"


def line(start: int, end: int, kind: str = "Conventional", attributes: str = WB, end_mark: str = "") -> str:
    """One descriptor in the format of 4.20 and later."""
    return f"[    0.000000] efi:   {start:#014x}-{end - 1:#014x} [{kind:<12}{attributes}{end_mark}\n"


def test_a_kernel_made_the_same_of_it() -> None:
    """In the log of a real boot, memblock's dump is the result of the firmware's map."""
    entries = [
        entry for text in THUNDERX.splitlines() if (entry := efi.entry(re.sub(r"^\[[ .0-9]+\] ", "", text))) is not None
    ]
    dumped = [
        Region(int(start, 16), int(end, 16) + 1, int(flags, 16))
        for start, end, flags in re.findall(
            r" memory\[0x[0-9a-f]+\]\s+\[0x([0-9a-f]+)-0x([0-9a-f]+)\].* flags: 0x([0-9a-f]+)", THUNDERX
        )
    ]
    assert len(entries) > 30
    assert efi.memblock_of(entries, 64 * KIB)[0] == dumped


@pytest.mark.parametrize(
    ("lines", "regions", "taken"),
    [
        pytest.param(line(GIB, 2 * GIB), [(GIB, 2 * GIB, 0)], [], id="conventional memory"),
        pytest.param(
            line(GIB, 2 * GIB) + line(2 * GIB, 3 * GIB, "Boot Data") + line(3 * GIB, 4 * GIB, "Loader Code"),
            [(GIB, 4 * GIB, 0)],
            [],
            id="boot services and loader are memory again",
        ),
        pytest.param(
            line(GIB, 2 * GIB) + line(2 * GIB, 2 * GIB + MIB, "Runtime Data", "|RUN" + WB[4:]),
            [(GIB, 2 * GIB, 0), (2 * GIB, 2 * GIB + MIB, Flag.NOMAP)],
            [],
            id="runtime services are nomap",
        ),
        pytest.param(
            line(GIB, 2 * GIB) + line(2 * GIB, 2 * GIB + MIB, "ACPI Reclaim"),
            [(GIB, 2 * GIB + MIB, 0)],
            [(2 * GIB, 2 * GIB + MIB)],
            id="ACPI tables are memory, reserved",
        ),
        pytest.param(
            line(GIB, 2 * GIB) + line(2 * GIB, 3 * GIB, "MMIO", WB.replace("WB|WT|WC", "  |  |  ")),
            [(GIB, 2 * GIB, 0)],
            [],
            id="what cannot be cached is no memory",
        ),
        pytest.param(
            line(GIB, 2 * GIB) + line(2 * GIB, 3 * GIB, attributes=WB.replace("WB", "  ")),
            [(GIB, 2 * GIB, 0), (2 * GIB, 3 * GIB, Flag.NOMAP)],
            [],
            id="without write-back it is nomap",
        ),
        pytest.param(
            line(GIB, 2 * GIB)
            + line(2 * GIB, 3 * GIB, attributes=WB.replace("|  |  |  |  |  |", "|  |  |  |SP|  |", 1)),
            [(GIB, 2 * GIB, 0)],
            [],
            id="special purpose memory is set aside",
        ),
        pytest.param(
            line(GIB, 2 * GIB, "type=15", "|attr=0x800000000000000f]") + line(2 * GIB, 3 * GIB),
            [(GIB, 2 * GIB, Flag.NOMAP), (2 * GIB, 3 * GIB, 0)],
            [],
            id="a type and attributes without names",
        ),
    ],
)
def test_descriptors_become_memory_as_kernels_do_it(
    lines: str, regions: list[tuple[int, int, int]], taken: list[tuple[int, int]]
) -> None:
    """The rules are those of reserve_regions(), drivers/firmware/efi/efi-init.c @ 6.1."""
    memory = parse_text((HEAD + lines).encode(), "x").memory
    assert [(r.start, r.end, r.flags) for r in memory.regions] == regions
    assert [(r.start, r.end) for r in memory.reserved] == taken


def test_node_ranges_stay_and_get_flags() -> None:
    """The kernel's own ranges are the map; firmware memory in them is NOMAP, and nothing is inferred."""
    log = (
        HEAD
        + line(GIB, 2 * GIB)
        + line(2 * GIB, 2 * GIB + MIB, "Runtime Code")
        + line(2 * GIB + MIB, 3 * GIB)
        + "[    0.000000] Early memory node ranges\n"
        + f"[    0.000000]   node   1: [mem {GIB:#018x}-{2 * GIB - 1:#018x}]\n"
        + f"[    0.000000]   node   1: [mem {2 * GIB:#018x}-{2 * GIB + MIB - 1:#018x}]\n"
        + f"[    0.000000]   node   1: [mem {2 * GIB + MIB:#018x}-{3 * GIB - 1:#018x}]\n"
    )
    source = parse_text(log.encode(), "x")
    assert source.memory.regions == (
        Region(GIB, 2 * GIB, 0, 1),
        Region(2 * GIB, 2 * GIB + MIB, Flag.NOMAP, 1),
        Region(2 * GIB + MIB, 3 * GIB, 0, 1),
    )
    assert not any("assumed" in note for note in source.notes)


UNALIGNED = (
    line(GIB, 2 * GIB)
    + line(2 * GIB, 2 * GIB + 12 * KIB, "Runtime Data")
    + line(2 * GIB + 12 * KIB, 2 * GIB + 100 * KIB)
    + line(2 * GIB + 100 * KIB, 2 * GIB + 104 * KIB, "ACPI Reclaim")
    + line(2 * GIB + 104 * KIB, 2 * GIB + 200 * KIB, "Runtime Code")
    + line(3 * GIB + 4 * KIB, 4 * GIB - 4 * KIB)
)
NODES = "[    0.000000] Early memory node ranges\n" + "".join(
    f"[    0.000000]   node   0: [mem {start:#018x}-{end - 1:#018x}]\n"
    for start, end in ((GIB, 2 * GIB), (2 * GIB, 2 * GIB + 256 * KIB), (3 * GIB, 4 * GIB))
)


@pytest.mark.parametrize("page_size", [4 * KIB, 16 * KIB, 64 * KIB])
@pytest.mark.parametrize("nodes", ["", NODES], ids=["the firmware's map alone", "with node ranges"])
@pytest.mark.parametrize(
    "descriptors", [UNALIGNED, re.sub(r"(?m)^.*(memory|reserved)\[.*\n", "", THUNDERX)], ids=["made", "a real map"]
)
def test_the_page_size_may_come_from_a_configuration(
    tmp_path: Path, descriptors: str, nodes: str, page_size: int
) -> None:
    """The map is then that of a log which gives the page size."""
    told = f"[    0.000000] pcpu-alloc: s88000 r8192 d30784 u131072 alloc=2*{page_size}\n"
    config = tmp_path / "config"
    config.write_text(f"CONFIG_ARM64=y\nCONFIG_ARM64_{page_size // KIB}K_PAGES=y\n")
    log = HEAD + re.sub(r"(?m)^.*pcpu-alloc.*\n", "", descriptors) + (nodes if descriptors is UNALIGNED else "")
    silent = parse_text(log.encode(), "x")
    assert silent.efi_in_4k
    expected = parse_text((log + told).encode(), "x")
    for machine in (configured(silent, str(config)), combine([silent, read_source(str(config))])):
        assert machine.memory.reserved == expected.memory.reserved
        assert machine.memory.regions == expected.memory.regions
        assert not machine.efi_in_4k


@pytest.mark.parametrize(
    ("command", "flags"),
    [
        pytest.param("ro kernelcore=mirror", [0, Flag.MIRROR, Flag.NOMAP], id="with kernelcore=mirror"),
        pytest.param("ro", [0, Flag.NOMAP], id="without"),
        pytest.param("ro kernelcore=2G", [0, Flag.NOMAP], id="with a size"),
    ],
)
@pytest.mark.parametrize("nodes", [False, True], ids=["the map alone", "node ranges"])
def test_more_reliable_memory_is_mirrored(command: str, flags: list[int], *, nodes: bool) -> None:
    """memblock takes such memory first."""
    text = (
        HEAD
        + line(GIB, 2 * GIB)
        + line(2 * GIB, 3 * GIB, attributes="|   |  |  |  |MR|  |  |  |  |  |   |WB|WT|WC|UC]")
        + line(3 * GIB, 4 * GIB, "Reserved")
        + f"[    0.000000] Kernel command line: {command}\n"
    )
    if nodes:
        edges = [(1, 2), (2, 3), (3, 4)] if "mirror" in command else [(1, 3), (3, 4)]
        text += "".join(f"[    0.000000]   node   0: [mem {a * GIB:#018x}-{b * GIB - 1:#018x}]\n" for a, b in edges)
    assert [r.flags for r in parse_text(text.encode(), "log").memory.regions] == flags


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("efi: Processing EFI memory map:\n" + line(GIB, 3 * GIB), id="with its heading"),
        pytest.param(line(GIB, 3 * GIB), id="descriptors alone"),
        pytest.param("[    0.000000] memblock_add: [0x0000000040000000-0x00000000bfffffff] x+0x1/0x2\n", id="added"),
        pytest.param(
            "memblock_add: [0x0000000040000000-0x00000000ffffffff] x+0x1/0x2\n"
            "memblock_remove: [0x00000000c0000000-0x00000000ffffffff] x+0x1/0x2\n",
            id="added and removed",
        ),
    ],
)
def test_descriptors_or_memblock_add_lines_alone_are_recognised_as_a_log(text: str) -> None:
    assert [(r.start, r.end) for r in parse_text(text.encode(), "x").memory.regions] == [(GIB, 3 * GIB)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(line(GIB, 5 * GIB), id="the EFI map"),
        pytest.param("[    0.000000] memblock_add: [0x0000000040000000-0x000000013fffffff] x+0x1/0x2\n", id="added"),
    ],
)
@pytest.mark.parametrize(
    ("command", "end"),
    [
        pytest.param("ro mem=2G", 3 * GIB, id="mem="),
        pytest.param("ro mem=3G mem=2G", 3 * GIB, id="the last one counts"),
        pytest.param("ro", 5 * GIB, id="without"),
    ],
)
def test_mem_cuts_memory_of_descriptors_and_memblock_add_lines(text: str, command: str, end: int) -> None:
    """Node ranges are printed after that."""
    machine = parse_text(f"{HEAD}{text}[    0.000000] Kernel command line: {command}\n".encode(), "x")
    assert [(r.start, r.end) for r in machine.memory.regions] == [(GIB, end)]


def test_a_log_of_descriptors_alone_is_in_doubt_as_others_are() -> None:
    """It says nothing of the image that UEFI loaded, nor of a CMA area."""
    uefi = "[    0.000000] efi: EFI v2.70 by EDK II\n"
    assert parse_text(f"{HEAD}{uefi}{line(GIB, 5 * GIB)}".encode(), "x").doubt == "the kernel's image may be in the way"
