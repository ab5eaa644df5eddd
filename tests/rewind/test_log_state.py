"""A boot log alone: what it names as later is no obstacle, what it names as earlier stays, what is above is full."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range, union
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Machine
from planner.kernel.profiles import select_profile
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.rewind.readings import rewind
from planner.rewind.view import PlannedBoot
from planner.sources.log import dmesg

HEAD = """\
[    0.000000] Linux version 6.1.187 (x) #1
"""
NODES = """\
[    0.000000]   node   0: [mem 0x0000000070000000-0x000000016fffffff]
"""
ZONES = """\
[    0.000000]   DMA      [mem 0x0000000070000000-0x00000000ffffffff]
[    0.000000]   Normal   [mem 0x0000000100000000-0x000000016fffffff]
"""


def log(*lines: str, nodes: str = NODES, zones: str = ZONES, head: str = HEAD) -> Machine:
    """The machine of a log with these lines after its map."""
    return dmesg.parse(head + zones + nodes + "".join(f"[    0.000000] {line}\n" for line in lines), "boot.log")


def placed(machine: Machine, request: str, **options: str) -> Range | None:
    return make_plan(machine, request, Options(strategy="mainline", **options)).reservation.crash  # type: ignore[arg-type]


CMA = "cma: Reserved 64 MiB at 0x00000000fbe00000"
LINE = "Kernel command line: ro quiet"
HASH = "Dentry cache hash table entries: 524288 (order: 10, 4194304 bytes, linear)"
PER_CPU = "percpu: Embedded 31 pages/cpu s86632 r8192 d32152 u126976"
POOL = "software IO TLB: mapped [mem 0x00000000f7e00000-0x00000000fbe00000] (64MB)"


def test_the_bounce_buffer_is_no_obstacle() -> None:
    """It is allocated after the crash kernel would have been: the crash kernel lies where it lies now."""
    plan = make_plan(log(CMA, LINE, POOL), "512M", Options(strategy="mainline"))
    assert plan.reservation.crash == Range(0xDBE00000, 0xFBE00000)
    assert [(r.start, r.end) for r in plan.memory.rewound] == [(0xF7E00000, 0xFBE00000)]
    assert [r.crash for r in plan.reservation.other_readings] == [Range(0xD7E00000, 0xF7E00000)]


def test_reserved_as_listed_keeps_the_bounce_buffer() -> None:
    assert placed(log(CMA, LINE, POOL), "512M", reserved="as-listed") == Range(0xD7E00000, 0xF7E00000)


def test_what_lies_above_the_cma_area_is_full() -> None:
    """The area went to the topmost place: 64M fit nowhere above it, so neither does a crash kernel of that size."""
    machine = log(CMA.replace("fbe", "f1e"), LINE)
    assert placed(machine, "64M") == Range(0xF1E00000 - 64 * MIB, 0xF1E00000)


@pytest.mark.parametrize("asked", ["cma=64M@0xf1e00000", "cma=64M@0-0xf5e00000"])
def test_an_area_that_was_asked_for_there_tells_nothing_of_what_lies_above(asked: str) -> None:
    """It was not searched for in what lies above."""
    machine = log(CMA.replace("fbe", "f1e"), f"{LINE} {asked}")
    assert placed(machine, "64M") == Range(4 * GIB - 64 * MIB, 4 * GIB)


def test_an_area_beneath_the_end_that_it_was_asked_for_has_no_room_up_to_there() -> None:
    machine = log(CMA.replace("fbe", "e1e"), f"{LINE} cma=64M@0-0xf5e00000")
    assert placed(machine, "160M") == Range(4 * GIB - 160 * MIB, 4 * GIB)
    assert placed(machine, "176M") == Range(0xE1E00000 - 176 * MIB, 0xE1E00000)


@pytest.mark.parametrize(
    ("kernel", "size", "end"),
    [
        pytest.param("6.1.187", 32, 0xFFE00000, id="a crash kernel that fits there"),
        pytest.param("6.1.187", 64, 0xF7C00000, id="one that does not"),
        pytest.param("5.4.100", 32, 0xFFE00000, id="right before the area"),
        pytest.param("5.4.100", 64, 0xFBC00000, id="in its place"),
    ],
)
def test_what_something_later_took_was_free(kernel: str, size: int, end: int) -> None:
    """The bounce buffer fits between the area and the end, where the area, which is aligned, does not."""
    pool = POOL.replace("f7e00000-", "fbfff000-").replace("fbe00000]", "fffff000]")
    machine = log(CMA.replace("fbe", "f7c"), LINE, pool, head=HEAD.replace("6.1.187", kernel))
    assert placed(machine, f"{size}M", kernel=kernel) == Range(end - size * MIB, end)


@pytest.mark.parametrize(
    ("kernel", "line", "end"),
    [
        pytest.param("5.4.100", LINE, 0xF5E00000, id="right after the crash kernel"),
        pytest.param("5.8.0", LINE, 0xF5E00000, id="so up to 5.10.21"),
        pytest.param("5.4.100", f"{LINE} cma=64M@0xf1e00000", 0xFFE00000, id="an area for which an address was given"),
        pytest.param("6.1.187", LINE, 0xFFE00000, id="not the area of a later kernel, which lies beneath page tables"),
    ],
)
def test_what_lies_above_an_area_that_comes_after_the_crash_kernel_is_full(kernel: str, line: str, end: int) -> None:
    """Nothing comes between the two, so what was in the way of the area is in the way of the crash kernel."""
    machine = log(CMA.replace("fbe", "f1e"), line, head=f"[    0.000000] Linux version {kernel} (x) #1\n")
    assert placed(machine, "64M", kernel="5.4") == Range(end - 64 * MIB, end)


@pytest.mark.parametrize(
    ("area", "end"),
    [
        pytest.param(0xF1E00000, 0xF5E00000, id="above the first zone"),
        pytest.param(0x8C000000, 4 * GIB, id="at the top of the first zone, to which it may have been bound"),
        pytest.param(0x88000000, 4 * GIB, id="in the first zone, beneath something else"),
    ],
)
def test_an_area_of_a_kernel_with_two_zones(area: int, end: int) -> None:
    """The crash kernel goes below the end of the second one, and so does the area."""
    zones = ZONES.replace("ffffffff]", "8fffffff]", 1).replace(
        "Normal", "DMA32    [mem 0x0000000090000000-0x00000000ffffffff]\n[    0.000000]   Normal"
    )
    head = "[    0.000000] Linux version 5.8.0 (x) #1\n"
    machine = log(f"cma: Reserved 64 MiB at {area:#018x}", LINE, zones=zones, head=head)
    assert placed(machine, "64M") == Range(end - 64 * MIB, end)


@pytest.mark.parametrize(
    ("start", "crash"),
    [
        pytest.param(0xD7A00000, 0xD7A00000, id="where less than its size is free above it"),
        pytest.param(0x80000000, 0xDBE00000, id="at a place that a request without an address would not have"),
    ],
)
def test_a_recorded_crash_kernel_without_a_command_line(start: int, crash: int) -> None:
    """What lies above it was too small for it, unless it was given an address."""
    record = f"crashkernel reserved: {start:#018x} - {start + 512 * MIB:#018x} (512 MB)"
    assert placed(log(CMA, record), "512M") == Range(crash, crash + 512 * MIB)


@pytest.mark.parametrize(
    "early",
    [
        pytest.param("OF: reserved mem: 0xf0000000..0xf0ffffff (16384 KiB) map non-reusable fw@f0000000", id="a node"),
        pytest.param("NODE_DATA(0) allocated [mem 0xf0000000-0xf0002fff]", id="data of a node"),
    ],
)
def test_what_is_recorded_as_earlier_stays_even_where_nothing_else_is_known(early: str) -> None:
    crash = placed(log(early, CMA.replace("fbe", "efe"), LINE), "256M")
    assert crash == Range(0xEFE00000 - 256 * MIB, 0xEFE00000)


def test_a_high_crash_kernel_lies_beneath_what_fills_the_top() -> None:
    """The data of the node was allocated from the top, after the page tables; the page descriptors follow it."""
    machine = log("NUMA: NODE_DATA [mem 0x16f7d0000-0x16f7d2fff]", CMA, LINE)
    memmap = 4 * GIB // (4 * KIB) * 64
    top = (0x16F7D0000 - memmap) & -2 * MIB
    assert placed(machine, "512M,high") == Range(top - 512 * MIB, top)


def test_a_gap_that_no_line_explains_leaves_two_readings() -> None:
    """Between the bounce buffer and what lies above it: all else that came later went above low memory."""
    machine = log(CMA, LINE, POOL.replace("f7e", "f6e").replace("fbe", "fae"))
    plan = make_plan(machine, "512M", Options(strategy="mainline"))
    assert plan.reservation.crash == Range(0xDAE00000, 0xFAE00000)
    assert Range(0xDBE00000, 0xFBE00000) in [r.crash for r in plan.reservation.other_readings]


@pytest.mark.parametrize("request_", ["2G", "256M@0x90000000"])
def test_image_and_initrd_may_be_in_the_way(request_: str) -> None:
    """A log does not say where these lie: a large request, or one for a fixed place, may fail."""
    plan = make_plan(log(CMA, LINE, POOL), request_, Options(strategy="mainline"))
    assert plan.reservation.crash is not None
    assert None in [r.crash for r in plan.reservation.other_readings]


def test_a_request_that_failed_fails_again() -> None:
    """The log does not say what was in its way; a smaller one may find a place."""
    lines = ("cannot allocate crashkernel (size:0x40000000)", "Kernel command line: ro crashkernel=1G")
    nodes = "[    0.000000]   node   0: [mem 0x0000000070000000-0x00000000cfffffff]\n"
    machine = log(*lines, nodes=nodes, zones="")
    assert placed(machine, "1G") is None
    assert placed(machine, "256M") is not None
    assert placed(log(LINE, nodes=nodes, zones=""), "1G") is not None


def test_a_recorded_crash_kernel_lies_again_where_it_lay() -> None:
    """It went to the topmost place: what is right above it, and unnamed, is taken."""
    record = "crashkernel reserved: 0x00000000c0000000 - 0x00000000e0000000 (512 MB)"
    machine = log(record, "Kernel command line: ro crashkernel=512M")
    assert placed(machine, "512M") == Range(0xC0000000, 0xE0000000)
    assert placed(machine, "256M") == Range(0xD0000000, 0xE0000000)


MEMORY = (
    "Memory: 3900000K/4194304K available "
    "(15744K kernel code, 3822K rwdata, 13988K rodata, 3136K init, 938K bss, 200000K reserved, 65536K cma-reserved)"
)
TABLES = "efi: SMBIOS 3.0=0x16fed0000 MEMATTR=0x16c9d6018 ACPI 2.0=0x16caa7018 "


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param((TABLES, MEMORY), [0x16A400000, 0x168000000], id="one-or-two-copies-beneath"),
        pytest.param((TABLES, MEMORY, "KASLR enabled"), [], id="anywhere-with-kaslr"),
        pytest.param((TABLES,), [], id="of-unknown-size"),
        pytest.param((MEMORY,), [], id="no-tables"),
    ],
)
def test_where_uefi_may_have_put_the_image(lines: tuple[str, ...], expected: list[int]) -> None:
    """Under UEFI the image lies near the top: a high request lies beneath it, in a reading for each usual place.

    The likeliest is planned: with three copies beneath the tables.
    """
    plan = make_plan(log(CMA, LINE, *lines), "512M,high", Options(strategy="mainline"))
    said = [r.assumption for r in plan.reservation.other_readings]
    assert [f"UEFI put the image at {start:#x}" in said for start in expected] == [True] * len(expected)
    assert sum("UEFI" in assumption for assumption in said) == len(expected)
    assert not expected or (plan.reservation.crash is not None and plan.reservation.crash.end < min(expected))


@pytest.mark.parametrize(("mib", "start"), [(24, 0x168000000), (48, 0x15EA00000)])
def test_the_initrd_lies_right_beneath_uefis_tables(mib: int, start: int) -> None:
    """48M fit between the image and an initrd of 24M, and not beside a larger one: then beneath the image."""
    freed = f"Freeing initrd memory: {mib * KIB}K"
    assert placed(log(CMA, LINE, TABLES, MEMORY, freed), "48M,high") == Range(start, start + 48 * MIB)


def test_a_crash_kernel_with_an_address_does_not_tell_where_the_image_is() -> None:
    """The usual place is planned as without one."""
    record = "crashkernel reserved: 0x0000000090000000 - 0x00000000a0000000 (256 MB)"
    fixed = log(CMA, record, "Kernel command line: ro crashkernel=256M@0x90000000", TABLES, MEMORY)
    assert placed(fixed, "512M,high") == placed(log(CMA, LINE, TABLES, MEMORY), "512M,high")


def test_an_image_above_the_end_of_a_mem_is_a_range_of_its_own() -> None:
    """The kernel adds its image back to what `mem=` leaves: it lies there, whatever is usual beneath UEFI's tables."""
    nodes = """\
[    0.000000]   node   0: [mem 0x0000000070000000-0x00000000afffffff]
[    0.000000]   node   0: [mem 0x0000000168800000-0x000000016acfffff]
"""
    size = MEMORY.replace("3900000K/4194304K", "900000K/1086464K").replace("65536K cma", "0K cma")
    machine = log("Kernel command line: ro mem=1G", TABLES, size, nodes=nodes)
    (found,) = make_plan(machine, "ro crashkernel=256M,high", Options(strategy="mainline")).reservation.other_readings
    assert found.assumption.startswith("UEFI put the image at 0x168800000; the machine has ")
    # 64M of page descriptors lie between.
    assert found.crash == Range(0x154800000, 0x164800000)


@pytest.mark.parametrize(
    ("lines", "crash"),
    [
        pytest.param((LINE, CMA, MEMORY), 0xEBE00000, id="a line shows it"),
        pytest.param((LINE, MEMORY), 0xEC000000, id="`Memory:` counts one that no line shows"),
        pytest.param((LINE, MEMORY.replace("65536K", "131072K")), 0xE8000000, id="of another size"),
        pytest.param((LINE, MEMORY.replace("65536K", "0K")), 0xF0000000, id="it counts none"),
        pytest.param((LINE,), 0xEC000000, id="nothing tells: as it is configured"),
        pytest.param((PER_CPU, LINE, HASH), 0xF0000000, id="what came later is there, and it is not"),
        pytest.param((LINE, HASH), 0xEC000000, id="so it is, but other lines are missing: as it is configured"),
        pytest.param(
            (f"{LINE} crashkernel=256M", "crashkernel reserved: 0x00000000f0000000 - 0x0000000100000000 (256 MB)"),
            0xF0000000,
            id="the crash kernel is there, and it is not",
        ),
        pytest.param((f"{LINE} cma=128M",), 0xE8000000, id="as the command line asks for it"),
        pytest.param((f"{LINE} cma=0",), 0xF0000000, id="it asks for none"),
    ],
)
def test_a_cma_area_whose_line_is_missing(lines: tuple[str, ...], crash: int) -> None:
    """The kernel places it before the crash kernel, at the top of low memory."""
    head = HEAD.replace("6.1.187 (x)", "6.1.0-50-arm64 (x)")
    machine = log(*lines, head=head)
    found = make_plan(machine, "256M", Options(strategy="mainline")).reservation.crash
    assert found == Range(crash, crash + 256 * MIB)


def test_what_qemu_loads_itself_is_in_the_way() -> None:
    """The image 2M above the start of RAM, the initrd 128M above it, the device tree 2M further."""
    lines = ("Machine model: linux,dummy-virt", MEMORY, "Freeing initrd memory: 964K")
    taken = {"256M@0x78000000", "256M@0x70200000", "128M@0x78200000"}
    for request in (*taken, "256M@0x78400000"):
        assert (placed(log(CMA, LINE, *lines), request) is None) == (request in taken)
    assert placed(log(CMA, LINE, MEMORY), "256M@0x78000000") is not None


@pytest.mark.parametrize(
    ("line", "beneath"),
    [
        pytest.param("", 0, id="48"),
        pytest.param("CPU features: detected: 52-bit Virtual Addressing (LPA2)", 2 * MIB, id="52"),
        pytest.param("CPU features: detected: 52-bit Virtual Addressing for KVM (LPA2)", 0, id="of-kvm-alone"),
    ],
)
def test_the_table_of_sections_is_for_the_addresses_that_the_processors_give(line: str, beneath: int) -> None:
    node = "NODE_DATA(0) allocated [mem 0x16f7fc8c0-0x16f7fffff]"
    assert placed(log(CMA, LINE, node, line), "512M,high", kernel="6.12") == Range(
        0x16F600000 - 64 * MIB - 512 * MIB - beneath, 0x16F600000 - 64 * MIB - beneath
    )


AREAS_OF_7_3 = (0xFC000000, 0x7BE00000, 0x100000000, 0x140000000, 0x160000000)
NODES_OF_7_3 = """\
[    0.000000]   node   0: [mem 0x0000000040000000-0x000000007fffffff]
[    0.000000]   node   1: [mem 0x0000000080000000-0x000000013fffffff]
[    0.000000]   node   2: [mem 0x0000000140000000-0x000000015fffffff]
[    0.000000]   node   3: [mem 0x0000000160000000-0x00000002bfffffff]
"""


@pytest.mark.parametrize(
    ("given", "areas"),
    [
        pytest.param("", dict.fromkeys(AREAS_OF_7_3, 64), id="as they are"),
        pytest.param("cma=128M", dict.fromkeys((0xF8000000, 0x77E00000, *AREAS_OF_7_3[2:]), 128), id="larger"),
        pytest.param("cma=0", {}, id="none"),
        pytest.param(
            "cma=128M numa_cma=0:32M,3:256M", {0xF8000000: 128, 0x7DE00000: 32, 0x160000000: 256}, id="of single nodes"
        ),
        pytest.param(
            "cma_pernuma=16M numa_cma=1:32M",
            {0xFC000000: 64, 0x7EE00000: 16, 0x100000000: 32, 0x140000000: 16, 0x160000000: 16},
            id="of all nodes, and of one",
        ),
    ],
)
@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (2, 0, 1, 3, 4)], ids=["in order", "lines changed places"])
def test_areas_of_nodes_follow_the_default_one(given: str, areas: dict[int, int], order: tuple[int, ...]) -> None:
    """On 7.x with several nodes, as a 7.3 with four showed: from 4 GiB up in its node, or else at the top of it."""
    lines = [f"cma: Reserved 64 MiB at {AREAS_OF_7_3[i]:#018x}" for i in order]
    machine = log(*lines, LINE, nodes=NODES_OF_7_3, zones="")
    line = f"ro quiet crashkernel=512M {given}"
    found = rewind(machine, PlannedBoot(select_profile("7.3").profile, 4 * KIB, 4 * GIB, line)).readings[0].memory
    # What lies above the area of node 0 is full: it went to the topmost place.
    expected = union([*((at, at + size * MIB) for at, size in areas.items()), (0x7FE00000, 0x80000000)])
    assert [span for span in union((r.start, r.end) for r in found.reserved) if span[0] < 0x200000000] == expected
    low = min((at for at in areas if at > 0x80000000), default=0x100000000)
    crash = Range(low - 512 * MIB, low)
    assert make_plan(machine, line, Options(strategy="mainline", kernel="7.3")).reservation.crash == crash
