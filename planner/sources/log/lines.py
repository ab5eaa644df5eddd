"""The facts in the lines of a boot log: which line tells what.

Source of the lines: mm/page_alloc.c and mm/mm_init.c (zones, node ranges, `Memory:`), mm/memblock.c (dumps and
`memblock=debug`), drivers/of/of_reserved_mem.c, mm/cma.c, kernel/dma/swiotlb.c, arch/arm64/kvm/pkvm.c,
arch/arm64/mm/init.c, kernel/crash_reserve.c, init/main.c @ 5.10 to 7.2.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from planner.base.errors import printable
from planner.base.ranges import Range
from planner.base.sizes import KIB, MIB
from planner.base.text import compiled, valid_utf8
from planner.kernel.memory_map import Region
from planner.kernel.pgtable import PAGE_SIZES
from planner.sources.bounds import MAX_EVENTS, MAX_LINE
from planner.sources.capture import image_size
from planner.sources.log import efi
from planner.sources.log.arch import OWN_SIGNS, SIGNS, foreign, kernel_of
from planner.sources.log.facts import Buffer, Contradiction, DumpRow, Log, no_rows
from planner.sources.log.messages import CUT_RESERVED, MEM_RANGE, OF_A_REQUEST, ZONES
from planner.sources.log.pieces import Line, reversed_range

__all__ = ["read"]


class _Pattern(NamedTuple):
    """A kind of line: a text that it always contains, and its pattern, compiled at the first such line."""

    text: str
    pattern: str

    def search(self, line: str) -> re.Match[str] | None:
        """The match in a line of this kind."""
        return compiled(self.pattern).search(line) if self.text in line else None


# One pattern for each kind of line; a number in it is a group.
_HEX = r"0x([0-9a-f]{1,16})"
_INT = r"(\d{1,15})"
_NODE = _Pattern("node ", rf"^\s*node\s+{_INT}: {MEM_RANGE}")
_ZONE = _Pattern("", rf"^\s*({'|'.join(ZONES)})\s+(?:empty|{MEM_RANGE})")
_DUMP = _Pattern(
    " flags: 0x",
    rf"^\s*(memory|reserved)\[{_HEX}\]\s+\[{_HEX}-{_HEX}\], 0x[0-9a-f]+ bytes(?: on node {_INT})? flags: {_HEX}",
)
_RESERVED = _Pattern(
    " reserved: ",
    rf"crashkernel (low memory )?reserved: {_HEX} - (?:{_HEX} \({_INT} MB\)|{CUT_RESERVED})",
)
_COUNT = _Pattern(".cnt", rf"^\s*(memory|reserved)\.cnt\s+= {_HEX}")
_RESERVED_SIZE = _Pattern("reserved size = ", rf"^\s*memory size = {_HEX} reserved size = {_HEX}")
_PATCHED = _Pattern("MB for crashkernel", rf"Reserving {_INT}MB of (low )?memory at {_INT}MB for crashkernel")
_CMA = _Pattern("cma: Reserved", rf"cma: Reserved {_INT} MiB at {_HEX}")
_SPREAD = _Pattern("cma: Reserved", rf"cma: Reserved {_INT} MiB in \d+ range")  # of several places, which are not told
_KVM = _Pattern("kvm [", rf"kvm \[\d+\]: Reserved {_INT} MiB at {_HEX}")
_SWIOTLB = _Pattern("software IO TLB: mapped", rf"software IO TLB: mapped {MEM_RANGE} \({_INT}MB\)")
_NODE_DATA = _Pattern("NODE_DATA", rf"NODE_DATA(?:\(\d+\) allocated)? {MEM_RANGE}")
_OF = _Pattern("OF: reserved mem: ", rf"OF: reserved mem: {_HEX}\.\.{_HEX} \({_INT}\s+KiB\) (nomap|map) (\S+) (\S+)")
_POOL = _Pattern(  # KiB: a DMA pool from 7.3 on
    "Reserved memory: created", rf"Reserved memory: created (?:CMA|DMA) memory pool at {_HEX}, size {_INT} ([KM])iB"
)
_KFENCE = _Pattern("kfence: initialized", rf"kfence: initialized - using {_INT} bytes for {_INT} objects")
_HASH = _Pattern(
    " hash table entries: ",
    rf"^(\S+(?: cache|-cache)?) hash table entries: \d+ \(order: -?\d+, {_INT} bytes(?:, (\w[\w ]*))?\)",
)
_EARLY_HASHES = ("Dentry cache", "Inode-cache", "PID")  # from memblock: others come later
_NODE_SPAN = _Pattern("Initmem setup node", rf"^Initmem setup node {_INT} {MEM_RANGE}")
_PAGES = _Pattern("totalpages", rf"^On node \d+ totalpages: {_INT}$")
_LOG_BUF = _Pattern(
    "log", rf"log_buf_len: {_INT} bytes(?! not)|log buffer data \+ meta data: {_INT} \+ {_INT} = \d+ bytes"
)
_GROUP = rf"\[{_INT}\]((?: (?:\d+|-+))+)"  # of per-CPU areas: its number, and its CPUs
_PCPU = _Pattern("pcpu-alloc: ", rf"^pcpu-alloc: .*alloc={_INT}\*{_INT}")
_EMBEDDED = _Pattern("percpu: Embedded", rf"^percpu: Embedded {_INT} pages/cpu .*u{_INT}")
_PAGED = _Pattern("K pages/cpu", rf"^percpu: {_INT} {_INT}K pages/cpu s")  # kernel: pcpu_page_first_chunk()
_MIDR = _Pattern(" [0x", r"(?:physical CPU|secondary processor) 0x[0-9a-f]+ \[0x([0-9a-f]{8})\]")
_INITRD = re.compile(r"^Freeing initrd memory: (\d{1,10})K\b")
_CODE = re.compile(r"\((\d{1,10})K kernel code, \d{1,10}K rwdata, (\d{1,10})K rodata,")
_BSS = re.compile(r"\b(\d{1,10})K bss\b")
_MEMORY = _Pattern("Memory: ", rf"^Memory: {_INT}K/{_INT}K available(?:.*, {_INT}K cma-reserved)?")
_ADDED = _Pattern("memblock_", rf"^memblock_(add|remove): \[{_HEX}-{_HEX}\]")
_EFI_SIZE = _Pattern("MemMap", rf"^efi:\s+MemMap (Desc\. )?Size\s*: {_HEX}$")
_TABLES = _Pattern("=0x", rf"^efi: (?:\S+(?: \d\.\d)?={_HEX}\s?)+$")
_OLDER_TABLES = _Pattern("efi:  ", rf"^efi:  \S+(?: \d\.\d)?={_HEX}(?=  |$)")  # up to 5.7
_ADDRESS = re.compile(f"={_HEX}")  # of one table
_MOST_OBJECTS = 65535  # KFENCE_NUM_OBJECTS, lib/Kconfig.kfence
_FAILURES = ("cannot allocate crashkernel", "crashkernel reservation failed", "cannot reserve crashkernel")
"""Beginnings of lines that say that no crash kernel is reserved."""


def read(line: Line, log: Log) -> None:
    """Store the facts of one line."""
    words, number = line.words, line.number
    damaged = line.damaged or reversed_range(words)
    if damaged is not None and damaged.reported:
        if words.startswith("crashkernel"):
            _damaged(damaged.what, line, log.crash_damage)
            _remember_crash(words, number, log)
        else:
            _damaged(damaged.what, line, log.damage)
        if damaged.ram:
            log.damaged_ranges.setdefault(re.split(r"[\s:\[]", words, maxsplit=1)[0], log.damage[-1])
    else:
        _read(words, number, log)


def _damaged(what: str, line: Line, damage: list[str]) -> None:
    """Add a note on a damaged line to a list of them. what: the subject of the line."""
    text = printable(line.words[:100])
    many = len(damage) >= MAX_EVENTS  # counted, but no longer described
    told_so = f"line {line.number} is damaged or cut off, so {what} cannot be read there: {text}"
    damage.append(damage[-1] if many else told_so)


def _read(line: str, number: int, log: Log) -> None:
    """Store the facts of one whole line: the lines of memory, of which a log has the most, are looked for first."""
    if (m := _ADDED.search(line)) is not None:
        log.row(log.added, (m[1] == "add", Range(int(m[2], 16), int(m[3], 16) + 1)), number)
    elif (m := _NODE.search(line)) is not None:
        log.row(log.nodes, Region(int(m[2], 16), int(m[3], 16) + 1, 0, int(m[1])), number)
    elif (m := _DUMP.search(line)) is not None:
        row = DumpRow(int(m[3], 16), int(m[4], 16) + 1, int(m[6], 16), int(m[5]) if m[5] else None)
        log.row(log.dump[m[1]], row, number)
        log.counts[m[1]] = max(log.counts.get(m[1], 0), int(m[2], 16) + 1)
    elif line.lstrip().startswith(ZONES) and (m := _ZONE.search(line)) is not None:
        log.zones.setdefault(m[1], Range(int(m[2], 16), int(m[3], 16) + 1) if m[3] else None)
    elif line.startswith(OF_A_REQUEST) or (
        "rashkernel" in line and "command line" not in line.lower() and not line.startswith("BOOT_IMAGE=")
    ):
        _crash_line(line, number, log)
    elif line.startswith("efi:"):
        _firmware(line, number, log)
    elif line.startswith("KASLR enabled"):
        log.kaslr = True
    elif line.startswith("Zone ranges:"):
        log.zones_whole = True
    elif "MEMBLOCK configuration" in line:
        # The last dump is used: earlier ones come before firmware memory is known.
        log.dump, log.counts, log.reserved_size = no_rows(), {}, 0
    elif (m := _COUNT.search(line)) is not None:
        log.counts[m[1]] = int(m[2], 16)
    elif (m := _RESERVED_SIZE.search(line)) is not None:
        log.reserved_size = int(m[2], 16)
    else:
        _other(line, number, log)


def _firmware(line: str, number: int, log: Log) -> None:
    """Store what a line of the EFI code tells: a descriptor, the size of the map, the tables."""
    # Also where it did not, an older kernel says that it looks for it.
    log.uefi = log.uefi or not any(words in line for words in ("Getting EFI parameters", "not found"))
    if (descriptor := efi.entry(line)) is not None:
        log.row(log.efi, descriptor, number)
    elif (m := _EFI_SIZE.search(line)) is not None:
        size = int(m[2], 16)
        log.efi_size, log.efi_count = (log.efi_size, log.efi_size // max(size, 1)) if m[1] else (size, 0)
    elif _TABLES.search(line) is not None:
        log.tables = min(int(address, 16) for address in _ADDRESS.findall(line))
    elif _OLDER_TABLES.search(line) is not None:
        log.older_tables = True


def _crash_line(line: str, number: int, log: Log) -> None:
    """Store what a line tells of the crash kernel: where it is, or that it failed."""
    if (m := _RESERVED.search(line)) is not None:
        found = Range(int(m[2], 16), int(m[3] or m[5], 16))
        size = str(found.size // MIB)
        if found.size <= 0 or (size != m[4] if m[4] else not size.startswith(m[6] or "")):
            _damaged("the crash kernel", Line(number, line, None), log.crash_damage)
        else:
            _placed(found, number, log, low=bool(m[1]))
    elif (m := _PATCHED.search(line)) is not None:
        # Not printed by mainline arm64, but by others, and by arm64 patch series before 5.19.
        start = int(m[3]) * MIB
        _placed(Range(start, start + int(m[1]) * MIB), number, log, low=bool(m[2]))
        log.patched = log.patched or not m[2]
    elif line.startswith(_FAILURES):
        log.failed = True
    elif not line.startswith(("crashkernel: ", "crashkernel ", *OF_A_REQUEST)):
        return
    _shows_other_architecture(line, log)
    _remember_crash(line, number, log)


def _placed(found: Range, number: int, log: Log, *, low: bool) -> None:
    """Store a part of the crash kernel, and the first contradiction: a kernel prints the place of each part once."""
    known = log.low if low else log.crash
    if known is not None and (known.start // MIB, known.size // MIB) != (found.start // MIB, found.size // MIB):
        part = "the low part of the crash kernel" if low else "the crash kernel"
        what = f"{part} is at {found.start:#x} here, and at {known.start:#x} before"
        log.contradiction = log.contradiction or Contradiction(number, what)
    if low:
        log.low = found
    else:
        log.crash = found


def _remember_crash(line: str, number: int, log: Log) -> None:
    """Store a line about the crash kernel itself, and the number of the first one."""
    if len(log.lines) < MAX_EVENTS:
        log.lines.append(printable(line))
    log.crash_line = log.crash_line or number


def _other(line: str, number: int, log: Log) -> None:
    """Store what any other line tells: of the kernel, the machine, the command line, early allocations."""
    if _kernel(line, log) or _processor(line, log) or _of_boot(line, log) or _per_cpu(line, log):
        return
    if (at := line.find("ommand line:")) >= 0 and (log.cmdline is None or "Kernel command" in line):
        _command_line(valid_utf8(line[at + len("ommand line:") :].strip()), log)
    elif line.startswith("BOOT_IMAGE=") and log.cmdline is None:  # /proc/cmdline of a system that GRUB started
        _command_line(valid_utf8(line), log)
    elif line.startswith("Memory: "):
        _totals(line, log)
    elif (m := _KFENCE.search(line)) is not None:
        _kfence(int(m[1]), int(m[2]), log)
    elif line.startswith("arm-smmu-v3 "):
        log.smmu = True
    elif line.startswith("Reserving ") and line.endswith(" for elfcorehdr"):
        log.captures = True
    else:
        _allocation(line, number, log)


def _kfence(size: int, objects: int, log: Log) -> None:
    """Store the number of KFENCE's objects, and the page size that follows from the size of their pool.

    Source: KFENCE_POOL_SIZE, include/linux/kfence.h; kfence_init(), mm/kfence/core.c @ 6.12: nothing is printed where
    it is off.
    """
    pages = 2 * (objects + 1)
    page_size = size // pages
    if page_size in PAGE_SIZES and size == pages * page_size and 0 < objects <= _MOST_OBJECTS:
        log.kfence_objects, log.page_size = objects, log.page_size or page_size


def _kernel(line: str, log: Log) -> bool:
    """True if a line tells the kernel's version or architecture, which are stored."""
    if line.startswith("Linux ") and log.kernel is None and (kernel := kernel_of(line)) is not None:
        log.kernel, log.arch = printable(kernel[0]), log.arch or kernel[1]
    else:
        return _shows_other_architecture(line, log)
    return True


def _shows_other_architecture(line: str, log: Log) -> bool:
    """True if a line is another architecture's, which is stored."""
    arch = foreign(line) if line.startswith(SIGNS) else None
    if arch is not None and log.arch in (None, "aarch64"):
        log.arch = arch
    return arch is not None


def _per_cpu(line: str, log: Log) -> bool:
    """True if a line is about per-CPU areas, which tell the page size; their facts are stored."""
    if (m := _PCPU.search(line)) is not None:
        log.page_size = int(m[2]) if int(m[2]) in PAGE_SIZES else log.page_size
    elif line.startswith("pcpu-alloc: ["):
        for group, units in re.findall(_GROUP, line) if log.is_new(line) else ():
            log.units[int(group)] = log.units.get(int(group), 0) + len(units.split())
            log.cpus.update(int(cpu) for cpu in units.split() if cpu.isdecimal())
    elif (m := _EMBEDDED.search(line)) is not None:
        _per_cpu_pages(int(m[2]), int(m[2]) // max(int(m[1]), 1), log)
    elif (m := _PAGED.search(line)) is not None:
        log.single_pages = True
        _per_cpu_pages(int(m[1]) * int(m[2]) * KIB, int(m[2]) * KIB, log)
    else:
        return False
    return True


def _per_cpu_pages(unit: int, page_size: int, log: Log) -> None:
    """Store the bytes of one CPU's area, and of a page."""
    log.unit = unit
    if log.page_size is None:
        log.page_size = page_size if page_size in PAGE_SIZES else None


def _of_boot(line: str, log: Log) -> bool:
    """True if a line tells the machine's name or the size of its initrd, which are stored."""
    if line.startswith("Machine model: "):
        log.model = line.removeprefix("Machine model: ").strip()
    elif (m := _INITRD.search(line)) is not None:
        log.initrd = int(m[1]) * KIB
    else:
        return False
    return True


def _totals(line: str, log: Log) -> None:
    """Store the totals of the `Memory:` line."""
    log.image = image_size(line)
    if (m := _MEMORY.search(line)) is not None:
        log.total, log.cma = int(m[2]) * KIB, int(m[3] or 0) * KIB
    if (m := _CODE.search(line)) is not None:
        log.code = (int(m[1]) + int(m[2])) * KIB
    if (m := _BSS.search(line)) is not None:
        log.bss = int(m[1]) * KIB


def _processor(line: str, log: Log) -> bool:
    """True if a line is about a processor or a feature of all processors; its facts are stored."""
    own = line.startswith(OWN_SIGNS)
    if own:
        log.arch = log.arch or "aarch64"
    if (m := _MIDR.search(line)) is not None:
        log.arch = log.arch or "aarch64"
        log.midr.append(int(m[1], 16))
    elif "CPU features: detected: BBM Level" in line:
        log.splits_live = True
    elif "CPU features: detected: 52-bit Virtual Addressing (" in line:
        log.va_bits = 52
    else:
        return own
    return True


def _command_line(text: str, log: Log) -> None:
    """Store the command line. Newer kernels split a long one into lines that end with a backslash, except the last."""
    more = text.endswith(" \\")
    text = text[:-2] if more else text
    if not log.wrapped or log.cmdline is None:
        log.cmdline = text
    elif len(log.cmdline) + len(text) < MAX_LINE:
        log.cmdline = f"{log.cmdline} {text}"
    log.wrapped = more


def _allocation(line: str, number: int, log: Log) -> None:
    """Store an early allocation."""
    if (m := _CMA.search(line) or _KVM.search(line)) is not None:
        start = int(m[2], 16)
        if not start:
            return  # 6.15-rc1 prints 0 for an area that it placed itself (mm/cma.c, cma_declare_contiguous_nid())
        log.event("kvm" if m[0].startswith("kvm") else "cma", start, start + int(m[1]) * MIB, number)
    elif (m := _SPREAD.search(line)) is not None:
        log.spread_cma += int(m[1]) * MIB
    elif (m := _SWIOTLB.search(line)) is not None:
        start, end, size = int(m[1], 16), int(m[2], 16), int(m[3])
        # A buffer of less than 1M is printed as 0MB, and the end of the range is exclusive.
        log.event("swiotlb", start, end if (end - start) // MIB == size else start + size * MIB, number)
    elif (m := _NODE_DATA.search(line)) is not None:
        log.event("node_data", int(m[1], 16), int(m[2], 16) + 1, number)
    elif (m := _OF.search(line)) is not None:
        start, end = int(m[1], 16), int(m[2], 16) + 1
        if m[4] == "nomap":
            log.nomap.append(Range(start, end))
        log.event("reserved-memory", start, end, number, m[6])
    elif (m := _POOL.search(line)) is not None:
        start = int(m[1], 16)
        log.event("reserved-memory", start, start + int(m[2]) * (MIB if m[3] == "M" else KIB), number, "pool")
    else:
        _sized(line, number, log)


def _sized(line: str, number: int, log: Log) -> None:
    """Store allocations of which the log gives only the size, and the nodes."""
    if (m := _HASH.search(line)) is not None:
        log.hashes.add(m[1])
        if m[1] in _EARLY_HASHES and m[3] in (None, "linear"):
            log.event("hash", None, None, number, m[1], int(m[2]))
    elif (m := _NODE_SPAN.search(line)) is not None:
        if int(m[3], 16):  # a node without memory, as older kernels print it
            log.event("node", int(m[2], 16), int(m[3], 16) + 1, number, m[1])
    elif (m := _PAGES.search(line)) is not None:
        log.pages += int(m[1]) if log.is_new(line) else 0
    elif (m := _LOG_BUF.search(line)) is not None:
        log.buffer = Buffer(number, int(m[1] or m[2]), int(m[3] or 0))
        if m[1]:
            log.allocated_buffer()
    elif "early log buf free:" in line:
        # The newer line is printed for the built-in buffer too; the old one is freed only after an allocation.
        log.allocated_buffer()
