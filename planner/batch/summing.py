"""One task of a summary in a worker process: make plans, try changes, and keep only the sums.

Answers of an earlier run are summed without planning again.
"""

from __future__ import annotations

from planner.base.errors import PlannerError
from planner.batch.ask import Ask
from planner.batch.changes import Change, changed
from planner.batch.finished import Finished, finished, finished_line
from planner.batch.fleet import Fleet
from planner.batch.inputs import Cells, Files, Lines, Task
from planner.batch.work import Job, answers_to
from planner.planning.plan import make_plan
from planner.planning.result import Plan

__all__ = ["sum_up"]


def sum_up(job: Job, task: Task | Cells) -> Fleet:
    """The sums of one task."""
    fleet = Fleet([change.name for change in job.changes])
    if isinstance(task, Lines):
        for number, line in enumerate(task.lines, task.first):
            answer = finished_line(line, number)
            if answer is None:
                _plan(job, Lines(number, [line]), fleet)
            else:
                _add(answer, fleet)
        return fleet
    earlier = None if isinstance(task, Files) else finished(task)
    for answer in earlier or ():
        _add(answer, fleet)
    if earlier is None and not isinstance(task, Cells):
        _plan(job, task, fleet)
    return fleet


def _add(answer: Finished, fleet: Fleet) -> None:
    """Add an answer of an earlier run."""
    if answer.row is None:
        fleet.add_error(answer.id, answer.error, answer.line)
    else:
        fleet.finished += 1
        fleet.add_row(answer.id, answer.row)


def _plan(job: Job, task: Task, fleet: Fleet) -> None:
    """Add the plans of records."""
    for answer in answers_to(job, task):
        if answer.plan is None or answer.ask is None:
            fleet.add_error("" if answer.id is None else str(answer.id), answer.error or "", answer.line)
            continue
        ident = str(answer.id if answer.id is not None else "")
        fleet.add(ident, answer.plan, answer.ask.options.preset)
        for change in job.changes:
            fleet.add_change(change.name, ident, answer.plan, _again(answer.plan, answer.ask, change))


def _again(plan: Plan, ask: Ask, change: Change) -> Plan | PlannerError:
    """The plan of the same machine after a change, or its error; the same plan if the change does not apply."""
    question = changed(plan, ask.crashkernel, ask.options, change)
    if question is None:
        return plan
    try:
        return make_plan(ask.machine, *question)
    except PlannerError as error:
        return error
