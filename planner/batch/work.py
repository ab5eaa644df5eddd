"""One task in a worker process, from raw records to finished output; all arguments and results are picklable."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, TypeAlias

from planner.base.errors import printable
from planner.batch.ask import Ask
from planner.batch.changes import Change
from planner.batch.columns import answer_stream, batch_of_answers
from planner.batch.defaults import Defaults
from planner.batch.inputs import Files, Group, Lines, Task
from planner.batch.lines import answer_lines, encode_answer
from planner.batch.records import Answer, answer_ask, describe
from planner.kernel.machine import Machine
from planner.sources import combine, read_source

__all__ = [
    "Counts",
    "Job",
    "Output",
    "Product",
    "Tally",
    "answer_task",
    "answers_to",
    "counts_of",
    "read_group",
    "total",
]

Output: TypeAlias = Literal["lines", "columns"]


@dataclass(frozen=True, slots=True)
class Job:
    """Settings for every task. with_report: add a column with the whole report. changes: those that a summary tries."""

    defaults: Defaults = field(default_factory=Defaults)
    output: Output = "lines"
    with_report: bool = False
    changes: tuple[Change, ...] = ()


class Counts(NamedTuple):
    """Numbers of records: all, without a plan, with nothing reserved, with outcome `fallback`."""

    records: int = 0
    errors: int = 0
    failed: int = 0
    fallback: int = 0


class Product(NamedTuple):
    """The result of one task: output lines, or a record batch as an Arrow message."""

    data: bytes
    counts: Counts


def answer_task(job: Job, task: Task) -> Product:
    """Answer the records of one task, in the form of the job's output."""
    tally = Tally()
    answers = tally.counting(answers_to(job, task))
    if job.output == "columns":
        batch = batch_of_answers(answers, with_report=job.with_report)
        data = batch.serialize().to_pybytes()
    else:
        # Only the text is kept: a plan takes more memory than its line.
        data = b"".join(map(encode_answer, answers))
    return Product(data, tally.counts)


def answers_to(job: Job, task: Task) -> Iterator[Answer]:
    """The answers to the records of a task, in order."""
    if isinstance(task, Lines):
        return answer_lines(task.first, task.lines, job.defaults)
    if isinstance(task, Files):
        return (_answer_files(machine, job.defaults) for machine in task.machines)

    return answer_stream(task.stream, job.defaults)


def _answer_files(machine: Group, defaults: Defaults) -> Answer:
    ident = printable(machine.name)
    try:
        read = read_group(machine, defaults.map_format, defaults.options.kernel)
    except Exception as error:  # noqa: BLE001 - one bad record never stops the others
        return Answer(ident, None, describe(error))
    return answer_ask(ident, Ask(read, defaults.crashkernel, defaults.options))


def read_group(group: Group, map_format: str | None = None, kernel: str | None = None) -> Machine:
    """The machine described by several files. kernel: given by the user. Raises InputError."""
    # A file may be named like a special value of `--map`.
    plain = [path if os.path.dirname(path) else os.path.join(".", path) for path in group.paths]  # noqa: PTH118, PTH120 - as it was given
    machines = [
        replace(read_source(where, fmt=map_format), source=path) for where, path in zip(plain, group.paths, strict=True)
    ]
    return machines[0] if len(machines) == 1 else combine(machines, kernel)


class Tally:
    """The counts of answers that are taken one by one, so that none of them is kept."""

    def __init__(self) -> None:
        self.counts = Counts()

    def counting(self, answers: Iterable[Answer]) -> Iterator[Answer]:
        """The same answers, each counted when it is taken."""
        for answer in answers:
            self.counts = total([self.counts, counts_of(answer)])
            yield answer


def counts_of(answer: Answer) -> Counts:
    """The counts of one answer."""
    plan = answer.plan
    if plan is None:
        return Counts(records=1, errors=1)
    if not plan.reserved:
        return Counts(records=1, failed=1)
    return Counts(records=1, fallback=int(plan.reservation.outcome == "fallback"))


def total(parts: Iterable[Counts]) -> Counts:
    """The sum of counts."""
    return Counts(*map(sum, zip(Counts(), *parts, strict=True)))
