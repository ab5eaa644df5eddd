"""Run of a batch from an input to an output, on any number of processes.

Memory use is constant: only a few tasks are in flight, and nothing is kept of finished ones.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import BinaryIO, TypeAlias

from planner.base.errors import InputError
from planner.base.files import replaceable
from planner.batch import pool
from planner.batch.changes import Change
from planner.batch.csv_answers import CsvAnswers, open_csv
from planner.batch.fleet import Fleet
from planner.batch.folders import machines_in
from planner.batch.input_digest import Answered, InputDigest, digest_path, stored_digest
from planner.batch.inputs import FileList, LinesInput, Task, is_csv, is_table, makes_table, open_lines
from planner.batch.results import LinesFile, LinesStream, partial_of, whole_lines
from planner.batch.summing import sum_up
from planner.batch.tables import TableFile, TableInput, count_table, open_table
from planner.batch.work import Counts, Job, answer_task, total

__all__ = ["Answers", "Input", "count_results", "is_complete", "open_answers", "open_input", "run_batch", "summarize"]

Input: TypeAlias = LinesInput | TableInput | FileList
Answers: TypeAlias = Input | CsvAnswers
_Results: TypeAlias = LinesStream | LinesFile | TableFile

Progress = Callable[[Counts], None]
"""A callback with the counts so far, called after every task."""


def open_input(path: str, files: tuple[str, ...] = (), stdin: BinaryIO | None = None) -> Input:
    """The records of a file: JSON Lines, `-` for standard input, or a table by its suffix; or source files.

    files: folders and single source files, used as records instead. Raises InputError.
    """
    if files:
        return FileList(*machines_in(files))
    if is_table(path):
        return open_table(path)
    if is_csv(path):
        raise InputError(path, "a CSV table holds answers, not records", "add them up with batch --summary")
    return open_lines(path, stdin)


def open_answers(path: str, files: tuple[str, ...] = (), stdin: BinaryIO | None = None) -> Answers:
    """The same for a summary, which reads answers, too, also those in a CSV table."""
    return open_csv(path) if is_csv(path) and not files else open_input(path, files, stdin)


def is_complete(path: str) -> bool:
    """True if an earlier run completed this output and no later run has started on it."""
    return os.path.isfile(path) and not os.path.exists(partial_of(os.path.realpath(path)))  # noqa: PTH110, PTH113 - calls


def count_results(path: str) -> Counts:
    """The counts of an earlier run's results. Raises InputError for an unreadable table, and OSError."""
    if makes_table(path):
        return count_table(path)
    with open(path, "rb") as file:  # noqa: PTH123 - as above
        return whole_lines(file).counts


def run_batch(
    source: Input,
    job: Job,
    output: str | BinaryIO,
    *,
    jobs: int = 1,
    resume: bool = False,
    progress: Progress | None = None,
) -> Counts:
    """Answer every record, in order; returns the counts, including those of a resumed run.

    output: an open stream, or a path that is written atomically; until the end the answers are in `PATH.partial`. The
    input is closed at the end. resume: continue an interrupted run. Raises InputError if the input is not that of the
    earlier run or has no record, OSError if the output cannot be written.
    """
    try:
        source.check()
        job, results = _open_results(output, job, resume=resume)
        try:
            counts = _answer_all(source, job, results, jobs, progress)
            results.finish()
        finally:
            results.close()
    finally:
        source.close()
    return counts


def _answer_all(source: Input, job: Job, results: _Results, jobs: int, progress: Progress | None) -> Counts:
    """Write the answers that an earlier run has not; returns the counts of both."""
    counts = results.done
    partial = partial_of(results.path) if isinstance(results, (LinesFile, TableFile)) else None
    earlier = stored_digest(partial) if partial is not None and counts.records else None
    digest = InputDigest(earlier)
    if counts.records:
        _skip_answered(source, job, results, digest, earlier)
    in_flight: deque[Task] = deque()

    def remembered() -> Iterator[Task]:
        for task in source.tasks():
            in_flight.append(task)
            yield task

    with _digest_file(partial) as store:
        for product in pool.run(answer_task, job, remembered(), jobs):
            results.write(product.data)
            digest.add(in_flight.popleft())
            store(str(digest))
            counts = total([counts, product.counts])
            if progress is not None:
                progress(counts)
    return counts


def _skip_answered(source: Input, job: Job, results: _Results, digest: InputDigest, earlier: Answered | None) -> None:
    """Skip the records that an earlier run answered. Raises InputError if they are not those of this input.

    The last answer is made again and compared, since the options may have changed, too.
    """
    records = results.done.records
    last = source.skip(records, digest.add)
    if digest.differs and earlier is not None:
        raise InputError(
            "--resume",
            f"the input changed: its first {earlier.records} records are not those that were answered",
            "resume with the input of the first run, or start again without --resume",
        )
    if last is None or not results.ends_with(answer_task(job, last).data):
        raise InputError(
            "--resume",
            f"answer {records} of the partial result is not the answer to record {records}",
            "resume with the input and the options of the first run, or start again without --resume",
        )


@contextmanager
def _digest_file(partial: str | None) -> Iterator[Callable[[str], None]]:
    """A function that stores a digest beside a partial result; it is removed at the end of a complete run."""
    if partial is None:
        yield lambda _: None
        return
    path = digest_path(partial)
    with open(path, "a+b", buffering=0) as file:  # noqa: PTH123 - as above

        def store(text: str) -> None:
            file.seek(0)
            file.truncate()
            file.write(text.encode("ascii"))

        yield store
    with suppress(OSError):
        os.unlink(path)  # noqa: PTH108 - as above


def _open_results(output: str | BinaryIO, job: Job, *, resume: bool) -> tuple[Job, _Results]:
    """The output, and the job with the form of answers that it takes."""
    if not isinstance(output, str):
        return job, LinesStream(output)
    if not replaceable(output):
        if makes_table(output):
            raise InputError(output, "this is not a file", "write a table to a file")
        return job, LinesStream(open(output, "wb"), owned=True)  # noqa: PTH123 - a device or pipe, as it is
    # Answers of an earlier run that its digest does not cover are made again.
    earlier = stored_digest(partial_of(os.path.realpath(output))) if resume else None
    most = None if earlier is None else earlier.records
    if makes_table(output):
        table = TableFile(output, resume=resume, with_report=job.with_report, most=most)
        return replace(job, output="columns"), table
    return job, LinesFile(output, resume=resume, most=most)


def summarize(
    source: Answers, job: Job, changes: tuple[Change, ...], *, jobs: int = 1, progress: Progress | None = None
) -> Fleet:
    """The sums of all answers and the effect of each change; answers are not kept."""
    fleet = Fleet([change.name for change in changes])
    try:
        if not isinstance(source, CsvAnswers):
            source.check()
        for part in pool.run(sum_up, replace(job, changes=changes), source.tasks(), jobs):
            fleet.merge(part)
            if progress is not None:
                progress(Counts(fleet.records, fleet.errors))
    finally:
        source.close()
    if fleet.finished or fleet.errors == fleet.records:
        fleet.effects.clear()  # of some machines no plan was made to which a change could be applied
    return fleet
