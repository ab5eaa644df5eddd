"""A comparison as blocks: the best row first, then every strategy for every size.

A document has room for one wide table; for the terminal the same columns are parted into three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.errors import printable
from planner.kernel.pgtable import geometry
from planner.kernel.ptdump import KINDS
from planner.render.blocks.model import Block, Bullets, Facts, Heading, Lead, Paragraph, Table, Terms
from planner.render.blocks.numbers import address, signed_count, signed_size, size
from planner.render.formats.terminal import WIDTH
from planner.render.layout import lay_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.studies.compare import Comparison, Row

__all__ = ["blocks", "render"]

_SIZES_ABREAST = 4
"""Sizes beside each other in the matrix: what 80 columns hold."""

_MARKS = "* best for the aim; + the memory can be unmapped"


def blocks(comparison: Comparison, *, wide: bool = False) -> list[Block]:
    """Everything the comparison says. wide: all columns in one table."""
    several = len(comparison.sizes) > 1
    result: list[Block] = [_lead(comparison), Facts(_facts(comparison))]
    if several:
        result += _matrices(comparison)
    for asked in dict.fromkeys(comparison.sizes):
        rows = [row for row in comparison.rows if row.size == asked]
        if several:
            result.append(Heading(size(asked)))
        result += [_whole(comparison, rows)] if wide else _parts(comparison, rows)
    if not wide:
        result.append(_takes(comparison))
    result.append(Bullets("Notes", [printable(note) for note in comparison.notes]))
    result.append(Terms("Assumed, as no source says", [printable(key) for key in comparison.kernel.assumed]))
    return result


def render(comparison: Comparison, form: str = "text", *, color: bool = False, width: int = WIDTH) -> str:
    """The whole comparison in a format; ends with a newline."""
    return lay_out(blocks(comparison, wide=form != "text"), form, color=color, width=width)


def _lead(comparison: Comparison) -> Lead:
    if comparison.best is None:
        return Lead("none", comparison.reason, "bad")
    text = f"best for the aim {comparison.aim!r}"
    if len(comparison.sizes) > 1:
        text += f" at {size(comparison.sizes[0])}"
    first = next(row for row in comparison.rows if row.best)
    return Lead(comparison.best, printable(f"{text}: {comparison.reason}"), "good" if first.protected else "warn")


def _facts(comparison: Comparison) -> list[tuple[str, str]]:
    kernel = comparison.kernel
    version = f" ({kernel.version})" if kernel.version and kernel.version != kernel.profile else ""
    low = "no DMA zones" if kernel.dma_limit is None else f"low memory ends at {address(kernel.dma_limit)}"
    asked = comparison.request or "nothing"
    if len(comparison.sizes) > 1:
        listed = ", ".join(size(each) for each in comparison.sizes)
        asked = listed if asked.replace(",", ", ") == listed else f"{asked}, with sizes {listed}"
    rows = [
        ("Asked", asked),
        ("Machine", f"{comparison.source}: {size(comparison.ram)} of RAM"),
        ("Kernel", f"{kernel.profile}{version}, {size(kernel.page_size)} pages, {kernel.va_bits}-bit addresses; {low}"),
        ("Granule", f"{size(kernel.granule)} (align {kernel.align}, PUD {size(kernel.pud_size)})"),
    ]
    if kernel.forced_base_pages:
        rows.append(("Base pages", "everywhere, because of " + ", ".join(kernel.forced_base_pages)))
    return [(label, printable(text)) for label, text in rows]


def _matrices(comparison: Comparison) -> list[Block]:
    """Strategy by size, a few sizes at a time."""
    sizes = list(dict.fromkeys(comparison.sizes))
    found: list[Block] = []
    for at in range(0, len(sizes), _SIZES_ABREAST):
        some = sizes[at : at + _SIZES_ABREAST]
        cells = {(row.strategy, row.size): _cell(row) for row in comparison.rows}
        names = dict.fromkeys(row.strategy for row in comparison.rows)
        rows = [(name, *(cells[name, asked] for asked in some)) for name in names]
        head = ("", *(size(asked) for asked in some))
        found.append(Table("Outcome by size", "l" * len(head), head, rows))
    return [*found, Paragraph(_MARKS)]


def _cell(row: Row) -> str:
    return row.outcome + "+" * row.protected + " *" * row.best


def _leaf_columns(comparison: Comparison) -> list[tuple[str, str]]:
    """Kinds of leaves that occur anywhere, each under its size."""
    kernel = comparison.kernel
    geo = geometry(kernel.page_size, kernel.va_bits)
    sizes = (geo.pud_size, geo.cont_pmd_size, geo.pmd_size, geo.cont_pte_size, geo.page_size)
    used = {kind for row in comparison.rows for kind in KINDS if getattr(row.bytes, kind)}
    return [(kind, size(bytes_)) for kind, bytes_ in zip(KINDS, sizes, strict=True) if kind in used]


def _where(row: Row) -> tuple[str, ...]:
    return (
        "*" if row.best else "",
        row.strategy,
        row.outcome,
        address(row.crash.start) if row.crash else "-",
        "yes" if row.protected else "no",
    )


def _costs(row: Row) -> tuple[str, ...]:
    waste = row.waste
    return (
        size(row.table_bytes),
        signed_size(waste.extra_table_bytes),
        signed_count(waste.extra_tlb_entries),
        size(waste.rounding),
        size(waste.kept),
    )


_WHERE = ("", "strategy", "outcome", "crash at", "protected")
_COSTS = ("page tables", "extra", "extra TLB", "rounding", "kept")


def _whole(comparison: Comparison, rows: Sequence[Row]) -> Table:
    kinds = _leaf_columns(comparison)
    head = (*_WHERE, "low at", *(name for _, name in kinds), *_COSTS, "needs", "first kernel")
    body = [
        (
            *_where(row),
            address(row.low.start) if row.low else "-",
            *(size(getattr(row.bytes, kind)) for kind, _ in kinds),
            *_costs(row),
            _needs(row),
            printable(row.since),
        )
        for row in rows
    ]
    return Table("Strategies", "l" * 6 + "r" * (len(kinds) + len(_COSTS)) + "ll", head, body)


def _needs(row: Row) -> str:
    parts = [row.needs or "nothing"]
    if row.obstacle:
        parts.append(f"not to be had here: {row.obstacle}")
    return printable("; ".join(parts))


def _parts(comparison: Comparison, rows: Sequence[Row]) -> list[Block]:
    kinds = _leaf_columns(comparison)
    low = any(row.low for row in rows)
    where = [(*_where(row), *((address(row.low.start) if row.low else "-",) if low else ())) for row in rows]
    leaves = [(row.strategy, *(size(getattr(row.bytes, kind)) for kind, _ in kinds)) for row in rows]
    costs = [(row.strategy, *_costs(row)) for row in rows]
    return [
        Table("Where it goes", "lllll" + "l" * low, (*_WHERE, *(("low at",) if low else ())), where),
        Table("Memory by size of leaf", "l" + "r" * len(kinds), ("", *(name for _, name in kinds)), leaves),
        Table("What it costs", "lrrrrr", ("", *_COSTS), costs),
    ]


def _takes(comparison: Comparison) -> Table:
    """What each strategy asks for, and where it comes from."""
    first: dict[str, Row] = {}
    for row in comparison.rows:
        first.setdefault(row.strategy, row)
    rows = []
    for row in first.values():
        since = f"First in {row.since}" if row.since[:1].isdigit() else row.since[:1].upper() + row.since[1:]
        rows.append((row.strategy, f"{_needs(row)}. {printable(since)}"))
    return Table("What it takes, and the first kernel that has it", "ll", ("", ""), rows)
