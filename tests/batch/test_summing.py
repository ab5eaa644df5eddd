"""One task of a summary: every record counted once, every change planned on its own machine."""

from __future__ import annotations

import json
from dataclasses import replace

from planner.batch.changes import parse_change
from planner.batch.defaults import Defaults
from planner.batch.fleet import Fleet
from planner.batch.inputs import Lines
from planner.batch.records import answer_record
from planner.batch.summing import sum_up
from planner.batch.work import Job
from tests.batch import fleet

RECORDS = [json.dumps(fleet.record(number)).encode() for number in range(12)]


def summed(*lines: bytes, changes: tuple[str, ...] = (), defaults: Defaults | None = None) -> Fleet:
    job = Job(defaults) if defaults is not None else Job()
    return sum_up(replace(job, changes=tuple(parse_change(change) for change in changes)), Lines(1, lines))


def test_every_record_is_counted_once() -> None:
    """Bad ones with error and line, the others by outcome."""
    found = summed(*RECORDS, b"not json", b'{"id": "b"}')
    assert (found.records, found.all.machines) == (14, 12)
    assert found.errors == 2
    outcomes = [answer_record(fleet.record(n), Defaults()).plan for n in range(12)]
    told = [plan.reservation.outcome for plan in outcomes if plan is not None]
    assert {name: part.machines for name, part in found.groups["outcome"].items()} == {
        name: told.count(name) for name in set(told)
    }


def told(number: int, **more: str) -> tuple[object, ...]:
    """The fields that distinguish two plans of one machine."""
    plan = answer_record({**fleet.record(number), **more}, Defaults()).plan
    assert plan is not None
    return plan.reservation.outcome, plan.reservation.crash, plan.protection


def test_a_change_is_planned_on_each_machine_as_if_its_record_requested_it() -> None:
    """Machines with another result are counted and listed."""
    effect = summed(*RECORDS, changes=("kernel=6.12",)).effects["kernel=6.12"]
    differ = [f"host-{n}" for n in range(12) if told(n) != told(n, kernel="6.12")]
    assert 0 < len(differ) < 12
    assert ([one.id for one in effect.machines], effect.changed) == (differ, len(differ))
    assert effect.total.machines == 12


def test_a_machine_that_a_change_does_not_apply_to_stays_as_it_was() -> None:
    """`,high` on a machine that already requests it."""
    effect = summed(json.dumps({**fleet.record(2), "crashkernel": "64M,high"}).encode(), changes=("high",)).effects[
        "high"
    ]
    assert (effect.changed, effect.total.machines) == (0, 1)


def test_defaults_hold_for_records_that_say_nothing() -> None:
    bare = json.dumps({"id": "a", "map": fleet.memory(1)}).encode()
    assert summed(bare).errors == 1
    assert summed(bare, defaults=Defaults("64M")).all.machines == 1
