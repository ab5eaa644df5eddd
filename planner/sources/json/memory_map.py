"""The JSON map, and a whole report taken as a map: memblock at the moment of the reservation.

Checked by hand rather than by a model: batches read thousands a second. Errors name the place in the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from planner.base.errors import InputError, Location, printable
from planner.base.ranges import Range
from planner.base.sizes import fits, format_size, memparse
from planner.base.text import told
from planner.kernel.machine import NO_DMA_ZONES, Answered, Facts, Machine
from planner.kernel.memblock import added_one_by_one
from planner.kernel.memory_map import FLAG_NAMES, MemoryMap, Region, Reserved
from planner.kernel.pgtable import VA_BITS
from planner.kernel.profiles import select_profile
from planner.planning.outcomes import OUTCOMES
from planner.planning.strategies import STRATEGIES
from planner.planning.values import BadValue, alignment
from planner.planning.views import TOLD_APART
from planner.sources.bounds import MAX_ROWS
from planner.sources.json.text import load, locate

__all__ = ["KEYS", "of_document", "parse", "schema"]

KEYS = frozenset(
    (
        "schema_version",
        "memory",
        "reserved",
        "kernel",
        "page_size",
        "va_bits",
        "cmdline",
        "dma_limit",
        "config",
        "kernel_image",
        "kernel_data",
        "kfence_pool",
    )
)
"""Every key of a JSON map."""

PHYSICAL_TOP = 1 << 52
"""Where all physical addresses of arm64 end."""

_REGION_KEYS = frozenset(("start", "end", "size", "flags", "node", "name"))


class _Bad(Exception):  # noqa: N818 - an internal signal, turned into InputError with its place
    def __init__(self, path: tuple[str | int, ...], what: str, remedy: str) -> None:
        super().__init__(path, what, remedy)
        self.path, self.what, self.remedy = path, what, remedy


class _BadKey(_Bad):
    """A key that is not known: the place of the key itself is meant."""


def parse(text: str, name: str) -> Machine:
    """The machine of a JSON document. Raises InputError with line and column."""
    document = load(text, name)
    try:
        return _machine(document, name)
    except _Bad as bad:
        line, column = locate(text, bad.path, key=isinstance(bad, _BadKey))
        where = ".".join(str(part) for part in bad.path) or "the document"
        raise InputError(Location(name, line, column), f"{where}: {bad.what}", bad.remedy) from None


def of_document(document: object, name: str) -> Machine:
    """The machine of a document that is decoded already; its `memory` and `reserved` may both be checked rows.

    Raises InputError with the path of what is wrong.
    """
    try:
        return _machine(document, name)
    except _Bad as bad:
        where = ".".join([name, *map(str, bad.path)])
        raise InputError(where, bad.what, bad.remedy) from None


def _machine(document: object, name: str) -> Machine:
    """The machine of a decoded document; raises the internal signal with the path of what is wrong."""
    if not isinstance(document, dict):
        raise _Bad((), "a JSON map is an object", 'give {"schema_version": 1, "memory": [...]}')
    version = document.get("schema_version", 1)
    if version != 1 or isinstance(version, bool):
        raise _Bad(("schema_version",), f"version {version!r} is not known", "use schema_version 1")
    if isinstance(document.get("memory"), dict):
        return _of_report(document, name)
    for key in document:
        if key not in KEYS:
            raise _BadKey((key,), "unknown key", f"use one of {', '.join(sorted(KEYS))}")
    if "memory" not in document:
        raise _Bad((), "the key memory is missing", 'give "memory": [{"start": ..., "end": ...}]')
    notes: list[str] = []
    memory = _memory(document["memory"], document.get("reserved", []), ("memory",), ("reserved",), notes)
    return Machine(name, "json", memory, _facts(document), settled=True, notes=tuple(notes))


def _of_report(document: Mapping[str, Any], name: str) -> Machine:
    inner = document["memory"]
    notes: list[str] = []
    memory = _memory(
        inner.get("regions"), inner.get("reserved", []), ("memory", "regions"), ("memory", "reserved"), notes
    )
    return Machine(name, "report", memory, _facts_of_report(document), settled=True, notes=tuple(notes))


def _facts_of_report(document: Mapping[str, Any]) -> Facts:
    """The facts of a report; what it had to assume is unknown again."""
    kernel, facts, request = (_section(document, key) for key in ("kernel", "facts", "request"))
    assumed = kernel.get("assumed", [])
    if not isinstance(assumed, list):
        raise _Bad(("kernel", "assumed"), "must be a list of keys", "such as []")
    configured = kernel.get("configured", {})
    if not isinstance(configured, dict):
        raise _Bad(("kernel", "configured"), "must be an object", "such as {}")
    assumed = [*assumed, *configured]
    version = _text(kernel, "version", "kernel") or _text(kernel, "profile", "kernel")
    page_size = _number_of(kernel, "page_size", "kernel")
    va_bits = _number_of(kernel, "va_bits", "kernel")
    _check_geometry(page_size, va_bits, "kernel")
    _check_kernel(version, "kernel", "version")
    limit = NO_DMA_ZONES if kernel.get("dma_limit", 0) is None else _number_of(kernel, "dma_limit", "kernel")
    midr = facts.get("midr", [])
    if not isinstance(midr, list) or not all(type(register) is int for register in midr):
        raise _Bad(("facts", "midr"), "must be a list of registers", "such as []")
    return Facts(
        kernel=None if "kernel" in assumed else version,
        page_size=None if "page_size" in assumed else page_size,
        va_bits=None if "va_bits" in assumed else va_bits,
        pa_bits=_number_of(facts, "pa_bits", "facts"),
        cmdline=_text(facts, "cmdline", "facts"),
        dma_limit=None if "dma_limit" in assumed else limit,
        config=_config(facts, "facts", "config"),
        kernel_image=_range(facts, "facts", "kernel_image"),
        kernel_data=_range(facts, "facts", "kernel_data"),
        kfence_pool=_range(facts, "facts", "kfence_pool"),
        midr=tuple(midr),
        request=_text(request, "text", "request"),
        splits_live=_flag(facts, "splits_live"),
        strategy=_strategy(kernel),
        align=_alignment(kernel),
        prefer_aligned=bool(_flag(facts, "prefer_aligned")),
        rodata=_text(facts, "rodata", "facts"),
        kfence=_flag(facts, "kfence"),
        cpu=_text(facts, "cpu", "facts"),
        answered=_answered(document, kernel, _text(request, "text", "request") or ""),
    )


def _flag(facts: Mapping[str, Any], key: str) -> bool | None:
    value = facts.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise _Bad(("facts", key), "must be true, false or null", "such as null")


def _strategy(kernel: Mapping[str, Any]) -> str | None:
    name = _text(kernel, "strategy", "kernel")
    if name is not None and name not in STRATEGIES:
        raise _Bad(("kernel", "strategy"), f"no strategy {name!r}", f"use one of {', '.join(STRATEGIES)}")
    return name


def _alignment(kernel: Mapping[str, Any]) -> str | None:
    text = _text(kernel, "align", "kernel")
    try:
        return None if text is None else alignment(text)
    except BadValue as bad:
        raise _Bad(("kernel", "align"), bad.what, bad.remedy) from None


def _answered(document: Mapping[str, Any], kernel: Mapping[str, Any], text: str) -> Answered:
    """The answer of a report, and what it says that its map does not show."""
    reservation = _section(document, "reservation")
    notes = document.get("notes", [])
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise _Bad(("notes",), "must be a list of texts", "such as []")
    rewound = _section(document, "memory").get("rewound", [])
    if not isinstance(rewound, list) or not all(isinstance(row, dict) for row in rewound):
        raise _Bad(("memory", "rewound"), "must be a list of ranges", "such as []")
    spans = [
        (*_span(row, ("memory", "rewound", n)), _text(row, "reason", "memory", "rewound") or "")
        for n, row in enumerate(rewound)
    ]
    return Answered(
        text,
        tuple(kernel.get(name) for name in TOLD_APART),
        _text(reservation, "outcome", "reservation") or "",
        _range(reservation, "reservation", "crash"),
        _range(reservation, "reservation", "low"),
        _others(reservation),
        tuple(map(told, notes)),
        tuple(spans),
    )


def _others(reservation: Mapping[str, Any]) -> tuple[tuple[str, str, Range | None, Range | None], ...]:
    """Its other readings of the map."""
    rows = reservation.get("other_readings", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _Bad(("reservation", "other_readings"), "must be a list of readings", "such as []")
    others = [
        (
            _text(row, "assumption", "reservation") or "",
            _text(row, "outcome", "reservation") or "",
            _range(row, "reservation", "crash"),
            _range(row, "reservation", "low"),
        )
        for row in rows
    ]
    if any(outcome not in OUTCOMES for _, outcome, _, _ in others):
        raise _Bad(("reservation", "other_readings"), "must have known outcomes", f"one of {', '.join(OUTCOMES)}")
    return tuple(others)


def _section(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Bad((key,), "must be an object in a report", "give a report as it was written")
    return value


def _text(document: Mapping[str, Any], key: str, *above: str) -> str | None:
    value = document.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _Bad((*above, key), "must be a string", f'such as "{key}": "..."')
    return told(value)


def _check_geometry(page_size: int | None, va_bits: int | None, *above: str) -> None:
    """Refuse what arm64 has not, at its own place."""
    if page_size is not None and page_size not in VA_BITS:
        raise _Bad((*above, "page_size"), f"{format_size(page_size)} is no arm64 page size", "use 4K, 16K or 64K")
    if va_bits is None:
        return
    allowed = sorted({bits for all_bits in VA_BITS.values() for bits in all_bits})
    if page_size is not None:
        allowed = list(VA_BITS[page_size])
    if va_bits not in allowed:
        pages = f"{format_size(page_size)} pages" if page_size else "arm64 kernels"
        choices = ", ".join(map(str, allowed))
        raise _Bad((*above, "va_bits"), f"{pages} do not go with {va_bits}-bit addresses", f"use one of {choices}")


def _check_kernel(version: str | None, *path: str) -> None:
    try:
        if version is not None:
            select_profile(version)
    except InputError as error:
        raise _Bad(path, error.what, error.remedy) from None


def _number_of(document: Mapping[str, Any], key: str, *above: str) -> int | None:
    value = document.get(key)
    return None if value is None else _number(value, (*above, key))


def _config(document: Mapping[str, Any], *path: str) -> dict[str, str]:
    config = document.get(path[-1])
    if config is None:
        return {}
    if not isinstance(config, dict) or not all(isinstance(v, str) for v in config.values()):
        raise _Bad(path, "must map Kconfig symbols to strings", 'such as {"ZONE_DMA": "y"}')
    return config


def _facts(document: Mapping[str, Any]) -> Facts:
    limit = document.get("dma_limit")
    page_size, va_bits = _number_of(document, "page_size"), _number_of(document, "va_bits")
    _check_geometry(page_size, va_bits)
    kernel = _text(document, "kernel")
    _check_kernel(kernel, "kernel")
    return Facts(
        kernel=kernel,
        page_size=page_size,
        va_bits=va_bits,
        cmdline=_text(document, "cmdline"),
        dma_limit=NO_DMA_ZONES if limit == "none" else _number_of(document, "dma_limit"),
        config=_config(document, "config"),
        kernel_image=_range(document, "kernel_image"),
        kernel_data=_range(document, "kernel_data"),
        kfence_pool=_range(document, "kfence_pool"),
    )


def _number(value: object, path: tuple[str | int, ...]) -> int:
    if type(value) is int:
        number = value
    elif isinstance(value, str):
        number, end = memparse(value)
        if end != len(value) or not value or value in "KMGTPEkmgtpe":
            raise _Bad(path, f"{value[:40]!r} is no number", 'use an integer or a string such as "0x40000000" or "4G"')
        if not fits(value):
            raise _Bad(path, f"{value[:40]} does not fit in 64 bits", "check the number")
    else:
        raise _Bad(path, "must be an integer or a string", 'such as 1073741824, "0x40000000" or "1G"')
    if not 0 <= number < 1 << 64:
        raise _Bad(path, f"{number} does not fit in 64 bits", "check the number")
    return number


def _range(document: Mapping[str, Any], *path: str) -> Range | None:
    value = document.get(path[-1])
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _Bad(path, "must be an object with start and end", 'such as {"start": 0, "end": 4096}')
    return Range(*_span(value, path))


def _span(entry: Mapping[str, Any], path: tuple[str | int, ...]) -> tuple[int, int]:
    if "start" not in entry or ("end" not in entry and "size" not in entry):
        raise _Bad(path, "needs start, and end or size", 'such as {"start": "1G", "size": "2G"}')
    start = _number(entry["start"], (*path, "start"))
    if "end" in entry:
        end = _number(entry["end"], (*path, "end"))
        if "size" in entry and start + _number(entry["size"], (*path, "size")) != end:
            raise _Bad((*path, "size"), "end and size contradict each other", "give one of them")
        if end < start:
            raise _Bad((*path, "end"), f"the range ends before it starts ({start:#x} to {end:#x})", "check the range")
        return start, end
    size = _number(entry["size"], (*path, "size"))
    if start + size > 1 << 64:
        raise _Bad((*path, "size"), "start plus size wraps around 64 bits", "check the size")
    return start, start + size


def _memory(
    memory: object, reserved: object, memory_path: tuple[str, ...], reserved_path: tuple[str, ...], notes: list[str]
) -> MemoryMap:
    if not isinstance(memory, list):
        raise _Bad(memory_path, "must be a list of regions", 'such as [{"start": "1G", "end": "9G"}]')
    if not isinstance(reserved, list):
        raise _Bad(reserved_path, "must be a list of ranges", "such as []")
    if len(memory) + len(reserved) > MAX_ROWS:
        raise _Bad(memory_path, f"has more than {MAX_ROWS} rows, the reserved ones included", "give one machine's map")
    return MemoryMap(
        _regions(memory, memory_path, notes),
        _reserved(reserved, reserved_path),
    )


def _regions(memory: list[Any], path: tuple[str, ...], notes: list[str]) -> list[Region]:
    listed = [_region(entry, (*path, index), notes) for index, entry in enumerate(memory)]
    regions = [region for region in listed if region is not None]
    if not regions:
        raise _Bad(path, "there is no RAM in the map", "give at least one memory region")
    return _in_order(regions, notes)


def _reserved(reserved: list[Any], path: tuple[str, ...]) -> list[Reserved]:
    taken = []
    for index, entry in enumerate(reserved):
        start, end = _entry(entry, (*path, index))
        if start < end:
            taken.append(Reserved(start, end, printable(entry.get("name") or "")))
    return taken


def _region(entry: Any, path: tuple[str | int, ...], notes: list[str]) -> Region | None:
    """One entry of memory, checked key by key; None for an empty one."""
    start, end = _entry(entry, path)
    if end > PHYSICAL_TOP:
        raise _Bad(path, f"{end:#x} lies beyond 52 physical address bits", "check the range")
    if start == end:
        notes.append(f"an empty memory region at {start:#x} is ignored, as memblock does")
        return None
    flags = 0 if entry.get("flags") is None else _flags(entry["flags"], path)
    node = entry.get("node")
    if node is not None and (type(node) is not int or node < 0):
        raise _Bad((*path, "node"), "must be a node number or null", "such as 0")
    return Region(start, end, flags, node)


def _in_order(regions: list[Region], notes: list[str]) -> list[Region]:
    """The regions as memblock lists them; `notes` says what that changed."""
    if all(a.end <= b.start for a, b in pairwise(regions)):
        return regions
    ordered = sorted(regions, key=lambda r: r.start)
    if any(a.end > b.start for a, b in pairwise(ordered)):
        notes.append("memory regions overlap: parts listed before keep their flags, as memblock does")
        return added_one_by_one(regions)
    notes.append("memory regions were not in order and were sorted, as memblock does")
    return ordered


def _entry(entry: object, path: tuple[str | int, ...]) -> tuple[int, int]:
    if type(entry) is not dict:
        raise _Bad(path, "must be an object", 'such as {"start": "1G", "end": "2G"}')
    for key in entry:
        if key not in _REGION_KEYS:
            raise _BadKey((*path, key), "unknown key", f"use {', '.join(sorted(_REGION_KEYS))}")
    name = entry.get("name")
    if name is not None and not isinstance(name, str):
        raise _Bad((*path, "name"), "must be a string", 'such as "kernel"')
    start, end = entry.get("start"), entry.get("end")
    if type(start) is int and type(end) is int and 0 <= start <= end < 1 << 64 and "size" not in entry:
        return start, end
    return _span(entry, path)


def _flags(names: object, path: tuple[str | int, ...]) -> int:
    if not isinstance(names, list):
        raise _Bad((*path, "flags"), "must be a list", 'such as ["nomap"]')
    flags = 0
    for name in names:
        if not isinstance(name, str) or name not in FLAG_NAMES:
            raise _Bad((*path, "flags"), f"{name!r} is no memblock flag", f"use {', '.join(FLAG_NAMES)}")
        flags |= FLAG_NAMES[name].value
    return flags


def schema() -> dict[str, Any]:
    """The JSON Schema of a map."""
    number = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]}
    span = {"start": number, "end": number, "size": number}
    needs = {"anyOf": [{"required": ["start", "end"]}, {"required": ["start", "size"]}]}
    none = {"type": "null"}
    region = {
        **span,
        "flags": {"anyOf": [{"type": "array", "items": {"enum": list(FLAG_NAMES)}}, none]},
        "node": {"type": ["integer", "null"]},
        "name": {"type": ["string", "null"]},
    }
    entry = {"type": "object", "properties": region, "additionalProperties": False, **needs}
    one_range = {"anyOf": [{"type": "object", "properties": span, "additionalProperties": False, **needs}, none]}
    number_or_none = {"anyOf": [number, none]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:crashkernel-planner:map:1",
        "title": "Memory map of an arm64 machine when the crash kernel is reserved",
        "description": "Numbers are bytes: integers, or strings as the kernel reads them (0x40000000, 4G).",
        "type": "object",
        "required": ["memory"],
        "additionalProperties": False,
        "properties": {
            "schema_version": {"const": 1},
            "memory": {"type": "array", "minItems": 1, "items": entry},
            "reserved": {"type": "array", "items": entry},
            "kernel": {"type": ["string", "null"]},
            "page_size": number_or_none,
            "va_bits": number_or_none,
            "cmdline": {"type": ["string", "null"]},
            "dma_limit": number_or_none,
            "config": {"type": ["object", "null"], "additionalProperties": {"type": "string"}},
            "kernel_image": one_range,
            "kernel_data": one_range,
            "kfence_pool": one_range,
        },
    }
