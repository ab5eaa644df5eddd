"""/proc/iomem: what a running kernel shows of its memory, later than the crash kernel was placed.

arm64 lists NOMAP memory as `reserved` at the top level and reservations as `reserved` children of System RAM
(arch/arm64/kernel/setup.c, request_standard_resources() and reserve_memblock_reserved_regions() @ 6.1); the ends
are inclusive.
"""

from __future__ import annotations

import re

from planner.base.errors import InputError, Location
from planner.base.ranges import Range
from planner.kernel.machine import BootRecord, Capture, Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.sources.bounds import MAX_ROWS, too_many_rows
from planner.sources.reading import text_lines

__all__ = ["looks_like", "parse"]

_LINE = re.compile(r"^(\s*)([0-9a-fA-F]{1,16})-([0-9a-fA-F]{1,16}) : (.*)$")
_KEPT = ("reserved", "Kernel code", "Kernel data", "Kernel bss", "Crash kernel", "Crash kernel (low)")
_TOP = 1 << 52


def looks_like(head: str) -> bool:
    """Whether a text is a /proc/iomem listing."""
    return re.search(r"^\s*[0-9a-fA-F]{8,16}-[0-9a-fA-F]{8,16} : ", head, re.MULTILINE) is not None


def parse(text: str, name: str) -> Machine:
    """The machine of a listing. Raises InputError."""
    rows, notes = _rows(text, name)
    regions, reserved, seen = _sorted_out(rows, name, notes)
    crash = [r for r in reserved if r.name.startswith("Crash kernel")]
    record = None
    if crash:
        main = max(crash, key=lambda r: r.start)
        low = min(crash, key=lambda r: r.start) if len(crash) > 1 else None
        record = BootRecord(
            crash=Range(main.start, main.end), low=Range(low.start, low.end) if low is not None else None
        )
    facts = Facts(
        kernel_image=seen.get("Kernel code"),
        kernel_data=seen.get("Kernel data"),
        record=record,
        arch="x86_64 or s390x" if "Kernel bss" in seen else None,
        capture=Capture(drivers=("arm-smmu-v3",)) if " : arm-smmu-v3" in text else None,
    )
    return Machine(name, "iomem", MemoryMap(tuple(regions), tuple(reserved)), facts, settled=False, notes=tuple(notes))


def _rows(text: str, name: str) -> tuple[list[tuple[int, int, int, str]], list[str]]:
    rows: list[tuple[int, int, int, str]] = []
    notes: list[str] = []
    zero = total = 0
    pending: tuple[int, str] | None = None
    what, number = "", 0
    for number, line in text_lines(text, name):
        if not line.strip():
            continue
        match = _LINE.match(line)
        if match is None:
            if rows:
                pending = (number, line)
                if len(notes) < 5:
                    notes.append(f"line {number} is no resource and was skipped")
            continue
        pending = None
        start, end = int(match[2], 16), int(match[3], 16)
        total += 1
        zero += start == 0 and end == 0
        what = match[4].strip()
        indent = len(match[1].expandtabs())
        if end < start:
            raise InputError(
                Location(name, number, indent + 1),
                f"the range ends before it starts ({match[2]}-{match[3]})",
                "check the line",
            )
        ram = what == "System RAM" or what.startswith("System RAM (")
        shown = "System RAM" if ram else what if what in _KEPT else ""
        if ram and end >= _TOP:
            raise InputError(
                Location(name, number, indent + 1), "the range lies beyond 52 physical address bits", "check the line"
            )
        if len(rows) == MAX_ROWS:
            raise too_many_rows(Location(name, number, indent + 1))
        rows.append((indent, start, end + 1, shown))
    if total and zero == total:
        raise InputError(name, "every address is zero: the kernel hides them", "read /proc/iomem as root")
    names = ("System RAM", *_KEPT)
    cut = what not in names and any(known.startswith(what) for known in names)
    if (pending is not None or (rows and cut)) and not text.endswith("\n"):
        raise InputError(Location(name, number), "the last line is cut off", "read the file again, whole")
    return rows, notes


def _sorted_out(
    rows: list[tuple[int, int, int, str]], name: str, notes: list[str]
) -> tuple[list[Region], list[Reserved], dict[str, Range]]:
    regions: list[Region] = []
    reserved: list[Reserved] = []
    seen: dict[str, Range] = {}
    base = min((row[0] for row in rows), default=0)
    bank_indent = -1
    for indent, start, end, what in rows:
        if what == "System RAM":
            regions.append(Region(start, end))
            bank_indent = indent
        elif what == "reserved" and indent == base:
            regions.append(Region(start, end, Flag.NOMAP.value))
            bank_indent = -1
        elif what and (indent > bank_indent >= 0 or what.startswith("Crash kernel")):
            reserved.append(Reserved(start, end, what))
            if what not in seen:
                seen[what] = Range(start, end)
        elif indent <= bank_indent:
            bank_indent = -1
    regions.sort(key=lambda r: (r.start, r.end))
    clean: list[Region] = []
    for region in regions:
        last = clean[-1].end if clean else 0
        if region.start < last:
            if len(notes) < 9:
                notes.append(
                    f"memory at {region.start:#x} is listed twice; the first listing is kept, as memblock does"
                )
            if region.end > last:
                clean.append(Region(last, region.end, region.flags))
        else:
            clean.append(region)
    first = next((r.start for r in clean if not r.flags), None)
    if first is None:
        raise InputError(name, "there is no System RAM in it", "give the whole /proc/iomem")
    # Firmware below the first bank is memory too, if memblock knew it; /proc/iomem cannot tell it from a device.
    return [r for r in clean if not r.flags or r.end >= first], reserved, seen
