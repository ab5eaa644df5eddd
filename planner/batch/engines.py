"""The function for data engines: record batches in, record batches out. Needs the extra `batch`.

No engine is imported: Spark's `mapInArrow`, Ray's `map_batches` and Dask's `map_partitions` each take a plain function,
and differ only in the type that they pass to it.

```python spark
from pyspark.sql import SparkSession
from planner.batch import ddl, plan_batches

fleet = SparkSession.builder.getOrCreate().read.parquet("fleet.parquet")
fleet.mapInArrow(plan_batches, ddl()).write.parquet("plans")
```

```python ray
import ray
from planner.batch import plan_batches

fleet = ray.data.read_parquet("fleet.parquet")
fleet.map_batches(plan_batches, batch_format="pyarrow").write_parquet("plans")
```

```python dask
import dask.dataframe
from planner.batch import plan_batches

fleet = dask.dataframe.read_parquet("fleet.parquet")
fleet.map_partitions(plan_batches).to_parquet("plans")
```
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from planner.batch.columns import answer_batch, batch_of_answers, input_schema, output_schema, pyarrow
from planner.batch.defaults import Defaults
from planner.planning.options import Options
from planner.planning.values import read_options, request

__all__ = ["plan_batches"]


def plan_batches(batches: Any, *, with_report: bool = False, crashkernel: str | None = None, **options: Any) -> Any:
    """A plan for every row, in order; a row that cannot be planned has only its id and an `error`.

    batches: an iterable of `pyarrow.RecordBatch` (Spark's `mapInArrow`, a partition of a Dask bag), or one
    `RecordBatch`, `Table` (Ray's `map_batches` with `batch_format="pyarrow"`) or pandas `DataFrame` (a partition of a
    Dask data frame); the result has the same type. Its columns are any subset of `input_schema()`. with_report: the
    last column is the whole report as JSON text. crashkernel, options: defaults for rows without their own, as for
    `planner.plan`. Columns of the result: `output_schema()`; for Spark, `ddl()`.
    """
    arrow = pyarrow()
    defaults = Defaults(request(crashkernel), Options(**read_options(options)))
    if isinstance(batches, arrow.RecordBatch):
        return batch_of_answers(answer_batch(batches, defaults), with_report=with_report)
    if isinstance(batches, arrow.Table):
        done = _each(batches.to_batches(), defaults, with_report=with_report)
        return arrow.Table.from_batches(done, schema=output_schema(with_report=with_report))
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(batches, pandas.DataFrame):
        return _frame(batches, defaults, with_report=with_report)
    return _each(batches, defaults, with_report=with_report)


def _each(batches: Iterable[Any], defaults: Defaults, *, with_report: bool) -> Iterator[Any]:
    for batch in batches:
        yield batch_of_answers(answer_batch(batch, defaults), with_report=with_report)


def _whole_numbers(table: Any) -> Any:
    """The table with its integers restored where pandas made them floats because some rows have none."""
    arrow = pyarrow()
    for field in input_schema():
        at = table.schema.get_field_index(field.name)
        if at >= 0 and field.type == arrow.int64() and arrow.types.is_floating(table.schema.field(at).type):
            try:
                table = table.set_column(at, field, table.column(at).cast(field.type))
            except arrow.ArrowInvalid:
                continue  # a fraction: an error of its row
    return table


def _frame(frame: Any, defaults: Defaults, *, with_report: bool) -> Any:
    """A data frame with the index of the input; nullable integers stay integers."""
    import pandas as pd

    arrow = pyarrow()
    table = _whole_numbers(arrow.Table.from_pandas(frame, preserve_index=False))
    done = arrow.Table.from_batches(
        _each(table.to_batches(), defaults, with_report=with_report), schema=output_schema(with_report=with_report)
    )
    kinds = {arrow.int64(): pd.Int64Dtype(), arrow.bool_(): pd.BooleanDtype(), arrow.string(): pd.StringDtype()}
    result = done.to_pandas(types_mapper=kinds.get)
    result.index = frame.index
    return result
