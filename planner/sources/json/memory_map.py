"""JSON maps, and reports used as maps: memblock's state when the crash kernel is reserved.

Dataclasses define the formats, for validation and for the published schema; errors give the place in the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, PlainValidator, TypeAdapter, WithJsonSchema, with_config

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import U64, format_size
from planner.kernel.machine import (
    NO_DMA_ZONES,
    Answered,
    AnsweredHelp,
    AnsweredReading,
    AnsweredUndone,
    Facts,
    Machine,
)
from planner.kernel.memblock import added_one_by_one
from planner.kernel.memory_map import FLAG_NAMES, PHYSICAL_TOP, MemoryMap, Region, Reserved
from planner.kernel.pgtable import VA_BITS
from planner.kernel.profiles import select_profile
from planner.planning.outcomes import Outcome
from planner.planning.strategies import STRATEGIES
from planner.planning.values import BadValue, alignment
from planner.planning.views import DISTINGUISHING
from planner.sources.bounds import MAX_ROWS, MAX_SYMBOLS
from planner.sources.json.checked import (
    EXACT,
    NUMBER,
    Count,
    Flag,
    Line,
    Number,
    Path,
    RefusedError,
    Rows,
    Text,
    Version,
    checked,
    located_errors,
    number,
    published,
    refuse,
)
from planner.sources.json.text import load

__all__ = ["KEYS", "of_document", "parse", "schema"]


def _flags(names: object) -> int:
    """The bits of memblock's flags, given by their names. Raises pydantic's error, as do all validators below."""
    if not isinstance(names, list):
        refuse("must be a list", 'such as ["nomap"]')
    flags = 0
    for name in names:
        if not isinstance(name, str) or name not in FLAG_NAMES:
            refuse(f"{str(name)[:40]!r} is not a flag of memblock", f"use {', '.join(FLAG_NAMES)}")
        flags |= FLAG_NAMES[name].value
    return flags


def _limit(value: object) -> int:
    """A DMA limit, in bytes or "none"."""
    return NO_DMA_ZONES if value == "none" else number(value)


def _strategy(name: object) -> str:
    """The name of a strategy."""
    if not isinstance(name, str) or name not in STRATEGIES:
        refuse(f"unknown strategy {str(name)[:40]!r}", f"use one of {', '.join(STRATEGIES)}")
    return name


def _alignment(text: object) -> str:
    """The alignment of the aligned area, in the words of `--align`."""
    if not isinstance(text, str):
        refuse("must be a string", "such as pud")
    try:
        return alignment(text)
    except BadValue as bad:
        refuse(bad.what, bad.remedy)


_Strategy = Annotated[str, PlainValidator(_strategy)]
_Alignment = Annotated[str, PlainValidator(_alignment)]
_Symbols = Annotated[dict[str, str], Field(max_length=MAX_SYMBOLS)]
_FlagNames = Annotated[
    int, PlainValidator(_flags), WithJsonSchema({"type": "array", "items": {"enum": list(FLAG_NAMES)}})
]
_Limit = Annotated[int, PlainValidator(_limit), WithJsonSchema(NUMBER)]
_EXTENT = ConfigDict(
    **EXACT, json_schema_extra={"anyOf": [{"required": ["start", "end"]}, {"required": ["start", "size"]}]}
)


@with_config(_EXTENT)
@dataclass(frozen=True, slots=True)
class Extent:
    """A range in bytes: its start, and its end or size; the other is -1."""

    start: Number
    """First byte."""
    end: Number = -1
    """First byte after the range."""
    size: Number = -1
    """`end` - `start`."""


@with_config(_EXTENT)
@dataclass(frozen=True, slots=True)
class Row(Extent):
    """A region of memory, or a reserved range."""

    flags: _FlagNames | None = None
    """memblock's flags of the region, by name."""
    node: Count | None = None
    """NUMA node."""
    name: Text | None = None
    """Its name."""


@with_config(EXACT)
@dataclass(frozen=True, slots=True)
class _Map:
    """Numbers are bytes: integers, or strings as the kernel reads them (0x40000000, 4G)."""

    memory: Annotated[Rows[Row], Field(min_length=1)]
    """RAM, as memblock.memory holds it."""
    schema_version: Version = 1
    """The version of this schema."""
    reserved: Rows[Row] = field(default_factory=list)
    """Ranges reserved before the crash kernel."""
    kernel: Text | None = None
    """The kernel's version, as `uname -r` prints it, or a name that `kernels` lists."""
    page_size: Number | None = None
    """4K, 16K or 64K."""
    va_bits: Number | None = None
    """Bits of virtual addresses."""
    cmdline: Line | None = None
    """The kernel's command line."""
    dma_limit: _Limit | None = None
    """The first byte that DMA cannot reach, or "none" without DMA zones."""
    config: _Symbols | None = None
    """Kconfig symbols without CONFIG_, with their values."""
    kernel_image: Extent | None = None
    """The range that /proc/iomem calls Kernel code."""
    kernel_data: Extent | None = None
    """The range that /proc/iomem calls Kernel data."""
    kfence_pool: Extent | None = None
    """The pool of KFENCE that is allocated early."""


KEYS = frozenset(one.name for one in fields(_Map))
"""Every key of a JSON map."""

_UNKNOWN_LIMIT = NO_DMA_ZONES - 1
"""The DMA limit of a report that does not give one: null there means that the kernel has no DMA zones."""


@dataclass(frozen=True, slots=True)
class _Undone(Extent):
    """A range that an earlier plan took out of its map, and why."""

    reason: Line = ""


@dataclass(frozen=True, slots=True)
class _Memory:
    """`memory` of a report."""

    regions: Rows[Row]
    reserved: Rows[Row] = field(default_factory=list)
    rewound: Rows[_Undone] = field(default_factory=list)
    doubt: Line = ""


@dataclass(frozen=True, slots=True)
class _Kernel:
    """`kernel` of a report; what is listed in `assumed` or `configured` is not a fact of the machine."""

    version: Text | None = None
    profile: Text | None = None
    page_size: Number | None = None
    va_bits: Number | None = None
    dma_limit: Number | None = _UNKNOWN_LIMIT
    assumed: list[Text] = field(default_factory=list)
    configured: dict[str, Any] = field(default_factory=dict)
    granule: Number | None = None
    strategy: _Strategy | None = None
    align: _Alignment | None = None


@dataclass(frozen=True, slots=True)
class _ReportFacts:
    """`facts` of a report: what its sources told, and the options of its plan."""

    pa_bits: Number | None = None
    cmdline: Line | None = None
    config: _Symbols | None = None
    kernel_image: Extent | None = None
    kernel_data: Extent | None = None
    kfence_pool: Extent | None = None
    midr: list[Count] = field(default_factory=list)
    rodata: Text | None = None
    kfence: Flag | None = None
    cpu: Text | None = None
    splits_live: Flag | None = None
    prefer_aligned: Flag = False


@dataclass(frozen=True, slots=True)
class _Request:
    """`request` of a report."""

    text: Line | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    """One of `reservation.other_readings` of a report."""

    outcome: Outcome
    assumption: Line = ""
    about: Literal["map", "kernel"] = "map"
    crash: Extent | None = None
    low: Extent | None = None


@dataclass(frozen=True, slots=True)
class _Reservation:
    """`reservation` of a report."""

    outcome: Text = ""
    crash: Extent | None = None
    low: Extent | None = None
    other_readings: list[_Reading] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Help:
    """One of `help` of a report: a change that would help, and what it leads to."""

    outcome: Outcome
    text: Line = ""
    crashkernel: Line | None = None
    crash: Extent | None = None
    lacks: Number | None = None


@with_config(ConfigDict(extra="ignore"))
@dataclass(frozen=True, slots=True)
class _Report:
    """The part of a report with the machine and the request."""

    memory: _Memory
    schema_version: Version = 1
    kernel: _Kernel | None = None
    facts: _ReportFacts | None = None
    request: _Request | None = None
    reservation: _Reservation | None = None
    notes: list[Line] = field(default_factory=list)
    help: list[_Help] | None = None


_MAP = TypeAdapter(_Map)
_REPORT = TypeAdapter(_Report)


def parse(text: str, name: str) -> Machine:
    """The machine of a JSON document. Raises InputError with line and column."""
    document = load(text, name)
    with located_errors(text, name):
        return _machine(document, name)


def of_document(document: object, name: str) -> Machine:
    """The machine of a decoded document. Raises InputError with the path of the wrong value."""
    try:
        return _machine(document, name)
    except RefusedError as bad:
        raise InputError(".".join([name, *map(str, bad.path)]), bad.what, bad.remedy) from None


def schema() -> dict[str, Any]:
    """The JSON Schema of a map."""
    return published(_MAP, "map", "Memory map of an arm64 machine when the crash kernel is reserved")


def _machine(document: object, name: str) -> Machine:
    """The machine of a decoded document. Raises RefusedError."""
    notes: list[str] = []
    if isinstance(document, dict) and isinstance(document.get("memory"), dict):
        report = checked(_REPORT, document, "report")
        regions, reserved = report.memory.regions, report.memory.reserved
        memory = _memory(regions, reserved, ("memory", "regions"), ("memory", "reserved"), notes)
        facts, doubt = _facts_of_report(report), report.memory.doubt
        return Machine(name, "report", memory, facts, settled=True, notes=tuple(notes), doubt=doubt)
    own = checked(_MAP, document, "map")
    memory = _memory(own.memory, own.reserved, ("memory",), ("reserved",), notes)
    return Machine(name, "json", memory, _facts(own), settled=True, notes=tuple(notes))


# -- rows ------------------------------------------------------------------------------------------------------------


def _memory(
    memory: Sequence[Row], reserved: Sequence[Row], memory_path: Path, reserved_path: Path, notes: list[str]
) -> MemoryMap:
    """The map of regions and reserved ranges. The paths are their places; `notes` takes notes on changes."""
    if len(memory) + len(reserved) > MAX_ROWS:
        what = f"has more than {MAX_ROWS} rows, the reserved ones included"
        raise RefusedError(memory_path, what, "give the map of one machine")
    return MemoryMap(_regions(memory, memory_path, notes), _reserved(reserved, reserved_path))


def _regions(rows: Sequence[Row], path: Path, notes: list[str]) -> list[Region]:
    """The regions of memory, sorted and disjoint, without empty ones. Raises RefusedError if none is left."""
    regions = []
    for index, row in enumerate(rows):
        start, end = _span(row, path, index)
        if end > PHYSICAL_TOP:
            raise RefusedError((*path, index), f"{end:#x} lies beyond 52 physical address bits", "check the range")
        if start == end:
            notes.append(f"an empty memory region at {start:#x} is ignored, as memblock does")
        else:
            regions.append(Region(start, end, row.flags or 0, row.node))
    if not regions:
        raise RefusedError(path, "there is no RAM in the map", "give at least one memory region")
    return _in_order(regions, notes)


def _in_order(regions: list[Region], notes: list[str]) -> list[Region]:
    """The regions as memblock would list them; `notes` takes notes on changes."""
    if all(a.end <= b.start for a, b in pairwise(regions)):
        return regions
    ordered = sorted(regions, key=lambda r: r.start)
    if any(a.end > b.start for a, b in pairwise(ordered)):
        notes.append("memory regions overlap: those listed first keep their flags, as memblock does")
        return added_one_by_one(regions)
    notes.append("memory regions were not in order and were sorted, as memblock does")
    return ordered


def _reserved(rows: Sequence[Row], path: Path) -> list[Reserved]:
    """The reserved ranges that are not empty, in the order listed."""
    reserved = []
    for index, row in enumerate(rows):
        start, end = _span(row, path, index)
        if start < end:
            reserved.append(Reserved(start, end, row.name or ""))
    return reserved


def _span(extent: Extent, *above: Path | str | int) -> tuple[int, int]:
    """Start and end of an extent. above: its place, for errors."""
    start, end, size = extent.start, extent.end, extent.size
    if size < 0 and start <= end:
        return start, end
    path: Path = tuple(part for some in above for part in (some if isinstance(some, tuple) else (some,)))
    if end < 0:
        if size < 0:
            raise RefusedError(path, "needs an end or a size", 'such as {"start": "1G", "size": "2G"}')
        if start + size > U64:
            raise RefusedError((*path, "size"), "start plus size wraps around 64 bits", "check the size")
        return start, start + size
    if size >= 0 and start + size != end:
        raise RefusedError((*path, "size"), "end and size contradict each other", "give one of them")
    if end < start:
        what = f"the range ends before it starts ({start:#x} to {end:#x})"
        raise RefusedError((*path, "end"), what, "check the range")
    return start, end


def _range(extent: Extent | None, *path: str) -> Range | None:
    """The range of an optional extent. path: its place, for errors."""
    return None if extent is None else Range(*_span(extent, *path))


# -- facts -----------------------------------------------------------------------------------------------------------


def _facts(own: _Map) -> Facts:
    """The facts of a map. Raises RefusedError for a kernel, a page size or bits that do not exist."""
    _check_geometry(own.page_size, own.va_bits)
    _check_kernel(own.kernel, "kernel")
    return Facts(
        kernel=own.kernel,
        page_size=own.page_size,
        va_bits=own.va_bits,
        cmdline=own.cmdline,
        dma_limit=own.dma_limit,
        config=own.config or {},
        kernel_image=_range(own.kernel_image, "kernel_image"),
        kernel_data=_range(own.kernel_data, "kernel_data"),
        kfence_pool=_range(own.kfence_pool, "kfence_pool"),
    )


def _facts_of_report(report: _Report) -> Facts:
    """The facts of a report, without those that it assumed."""
    kernel, listed = report.kernel or _Kernel(), report.facts or _ReportFacts()
    assumed = {*kernel.assumed, *kernel.configured}
    version = kernel.version or kernel.profile
    _check_geometry(kernel.page_size, kernel.va_bits, "kernel")
    _check_kernel(version, "kernel", "version")
    limit = NO_DMA_ZONES if kernel.dma_limit is None else kernel.dma_limit
    return Facts(
        kernel=None if "kernel" in assumed else version,
        page_size=None if "page_size" in assumed else kernel.page_size,
        va_bits=None if "va_bits" in assumed else kernel.va_bits,
        pa_bits=listed.pa_bits,
        cmdline=listed.cmdline,
        dma_limit=None if "dma_limit" in assumed or limit == _UNKNOWN_LIMIT else limit,
        config=listed.config or {},
        kernel_image=_range(listed.kernel_image, "facts", "kernel_image"),
        kernel_data=_range(listed.kernel_data, "facts", "kernel_data"),
        kfence_pool=_range(listed.kfence_pool, "facts", "kfence_pool"),
        midr=tuple(listed.midr),
        request=None if report.request is None else report.request.text,
        rodata=listed.rodata,
        kfence=listed.kfence,
        cpu=listed.cpu,
        strategy=kernel.strategy,
        align=kernel.align,
        splits_live=listed.splits_live,
        prefer_aligned=listed.prefer_aligned,
        answered=_answered(report, kernel),
    )


def _answered(report: _Report, kernel: _Kernel) -> Answered:
    """The outcome in a report, with other readings and notes, which its map does not have."""
    done = report.reservation or _Reservation()
    readings, rewound = ("reservation", "other_readings"), ("memory", "rewound")
    return Answered(
        text=(report.request and report.request.text) or "",
        kernel={name: getattr(kernel, name) for name in DISTINGUISHING},
        outcome=done.outcome,
        crash=_range(done.crash, "reservation", "crash"),
        low=_range(done.low, "reservation", "low"),
        others=tuple(
            AnsweredReading(row.assumption, row.outcome, _range(row.crash, *readings), _range(row.low, *readings))
            for row in done.other_readings
            if row.about == "map"
        ),
        notes=tuple(report.notes),
        rewound=tuple(
            AnsweredUndone(*_span(row, rewound, n), row.reason) for n, row in enumerate(report.memory.rewound)
        ),
        help=None
        if report.help is None
        else tuple(
            AnsweredHelp(each.text, each.crashkernel, each.outcome, _range(each.crash, "help"), each.lacks)
            for each in report.help
        ),
    )


def _check_geometry(page_size: int | None, va_bits: int | None, *above: str) -> None:
    """Refuse values that arm64 does not support, at their place in the document."""
    if page_size is not None and page_size not in VA_BITS:
        what = f"arm64 has no pages of {format_size(page_size)}"
        raise RefusedError((*above, "page_size"), what, "use 4K, 16K or 64K")
    if va_bits is None:
        return
    allowed = sorted({bits for all_bits in VA_BITS.values() for bits in all_bits})
    if page_size is not None:
        allowed = list(VA_BITS[page_size])
    if va_bits not in allowed:
        pages = f"{format_size(page_size)} pages" if page_size else "arm64 kernels"
        what = f"{pages} are not possible with {va_bits}-bit addresses"
        raise RefusedError((*above, "va_bits"), what, f"use one of {', '.join(map(str, allowed))}")


def _check_kernel(version: str | None, *path: str) -> None:
    """Refuse a kernel that is not known, at its place in the document."""
    try:
        if version is not None:
            select_profile(version)
    except InputError as error:
        raise RefusedError(path, error.what, error.remedy) from None
