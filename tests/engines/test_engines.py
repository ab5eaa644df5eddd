"""The recipes of `planner.batch.engines` on real engines: local Spark, Ray and Dask answer as the library does.

Without the extra `engines` these tests are skipped. CRASHKERNEL_ENGINE_RECORDS: how many rows, 300 by default.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import planner
from planner.batch import ddl, engines, input_schema, output_schema, plan_batches
from planner.batch.defaults import Defaults
from planner.batch.running import open_input, run_batch
from planner.batch.work import Job
from tests.batch import fleet

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet
else:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")

pytestmark = [
    pytest.mark.engines,
    # The engines' own affair: what they deprecate, and what they leave open.
    pytest.mark.filterwarnings("ignore"),
]

ROOT = Path(planner.__file__).parent.parent
RECORDS = int(os.environ.get("CRASHKERNEL_ENGINE_RECORDS", "300"))
RECIPES = dict(re.findall(r"```python (\w+)\n((?s:.*?))```", engines.__doc__ or ""))
BAD = {"id": "bad", "map": '{"memory": [{"start": 5, "end": 4}]}', "crashkernel": "64M"}


@pytest.fixture(scope="module")
def records() -> pa.Table:
    """Machines that differ, and one that cannot be planned."""
    rows = [{**row, "map": json.dumps(row["map"])} for row in map(fleet.record, range(RECORDS - 1))]
    return pa.Table.from_pylist([*rows, BAD], schema=input_schema())


@pytest.fixture(scope="module")
def answers(records: pa.Table) -> dict[str, dict[str, Any]]:
    """What `planner.plan` says of each machine, as columns, by id."""
    found = {}
    for number in range(RECORDS - 1):
        row = fleet.record(number)
        plan = planner.plan(fleet.as_memory_map(row["map"]), row["crashkernel"], **fleet.options(number))
        done = plan.reservation
        found[row["id"]] = {
            "error": None,
            "outcome": done.outcome,
            "protected": done.protected,
            "crash_start": done.crash and done.crash.start,
            "crash_end": done.crash and done.crash.end,
            "low_start": done.low and done.low.start,
            "area_end": done.area and done.area.end,
            "leaves_pte": plan.mapping.leaves.pte,
            "table_bytes": plan.mapping.table_bytes,
            "extra_table_bytes": plan.waste.extra_table_bytes,
            "low_free_after": plan.waste.low_free_after,
            "notes": "\n".join(plan.notes),
        }
    assert records.num_rows == len(found) + 1
    return found


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, records: pa.Table) -> Path:
    """A folder with `fleet.parquet`, in which a recipe runs; workers find this checkout and this Python."""
    parquet.write_table(records, tmp_path / "fleet.parquet", row_group_size=max(RECORDS // 4, 1))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    return tmp_path


def needs(*modules: str) -> None:
    """Skip where an engine is not installed."""
    for module in modules:
        pytest.importorskip(module)


def agree(told: list[dict[str, Any]], answers: dict[str, dict[str, Any]]) -> None:
    """Every row is there once, and says what the library says."""
    by_id = {row["id"]: row for row in told}
    assert len(by_id) == len(told) == RECORDS
    bad = by_id.pop("bad")
    assert bad["error"].startswith("<map>.memory.0.end: the range ends before it starts")
    assert bad["outcome"] is None
    wrong = [name for name, row in answers.items() if {key: by_id[name][key] for key in row} != row]
    print(f"{len(answers) - len(wrong)} of {len(answers)} records agree")
    assert wrong == []


def run_recipe(name: str) -> None:
    """The docstring's code, as it stands."""
    exec(compile(RECIPES[name], f"engines.py, {name}", "exec"), {})  # noqa: S102 - our own document


def test_spark(place: Path, answers: dict[str, dict[str, Any]]) -> None:
    """`mapInArrow` takes the function itself."""
    needs("pyspark")
    if shutil.which("java") is None:
        pytest.skip("Spark needs a Java")
    session = importlib.import_module("pyspark.sql").SparkSession
    spark = session.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        spark.sparkContext.setLogLevel("ERROR")
        run_recipe("spark")
        table = parquet.read_table(place / "plans")
    finally:
        spark.stop()
    assert [field.type for field in table.schema] == [field.type for field in output_schema()]
    agree(table.to_pylist(), answers)


def test_ray(place: Path, answers: dict[str, dict[str, Any]]) -> None:
    """`map_batches` takes the function itself."""
    needs("ray", "ray.data")
    ray = importlib.import_module("ray")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    try:
        run_recipe("ray")
        table = parquet.read_table(place / "plans")
    finally:
        ray.shutdown()
    assert table.schema.equals(output_schema())
    agree(table.to_pylist(), answers)


def test_dask_data_frames(place: Path, answers: dict[str, dict[str, Any]]) -> None:
    """`map_partitions` of a data frame takes the function itself; whole numbers stay whole."""
    needs("dask.dataframe")
    run_recipe("dask")
    table = parquet.read_table(place / "plans", columns=output_schema().names)
    kinds = {"large_string": "string"}
    assert [kinds.get(str(field.type), str(field.type)) for field in table.schema] == [
        str(field.type) for field in output_schema()
    ]
    agree(table.to_pylist(), answers)


def test_dask_bags(records: pa.Table, answers: dict[str, dict[str, Any]]) -> None:
    """`map_partitions` of a bag of record batches takes the function itself."""
    needs("dask.bag")
    bag = importlib.import_module("dask.bag").from_sequence(records.to_batches(max_chunksize=50), npartitions=3)
    batches = bag.map_partitions(plan_batches).compute(scheduler="threads")
    agree([row for batch in batches for row in batch.to_pylist()], answers)


def test_the_command_agrees(place: Path, answers: dict[str, dict[str, Any]]) -> None:
    """The same rows through `batch`, on two processes."""
    run_batch(open_input(str(place / "fleet.parquet")), Job(Defaults()), str(place / "plans.parquet"), jobs=2)
    agree(parquet.read_table(place / "plans.parquet").to_pylist(), answers)


def test_spark_takes_the_published_schema() -> None:
    """Its own parser reads the text as the types that it has for the Arrow schema."""
    needs("pyspark.sql.pandas.types")
    types = importlib.import_module("pyspark.sql.pandas.types")
    told = types.from_arrow_schema(output_schema(with_report=True))
    assert ", ".join(f"{field.name} {field.dataType.simpleString().upper()}" for field in told) == ddl(with_report=True)
