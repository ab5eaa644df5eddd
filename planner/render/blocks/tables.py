"""Tables about a plan that every format shares.

Computes nothing about the plan: every figure is one of its fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from planner.base.ranges import Range
from planner.base.text import counted
from planner.kernel.ptdump import KINDS, TABLES
from planner.planning.result import Plan, RemapStep
from planner.render.blocks.model import Table
from planner.render.blocks.numbers import address, column, count, signed_column, signed_count, signed_size, size, span
from planner.render.blocks.sentences import PROTECTION
from planner.rewind.rewound import AFTERWARDS

__all__ = ["attempts", "granularity", "page_tables", "placement", "steps", "undone", "waste"]

_MOST_UNDONE = 12
"""Most rows of undone allocations, where there is little room."""

_KIND_NAMES = {
    "pud": "PUD block",
    "cont_pmd": "PMD, contiguous",
    "pmd": "PMD block",
    "cont_pte": "PTE, contiguous",
    "pte": "PTE (base page)",
}


def undone(plan: Plan, *, wide: bool = False) -> Table:
    """Reservations of a running machine that were undone, in the order of the report, with the reason.

    wide: all of them, with whole reasons. Otherwise the first ranges, without what the title says of all of them.
    """
    taken = plan.memory.rewound
    shown = taken if wide or len(taken) <= _MOST_UNDONE else taken[: _MOST_UNDONE - 1]
    rest = taken[len(shown) :]
    sizes = column([*(r.end - r.start for r in shown), sum(r.end - r.start for r in rest)])
    rows: list[tuple[str, ...]] = [
        (span(r.start, r.end), sizes[n], r.reason if wide else r.reason.removesuffix(f": {AFTERWARDS}"))
        for n, r in enumerate(shown)
    ]
    if rest:
        rows.append((counted(len(rest), "more range"), sizes[-1], ""))
    head = ("range", "size", "reason" if wide else "what")
    return Table("Treated as free: allocated after the crash kernel", "lrl", head, rows)


def attempts(plan: Plan) -> Table:
    """Every search, in the order it was made."""
    made = plan.reservation.attempts
    sizes, aligns = column([a.size for a in made]), column([a.align for a in made])
    rows: list[tuple[str, ...]] = []
    for n, a in enumerate(made):
        found = "no fit" if a.found is None else f"found {address(a.found)}"
        rows.append((str(n + 1), a.purpose, sizes[n], aligns[n], span(a.start, a.end), found))
    return Table("Attempts", "rlrrll", ("no.", "for", "size", "align", "searched", "result"), rows)


def placement(plan: Plan) -> Table:
    """The ranges placed, lowest address first."""
    placed = sorted(_placed(plan), key=lambda item: (item[0].start, -item[0].end))
    sizes = column([r.size for r, _, _ in placed])
    rows: list[tuple[str, ...]] = [
        (what, span(r), size_text, remark) for (r, what, remark), size_text in zip(placed, sizes, strict=True)
    ]
    return Table("Placement", "llrl", ("what", "range", "size", "then"), rows)


def _placed(plan: Plan) -> Iterator[tuple[Range, str, str]]:
    """Every range of the reservation, its name, and what happens to it."""
    done = plan.reservation
    if done.area is not None:
        yield done.area, "area", "reserved during boot"
    if done.crash is not None:
        yield done.crash, "crash memory", PROTECTION[plan.protection]
    for tail in done.returned:
        yield tail, "tail", "freed after boot"
    if done.low is not None:
        yield done.low, "low memory", "for its DMA"
    for area in done.cma:
        yield area, "cma", "usable by the system until a crash"


def granularity(plan: Plan) -> Table:
    """The leaves of this plan's linear map beside those without a crash kernel."""
    mapping, baseline = plan.mapping, plan.baseline
    kinds = [kind for kind in KINDS if getattr(mapping.leaves, kind) or getattr(baseline.leaves, kind)]
    planned = column([getattr(mapping.bytes, kind) for kind in kinds])
    without = column([getattr(baseline.bytes, kind) for kind in kinds])
    rows: list[tuple[str, ...]] = [
        (_KIND_NAMES[kind], count(getattr(mapping.leaves, kind)), planned[n]) for n, kind in enumerate(kinds)
    ]
    if mapping == baseline:
        return Table("Linear map (the same without a crash kernel)", "lrr", ("entries", "number", "map"), rows)
    rows = [
        (*row, count(getattr(baseline.leaves, kind)), without[n])
        for n, (row, kind) in enumerate(zip(rows, kinds, strict=True))
    ]
    return Table("Linear map", "lrrrr", ("entries", "this plan", "map", "no crash kernel", "map"), rows)


def page_tables(plan: Plan) -> Table:
    """Page tables and TLB entries of this plan beside those without a crash kernel."""
    mapping, baseline, cost = plan.mapping, plan.baseline, plan.waste
    each = plan.kernel.page_size
    levels = [level for level in TABLES if getattr(mapping.tables, level) or getattr(baseline.tables, level)]
    planned = column([*(getattr(mapping.tables, level) * each for level in levels), mapping.table_bytes])
    without = column([*(getattr(baseline.tables, level) * each for level in levels), baseline.table_bytes])
    more = [(getattr(mapping.tables, level) - getattr(baseline.tables, level)) * each for level in levels]
    extra = signed_column([*more, cost.extra_table_bytes])
    names = [*(f"{level.upper()} tables" for level in levels), "all tables"]
    if mapping == baseline:
        same = list(zip(names, planned, strict=True))
        same.append(("TLB entries needed to map all RAM", count(mapping.tlb_entries)))
        return Table("Page tables (the same without a crash kernel)", "lr", ("what", "this plan"), same)
    rows: list[tuple[str, ...]] = [
        (name, planned[n], without[n], extra[n], _least_tables(plan) if n == len(levels) else "")
        for n, name in enumerate(names)
    ]
    entries = count(mapping.tlb_entries), count(baseline.tlb_entries), signed_count(cost.extra_tlb_entries)
    rows.append(("TLB entries", *entries, "needed to map all RAM"))
    return Table("Page tables", "lrrrl", ("what", "this plan", "no crash kernel", "more", ""), rows)


class _Cost(NamedTuple):
    """A row of memory that a plan takes, in bytes. before: what was there without the crash kernel, if that is told."""

    name: str
    value: int
    remark: str = ""
    before: int | None = None


def waste(plan: Plan) -> Table:
    """Memory that the plan takes; the first rows add up to the area. Rows of 0 are left out."""
    rows = [row for row in _costs(plan) if row.value or row.before is not None]
    sizes = column([*(row.value for row in rows), *(row.before for row in rows)])
    body: list[tuple[str, ...]] = []
    for row, now, was in zip(rows, sizes, sizes[len(rows) :], strict=False):
        then = "unchanged" if row.before == row.value else f"was {was}"
        body.append((row.name, now, row.remark if row.before is None else then))
    return Table("Memory taken", "lrl", ("what", "size", ""), body)


def _costs(plan: Plan) -> Iterator[_Cost]:
    """All rows of `waste`."""
    done, cost = plan.reservation, plan.waste
    if done.area is not None and done.crash is not None:
        yield _Cost("crash memory", done.crash.size)
        yield _Cost("+ returned after remapping", cost.returned, "unavailable during boot only")
        yield _Cost("+ kept", cost.kept, "permanently lost")
        yield _Cost("= area", done.area.size, f"{size(cost.rounding)} of it rounding" if cost.rounding else "")
    else:
        yield _Cost("rounding", cost.rounding)
        yield _Cost("kept", cost.kept, "permanently lost")
    pages = cost.base_pages_outside_crash
    beside = "also mapped with base pages, as a side effect" if pages > 0 else ""
    yield _Cost("base pages outside crash memory", pages, beside)
    yield _Cost("low memory free", cost.low_free_after, before=cost.low_free_before)
    yield _Cost("largest free low range", cost.low_largest_after, before=cost.low_largest_before)
    if done.crash is not None:
        yield _Cost("alignment loss", cost.alignment_loss, "placed this much lower than an unaligned search would")
        yield _Cost("hole above", cost.hole_above, "free gap up to the next reservation")


def _least_tables(plan: Plan) -> str:
    """The fewest page tables that could hold the crash memory, for comparison."""
    cost, least = plan.waste, signed_size(plan.waste.ideal_table_bytes)
    if cost.extra_table_bytes >= cost.ideal_table_bytes:
        return f"minimum: {least}"
    if plan.protects:
        return f"{least} where there are none yet"
    return f"protecting it takes about {least}"


_STEP_NAMES = {
    "tables": "preallocate tables",
    "build": "populate new tables",
    "clear": "clear",
    "link": "link new tables",
    "write": "store",
    "tlbi": "tlbi",
    "dsb": "dsb",
    "switch": "switch to",
}


def steps(plan: Plan) -> Table:
    """The changes to the linear map, operation by operation."""
    rows = [(str(number), *_step(step)) for number, step in enumerate(plan.steps or (), 1)]
    return Table("How the map is changed", "rlrll", ("no.", "step", "entries", "of", "range"), rows)


def _step(step: RemapStep) -> tuple[str, ...]:
    """One operation: its name, the number and kind of entries, and the range."""
    name, entries = _STEP_NAMES[step.step], "" if step.entries is None else count(step.entries)
    kind = _KIND_NAMES.get(step.leaf or step.was or "", "")
    if step.step == "tables":
        parts = [f"{count(number)} {level.upper()}" for level in TABLES if (number := getattr(step.tables, level))]
        return name, entries, "pages of tables", ", ".join(parts)
    if step.step == "link":
        kind = f"{(step.level or '').upper()} entries"
    if step.step == "tlbi":
        kind = "this CPU, all of it" if step.local else "all CPUs"
    if step.step == "switch":
        kind = step.root or ""
        return name, entries, kind, "all CPUs" if step.cpus == "all" else ""
    return name, entries, kind, "" if step.range is None else span(step.range)
