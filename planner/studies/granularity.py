"""The linear map of a running kernel, compared with a plan's: the part of `verify` that page-table dumps allow.

Bytes are compared by kind of leaf. What is not known of a machine may explain a difference, which is then not
checkable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, TypeAlias

from planner.base.sizes import format_size
from planner.kernel.machine import Machine
from planner.kernel.pgtable import VA_BITS, geometry
from planner.kernel.ptdump import KINDS
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from planner.studies.check import Check

__all__ = ["Observed", "granularity"]


@dataclass(frozen=True, slots=True)
class Observed:
    """The linear map read from a dump of the page tables.

    source: the file. by_kind: bytes per kind of leaf (of `ptdump.KINDS`), or by_size: bytes per size of entry,
    contiguous runs counted as one.
    """

    source: str
    by_kind: Mapping[str, int] | None = None
    by_size: Mapping[int, int] | None = None


def granularity(
    machine: Machine, plan: Plan, dump: Observed, text: str | None, options: Options, *, live: bool
) -> Check:
    """Compare page tables with the plan. live: this kernel splits leaves when permissions change (BBML2)."""
    pairs = _pairs(plan, dump)
    wrong = [f"{name} {format_size(got)} (planned {format_size(want)})" for name, got, want in pairs if got != want]
    if not wrong:
        shown = ", ".join(f"{name} {format_size(got)}" for name, got, _ in pairs if got)
        return Check("granularity", "agreed", f"{dump.source}: {shown}, as planned")
    difference = f"{dump.source}: {'; '.join(wrong)}"
    if live and _only_finer(pairs):
        why = "finer leaves: this kernel splits them at run time when permissions change (BBML2)"
        return Check("granularity", "agreed", f"{difference}: {why}")
    causes = _causes(machine, plan, dump, text, options)
    if causes:
        return Check("granularity", "not checkable", f"{difference}; not known: {', '.join(causes)}")
    return Check("granularity", "disagreed", difference)


_Pairs: TypeAlias = list[tuple[str, int, int]]
"""For each kind of leaf, the largest first: its name, bytes in the dump, bytes in the plan."""


def _pairs(plan: Plan, dump: Observed) -> _Pairs:
    """The bytes of the dump beside those of the plan, by kind of leaf or, if the dump has only that, by size."""
    planned = {kind: getattr(plan.mapping.bytes, kind) for kind in KINDS}
    if dump.by_kind is not None:
        return [(kind, dump.by_kind.get(kind, 0), planned[kind]) for kind in KINDS]
    geo = geometry(plan.kernel.page_size, plan.kernel.va_bits)
    sizes, by_size = dict(zip(KINDS, geo.leaf_sizes, strict=True)), dump.by_size or {}
    return [
        (format_size(size), by_size.get(size, 0), sum(planned[k] for k in KINDS if sizes[k] == size))
        for size in sorted({*sizes.values(), *by_size}, reverse=True)
    ]


def _causes(machine: Machine, plan: Plan, dump: Observed, text: str | None, options: Options) -> list[str]:
    """Unknown facts that can cause the difference, in words; empty if none can.

    An unknown kernel or page size can cause any difference. Address bits and rodata= are planned with the other value,
    and listed if that fits. The places of the image and of KFENCE's pool affect only the leaves around them.
    """
    assumed = plan.kernel.assumed
    found: list[str] = [name for name in ("kernel", "page_size") if name in assumed]
    if plan.kernel.map_certainty == "unknown":
        found.append("this kernel's linear map")
    if found:
        return found
    largest = geometry(plan.kernel.page_size, plan.kernel.va_bits).largest_leaf
    places = [("kfence_pool", 2 * _AROUND * largest)] if "kfence_pool" in assumed else []
    if machine.facts.kernel_image is None:
        places.append(("the place of the kernel image", _AROUND * largest))
    room = sum(size for _, size in places)
    for changed, other in _otherwise(plan, options):
        replanned = make_plan(machine, text, other) if changed else plan
        moved = _moved(_pairs(replanned, dump))
        if moved is not None and moved <= room:
            return [*changed, *([name for name, _ in places] if moved else [])]
    return []


_AROUND = 2
"""Largest leaves that a range may break up: one at each end, and two more for a pool at another place."""


def _otherwise(plan: Plan, options: Options) -> Iterator[tuple[list[str], Options]]:
    """The plan's own options, then options with assumed facts reversed, each with the names of those facts."""
    bits: list[int | None] = [None]
    if "va_bits" in plan.kernel.assumed:
        bits += [n for n in VA_BITS[plan.kernel.page_size] if n != plan.kernel.va_bits]
    for rodata in (None, "full") if "rodata" in plan.kernel.assumed else (None,):
        for va_bits in bits:
            given: dict[str, Any] = {"va_bits": va_bits, "rodata": rodata}
            changed = {name: value for name, value in given.items() if value is not None}
            yield list(changed), replace(options, **changed)


def _moved(pairs: _Pairs) -> int | None:
    """Bytes mapped by another kind of leaf than planned; None if the totals of mapped memory differ."""
    if sum(got for _, got, _ in pairs) != sum(want for _, _, want in pairs):
        return None
    return sum(max(got - want, 0) for _, got, want in pairs)


def _only_finer(pairs: Sequence[tuple[str, int, int]]) -> bool:
    """True if the same total is mapped, nothing by larger leaves than planned. pairs: the largest first."""
    behind = list(accumulate(want - got for _, got, want in pairs))
    return min(behind) >= 0 and behind[-1] == 0
