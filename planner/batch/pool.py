"""Tasks on several processes, their products in the order of the tasks, and never many of them at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import chain, islice
from typing import TypeVar

__all__ = ["cores", "run"]

_Job = TypeVar("_Job")
_Task = TypeVar("_Task")
_Product = TypeVar("_Product")

_AHEAD, _MOST_AHEAD = 2, 32
"""Tasks per worker, and of all together, that are read or done beside those at work: nobody waits for a slow one."""


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(do: Callable[[_Job, _Task], _Product], job: _Job, tasks: Iterable[_Task], jobs: int) -> Iterator[_Product]:
    """`do(job, task)` for every task, in order, on `jobs` processes; here, if there is one task or one job.

    The buffers of a product are good until the next one is asked for. Raises InputError if a worker dies.
    """
    tasks = iter(tasks)
    first = list(islice(tasks, 2))
    if jobs < 2 or len(first) < 2:
        for task in chain(first, tasks):
            yield do(job, task)
        return
    yield from _spread(do, job, chain(first, tasks), jobs)


def _spread(do: Callable[[_Job, _Task], _Product], job: _Job, tasks: Iterator[_Task], jobs: int) -> Iterator[_Product]:
    from planner.batch.workers import Workers  # noqa: PLC0415 - a small batch needs none

    most = jobs + min(jobs * _AHEAD, _MOST_AHEAD)
    given = 0
    with closing(Workers(jobs, most, do, job)) as workers:
        for given, task in enumerate(tasks):
            if given >= most:
                yield workers.product(given - most)
            workers.give(given, task)
        for number in range(max(0, given + 1 - most), given + 1):
            yield workers.product(number)
