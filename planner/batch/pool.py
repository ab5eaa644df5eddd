"""Tasks on several processes, their products in the order of the tasks, and never many of them at once."""

from __future__ import annotations

import gc
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any, TypeVar

from planner.errors import InputError

__all__ = ["cores", "run"]

_Job = TypeVar("_Job")
_Task = TypeVar("_Task")
_Product = TypeVar("_Product")

_AHEAD = 3
"""Tasks per worker that are given out but not yet written: enough that nobody waits for a slow one."""


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(do: Callable[[_Job, _Task], _Product], job: _Job, tasks: Iterable[_Task], jobs: int) -> Iterator[_Product]:
    """`do(job, task)` for every task, in order, on `jobs` processes; here, if there is one task or one job."""
    tasks = iter(tasks)
    first = list(islice(tasks, 2))
    if jobs < 2 or len(first) < 2:
        for task in chain(first, tasks):
            yield do(job, task)
        return
    yield from _spread(do, job, chain(first, tasks), jobs)


def _spread(do: Callable[[_Job, _Task], _Product], job: _Job, tasks: Iterator[_Task], jobs: int) -> Iterator[_Product]:
    from concurrent.futures import Future, ProcessPoolExecutor  # noqa: PLC0415 - a small batch needs no workers
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415 - likewise

    with ProcessPoolExecutor(jobs, initializer=_start, initargs=(do, job)) as pool:
        waiting: deque[Future[_Product]] = deque()
        try:
            for task in tasks:
                waiting.append(pool.submit(_work, task))
                if len(waiting) >= jobs * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise InputError(
                "--jobs",
                "a worker process died, perhaps for want of memory",
                "use fewer jobs; --resume takes the run up",
            ) from None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


# -- in a worker -----------------------------------------------------------------------------------------

_state: list[tuple[Callable[..., object], object]] = []


def _start(do: Callable[..., object], job: object) -> None:
    """Once per worker. It ends with its parent, also when that is killed, and leaves Ctrl-C to it."""
    from multiprocessing import parent_process  # noqa: PLC0415 - loaded in a worker
    from threading import Thread  # noqa: PLC0415 - likewise

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()
    gc.freeze()
    _state[:] = [(do, job)]


def _work(task: object) -> Any:
    do, job = _state[0]
    return do(job, task)
