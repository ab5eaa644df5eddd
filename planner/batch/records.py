"""One question of a batch and its answer.

The code that reads records is imported with the first record: `batch --help` does not need it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from planner.base.errors import InputError, PlannerError, printable
from planner.batch.ask import Ask
from planner.batch.defaults import Defaults
from planner.planning import values
from planner.planning.plan import make_plan
from planner.planning.result import Plan

__all__ = ["Answer", "answer_ask", "answer_record", "ask_of", "describe"]


_AN_ANSWER = "this is an answer, not a record; give the records, or add answers up with batch --summary"


_OF_ANSWERS, _OF_RECORDS = {"report", "error", "outcome"}, {"map", "source"}
"""Keys that only answers have, as lines or as rows of a table, and keys of which a record has one."""


class Answer(NamedTuple):
    """The result of one record: a plan, or an error in one line.

    id: the record's id, or None. line: its line, from 1, for a record without an id. ask: the question, if there was
    one.
    """

    id: str | int | None
    plan: Plan | None
    error: str | None = None
    line: int | None = None
    ask: Ask | None = None


def ask_of(record: Mapping[str, Any], defaults: Defaults) -> Ask:
    """The question of a record. Raises InputError for an invalid record or map."""
    from planner.batch.reading import read_record

    return read_record(record, defaults)


def answer_record(record: object, defaults: Defaults, line: int | None = None) -> Answer:
    """The answer to a decoded record; never raises. line: its line in the file."""
    if type(record) is not dict:
        return Answer(None, None, 'a record is a JSON object; give {"id": ..., "map": ..., "crashkernel": ...}', line)
    given = record.get("id")
    ident = given if type(given) in (str, int) else None
    try:
        ask = ask_of(record, defaults)
    except Exception as error:  # noqa: BLE001 - one bad record never stops the others
        hint = _AN_ANSWER if _OF_ANSWERS & record.keys() and not _OF_RECORDS & record.keys() else ""
        return Answer(ident, None, hint or describe(error), None if ident is given else line)
    return answer_ask(ident, ask)


def answer_ask(ident: str | int | None, ask: Ask) -> Answer:
    """The plan for a question, or its error; never raises."""
    try:
        return Answer(ident, make_plan(*ask), ask=ask)
    except Exception as error:  # noqa: BLE001 - as above
        return Answer(ident, None, describe(error))


def describe(error: Exception) -> str:
    """The error in a record, as one line."""
    if isinstance(error, InputError):
        key = error.where[2:].replace("-", "_") if isinstance(error.where, str) else ""
        return str(InputError(key, error.what, error.remedy) if key in values.OPTIONS else error)
    if isinstance(error, PlannerError):
        return f"<map>: {error}; such a machine does not boot: check the map"
    return printable(f"internal error, {type(error).__name__}: {error}; report it with this record")
