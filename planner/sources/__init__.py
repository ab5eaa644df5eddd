"""Sources: from files, text, samples and this machine to a `Machine`. Only here, in `batch` and `cli` are files read.

The kind of a source is found by its content; each reader is imported when it is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

from planner.errors import InputError
from planner.machine import Facts, Machine
from planner.records import replace
from planner.sources.reading import decode, read_bytes

if TYPE_CHECKING:
    from planner.sources.samples import Sample

__all__ = ["FORMATS", "combine", "parse_text", "read_source", "samples"]

FORMATS = ("iomem", "dmesg", "memblock", "json")


def read_source(spec: str, *, fmt: str | None = None, stdin: BinaryIO | None = None, what_if: bool = False) -> Machine:
    """The machine a source describes.

    spec: a path, `-` for standard input, `sample:NAME`, or `live`. fmt: one of `FORMATS`, overriding detection.
    Raises InputError for what cannot be read.
    """
    if spec == "live":
        from planner.sources import live  # noqa: PLC0415 - each reader when it is needed

        return live.read(what_if=what_if)
    if spec.startswith("sample:"):
        from planner.sources.samples import read  # noqa: PLC0415 - as above

        return read(spec.removeprefix("sample:"))
    data, name = read_bytes(spec, stdin)
    return parse_text(data, name, fmt)


def parse_text(data: bytes, name: str, fmt: str | None = None) -> Machine:
    """The machine that the content of a source describes. Raises InputError."""
    text = decode(data, name)
    kind = fmt or _kind(text, name)
    if kind == "json":
        from planner.sources import json_map  # noqa: PLC0415 - as above

        return json_map.parse(text, name)
    if kind == "memblock":
        from planner.sources import memblock  # noqa: PLC0415 - as above

        return memblock.parse(text, name)
    if kind == "dmesg":
        from planner.sources import dmesg  # noqa: PLC0415 - as above

        return dmesg.parse(text, name)
    if kind == "iomem":
        from planner.sources import iomem  # noqa: PLC0415 - as above

        return iomem.parse(text, name)
    raise InputError("--map-format", f"no format {kind!r}", f"use one of {', '.join(FORMATS)}")


def _kind(text: str, name: str) -> str:
    head = text[:200_000]
    opening = "".join(head[:4096].split())[:2]
    if opening[:1] == "{" or opening in ("[{", "[]"):
        return "json"
    from planner.sources import memblock  # noqa: PLC0415 - as above

    if memblock.looks_like(head):
        return "memblock"
    from planner.sources import iomem  # noqa: PLC0415 - as above

    if iomem.looks_like(head):
        return "iomem"
    from planner.sources import dmesg  # noqa: PLC0415 - as above

    if dmesg.looks_like(head):
        return "dmesg"
    raise InputError(
        name,
        "is no memory map that is known here",
        "give /proc/iomem, a boot log, memblock debugfs files or a JSON map, or name it with --map-format",
    )


_FACTS = (
    "kernel",
    "arch",
    "page_size",
    "va_bits",
    "pa_bits",
    "cmdline",
    "dma_limit",
    "firmware_dma_limit",
    "config",
    "kernel_image",
    "kernel_data",
    "kfence_pool",
    "midr",
    "record",
    "events",
)
_PRECISION = ("json", "report", "memblock", "iomem", "live", "dmesg")


def combine(machines: Sequence[Machine]) -> Machine:
    """One machine from several sources of it: the most precise map, the facts of all.

    Raises InputError, naming both sources, where two facts contradict each other.
    """
    with_map = [m for m in machines if m.memory.regions] or list(machines)
    best = min(with_map, key=lambda m: (not m.settled, _PRECISION.index(m.kind) if m.kind in _PRECISION else 9))
    values: dict[str, object] = {}
    origin: dict[str, str] = {}
    for machine in (best, *(m for m in machines if m is not best)):
        for name in _FACTS:
            value = getattr(machine.facts, name)
            if value in (None, (), {}):
                continue
            if name not in values:
                values[name], origin[name] = value, machine.source
            elif name in ("kernel", "page_size", "va_bits", "arch") and values[name] != value:
                raise InputError(
                    machine.source,
                    f"{name} is {value} here and {values[name]} in {origin[name]}",
                    "give sources of the same boot",
                )
    notes = tuple(note for machine in machines for note in machine.notes)
    return replace(best, facts=Facts(**values), notes=notes)  # type: ignore[arg-type]


def samples() -> tuple[Sample, ...]:
    """The bundled maps: name, file and what they show."""
    from planner.sources.samples import samples as all_samples  # noqa: PLC0415 - as above

    return all_samples()
