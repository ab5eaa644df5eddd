"""Answers of an earlier run, read for a summary without planning again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, get_args

from planner.batch.columns import NEEDED, pyarrow
from planner.batch.fleet import BLOCKS, SUMMED, Row, sum_of_one
from planner.batch.inputs import Cells, Rows
from planner.batch.lines import decode
from planner.planning.doubts import doubt_of_kernel, doubts_of_map
from planner.planning.outcomes import outcome_named
from planner.planning.result import Protection, protection_of

__all__ = ["Finished", "finished", "finished_line"]

_PROTECTIONS: tuple[Protection, ...] = get_args(Protection)


class Finished(NamedTuple):
    """One answer of an earlier run: its row or its error. line: its number in a text, if it is damaged."""

    id: str
    row: Row | None
    error: str = ""
    line: int | None = None


_DAMAGED = "a damaged answer; make it again"


def finished(task: Rows | Cells) -> list[Finished] | None:
    """The answers in rows of a table; None for records, which must be planned."""
    if isinstance(task, Rows):
        return _of_table(task.stream)
    return [_of_columns(row or {}, number) for number, row in task.rows]


def finished_line(line: bytes | None, number: int) -> Finished | None:
    """The answer in the line of this number; None for a record, and for what is not an answer."""
    # Only lines that may be answers are decoded twice.
    if line is None or not (b'"report"' in line or b'"error"' in line):
        return None
    try:
        answer = decode(line)
    except ValueError:
        return None
    if not isinstance(answer, dict) or not {"report", "error"} & answer.keys() or {"map", "source"} & answer.keys():
        return None
    return _answer(answer, number)


def _answer(answer: Mapping[str, Any], line: int) -> Finished:
    """The answer in a decoded line of this number."""
    ident = "" if answer.get("id") is None else str(answer["id"])
    if isinstance(answer.get("error"), str):
        return Finished(ident, None, answer["error"])
    try:
        return Finished(ident, _of_report(answer["report"]))
    except (KeyError, TypeError, AttributeError):
        return Finished(ident, None, _DAMAGED, line)


def _of_report(report: Any) -> Row:
    """The figures of a report. Raises KeyError, TypeError or AttributeError for a damaged one."""
    done, kernel, mapping = (report[key] for key in ("reservation", "kernel", "mapping"))
    readings = [reading.get("about", "map") for reading in done.get("other_readings", ())]
    assumed = kernel.get("assumed", ())
    of_kernel = doubt_of_kernel(kernel["profile"], certainty=kernel.get("certainty"), assumed=assumed)
    return _row(
        {**report["waste"], **{key: kernel[key] for key in ("profile", "page_size")}, **mapping},
        outcome=done["outcome"],
        reserved=done["crash"] is not None and done["crash"]["end"] > done["crash"]["start"],
        protection=protection_of(
            protected=bool(done["protected"]),
            available=bool(done.get("available", True)),
            strategy=kernel["strategy"],
            map_certainty=kernel.get("map_certainty", "read"),
        ),
        pages_only=_has_blocks(report["baseline"]["leaves"]) and not _has_blocks(mapping["leaves"]),
        map_doubt=any(doubts_of_map(readings, report["memory"].get("doubt", ""))),
        kernel_doubt="kernel" in readings or "page_size" in assumed or bool(of_kernel),
    )


def _row(
    figures: Mapping[str, Any],
    *,
    outcome: object,
    reserved: bool,
    protection: Protection,
    pages_only: bool,
    map_doubt: bool,
    kernel_doubt: bool,
) -> Row:
    """The figures of one answer. figures: those that a report and a table of answers give under the same names."""
    sums = {name: _number(figures[name]) for name in (*SUMMED, "table_bytes")}
    sums |= {"map_doubt": int(map_doubt), "kernel_doubt": int(kernel_doubt)}
    machine = sum_of_one(protection, reserved=reserved, pages_only=pages_only, **sums)
    return Row(outcome_named(outcome), protection, str(figures["profile"]), _number(figures["page_size"]), machine)


def _number(value: object) -> int:
    """A value that is an integer. Raises TypeError for any other: the answer is then damaged."""
    if type(value) is not int:
        raise TypeError
    return value


def _has_blocks(leaves: Mapping[str, Any]) -> bool:
    return any(leaves[kind] for kind in BLOCKS)


def _of_table(stream: bytes) -> list[Finished] | None:
    with pyarrow().ipc.open_stream(stream) as reader:
        if not NEEDED.issubset(reader.schema.names):
            return None
        rows = [row for batch in reader for row in batch.to_pylist()]
    return [_of_columns(row) for row in rows]


def _of_columns(row: Mapping[str, Any], line: int | None = None) -> Finished:
    """A row of a table of answers. line: its number in a text.

    A map without blocks and with more tables than the baseline has lost its blocks.
    """
    ident = "" if row.get("id") is None else str(row["id"])
    if row.get("error") is not None:
        return Finished(ident, None, str(row["error"]))
    try:
        blocks = any(row[f"leaves_{kind}"] for kind in BLOCKS)
        known = row.get("protection") or ("yes" if row["protected"] else "no")
        made = _row(
            row,
            outcome=row["outcome"],
            reserved=row["crash_start"] is not None and row["crash_end"] > row["crash_start"],
            protection=next(name for name in _PROTECTIONS if name == known),
            pages_only=not blocks and row["extra_table_bytes"] > 0,
            map_doubt=bool(row.get("map_doubt")),
            kernel_doubt=bool(row.get("kernel_doubt")),
        )
    except (KeyError, TypeError, StopIteration):
        return Finished(ident, None, _DAMAGED, line)
    return Finished(ident, made)
