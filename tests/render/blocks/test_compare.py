"""A comparison in blocks: the best leads, reasons, sizes side by side. Whole texts stand in tests/golden/compare."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, MIB
from planner.render.blocks.compare import blocks
from planner.render.blocks.model import Heading, Table
from planner.studies.compare import Comparison, make_comparison
from tests.planning.machines import machine
from tests.render.blocks.found import facts_of, lead_of, table_of


def compared(value: str | None = "512M", *sizes: int, aim: str = "protected") -> Comparison:
    return make_comparison(machine(), value, sizes=sizes, aim=aim)


def test_the_best_leads_with_its_aim_and_is_marked() -> None:
    found = compared()
    told = blocks(found)
    assert lead_of(told).word == found.best == "switch-table"
    assert lead_of(told).text.startswith("best for the aim 'protected': ")
    assert [row[0] for row in table_of(told, "Strategies").rows if row[0].startswith("*")] == ["* switch-table"]


@pytest.mark.parametrize(("aim", "mood"), [("protected", "good"), ("fast", "warn"), ("small", "warn")])
def test_a_best_that_does_not_protect_is_a_warning(aim: str, mood: str) -> None:
    """Fewer tables cost the protection."""
    assert lead_of(blocks(compared(aim=aim))).mood == mood


@pytest.mark.parametrize(
    ("strategy", "requirements"),
    [
        ("unprotected", "nothing. First in 6.4"),
        ("base-pages", "decided before the map goes live. First in 5.11 (to 6.3)"),
        ("pud-aligned", "boot time; no access to the area while it is remapped. Proposed, never merged"),
        (
            "bbml2",
            (
                "FEAT_BBM level 2 without conflict aborts; not available here: no processor here is known to split "
                "live blocks. First in 6.18, for other uses"
            ),
        ),
    ],
)
def test_each_strategy_has_its_requirements_and_the_one_that_is_not_met(strategy: str, requirements: str) -> None:
    found = table_of(blocks(compared()), "Requirements, and the first kernel that has it").rows
    assert (strategy, requirements) in found


def test_without_a_best_there_is_the_reason() -> None:
    found = compared("20G")
    assert found.best is None
    assert lead_of(blocks(found)) == ("none", found.reason, "bad")


@pytest.mark.parametrize(
    ("value", "strategy", "reason"),
    [
        ("512M", "switch-table", "best for the aim"),
        ("512M", "bbml2", "no processor here is known to split live blocks"),
        ("512M", "pud-aligned", "protects too"),
        ("3G", "base-pages", "does not fit"),
        ("512M@3G", "pud-aligned", "map left as it is"),
        ("2900M", "pud-aligned", "no aligned area"),
    ],
)
def test_one_reason_for_each_strategy(value: str, strategy: str, reason: str) -> None:
    rows = table_of(blocks(compared(value)), "Strategies").rows
    assert [row[-1] for row in rows if row[0].removeprefix("* ") == strategy] == [reason]


def test_what_is_not_known_for_a_kernel_is_no_verdict_on_its_map() -> None:
    found = make_comparison(machine(kernel="sles15sp5"), "512M")
    rows = table_of(blocks(found), "Strategies").rows
    assert [(row[1], row[-1]) for row in rows if row[0] == "mainline"] == [("not known", "not known for this kernel")]


@pytest.mark.parametrize(
    ("sizes", "widths"),
    [
        pytest.param((256 * MIB,), [], id="one size needs no matrix"),
        pytest.param((256 * MIB, 512 * MIB), [2], id="two"),
        pytest.param((256 * MIB, 512 * MIB, GIB, 2 * GIB, 3 * GIB), [4, 1], id="four abreast"),
        pytest.param((256 * MIB, 512 * MIB, 256 * MIB), [2], id="one named twice"),
    ],
)
def test_as_many_sizes_stand_beside_each_other_as_80_columns_hold(sizes: tuple[int, ...], widths: list[int]) -> None:
    """With more of them each has its own tables."""
    told = blocks(compared("512M", *sizes))
    matrices = [block for block in told if isinstance(block, Table) and block.title == "Outcome by size"]
    assert [len(table.head) - 1 for table in matrices] == widths
    assert all(len(row) == len(table.head) for table in matrices for row in table.rows)
    assert sum(isinstance(block, Heading) for block in told) == sum(widths)


@pytest.mark.parametrize(
    ("strategy", "cells"),
    [
        ("pud-aligned", ("aligned+", "aligned+ *", "failed")),
        ("switch-table", ("exact+ *", "exact+", "failed")),
        ("bbml2", ("not available", "not available", "not available")),
    ],
)
def test_the_outcome_of_each_size_with_its_marks(strategy: str, cells: tuple[str, ...]) -> None:
    """`+` for protected, `*` for the best."""
    rows = table_of(blocks(compared("512M", 256 * MIB, GIB, 3 * GIB)), "Outcome by size").rows
    assert (strategy, *cells) in rows


def test_low_memory_has_a_column_where_any_plan_has_some() -> None:
    assert "low at" not in table_of(blocks(compared()), "Where it goes").head
    high = make_comparison(machine(kernel="6.12"), "1G,high")
    assert table_of(blocks(high), "Where it goes").head[-1] == "low at"


def test_sizes_that_were_requested_beside_a_request_are_reported() -> None:
    assert facts_of(blocks(compared("512M")))["Requested"] == "512M"
    assert facts_of(blocks(compared("512M,high", GIB, 2 * GIB)))["Requested"] == "512M,high, with sizes 1G, 2G"
    assert facts_of(blocks(compared(None, GIB, 2 * GIB)))["Requested"] == "1G, 2G"
