"""CSV tables of answers: rows by line, values by the type of their column."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.batch.csv_answers import open_csv
from planner.batch.inputs import TASK_RECORDS
from planner.batch.running import open_answers, open_input

HEAD = '"id","error","outcome","kept","protected"\n'


def rows(path: Path, text: str) -> list[tuple[int, object]]:
    """The rows that are read of a file with this text."""
    path.write_text(text)
    source = open_csv(str(path))
    try:
        return [row for task in source.tasks() for row in task.rows]
    finally:
        source.close()


def test_values_have_the_types_of_their_columns(tmp_path: Path) -> None:
    """A text may hold line ends, and blank lines do not count."""
    found = rows(tmp_path / "x.csv", HEAD + '"a\nb",,"exact",0,true\n\n"c","no RAM",,,\n')
    first = {"id": "a\nb", "error": None, "outcome": "exact", "kept": 0, "protected": True}
    second = {"id": "c", "error": "no RAM", "outcome": None, "kept": None, "protected": None}
    assert found == [(2, first), (5, second)]


def test_a_task_has_so_many_rows_that_many_fit_in_memory(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(HEAD + '"c","no RAM",,,\n' * (2 * TASK_RECORDS + 2))
    source = open_csv(str(tmp_path / "x.csv"))
    try:
        assert [len(task.rows) for task in source.tasks()] == [TASK_RECORDS, TASK_RECORDS, 2]
    finally:
        source.close()


@pytest.mark.parametrize(
    "row",
    [
        pytest.param('"a",,"exact"', id="cut off"),
        pytest.param("garbage", id="another text"),
        pytest.param('"a",,"exact",many,true', id="no number"),
        pytest.param('"a",,"exact",0,perhaps', id="neither true nor false"),
        pytest.param('"a",,"exact",0,true,1', id="too many cells"),
    ],
)
def test_a_damaged_row_spoils_no_other(tmp_path: Path, row: str) -> None:
    (damaged, whole) = rows(tmp_path / "x.csv", f'{HEAD}{row}\n"b","no RAM",,,\n')
    assert damaged == (2, None)
    assert whole[0] == 3


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param("", "is empty", id="nothing"),
        pytest.param("a,b\n1,2\n", "is not a table of answers: its first line has other columns", id="another table"),
        pytest.param('{"id": 1}\n', "is not a table of answers", id="JSON Lines"),
    ],
)
def test_other_texts_are_refused(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(InputError, match=f"x.csv: {what}; give a table|x.csv: {what}:"):
        rows(tmp_path / "x.csv", text)


def test_records_cannot_be_csv(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with pytest.raises(InputError, match="cannot be read: No such file"):
        open_answers(str(path))
    with pytest.raises(InputError, match="a CSV table holds answers, not records; add them up with batch --summary"):
        open_input(str(path))
