"""One question of a batch and its answer.

What reads and checks a record is imported with the first of them: `batch --help` reads none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from planner.base.errors import InputError, PlannerError, printable
from planner.kernel.machine import Machine
from planner.planning import values
from planner.planning.plan import Options, make_plan
from planner.planning.result import Plan

__all__ = ["Answer", "Ask", "Defaults", "answer_ask", "answer_record", "ask_of", "describe"]


@dataclass(frozen=True, slots=True)
class Defaults:
    """Defaults for a record that does not say otherwise.

    crashkernel: the request. options: fields of `Options`. map_format: what a `source` is, instead of looking.
    """

    crashkernel: str | None = None
    options: Options = field(default_factory=Options)
    map_format: str | None = None


class Ask(NamedTuple):
    """A record's question, as `make_plan` takes it."""

    machine: Machine
    crashkernel: str | None
    options: Options


class Answer(NamedTuple):
    """The result of one record: a plan, or an error in one line.

    id: as the record gives it (None without one). line: where it stands, from 1, when nothing else tells.
    ask: the question, where there was one.
    """

    id: str | int | None
    plan: Plan | None
    error: str | None = None
    line: int | None = None
    ask: Ask | None = None


def ask_of(record: Mapping[str, Any], defaults: Defaults) -> Ask:
    """The question of a record. Raises InputError for what a record may not hold, or what is wrong in its map."""
    from planner.batch.reading import read_record

    return Ask(*read_record(record, defaults))


def answer_record(record: object, defaults: Defaults, line: int | None = None) -> Answer:
    """The answer to a decoded record; never raises. line: where it stands in its file."""
    if type(record) is not dict:
        return Answer(None, None, 'a record is a JSON object; give {"id": ..., "map": ..., "crashkernel": ...}', line)
    given = record.get("id")
    ident = given if type(given) in (str, int) else None
    try:
        ask = ask_of(record, defaults)
    except Exception as error:  # noqa: BLE001 - one bad record never stops the others
        return Answer(ident, None, describe(error), None if ident is given else line)
    return answer_ask(ident, ask)


def answer_ask(ident: str | int | None, ask: Ask) -> Answer:
    """The plan for a question, or why there is none; never raises."""
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
