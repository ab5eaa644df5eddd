"""Early allocations in a boot log that precede the crash kernel, and what a boot loader put there before."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Event
from planner.kernel.memory_map import Flag, Reserved
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import parse_text
from tests.oracle.cases import cases

HEAD = (
    "Linux version 6.1.100 (x@y) #1 SMP",
    "Kernel command line: kvm-arm.mode=protected crashkernel=256M",
    "Zone ranges:",
    "  DMA      [mem 0x0000000040000000-0x00000000ffffffff]",
    "Early memory node ranges",
    "  node   0: [mem 0x0000000040000000-0x00000000ffffffff]",
)


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        pytest.param(
            "cma: Reserved 64 MiB at 0x00000000fc000000", Reserved(0xFC000000, 4 * GIB, "cma"), id="a CMA area"
        ),
        pytest.param(
            "cma: Reserved 64 MiB at 0x00000000fc000000 on node -1",
            Reserved(0xFC000000, 4 * GIB, "cma"),
            id="a CMA area as newer kernels tell it, hugetlb's too",
        ),
        pytest.param(
            "kvm [0]: Reserved 8 MiB at 0xff800000", Reserved(0xFF800000, 4 * GIB, "kvm"), id="memory of protected KVM"
        ),
    ],
)
def test_what_was_taken_early_is_not_free_for_the_crash_kernel(line: str, taken: Reserved) -> None:
    """The crash kernel is right below it, at a multiple of 2 MiB."""
    machine = parse_text("\n".join([*HEAD, line]).encode(), "boot.log")
    assert machine.memory.reserved == (taken,)
    crash = make_plan(machine, None, Options(strategy="mainline")).reservation.crash
    assert crash == Range(taken.start - 256 * MIB, taken.start)


@pytest.mark.parametrize(
    ("line", "nomap"),
    [
        pytest.param("", [False, True, False], id="the smaller part"),
        pytest.param(
            "software IO TLB: mapped [mem 0x54000000-0x58000000] (64MB)",
            [True, False, True],
            id="the bounce buffer is in it, so it is the other part",
        ),
        pytest.param(
            "crashkernel reserved: 0x0000000054000000 - 0x0000000064000000 (256 MB)",
            [True, False, True],
            id="the crash kernel is",
        ),
        pytest.param(
            "OF: reserved mem: 0x0000000040000000..0x00000000400fffff (1024 KiB) nomap non-reusable fw@40000000",
            [True, False, True],
            id="the device tree has NOMAP memory in the other",
        ),
    ],
)
def test_ranges_that_touch_have_other_flags(line: str, nomap: list[bool]) -> None:
    """memblock would have merged them."""
    ends = [GIB, GIB + 300 * MIB, GIB + 700 * MIB, GIB + 900 * MIB]
    nodes = [f"  node   0: [mem {start:#018x}-{end - 1:#018x}]" for start, end in pairwise(ends)]
    head = [each.replace("0x00000000ffffffff", f"{ends[-1] - 1:#018x}") for each in HEAD[:-1]]
    machine = parse_text("\n".join([*head, *nodes, line]).encode(), "boot.log")
    assert [r.flags == Flag.NOMAP.value for r in machine.memory.regions if r.start in ends] == nomap


KFENCE = "kfence: initialized - using 1048576 bytes for 127 objects at 0x(____ptrval____)-0x(____ptrval____)"


@pytest.mark.parametrize(
    ("kernel", "line", "forced", "pool"),
    [
        pytest.param("6.1.20", "", [], False, id="nothing tells of KFENCE"),
        pytest.param("6.1.20", KFENCE, ["KFENCE is built in"], False, id="a kernel that maps base pages because of it"),
        pytest.param("6.1.100", KFENCE, [], True, id="one that maps its early pool so"),
    ],
)
def test_a_log_tells_that_kfence_is_on(kernel: str, line: str, forced: list[str], *, pool: bool) -> None:
    """It is built in, with this number of objects; the sample interval is that of the command line or the default."""
    lines = [each.replace("6.1.100", kernel) for each in HEAD]
    machine = parse_text("\n".join([*lines, line]).encode(), "boot.log")
    assert machine.facts.config == ({"KFENCE": "y", "KFENCE_NUM_OBJECTS": "127"} if line else {})
    plan = make_plan(machine, None, Options(strategy="mainline", rodata="on"))
    assert plan.kernel.forced_base_pages == tuple(forced)
    assert ("kfence_pool" in plan.kernel.assumed) is pool


def test_a_log_without_a_command_line_tells_nothing_of_the_configuration() -> None:
    """What is not set by either has its default, if one of them is known: here neither is."""
    lines = [each for each in HEAD if "command line" not in each]
    assert parse_text("\n".join([*lines, KFENCE]).encode(), "boot.log").facts.config == {}


def test_a_cma_area_printed_at_0_is_somewhere_else() -> None:
    """6.15-rc1 prints 0 for every area that it placed itself; the crash kernel is below where it may be."""
    head = [line.replace("6.1.100", "6.15.0-rc1").replace("kvm-arm.mode=protected ", "") for line in HEAD]
    memory = "Memory: 2900000K/3145728K available (1K kernel code, 1K reserved, 65536K cma-reserved)"
    text = "\n".join([*head, "cma: Reserved 64 MiB at 0x0000000000000000", memory])
    machine = parse_text(text.encode(), "boot.log")
    assert machine.doubt == "the log lacks the line of a CMA area"
    assert not any(r.start == 0 for r in machine.memory.reserved)
    crash = make_plan(machine, None, Options(strategy="mainline")).reservation.crash
    assert crash is not None
    assert 3 * GIB < crash.start < crash.end <= 4 * GIB - 64 * MIB


@pytest.mark.parametrize(
    ("pages", "size"),
    [
        pytest.param(786432, 48 * MIB, id="4K pages: whole page blocks of 2M"),
        pytest.param(196608, 64 * MIB, id="16K: of 32M"),
        pytest.param(49152, 512 * MIB, id="64K: of 512M"),
    ],
)
def test_a_cma_area_takes_whole_page_blocks(pages: int, size: int) -> None:
    """Though 7.2 logs what `cma=48M` asks for."""
    lines = [*HEAD, "cma: Reserved 48 MiB at 0x00000000c0000000", f"On node 0 totalpages: {pages}"]
    machine = parse_text("\n".join(lines).encode(), "boot.log")
    assert machine.memory.reserved == (Reserved(0xC0000000, 0xC0000000 + size, "cma"),)


@pytest.mark.parametrize(
    ("kernel", "zone", "request_", "early"),
    [
        pytest.param("6.1.100", "DMA", "256M", True, id="the area comes first: the lines changed places"),
        pytest.param("6.1.100", "Normal", "256M", False, id="no DMA zones: the crash kernel comes first"),
        pytest.param("7.3.0", "DMA", "256M", True, id="the request has no area of its own"),
        pytest.param("7.3.0", "DMA", "256M,cma", False, id="it has"),
        pytest.param("5.10.0", "DMA", "256M", False, id="an older kernel, whose crash kernel comes first"),
    ],
)
def test_an_area_behind_the_crash_kernel(kernel: str, zone: str, request_: str, *, early: bool) -> None:
    """Lines that went over a network, or were sorted, may change places."""
    lines = [line.replace("6.1.100", kernel).replace("DMA ", f"{zone} ").replace("256M", request_) for line in HEAD]
    crash = "crashkernel reserved: 0x00000000e0000000 - 0x00000000f0000000 (256 MB)"
    text = "\n".join([*lines, crash, "cma: Reserved 64 MiB at 0x00000000fc000000"])
    machine = parse_text(text.encode(), "boot.log")
    (area,) = (e for e in machine.facts.events if e.kind == "cma")
    assert area.before_crash is early
    assert any("lines are out of order" in note for note in machine.notes) is early


@pytest.mark.parametrize(
    ("line", "size"),
    [
        pytest.param("[mem 0x00000000f8000000-0x00000000fc000000] (64MB)", 64 * MIB, id="the default"),
        pytest.param("[mem 0x3dfc0000-0x3e000000] (0MB)", 256 * KIB, id="less than 1M: swiotlb=1"),
        pytest.param("[mem 0x00000000f8000000-0x00000000fd000000] (64MB)", 64 * MIB, id="an end with a wrong digit"),
    ],
)
def test_the_size_of_the_bounce_buffer(line: str, size: int) -> None:
    """The range is exact, and its end exclusive."""
    machine = parse_text("\n".join([*HEAD, f"software IO TLB: mapped {line}"]).encode(), "boot.log")
    (buffer,) = (e for e in machine.facts.events if e.kind == "swiotlb")
    assert (buffer.size, buffer.span) == (size, (buffer.start, (buffer.start or 0) + size))


@pytest.mark.parametrize(
    ("kernel", "zone", "doubt"),
    [
        pytest.param("5.4.51-v8+", "  DMA32    empty", True, id="two zones, which mainline has since 5.5"),
        pytest.param("5.4.51", "  Normal   empty", False, id="one zone"),
        pytest.param("5.8.0", "  DMA32    empty", False, id="a kernel that has two"),
        pytest.param("4.18.0-553.el8_10.aarch64", "  DMA32    empty", False, id="a vendor's, whose changes are known"),
    ],
)
def test_zones_that_a_kernel_of_this_version_does_not_have(kernel: str, zone: str, *, doubt: bool) -> None:
    """It has patches of a newer one, and may search elsewhere."""
    lines = [*(line.replace("6.1.100", kernel) for line in HEAD), zone]
    machine = parse_text("\n".join(lines).encode(), "boot.log")
    assert (machine.doubt == "its zones are those of a newer kernel than its version") is doubt


def test_a_boot_has_one_crash_kernel() -> None:
    """Another place in the same boot is of another log; the same place may be printed twice."""
    line = "crashkernel reserved: 0x00000000e0000000 - 0x00000000f0000000 (256 MB)"
    low = "crashkernel low memory reserved: 0x60000000 - 0x68000000 (128 MB)"
    patched = "Reserving 256MB of memory at 3584MB for crashkernel (System RAM: 3072MB)"
    machine = parse_text("\n".join((*HEAD, line, low, patched, line)).encode(), "log")
    assert machine.facts.record is not None
    assert machine.facts.record.crash == Range(0xE0000000, 0xF0000000)
    other = "crashkernel reserved: 0x0000000050000000 - 0x0000000060000000 (256 MB)"
    with pytest.raises(InputError, match="log:8:1: the crash kernel is at 0x50000000 here, and at 0xe0000000 before"):
        parse_text("\n".join((*HEAD, line, other)).encode(), "log")
    again = parse_text("\n".join((*HEAD, line, *HEAD, other)).encode(), "log")
    assert again.facts.record is not None
    assert again.facts.record.crash == Range(0x50000000, 0x60000000)


MEMORY = (
    "Memory: 990000K/1048576K available (16384K kernel code, 4096K rwdata, 8192K rodata, 4096K init, 1024K bss, "
    "58576K reserved, 0K cma-reserved)\n"
)


@pytest.mark.parametrize(
    ("line", "loaded"),
    [
        pytest.param(
            "efi: ACPI 2.0=0x7ed60018 MEMATTR=0x7dd5a018 \n",
            {"efi_tables": (0x7DD5_A018, 0), "efi_image": (None, 33 * MIB), "bss": (None, MIB)},
            id="by UEFI",
        ),
        pytest.param("Machine model: linux,dummy-virt\n", {"qemu_image": (None, 33 * MIB)}, id="by QEMU itself"),
    ],
)
def test_what_a_boot_loader_put_there(line: str, loaded: dict[str, tuple[int | None, int]]) -> None:
    """The image and the initrd are facts of their own, whoever loaded them."""
    text = "\n".join([*HEAD, ""]) + f"{line}{MEMORY}Freeing initrd memory: 6144K\n"
    events = {e.kind: (e.start, e.size) for e in parse_text(text.encode(), "log").facts.events}
    counted = {"cma_unplaced": (None, 0), "kernel_code": (None, 24 * MIB)}
    assert events == {**loaded, **counted, "initrd": (None, 6 * MIB)}


def test_every_kind_of_event_is_described_in_the_class_that_holds_them() -> None:
    kinds = {e.kind for case in cases("bootlogs") for e in parse_text(case["dmesg"].encode(), "x").facts.events}
    assert len(kinds) > 10
    assert kinds <= set(re.findall(r"`([\w-]+)`", Event.__doc__ or ""))
