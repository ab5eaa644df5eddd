"""Parquet and Arrow files of records and answers, and CSV files of answers, as streams of batches. Needs pyarrow.

An unfinished table is an Arrow stream, which can be appended to and whose truncated end can be detected. The finished
table is written from it in batches of a fixed size, so that a resumed run gives the same bytes as an uninterrupted one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from planner.base.errors import InputError, printable
from planner.base.sizes import MIB
from planner.batch.columns import as_bytes, output_schema, pyarrow
from planner.batch.inputs import TASK_RECORDS, Rows, Task, no_record, too_few
from planner.batch.results import PartialFile, partial_of, put_in_place
from planner.batch.work import Counts, total

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["TableFile", "TableInput", "count_table", "open_table"]


_GROUP_ROWS, _GROUP_ROWS_WITH_REPORT = 8192, 512


def _pyarrow(name: str) -> Any:
    """A module of pyarrow, imported for files of its format."""
    return import_module(f"pyarrow.{name}")


class TableInput:
    """Records from a Parquet or Arrow file."""

    def __init__(self, batches: Iterator[pa.RecordBatch], name: str) -> None:
        self._batches, self._name = batches, name
        self._left: list[Any] = []

    def _next(self) -> Any:
        """The next rows, at most one task's; None at the end."""
        if self._left:
            return self._left.pop()
        try:
            batch = next(self._batches, None)
            if batch is not None:
                # Values of a damaged batch may lie outside its memory. Invalid UTF-8 is an error of its row.
                as_bytes(batch).validate(full=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise unreadable_table(self._name, error) from None
        if batch is None or batch.num_rows <= TASK_RECORDS:
            return batch
        starts = range(0, batch.num_rows, TASK_RECORDS)
        self._left = [batch.slice(start, TASK_RECORDS) for start in reversed(starts)]
        return self._left.pop()

    def check(self) -> None:
        """Refuse a table without rows. Raises InputError."""
        while (batch := self._next()) is not None:
            if batch.num_rows:
                self._left.append(batch)
                return
        raise no_record(self._name, "give a table with rows")

    def skip(self, records: int, note: Callable[[Task], None] | None = None) -> Task | None:
        """Skip rows."""
        done = 0
        last = None
        while done < records:
            batch = self._next()
            if batch is None:
                raise too_few(self._name, done, records)
            taken = min(batch.num_rows, records - done)
            if taken:
                last = batch.slice(taken - 1, 1)
                if note is not None:
                    note(_as_rows(batch.slice(0, taken)))
            if taken < batch.num_rows:
                self._left.append(batch.slice(taken))
            done += taken
        return None if last is None else _as_rows(last)

    def tasks(self) -> Iterator[Task]:
        """The remaining rows."""
        while (batch := self._next()) is not None:
            yield _as_rows(batch)

    def count(self) -> int | None:
        """The number of rows in the file's metadata."""
        try:
            if self._name.lower().endswith(".parquet"):
                return int(_pyarrow("parquet").ParquetFile(self._name).metadata.num_rows)
            reader = pyarrow().ipc.open_file(pyarrow().memory_map(self._name))
            return sum(int(reader.get_batch(i).num_rows) for i in range(reader.num_record_batches))
        except (OSError, ValueError, RuntimeError):
            return None

    def close(self) -> None:
        """Nothing to do: the file is closed with the last reference to it."""
        self._batches = iter(())


def _as_rows(batch: pa.RecordBatch) -> Rows:
    arrow = pyarrow()
    sink = arrow.BufferOutputStream()
    with arrow.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return Rows(sink.getvalue().to_pybytes())


def open_table(path: str) -> TableInput:
    """The records of a table. Raises InputError if it cannot be read."""
    pyarrow()
    try:
        return TableInput(_batches(path), path)
    except (OSError, ValueError, RuntimeError) as error:
        raise unreadable_table(path, error) from None


def _batches(path: str) -> Iterator[Any]:
    """The record batches of a table, whose suffix names its format."""
    if path.lower().endswith(".parquet"):
        file = _pyarrow("parquet").ParquetFile(path, buffer_size=MIB, pre_buffer=False)
        batches: Iterator[Any] = file.iter_batches(batch_size=TASK_RECORDS)
        return batches
    if path.lower().endswith(".csv"):
        csv = _pyarrow("csv")
        quoted = csv.ParseOptions(newlines_in_values=True)
        return iter(csv.open_csv(path, None, quoted, csv.ConvertOptions(strings_can_be_null=True)))
    reader = pyarrow().ipc.open_file(pyarrow().memory_map(path))
    return (reader.get_batch(i) for i in range(reader.num_record_batches))


def unreadable_table(path: str, error: Exception) -> InputError:
    """The error for a table that cannot be read."""
    reason = getattr(error, "strerror", None) or printable(" ".join(str(error).split()))[:200].rstrip(".")
    return InputError(
        path, f"cannot be read as a table: {reason}", "check the path, and that its suffix names its format"
    )


class TableFile(PartialFile):
    """Answers written to a table through a partial Arrow stream.

    done: the counts of an earlier run that is resumed; most: resume after batches with at most this many answers.
    """

    def __init__(self, path: str, *, resume: bool, with_report: bool, most: int | None = None) -> None:
        self._schema = output_schema(with_report=with_report)  # before the file: pyarrow may be missing
        super().__init__(path)
        self._rows = _GROUP_ROWS_WITH_REPORT if with_report else _GROUP_ROWS
        self._last: list[Any] = []
        self.done, keep = self._whole_batches(most) if resume else (Counts(), 0)
        self._keep(keep)
        if not keep:
            self._file.write(self._schema.serialize().to_pybytes())

    def _whole_batches(self, most: int | None) -> tuple[Counts, int]:
        """The counts of the complete batches of the partial stream, and their end. Stores the last row."""
        arrow = pyarrow()
        counts, end = Counts(), 0
        source = arrow.PythonFile(self._file, mode="r")
        try:
            same = arrow.ipc.read_schema(source) == self._schema
        except (OSError, EOFError, ValueError):
            return counts, 0
        if not same:
            self._file.close()
            raise InputError(
                "--resume",
                f"{partial_of(self.path)} has other columns",
                "resume with the options of the first run (--with-report), or start again without --resume",
            )
        try:
            end = source.tell()
            while (message := arrow.ipc.read_message(source)) is not None:
                batch = arrow.ipc.read_record_batch(message, self._schema)
                if most is not None and counts.records + batch.num_rows > most:
                    break
                counts = total([counts, count_batch(batch)])
                self._last = batch.slice(batch.num_rows - 1).to_pylist() if batch.num_rows else self._last
                end = source.tell()
        except (OSError, EOFError, ValueError):
            pass  # the truncated end
        return counts, end

    def ends_with(self, data: bytes) -> bool:
        """True if the row in an Arrow message is the last answer of the earlier run."""
        arrow = pyarrow()
        row: list[Any] = arrow.ipc.read_record_batch(arrow.py_buffer(data), self._schema).to_pylist()
        return row == self._last

    def finish(self) -> None:
        """Write the table from the stream, and rename it to the output."""
        self._file.flush()
        self._file.seek(0)
        made = f"{partial_of(self.path)}.table"
        try:
            self._convert(made)
            with open(made, "rb") as file:  # noqa: PTH123 - one call
                os.fsync(file.fileno())
        except BaseException:
            with suppress(OSError):
                os.unlink(made)  # noqa: PTH108 - one call
            raise
        put_in_place(made, self.path)
        self._file.close()
        os.unlink(partial_of(self.path))  # noqa: PTH108 - one call

    def _convert(self, made: str) -> None:
        """Write the stream as a table to the path `made`, in groups of rows of a fixed size."""
        arrow = pyarrow()
        laid_out = _on_one_line if self.path.lower().endswith(".csv") else None
        with arrow.ipc.open_stream(self._file) as reader, self._writer(made) as writer:
            held: list[Any] = []
            rows = 0
            for batch in map(laid_out, reader) if laid_out else reader:
                held.append(batch)
                rows += batch.num_rows
                while rows >= self._rows:
                    table = arrow.Table.from_batches(held, self._schema)
                    writer.write_table(table.slice(0, self._rows).combine_chunks())
                    held = table.slice(self._rows).to_batches()
                    rows -= self._rows
            if rows:
                writer.write_table(arrow.Table.from_batches(held, self._schema).combine_chunks())

    def _writer(self, made: str) -> Any:
        if self.path.lower().endswith(".parquet"):
            return _pyarrow("parquet").ParquetWriter(made, self._schema, compression="zstd")
        if self.path.lower().endswith(".csv"):
            return _pyarrow("csv").CSVWriter(made, self._schema)
        return pyarrow().ipc.new_file(made, self._schema)


def _on_one_line(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same batch without line ends in its texts, which many readers of CSV take for the end of a row."""
    arrow, compute = pyarrow(), _pyarrow("compute")
    columns = [
        compute.replace_substring_regex(column, r"[\r\n]+", "; " if name == "notes" else " ")
        if column.type == arrow.string()
        else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return arrow.RecordBatch.from_arrays(columns, schema=batch.schema)


def count_table(path: str) -> Counts:
    """The counts of a finished table. Raises InputError if it cannot be read."""
    pyarrow()
    try:
        return total(count_batch(batch) for batch in _batches(path))
    except (KeyError, OSError, ValueError, RuntimeError) as error:
        raise unreadable_table(path, error) from None


def count_batch(batch: pa.RecordBatch) -> Counts:
    """The counts of a batch of answers."""
    outcomes = batch.column(batch.schema.get_field_index("outcome")).to_pylist()
    failed = outcomes.count("failed") + outcomes.count("none")
    return Counts(len(outcomes), outcomes.count(None), failed, outcomes.count("fallback"))
