"""Machines of a fleet from maps, folders, files of records and their answers, in any mixture.

A place is a value of `--map` for one machine, a folder of such sources, or a batch file: records (`*.jsonl`, also
packed with gzip, or a table) or the answers to them as lines, whose reports are maps. Unreadable machines are listed
with their error, and the others are used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, NamedTuple

from planner.base.errors import InputError, PlannerError, first_of
from planner.batch.columns import answer_stream
from planner.batch.defaults import Defaults
from planner.batch.folders import machines_in
from planner.batch.inputs import Lines, Rows, is_table
from planner.batch.lines import decoded
from planner.batch.records import ask_of, describe
from planner.batch.running import open_input
from planner.batch.work import read_group
from planner.kernel.machine import Machine
from planner.planning.options import Options
from planner.sources import read_source
from planner.sources.samples import samples

__all__ = ["MAX_MACHINES", "Gathered", "Member", "Unread", "gather"]

MAX_MACHINES = 100_000
"""Most machines of a fleet; all of them are held in memory."""

_REMEDY = "give maps, folders of maps or a batch file"
_LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


class Member(NamedTuple):
    """One machine of a fleet. id: a path, a record's id, or the record's place. options: those of its record."""

    id: str
    machine: Machine
    options: Options


class Unread(NamedTuple):
    """A machine that cannot be read, and why. id: as of a `Member`."""

    id: str
    error: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """The machines of a fleet: those that can be read, and the others."""

    members: tuple[Member, ...]
    errors: tuple[Unread, ...]


def gather(
    places: Sequence[str],
    options: Options | None = None,
    *,
    map_format: str | None = None,
    what_if: bool = False,
) -> Gathered:
    """The machines of some places, by default all bundled maps. options: defaults for records without their own.

    Raises InputError if no machine is readable, or for too many machines.
    """
    defaults = Defaults(None, options or Options(), map_format)
    members: list[Member] = []
    errors: list[Unread] = []
    for place in places or [f"sample:{sample.name}" for sample in samples()]:
        for found in _machines(place, defaults, what_if=what_if):
            if isinstance(found, Member):
                members.append(found)
            else:
                errors.append(found)
            if len(members) + len(errors) > MAX_MACHINES:
                raise InputError(place, f"has more than {MAX_MACHINES:,} machines", "give a part of the fleet")
    if not members:
        if errors:
            raise first_of(*errors[0], len(errors) - 1, _REMEDY)
        raise InputError("--map", "the given places have no machine", _REMEDY)
    return Gathered(tuple(members), tuple(errors))


def _machines(place: str, defaults: Defaults, *, what_if: bool) -> Iterator[Member | Unread]:
    """The machines of one place."""
    if place.lower().endswith(_LINES) or is_table(place):
        yield from _records(place, defaults)
        return
    if place not in ("-", "live") and not place.startswith("sample:") and os.path.isdir(place):  # noqa: PTH112 - paths stay as they were given
        for group in machines_in([place])[0]:
            path = group.paths[0] if len(group.paths) == 1 else os.path.join(place, group.name)  # noqa: PTH118 - as above
            yield _read(path, partial(read_group, group, defaults.map_format, defaults.options.kernel), defaults)
        return
    read = partial(read_source, place, fmt=defaults.map_format, what_if=what_if)
    yield _read(place, read, defaults)


def _read(path: str, read: Callable[[], Machine], defaults: Defaults) -> Member | Unread:
    try:
        machine = read()
    except PlannerError as error:
        return Unread(path, str(error))
    return Member(path.removeprefix("sample:"), machine, defaults.options)


def _records(path: str, defaults: Defaults) -> Iterator[Member | Unread]:
    """The machines of a batch file."""
    source, rows = open_input(path), count(1)
    try:
        for task in source.tasks():
            if isinstance(task, Lines):
                yield from _lines(path, task, defaults)
            elif isinstance(task, Rows):
                yield from _rows(path, task, rows, defaults)
    finally:
        source.close()


def _lines(path: str, task: Lines, defaults: Defaults) -> Iterator[Member | Unread]:
    for number, record, error in decoded(task.first, task.lines):
        where = f"{path}:{number}"
        yield _member(where, record, defaults) if error is None else Unread(where, error)


def _member(where: str, record: Any, defaults: Defaults) -> Member | Unread:
    """The machine of a record, or of the answer to one."""
    if not isinstance(record, dict):
        return Unread(where, "a record is a JSON object")
    ident = record.get("id")
    name = str(ident) if isinstance(ident, (str, int)) else where
    if isinstance(record.get("error"), str) and "map" not in record and "source" not in record:
        return Unread(name, record["error"])
    if "report" in record:
        record = {"map": record["report"]}
    try:
        ask = ask_of(record, defaults)
    except Exception as error:  # noqa: BLE001 - one bad record never stops the others
        return Unread(name, describe(error))
    return Member(name, ask.machine, ask.options)


def _rows(path: str, task: Rows, numbers: Iterator[int], defaults: Defaults) -> Iterator[Member | Unread]:
    """The machines of a part of a table; reading a row also plans it, as there is no other reader.

    numbers: of the rows that follow, on from those of the parts before.
    """
    for answer, number in zip(answer_stream(task.stream, defaults), numbers, strict=False):
        name = str(answer.id) if answer.id is not None else f"{path}:{number}"
        ask = answer.ask
        yield Unread(name, answer.error or "no machine") if ask is None else Member(name, ask.machine, ask.options)
