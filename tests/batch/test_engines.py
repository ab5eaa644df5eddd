"""The function for data engines; tests/engines runs it on Spark, Ray and Dask."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import planner
from planner.base.errors import InputError
from planner.batch import plan_batches
from planner.batch.columns import output_schema
from tests.batch import fleet
from tests.batch.test_tables import rows, values_of

if TYPE_CHECKING:
    import pyarrow as pa
else:
    pa = pytest.importorskip("pyarrow")


@pytest.mark.parametrize(
    ("columns", "error"),
    [
        pytest.param({"id": ["a"], "rack": ["r1"]}, "rack: unknown key", id="a column that no record has"),
        pytest.param({"id": ["a"]}, "map: neither map nor source is given", id="no map"),
        pytest.param({"id": ["a"], "map": ["[]"]}, "<map>: must be an object", id="an invalid map"),
    ],
)
def test_a_bad_row_is_answered_with_an_error(columns: dict[str, list[str]], error: str) -> None:
    table = plan_batches(pa.table(columns))
    assert table.num_rows == 1
    assert table.column("error")[0].as_py().startswith(error)


def test_the_result_has_the_type_of_the_input() -> None:
    """An iterable, one batch, a table; an engine's own columns (an index) are ignored."""
    table = rows(5).append_column("__index_level_0__", pa.array(range(5)))
    batch = table.to_batches()[0]
    whole = plan_batches(table, kernel="6.1")
    assert plan_batches(batch, kernel="6.1") == whole.to_batches()[0]
    assert list(plan_batches(iter([batch, batch]), kernel="6.1")) == whole.to_batches() * 2
    assert plan_batches(table.slice(0, 0)).num_rows == 0
    assert list(plan_batches([])) == []


def test_defaults_are_options_of_the_library_call() -> None:
    table = pa.table({"map": [json.dumps(fleet.memory(3))]})
    told = plan_batches(table, crashkernel="128M", strategy="mainline", kernel="6.1", page_size="4K")
    plan = planner.plan(fleet.as_memory_map(fleet.memory(3)), "128M", strategy="mainline", kernel="6.1", page_size="4K")
    assert told.to_pylist()[0] == {"id": None, **values_of(plan)}


def test_the_report_is_a_column_if_it_is_requested() -> None:
    table = plan_batches(rows(3), with_report=True)
    assert table.schema == output_schema(with_report=True)
    assert json.loads(table.column("report")[0].as_py())["schema_version"] == 1


def test_an_unknown_option_is_refused_before_anything_is_planned() -> None:
    with pytest.raises(InputError, match="kernal"):
        plan_batches(rows(2), kernal="6.1")
    with pytest.raises(InputError, match="page"):
        plan_batches(rows(2), page_size="5K")


def test_a_data_frame_gives_a_data_frame_with_its_index() -> None:
    """Nullable integers stay integers, although pandas makes them floats."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"map": [json.dumps(fleet.memory(3))] * 2, "page_size": [4096, None]}, index=["x", "y"])
    done = plan_batches(frame, crashkernel="64M", kernel="6.1")
    assert list(done.index) == ["x", "y"]
    assert list(done["error"].isna()) == [True, True]
    assert str(done["crash_start"].dtype) == "Int64"
