"""Sweeps over sizes: rows are cut where something changes, and only there."""

from __future__ import annotations

from dataclasses import fields

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, MIB
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.studies.fit import form_of
from planner.studies.size import SizePlan, size_plan
from planner.studies.sweep import sweep
from tests.random_machines import PAGE, drawn
from tests.studies.test_fit import banks


def key(plan: SizePlan) -> tuple[str, int]:
    """The common properties of a row of a sweep."""
    return plan.outcome, plan.granules


@pytest.mark.parametrize("block", range(5))
def test_a_sweep_finds_every_change_that_a_scan_finds(block: int) -> None:
    """On random maps, for every page: the same outcome, multiples of the alignment and page tables within a row."""
    for seed in range(block * 12, block * 12 + 12):
        case = drawn(seed)
        most = min(case.machine.memory.ram + 2 * PAGE, 160 * PAGE)
        options = Options(**{name: getattr(case.options, name) for name in case.options.__slots__})
        swept = sweep(case.machine, PAGE, most, case.form, options)
        inquiry = form_of(case.machine, case.form, options)
        rows = iter(swept.sweep)
        row = next(rows)
        assert row.size == PAGE
        for size in range(PAGE, most + 1, PAGE):
            if size > row.end.size:
                after = next(rows)
                assert after.size == row.end.size + PAGE == size
                row = after
            scanned = size_plan(inquiry.plan(size))
            assert key(scanned) == key(row) == key(row.end), (seed, size)
            if swept.kernel.strategy == "pud-aligned":
                assert scanned.extra_table_bytes == row.extra_table_bytes
        assert row.end.size == most // PAGE * PAGE
        assert next(rows, None) is None


def test_rows_are_cut_only_where_something_changes() -> None:
    """Below 4 GiB one PUD, then the ordinary reservation, then PUD by PUD above."""
    swept = sweep(banks("6.12"), 128 * MIB, 4 * GIB)
    assert [(r.size, r.end.size, r.outcome, r.granules) for r in swept.sweep] == [
        (128 * MIB, GIB, "aligned", 1),
        (GIB + 4 * KIB, 2016 * MIB, "fallback", 0),
        (2016 * MIB + 4 * KIB, 2 * GIB, "aligned", 2),
        (2 * GIB + 4 * KIB, 3 * GIB, "aligned", 3),
        (3 * GIB + 4 * KIB, 4 * GIB, "aligned", 4),
    ]


def test_a_row_is_in_every_field_the_plan_of_its_size() -> None:
    for row in sweep(banks("6.12"), 512 * MIB, 2 * GIB, step=512 * MIB).sweep:
        plan = make_plan(banks("6.12"), f"{row.size}")
        assert row.end == row
        same = size_plan(plan)
        assert all(getattr(row, each.name) == getattr(same, each.name) for each in fields(SizePlan))
        assert row.returned == plan.waste.returned


@pytest.mark.parametrize("form", [",high", "1G,low"])
def test_a_form_that_the_kernel_does_not_read_is_met_at_no_size(form: str) -> None:
    """A plan of each size shows it; a plain request of that size would be reserved."""
    for step in (None, 512 * MIB):
        swept = sweep(banks("5.10"), 128 * MIB, GIB, form, step=step)
        assert {plan.outcome for row in swept.sweep for plan in (row, row.end)} == {"none"}
        assert (swept.sweep[0].size, swept.sweep[-1].end.size) == (128 * MIB, GIB if step is None else 640 * MIB)
    assert make_plan(banks("5.10"), "128M" + form.removeprefix("1G")).reservation.outcome == "none"
    assert make_plan(banks("5.10"), "128M").reservation.outcome == "aligned"
    assert any("do not read" in note for note in swept.notes)


def test_steps() -> None:
    """From the first size to the last; too many steps and reversed ranges are refused."""
    rows = sweep(banks("6.12"), 100 * MIB, 700 * MIB, step=200 * MIB).sweep
    assert [row.size // MIB for row in rows] == [100, 300, 500, 700]
    with pytest.raises(InputError, match="more than 100,000 rows"):
        sweep(banks("6.12"), MIB, 8 * GIB, step=4 * KIB)
    with pytest.raises(InputError, match="smaller first"):
        sweep(banks("6.12"), 2 * MIB, MIB)


def test_many_small_granules_make_one_row() -> None:
    """With an alignment of 2M up to 4 GiB there would be thousands of rows."""
    swept = sweep(banks("6.12"), 2 * MIB, 4 * GIB, None, Options(align="pmd"))
    assert len(swept.sweep) < 10
    assert swept.sweep[0].granules < swept.sweep[0].end.granules
