"""The modelled kernels: a paragraph each."""

from __future__ import annotations

from planner.kernel.described import KernelRow
from planner.render.blocks.kernels import blocks
from planner.render.blocks.model import Facts

ROWS = [
    KernelRow("6.12", "mainline", "6.12 to 6.15", "6.12", "reserves", "arch/arm64", "read", ("stable",)),
    KernelRow(
        "rhel-9", "Red Hat", "5.14.0-427", "6.6", "protects", "an errata", "inferred", (), "64K pages", "not all"
    ),
    KernelRow("6.16", "mainline", "6.16", "6.16", "frees", "arch/arm64", "read"),
]


def test_a_kernel_is_a_paragraph() -> None:
    """With all that is known of it, and the vendor where it is not mainline."""
    told = [dict(block.rows) for block in blocks(ROWS) if isinstance(block, Facts)]
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
