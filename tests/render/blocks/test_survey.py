"""Surveys in blocks: a row for each plan, what they add up to, and CSV that a spreadsheet reads."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.render.blocks.model import Table
from planner.render.blocks.survey import blocks, csv_text, summary, tabulated
from planner.studies.survey import survey
from tests.planning.machines import machine
from tests.render.blocks.found import bullets_of, lead_of, table_of
from tests.render.pictures.test_heat_map import row
from tests.studies.test_explain import crowded

MACHINES = survey([("a", machine()), ("b", crowded())])


def test_the_totals_of_all_plans() -> None:
    assert summary(MACHINES) == (
        ("survey", "8 plans on 2 machines: 5 are aligned, 2 fall back and 1 fails (5 protected)", "good"),
        "2 machines have an aligned area for at least one of the requests, 1 for all of them.",
    )


def test_page_sizes_are_counted_apart_where_there_are_two() -> None:
    """Larger pages have smaller granules, so that they always do better."""
    _, text = summary(survey([("a", machine()), ("b", machine(page_size=64 * KIB))]))
    assert "Of the 4 with 4K pages 4 are aligned (4 protected); of the 4 with larger pages " in text
    assert "with 4K pages" not in summary(MACHINES)[1]


def test_a_row_a_plan_and_a_row_a_machine() -> None:
    """The default by the name of whose it is; sizes of a column in one unit."""
    told = blocks(MACHINES)
    rows = table_of(told, "Would it have worked?").rows
    assert rows[:2] == [
        ("a", "debian", "aligned", "0xc0000000", "512M"),
        ("a", "512M", "aligned", "0xc0000000", "512M"),
    ]
    assert rows[-1] == ("b", "1G", "failed", "-", "-")
    assert len(rows) == 8
    assert table_of(told, "Machines").rows == [
        ("a", "8192M", "4K", "512M", "debian"),
        ("b", "10240M", "4K", "512M", "debian"),
    ]


def test_without_machines_nothing_is_said() -> None:
    assert blocks([]) == []


ROWS = [
    row("a", preset="debian"),
    row("b,\x1b", outcome="failed", place=None, crash=None, met=False, waste=1536),
    row("c\nd", outcome="error", place=None, crash=None, met=False, error="no\x1b room"),
    row("e", "foo", outcome="none", place=None, crash=None, met=False, size=0, waste=0, invalid="no size"),
]


def test_a_csv_is_read_back_as_it_is() -> None:
    """Bytes in decimal; empty where there is none; whatever a name holds."""
    told = list(csv.DictReader(StringIO(csv_text(ROWS))))
    assert [line["machine"] for line in told] == ["a", "b,\x1b", "c d", "e"]
    assert told[0] == {
        "machine": "a",
        "ram": str(8 * GIB),
        "kernel": "6.12",
        "page_size": "4096",
        "request": "512M",
        "preset": "debian",
        "size": str(512 * MIB),
        "outcome": "aligned",
        "place": "low",
        "crash_start": str(2 * GIB),
        "crash_end": str(2 * GIB + 512 * MIB),
        "low_start": "",
        "low_end": "",
        "need": str(256 * MIB),
        "met": "yes",
        "low_free": str(GIB),
        "waste": str(MIB),
        "protected": "yes",
        "error": "",
        "doubt": "",
        "invalid": "",
    }
    assert [told[1][key] for key in ("preset", "crash_start", "met", "error")] == ["", "", "no", ""]
    assert [told[2][key] for key in ("size", "need", "met", "low_free", "waste", "protected")] == [""] * 6
    assert (told[2]["error"], told[3]["invalid"]) == ("no\x1b room", "no size")


@pytest.mark.parametrize(
    ("rows", "mood", "text"),
    [
        (ROWS, "good", "3 plans, the need is met in 1 of them; in addition, 1 is not planned"),
        (ROWS[1:2], "bad", "1 plan, the need is met in 0 of them"),
        ([row(doubt="a CMA area may be missing")], "good", "1 plan, the need is met in 1 of them; 1 is in doubt"),
    ],
)
def test_how_often_the_need_is_met(rows: list, mood: str, text: str) -> None:  # type: ignore[type-arg]
    assert lead_of(tabulated(rows)) == ("survey", text, mood)


def _first(table: Table) -> dict[str, str]:
    """The first row by the names of its columns."""
    assert len(table.align) == len(table.head)
    return dict(zip(table.head, table.rows[0], strict=True))


def test_outcomes_come_first_then_sizes_then_machines() -> None:
    """Each with one unit a column, the largest in which all values are whole."""
    decides, sizes, machines = (block for block in tabulated(ROWS) if isinstance(block, Table))
    assert _first(decides) == {
        "machine": "a",
        "request": "debian",
        "outcome": "aligned",
        "met": "yes",
        "at": "0x80000000",
        "waste bytes": str(MIB),
    }
    assert decides.rows[1] == ("b,\x1b", "512M", "failed", "no", "-", "1536")
    assert decides.rows[2] == ("c\nd", "512M", "error", "-", "-", "-")
    assert sizes.rows[2] == ("c\nd", "512M", "-", "-", "-", "-")
    assert bullets_of(tabulated(ROWS), "Not valid") == ["foo: no size (1 plan)"]
    assert _first(sizes) == {
        "machine": "a",
        "request": "debian",
        "place": "low",
        "size MiB": "512",
        "need MiB": "256",
        "low left MiB": "1024",
    }
    assert _first(machines) == {"machine": "a", "RAM MiB": "8192", "kernel": "6.12", "page": "4K"}


def test_a_machine_with_several_kernels_has_them_in_every_row_and_one_of_its_own() -> None:
    decides, sizes, machines = (
        block for block in tabulated([row("a"), row("a", kernel="6.1")]) if isinstance(block, Table)
    )
    assert decides.head[:4] == sizes.head[:4] == ("machine", "kernel", "page", "request")
    assert [line[:3] for line in sizes.rows] == [("a", "6.12", "4K"), ("a", "6.1", "4K")]
    assert _first(machines) == {"machine": "a", "RAM MiB": "8192"}


def test_what_could_not_be_planned_is_reported() -> None:
    assert bullets_of(tabulated(ROWS), "Not planned") == ["c\nd, 512M: no\x1b room"]


def test_a_low_part_has_its_own_columns() -> None:
    (told,) = csv.DictReader(StringIO(csv_text([row(low=Range(GIB, GIB + 128 * MIB))])))
    assert (told["low_start"], told["low_end"]) == (str(GIB), str(GIB + 128 * MIB))
