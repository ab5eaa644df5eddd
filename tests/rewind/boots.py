"""Modelled boots: what a kernel allocates, in the kernel's order, and how the machine shows itself afterwards.

Written from the sources that `planner.rewind` names and from recorded `memblock=debug` logs; it shares with the code
under test the placement of CMA areas, and the sizes of page descriptors, their table of sections and hash tables.
"""

from __future__ import annotations

from dataclasses import dataclass

from planner.base.ranges import Range, Span, subtract, union
from planner.base.sizes import GIB, KIB, MIB, memparse, round_up
from planner.kernel.cma import as_placed_by, cma_align, cma_of
from planner.kernel.cmdline import values
from planner.kernel.machine import BootRecord, Event, Facts, Machine
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.rewind.cma_areas import place_cma
from planner.rewind.memmap import memmap, page_by_page, section_table
from planner.rewind.state import State
from tests.memblocks import alloc

START = GIB
IMAGE = Range(START + 2 * MIB, START + 44 * MIB)
INITRD = Range(START + 128 * MIB, START + 129 * MIB)
POOL = 64 * MIB


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel whose default is rodata=full, with KFENCE built in and off. version: `6.12`; page_size: in bytes."""

    version: str
    page_size: int = 4 * KIB

    @property
    def bits(self) -> int:
        """Of addresses: 52 with 16K pages, as on processors with LPA2."""
        return 52 if self.page_size == 16 * KIB else 48


@dataclass
class Boot:
    """One boot: its machine, with and without its log, and where its crash kernel lies."""

    kernel: Kernel
    ram: int
    cmdline: str
    crash: Range | None = None
    low: Range | None = None

    def __post_init__(self) -> None:
        self.profile = select_profile(self.kernel.version).profile
        self.end = START + min(self.ram, self._given("mem") or self.ram)
        self.low_max = min(4 * GIB, self.end)
        self.memory = MemoryMap((Region(START, self.end),))
        self.memblock = Memblock.of(self.memory, page_size=self.kernel.page_size)
        self.events: list[Event] = []
        self._boot()

    def machine(self, *, log: bool) -> Machine:
        """As /proc/iomem shows it, with or without its log."""
        page = self.kernel.page_size
        crash = [(r.start, round_up(r.end, page)) for r in (self.crash, self.low) if r is not None]
        listed = union((start & -page, round_up(end, page)) for start, end in self.memblock.reserved)
        reserved = [Reserved(*piece, "reserved") for span in listed for piece in subtract(span, union(crash))]
        reserved += [Reserved(*span, "Crash kernel") for span in crash]
        facts = Facts(
            kernel=self.kernel.version,
            page_size=page,
            va_bits=self.kernel.bits,
            kernel_image=IMAGE,
            record=BootRecord(self.crash, self.low) if self.crash else None,
            cmdline=self.cmdline if log else None,
            dma_limit=self.low_max if log else None,
            events=tuple(self.events) if log else (),
        )
        return Machine("iomem.txt", "iomem", MemoryMap(self.memory.regions, reserved), facts, settled=False)

    def _given(self, name: str) -> int:
        given = values(self.cmdline, name)
        return memparse(given[-1])[0] if given else 0

    def _alloc(self, size: int, align: int = 64, start: int = 0, end: int = 0) -> int:
        found = alloc(self.memblock, size, align, start, end)
        assert found is not None
        return found

    def _boot(self) -> None:
        for r in (IMAGE, INITRD):
            self.memblock.reserve(r.start, r.size)
        if self.profile.early:
            self._crash()
            self._cma()
        self._first()
        if not self.profile.first:
            self._descriptors()
        if not self.profile.early:
            self._cma()
            self._crash()
        if self.profile.first:  # mm_core_init_early(), mm/mm_init.c @ 7.0
            self._gigantic_pages()
            self._descriptors()
        self._later()

    def _first(self) -> None:
        """An early KFENCE pool, page tables, the device tree, and the data of the node."""
        page, ram = self.kernel.page_size, self.end - START
        rodata, interval = values(self.cmdline, "rodata"), self._given("kfence.sample_interval")
        if interval and self.profile.kfence == "pool":
            self._alloc(512 * page, page)
        pages = not rodata or not interval or self.profile.effect == "pages"
        tables = ram // page * 8
        self._alloc((tables // page + tables // page * 8 // page + 2) * page if pages else 8 * page, page)
        self._alloc(41884, 8)
        at = self._alloc(14 * KIB)
        self.events.append(Event("node_data", 14 * KIB, at, at + 14 * KIB, before_crash=True))

    def _descriptors(self) -> None:
        page = self.kernel.page_size
        self._alloc(section_table(self.profile, page, self.kernel.bits, {}))
        for item in memmap(self.profile, page, [(START, self.end)], []):
            if item.buffer and (at := alloc(self.memblock, item.buffer, item.align, START)) is not None:
                self.memblock.free(at + item.size, item.buffer - item.size)
                continue
            single = page_by_page(item, page) if item.buffer else item
            for _ in range(single.times):
                self._alloc(single.size, single.align)

    def _cma(self) -> None:
        asked = as_placed_by(self.profile, cma_of(self.cmdline))
        state = State(((START, self.end),), tuple(self.memblock.reserved))
        size = asked.size if asked.size is not None else 64 * MIB
        area = place_cma(state, size, asked, cma_align(self.profile, self.kernel.page_size), self.low_max)
        if area is not None:
            self.memblock.reserve(area[0], area[1] - area[0])
            self.events.append(Event("cma", area[1] - area[0], *area, before_crash=True))

    def _crash(self) -> None:
        state = MemoryMap(self.memory.regions, tuple(Reserved(*span) for span in self.memblock.reserved))
        facts = Facts(kernel=self.kernel.version, page_size=self.kernel.page_size, dma_limit=self.low_max)
        machine = Machine("state", "json", state, facts)
        options = Options(strategy="mainline", kernel=self.kernel.version, page_size=self.kernel.page_size)
        found = make_plan(machine, self.cmdline, options).reservation
        self.crash, self.low = found.crash, found.low
        for r in (self.crash, self.low):
            if r is not None:
                self.memblock.reserve(r.start, r.size)

    def _gigantic_pages(self) -> None:
        if self._given("hugepages"):
            self._alloc(GIB, GIB)

    def _later(self) -> None:
        page, ram = self.kernel.page_size, self.end - START
        self._alloc(113)
        beside = self._alloc(2 * page, page)
        size = round_up(248 * KIB, page)
        self._alloc(size, page)
        self.events.append(Event("percpu", size))
        self.memblock.free(beside, 2 * page)
        self._alloc(288)
        if not self.profile.first:
            self._gigantic_pages()
        for named in values(self.cmdline, "reserve_mem") if self.profile.reserve_mem else ():
            self._alloc(*(memparse(number)[0] for number in named.split(":")[:2]))
        if log := self._given("log_buf_len"):
            for part in (log, log // 32 * 24, log // 32 * 88):
                self._alloc(part, 8)
            self.events += [Event("log_buf", log), Event("log_meta", log // 32 * 112)]
        counted = sum(end - start for start, end in self.memblock.gaps()) if self.profile.first else ram
        hashes = 1 << (counted // KIB - 1).bit_length()
        for size, name in ((hashes, "Dentry cache"), (hashes // 2, "Inode-cache")):
            self._alloc(size)
            self.events.append(Event("hash", size, name=name))
        steps = [self._metadata, self._bounce]
        for step in reversed(steps) if self.profile.kfence_last else steps:
            step()

    def _metadata(self) -> None:
        """Of 255 objects, where KFENCE is on."""
        size = round_up(255 * self.profile.kfence_metadata, self.kernel.page_size)
        if size and self._given("kfence.sample_interval"):
            self._alloc(size, self.kernel.page_size)

    def _bounce(self) -> None:
        page, asked, ram = self.kernel.page_size, values(self.cmdline, "swiotlb"), self.end - START
        needed = self.end > 4 * GIB or self.profile.swiotlb != "needed"
        if asked == ("noforce",) or not needed:
            return
        size = POOL if self.end > 4 * GIB else min(POOL, round_up(-(-ram // KIB), 2 * MIB))
        size = int(asked[-1]) * 2 * KIB if asked else size
        at = alloc(self.memblock, size, page, 0, self.low_max - 1)
        if at is not None:
            self.events.append(Event("swiotlb", size, at, at + size, before_crash=False))
            self._alloc(round_up(size // (2 * KIB) * 24, page), page)


def spans(*found: Range | None) -> list[Span | None]:
    """Both parts of a placement."""
    return [(r.start, r.end) if r is not None else None for r in found]
