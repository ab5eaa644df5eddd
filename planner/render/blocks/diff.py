"""The differences between two plans, as blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.base.text import counted
from planner.planning.doubts import doubt_on
from planner.planning.result import Plan
from planner.render.blocks.model import Block, Bullets, Facts, Lead, Table
from planner.render.blocks.numbers import address, column, count, signed_count, signed_size, size, span
from planner.render.blocks.sentences import PROTECTION, in_doubt
from planner.report.diff import Difference, Differences

__all__ = ["blocks"]

_SHORT = 20
"""Length of the longest value that is shown in the table, beside the other side's."""

_COUNTS = ("tlb_entries", "leaves.", "tables.", "va_bits", "node")
_ADDRESSES = ("offset", "dma_limit", "found")
_REGISTERS = ("midr",)
_SET = (
    "request.",
    *("kernel.profile", "kernel.version", "kernel.strategy", "kernel.align"),
    *("facts.rodata", "facts.kfence", "facts.cpu", "facts.prefer_aligned"),
)
"""Fields of the request and the options, which the sentences of both sides name already."""

_ORDER = ("reservation", "waste", "own", "mapping")
"""Parts of the report that a reader looks at first."""


def blocks(found: Differences) -> list[Block]:
    """The main changes, both sides in a sentence each, then every other field that differs."""
    number = len(found.differences)
    sides = Facts([("A", _side(found.a.plan)), ("B", _side(found.b.plan))])
    if not number:
        return [Lead("same", "both plans are the same, field by field", "good"), sides]
    lead = Lead("different", f"{_changed(found)}; {counted(number, 'field differs', 'fields differ')}", "plain")
    listed = sorted([d for d in found.differences if not d.path.startswith(_SET)], key=_interest)
    both = [d for d in listed if not d.path.endswith("[]")]
    rows = [(_path(d), *_values(d)) for d in both]
    short = [row for row in rows if max(map(len, row[1:])) <= _SHORT]
    long = [row for row in rows if row not in short]
    entries = [d for d in listed if d not in both]
    return [
        lead,
        sides,
        Table("Differences", "lll", ("field", "A", "B"), short),
        *[Bullets(path, [f"A: {a}", f"B: {b}"]) for path, a, b in long],
        Bullets("Only in A", [f"{_path(d)}: {_values(d)[0]}" for d in entries if d.a is not None]),
        Bullets("Only in B", [f"{_path(d)}: {_values(d)[1]}" for d in entries if d.b is not None]),
    ]


def _interest(difference: Difference) -> int:
    part = difference.path.partition(".")[0]
    return _ORDER.index(part) if part in _ORDER else len(_ORDER)


def _changed(found: Differences) -> str:
    """The main changes: the placement, the map, the protection."""
    a, b = found.a.plan, found.b.plan
    first, second = a.reservation, b.reservation
    same = (first.crash, first.low, first.outcome) == (second.crash, second.low, second.outcome)
    words = ["same placement" if same else "another placement"]
    if a.mapping == b.mapping:
        words.append("same linear map")
    else:
        tables = signed_size(b.mapping.table_bytes - a.mapping.table_bytes)
        entries = signed_count(b.mapping.tlb_entries - a.mapping.tlb_entries)
        words.append(f"another linear map (in B {tables} page tables, {entries} TLB entries)")
    if a.protects != b.protects:
        words.append(f"{'A' if a.protects else 'B'} alone is protected")
    return ", ".join(words)


def _side(plan: Plan) -> str:
    """The request and the answer, with what is not known of the kernel and the map."""
    kernel, facts, done = plan.kernel, plan.facts, plan.reservation
    given = [f"--align {kernel.align}"] * (kernel.align != "pud") + ["--prefer-aligned"] * facts.prefer_aligned
    given += [f"--rodata {facts.rodata}"] if facts.rodata is not None else []
    given += ["--kfence" if facts.kfence else "--no-kfence"] if facts.kfence is not None else []
    given += [f"--cpu {facts.cpu}"] if facts.cpu is not None else []
    asked = ", ".join([f"{plan.request.text} on {plan.memory.source}", kernel.profile, kernel.strategy, *given])
    doubt = in_doubt(doubt_on(plan))
    if done.crash is None:
        return f"{asked}: {done.outcome}{doubt}"
    low = "" if done.low is None else f" and {size(done.low.size)} at {address(done.low.start)}"
    place = f"{done.outcome}, {size(done.crash.size)} at {address(done.crash.start)}{low}"
    return f"{asked}: {place}; {PROTECTION[plan.protection]}{doubt}"


def _path(difference: Difference) -> str:
    return difference.path.removesuffix("[]")


def _values(difference: Difference) -> tuple[str, str]:
    """Both values as text, sizes in one unit."""
    a, b, path = difference.a, difference.b, difference.path
    if isinstance(a, int) and isinstance(b, int) and not isinstance(a, bool) and _is_size(path):
        here, there = column([a, b])
        return here, there
    return _value(path, a), _value(path, b)


def _is_size(path: str) -> bool:
    return not path.endswith(_ADDRESSES) and not any(word in path for word in (*_REGISTERS, *_COUNTS))


def _value(path: str, value: Any) -> str:
    """A value as text, by the kind of its field."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        if any(word in path for word in _REGISTERS):
            return f"{value:#x}"
        if any(word in path for word in _COUNTS):
            return count(value)
        return address(value) if path.endswith(_ADDRESSES) else size(value)
    if isinstance(value, Mapping):
        return _entry(value)
    return str(value)


def _entry(value: Mapping[str, Any]) -> str:
    """A range with its other keys, or an attempt."""
    if "purpose" in value:
        found = "nothing" if value["found"] is None else address(value["found"])
        return f"{value['purpose']} {size(value['size'])} in {span(value['start'], value['end'])}: {found}"
    if "start" in value:
        rest = [str(value[key]) for key in ("name", "reason") if value.get(key)]
        rest += value.get("flags", [])
        if value.get("node") is not None:
            rest.append(f"node {value['node']}")
        return " ".join([span(value["start"], value["end"]), size(value["end"] - value["start"]), *rest])
    if "assumption" in value:
        where = value["crash"] and address(value["crash"]["start"])
        return f"{value['assumption']}: {value['outcome']}" + (f" at {where}" if where else "")
    known = {key: item for key, item in value.items() if item is not None}
    return ", ".join(f"{key} {hex(item) if key in _REGISTERS else item}" for key, item in known.items())
