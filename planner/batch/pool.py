"""Tasks run on several processes, with results in the order of the tasks and a bounded number in flight."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing import parent_process
from threading import Thread
from typing import TypeVar

from planner.base.errors import InputError

__all__ = ["cores", "run"]

_Job = TypeVar("_Job")
_Task = TypeVar("_Task")
_Product = TypeVar("_Product")

_AHEAD, _MOST_AHEAD = 2, 32
"""Tasks per worker, and in total, that wait or are finished beside those running, so that a slow one blocks none."""


def cores() -> int:
    """Number of processors available to this process."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(do: Callable[[_Job, _Task], _Product], job: _Job, tasks: Iterable[_Task], jobs: int) -> Iterator[_Product]:
    """`do(job, task)` for every task, in order, on `jobs` processes; in this process for one task or one job.

    Raises InputError if a worker cannot be started or dies.
    """
    tasks = iter(tasks)
    first = list(islice(tasks, 2))
    if jobs < 2 or len(first) < 2:
        for task in chain(first, tasks):
            yield do(job, task)
        return
    yield from _spread(do, job, chain(first, tasks), jobs)


def _spread(do: Callable[[_Job, _Task], _Product], job: _Job, tasks: Iterator[_Task], jobs: int) -> Iterator[_Product]:
    """As `run`, on several processes."""
    most = jobs + min(jobs * _AHEAD, _MOST_AHEAD)
    waiting: deque[Future[_Product]] = deque()
    try:
        pool = ProcessPoolExecutor(jobs, initializer=_follow_parent)
    except OSError as error:
        raise _not_started(error) from None
    try:
        for task in tasks:
            waiting.append(pool.submit(do, job, task))
            if len(waiting) >= most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        raise InputError(
            "--jobs", "a worker process died, possibly out of memory", "use fewer jobs; --resume continues the run"
        ) from None
    except BlockingIOError as error:
        raise _not_started(error) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _not_started(error: OSError) -> InputError:
    return InputError(
        "--jobs", f"no worker can be started: {error.strerror or error}", "use --jobs 1, which needs none"
    )


def _follow_parent() -> None:
    """Make a worker ignore Ctrl-C, which its parent handles, and exit with its parent, even if that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
