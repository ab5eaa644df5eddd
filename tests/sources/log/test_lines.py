"""Facts in single lines of a boot log; no number in them causes a failure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Event
from planner.kernel.memory_map import Region
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import parse_text
from planner.sources.log.facts import Contradiction, DumpRow, Log
from planner.sources.log.lines import read
from planner.sources.log.pieces import Line
from tests.growth import MOST, grows, repeated

NODE = "[    0.000000]   node   0: [mem 0x0000000040000000-0x00000000bfffffff]\n"
DIGITS = "9" * 5000
BUFFER = "printk: log buffer data + meta data: 1048576 + 4456448 = 5505024 bytes"


@pytest.mark.parametrize(
    "line",
    [
        "percpu: Embedded 0 pages/cpu s0 r0 d0 u0",
        f"percpu: Embedded {DIGITS} pages/cpu s0 r0 d0 u{DIGITS}",
        f"pcpu-alloc: s0 r0 d0 u0 alloc={DIGITS}*{DIGITS}",
        f"pcpu-alloc: [{DIGITS}] 0 1 2",
        f"cma: Reserved {DIGITS} MiB at 0x0000000080000000",
        f"kvm [1]: Reserved {DIGITS} MiB at 0x80000000",
        f"crashkernel reserved: 0x0000000080000000 - 0x00000000a0000000 ({DIGITS} MB)",
        f"crashkernel low memory reserved: 0x80000000 - 0xa0000000 ({DIGITS} MB)",
        f"Reserving {DIGITS}MB of memory at {DIGITS}MB for crashkernel (System RAM: 1MB)",
        f"software IO TLB: mapped [mem 0x0000000080000000-0x0000000084000000] ({DIGITS}MB)",
        f"OF: reserved mem: 0x0000000080000000..0x0000000080ffffff ({DIGITS} KiB) nomap x y",
        f"Reserved memory: created CMA memory pool at 0x0000000080000000, size {DIGITS} MiB",
        f"kfence: initialized - using {DIGITS} bytes for {DIGITS} objects at 0x80000000",
        f"Dentry cache hash table entries: {DIGITS} (order: {DIGITS}, {DIGITS} bytes, linear)",
        f"Initmem setup node {DIGITS} [mem 0x0000000040000000-0x00000000bfffffff]",
        f"node {DIGITS}: [mem 0x0000000040000000-0x00000000bfffffff]",
        f"memory[0x0]\t[0x0000000040000000-0x00000000bfffffff], 0x1 bytes on node {DIGITS} flags: 0x0",
        f"log_buf_len: {DIGITS} bytes",
        f"printk: log buffer data + meta data: {DIGITS} + {DIGITS} = {DIGITS} bytes",
        f"Memory: {DIGITS}K/{DIGITS}K available (1K kernel code)",
        f"Linux version {DIGITS}",
        f"DMA      [mem 0x{DIGITS}-0x{DIGITS}]",
        f"memblock_add: [0x{DIGITS}-0x{DIGITS}] x",
        f"efi:   0x{DIGITS}-0x{DIGITS} [Conventional|WB]",
    ],
)
def test_numbers_that_no_kernel_prints_are_an_input_error_at_most(line: str) -> None:
    machine = parse_text(f"{NODE}{line}\n".encode(), "log")
    with suppress(InputError):
        make_plan(machine, "64M", Options(kernel="6.1"))


@pytest.mark.parametrize(
    "unit",
    [
        "pcpu-alloc: ",
        "percpu: Embedded 1 pages/cpu ",
        "crashkernel reserved: ",
        "(order: ",
        " flags: 0x",
        "node 0: [m",
        "efi: 0x0-",
        " = 1",
    ],
)
def test_a_long_line_costs_no_more_than_its_length(unit: str) -> None:
    """The cost is linear, whatever the line repeats."""

    def run(size: int) -> Callable[[], object]:
        line = repeated(unit, size)
        data = (NODE + f"{line}\n{line[:-1]}x\n" * 3).encode()
        return lambda: parse_text(data, "log")

    assert grows(run, 10_000) <= MOST


def told(lines: Sequence[str]) -> dict[str, object]:
    """What lines store: the fields that differ from those of a log without them."""
    log, silent = Log(), Log()
    for number, line in enumerate(lines, 1):
        read(Line(number, line, None), log)
    names = [field.name for field in fields(Log) if field.name != "counted"]
    return {name: getattr(log, name) for name in names if getattr(log, name) != getattr(silent, name)}


VERSION = "Linux version 6.1.0-18-arm64 (debian@x) (gcc-12) #1 SMP"
TOTALS = (
    "Memory: 2900000K/3145728K available (17984K kernel code, 4400K rwdata, 12000K rodata, 6080K init, 600K bss, "
    "180192K reserved, 65536K cma-reserved)"
)
RESERVED = "crashkernel reserved: 0x00000000e0000000 - 0x0000000100000000 (512 MB)"


def at_first(*lines: str, **more: object) -> dict[str, object]:
    """The lines about a crash kernel of a log, the first of which is its first, and more."""
    return {"lines": list(lines), "crash_line": 1, **more}


def lost(line: str) -> dict[str, object]:
    """A line about a crash kernel that cannot be read."""
    note = f"line 1 is damaged or cut off, so the crash kernel cannot be read there: {line}"
    return at_first(line, crash_damage=[note])


def early(kind: str, size: int, start: int | None = None, name: str = "") -> dict[str, object]:
    """An allocation on the first line."""
    end = None if start is None else start + size
    return {"events": [Event(kind, size, start, end, 1, before_crash=True, name=name)]}


@pytest.mark.parametrize(
    ("lines", "facts"),
    [
        pytest.param([VERSION], {"kernel": "6.1.0-18-arm64", "arch": "aarch64"}, id="the version"),
        pytest.param(
            [VERSION, "Linux version 6.12.1 (x@y) (gcc-12) #1 SMP"],
            {"kernel": "6.1.0-18-arm64", "arch": "aarch64"},
            id="the first version",
        ),
        pytest.param(
            ["Booting Linux on physical CPU 0x0000000000 [0x410fd083]"],
            {"arch": "aarch64", "midr": [0x410FD083]},
            id="the first processor",
        ),
        pytest.param(
            ["CPU1: Booted secondary processor 0x0000000001 [0x413fd0c1]"],
            {"arch": "aarch64", "midr": [0x413FD0C1]},
            id="another processor",
        ),
        pytest.param(
            ["CPU features: detected: BBM Level 2 without TLB conflict abort"],
            {"arch": "aarch64", "splits_live": True},
            id="live blocks are split",
        ),
        pytest.param(
            ["CPU features: detected: 52-bit Virtual Addressing (VA)"],
            {"arch": "aarch64", "va_bits": 52},
            id="52-bit addresses",
        ),
        pytest.param(["CPU features: detected: 32-bit EL0 Support"], {"arch": "aarch64"}, id="another feature"),
        pytest.param(["KASLR enabled"], {"kaslr": True}, id="an image at random"),
        pytest.param(["KASLR disabled due to lack of seed"], {}, id="an image in its place"),
        pytest.param(
            ["Kernel command line: ro \\", "Kernel command line: quiet \\", "Kernel command line: debug"],
            {"cmdline": "ro quiet debug"},
            id="a command line in pieces",
        ),
        pytest.param(
            ["Command line: ro", "Kernel command line: quiet"], {"cmdline": "quiet"}, id="the kernel's command line"
        ),
        pytest.param(
            ["Kernel command line: quiet", "Command line: ro", "BOOT_IMAGE=/vmlinuz ro"],
            {"cmdline": "quiet"},
            id="no other one after it",
        ),
        pytest.param(["BOOT_IMAGE=/vmlinuz ro"], {"cmdline": "BOOT_IMAGE=/vmlinuz ro"}, id="/proc/cmdline"),
        pytest.param(["Zone ranges:"], {"zones_whole": True}, id="the heading of zones"),
        pytest.param(
            ["DMA      [mem 0x0000000040000000-0x00000000ffffffff]", "DMA32    empty"],
            {"zones": {"DMA": Range(GIB, 4 * GIB), "DMA32": None}},
            id="zones",
        ),
        pytest.param(
            ["node   1: [mem 0x0000000040000000-0x00000000bfffffff]"],
            {"rows": 1, "nodes": [Region(GIB, 3 * GIB, 0, 1)]},
            id="a range of a node",
        ),
        pytest.param(
            [
                "memory.cnt  = 0x3",
                "memory size = 0x0000000100000000 reserved size = 0x0000000001000000",
                "memory[0x1]\t[0x0000000080000000-0x00000000ffffffff], 0x0000000080000000 bytes on node 1 flags: 0x4",
                "reserved[0x0]\t[0x0000000080000000-0x0000000080ffffff], 0x0000000001000000 bytes flags: 0x0",
            ],
            {
                "rows": 2,
                "dump": {
                    "memory": [DumpRow(2 * GIB, 4 * GIB, 4, 1)],
                    "reserved": [DumpRow(2 * GIB, 2 * GIB + 16 * MIB, 0, None)],
                },
                "counts": {"memory": 3, "reserved": 1},
                "reserved_size": 16 * MIB,
            },
            id="memblock's dump",
        ),
        pytest.param(
            [
                "memory.cnt  = 0x3",
                "memory size = 0x0000000100000000 reserved size = 0x0000000001000000",
                "reserved[0x0]\t[0x0000000080000000-0x0000000080ffffff], 0x0000000001000000 bytes flags: 0x0",
                "MEMBLOCK configuration:",
            ],
            {"rows": 1},
            id="a later dump begins",
        ),
        pytest.param(
            [
                "memblock_add: [0x0000000040000000-0x00000000bfffffff] efi_init+0x1c/0x2c0",
                "memblock_remove: [0x0000000040000000-0x000000004000ffff] x",
            ],
            {"rows": 2, "added": [(True, Range(GIB, 3 * GIB)), (False, Range(GIB, GIB + 64 * KIB))]},
            id="memory as it was added and removed",
        ),
        pytest.param(["efi: EFI v2.70 by EDK II"], {"uefi": True}, id="UEFI"),
        pytest.param(["efi: Getting EFI parameters from FDT:", "efi: UEFI not found."], {}, id="no UEFI"),
        pytest.param(
            ["efi: MemMap Size : 0x00000960", "efi: MemMap Desc. Size  : 0x00000030"],
            {"uefi": True, "efi_size": 2400, "efi_count": 50},
            id="the size of the EFI map",
        ),
        pytest.param(
            ["efi: SMBIOS 3.0=0xbfed0000 MEMATTR=0xb81fb098 ACPI 2.0=0xbf0d2018"],
            {"uefi": True, "tables": 0xB81FB098},
            id="UEFI's tables",
        ),
        pytest.param(
            ["efi:  ACPI 2.0=0xbf0d2018  SMBIOS 3.0=0xbfed0000"],
            {"uefi": True, "older_tables": True},
            id="UEFI's tables as older kernels print them",
        ),
        pytest.param(
            [RESERVED, "crashkernel low memory reserved: 0xca800000 - 0xd2800000 (128 MB)"],
            at_first(
                RESERVED,
                "crashkernel low memory reserved: 0xca800000 - 0xd2800000 (128 MB)",
                crash=Range(0xE0000000, 4 * GIB),
                low=Range(0xCA800000, 0xD2800000),
            ),
            id="both parts of a crash kernel",
        ),
        pytest.param([RESERVED.replace("512", "511")], lost(RESERVED.replace("512", "511")), id="a wrong size"),
        pytest.param([RESERVED[:-5]], at_first(RESERVED[:-5], crash=Range(0xE0000000, 4 * GIB)), id="half a size"),
        pytest.param([RESERVED[:-9]], at_first(RESERVED[:-9], crash=Range(0xE0000000, 4 * GIB)), id="no size"),
        pytest.param([f"{RESERVED[:-5]}3"], lost(f"{RESERVED[:-5]}3"), id="half a size of another one"),
        pytest.param(
            [RESERVED, RESERVED], at_first(RESERVED, RESERVED, crash=Range(0xE0000000, 4 * GIB)), id="the same again"
        ),
        pytest.param(
            [RESERVED, RESERVED.replace("e0000000", "a0000000").replace("100000000", "0c0000000")],
            at_first(
                RESERVED,
                "crashkernel reserved: 0x00000000a0000000 - 0x00000000c0000000 (512 MB)",
                crash=Range(0xA0000000, 3 * GIB),
                contradiction=Contradiction(2, "the crash kernel is at 0xa0000000 here, and at 0xe0000000 before"),
            ),
            id="another place",
        ),
        pytest.param(
            ["Reserving 256MB of memory at 3584MB for crashkernel (System RAM: 4096MB)"],
            at_first(
                "Reserving 256MB of memory at 3584MB for crashkernel (System RAM: 4096MB)",
                crash=Range(0xE0000000, 0xF0000000),
                patched=True,
            ),
            id="a patched kernel's line",
        ),
        pytest.param(
            ["Reserving 128MB of low memory at 2048MB for crashkernel (low RAM limit: 4096MB)"],
            at_first(
                "Reserving 128MB of low memory at 2048MB for crashkernel (low RAM limit: 4096MB)",
                low=Range(2 * GIB, 2 * GIB + 128 * MIB),
            ),
            id="its low part",
        ),
        *(
            pytest.param([line], at_first(line, failed=True), id=line)
            for line in (
                "cannot allocate crashkernel (size:0x20000000)",
                "crashkernel reservation failed - No suitable area found.",
                "cannot reserve crashkernel: region overlaps reserved memory",
            )
        ),
        *(
            pytest.param([line], at_first(line), id=line)
            for line in (
                "crashkernel: memory value expected",
                "Memory value expected after '@'",
                "crahskernel: Memory value expected after '@'",
                "crashkernel CMA reserved: 256 MB in 1 ranges",
            )
        ),
        pytest.param(["kdump: no crashkernel is reserved"], {}, id="a program's line about a crash kernel"),
        pytest.param(
            ["cma: Reserved 64 MiB at 0x00000000fc000000"], early("cma", 64 * MIB, 0xFC000000), id="a CMA area"
        ),
        pytest.param(["cma: Reserved 64 MiB at 0x0000000000000000 on node -1"], {}, id="a CMA area without a place"),
        pytest.param(
            ["cma: Reserved 64 MiB in 2 ranges", "cma: Reserved 32 MiB in 1 range"],
            {"spread_cma": 96 * MIB},
            id="CMA areas of several ranges",
        ),
        pytest.param(["kvm [0]: Reserved 8 MiB at 0xff800000"], early("kvm", 8 * MIB, 0xFF800000), id="protected KVM"),
        pytest.param(
            ["software IO TLB: mapped [mem 0x00000000f7e00000-0x00000000fbe00000] (64MB)"],
            early("swiotlb", 64 * MIB, 0xF7E00000),
            id="the bounce buffer",
        ),
        pytest.param(
            ["NUMA: NODE_DATA [mem 0x23f7d6000-0x23f7d7fff]"],
            early("node_data", 8 * KIB, 0x23F7D6000),
            id="the data of a node",
        ),
        pytest.param(
            ["OF: reserved mem: 0x00000000f6000000..0x00000000f7ffffff (32768 KiB) nomap non-reusable tee@f6000000"],
            {
                "nomap": [Range(0xF6000000, 0xF8000000)],
                **early("reserved-memory", 32 * MIB, 0xF6000000, "tee@f6000000"),
            },
            id="NOMAP memory of the device tree",
        ),
        pytest.param(
            ["OF: reserved mem: 0x00000000f6000000..0x00000000f7ffffff (32768 KiB) map reusable pool@f6000000"],
            early("reserved-memory", 32 * MIB, 0xF6000000, "pool@f6000000"),
            id="other reserved memory of the device tree",
        ),
        pytest.param(
            ["Reserved memory: created CMA memory pool at 0x00000000dc000000, size 64 MiB"],
            early("reserved-memory", 64 * MIB, 0xDC000000, "pool"),
            id="the same as older kernels print it",
        ),
        pytest.param(
            ["Dentry cache hash table entries: 524288 (order: 10, 4194304 bytes, linear)"],
            {"hashes": {"Dentry cache"}, **early("hash", 4 * MIB, name="Dentry cache")},
            id="a hash table of memblock's",
        ),
        pytest.param(
            ["Inode-cache hash table entries: 262144 (order: 9, 2097152 bytes)"],
            {"hashes": {"Inode-cache"}, **early("hash", 2 * MIB, name="Inode-cache")},
            id="another, as older kernels print it",
        ),
        pytest.param(
            ["Dentry cache hash table entries: 524288 (order: 10, 4194304 bytes, vmalloc)"],
            {"hashes": {"Dentry cache"}},
            id="a hash table that is not memblock's",
        ),
        pytest.param(
            ["Mount-cache hash table entries: 8192 (order: 4, 65536 bytes, linear)"],
            {"hashes": {"Mount-cache"}},
            id="a later hash table",
        ),
        pytest.param(
            ["Initmem setup node 1 [mem 0x0000000040000000-0x00000000bfffffff]"],
            early("node", 2 * GIB, GIB, "1"),
            id="a node",
        ),
        pytest.param(
            ["Initmem setup node 1 [mem 0x0000000000000000-0x0000000000000000]"], {}, id="a node without memory"
        ),
        pytest.param(
            ["On node 0 totalpages: 524288", "On node 0 totalpages: 524288", "On node 1 totalpages: 100"],
            {"pages": 524388},
            id="pages of nodes, one line of them twice",
        ),
        pytest.param(
            ["pcpu-alloc: [0] 0 1 2 3", "pcpu-alloc: [0] 0 1 2 3", "pcpu-alloc: [0] 4 5 - - [1] 6"],
            {"cpus": set(range(7)), "units": {0: 8, 1: 1}},
            id="groups of per-CPU areas, one line of them twice",
        ),
        pytest.param(
            ["percpu: Embedded 32 pages/cpu s94040 r8192 d28840 u131072"],
            {"page_size": 4 * KIB, "unit": 128 * KIB},
            id="the size of per-CPU areas",
        ),
        pytest.param(
            ["percpu: 8 16K pages/cpu s94040 r8192 d28840"],
            {"page_size": 16 * KIB, "unit": 128 * KIB, "single_pages": True},
            id="the same where each page has a place of its own",
        ),
        pytest.param(
            ["pcpu-alloc: s1 r1 d1 u1 alloc=2*65536", "percpu: Embedded 32 pages/cpu s94040 r8192 d28840 u131072"],
            {"page_size": 64 * KIB, "unit": 128 * KIB},
            id="what they are allocated in tells the page size better",
        ),
        pytest.param(
            ["kfence: initialized - using 2097152 bytes for 255 objects at 0x(____ptrval____)-0x(____ptrval____)"],
            {"page_size": 4 * KIB, "kfence_objects": 255},
            id="KFENCE is on",
        ),
        pytest.param(
            ["kfence: initialized - using 8388608 bytes for 63 objects at 0xffff0000c1000000-0xffff0000c1800000"],
            {"page_size": 64 * KIB, "kfence_objects": 63},
            id="KFENCE with 64K pages",
        ),
        pytest.param(
            ["kfence: initialized - using 2097152 bytes for 256 objects at 0x0-0x1"],
            {},
            id="a number with a digit lost",
        ),
        pytest.param(
            ["kfence: initialized - using 536870912 bytes for 65535 objects at 0x0-0x1"],
            {"page_size": 4 * KIB, "kfence_objects": 65535},
            id="the most objects",
        ),
        pytest.param(["kfence: initialized - using 536879104 bytes for 65536 objects at 0x0-0x1"], {}, id="too many"),
        pytest.param(["kfence: initialized - using 8192 bytes for 0 objects at 0x0-0x1"], {}, id="no object"),
        pytest.param(["Machine model: Raspberry Pi 4 "], {"model": "Raspberry Pi 4"}, id="the machine's name"),
        pytest.param(["Freeing initrd memory: 30000K"], {"initrd": 30000 * KIB}, id="the initrd"),
        pytest.param(
            [TOTALS],
            {
                "total": 3 * GIB,
                "cma": 64 * MIB,
                "image": (17984 + 4400 + 12000 + 6080 + 600) * KIB,
                "code": (17984 + 12000) * KIB,
                "bss": 600 * KIB,
            },
            id="sums of memory",
        ),
        pytest.param(["arm-smmu-v3 arm-smmu-v3.0.auto: ias 44-bit"], {"smmu": True}, id="a driver with much memory"),
        pytest.param(
            ["Reserving 4KB of memory at 0x1000 for elfcorehdr"], {"captures": True}, id="the line of a capture kernel"
        ),
        pytest.param(["systemd[1]: Hello"], {}, id="any other line"),
    ],
)
def test_a_line_tells(lines: list[str], facts: dict[str, object]) -> None:
    """These facts, and no others."""
    assert told(lines) == facts


def test_the_pages_of_the_nodes_tell_the_page_size() -> None:
    """Their sizes and their numbers of pages tell it, where the log ends before the per-CPU areas."""
    assert parse_text(f"{NODE}[    0.000000] On node 0 totalpages: 524288\n".encode(), "log").facts.page_size == 4 * KIB
    assert parse_text(f"{NODE}[    0.000000] On node 0 totalpages: 32768\n".encode(), "log").facts.page_size == 64 * KIB
    assert parse_text(f"{NODE}[    0.000000] On node 0 totalpages: 99999\n".encode(), "log").facts.page_size is None


@pytest.mark.parametrize(("size", "known"), [(65536, 64 * KIB), (4096, 4 * KIB), (5, None)])
def test_per_cpu_areas_tell_the_page_size(size: int, known: int | None) -> None:
    """Only sizes that arm64 supports are read."""
    line = f"[    0.000000] pcpu-alloc: s1 r1 d1 u1 alloc=31*{size}\n"
    assert parse_text((NODE + line).encode(), "log").facts.page_size == known


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        pytest.param(["printk: log_buf_len: 1048576 bytes"], {"log_buf": MIB}, id="the older line"),
        pytest.param(["printk: log_buf_len: 1048576 bytes not available"], {}, id="a failure"),
        pytest.param([BUFFER], {}, id="the newer line alone, perhaps of the built-in buffer"),
        pytest.param(
            [BUFFER, "printk: early log buf free: 127056(96%)"],
            {"log_buf": MIB, "log_meta": 4456448},
            id="the newer line, and the built-in buffer was freed",
        ),
        pytest.param(
            [BUFFER, "Kernel command line: quiet log_buf_len=1000K"],
            {"log_buf": MIB, "log_meta": 4456448},
            id="the newer line, and the command line asks for as much",
        ),
        pytest.param([BUFFER, "Kernel command line: log_buf_len=2M"], {}, id="the command line asks for another size"),
        pytest.param(
            [BUFFER.replace("1048576", "131072"), "Kernel command line: log_buf_len=128K"],
            {},
            id="as large as built in",
        ),
    ],
)
def test_a_log_buffer_is_allocated_or_built_in(lines: list[str], found: dict[str, int]) -> None:
    """The newer line is printed for both; one of the lines around it may be lost."""
    machine = parse_text(f"{NODE}{''.join(f'[    0.000000] {line}{chr(10)}' for line in lines)}".encode(), "x")
    assert {event.kind: event.size for event in machine.facts.events if event.kind.startswith("log_")} == found


@pytest.mark.parametrize(
    ("kind", "size"),
    [pytest.param("CMA", "64 MiB", id="in MiB"), pytest.param("DMA", "65536 KiB", id="from 7.3 on in KiB")],
)
def test_a_pool_of_the_firmwares_reserved_memory(kind: str, size: str) -> None:
    line = f"Reserved memory: created {kind} memory pool at 0x0000000090000000, size {size}"
    machine = parse_text(f"{NODE}{line}\n".encode(), "log")
    pools = [event.span for event in machine.facts.events if event.kind == "reserved-memory"]
    assert pools == [(0x90000000, 0x94000000)]
    assert not machine.damage
