"""Answers of an earlier run, read for a summary without planning again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, get_args

from planner.batch.columns import pyarrow
from planner.batch.fleet import SUMMED, Row, one_of
from planner.batch.inputs import Lines, Rows, Task
from planner.batch.lines import decode
from planner.planning.outcomes import outcome_named
from planner.planning.result import Protection, protection_of

__all__ = ["Finished", "finished"]

_PROTECTIONS: tuple[Protection, ...] = get_args(Protection)
_BLOCKS = ("pud", "cont_pmd", "pmd")


class Finished(NamedTuple):
    """One answer: its row or its error."""

    id: str
    row: Row | None
    error: str = ""


def finished(task: Task) -> list[Finished] | None:
    """The answers in a task; None for records, which must be planned."""
    if isinstance(task, Lines):
        return _of_lines([line for line in task.lines if line is None or line.strip()])
    return _of_table(task.stream) if isinstance(task, Rows) else None


def _of_lines(lines: list[bytes | None]) -> list[Finished] | None:
    answers: list[Mapping[str, Any]] = []
    for line in lines:
        # Only lines that may be answers are decoded twice.
        if line is None or not (b'"report"' in line or b'"error"' in line):
            return None
        try:
            answer = decode(line)
        except ValueError:
            return None
        if not isinstance(answer, dict) or not {"report", "error"} & answer.keys() or {"map", "source"} & answer.keys():
            return None
        answers.append(answer)
    return [_answer(answer) for answer in answers] if answers else None


def _answer(answer: Mapping[str, Any]) -> Finished:
    ident = "" if answer.get("id") is None else str(answer["id"])
    if isinstance(answer.get("error"), str):
        return Finished(ident, None, answer["error"])
    try:
        return Finished(ident, _of_report(answer["report"]))
    except (KeyError, TypeError, AttributeError):
        return Finished(ident, None, "a damaged answer; make it again")


def _of_report(report: Any) -> Row:
    done, kernel, mapping = (report[key] for key in ("reservation", "kernel", "mapping"))
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
    )


def _row(
    figures: Mapping[str, Any], *, outcome: object, reserved: bool, protection: Protection, pages_only: bool
) -> Row:
    sums = {name: _number(figures[name]) for name in (*SUMMED, "table_bytes")}
    one = one_of(protection, reserved=reserved, pages_only=pages_only, **sums)
    return Row(outcome_named(outcome), protection, str(figures["profile"]), _number(figures["page_size"]), one)


def _number(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _has_blocks(leaves: Mapping[str, Any]) -> bool:
    return any(leaves[kind] for kind in _BLOCKS)


def _of_table(stream: bytes) -> list[Finished] | None:
    with pyarrow().ipc.open_stream(stream) as reader:
        if not {"id", "error", "outcome", "kept"} <= set(reader.schema.names):
            return None
        rows = [row for batch in reader for row in batch.to_pylist()]
    return [_of_columns(row) for row in rows]


def _of_columns(row: Mapping[str, Any]) -> Finished:
    """A row of a table of answers. A map without blocks and with more tables than the baseline has lost its blocks."""
    ident = "" if row["id"] is None else str(row["id"])
    if row["error"] is not None:
        return Finished(ident, None, str(row["error"]))
    try:
        blocks = any(row[f"leaves_{kind}"] for kind in _BLOCKS)
        known = row.get("protection") or ("yes" if row["protected"] else "no")
        made = _row(
            row,
            outcome=row["outcome"],
            reserved=row["crash_start"] is not None and row["crash_end"] > row["crash_start"],
            protection=next(name for name in _PROTECTIONS if name == known),
            pages_only=not blocks and row["extra_table_bytes"] > 0,
        )
    except (KeyError, TypeError, StopIteration):
        return Finished(ident, None, "a damaged answer; make it again")
    return Finished(ident, made)
