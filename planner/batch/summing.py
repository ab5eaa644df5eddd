"""One task of a summary in a worker process: make plans, try changes, and keep only the sums.

Answers of an earlier run are summed without planning again.
"""

from __future__ import annotations

from planner.base.errors import PlannerError
from planner.batch.finished import finished
from planner.batch.fleet import Change, Fleet, changed
from planner.batch.inputs import Task
from planner.batch.records import Ask
from planner.batch.work import Job, answers_to
from planner.planning.plan import make_plan
from planner.planning.result import Plan

__all__ = ["sum_up"]


def sum_up(job: Job, task: Task) -> Fleet:
    """The sums of one task."""
    fleet = Fleet([change.name for change in job.changes])
    earlier = finished(task)
    if earlier is not None:
        for ident, row, error in earlier:
            if row is None:
                fleet.add_error(ident, error)
            else:
                fleet.finished += 1
                fleet.add_row(ident, row)
        return fleet
    for answer in answers_to(job, task):
        if answer.plan is None or answer.ask is None:
            fleet.add_error("" if answer.id is None else str(answer.id), answer.error or "", answer.line)
            continue
        ident = str(answer.id if answer.id is not None else "")
        fleet.add(ident, answer.plan, answer.ask.options.preset)
        for change in job.changes:
            fleet.add_change(change.name, ident, answer.plan, _again(answer.plan, answer.ask, change))
    return fleet


def _again(plan: Plan, ask: Ask, change: Change) -> Plan | PlannerError:
    """The plan of the same machine after a change, or its error; the same plan if the change does not apply."""
    question = changed(plan, ask.crashkernel, ask.options, change)
    if question is None:
        return plan
    try:
        return make_plan(ask.machine, *question)
    except PlannerError as error:
        return error
