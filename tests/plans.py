"""Plans of small machines in memory, one per situation that an output must show well."""

from __future__ import annotations

from typing import Any

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import NO_DMA_ZONES, Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.planning.options import Options
from planner.planning.result import Plan
from planner.render.blocks import plan as plan_blocks
from planner.render.blocks import tables
from planner.render.blocks.model import Table
from planner.render.layout import lay_out
from planner.studies.remedies import helped

TIB = 1 << 40

SERVER = MemoryMap(
    (
        Region(0x8000_0000, 0xC000_0000, 0, 0),
        Region(0xC400_0000, 0xFF00_0000, 0, 0),
        Region(0x80_8000_0000, 0x81_0000_0000, 0, 0),
        Region(8 * TIB, 8 * TIB + 32 * GIB, 0, 1),
    ),
    (
        Reserved(0x8000_0000, 0x8020_0000, "firmware"),
        Reserved(0x9000_0000, 0x9200_0000, "Kernel code"),
        Reserved(0xFE00_0000, 0xFF00_0000, "initrd"),
        Reserved(8 * TIB + 32 * GIB - 16 * MIB, 8 * TIB + 32 * GIB, "swiotlb"),
    ),
)
"""Two nodes; little memory below 4 GiB, with a hole in it."""

BOARD = MemoryMap(
    (
        Region(0, 32 * MIB, Flag.NOMAP, None),
        Region(32 * MIB, 948 * MIB),
        Region(GIB, 4 * GIB),
    ),
    (Reserved(0x0200_0000, 0x0380_0000, "Kernel code"), Reserved(0x2A00_0000, 0x3A00_0000, "linux,cma")),
)
"""A board whose devices reach 1 GiB only."""

HOSTILE = MemoryMap(
    (Region(2 * GIB, 6 * GIB),),
    (Reserved(2 * GIB, 2 * GIB + MIB, "\x1b[31m<script>alert(1)</script> | `x` \u202e*b*"),),
)
"""Names that would do harm if anything took them for markup or control characters."""


def _planned(machine: Machine, asked: str, options: Options | None = None) -> Plan:
    """The plan, with what would help, as the command `plan` shows it."""
    return helped(machine, asked, options or Options())


def _machine(source: str, memory: MemoryMap, **facts: Any) -> Machine:
    return Machine(source, "json", memory, Facts(**facts))


def _server(**facts: Any) -> Machine:
    return _machine("server.json", SERVER, kernel="6.1.69", page_size=4 * KIB, va_bits=48, **facts)


def _hostile() -> Plan:
    source = "\x1b]0;owned\x07<img src=x onerror=alert(1)>|a\\|b `c`"
    return _planned(_machine(source, HOSTILE, kernel="6.6"), "512M | <b> \x1b[0m 1. * _x_ crashkernel=512M")


def _running_machine() -> Plan:
    """A map that cannot show what came before the crash kernel."""
    memory = MemoryMap(SERVER.regions, (*SERVER.reserved, Reserved(0xF600_0000, 0xFE00_0000, "reserved")))
    facts = Facts(kernel="6.1.69", page_size=4 * KIB, va_bits=48)
    machine = Machine("iomem.txt", "iomem", memory, facts, settled=False)
    return _planned(machine, "512M")


PLANS = {
    "aligned": lambda: _planned(_server(), "512M,high"),
    "aligned-trimmed": lambda: _planned(_server(), "300001K,high", Options(strategy="pud-aligned-trimmed")),
    "fallback": lambda: _planned(_server(), "512M"),
    "high-and-low": lambda: _planned(_server(), "1G,high", Options(kernel="6.12")),
    "fixed-offset": lambda: _planned(_server(), "256M@0xa0000000"),
    "failed": lambda: _planned(_server(), "3G"),
    "nothing-asked": lambda: _planned(_server(), "512MB"),
    "base-pages-anyway": lambda: _planned(_server(), "512M", Options(rodata="full")),
    "no-zones": lambda: _planned(_server(), "512M", Options(dma_limit=NO_DMA_ZONES)),
    "board-1g-dma": lambda: _planned(_machine("board.json", BOARD, kernel="6.12.34", dma_limit=GIB), "64M"),
    "pages-64k": lambda: _planned(_server(), "512M", Options(page_size=64 * KIB, va_bits=42, align="block")),
    "running-machine": _running_machine,
    "hostile": _hostile,
}
"""Name and maker of each; the names are the names of the golden files."""


def plan_of(name: str) -> Plan:
    """A fresh plan of that situation."""
    return PLANS[name]()


def crash_of(plan: Plan) -> Range:
    """The crash memory of a plan that has some."""
    assert plan.reservation.crash is not None
    return plan.reservation.crash


def tables_of(plan: Plan) -> list[Table]:
    """The tables of a plan in a document, in their order."""
    costs = [tables.waste(plan), tables.page_tables(plan), tables.granularity(plan)]
    searched = [tables.attempts(plan)]
    middle = [*costs, *searched] if plan.reservation.crash is not None else [*searched, *costs]
    return [tables.placement(plan), *middle, tables.undone(plan, wide=True)]


def render(plan: Plan, form: str = "text", *, color: bool = False, width: int = 80) -> str:
    """The whole plan in a format, as the command writes it."""
    return lay_out(plan_blocks.blocks(plan, wide=form != "text"), form, color=color, width=width)
