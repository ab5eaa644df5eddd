"""Boot logs, with and without `memblock=debug`: the map and the facts that the kernel printed.

Time stamps, priorities and journal prefixes make no difference, and broken lines are joined. What a log says twice must
agree: the memory ranges with the size of memory, the command line with what was reserved.
"""

from __future__ import annotations

import re
from dataclasses import replace

from planner.base.errors import InputError, Location, printable
from planner.base.ranges import subtract, whole_pages
from planner.base.sizes import KIB, MIB
from planner.kernel.arm64_init import apply_mem, mem_limit
from planner.kernel.cma import whole_area
from planner.kernel.efi_init import asks_for_mirror
from planner.kernel.machine import NO_DMA_ZONES, SINGLE_PAGES, BootRecord, Capture, Event, Facts, Machine
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import PHYSICAL_TOP, Flag, MemoryMap, Region, Reserved, with_nomap
from planner.kernel.pgtable import PAGE_SIZES
from planner.kernel.profiles import select_profile
from planner.sources.log import efi
from planner.sources.log.boots import boots, hosts_of
from planner.sources.log.checks import (
    has_holes,
    is_dump_complete,
    lacking_cma,
    lacking_crash,
    lacking_events,
    lacking_few,
    lacking_ram,
    lacks_beginning,
    log_buffers_asked,
    missing_lines,
    missing_zone,
)
from planner.sources.log.command_line import CommandLine, completed
from planner.sources.log.facts import Log
from planner.sources.log.messages import MESSAGES, ZONES
from planner.sources.log.pieces import unbroken
from planner.sources.log.which_boot import Boot, chosen
from planner.sources.nomap import inferred_nomap

__all__ = ["looks_like", "parse"]

_LOOKS = (*MESSAGES, "crashkernel low memory reserved: 0x", "cannot allocate crashkernel")
_BUILT_IN = 128 * KIB  # bytes of the log buffer (CONFIG_LOG_BUF_SHIFT) that nearly all kernels are built with
_X86_DMA = 16 * MIB  # end of ZONE_DMA for ISA devices, which arm64 does not have
_LARGEST_SHOWN = 4 * MIB  # characters of a log that may have been copied from a terminal
_MOST_TOLD = 4  # damaged lines, or hosts
_QEMU = "linux,dummy-virt"  # the model of QEMU's machine `virt`
_KNOWN_FLAGS = sum(flag.value for flag in Flag)  # memblock has more, for reservations and for its own use
_UNNAMED = (
    "no line names the architecture, and mainline arm64 has no line `Reserving ... for crashkernel`: planned as arm64"
)
_DISORDER = (
    "the log names a CMA area behind the crash kernel, before which this kernel reserves it: its lines are out of order"
)


def looks_like(head: str) -> bool:
    """True if a text is a boot log."""
    return any(text in head for text in _LOOKS)


def parse(text: str, name: str) -> Machine:
    """The machine that a log describes. Raises InputError."""
    notes = []
    if _is_reversed(text):
        text = "\n".join(reversed(text.split("\n")))
        notes.append("the newest line comes first, so the log is read and its lines are numbered from the end")
    text, chopped = unbroken(text) if len(text) <= _LARGEST_SHOWN else (text, False)
    log, others = chosen([Boot(first, part, name, chopped=chopped) for first, part in boots(text, name)])
    machine = _machine(log, name, notes + others)
    hosts = hosts_of(text)
    if not hosts[1:]:
        return machine
    told = f"the log is of several hosts ({', '.join(map(printable, hosts[:_MOST_TOLD]))})"
    facts = replace(machine.facts, events_lack=told)  # beside a listing: they may be of another host than that
    return replace(machine, facts=facts, notes=(*machine.notes, f"{told}: give the log of one"), doubt=told)


def _is_reversed(text: str) -> bool:
    """True if the newest line comes first (`journalctl -r`): the kernel's version, and the zones before their heading.

    Two lines may have changed places in any log.
    """
    at = text.find("Zone ranges:")
    if 0 <= text.find("Linux version ") < at:
        return False
    before = text[text.rfind("\n", 0, max(text.rfind("\n", 0, at), 0)) + 1 : at]
    return at >= 0 and re.search(rf"(?:{'|'.join(ZONES)})\s+(?:empty|\[mem 0x)", before) is not None


def _machine(log: Log, name: str, on_facts: list[str]) -> Machine:
    """The machine of one boot. on_facts: the notes on all of the text."""
    if log.contradiction is not None:
        where = Location(name, log.contradiction.line, 1)
        raise InputError(where, log.contradiction.what, "give the log of one boot: journalctl -k -b")
    _derive(log)
    if _puts_areas_first(log) and any(map(_is_late_area, log.events)):
        log.events = [e._replace(before_crash=True) if _is_late_area(e) else e for e in log.events]
        on_facts = [*on_facts, _DISORDER]
    if log.arch is None and log.patched:
        on_facts = [*on_facts, _UNNAMED]
    damage = log.crash_damage + log.damage
    notes = on_facts + damage[:_MOST_TOLD]
    if len(damage) > _MOST_TOLD:
        notes.append(f"{len(damage) - _MOST_TOLD} more lines are damaged or cut off")
    complete = is_dump_complete(log)
    regions, reserved = _memory(log, notes, complete=complete)
    regions = _disjoint(regions, name)
    lacking = lacking_ram(log, regions, notes)
    if lacking is not None:
        notes.append(lacking.why)
        regions = []
    line = completed(log)
    notes += [*line.notes, *missing_lines(log, complete=complete)]
    if not regions and lacking is None:
        notes.append("the log shows no memory map: it gives facts only")
    return Machine(
        name,
        "dmesg",
        MemoryMap(tuple(regions), tuple(reserved)),
        _facts(log, line),
        settled=complete,
        notes=tuple(notes),
        incomplete=lacking,
        damage=tuple(damage[:_MOST_TOLD]),
        on_facts=(*on_facts, *line.notes),
        efi_in_4k=bool(log.efi) and log.page_size is None and not log.dump["memory"],
        doubt=_doubt(log, complete=complete),
        unsure_nomap=log.unsure_nomap if regions else (),
    )


def _derive(log: Log) -> None:
    """Add to a log what follows from several of its lines: architecture, page size, and events without a line.

    CMA areas become whole ones, which depends on the page size.
    """
    if log.arch is None and (dma := log.zones.get("DMA")) is not None and dma.end == _X86_DMA:
        log.arch = "x86_64"
    log.page_size = log.page_size or (_page_size(log) if log.pages else None)
    log.events = [_whole(event, log.page_size or 4 * KIB) for event in log.events]
    if _tells_cma(log):
        log.event("cma_unplaced", None, None, 0, size=lacking_cma(log))
    if _has_buffer_asked(log):
        log.allocated_buffer()
    if log.code:
        log.event("kernel_code", None, None, 0, size=log.code)
    for group, count in sorted(log.units.items()):
        name = SINGLE_PAGES if log.single_pages else str(group)
        log.event("percpu", None, None, 0, name, log.unit * count)
    if log.tables is not None and log.image and not log.kaslr:
        log.event("efi_tables", log.tables, None, 0)
        log.event("efi_image", None, None, 0, size=log.image)
        log.event("bss", None, None, 0, size=log.bss)
        log.event("initrd", None, None, 0, size=log.initrd)
    elif log.model == _QEMU and log.tables is None and log.image:
        log.event("qemu_image", None, None, 0, size=log.image)
        log.event("initrd", None, None, 0, size=log.initrd)


def _has_buffer_asked(log: Log) -> bool:
    """True if the log's buffer is as large as its command line asks, and not built in: one line alone tells it then."""
    asked = log_buffers_asked(log)
    size = log.buffer.size if log.buffer is not None else 0
    return size > _BUILT_IN and bool(asked) and size // 2 < asked[-1] <= size


def _is_late_area(event: Event) -> bool:
    """True if an event is a CMA area whose line stands behind those of the crash kernel."""
    return event.kind == "cma" and event.before_crash is False


def _puts_areas_first(log: Log) -> bool:
    """True if the kernel reserves all its CMA areas before the crash kernel, whatever the order of the log's lines."""
    if log.kernel is None:
        return False
    profile = select_profile(log.kernel).profile
    own = profile.asks_cma and (log.cmdline is None or ",cma" in log.cmdline)
    return not (own or profile.reserves_first(zones=_dma_limit(log) != NO_DMA_ZONES))


def _facts(log: Log, line: CommandLine) -> Facts:
    """The facts of a boot with this command line."""
    return Facts(
        kernel=log.kernel,
        arch=log.arch,
        model=log.model or None,
        page_size=log.page_size,
        va_bits=log.va_bits,
        cmdline=line.text,
        cmdline_cut=line.cut,
        own_request=line.own_request,
        dma_limit=_dma_limit(log),
        midr=tuple(dict.fromkeys(log.midr)),
        splits_live=log.splits_live,
        mirrored=bool(efi.mirrored(log.efi)) if log.efi else None,
        config=_symbols(log),
        record=BootRecord(log.crash, log.low, tuple(log.lines), log.failed) if log.lines else None,
        events=tuple(log.events),
        events_lack=lacking_events(log) if log.events else "",
        capture=_capture(log),
    )


def _symbols(log: Log) -> dict[str, str]:
    """The symbols of the kernel's configuration that a log tells; none without a command line.

    What neither is set on a command line nor in a configuration has its default: a log that has neither does not say.
    """
    if not log.kfence_objects or log.cmdline is None:
        return {}
    return {"KFENCE": "y", "KFENCE_NUM_OBJECTS": str(log.kfence_objects)}


def _doubt(log: Log, *, complete: bool) -> str:
    """The doubt about the map, in a few words; "" for none. complete: memblock's dump shows all that is reserved."""
    doubt = _doubt_of_lines(log)
    has_map = log.map or log.efi or log.added
    return _doubt_of_lack(log, complete=complete) if not doubt and has_map else doubt


def _doubt_of_lines(log: Log) -> str:
    """The doubt that the log's lines themselves show; "" for none."""
    if log.damage or log.crash_damage:
        return "lines of the log about memory are damaged"
    if log.dropped:
        return log.dropped
    if log.is_capture:
        return "this is the log of a capture kernel, whose RAM is the crash memory"
    if log.counts_less:
        return "`Memory:` counts less RAM than the log's ranges hold"
    if lacking_cma(log):
        return "the log lacks the line of a CMA area"
    if log.lacks_high:
        return "the log lacks the highest memory"
    return "its zones are those of a newer kernel than its version" if _has_newer_zones(log) else ""


def _doubt_of_lack(log: Log, *, complete: bool) -> str:
    """The doubt about what a log with a map does not tell; "" for none."""
    # UEFI may put the image anywhere; a crash kernel that is recorded tells what was in its way.
    is_placed = log.tables is not None and bool(log.image)
    in_the_way = "the kernel's image may be in the way" if log.uefi and not complete else ""
    if in_the_way and log.crash is None and (log.kaslr or not is_placed):
        return in_the_way
    if lacking_crash(log) is not None:
        return "the log lacks the line of its crash kernel"
    if complete:
        return ""
    if not _tells_cma(log) or (has_holes(log) and not _counts_cma(log)):
        return "a CMA area may be missing"
    # An image that is not at random is placed by the tables and its size: a log that lacks either has lost lines.
    told = lacking_few(log) or ("" if log.kaslr or log.older_tables or is_placed else in_the_way)
    return told or ("the log's beginning is lost" if lacks_beginning(log) else "")


def _has_newer_zones(log: Log) -> bool:
    """True if the kernel has two DMA zones, and mainline of its version has one: where it searches is not known.

    Source: arch/arm64/mm/init.c, ZONE_DMA beside ZONE_DMA32 since v5.5 (1a8e1cef7603); vendors have it in 5.4, too.
    """
    if log.kernel is None or not {"DMA", "DMA32"} <= log.zones.keys():
        return False
    return select_profile(log.kernel).profile.dma_limit == "dma32-exclusive"


_LATER = ("hash", "percpu", "swiotlb")
"""Kinds of events that come later than a CMA area."""


def _tells_cma(log: Log) -> bool:
    """True if the log reaches past the place of CMA areas, or has one: one that it does not show did not exist."""
    if _counts_cma(log) or log.lines:
        return True
    return not has_holes(log) and any(event.kind in _LATER for event in log.events)


def _counts_cma(log: Log) -> bool:
    """True if the log has a CMA area, or says how much memory they have."""
    return log.total is not None or any(event.kind == "cma" for event in log.events)


def _memory(log: Log, notes: list[str], *, complete: bool) -> tuple[list[Region], list[Reserved]]:
    """The ranges of memory, and what is reserved. complete: memblock's dump shows all of it."""
    dumped, reserved = bool(log.dump["memory"]), _dumped(log)
    if dumped:
        rows = sorted(log.dump["memory"], key=lambda row: row.start)
        regions = [Region(row.start, row.end, row.flags & _KNOWN_FLAGS, row.node) for row in rows]
    else:
        profile = select_profile(log.kernel).profile if log.kernel is not None else None
        mirror = asks_for_mirror(log.cmdline, profile)
        nodes, firmware = efi.regions_of(log.efi, log.nodes, log.page_size, notes, mirror=mirror)
        nodes = nodes or _added(log, notes)
        nomap = [whole_pages(hole.span, 4 * KIB) for hole in log.nomap]
        if not log.efi:
            inferred = inferred_nomap(nodes, [span for span, _ in log.used], nomap)
            nodes, log.unsure_nomap = inferred.regions, inferred.unsure
            notes += filter(None, [inferred.note])
            # What a search found need not name the firmware: without a device tree such ranges are UEFI's.
            log.uefi = log.uefi or (bool(inferred.note) and not log.model and has_holes(log))
        regions = with_nomap(nodes, nomap)
        if not log.nodes:
            regions = _as_mem_leaves(regions, log)
        reserved += firmware
    if not complete:
        reserved += _named(log)
        if regions:
            which = "that lacks lines of" if dumped or "memblock=debug" in (log.cmdline or "").split() else "without"
            notes.append(
                f"a log {which} memblock=debug shows only some early reservations: the real kernel had more, so the "
                "result may be too high"
            )
    return regions, reserved


def _as_mem_leaves(regions: list[Region], log: Log) -> list[Region]:
    """The memory under the log's own `mem=`, before which the EFI map and the memblock_add lines are printed."""
    page = log.page_size or 4 * KIB
    limit = mem_limit(log.cmdline, page)
    return list(apply_mem(MemoryMap(tuple(regions)), limit, page).regions) if limit is not None else regions


def _dumped(log: Log) -> list[Reserved]:
    """The reserved ranges in the dump of memblock, without the crash kernel, which is placed right before the dump."""
    crash = log.crash_spans
    return [Reserved(*piece) for row in log.dump["reserved"] for piece in subtract((row.start, row.end), crash)]


def _named(log: Log) -> list[Reserved]:
    """The reserved ranges that the log names with their places, and as earlier than the crash kernel."""
    return [
        Reserved(*e.span, e.name or e.kind)
        for e in log.events
        if e.span is not None and e.kind != "node" and (e.before_crash or e.kind == "reserved-memory")
    ]


def _whole(event: Event, page_size: int) -> Event:
    """An event, and all of a CMA area."""
    if event.kind != "cma" or event.start is None:
        return event
    size = whole_area(event.size, page_size)
    return event._replace(size=size, end=event.start + size)


def _page_size(log: Log) -> int | None:
    """The page size that follows from the sizes of the nodes and their numbers of pages."""
    ram, most = sum(r.size for r in log.map), 2 * len(log.map)
    return next((size for size in PAGE_SIZES if 0 <= ram - log.pages * size <= most * size), None)


def _added(log: Log, notes: list[str]) -> list[Region]:
    """Memory from the memblock_add and memblock_remove lines of `memblock=debug`, for a log without other ranges."""
    memblock = Memblock()
    for added, span in log.added:
        if added:
            memblock.add(span.start, span.size)
        else:
            memblock.remove(span.start, span.size)
    if memblock.memory:
        notes.append("memory is from the memblock_add lines: the log has no node ranges")
    return memblock.memory


def _capture(log: Log) -> Capture | None:
    """Facts about a capture kernel that is the same image; None if the log has none."""
    if log.image is None and not log.smmu:
        return None
    return Capture(kernel_size=log.image, drivers=("arm-smmu-v3",) if log.smmu else ())


def _dma_limit(log: Log) -> int | None:
    """The end of the first DMA zone; if its line is missing, the start of the next zone. None: that is not known."""
    zones = log.zones
    if not any(zones.get(name) is not None for name in ("DMA", "DMA32", "Normal")):
        return None
    if (missing := missing_zone(log)) is not None and not zones.get("DMA"):
        return missing.end
    for name in ("DMA", "DMA32"):
        if (zone := zones.get(name)) is not None:
            return zone.end
    return NO_DMA_ZONES if log.zones_whole and "DMA" not in zones and "DMA32" not in zones else None


def _disjoint(regions: list[Region], name: str) -> list[Region]:
    """The regions without overlaps. Raises InputError if one is beyond the physical address space."""
    result: list[Region] = []
    for r in regions:
        start = max(r.start, result[-1].end) if result else r.start
        if start < r.end:
            result.append(Region(start, r.end, r.flags, r.node))
    if result and result[-1].end > PHYSICAL_TOP:
        raise InputError(Location(name), "memory lies beyond 52 physical address bits", "check the log")
    return result
