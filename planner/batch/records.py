"""One record of a batch: what it asks, checked, and the plan that answers it.

A record is data and never names a file: `map` is a JSON map, `source`, `log` and `config` are text. Its options are
those of `plan`, by their long names, with values as `planner.planning.values` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from planner.base.errors import InputError, PlannerError, printable
from planner.kernel.machine import Machine
from planner.planning import values
from planner.planning.plan import Options, make_plan
from planner.planning.result import Plan
from planner.sources import combine, of_document, parse_text
from planner.sources.kernel_config import applied, parse

__all__ = ["KEYS", "Answer", "Ask", "Defaults", "answer_ask", "answer_record", "describe", "read_record"]


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


def answer_record(record: object, defaults: Defaults, line: int | None = None) -> Answer:
    """The answer to a decoded record; never raises. line: where it stands in its file."""
    if type(record) is not dict:
        return Answer(None, None, 'a record is a JSON object; give {"id": ..., "map": ..., "crashkernel": ...}', line)
    ident = record.get("id")
    if ident is not None and type(ident) is not str and type(ident) is not int:
        return Answer(None, None, "id: must be a string or an integer; such as a host name", line)
    try:
        ask = read_record(record, defaults)
    except Exception as error:  # noqa: BLE001 - one bad record never stops the others
        return Answer(ident, None, describe(error))
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


# -- reading ---------------------------------------------------------------------------------------------


def read_record(record: Mapping[str, Any], defaults: Defaults) -> Ask:
    """The question of a record. Raises InputError for what a record may not hold, or what is wrong in its map."""
    changes: dict[str, Any] = {}
    for key, value in record.items():
        if key in _DATA or value is None:
            continue
        reader = values.OPTIONS.get(key)
        if reader is None:
            raise InputError(key, "unknown key", f"use one of {', '.join(KEYS)}")
        changes[key] = values.read(key, value, reader)
    crashkernel = values.request(record.get("crashkernel"))
    if crashkernel is None and changes.get("preset") is None:
        crashkernel = defaults.crashkernel
    options = replace(defaults.options, **changes) if changes else defaults.options
    if crashkernel is not None and options.preset is not None and "preset" not in changes:
        options = replace(options, preset=None)
    return Ask(_machine(record, defaults), crashkernel, options)


def _machine(record: Mapping[str, Any], defaults: Defaults) -> Machine:
    document, text, log = record.get("map"), _text(record, "source"), _text(record, "log")
    if document is not None and text is not None:
        raise InputError("map", "a record has a map or a source, not both", "give one of them")
    if document is not None:
        machine = of_document(document, "<map>")
    elif text is not None:
        form = _text(record, "map_format") or defaults.map_format
        machine = parse_text(text.encode("utf-8", "surrogatepass"), "<source>", form)
    else:
        raise InputError(
            "map",
            "neither map nor source is given",
            'give "map": {a JSON map}, or "source": "the text of /proc/iomem, a boot log ..."',
        )
    if log is not None:
        kernel = _text(record, "kernel") or defaults.options.kernel
        machine = combine([machine, parse_text(log.encode("utf-8", "surrogatepass"), "<log>", "dmesg")], kernel)
    config = _text(record, "config")
    if config is not None:
        machine = applied(machine, parse(config, "<config>"))
    return machine


def _text(record: Mapping[str, Any], key: str) -> str | None:
    value = record.get(key)
    if value is None or type(value) is str:
        return value
    raise InputError(key, "must be a string", _REMEDIES[key])


_REMEDIES = {
    "source": "the content of a text source; a JSON map goes to map",
    "log": "the content of a boot log",
    "config": "the content of a kernel configuration",
    "map_format": "such as iomem",
}
_DATA = frozenset(("id", "map", "crashkernel", *_REMEDIES))


KEYS = ("id", "map", "source", "log", "config", "map_format", "crashkernel", *values.OPTIONS)
"""Every key of a record."""
