"""Page-table dumps of debugfs and DirectMap lines of meminfo: the linear map of a running kernel.

Source: Documentation/arch/arm64/ptdump.rst, arch/arm64/mm/ptdump.c @ 5.10, 6.1, 6.18, 7.3 for the dump
(/sys/kernel/debug/kernel_page_tables). A row with attributes has the memory type among the last of them, and from 5.4
on a mark ends the linear map's section. note_page() prints rows for holes, too (5.10 on; not in dump.c @ 5.4). Kernels
that count their linear map print DirectMap lines, named after the size of an entry or of a contiguous run
(`DirectMap4k`, `DirectMap2M`, ...).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from planner.base.errors import InputError, Location
from planner.base.sizes import KIB, memparse
from planner.sources.quoting import unquoted
from planner.sources.reading import TABLE_ROW, decode, read_bytes, text_lines
from planner.studies.granularity import Observed

__all__ = ["parse_dump", "parse_meminfo", "read_dump", "read_meminfo"]

_SECTION = re.compile(r"^---\[ (.*?) \]---\s*$")  # a mark; group: its title
_LEAF = re.compile(rf"^\s*{TABLE_ROW}(.*)$")  # groups: start, end, level, attributes
_HOLE = re.compile(rf"^[ \t]*{TABLE_ROW}[ \t\r]*\n", re.MULTILINE)  # a row without attributes
_TYPES = ("MEM/", "DEVICE/")  # of memory, after all attributes that matter here
_LAST, _END = "linear mapping", "linear mapping end"  # before 5.4, the section is the last, and nothing ends it
_ALL = 1 << 64
_REMEDY = "give /sys/kernel/debug/kernel_page_tables, whole"
_DIRECT = re.compile(r"^\s*DirectMap(\d+[kKMG]):\s+(\d+) kB\s*$")  # groups: size of an entry, KiB

_KINDS = {("PTE", False): "pte", ("PTE", True): "cont_pte", ("PMD", False): "pmd", ("PMD", True): "cont_pmd"}
"""Kinds of leaves by level and contiguous bit; those of all levels above are "pud"."""


def read_dump(path: str) -> Observed:
    """The linear map of a page-table dump. Raises InputError."""
    data, name = read_bytes(path)
    if not data.strip():
        raise InputError(name, "is empty", _REMEDY)
    return parse_dump(unquoted(decode(data, name), name), name)


def read_meminfo(path: str) -> Observed:
    """The DirectMap lines of a /proc/meminfo. Raises InputError."""
    data, name = read_bytes(path)
    if not data.strip():
        raise InputError(name, "is empty", "give /proc/meminfo")
    return parse_meminfo(decode(data, name), name)


def parse_dump(text: str, name: str) -> Observed:
    """Bytes per kind of leaf in the linear-map section of a dump. Raises InputError, also if that is not whole."""
    lines = text_lines(text, name)
    rows = [row for number, line in _linear_map(lines, name) if (row := _row(number, line, name)) is not None]
    _check_order(rows, name)
    if rows and _HOLE.search(text):
        _check_whole(rows, name)
        _check_end(rows, lines, name)
    found: dict[str, int] = {}
    for row in rows:
        if row.kind is not None:
            found[row.kind] = found.get(row.kind, 0) + row.end - row.start
    return Observed(name, by_kind=found)


class _Row(NamedTuple):
    """One row of a dump, with its line. kind: of its leaves, None for a hole."""

    number: int
    start: int
    end: int
    kind: str | None


def _row(number: int, line: str, name: str) -> _Row | None:
    """The row on a line; None for a line that is not a row. Raises InputError for a damaged one."""
    leaf = _LEAF.match(line)
    where = Location(name, number, 1)
    if leaf is None and line.lstrip().startswith("0x"):
        raise InputError(where, "this row is damaged or cut off", _REMEDY)
    if leaf is None:
        return None
    start, end, flags = int(leaf[1], 16), int(leaf[2], 16), leaf[4].split()
    if end <= start:
        raise InputError(where, "the range ends before it starts", "check the line")
    if flags and not any(flag.startswith(_TYPES) for flag in flags):
        raise InputError(where, "this row is cut off: it has no memory type", _REMEDY)
    return _Row(number, start, end, _kind(leaf[3], flags))


def _check_order(rows: Sequence[_Row], name: str) -> None:
    """Raise InputError if rows are doubled or out of order."""
    for before, row in pairwise(rows):
        if row.start < before.end:
            what = (
                f"this row starts at {row.start:#x}, below the end of the one before: rows are doubled or out of order"
            )
            raise InputError(Location(name, row.number, 1), what, _REMEDY)


def _check_whole(rows: Sequence[_Row], name: str) -> None:
    """Raise InputError if rows are missing from a dump with rows for holes, which leaves nothing out.

    It begins at PAGE_OFFSET, which is -1 << N for N bits.
    """
    first, *_ = rows
    if not _is_page_offset(first.start):
        what = f"the linear map begins at {first.start:#x} here: rows are missing before this one"
        raise InputError(Location(name, first.number, 1), what, _REMEDY)
    for before, row in pairwise(rows):
        if row.start != before.end:
            what = f"rows are missing before this one: nothing covers {before.end:#x} to {row.start:#x}"
            raise InputError(Location(name, row.number, 1), what, _REMEDY)


def _check_end(rows: Sequence[_Row], following: Iterator[tuple[int, str]], name: str) -> None:
    """Raise InputError if rows are missing after the last one of such a dump's linear map. following: the lines after.

    It ends where the next section's first row starts: note_page() begins each row where it ended the one before. A dump
    that goes no further ends it at PAGE_END.
    """
    last, ends = rows[-1], _page_ends(rows[0].start)
    after = (int(leaf[1], 16) for _, line in following if (leaf := _LEAF.match(line)) is not None)
    start = next(after, last.end if last.end in ends else ends[0])
    if start != last.end:
        what = f"rows are missing after this one: nothing covers {last.end:#x} to {start:#x}"
        raise InputError(Location(name, last.number, 1), what, _REMEDY)


def _page_ends(page_offset: int) -> list[int]:
    """The possible ends (PAGE_END) of a linear map that begins here: below the kernel's half of all addresses.

    A kernel of 52 bits leaves that of 48, or with 16K pages of 47; see `Geometry.linear_size`. With KASAN it ends below
    the shadow of all addresses, of a byte for 8 or 16. Source: PAGE_END and _KASAN_SHADOW_START(),
    arch/arm64/include/asm/memory.h @ 6.1.
    """
    bits = (_ALL - page_offset).bit_length() - 1
    every = [48, 47] if bits == 52 else [bits]
    ends = [_ALL - (1 << least - 1) for least in every]
    shadows = [1 << most - scale for most in dict.fromkeys((bits, *every)) for scale in (3, 4)]
    return ends + [end - shadow for end in ends for shadow in shadows]


def _is_page_offset(address: int) -> bool:
    """True for an address that a linear map may begin at."""
    return (_ALL - address).bit_count() == 1


def _linear_map(lines: Iterator[tuple[int, str]], name: str) -> Iterator[tuple[int, str]]:
    """The lines of the linear map's section, up to its end. Raises InputError if its begin or its end is missing.

    5.10 prints no mark before it (ptdump_walk() leaves `level` 0), but a row for all below.
    """
    begun = False  # the section has begun
    early = False  # a row came before any mark: in 5.10 the one for all below the linear map
    unending = False  # no mark ends the section
    number = 0
    for number, line in lines:
        section = _SECTION.match(line)
        title = section[1].lower() if section is not None else ""
        if title == _END and begun:
            return
        if title.startswith("linear mapping") and title != _END:
            begun, unending = True, title == _LAST
        elif begun and section is None:
            yield number, line
        elif begun:
            break
        elif not early and (leaf := _LEAF.match(line)) is not None:
            early, begun = True, int(leaf[1], 16) == 0 and _is_page_offset(int(leaf[2], 16))
    if not begun:
        lost = (
            "the mark of the linear map is missing: the beginning is lost" if early else "it has no linear-map section"
        )
        raise InputError(name, lost, _REMEDY)
    if not unending:
        what = "the linear map is cut off here: no mark ends its section"
        raise InputError(Location(name, number, 1), what, _REMEDY)


def _kind(level: str, flags: list[str]) -> str | None:
    """The kind of leaf on one line; None for a line that maps nothing.

    Tables are not listed, so every entry with attributes is a leaf. An invalid one counts too: a guard page of KFENCE,
    and from 7.3 on the alias of the image's data, whose blocks have no BLK.
    """
    if not flags:
        return None
    return "pud" if level in ("PGD", "P4D", "PUD") else _KINDS[level, "CON" in flags]


def parse_meminfo(text: str, name: str) -> Observed:
    """Bytes mapped by entries of each size. Raises InputError."""
    found: dict[int, int] = {}
    for number, line in text_lines(text, name):
        if not line.lstrip().startswith("DirectMap"):
            continue
        match = _DIRECT.match(line)
        if match is None:
            raise InputError(
                Location(name, number, 1), "this DirectMap line cannot be read", "it should read like DirectMap2M: 1 kB"
            )
        size = memparse(match[1])[0]
        found[size] = found.get(size, 0) + int(match[2]) * KIB
    if not found:
        raise InputError(name, "there is no DirectMap line in it", "this kernel does not count its linear map")
    return Observed(name, by_size=found)
