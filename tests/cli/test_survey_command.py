"""`survey` of candidates on the command line."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

import planner
from tests.cli.conftest import answered, check_refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

ASKED = ("survey", "--map", "sample:rpi4-4g", "--map", "sample:altra-32g", "--request", "512M", "--preset", "rhel9")


def test_csv_and_json_say_the_same_in_bytes(run: Run) -> None:
    rows = json.loads(run(*ASKED, "--need", "400M", "--format", "json").out)["rows"]
    table = list(csv.DictReader(StringIO(run(*ASKED, "--need", "400M", "--format", "csv").out)))
    assert len(rows) == len(table) == 4
    for row, line in zip(rows, table, strict=True):
        assert (line["machine"], line["request"], line["outcome"]) == (row["machine"], row["request"], row["outcome"])
        assert int(line["low_free"]) == row["low_free"]
        assert line["crash_start"] == ("" if row["crash"] is None else str(row["crash"]["start"]))
        assert (line["met"], int(line["need"])) == ("yes" if row["met"] else "no", 400 << 20)


def test_the_table_has_one_unit_a_column_and_numbers_alone_in_its_cells(run: Run) -> None:
    lines = run(*ASKED, "--need", "400M", "--format", "markdown").out.splitlines()
    head = next(line for line in lines if line.startswith("| machine"))
    names = [cell.strip() for cell in head.strip("|").split("|")]
    numbers: list[str] = []
    for line in lines[lines.index(head) + 2 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        numbers += [cell for name, cell in zip(names, cells, strict=True) if name.endswith(("MiB", "KiB"))]
    assert numbers
    assert [text for text in numbers if not re.fullmatch(r"-?\d+(\.\d+)?", text)] == []


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        pytest.param([], "fallback", id="the proposal by default"),
        pytest.param(["--strategy", "mainline"], "exact", id="another"),
    ],
)
def test_the_strategy_of_all_candidates(run: Run, words: list[str], outcome: str) -> None:
    rows = answered(run, "survey", "--map", "sample:altra-32g", "--request", "512M", *words)["rows"]
    assert [row["outcome"] for row in rows] == [outcome]


def test_sorted(run: Run) -> None:
    out = run(*ASKED, "--sort", "-low_free", "--format", "json").out
    free = [row["low_free"] for row in json.loads(out)["rows"]]
    assert free == sorted(free, reverse=True)
    status, out, err = run(*ASKED, "--sort", "colour")
    assert (status, out) == (2, "")
    assert err.startswith("error: --sort: unknown column 'colour'; use one of machine, ram, kernel")


def test_the_page_has_a_heat_map_and_sorts(run: Run) -> None:
    """Each cell tells its plan; the picture is well-formed; the data is there."""
    page = run(*ASKED, "--format", "html").out
    picture = page[page.index("<svg") : page.index("</svg>") + 6]
    root = ET.fromstring(picture)  # noqa: S314 - our own
    titles = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}title")]
    assert sum("rpi4-4g, 512M: " in title for title in titles) == 1
    assert "aria-sort" in page
    assert '<script type="application/json" id="report">' in page


@pytest.mark.parametrize("form", ["text", "rst"])
def test_other_formats(run: Run, form: str) -> None:
    status, out, err = run(*ASKED, "--format", form)
    assert (status, err) == (0, "")
    assert "altra-32g" in out


@pytest.mark.parametrize("option", ["--kernel", "--strategy", "--preset", "--map-format", "--page-size"])
def test_a_wrong_value_is_refused_before_any_map_is_read(run: Run, option: str) -> None:
    check_refused(run("survey", "--map", "gone.iomem", option, "foo"), f"error: {option}: ")


def test_nothing_planned_is_one_line(run: Run, tmp_path: Path) -> None:
    """Status 2, as of `default`; a machine that can be planned beside it is enough for a table."""
    odd = tmp_path / "odd.json"
    odd.write_text(
        json.dumps({"schema_version": 1, "memory": [{"start": 0, "size": "4G"}], "reserved": [], "va_bits": 42})
    )
    line = f"error: {odd}: cannot be planned: --va-bits: 4K pages are not possible with 42-bit virtual addresses; "
    for command in (("survey", "--request", "512M"), ("default",)):
        check_refused(run(*command, "--map", str(odd)), line)
    told = run("survey", "--request", "512M", "--map", str(odd), "--map", "sample:altra-32g")
    assert (told.status, told.err) == (0, "")
    assert "\nNot planned\n" in told.out


def test_what_cannot_be_read_is_reported_beside_the_others(run: Run) -> None:
    status, out, err = run(*ASKED, "--map", "gone.iomem")
    assert status == 0
    assert "altra-32g" in out
    assert err.startswith("gone.iomem: cannot be read: ")


def test_the_library_gives_the_same_rows(run: Run) -> None:
    rows = planner.survey(
        {"rpi4-4g": "sample:rpi4-4g", "altra-32g": "sample:altra-32g"},
        requests=["512M"],
        presets=["rhel9"],
        need="400M",
    )
    told = json.loads(run(*ASKED, "--need", "400M", "--format", "json").out)["rows"]
    assert [(r.machine, r.outcome, r.low_free) for r in rows] == [
        (r["machine"], r["outcome"], r["low_free"]) for r in told
    ]


@pytest.mark.parametrize("form", ["text", "rst"])
@pytest.mark.parametrize(
    "args",
    [
        pytest.param([], id="the proposal"),
        pytest.param(["--request", "512M", "--preset", "rhel9"], id="candidates"),
        pytest.param(["--request", "512M", "--kernel", "6.1", "--kernel", "6.12", "--page-size", "64K"], id="kernels"),
    ],
)
def test_no_table_is_wider_than_a_page(args: list[str], form: str, run: Run) -> None:
    """In documents as in text: what decides first, then the sizes, then the machines."""
    assert max(map(len, run("survey", *args, "--format", form).out.splitlines())) <= 80
