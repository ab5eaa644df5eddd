"""Boot logs, with and without `memblock=debug`: the map and the facts that the kernel itself printed.

A log reads the same with timestamps, priorities or journal prefixes. Source of the lines: mm/page_alloc.c and
mm/mm_init.c (zones, node ranges), mm/memblock.c (dumps), drivers/of/of_reserved_mem.c, mm/cma.c, kernel/dma/swiotlb.c,
arch/arm64/kvm/pkvm.c, arch/arm64/mm/init.c, kernel/crash_reserve.c @ 5.10 to 7.2.
"""

from __future__ import annotations

import re

from planner.base.errors import InputError, Location, printable
from planner.base.ranges import Range, subtract, union
from planner.base.sizes import KIB, MIB
from planner.kernel.machine import NO_DMA_ZONES, BootRecord, Capture, Event, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved, with_nomap
from planner.sources.capture import image_size
from planner.sources.log import efi
from planner.sources.log.boots import boots, maybe_several
from planner.sources.log.prefix import without_prefix
from planner.sources.nomap import inferred_nomap
from planner.sources.reading import text_lines

__all__ = ["looks_like", "parse"]

_LOOKS = (
    "Linux version ",
    "Early memory node ranges",
    "Zone ranges:",
    "crashkernel reserved: 0x",
    "crashkernel low memory reserved: 0x",
    "cannot allocate crashkernel",
    "Kernel command line: ",
    "MEMBLOCK configuration",
    "Booting Linux on physical CPU",
)


class _Line:
    """A kind of line: a text that it always holds, and its pattern, compiled when the first such line comes."""

    __slots__ = ("_compiled", "_pattern", "_text")

    def __init__(self, text: str, pattern: str) -> None:
        self._text, self._pattern = text, pattern
        self._compiled: re.Pattern[str] | None = None

    def search(self, line: str) -> re.Match[str] | None:
        """The match in a line of this kind."""
        if self._text not in line:
            return None
        if self._compiled is None:
            self._compiled = re.compile(self._pattern)
        return self._compiled.search(line)


_HEX = r"0x([0-9a-f]+)"
_NODE = _Line("node ", rf"^\s*node\s+(\d+): \[mem {_HEX}-{_HEX}\]")
_ZONE = _Line("", rf"^\s*(DMA|DMA32|Normal|Device|Movable)\s+(?:empty|\[mem {_HEX}-{_HEX}\])")
_DUMP = _Line(
    " flags: 0x",
    rf"^\s*(memory|reserved)\[0x[0-9a-f]+\]\s+\[{_HEX}-{_HEX}\], 0x[0-9a-f]+ bytes(?: on node (\d+))? flags: {_HEX}",
)
_RESERVED = _Line("crashkernel reserved: ", rf"crashkernel reserved: {_HEX} - {_HEX}")
_LOW = _Line("crashkernel low memory reserved: ", rf"crashkernel low memory reserved: {_HEX} - {_HEX}")
_PATCHED = _Line("MB for crashkernel", r"Reserving (\d+)MB of (low )?memory at (\d+)MB for crashkernel")
_CMA = _Line("cma: Reserved", rf"cma: Reserved (\d+) MiB at {_HEX}")
_KVM = _Line("kvm [", rf"kvm \[\d+\]: Reserved (\d+) MiB at {_HEX}")
_SWIOTLB = _Line("software IO TLB: mapped", rf"software IO TLB: mapped \[mem {_HEX}-{_HEX}\] \((\d+)MB\)")
_NODE_DATA = _Line("NODE_DATA", rf"NODE_DATA(?:\(\d+\) allocated)? \[mem {_HEX}-{_HEX}\]")
_OF = _Line("OF: reserved mem: ", rf"OF: reserved mem: {_HEX}\.\.{_HEX} \((\d+)\s+KiB\) (nomap|map) (\S+) (\S+)")
_POOL = _Line(
    "Reserved memory: created", rf"Reserved memory: created (?:CMA|DMA) memory pool at {_HEX}, size (\d+) MiB"
)
_KFENCE = _Line("kfence: initialized", rf"kfence: initialized - using (\d+) bytes for \d+ objects at {_HEX}")
_HASH = _Line(
    " hash table entries: ",
    r"^(\S+(?: cache|-cache)?) hash table entries: \d+ \(order: -?\d+, (\d+) bytes(?:, (\w+))?\)",
)
_EARLY_HASHES = ("Dentry cache", "Inode-cache", "PID")
_NODE_SPAN = _Line("Initmem setup node", rf"^Initmem setup node (\d+) \[mem {_HEX}-{_HEX}\]")
_LOG_BUF = _Line("log", r"log_buf_len: (\d+) bytes|log buffer data \+ meta data: (\d+) \+ (\d+) = \d+ bytes")
_GROUP = r"\[(\d+)\]((?: (?:\d+|-+))+)"
_PCPU = _Line("pcpu-alloc: ", r"pcpu-alloc: .*alloc=(\d+)\*(\d+)")
_EMBEDDED = _Line("percpu: Embedded", r"percpu: Embedded (\d+) pages/cpu .*u(\d+)")
_MIDR = _Line(" [0x", r"(?:physical CPU|secondary processor) 0x[0-9a-f]+ \[0x([0-9a-f]{8})\]")
_ZONES = ("DMA", "Normal", "Device", "Movable")
_KNOWN = ("cannot allocate crashkernel", "crashkernel reservation failed", "cannot reserve crashkernel")


class _Log:
    """What has been gathered of one log so far."""

    def __init__(self) -> None:
        self.kernel: str | None = None
        self.arch: str | None = None
        self.cmdline: str | None = None
        self.page_size: int | None = None
        self.zones: dict[str, int | None] = {}
        self.zones_whole = False
        self.nodes: list[Region] = []
        self.dump: dict[str, list[tuple[int, int, int, int | None]]] = {"memory": [], "reserved": []}
        self.efi: list[efi.Entry] = []
        self.nomap: list[Range] = []
        self.events: list[Event] = []
        self.crash: Range | None = None
        self.low: Range | None = None
        self.lines: list[str] = []
        self.failed = False
        self.crash_line = 0
        self.kfence: Range | None = None
        self.midr: list[int] = []
        self.splits_live: bool | None = None
        self.buffer: tuple[int, int, int] | None = None
        self.image: int | None = None
        self.smmu = False
        self.unit = 0
        self.units: dict[int, int] = {}

    @property
    def map(self) -> list[Range]:
        """The memory it shows, whatever of it the kernel may map."""
        return [Range(r.start, r.end) for r in self.nodes] or [Range(a, b) for a, b, *_ in self.dump["memory"]]

    @property
    def tells(self) -> bool:
        """Whether it holds anything of a boot's beginning."""
        return bool(self.map or self.efi or self.zones or self.lines or self.kernel or self.cmdline)

    def event(self, kind: str, start: int | None, end: int | None, line: int, name: str = "", size: int = 0) -> None:
        """Remember an early allocation."""
        length = end - start if start is not None and end is not None else size
        self.events.append(
            Event(kind, length, start, end, line, before_crash=not self.crash_line, name=printable(name))
        )


def looks_like(head: str) -> bool:
    """Whether a text is a boot log."""
    return any(text in head for text in _LOOKS)


def parse(text: str, name: str) -> Machine:
    """The machine a log describes. Raises InputError."""
    if not maybe_several(text):
        log = _Log()
        for number, raw in text_lines(text, name):
            if line := without_prefix(raw):
                _read(line, number, log)
        return _machine(log, name, [])
    logs: list[tuple[int, _Log]] = []
    lines = text_lines(text, name)
    for span in boots(text, name):
        logs.append((span.start, _Log()))
        for number, raw in lines:
            if number in span and (line := without_prefix(raw)):
                _read(line, number, logs[-1][1])
            if number + 1 >= span.stop:
                break
    return _machine(*_chosen(logs, name))


def _chosen(logs: list[tuple[int, _Log]], name: str) -> tuple[_Log, str, list[str]]:
    """The log of the last boot that is not a capture kernel's, with a map if any has one; and a note on the others."""
    told = [(first, log) for first, log in logs if log.tells] or logs[-1:]
    others: list[tuple[int, _Log]] = []
    for first, log in told:
        if not _captures(log, others[-1][1] if others else _Log()):
            others.append((first, log))
    candidates = others or told
    first, log = next((c for c in reversed(candidates) if c[1].map or c[1].efi), candidates[-1])
    if len(told) == 1:
        return log, name, []
    captures = len(told) - len(others)
    of_them = f", {captures} of them of a capture kernel" if captures else ""
    return log, name, [f"the log holds {len(told)} boots{of_them}: the one that begins at line {first} is read"]


def _captures(log: _Log, before: _Log) -> bool:
    """Whether it is a capture kernel's, which kexec tells where the dead kernel's memory is described.

    before: the log of the boot before. A capture kernel sees what that one reserved, and of the rest at most some
    ranges as they were, which the firmware keeps.
    """
    if log.cmdline is not None and any(word.startswith("elfcorehdr=") for word in log.cmdline.split()):
        return True
    crash = union((r.start, r.end) for r in (before.crash, before.low) if r is not None)
    outside = [r for r in log.map if subtract((r.start, r.end), crash)]
    seen, known = sum(r.size for r in log.map), set(before.map)
    return 2 * sum(r.size for r in outside) < seen and known.issuperset(outside)


def _read(line: str, number: int, log: _Log) -> None:
    if (m := _NODE.search(line)) is not None:
        log.nodes.append(Region(int(m[2], 16), int(m[3], 16) + 1, 0, int(m[1])))
    elif (m := _DUMP.search(line)) is not None:
        log.dump[m[1]].append((int(m[2], 16), int(m[3], 16) + 1, int(m[5], 16), int(m[4]) if m[4] else None))
    elif line.lstrip().startswith(_ZONES) and (m := _ZONE.search(line)) is not None:
        log.zones.setdefault(m[1], int(m[3], 16) + 1 if m[3] else None)
    elif "rashkernel" in line and "command line" not in line.lower():
        _crash_line(line, number, log)
    elif line.startswith("efi:") and (descriptor := efi.entry(line)) is not None:
        log.efi.append(descriptor)
    elif line.startswith("Zone ranges:"):
        log.zones_whole = True
    elif "MEMBLOCK configuration" in line:
        # The last dump stands: the first ones come before the firmware's memory is known.
        log.dump = {"memory": [], "reserved": []}
    else:
        _fact(line, number, log)


def _crash_line(line: str, number: int, log: _Log) -> None:
    text = line.strip()
    if (m := _RESERVED.search(line)) is not None:
        log.crash = Range(int(m[1], 16), int(m[2], 16))
    elif (m := _LOW.search(line)) is not None:
        log.low = Range(int(m[1], 16), int(m[2], 16))
    elif (m := _PATCHED.search(line)) is not None:
        # Not arm64's own line: x86's, or one of the patch series before 5.19.
        start = int(m[3]) * MIB
        found = Range(start, start + int(m[1]) * MIB)
        if m[2]:
            log.low = found
        else:
            log.crash = found
    elif text.startswith(_KNOWN):
        log.failed = True
    elif not text.startswith(("crashkernel", "Memory value expected", "crahskernel")):
        return
    log.lines.append(printable(text))
    log.crash_line = log.crash_line or number


def _fact(line: str, number: int, log: _Log) -> None:
    if line.startswith("Linux version ") and log.kernel is None:
        log.kernel = printable(line.split(" ", 3)[2])
    elif "BIOS-e820" in line:
        log.arch = "x86_64"
    elif _processor(line, log):
        pass
    elif (at := line.find("ommand line: ")) >= 0 and (log.cmdline is None or "Kernel command" in line):
        log.cmdline = printable(line[at + len("ommand line: ") :])
    elif (m := _PCPU.search(line)) is not None:
        log.page_size = int(m[2])
    elif line.startswith("pcpu-alloc: ["):
        for group, units in re.findall(_GROUP, line):
            log.units[int(group)] = log.units.get(int(group), 0) + len(units.split())
    elif line.startswith("Memory: "):
        log.image = image_size(line)
    elif line.startswith("arm-smmu-v3 "):
        log.smmu = True
    elif (m := _EMBEDDED.search(line)) is not None:
        log.unit, size = int(m[2]), int(m[2]) // int(m[1])
        if log.page_size is None:
            log.page_size = size if size in (4 * KIB, 16 * KIB, 64 * KIB) else None
    else:
        _allocation(line, number, log)


def _processor(line: str, log: _Log) -> bool:
    """Whether a line is about a processor, or what the kernel found all of them to be."""
    if (m := _MIDR.search(line)) is not None:
        log.arch = log.arch or "aarch64"
        log.midr.append(int(m[1], 16))
    elif "CPU features: detected: BBM Level" in line:
        log.splits_live = True
    else:
        return False
    return True


def _allocation(line: str, number: int, log: _Log) -> None:
    if (m := _CMA.search(line) or _KVM.search(line)) is not None:
        start = int(m[2], 16)
        log.event("kvm" if m[0].startswith("kvm") else "cma", start, start + int(m[1]) * MIB, number)
    elif (m := _SWIOTLB.search(line)) is not None:
        start = int(m[1], 16)
        log.event("swiotlb", start, start + int(m[3]) * MIB, number)
    elif (m := _NODE_DATA.search(line)) is not None:
        log.event("node_data", int(m[1], 16), int(m[2], 16) + 1, number)
    elif (m := _OF.search(line)) is not None:
        start, end = int(m[1], 16), int(m[2], 16) + 1
        if m[4] == "nomap":
            log.nomap.append(Range(start, end))
        log.event("reserved-memory", start, end, number, m[6])
    elif (m := _POOL.search(line)) is not None:
        start = int(m[1], 16)
        log.event("reserved-memory", start, start + int(m[2]) * MIB, number, "pool")
    else:
        _sized(line, number, log)


def _sized(line: str, number: int, log: _Log) -> None:
    """Allocations of which the log names the size only, and the nodes."""
    if (m := _KFENCE.search(line)) is not None:
        log.event("kfence", None, None, number, size=int(m[1]))
    elif (m := _HASH.search(line)) is not None:
        if m[1] in _EARLY_HASHES and m[3] in (None, "linear"):
            log.event("hash", None, None, number, m[1], int(m[2]))
    elif (m := _NODE_SPAN.search(line)) is not None:
        log.event("node", int(m[2], 16), int(m[3], 16) + 1, number, m[1])
    elif (m := _LOG_BUF.search(line)) is not None:
        # The newer line appears for the built-in buffer too; only an allocated one is followed by what it replaces.
        log.buffer = (number, int(m[1] or m[2]), int(m[3] or 0))
    elif "early log buf free:" in line and log.buffer is not None:
        number, size, meta = log.buffer
        log.event("log_buf", None, None, number, size=size)
        if meta:
            log.event("log_meta", None, None, number, size=meta)


def _machine(log: _Log, name: str, notes: list[str]) -> Machine:
    dumped = bool(log.dump["memory"])
    if dumped:
        regions = [Region(a, b, f & 15, n) for a, b, f, n in sorted(log.dump["memory"], key=lambda d: d[0])]
        # The dump comes right after the reservation: without what was just reserved it is the state before.
        crash = union((r.start, r.end) for r in (log.crash, log.low) if r is not None)
        dump = [(a, b) for a, b, _, _ in log.dump["reserved"]]
        reserved = [Reserved(*piece) for span in dump for piece in subtract(span, crash)]
    else:
        nodes, firmware = efi.regions_of(log.efi, log.nodes, log.page_size, notes)
        regions = _with_nomap(nodes if log.efi else inferred_nomap(nodes, notes), log.nomap)
        reserved = [
            Reserved(e.start, e.end, e.name or e.kind)
            for e in log.events
            if e.start is not None and e.end is not None and (e.before_crash or e.kind == "reserved-memory")
            if e.kind != "node"
        ]
        reserved += firmware
        if regions:
            notes.append("a log without memblock=debug shows only some early reservations: the kernel had more")
    regions = _disjoint(regions)
    _check(regions, name)
    for group, count in log.units.items():
        log.event("percpu", None, None, 0, str(group), log.unit * count)
    record = None
    if log.lines:
        record = BootRecord(log.crash, log.low, tuple(log.lines), log.failed)
    facts = Facts(
        kernel=log.kernel,
        arch=log.arch,
        page_size=log.page_size,
        cmdline=log.cmdline,
        dma_limit=_dma_limit(log.zones, whole=log.zones_whole),
        midr=tuple(dict.fromkeys(log.midr)),
        splits_live=log.splits_live,
        record=record,
        events=tuple(log.events),
        capture=_capture(log),
    )
    if not regions:
        notes.append("the log shows no memory map: it gives facts only")
    return Machine(name, "dmesg", MemoryMap(tuple(regions), tuple(reserved)), facts, settled=dumped, notes=tuple(notes))


def _capture(log: _Log) -> Capture | None:
    """What the log says of the kernel that also captures, if anything."""
    if log.image is None and not log.smmu:
        return None
    return Capture(kernel_size=log.image, drivers=("arm-smmu-v3",) if log.smmu else ())


def _dma_limit(zones: dict[str, int | None], *, whole: bool) -> int | None:
    if "Normal" not in zones and "DMA" not in zones and "DMA32" not in zones:
        return None
    if zones.get("DMA"):
        return zones["DMA"]
    if zones.get("DMA32"):
        return zones["DMA32"]
    return NO_DMA_ZONES if whole and "DMA" not in zones and "DMA32" not in zones else None


def _with_nomap(regions: list[Region], nomap: list[Range]) -> list[Region]:
    return with_nomap(regions, [(hole.start & -4096, -(-hole.end // 4096) * 4096) for hole in nomap])


def _disjoint(regions: list[Region]) -> list[Region]:
    result: list[Region] = []
    for r in regions:
        start = max(r.start, result[-1].end) if result else r.start
        if start < r.end:
            result.append(Region(start, r.end, r.flags, r.node))
    return result


def _check(regions: list[Region], name: str) -> None:
    if regions and regions[-1].end > 1 << 52:
        raise InputError(Location(name), "memory lies beyond 52 physical address bits", "check the log")
