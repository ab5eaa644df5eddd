"""The kernels that are modelled, vendor by vendor: one list of facts each, as their texts are too long for a table."""

from __future__ import annotations

from collections.abc import Sequence

from planner.base.text import counted
from planner.render.blocks.model import Block, Facts, Heading, Lead
from planner.studies.kernels import KernelRow

__all__ = ["blocks"]


def blocks(rows: Sequence[KernelRow]) -> list[Block]:
    """Every row."""
    own = sum(row.vendor == "mainline" for row in rows)
    text = f"{own} of mainline and its stable trees, {len(rows) - own} of vendors; --kernel NAME takes one"
    found: list[Block] = [Lead(counted(len(rows), "kernel"), text)]
    for vendor in dict.fromkeys(row.vendor for row in rows):
        found.append(Heading("Mainline and stable" if vendor == "mainline" else vendor))
        found += [_facts(row) for row in rows if row.vendor == vendor]
    return found


def _facts(row: KernelRow) -> Facts:
    """One kernel."""
    return Facts(
        [
            ("Kernel", ", ".join((row.name, *row.aliases))),
            ("Versions", row.spans),
            ("Does", row.does),
            ("Certainty", f"{row.certainty} ({row.note})" if row.note else row.certainty),
            ("Source", row.source),
            *([("Built as", row.configuration)] if row.configuration else []),
        ]
    )
