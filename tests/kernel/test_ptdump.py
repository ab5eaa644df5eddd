"""The numbers of a linear map: kinds of leaves and levels of tables, largest first."""

from __future__ import annotations

from dataclasses import fields

from planner.kernel.ptdump import KINDS, TABLES, Leaves, Tables


def test_a_number_for_each_kind_and_each_level() -> None:
    """Numbers are in the order of the kinds."""
    assert tuple(each.name for each in fields(Leaves)) == KINDS
    assert tuple(each.name for each in fields(Tables)) == TABLES


def test_the_total_counts_the_tables_of_all_levels() -> None:
    assert Tables(1, 2, 30, 400).total == 433
    assert Tables().total == 0
