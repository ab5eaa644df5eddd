"""/proc/iomem: the memory of a running kernel, some time after the crash kernel was placed.

arm64 lists NOMAP memory as `reserved` at the top level and reservations as `reserved` children of System RAM
(arch/arm64/kernel/setup.c, request_standard_resources() and reserve_memblock_reserved_regions() @ 6.1). The ends are
inclusive. A resource lies inside its parent, so a listing without its indentation can be read too. Other architectures
spell it `Reserved`, and have resources that arm64 has not.

The reader of other layouts is imported for a text without the kernel's: most have it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from planner.base.errors import InputError, Location
from planner.base.ranges import Range, Span, total, union
from planner.base.sizes import MIB, format_size
from planner.base.text import counted
from planner.kernel.machine import BootRecord, Facts, Machine
from planner.kernel.memory_map import PHYSICAL_TOP, Flag, MemoryMap, Region, Reserved
from planner.kernel.pgtable import SMALLEST_PAGE
from planner.sources.bounds import MAX_ROWS
from planner.sources.iomem_damage import (
    FEWEST_DIGITS,
    READ_AGAIN,
    Skipped,
    check_digits,
    damage_of_row,
    range_error,
    refuse_damaged,
    skipped_line,
)
from planner.sources.iomem_names import (
    ADDED,
    ADDRESS,
    ANY_NAME,
    DAX,
    END,
    INDENT,
    LINE,
    NAME,
    NAMES,
    OTHER,
    START,
    Row,
    canonical_name,
)
from planner.sources.reading import text_lines

__all__ = ["added_later", "looks_like", "parse"]

_ROW = re.compile(r"(\s*+)(?:0[xX])?([0-9a-fA-F]{1,16}) ?- ?(?:0[xX])?([0-9a-fA-F]{1,16})[ \t]*+[:|][ \t]*+(.*)$")
"""A resource; groups: its indentation, first and last byte, name."""

_ROW_IN_ANY_LAYOUT = re.compile(rf"\n[ \t]*+{ADDRESS} ?- ?{ADDRESS}[ \t]*+[:|]")
_KERNELS_ROW = re.compile(rf"\n[ \t]*+{ADDRESS} ?- ?{ADDRESS} : (?:{ANY_NAME}|Reserved)")
"""Signs of a listing: a range, and for the stricter one a name that kernels give to a resource."""

_CUT_OFF = re.compile(r"\s*+(?:0x)?[0-9a-fA-F]{1,16}(?:-(?:0x)?[0-9a-fA-F]{0,16} ?:? ?)?$")
"""A last line that ends within an address, or before its name."""

_FOREIGN = {
    "Kernel bss": "x86_64, s390x, riscv64, loongarch64 or mips",
    "Reserved": "x86_64, riscv64 or loongarch64",
    "Kernel rodata": "x86_64 or riscv64",
    "System ROM": "x86_64",
    "Video ROM": "x86_64",
    "Adapter ROM": "x86_64",
    "PCI MMCONFIG 0000": "x86_64",
    "ACPI Tables": "x86_64",
    "ACPI Non-volatile Storage": "x86_64",
    "Unknown E820 type": "x86_64",
    "RAM buffer": "x86_64",
    "IOAPIC 0": "x86_64",
    "Local APIC": "x86_64",
    "System RAM (boot alias)": "arm",
    "Kernel text": "arm",
    "PDC data (Page Zero)": "parisc",
    "pciex": "ppc64",
    "/pciex": "ppc64",
}
"""Names that only kernels of other architectures give to a resource; of two names, the later identifies it better."""

_SIGN = re.compile(rf"({'|'.join(map(re.escape, _FOREIGN))})(?:@[0-9a-f]+)?(?=\s+\W|\s*$)")
"""Such a name, perhaps with a unit address, and a remark behind it that begins with a sign."""

_ARM_TEXT = 0x8000  # TEXT_OFFSET of 32-bit kernels, arch/arm/Makefile; that of arm64 is 0 or 512K
_TOUCHING = (
    "x86_64, s390x or mips (its Kernel data begins where its Kernel code ends)"  # arm64 has its init section between
)
_STEP, _DEEPEST = 2, 5  # blanks of a level, and levels that are told apart: r_show(), kernel/resource.c @ 6.1
_WITHOUT_KERNEL = (
    "the listing has no `Kernel code`, which arm64 always lists: lines are missing, or it is another architecture's"
)
_MOST_NOTES = 5  # beyond which there are none on unknown names; memory listed twice has twice as many
_MOST_CUTS = 100  # places where addresses fall: a text with more is no series of listings
_EDGE = 2  # lines between a listing and a mark for what was left out, such as the sign that begins a code block


def looks_like(head: str, *, loosely: bool = False) -> bool:
    """True if a text is a /proc/iomem listing. loosely: also one in another layout, such as a table."""
    return (_ROW_IN_ANY_LAYOUT if loosely else _KERNELS_ROW).search(f"\n{head}") is not None


class _Remarks:
    """The remarks on a listing.

    notes: for the user. partial: memory may be missing from it. unknown: resources in RAM with unknown names.
    """

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.partial = False
        self.unknown: list[Span] = []

    def missing(self, why: str) -> None:
        """Say why memory may be missing."""
        self.notes.append(f"{why}: memory may be missing")
        self.partial = True


def parse(text: str, name: str) -> Machine:
    """The machine of a listing. Raises InputError."""
    remarks = _Remarks()
    skipped: list[Skipped] = []
    rows, arch = _rows(_as_printed(text, name), name, skipped)
    refuse_damaged(rows, skipped, name)
    rows = _one_listing(rows, remarks.notes)
    _note_interruptions(rows, skipped, remarks)
    rows.sort(key=lambda row: (row[START], -row[END]))
    regions, reserved, by_name = _classified(rows, name, remarks)
    record = _record(reserved)
    image = by_name.get("Kernel code")
    arch = arch or _arch_of_ram(rows)
    if image is None:
        remarks.notes.append(_WITHOUT_KERNEL)
    elif arch is None:
        arch = _arch_of_image(image, by_name.get("Kernel data"))
    facts = Facts(kernel_image=image, kernel_data=by_name.get("Kernel data"), record=record, arch=arch)
    memory = MemoryMap(tuple(regions), tuple(reserved))
    if remarks.partial or (image is None and arch is None and reserved):
        doubt = "memory may be missing from the listing"
    else:
        doubt = added_later(memory) or _doubt_about_end(memory)
    if not doubt and record is None:
        doubt = _doubt_about_names(remarks)
    return Machine(name, "iomem", memory, facts, settled=False, notes=tuple(remarks.notes), doubt=doubt)


def _record(reserved: Sequence[Reserved]) -> BootRecord | None:
    """The crash kernel among what is reserved: the highest range is its main part. None without one."""
    parts = [Range(r.start, r.end) for r in reserved if r.is_crash]
    if not parts:
        return None
    highest, lowest = max(parts, key=lambda r: r.start), min(parts, key=lambda r: r.start)
    return BootRecord(crash=highest, low=lowest if len(parts) > 1 else None)


def _arch_of_image(code: Range, data: Range | None) -> str | None:
    """The architecture that the places of a kernel's code and data tell, if not arm64.

    Where within a page they end tells none: arm64's code ended anywhere up to 4.5 (arch/arm64/kernel/vmlinux.lds.S).
    """
    if code.start % (2 * MIB) == _ARM_TEXT:
        return "arm"
    return _TOUCHING if data is not None and data.start == code.end else None


def _arch_of_ram(rows: Sequence[Row]) -> str | None:
    """The architectures whose RAM ends within a page, as firmware tells it, if some of a listing does.

    That of arm64 has whole pages (request_standard_resources(), arch/arm64/kernel/setup.c @ 4.12, 6.1).
    """
    ends = [(row[START], row[END]) for row in rows if row[NAME] == "System RAM"]
    odd = next((start for start, end in ends if (start | end) % SMALLEST_PAGE), None)
    return None if odd is None else f"x86_64 or mips (its System RAM at {odd:#x} is not of whole pages)"


_LEAST_ADDED = 128 * MIB
"""Bytes of RAM that is plugged in at once, at least: one block of memory with 4K and 16K pages."""


def added_later(memory: MemoryMap) -> str:
    """The doubt about RAM that holds nothing of the kernel's, above all that does; "" without such RAM.

    A boot fills the top of its RAM first, with page tables at least: RAM without any was plugged in later.
    """
    if not any(r.is_unnamed for r in memory.reserved):
        return ""
    top = max(r.end for r in memory.reserved)
    added = [r for r in memory.regions if r.start >= top and not r.flags and r.end - r.start >= _LEAST_ADDED]
    return f"RAM at {added[0].start:#x} may have been added after boot" if added else ""


_MOST_FREE = 2 * MIB
"""Bytes at the top of RAM that a boot leaves free, at most: of 2,900 recorded ones, all fill it to the last page."""


def _doubt_about_end(memory: MemoryMap) -> str:
    """The doubt about a listing of which the last rows may be lost: nothing is reserved at the top of RAM, or ""."""
    plain = [r for r in memory.regions if not r.flags]
    if not plain or not any(r.is_unnamed for r in memory.reserved):
        return ""
    top = max((r.end for r in memory.reserved if r.start < plain[-1].end), default=0)
    return "" if plain[-1].end - top <= _MOST_FREE else "reserved memory may be missing from the listing"


_LEAST_CRASH = 64 * MIB
"""Bytes of a crash kernel that is of any use, at least."""


def _doubt_about_names(remarks: _Remarks) -> str:
    """The doubt about a resource that may be the crash kernel under another name; "" where there is none."""
    large = [start for start, end in remarks.unknown if end - start >= _LEAST_CRASH]
    return f"the resource at {large[0]:#x} may be a crash kernel" if large else ""


def _as_printed(text: str, name: str) -> str:
    """The text as the kernel prints a listing. Raises InputError for another layout that is not certain."""
    if " : System RAM" in text or "System RAM" not in text:
        return text
    from planner.sources.iomem_layouts import as_printed

    return as_printed(text, name)


def _rows(text: str, name: str, skipped: list[Skipped]) -> tuple[list[Row], str | None]:
    """The resources in the order listed, and the architecture that the listing is of, if not arm64.

    skipped: takes the other lines.
    """
    rows: list[Row] = []
    foreign = -1
    zeros = number = 0
    what = line = ""
    signs = list(_FOREIGN)
    for number, line in text_lines(text, name):
        match = _ROW.match(line)
        if match is None:
            if line.strip():
                what = ""
                skipped.append(skipped_line(line, name, number))
            continue
        blanks, first, last, what = match.groups()
        start, end, what = int(first, 16), int(last, 16), what.strip()
        zeros += not start and not end
        shown = canonical_name(what)
        odd = len(first) < FEWEST_DIGITS or len(last) < FEWEST_DIGITS or shown == OTHER or shown != what
        if odd and (gone := damage_of_row(match, shown, rows[-1:])):
            raise InputError(Location(name, number, 1), gone, READ_AGAIN)
        if end < start or (shown == "System RAM" and end >= PHYSICAL_TOP) or len(rows) == MAX_ROWS:
            raise range_error(match, Location(name, number, len(blanks.expandtabs()) + 1))
        if (sign := _SIGN.match(what)) is not None:
            foreign = max(foreign, signs.index(sign[1]))
        rows.append((start, end + 1, shown, number, len(blanks)))
    if "0x" in text or "0X" in text:
        check_digits(f"\n{text}", name)
    if rows and zeros == len(rows):
        raise InputError(name, "every address is zero: the kernel hides them", "read /proc/iomem as root")
    if zeros:
        rows = _with_addresses(rows, name, other=foreign >= 0)
    if not text.endswith("\n") and rows and _CUT_OFF.match(line):
        raise InputError(Location(name, number, 1), "the line is cut off", READ_AGAIN)
    return rows, _FOREIGN[signs[foreign]] if foreign >= 0 else None


def _with_addresses(rows: list[Row], name: str, *, other: bool) -> list[Row]:
    """The rows with addresses. Those without are of another listing in the same text, which has System RAM, too.

    other: the listing is another architecture's: a PC lists resources that it does not use at zero.
    """
    for hidden, group in groupby(rows, key=_is_hidden):
        part = list(group)
        if hidden and not other and all(row[NAME] != "System RAM" for row in part):
            where = Location(name, part[0][LINE], 1)
            raise InputError(where, "the addresses of some resources are hidden", "give all of /proc/iomem, as root")
    return [row for row in rows if not _is_hidden(row)]


def _is_hidden(row: Row) -> bool:
    """True if both addresses of a resource are printed as zero, as for a reader without CAP_SYS_ADMIN."""
    return row[START] == 0 and row[END] == 1


def _one_listing(rows: list[Row], notes: list[str]) -> list[Row]:
    """The rows of the listing with the most memory, of several the last.

    Addresses ascend within a listing. Where they fall, the next may be another part of it, such as what a search for a
    name gave; if it shows memory that was already shown, it is another listing.
    """
    cuts = [i for i, (row, after) in enumerate(pairwise(rows), 1) if after[START] < row[START]]
    if not 0 < len(cuts) <= _MOST_CUTS:
        return rows  # sorted by something else
    listings: list[list[Row]] = []
    for begin, end in pairwise([0, *cuts, len(rows)]):
        part = rows[begin:end]
        if not listings or (_ram(part) and _ram([*listings[-1], *part]) < _ram(listings[-1]) + _ram(part)):
            listings.append([])
        listings[-1] += part
    best = max(reversed(listings), key=_ram)
    if len(listings) > 1:
        notes.append(f"the text holds {len(listings)} listings: the one that begins at line {best[0][LINE]} is read")
    return best


def _ram(rows: list[Row]) -> int:
    """Bytes of System RAM; those listed twice count once."""
    return total(union((start, end) for start, end, what, *_ in rows if what == "System RAM"))


def _note_interruptions(rows: Sequence[Row], skipped: Sequence[Skipped], remarks: _Remarks) -> None:
    """Add notes on lines within a listing, or at its edges, that are not resources."""
    begin, end = (rows[0][LINE], rows[-1][LINE]) if rows else (0, 0)
    gaps = [
        line.number
        for line in skipped
        if (line.left_out and begin - _EDGE <= line.number <= end + _EDGE)
        or (line.between and begin < line.number < end)
    ]
    others = [line.number for line in skipped if begin < line.number < end and line.number not in gaps]
    if gaps:
        remarks.missing(f"line {gaps[0]} stands for lines that were left out")
    if others:
        first = f"{counted(len(others), 'line')} within the listing, the first at {others[0]}"
        remarks.notes.append(f"{first}, skipped: no resource")


def _note_unknown_names(remarks: _Remarks) -> None:
    """Add notes on resources in RAM with unknown names, as long as there are few notes."""
    remarks.notes += [
        f"the resource at {start:#x} in System RAM has a name unknown on arm64: it is taken as reserved"
        for start, _ in remarks.unknown[: max(_MOST_NOTES - len(remarks.notes), 0)]
    ]


def _note_left_out(rows: Sequence[Row], added: int, lone: Sequence[int], remarks: _Remarks) -> None:
    """Add notes on memory that drivers added, and on resources that are indented and in no other.

    added: bytes; lone: the starts of those resources.
    """
    if lone and _is_indented(rows, min(row[INDENT] for row in rows)):
        remarks.missing(f"the resource at {lone[0]:#x} lies in none that is listed")
    if added:
        remarks.notes.append(f"{format_size(added)} were added by drivers after boot: they are left out")


def _is_indented(rows: Sequence[Row], base: int) -> bool:
    """True if every resource within another is indented as by r_show(), and there is one.

    rows: sorted by address, outer ones first; base: the indentation of those at the top level.
    """
    nested = False
    for row, around in _with_parents(rows):
        if around is not None:
            nested = True
            if row[INDENT] != min(around[INDENT] + _STEP, base + _DEEPEST * _STEP):
                return False
    return nested


def _with_parents(rows: Sequence[Row]) -> Iterator[tuple[Row, Row | None]]:
    """Each resource, and the one that begins before it and has not ended. rows: as in `_is_indented`."""
    around: list[Row] = []
    for row in rows:
        while around and around[-1][END] <= row[START]:
            around.pop()
        yield row, around[-1] if around else None
        around.append(row)


def _in_the_one_beside(rows: Sequence[Row]) -> int | None:
    """The start of a resource that lies in one of the same indentation; None without one.

    The kernel's are disjoint, and indented within another, but for the deepest ones. rows: as in `_is_indented`.
    """
    indents = {row[INDENT] for row in rows}
    deepest = min(indents) + _DEEPEST * _STEP if len(indents) > 1 else 0
    for row, around in _with_parents(rows):
        alike = around is not None and row[INDENT] == around[INDENT] < deepest and row[:NAME] != around[:NAME]
        if alike and row[NAME] in NAMES:
            return row[START]
    return None


def _classified(rows: list[Row], name: str, remarks: _Remarks) -> tuple[list[Region], list[Reserved], dict[str, Range]]:
    """The memory regions, the reserved ranges in them, and the first range of each name.

    rows: sorted by address, outer ones first.
    """
    regions: list[Region] = []
    reserved: list[Reserved] = []
    by_name: dict[str, Range] = {}
    added = 0
    around: list[tuple[int, bool, str]] = []  # parents of the next: end, whether one is memory, name
    base = min([row[INDENT] for row in rows], default=0)
    lone: list[int] = []  # indented, and in no other
    for start, end, what, number, indent in rows:
        while around and (around[-1][0] < end or around[-1][0] <= start):
            if around[-1][0] > start and (what != OTHER or around[-1][2] != OTHER):
                where, span = Location(name, number, 1), f"{start:08x}-{end - 1:08x}"
                raise InputError(where, f"{span} goes beyond the resource that it begins in", READ_AGAIN)
            around.pop()
        in_ram = bool(around) and around[-1][1]
        if not around and indent > base and what in NAMES:
            lone.append(start)
        if what == ADDED or (what == "System RAM" and around and around[-1][2] == DAX):
            added += end - start
        elif what == "System RAM":
            regions.append(Region(start, end))
        elif what == "reserved" and not around:
            regions.append(Region(start, end, Flag.NOMAP.value))
        elif what == OTHER:
            if around and around[-1][2] == "System RAM":
                remarks.unknown.append((start, end))
                reserved.append(Reserved(start, end, "reserved"))
        elif (found := Reserved(start, end, what)).is_crash or in_ram:
            reserved.append(found)
            by_name.setdefault(what, Range(start, end))
        around.append((end, in_ram or what == "System RAM", what))
    _note_unknown_names(remarks)
    _note_left_out(rows, added, lone, remarks)
    if (beside := _in_the_one_beside(rows)) is not None:
        remarks.missing(f"the resource at {beside:#x} lies in the one beside it, so a digit is wrong")
    return _disjoint(regions, name, remarks.notes), reserved, by_name


def _disjoint(regions: list[Region], name: str, notes: list[str]) -> list[Region]:
    """Memory without overlaps.

    Firmware memory below the first bank is included: only NOMAP memory is called `reserved` at the top level
    (request_standard_resources(), arch/arm64/kernel/setup.c @ 6.1).
    """
    clean: list[Region] = []
    for region in regions:
        last = clean[-1].end if clean else 0
        if region.start >= last:
            clean.append(region)
            continue
        if len(notes) < 2 * _MOST_NOTES:
            notes.append(f"memory at {region.start:#x} is listed twice; the first listing is kept, as memblock does")
        if region.end > last:
            clean.append(Region(last, region.end, region.flags))
    if all(region.flags for region in clean):
        raise InputError(name, "there is no System RAM in it", "give the whole /proc/iomem")
    return clean
