"""Records and answers as flat columns: their schemas, and values as the report has them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from planner.batch.columns import (
    OUTPUT_COLUMNS,
    answer_batch,
    batch_of_answers,
    column_table,
    ddl,
    input_columns,
    input_schema,
    output_schema,
)
from planner.batch.defaults import Defaults
from planner.batch.reading import KEYS
from planner.batch.records import Answer, answer_record
from planner.batch.running import open_input, run_batch
from planner.batch.work import Job
from tests.batch import fleet
from tests.batch.test_tables import expected, write

if TYPE_CHECKING:
    import pyarrow as pa
else:
    pa = pytest.importorskip("pyarrow")


def test_the_schemas_are_flat_and_valid_in_spark() -> None:
    """Schemas have three types only and no name twice, and Spark's syntax says the same as Arrow's."""
    for columns in (input_columns(), OUTPUT_COLUMNS):
        names = [name for name, _, _ in columns]
        assert len(names) == len(set(names))
        assert {kind for _, kind, _ in columns} == {"string", "int64", "bool"}
    sql = {"string": "STRING", "int64": "BIGINT", "bool": "BOOLEAN"}
    told = [f"{field.name} {sql[str(field.type)]}" for field in output_schema(with_report=True)]
    assert ddl(with_report=True) == ", ".join(told)


def test_a_text_that_is_not_utf8_is_an_error_of_its_row_alone(tmp_path: Path) -> None:
    """Other tools write such tables; the other rows are planned."""
    good = [json.dumps(fleet.memory(number)).encode() for number in range(3)]
    texts = pa.array([good[0], b"\xff", good[2], good[0]], pa.binary()).view(pa.string())
    idents = pa.array([b"a", b"b", b"c", b"\xfe"], pa.binary()).view(pa.string())
    table = pa.table({"id": idents, "map": texts, "crashkernel": ["64M"] * 4})
    for suffix in ("arrow", "parquet"):
        out = io.BytesIO()
        run_batch(open_input(write(table, tmp_path / f"fleet.{suffix}")), Job(), out)
        told = [json.loads(line) for line in out.getvalue().splitlines()]
        assert [answer["id"] for answer in told] == ["a", "b", "c", None]
        assert [answer.get("error") for answer in told] == [
            None,
            "map: is not UTF-8; write it as UTF-8 text",
            None,
            "id: is not UTF-8; write it as UTF-8 text",
        ]


def test_undecodable_bytes_in_a_name_are_escaped() -> None:
    batch = batch_of_answers([Answer("a\udcff", None, "no"), Answer("b", None, "no")])
    assert batch.column(0).to_pylist() == ["a\\xff", "b"]


@pytest.mark.parametrize("number", range(6))
def test_a_row_has_the_values_of_the_report(number: int) -> None:
    """Every column by name; the report comes last if it is requested."""
    batch = batch_of_answers([answer_record(fleet.record(number), Defaults())], with_report=True)
    (row,) = batch.to_pylist()
    report = json.loads(row.pop("report"))
    doubts = {"map_doubt": None, "kernel_doubt": None}
    assert row == {**expected(number), "protection": row["protection"], **doubts}
    assert report["reservation"]["outcome"] == row["outcome"]
    assert batch.schema.names[-1] == "report"


def test_an_answer_without_a_plan_has_an_error_and_nothing_else() -> None:
    """Its line number goes with it, if there is one; a numeric id becomes text."""
    (row,) = batch_of_answers([Answer(7, None, "not JSON", 3)]).to_pylist()
    assert (row["id"], row["error"]) == ("7", "line 3: not JSON")
    assert {row[name] for name in row if name not in ("id", "error")} == {None}


def test_a_row_is_answered_as_its_record() -> None:
    """Null means missing; an engine's own columns are skipped."""
    row = fleet.record(1)
    table = pa.table(
        {"id": [row["id"]], "map": [json.dumps(row["map"])], "crashkernel": ["64M"], "kernel": [None], "__index": [5]}
    )
    (answer,) = answer_batch(table.to_batches()[0], Defaults())
    assert (answer.id, answer.error) == (row["id"], None)
    assert answer.plan == answer_record({"id": row["id"], "map": row["map"], "crashkernel": "64M"}, Defaults()).plan


def test_the_published_columns_are_those_of_the_schemas() -> None:
    table = column_table()
    assert table["schema_version"] == 1
    assert [column["name"] for column in table["input"]] == input_schema().names
    assert [column["name"] for column in table["output"]] == output_schema().names
    assert table["output_with_report"][-1]["name"] == "report"
    assert all(column["meaning"] for column in (*table["input"], *table["output"]))
    assert table["spark_ddl"] == ddl()


def test_the_columns_of_records_are_their_keys() -> None:
    """In their order; numbers and flags have types of their own, all else is text."""
    kinds = {name: kind for name, kind, _ in input_columns()}
    assert tuple(kinds) == KEYS
    assert [name for name, kind in kinds.items() if kind == "int64"] == ["page_size", "va_bits", "dma_limit"]
    assert [name for name, kind in kinds.items() if kind == "bool"] == ["kfence", "prefer_aligned", "steps"]
