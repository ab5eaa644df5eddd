"""The modelled kernels: a paragraph each."""

from __future__ import annotations

from planner.render.blocks.kernels import blocks
from planner.render.blocks.model import Facts, Heading
from planner.studies.kernels import KernelRow
from tests.render.blocks.found import lead_of

ROWS = [
    KernelRow("6.12", "mainline", "6.12 to 6.15", "6.12", "reserves", "arch/arm64", "read", ("stable",)),
    KernelRow(
        "rhel-9", "Red Hat", "5.14.0-427", "6.6", "protects", "an errata", "inferred", (), "64K pages", "not all"
    ),
    KernelRow("6.16", "mainline", "6.16", "6.16", "frees", "arch/arm64", "read"),
]


def test_a_kernel_is_a_paragraph() -> None:
    """Below its vendor, with all that is known of it."""
    told = blocks(ROWS)
    assert lead_of(told)[:2] == (
        "3 kernels",
        "2 of mainline and its stable trees, 1 of vendors; --kernel NAME takes one",
    )
    assert [block.title for block in told if isinstance(block, Heading)] == ["Mainline and stable", "Red Hat"]
    kernels = [dict(block.rows) for block in told if isinstance(block, Facts)]
    assert [facts["Kernel"] for facts in kernels] == ["6.12, stable", "6.16", "rhel-9"]
    assert kernels[2] == {
        "Kernel": "rhel-9",
        "Versions": "5.14.0-427",
        "Does": "protects",
        "Certainty": "inferred (not all)",
        "Source": "an errata",
        "Built as": "64K pages",
    }
    assert "Built as" not in kernels[0]
