"""The JSON report: a plan as plain data with documented keys.

`to_dict` and `to_json` are plain Python, made for many plans; the pydantic model (`Report`) and its JSON
Schema are loaded when they are first used. Imports the result's types only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from planner.kernel.memory_map import FLAG_NAMES
from planner.kernel.ptdump import KINDS, TABLES, Leaves, Mapping
from planner.planning.result import SCHEMA_VERSION, FactsView, KernelView, MemoryView, Plan, Waste

if TYPE_CHECKING:
    from planner.base.ranges import Range
    from planner.planning.result import ProcessorsView, RemapStep
    from planner.report.models import Report

__all__ = [
    "DICTS",
    "Report",
    "RowMakers",
    "kernel_to_dict",
    "leaves_to_dict",
    "range_to_dict",
    "schema",
    "to_dict",
    "to_json",
    "waste_to_dict",
]

_FLAGS: tuple[tuple[str, ...], ...] = tuple(
    tuple(name for name, flag in FLAG_NAMES.items() if bits & flag) for bits in range(16)
)
_LINE = 110


def __getattr__(name: str) -> object:
    if name == "Report":
        from planner.report.models import Report  # noqa: PLC0415 - pydantic costs more than a plan

        return Report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def schema() -> dict[str, Any]:
    """The JSON Schema of the report."""
    from planner.report.models import report_schema  # noqa: PLC0415 - pydantic costs more than a plan

    return report_schema()


class RowMakers(NamedTuple):
    """What the rows of memory are made with; a writer may know something quicker than dicts."""

    region: Callable[[int, int, int, list[str], int | None], Any]
    reserved: Callable[[int, int, int, str], Any]


def _region(start: int, end: int, size: int, flags: list[str], node: int | None) -> dict[str, Any]:
    return {"start": start, "end": end, "size": size, "flags": flags, "node": node}


def _reserved(start: int, end: int, size: int, name: str) -> dict[str, Any]:
    return {"start": start, "end": end, "size": size, "name": name}


DICTS = RowMakers(_region, _reserved)


def to_dict(plan: Plan, *, rows: RowMakers = DICTS) -> dict[str, Any]:
    """The report of one plan: plain dicts, lists and values, with the documented keys.

    rows: what stands for the dicts of regions and reservations.
    """
    request, kernel = plan.request, plan.kernel
    done, waste = plan.reservation, plan.waste
    return {
        "schema_version": SCHEMA_VERSION,
        "request": {
            "text": request.text,
            "size": request.size,
            "offset": request.offset,
            "high": request.high,
            "low_size": request.low_size,
            "cma_size": request.cma_size,
        },
        "kernel": kernel_to_dict(kernel),
        "memory": _memory(plan.memory, rows),
        "reservation": {
            "outcome": done.outcome,
            "crash": range_to_dict(done.crash),
            "low": range_to_dict(done.low),
            "cma": [range_to_dict(r) for r in done.cma],
            "area": range_to_dict(done.area),
            "returned": [range_to_dict(r) for r in done.returned],
            "protected": done.protected,
            "attempts": [
                {
                    "purpose": a.purpose,
                    "size": a.size,
                    "align": a.align,
                    "start": a.start,
                    "end": a.end,
                    "found": a.found,
                }
                for a in done.attempts
            ],
            "log": list(done.log),
            "other_readings": [
                {
                    "assumption": o.assumption,
                    "outcome": o.outcome,
                    "crash": range_to_dict(o.crash),
                    "low": range_to_dict(o.low),
                }
                for o in done.other_readings
            ],
        },
        "mapping": _mapping(plan.mapping),
        "baseline": _mapping(plan.baseline),
        "waste": waste_to_dict(waste),
        "notes": list(plan.notes),
        "facts": _facts(plan.facts),
        "processors": _processors(plan.processors),
        "steps": None if plan.steps is None else [_remap_step(step) for step in plan.steps],
    }


def _memory(memory: MemoryView, rows: RowMakers) -> dict[str, Any]:
    regions, reserved = memory.regions, memory.reserved
    return {
        "source": memory.source,
        "ram": memory.ram,
        "regions": [rows.region(r.start, r.end, r.end - r.start, list(_FLAGS[r.flags]), r.node) for r in regions],
        "reserved": [rows.reserved(r.start, r.end, r.end - r.start, r.name) for r in reserved],
        "rewound": [
            {"start": r.start, "end": r.end, "size": r.end - r.start, "reason": r.reason} for r in memory.rewound
        ],
    }


def _facts(facts: FactsView) -> dict[str, Any]:
    return {
        "cmdline": facts.cmdline,
        "config": dict(facts.config),
        "pa_bits": facts.pa_bits,
        "kernel_image": range_to_dict(facts.kernel_image),
        "kernel_data": range_to_dict(facts.kernel_data),
        "kfence_pool": range_to_dict(facts.kfence_pool),
        "midr": list(facts.midr),
        "rodata": facts.rodata,
        "kfence": facts.kfence,
        "cpu": facts.cpu,
    }


_WASTE = (
    "rounding",
    "returned",
    "kept",
    "base_pages_outside_crash",
    "extra_table_bytes",
    "extra_tlb_entries",
    "low_free_before",
    "low_free_after",
    "low_largest_before",
    "low_largest_after",
    "alignment_loss",
    "hole_above",
    "ideal_table_bytes",
)


def kernel_to_dict(kernel: KernelView) -> dict[str, Any]:
    """The kernel that was modelled."""
    return {
        "profile": kernel.profile,
        "version": kernel.version,
        "page_size": kernel.page_size,
        "va_bits": kernel.va_bits,
        "pud_size": kernel.pud_size,
        "granule": kernel.granule,
        "strategy": kernel.strategy,
        "align": kernel.align,
        "dma_limit": kernel.dma_limit,
        "forced_base_pages": list(kernel.forced_base_pages),
        "assumed": list(kernel.assumed),
    }


def waste_to_dict(waste: Waste) -> dict[str, int]:
    """What a plan costs."""
    return {name: getattr(waste, name) for name in _WASTE}


def range_to_dict(span: Range | None) -> dict[str, int] | None:
    """A range, or null."""
    if span is None:
        return None
    return {"start": span.start, "end": span.end, "size": span.end - span.start}


def leaves_to_dict(leaves: Leaves) -> dict[str, int]:
    """One number per kind of leaf."""
    return {kind: getattr(leaves, kind) for kind in KINDS}


def _processors(view: ProcessorsView | None) -> dict[str, Any] | None:
    if view is None:
        return None
    return {
        "needs": view.needs,
        "may_run": view.may_run,
        "why": view.why,
        "cpus": [{"midr": cpu.midr, "name": cpu.name} for cpu in view.cpus],
        "allowed": [
            {
                "name": row.name,
                "implementer": row.implementer,
                "part": row.part,
                "least_revision": row.least_revision,
            }
            for row in view.allowed
        ],
    }


def _remap_step(step: RemapStep) -> dict[str, Any]:
    tables = step.tables
    return {
        "step": step.step,
        "range": range_to_dict(step.range),
        "leaf": step.leaf,
        "was": step.was,
        "level": step.level,
        "entries": step.entries,
        "tables": None if tables is None else {level: getattr(tables, level) for level in TABLES},
        "root": step.root,
        "cpus": step.cpus,
        "local": step.local,
    }


def _mapping(mapping: Mapping) -> dict[str, Any]:
    return {
        "leaves": leaves_to_dict(mapping.leaves),
        "bytes": leaves_to_dict(mapping.bytes),
        "tables": {level: getattr(mapping.tables, level) for level in TABLES},
        "table_bytes": mapping.table_bytes,
        "tlb_entries": mapping.tlb_entries,
    }


def to_json(plan: Plan, *, compact: bool = False) -> str:
    """The report as JSON text, one range, attempt or short object per line; ASCII, ends with a newline.

    compact: without any blanks, for a page that carries it.
    """
    from json import JSONEncoder  # noqa: PLC0415 - a text plan and `--help` never need it

    if compact:
        return JSONEncoder(separators=(",", ":")).encode(to_dict(plan)) + "\n"
    encode = JSONEncoder().encode
    return _layout(to_dict(plan), encode, "") + "\n"


def _layout(value: Any, encode: Any, indent: str) -> str:
    """JSON with short values on one line: a memory map stays readable, and quick to write."""
    deeper = indent + "  "
    if isinstance(value, dict):
        text: str = encode(value)
        if len(indent) + len(text) <= _LINE:
            return text
        items = [f"{deeper}{encode(key)}: {_layout(item, encode, deeper)}" for key, item in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    if isinstance(value, list) and value and not isinstance(value[0], str):
        return "[\n" + ",\n".join([deeper + encode(item) for item in value]) + f"\n{indent}]"
    return str(encode(value))
