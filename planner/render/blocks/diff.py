"""What differs between two plans, as blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from planner.base.errors import printable
from planner.base.text import counted
from planner.render.blocks.model import Block, Bullets, Facts, Lead, Table
from planner.render.blocks.numbers import address, count, size, span
from planner.render.blocks.tables import verdict

if TYPE_CHECKING:
    from planner.planning.result import Plan
    from planner.report.diff import Difference, Differences

__all__ = ["blocks"]

_SHORT = 20
"""Longest value that stands in the table, beside the other side's."""

_COUNTS = ("tlb_entries", "leaves.", "tables.", "va_bits", "node")
_ADDRESSES = ("offset", "dma_limit", "found")
_REGISTERS = ("midr",)
_SET = {"request.text", "kernel.profile", "kernel.version", "kernel.strategy", "kernel.align"}


def blocks(found: Differences) -> list[Block]:
    """Both sides in a sentence, then every field that differs."""
    number = len(found.differences)
    sides = Facts([("A", _side(found.a)), ("B", _side(found.b))])
    if not number:
        return [Lead("same", "both plans are the same, field by field", "good"), sides]
    lead = Lead("different", f"{_changed(found)}; {counted(number, 'field differs', 'fields differ')}", "plain")
    # What was set stands in the sentences of both sides.
    told = [d for d in found.differences if d.path not in _SET]
    both = [d for d in told if not d.path.endswith("[]")]
    rows = [(_path(d), *_values(d)) for d in both]
    short = [row for row in rows if max(map(len, row[1:])) <= _SHORT]
    long = [row for row in rows if row not in short]
    entries = [d for d in told if d not in both]
    return [
        lead,
        sides,
        Table("Differences", "lll", ("field", "A", "B"), short),
        *[Bullets(path, [f"A: {a}", f"B: {b}"]) for path, a, b in long],
        Bullets("Only in A", [f"{_path(d)}: {_values(d)[0]}" for d in entries if d.a is not None]),
        Bullets("Only in B", [f"{_path(d)}: {_values(d)[1]}" for d in entries if d.b is not None]),
    ]


def _changed(found: Differences) -> str:
    """What differs for the reader: the placement, the map, the protection."""
    a, b = found.a, found.b
    here, there = a.reservation, b.reservation
    same = (here.crash, here.low, here.outcome) == (there.crash, there.low, there.outcome)
    alike = a.mapping == b.mapping
    words = ["same placement" if same else "another placement", "same map" if alike else "another map"]
    if a.protects != b.protects:
        words.append(f"{'A' if a.protects else 'B'} alone is protected")
    return ", ".join(words)


def _side(plan: Plan) -> str:
    kernel = plan.kernel
    asked = f"{plan.request.text} on {plan.memory.source}, {kernel.profile}, {kernel.strategy}"
    return printable(f"{asked}: {verdict(plan)}")


def _path(difference: Difference) -> str:
    return printable(difference.path.removesuffix("[]"))


def _values(difference: Difference) -> tuple[str, str]:
    return _value(difference.path, difference.a), _value(difference.path, difference.b)


def _value(path: str, value: Any) -> str:
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
        return printable(_entry(value))
    return printable(str(value))


def _entry(value: Mapping[str, Any]) -> str:
    """A range with what else is said of it, or an attempt."""
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
