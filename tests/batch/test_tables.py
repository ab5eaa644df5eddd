"""Records and answers in tables: flat, typed, and the same answers as lines give."""

from __future__ import annotations

import io
import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import planner
from planner.base.errors import InputError
from planner.batch.columns import input_schema, output_schema
from planner.batch.defaults import Defaults
from planner.batch.results import partial_of
from planner.batch.running import count_results, open_input, run_batch
from planner.batch.work import Job
from planner.planning.result import Plan
from planner.report import to_dict
from tests.batch import fleet

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import csv, parquet
else:
    pa = pytest.importorskip("pyarrow")
    csv = pytest.importorskip("pyarrow.csv")
    parquet = pytest.importorskip("pyarrow.parquet")

SUFFIXES = ("parquet", "arrow", "feather")


def rows(count: int) -> pa.Table:
    """Records as a table; the last one is bad."""
    listed: list[dict[str, Any]] = []
    for number in range(count - 1):
        row = fleet.record(number)
        listed.append({**row, "map": json.dumps(row["map"])})
    listed.append({"id": "bad", "map": "{"})
    return pa.Table.from_pylist(listed, schema=input_schema())


def write(table: pa.Table, path: Path) -> str:
    """Write a table in the format of the path's suffix."""
    if path.suffix == ".parquet":
        parquet.write_table(table, path, row_group_size=100)
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=90)
    return str(path)


def read(path: Path) -> pa.Table:
    """A file as a table."""
    if path.suffix == ".parquet":
        return parquet.read_table(path)
    with pa.ipc.open_file(path) as reader:
        return reader.read_all()


def values_of(plan: Plan) -> dict[str, Any]:
    """The columns of a plan, each taken from its report by its own path."""
    report = to_dict(plan)
    done, mapping = report["reservation"], report["mapping"]
    kernel = report["kernel"]
    found: dict[str, Any] = {
        "error": None,
        "outcome": done["outcome"],
        "protected": done["protected"],
        "request": report["request"]["text"],
        "request_size": report["request"]["size"],
        "profile": kernel["profile"],
        "ram": report["memory"]["ram"],
        "table_bytes": mapping["table_bytes"],
        "tlb_entries": mapping["tlb_entries"],
        "baseline_table_bytes": report["baseline"]["table_bytes"],
        "baseline_tlb_entries": report["baseline"]["tlb_entries"],
        "notes": "\n".join(report["notes"]),
        "protection": plan.protection,
        "map_doubt": None,
        "kernel_doubt": None,
    }
    for name in ("page_size", "va_bits", "strategy", "granule", "dma_limit"):
        found[name] = kernel[name]
    for name in ("crash", "low", "area"):
        for edge in ("start", "end"):
            found[f"{name}_{edge}"] = done[name] and done[name][edge]
    for name in ("leaves", "bytes", "tables"):
        found |= {f"{name}_{kind}": value for kind, value in mapping[name].items()}
    found |= report["waste"]
    return found


def expected(number: int) -> dict[str, Any]:
    """The columns of a record, planned by the library."""
    record = fleet.record(number)
    plan = planner.plan(fleet.as_memory_map(record["map"]), record["crashkernel"], **fleet.options(number))
    return {"id": record["id"], **values_of(plan)}


def test_every_row_of_csv_is_a_line(tmp_path: Path) -> None:
    """A reader that knows no quoted line ends finds all of them."""
    records, out = tmp_path / "fleet.jsonl", tmp_path / "plans.csv"
    record = {**fleet.record(0), "id": "one\r\ntwo", "crashkernel": "quiet\ncrashkernel=512M"}
    records.write_bytes(b"".join([json.dumps(one).encode() + b"\n" for one in (record, fleet.record(1))]))
    run_batch(open_input(str(records)), Job(with_report=True), str(out))
    first, second = csv.read_csv(out).to_pylist()
    assert len(out.read_text().splitlines()) == 3
    assert (first["id"], first["request"]) == ("one two", "quiet crashkernel=512M")
    assert second["notes"] == "; ".join(expected(1)["notes"].split("\n"))
    assert ";" in second["notes"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_has_the_plans_of_the_library(tmp_path: Path, suffix: str) -> None:
    """Every column of every row; a bad row has only an error."""
    records, out = write(rows(200), tmp_path / f"fleet.{suffix}"), tmp_path / f"plans.{suffix}"
    counts = run_batch(open_input(records), Job(), str(out))
    table = read(out)
    assert table.schema == output_schema()
    told = table.to_pylist()
    assert told[:-1] == [expected(number) for number in range(199)]
    assert {name: value for name, value in told[-1].items() if value is not None}.keys() == {"id", "error"}
    assert (counts.records, counts.errors) == (200, 1)
    assert list(tmp_path.glob("*partial*")) == []


def test_lines_and_tables_convert_into_each_other(tmp_path: Path) -> None:
    """Lines to a table with the whole report; a table to lines."""
    lines = tmp_path / "fleet.jsonl"
    lines.write_bytes(fleet.lines(70))
    run_batch(open_input(str(lines)), Job(with_report=True), str(tmp_path / "plans.parquet"))
    reports = read(tmp_path / "plans.parquet").column("report").to_pylist()
    out = io.BytesIO()
    run_batch(open_input(write(rows(71), tmp_path / "fleet.arrow")), Job(), out)
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [json.loads(report) for report in reports] == [answer["report"] for answer in told[:-1]]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_truncated_table_is_resumed_to_the_same_bytes(tmp_path: Path, suffix: str, share: float) -> None:
    records = write(rows(500), tmp_path / "fleet.parquet")
    whole, out = tmp_path / f"whole.{suffix}", tmp_path / f"plans.{suffix}"
    counts = run_batch(open_input(records), Job(), str(whole))
    pieces = _Stopped(3 + round(5 * share))
    with pytest.raises(InterruptedError):
        run_batch(open_input(records), Job(), str(out), progress=pieces)
    partial = Path(partial_of(str(out)))
    data = partial.read_bytes()
    partial.write_bytes(data[: round(len(data) * share)])
    assert run_batch(open_input(records), Job(), str(out), resume=True) == counts
    assert out.read_bytes() == whole.read_bytes()
    assert not partial.exists()


def test_a_table_with_other_columns_is_not_resumed_and_stays_as_it_is(tmp_path: Path) -> None:
    records, out = write(rows(200), tmp_path / "fleet.parquet"), tmp_path / "plans.parquet"
    with pytest.raises(InterruptedError):
        run_batch(open_input(records), Job(with_report=True), str(out), progress=_Stopped(2))
    before = Path(partial_of(str(out))).read_bytes()
    with pytest.raises(InputError, match="has other columns; resume with the options of the first run"):
        run_batch(open_input(records), Job(), str(out), resume=True)
    assert Path(partial_of(str(out))).read_bytes() == before


def test_the_results_of_a_table_are_counted(tmp_path: Path) -> None:
    out = tmp_path / "plans.parquet"
    counts = run_batch(open_input(write(rows(50), tmp_path / "fleet.parquet")), Job(), str(out))
    assert count_results(str(out)) == counts


class _Stopped:
    """Ends a run after a number of tasks."""

    def __init__(self, tasks: int) -> None:
        self._left = tasks

    def __call__(self, _: object) -> None:
        self._left -= 1
        if not self._left:
            raise InterruptedError


def test_a_file_that_is_not_a_table_is_an_error_of_one_line(tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        path = tmp_path / f"fleet.{suffix}"
        path.write_bytes(b"no table\n")
        with pytest.raises(InputError, match="cannot be read as a table"):
            run_batch(open_input(str(path)), Job(Defaults("64M")), io.BytesIO())


@given(st.integers(0, 1 << 62), st.integers(0, 255), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_damaged_table_is_one_error_or_other_values(at: int, byte: int, dictionaries: bool) -> None:
    """For a change of any byte: offsets outside the memory are not followed."""
    table = rows(20)
    if dictionaries:
        table = table.set_column(0, "id", table.column("id").dictionary_encode())
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    data = bytearray(sink.getvalue())
    data[at % len(data)] ^= byte
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fleet.arrow"
        path.write_bytes(data)
        out = io.BytesIO()
        with suppress(InputError):
            run_batch(open_input(str(path)), Job(), out)
    for line in out.getvalue().splitlines():
        assert set(json.loads(line)) in ({"id", "report"}, {"id", "error"})
