"""Records and answers as flat Arrow columns, with published schemas. Needs the extra `batch` (pyarrow).

Addresses and byte counts are int64: they fit, and Spark has no unsigned type. A size that the kernel parsed may need
all 64 bits; from 2**63 on it is null. Every column may be null. pyarrow is imported on first use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from planner.base.errors import InputError
from planner.base.text import valid_utf8
from planner.batch.defaults import Defaults
from planner.batch.lines import decode, encode_report, not_json
from planner.batch.records import Answer, answer_record
from planner.kernel.ptdump import KINDS, TABLES
from planner.planning.doubts import kernel_doubt_on, map_doubt_on
from planner.planning.result import Plan

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "NEEDED",
    "OUTPUT_COLUMNS",
    "answer_batch",
    "answer_stream",
    "as_bytes",
    "batch_of_answers",
    "column_table",
    "ddl",
    "input_columns",
    "input_schema",
    "output_schema",
    "pyarrow",
    "to_arrow",
]


class Column(NamedTuple):
    """One column of a table. kind: `string`, `int64` or `bool`. meaning: in a few words."""

    name: str
    kind: str
    meaning: str


_Value = Callable[[Plan], object]
"""The value of a column, from a plan."""


def _edge(name: str, edge: str) -> _Value:
    """The start or the end of a range of the reservation; null without the range."""
    return lambda plan: getattr(getattr(plan.reservation, name), edge, None)


def _fitting(number: int) -> int | None:
    """A number that an int64 holds; null for a larger one."""
    return number if number < 1 << 63 else None


_WASTE = {
    "rounding": "area - crash memory: reserved during boot",
    "returned": "freed after remapping",
    "kept": "rounding - returned",
    "base_pages_outside_crash": "mapped with base pages, beyond crash memory and baseline",
    "extra_table_bytes": "page tables over the baseline",
    "extra_tlb_entries": "TLB entries over the baseline",
    "low_free_before": "free below the DMA limit, before",
    "low_free_after": "free below the DMA limit, after",
    "low_largest_before": "largest free range below the DMA limit, before",
    "low_largest_after": "largest free range below the DMA limit, after",
    "alignment_loss": "placed this much lower than an unaligned search would",
    "hole_above": "free between the area and the next reservation",
    "ideal_table_bytes": "minimum of extra table bytes, at any address",
}

_PLANNED: tuple[tuple[str, str, str, _Value], ...] = (
    ("outcome", "string", "aligned, fallback, exact, failed or none", attrgetter("reservation.outcome")),
    ("protected", "bool", "whether the crash memory can be unmapped", attrgetter("reservation.protected")),
    *(
        (f"{name}_{edge}", "int64", f"{what}: {where}", _edge(name, edge))
        for name, what in (("crash", "crash memory"), ("low", "its low part"), ("area", "the aligned area"))
        for edge, where in (("start", "first byte"), ("end", "first byte after it"))
    ),
    ("request", "string", "the request, as given", attrgetter("request.text")),
    ("request_size", "int64", "bytes as the kernel parsed them", lambda plan: _fitting(plan.request.size)),
    ("profile", "string", "the kernel profile", attrgetter("kernel.profile")),
    ("page_size", "int64", "bytes", attrgetter("kernel.page_size")),
    ("va_bits", "int64", "bits of a virtual address", attrgetter("kernel.va_bits")),
    ("strategy", "string", "the strategy's name", attrgetter("kernel.strategy")),
    ("granule", "int64", "the alignment in bytes; null for 2**63", lambda plan: _fitting(plan.kernel.granule)),
    ("dma_limit", "int64", "end of low memory; null without DMA zones", attrgetter("kernel.dma_limit")),
    ("ram", "int64", "bytes of RAM", attrgetter("memory.ram")),
    *((f"leaves_{kind}", "int64", f"{kind} entries", attrgetter(f"mapping.leaves.{kind}")) for kind in KINDS),
    *(
        (f"bytes_{kind}", "int64", f"bytes mapped by {kind} entries", attrgetter(f"mapping.bytes.{kind}"))
        for kind in KINDS
    ),
    *((f"tables_{level}", "int64", f"{level} tables", attrgetter(f"mapping.tables.{level}")) for level in TABLES),
    ("table_bytes", "int64", "bytes of all tables", attrgetter("mapping.table_bytes")),
    ("tlb_entries", "int64", "TLB entries needed to map all RAM", attrgetter("mapping.tlb_entries")),
    ("baseline_table_bytes", "int64", "bytes of all tables, no crash kernel", attrgetter("baseline.table_bytes")),
    ("baseline_tlb_entries", "int64", "TLB entries, no crash kernel", attrgetter("baseline.tlb_entries")),
    *((name, "int64", what, attrgetter(f"waste.{name}")) for name, what in _WASTE.items()),
    ("notes", "string", "notes, one per line; in CSV with a semicolon between", lambda plan: "\n".join(plan.notes)),
    ("protection", "string", "yes, no, not available or not known", attrgetter("protection")),
    ("map_doubt", "string", "what of the map is not known; null for nothing", lambda plan: map_doubt_on(plan) or None),
    (
        "kernel_doubt",
        "string",
        "what of the kernel is not known; null for nothing",
        lambda plan: kernel_doubt_on(plan) or None,
    ),
)
"""Name, kind, meaning and value of each column that a plan fills, in order."""

_REPORT = Column("report", "string", "the whole report, as JSON text")

OUTPUT_COLUMNS = (
    Column("id", "string", "as in the record; a number as text"),
    Column("error", "string", "why there is no plan, in one line; null if there is one"),
    *(Column(name, kind, meaning) for name, kind, meaning, _ in _PLANNED),
)
"""The columns of a table of answers; `report` comes last if it is requested."""

NEEDED = frozenset(("id", "error", "outcome", "kept"))
"""Columns by which a table of answers is recognised."""

_NO_TEXT = object()
"""Stands for a text that is not UTF-8, which Arrow does not check."""

_SQL = {"string": "STRING", "int64": "BIGINT", "bool": "BOOLEAN"}


def pyarrow() -> Any:
    """The module pyarrow. Raises InputError with the extra's name if it is missing."""
    try:
        import pyarrow as pa
    except ImportError:
        raise InputError(
            "pyarrow",
            "is not installed, and tables need it",
            "install the extra: pip install 'crashkernel-planner[batch]'",
        ) from None
    return pa


def as_bytes(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same batch with texts as bytes, since some may not be UTF-8."""
    arrow = pyarrow()
    bare = {arrow.string(): arrow.binary(), arrow.large_string(): arrow.large_binary()}
    columns = [column.view(bare.get(column.type, column.type)) for column in batch.columns]
    return arrow.RecordBatch.from_arrays(columns, batch.schema.names)


def output_columns(*, with_report: bool = False) -> tuple[Column, ...]:
    """The columns of answers."""
    return (*OUTPUT_COLUMNS, _REPORT) if with_report else OUTPUT_COLUMNS


def _schema(columns: Iterable[Column]) -> pa.Schema:
    arrow = pyarrow()
    kinds = {"string": arrow.string(), "int64": arrow.int64(), "bool": arrow.bool_()}
    return arrow.schema([arrow.field(column.name, kinds[column.kind]) for column in columns])


@cache
def input_columns() -> tuple[Column, ...]:
    """The columns of a table of records, which may leave out what it does not use: the keys of a record."""
    from planner.batch.reading import schema

    kinds = {
        **dict.fromkeys(("page_size", "va_bits", "dma_limit"), "int64"),
        **dict.fromkeys(("kfence", "prefer_aligned", "steps"), "bool"),
    }
    texts = {name: each["description"].rstrip(".") for name, each in schema()["properties"].items()}
    return tuple(Column(name, kinds.get(name, "string"), text[:1].lower() + text[1:]) for name, text in texts.items())


def input_schema() -> pa.Schema:
    """The Arrow schema of records."""
    return _schema(input_columns())


def output_schema(*, with_report: bool = False) -> pa.Schema:
    """The Arrow schema of answers."""
    return _schema(output_columns(with_report=with_report))


def ddl(*, with_report: bool = False) -> str:
    """The schema of answers in Spark's syntax: `id STRING, error STRING, ...`."""
    return ", ".join(f"{column.name} {_SQL[column.kind]}" for column in output_columns(with_report=with_report))


def column_table() -> dict[str, Any]:
    """Both schemas as plain data, the output of `schema batch`."""

    def listed(columns: Iterable[Column]) -> list[dict[str, str]]:
        return [{"name": column.name, "type": column.kind, "meaning": column.meaning} for column in columns]

    return {
        "schema_version": 1,
        "input": listed(input_columns()),
        "output": listed(OUTPUT_COLUMNS),
        "output_with_report": listed((*OUTPUT_COLUMNS, _REPORT)),
        "spark_ddl": ddl(),
    }


# -- from and to record batches ----------------------------------------------------------------------------


def answer_batch(batch: pa.RecordBatch, defaults: Defaults) -> Iterator[Answer]:
    """One answer for each row. A row with a value in an unknown column is an error."""
    # An engine's own columns (an index) begin with two underscores.
    names = [name for name in batch.schema.names if not name.startswith("__")]
    columns = [_values(batch.column(batch.schema.get_field_index(name))) for name in names]
    for row in range(batch.num_rows):
        record = {name: column[row] for name, column in zip(names, columns, strict=True) if column[row] is not None}
        yield _answer_row(record, defaults)


def _values(column: pa.Array) -> list[Any]:
    """A column's values; `_NO_TEXT` for a text that is not UTF-8."""
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        return [_value(one) for one in column]
    return values


def _value(one: pa.Scalar) -> Any:
    try:
        return one.as_py()
    except UnicodeDecodeError:
        return _NO_TEXT


def _answer_row(record: dict[str, Any], defaults: Defaults) -> Answer:
    """The answer to a row without its null values; the map of a row is JSON text."""
    for name, value in record.items():
        if value is _NO_TEXT:
            ident = None if name == "id" else _ident(record)
            return Answer(ident, None, f"{name}: is not UTF-8; write it as UTF-8 text")
    document = record.get("map")
    if isinstance(document, str):
        try:
            record["map"] = decode(document.encode("utf-8", "surrogatepass"))
        except ValueError as error:
            return Answer(_ident(record), None, f"<map>: {not_json(error)}; give a JSON map as text")
    return answer_record(record, defaults)


def _ident(record: dict[str, Any]) -> str | None:
    ident = record.get("id")
    return None if ident is None else str(ident)


def answer_stream(stream: bytes, defaults: Defaults) -> Iterator[Answer]:
    """The answers to the rows of an Arrow stream."""
    with pyarrow().ipc.open_stream(stream) as reader:
        for batch in reader:
            yield from answer_batch(batch, defaults)


def batch_of_answers(answers: Iterable[Answer], *, with_report: bool = False) -> pa.RecordBatch:
    """Answers as rows, in order."""
    values: list[list[Any]] = [[] for _ in output_columns(with_report=with_report)]
    for answer in answers:
        for column, value in zip(values, _row(answer, with_report=with_report), strict=True):
            column.append(value)
    schema = output_schema(with_report=with_report)
    return pyarrow().RecordBatch.from_arrays(
        [_array(column, kind) for column, kind in zip(values, schema.types, strict=True)], schema=schema
    )


def to_arrow(plans: Iterable[Plan] | Mapping[str, Plan], *, with_report: bool = False) -> Any:
    """Plans as a `pyarrow.Table` with the columns of `output_schema()`, one row each, in order.

    plans: a mapping gives each plan its `id`; otherwise that is the plan's source. with_report: the last column is the
    whole report as JSON text. `.to_pandas()` makes it a data frame; use a `types_mapper` to keep nullable integers,
    such as addresses, exact.

    >>> import planner
    >>> plans = [planner.plan(f"sample:{name}", "512M") for name in ("rpi4-4g", "altra-32g")]
    >>> planner.batch.to_arrow(plans).column("outcome").to_pylist()
    ['aligned', 'fallback']

    Raises InputError if the extra `batch` is not installed.
    """
    given: object = plans
    listed = list(given) if isinstance(given, Iterable) else []
    found = list(given.items()) if isinstance(given, Mapping) else [(None, plan) for plan in listed]
    named = [
        (plan.memory.source if name is None else str(name), plan) for name, plan in found if isinstance(plan, Plan)
    ]
    if len(named) < len(found) or not isinstance(given, Iterable):
        raise InputError("plans", "must be plans", "give a list, or a dict by name, of what planner.plan() returns")
    batch = batch_of_answers([Answer(name, plan) for name, plan in named], with_report=with_report)
    return pyarrow().Table.from_batches([batch])


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    """A column of these values; undecodable bytes in file names are escaped."""
    try:
        return pyarrow().array(values, kind)
    except UnicodeEncodeError:
        plain = [valid_utf8(v) if isinstance(v, str) else v for v in values]
        return pyarrow().array(plain, kind)


def _row(answer: Answer, *, with_report: bool) -> list[Any]:
    """The values of an answer, in the order of the columns."""
    plan = answer.plan
    ident = None if answer.id is None else str(answer.id)
    if plan is None:
        empty = [None] * (len(_PLANNED) + with_report)
        where = "" if answer.line is None else f"line {answer.line}: "
        return [ident, f"{where}{answer.error}", *empty]
    row = [ident, None, *[value(plan) for _, _, _, value in _PLANNED]]
    if with_report:
        row.append(encode_report(plan))
    return row
