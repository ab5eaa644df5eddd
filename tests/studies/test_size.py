"""`size`: presets, sweeps and shrinking after boot."""

from __future__ import annotations

from dataclasses import fields

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.studies.fit import form_of
from planner.studies.size import SizePlan, give_back, presets, size_plan, sweep
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


def test_a_row_is_the_plan_of_its_size() -> None:
    """Field by field."""
    for row in sweep(banks("6.12"), 512 * MIB, 2 * GIB, step=512 * MIB).sweep:
        plan = make_plan(banks("6.12"), f"{row.size}")
        assert row.end == row
        same = size_plan(plan)
        assert all(getattr(row, each.name) == getattr(same, each.name) for each in fields(SizePlan))
        assert row.returned == plan.waste.returned


@pytest.mark.parametrize("form", [",high", "1G,low"])
def test_a_form_that_the_kernel_does_not_read_is_met_at_no_size(form: str) -> None:
    """As a plan of each size shows; a plain request of that size would be reserved."""
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


@pytest.mark.parametrize(
    ("ram", "page", "sizes"),
    [
        pytest.param(8, 4, {"debian": 512, "ubuntu": 512, "rhel9": 320, "rhel9-2024": 320, "rhel10": 320}, id="8G"),
        pytest.param(64, 4, {"debian": 2048, "ubuntu": 2048, "rhel9": 576, "rhel9-2024": 576, "rhel10": 576}, id="64G"),
        pytest.param(
            8,
            64,
            {"debian": 512, "ubuntu": 512, "rhel9-64k": 420, "rhel9-2024-64k": 420, "rhel10-64k": 420},
            id="8G, 64K pages",
        ),
    ],
)
def test_presets_for_this_machine_and_page_size(ram: int, page: int, sizes: dict[str, int]) -> None:
    """Firmware takes the last megabyte: RAM is rounded up to 128M before a range is chosen."""
    memory = MemoryMap((Region(GIB, (1 + ram) * GIB - MIB),))
    found = presets(Machine("<test>", "json", memory, Facts(kernel="6.12", page_size=page * KIB)))
    asked = {p.preset: p.size // MIB for p in found.presets}
    assert {name: asked.get(name) for name in sizes} == sizes
    assert all(
        name.endswith("-64k") == (page == 64) for name in asked if name.startswith(("rhel9", "rhel10", "fedora"))
    )


@pytest.mark.parametrize(
    ("kernel", "written", "main", "low", "freed"),
    [
        pytest.param("6.12", 512 * MIB, 384, 128, [128], id="the end of the main part is freed"),
        pytest.param("6.12", 128 * MIB, 0, 128, [512], id="down to the low part"),
        pytest.param("6.12", 96 * MIB, 0, 96, [512, 32], id="which shrinks too"),
        pytest.param("6.12", 0, 0, 0, [512, 128], id="to nothing"),
        pytest.param("6.3", 96 * MIB, 96, 128, [416], id="older kernels count and free the main part only"),
    ],
)
def test_giving_back(kernel: str, written: int, main: int, low: int, freed: list[int]) -> None:
    """512M high and 128M low, in MiB."""
    given = give_back(banks(kernel), "512M,high", written)
    assert given.refused is None
    assert given.before == (640 if kernel == "6.12" else 512) * MIB
    assert (given.crash.size if given.crash else 0, given.low.size if given.low else 0) == (main * MIB, low * MIB)
    assert [r.size for r in given.freed] == [size * MIB for size in freed]
    boot = make_plan(banks(kernel), "512M,high").reservation
    assert boot.crash is not None
    assert given.freed[0].end == boot.crash.end
    assert (given.reboot is None) == (main == 0)


def test_giving_back_rounds_to_pages_and_leaves_the_mapping() -> None:
    """Freed memory stays mapped with base pages; after a reboot fewer base pages would be needed."""
    given = give_back(banks("6.1"), "512M", 256 * MIB - 1, Options(strategy="pud-aligned-trimmed"))
    assert given.after == 256 * MIB
    assert given.freed == (Range(3 * GIB + 256 * MIB, 3 * GIB + 512 * MIB),)
    assert given.base_pages == 256 * MIB
    assert given.reboot is not None
    assert (given.reboot_crashkernel, given.reboot.base_pages_outside_crash) == ("256M", 0)
    assert given.reboot.extra_table_bytes < given.table_bytes


@pytest.mark.parametrize(
    ("asked", "written", "why"),
    [
        pytest.param("512M", 512 * MIB, "reserved already", id="the same"),
        pytest.param("512M", GIB, "EINVAL", id="more"),
        pytest.param("512MB", 0, "no crash memory", id="nothing there"),
    ],
)
def test_giving_back_is_refused(asked: str, written: int, why: str) -> None:
    """Nothing is freed."""
    given = give_back(banks("6.1"), asked, written)
    assert why in (given.refused or "")
    assert given.freed == ()
