"""A comparison as blocks: the best row, a table of what decides between the strategies, then tables of details.

Every format has the same tables, none wider than 80 columns of text. Computes nothing about the plans.
"""

from __future__ import annotations

from collections.abc import Sequence

from planner.kernel.pgtable import geometry
from planner.kernel.ptdump import KINDS
from planner.planning.doubts import UNKNOWN_HERE
from planner.render.blocks.model import Block, Facts, Heading, Lead, Paragraph, Table
from planner.render.blocks.numbers import column, signed_column, signed_count, size, start
from planner.render.blocks.sentences import alignment, closing, in_doubt, kernel_facts, unknown_kernel
from planner.studies.compare import Comparison, Row

__all__ = ["blocks", "requested"]

_SIZES_ABREAST = 4
"""Columns of sizes in the matrix: as many as fit in 80 columns of text."""

_MARKS = "* best for the aim; + protected: the memory can be unmapped after kexec load"


def blocks(comparison: Comparison) -> list[Block]:
    """The whole comparison."""
    several = len(comparison.sizes) > 1
    result: list[Block] = [_lead(comparison), Facts(_facts(comparison))]
    if several:
        result += _matrices(comparison)
    for asked in dict.fromkeys(comparison.sizes):
        rows = [row for row in comparison.rows if row.size == asked]
        if several:
            result.append(Heading(size(asked)))
        result += _parts(comparison, rows)
    result.append(_takes(comparison))
    return [*result, *closing(comparison.notes, comparison.kernel)]


def _lead(comparison: Comparison) -> Lead:
    """The best strategy at the first size, and the reason."""
    doubt = in_doubt(comparison.doubt)
    if comparison.best is None:
        return Lead("none", f"{unknown_kernel(comparison.kernel)}{comparison.reason}{doubt}", "bad")
    text = f"{unknown_kernel(comparison.kernel)}best for the aim {comparison.aim!r}"
    if len(comparison.sizes) > 1:
        text += f" at {size(comparison.sizes[0])}"
    first = next(row for row in comparison.rows if row.best)
    return Lead(comparison.best, f"{text}: {comparison.reason}{doubt}", "good" if first.plan.protects else "warn")


def requested(comparison: Comparison) -> str:
    """The request, and the sizes that are compared if there are several."""
    asked = comparison.request.strip() or "nothing"
    if len(comparison.sizes) > 1:
        listed = ", ".join(size(each) for each in comparison.sizes)
        return listed if asked.replace(",", ", ") == listed else f"{asked}, with sizes {listed}"
    return asked


def _facts(comparison: Comparison) -> list[tuple[str, str]]:
    """The request, the machine and the kernel, as (label, text)."""
    kernel = comparison.kernel
    facts = dict(kernel_facts(kernel))
    facts["Alignment"] = alignment(kernel).removeprefix("alignment ")
    del facts["Strategy"]
    return [
        ("Requested", requested(comparison)),
        ("Machine", f"{comparison.source}: {size(comparison.ram)} of RAM"),
        *facts.items(),
    ]


def _matrices(comparison: Comparison) -> list[Block]:
    """Strategy by size, a few sizes at a time."""
    sizes = list(dict.fromkeys(comparison.sizes))
    found: list[Block] = []
    for at in range(0, len(sizes), _SIZES_ABREAST):
        some = sizes[at : at + _SIZES_ABREAST]
        cells = {(row.strategy, row.size): _cell(row) for row in comparison.rows}
        names = dict.fromkeys(row.strategy for row in comparison.rows)
        rows = [(name, *(cells[name, asked] for asked in some)) for name in names]
        head = ("strategy", *(size(asked) for asked in some))
        found.append(Table("Outcome by size", "l" * len(head), head, rows))
    return [*found, Paragraph(_MARKS)]


def _cell(row: Row) -> str:
    if row.obstacle:
        return "not available"
    return row.outcome + "+" * row.plan.protects + " *" * row.best


def _leaf_columns(comparison: Comparison) -> list[tuple[str, str]]:
    """Kinds of leaves that occur anywhere, each under its size."""
    kernel = comparison.kernel
    geo = geometry(kernel.page_size, kernel.va_bits)
    used = {kind for row in comparison.rows for kind in KINDS if getattr(row.bytes, kind)}
    return [(kind, size(bytes_)) for kind, bytes_ in zip(KINDS, geo.leaf_sizes, strict=True) if kind in used]


def _reason(row: Row) -> str:
    """The main reason for or against a strategy on this machine."""
    if row.best:
        return "best for the aim"
    if row.obstacle:
        return row.obstacle
    if row.crash is None:
        return "does not fit"
    if row.protection == "not known":
        return UNKNOWN_HERE
    if not row.protected:
        return "no aligned area" if row.outcome == "fallback" else "map left as it is"
    return "protects too"


def _parts(comparison: Comparison, rows: Sequence[Row]) -> list[Block]:
    """The tables of one size: what decides, places, leaves, and costs."""
    names = [("* " if row.best else "") + row.strategy for row in rows]
    extra = signed_column([row.waste.extra_table_bytes for row in rows])
    decides = [
        (names[n], row.protection, extra[n], signed_count(row.waste.extra_tlb_entries), _reason(row))
        for n, row in enumerate(rows)
    ]
    low = any(row.low for row in rows)
    where = [(row.strategy, row.outcome, start(row.crash), *((start(row.low),) if low else ())) for row in rows]
    kinds = _leaf_columns(comparison)
    columns = [column([getattr(row.bytes, kind) for row in rows]) for kind, _ in kinds]
    leaves = [(row.strategy, *(cells[n] for cells in columns)) for n, row in enumerate(rows)]
    costs = list(
        zip(
            [row.strategy for row in rows],
            column([row.table_bytes for row in rows]),
            column([row.waste.rounding for row in rows]),
            column([row.waste.returned for row in rows]),
            column([row.waste.kept for row in rows]),
            strict=True,
        )
    )
    return [
        Table("Strategies", "llrrl", ("strategy", "protected", "page tables", "TLB", "reason"), decides),
        Table("Where it goes", "lll" + "l" * low, ("strategy", "outcome", "crash at", *(("low at",) * low)), where),
        Table("Memory by size of leaf", "l" + "r" * len(kinds), ("strategy", *(name for _, name in kinds)), leaves),
        Table("Tables and rounding", "lrrrr", ("strategy", "all tables", "rounding", "freed later", "kept"), costs),
    ]


def _takes(comparison: Comparison) -> Table:
    """Each strategy's requirements, and the first kernel that has it."""
    first: dict[str, Row] = {}
    for row in comparison.rows:
        first.setdefault(row.strategy, row)
    rows = []
    for row in first.values():
        since = f"First in {row.since}" if row.since[:1].isdigit() else row.since[:1].upper() + row.since[1:]
        obstacle = f"; not available here: {row.obstacle}" if row.obstacle else ""
        rows.append((row.strategy, f"{row.needs or 'nothing'}{obstacle}. {since}"))
    return Table("Requirements, and the first kernel that has it", "ll", ("strategy", "requirements"), rows)
