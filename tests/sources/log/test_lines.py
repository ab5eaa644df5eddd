"""Facts in single lines of a boot log; no number in them causes a failure."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from planner.base.errors import InputError
from planner.base.sizes import KIB, MIB
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import parse_text
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
