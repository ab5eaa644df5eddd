"""The bundled maps as a table."""

from __future__ import annotations

from collections.abc import Sequence

from planner.base.text import counted
from planner.render.blocks.model import Block, Lead, Table
from planner.render.blocks.numbers import column, size
from planner.sources.samples import Sample

__all__ = ["blocks"]


def blocks(samples: Sequence[Sample]) -> list[Block]:
    """One row per map."""
    ram = column([sample.ram for sample in samples])
    rows: list[tuple[str, ...]] = [
        (sample.name, whole, size(sample.page_size) if sample.page_size else "?", sample.shows)
        for sample, whole in zip(samples, ram, strict=True)
    ]
    lead = Lead(counted(len(samples), "map"), "bundled, of real machines; --map sample:NAME takes one")
    return [lead, Table("Bundled maps", "lrrl", ("name", "RAM", "pages", "what it shows"), rows)]
