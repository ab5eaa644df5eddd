"""Contradictions within a boot log, which show that a line is missing or damaged.

Source: mem_init_print_info() counts the pages of all memory ranges, free_area_init() prints zones and nodes from the
first range to the last, mm/page_alloc.c and mm/mm_init.c @ 5.10 to 7.2; recorded logs agree with it to the byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from planner.base.ranges import Range, subtract, union
from planner.base.sizes import GIB, KIB, MIB, format_size, memparse
from planner.base.text import counted
from planner.kernel.cmdline import values
from planner.kernel.machine import Obstacle
from planner.kernel.memory_map import Region
from planner.sources.log.facts import Log

__all__ = [
    "has_holes",
    "is_dump_complete",
    "lacking_cma",
    "lacking_crash",
    "lacking_events",
    "lacking_few",
    "lacking_ram",
    "lacks_beginning",
    "log_buffers_asked",
    "missing_lines",
    "missing_zone",
]

_LARGEST_PAGE = 64 * KIB
_FEW = 2  # of these lines that are missing from a log which is no excerpt
_LARGEST_BUILT_IN = MIB  # bytes of a log buffer (CONFIG_LOG_BUF_SHIFT) that distributions build in
_GROUPS = "`pcpu-alloc:`"  # kernel: pcpu_dump_alloc(), mm/percpu.c: for debugging, and after the `percpu:` line
_ASKS = re.compile(r"\bcrashkernel=(?!\S*,(?:high|low|cma)\b)")  # some kernels ignore the others


def lacking_ram(log: Log, regions: Sequence[Region], notes: list[str]) -> Obstacle | None:
    """The reason why memory ranges must be missing; None if there is none.

    If only the zones reach higher, and the ranges cover low memory or all that `Memory:` counts, then that is noted.
    """
    shown = "memory" if log.dump["memory"] else "node" if log.nodes else "efi" if log.efi else "memblock_add"
    if shown == "memory" and len(set(log.dump["memory"])) < log.counts.get("memory", 0):
        log.damaged_ranges.setdefault("memory", _rows_missing(log, "memory"))
    if shown == "efi" and len(log.efi) < log.efi_count:
        shows = f"the EFI map has {log.efi_count} descriptors, and the log shows {len(log.efi)}"
        log.damaged_ranges.setdefault("efi", shows)
    lost = log.damaged_ranges.get(shown) if regions else next(iter(log.damaged_ranges.values()), None)
    exact = regions if shown in ("node", "memory") else ()
    said, higher = list(_larger(log, exact)), list(_higher(log, exact))
    if lost is not None:
        return Obstacle(f"the log's memory ranges are incomplete: {'; '.join([lost, *said, *higher])}", lost)
    if not said and not higher and exact and _counts_less(log, exact):
        beyond = _beyond(log, exact)
        if beyond is not None:
            return Obstacle(f"the log's memory ranges are damaged: {beyond}")
        log.counts_less = log.total is not None
    lacks_low = log.total is None and max((r.end for r in exact), default=0) < 4 * GIB
    if not said and not (higher and lacks_low):
        notes += [f"{text}, above all ranges of memory that the log shows: more lines are missing" for text in higher]
        log.lacks_high = bool(higher)
        return None
    said += higher
    return Obstacle(f"the log's memory ranges are incomplete, a line is missing: {'; '.join(said)}")


def _larger(log: Log, regions: Sequence[Region]) -> Iterator[str]:
    """Lines that count or span more memory than the ranges."""
    ram = sum(r.end - r.start for r in regions)
    if log.total is not None and log.total > ram > 0:
        yield f"they hold {format_size(ram)}, and `Memory:` counts {format_size(log.total)}"
    yield from _outside(log, regions)
    if not regions or any(r.node is None for r in regions):
        return
    nodes: dict[str, Range] = {}
    for r in regions:
        known = nodes.get(str(r.node), r)
        nodes[str(r.node)] = Range(min(known.start, r.start), max(known.end, r.end))
    for event in log.events:
        if event.kind != "node" or event.start is None or event.end is None:
            continue
        if event.name not in nodes:
            yield f"they lack node {event.name}, which is set up"
        elif nodes[event.name].start > event.start or nodes[event.name].end < event.end:
            yield f"node {event.name} is set up from {event.start:#x} to {event.end:#x}"


def _outside(log: Log, regions: Sequence[Region]) -> Iterator[str]:
    """The first of what the kernel took from memory that lies in none of the ranges.

    For all above them but the crash kernel, see `_higher`.
    """
    ranges = union(r.span for r in regions)
    crash = log.crash_spans
    for span, what in log.used if ranges else ():
        outside = subtract(span, ranges)
        if outside and (span in crash or span[0] < ranges[-1][1]):
            yield f"{what} at {outside[0][0]:#x} is in none of them"
            return


def _higher(log: Log, regions: Sequence[Region]) -> Iterator[str]:
    """Lines that reach higher than the ranges."""
    if not regions:
        return
    top = max(r.end for r in regions)
    end = max((zone.end for zone in log.zones.values() if zone is not None), default=0)
    if end > top:
        yield f"the zones reach up to {end:#x}"
    crash = log.crash_spans
    yield from (f"{what} is at {span[0]:#x}" for span, what in log.used if span[0] >= top and span not in crash)


def _counts_less(log: Log, regions: Sequence[Region]) -> bool:
    """True if `Memory:` counts less than the ranges hold; and without it, as far as it can be known."""
    return log.total is None or sum(r.end - r.start for r in regions) > log.total + 2 * _LARGEST_PAGE * len(regions)


def _beyond(log: Log, regions: Sequence[Region]) -> str | None:
    """The lines that end lower than the ranges, in words; None where one of them ends there, or there are none."""
    end = max(r.end for r in regions)
    spans = [e.end for e in log.events if e.kind == "node" and e.end is not None]
    ends = {"zones": [zone.end for zone in log.zones.values() if zone is not None], "nodes": spans}
    # The zones alone do not tell: the line of the highest one may be missing.
    if any(end in known for known in ends.values()) or not (spans or (log.total is not None and ends["zones"])):
        return None
    others = " and ".join(f"the {what} up to {max(known):#x}" for what, known in ends.items() if known)
    return f"they reach up to {end:#x}, but {others}"


def missing_zone(log: Log) -> Range | None:
    """Memory in no zone of the log, below or between them, or all of it: the line of its zone is missing."""
    zones = sorted((zone for zone in log.zones.values() if zone is not None), key=lambda zone: zone.start)
    at = min((r.start for r in log.map), default=zones[0].start if zones else 0)
    for zone in zones:
        if zone.start >= at + _LARGEST_PAGE:
            return Range(at, zone.start)
        at = max(at, zone.end)
    end = max((r.end for r in log.map), default=0)
    return Range(at, end) if log.zones and not zones and at < end else None


def lacking_events(log: Log) -> str:
    """The sign that a log does not name all early allocations, in a few words; "" for none."""
    if log.damage or log.crash_damage:
        return "lines of the log are damaged"
    return log.dropped or _lacking(_usual_lines_missing(log))


def lacking_few(log: Log) -> str:
    """The line that a log lacks though it has nearly all others, in a few words; "" for none, and for an excerpt.

    A console leaves out what is for debugging: the groups of per-CPU areas, right after the line of their size.
    """
    missing = [line for line in _usual_lines_missing(log) if line != _GROUPS or not log.unit]
    return _lacking(missing) if len(missing) <= _FEW else ""


def lacks_beginning(log: Log) -> bool:
    """True if all usual lines are there but the kernel's version, which comes first: others may be lost with it."""
    return log.kernel is None and not _usual_lines_missing(log)


def has_holes(log: Log) -> bool:
    """True if a usual line is missing before one that is there: the log is what a search found, such as `grep node`.

    In the order of start_kernel(), init/main.c @ 5.10 to 7.2.
    """
    there = [
        bool(log.zones),
        log.unit > 0,
        log.cmdline is not None,
        *(name in log.hashes for name in ("Dentry cache", "Inode-cache")),
        any(event.kind == "swiotlb" for event in log.events),
    ]
    return there != sorted(there, reverse=True)


def _lacking(lines: Sequence[str]) -> str:
    """The first of the lines that a log lacks, in a few words; "" for none."""
    return f"the log lacks the line of {lines[0]}" if lines else ""


def _usual_lines_missing(log: Log) -> list[str]:
    """The lines on early allocations that every kernel prints, and this log does not show."""
    lines = {
        "the command line": log.cmdline is not None,
        "`Zone ranges:`": bool(log.zones),
        "`Memory:`": log.total is not None,
        "Dentry cache": "Dentry cache" in log.hashes,
        "Inode-cache": "Inode-cache" in log.hashes,
        "`percpu:`": log.unit > 0,
        _GROUPS: bool(log.units),
        "a group of per-CPU areas": len(log.cpus) == max(log.cpus, default=-1) + 1,
        "a CMA area": not lacking_cma(log),
        "the log buffer": log.buffer is not None or max(log_buffers_asked(log), default=0) <= _LARGEST_BUILT_IN,
    }
    return [line for line, there in lines.items() if not there]


def log_buffers_asked(log: Log) -> list[int]:
    """Bytes of the log buffers that the command line asks for, in their order."""
    return [memparse(value)[0] for value in values(log.cmdline, "log_buf_len")]


def missing_lines(log: Log, *, complete: bool) -> Iterator[str]:
    """Notes on lines that are missing according to the log's own counts and its command line.

    complete: see `is_dump_complete`.
    """
    if log.map and not log.zones:
        yield "the log shows no zones, so its DMA limit is not known"
    if (zone := missing_zone(log)) is not None:
        yield f"no zone in the log covers {zone.start:#x} to {zone.end:#x}: the line of a zone is missing"
    set_up = {e.name for e in log.events if e.kind == "node"}
    if set_up and (lost := {str(r.node) for r in log.nodes} - set_up):
        yield f"the log lacks the `Initmem setup` of node {', '.join(sorted(lost))}: other lines may be missing"
    firmware = [] if log.map else sorted(log.efi, key=lambda entry: entry.start)
    for before, after in pairwise(firmware):
        if before.end < after.start < before.end + MIB:
            yield f"the EFI map leaves out {before.end:#x} to {after.start:#x}: a line may be missing"
            break
    if lacking := lacking_cma(log):
        counted_cma, shown_cma = format_size(log.cma), format_size(log.cma - lacking)
        yield f"`Memory:` counts {counted_cma} of CMA areas, and the log shows {shown_cma}: a line is missing"
    if 0 < len(set(log.dump["reserved"])) < log.counts.get("reserved", 0):
        yield f"{_rows_missing(log, 'reserved')}: what they reserve is not known"
    elif log.dump["memory"] and not complete:
        yield "the log lacks rows of what memblock had reserved: what they reserve is not known"
    if log.cmdline is None and log.map:
        ends = "ends before" if log.total is None else "lacks"
        yield f"the log {ends} its command line: the request is not known, and other lines may be missing"
    elif (told := lacking_crash(log)) is not None:
        yield told


def lacking_crash(log: Log) -> str | None:
    """The line that the log lacks of the crash kernel that it asks for, in a sentence; None for none."""
    if log.low is not None and log.crash is None and not log.failed:
        return "the log shows only the low part of a crash kernel: the line of the other part is missing"
    if not log.lines and _ASKS.search(log.cmdline or ""):
        return "the log shows neither a reservation nor a failure for its crashkernel=: a line may be missing"
    return None


def lacking_cma(log: Log) -> int:
    """Bytes of CMA areas that `Memory:` counts and no line shows, not even without a place."""
    areas = [e for e in log.events if e.kind == "cma" or e.name == "pool"]
    lacking = log.cma - log.spread_cma - sum(e.size for e in areas)
    return lacking if lacking >= (len(areas) + 1) * MIB else 0


def is_dump_complete(log: Log) -> bool:
    """True if the dump of memblock shows all that is reserved, as far as its own counts tell.

    Without them, it may have lost its end if the log ends with it.
    """
    rows = {(row.start, row.end) for row in log.dump["reserved"]}
    whole = len(rows) >= log.counts.get("reserved", 0) and sum(end - start for start, end in rows) >= log.reserved_size
    return bool(log.dump["memory"] and rows) and whole and bool(log.reserved_size or log.zones)


def _rows_missing(log: Log, array: str) -> str:
    """The sentence on missing rows of one of memblock's arrays."""
    count, rows = log.counts[array], len(set(log.dump[array]))
    return f"memblock.{array} has {counted(count, 'row')}, and the log shows {rows}"
