"""The kernels that are modelled, as paragraphs for a terminal or as tables."""

from __future__ import annotations

from collections.abc import Sequence

from planner.kernel.described import KernelRow
from planner.render.blocks.model import Block, Facts, Table

__all__ = ["blocks"]


def blocks(rows: Sequence[KernelRow], *, wide: bool = True) -> list[Block]:
    """Every row. wide: as tables, where a page has room for them."""
    return _tables(rows) if wide else _paragraphs(rows)


def _paragraphs(rows: Sequence[KernelRow]) -> list[Block]:
    """One paragraph a kernel: its text is too long for a column of a terminal."""
    return [
        Facts(
            [
                ("Kernel", ", ".join((row.name, *row.aliases))),
                ("Versions", row.spans if row.vendor == "mainline" else f"{row.vendor}: {row.spans}"),
                ("Does", row.does),
                ("Certainty", f"{row.certainty} ({row.note})" if row.note else row.certainty),
                ("Source", row.source),
                *([("Built as", row.configuration)] if row.configuration else []),
            ]
        )
        for row in rows
    ]


def _tables(rows: Sequence[KernelRow]) -> list[Block]:
    """One table for each vendor."""
    head = ("name", "versions", "certainty", "what it does", "source")
    blocks: list[Block] = []
    for vendor in dict.fromkeys(row.vendor for row in rows):
        cells: list[tuple[str, ...]] = [
            (", ".join((row.name, *row.aliases)), row.spans, row.certainty, row.does, row.source)
            for row in rows
            if row.vendor == vendor
        ]
        blocks.append(Table("Mainline and stable" if vendor == "mainline" else vendor, "lllll", head, cells))
    return blocks
