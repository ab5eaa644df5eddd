"""The modelled kernels: a paragraph each, or a table for each vendor."""

from __future__ import annotations

from planner.kernel.described import KernelRow
from planner.render.blocks.kernels import blocks
from planner.render.blocks.model import Facts, Table

ROWS = [
    KernelRow("6.12", "mainline", "6.12 to 6.15", "6.12", "reserves", "arch/arm64", "read", ("stable",)),
    KernelRow(
        "rhel-9", "Red Hat", "5.14.0-427", "6.6", "protects", "an errata", "inferred", (), "64K pages", "not all"
    ),
    KernelRow("6.16", "mainline", "6.16", "6.16", "frees", "arch/arm64", "read"),
]


def test_a_vendor_is_a_table() -> None:
    """In the order in which they come first; the aliases stand beside the name."""
    told = blocks(ROWS)
    assert [block.title for block in told if isinstance(block, Table)] == ["Mainline and stable", "Red Hat"]
    first, second = (block.rows for block in told if isinstance(block, Table))
    assert [row[0] for row in first] == ["6.12, stable", "6.16"]
    assert second == [("rhel-9", "5.14.0-427", "inferred", "protects", "an errata")]


def test_a_kernel_is_a_paragraph_where_there_is_little_room() -> None:
    """With all that is known of it, and the vendor where it is not mainline."""
    told = [dict(block.rows) for block in blocks(ROWS, wide=False) if isinstance(block, Facts)]
    assert [facts["Versions"] for facts in told] == ["6.12 to 6.15", "Red Hat: 5.14.0-427", "6.16"]
    assert told[1] == {
        "Kernel": "rhel-9",
        "Versions": "Red Hat: 5.14.0-427",
        "Does": "protects",
        "Certainty": "inferred (not all)",
        "Source": "an errata",
        "Built as": "64K pages",
    }
    assert "Built as" not in told[0]
