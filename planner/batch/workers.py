"""Processes that do tasks, and what is on its way to and from them.

Small things go through a pipe, long bytes through shared memory: what a value hands to pickle as `PickleBuffer`
(PEP 574) is left in a slot. A slot is used again and again, so no process takes fresh pages for what passes through
it, and no pipe cuts it into small pieces.

A worker has one task at a time, so nobody writes into a pipe that nobody reads; others are packed already when it
is done.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
from collections import deque
from collections.abc import Callable
from mmap import mmap
from multiprocessing import Pipe, Process, get_start_method, parent_process
from multiprocessing.connection import Connection, wait
from threading import Thread
from typing import Any, NamedTuple, cast

from planner.base.errors import InputError
from planner.base.sizes import KIB, MIB

__all__ = ["Workers"]

_SLOT, _ALL_SLOTS = 640 * KIB, 144 * MIB
"""Bytes of a slot, in which the reports of a usual task fit, and of all together, on however many processors."""


class Parcel(NamedTuple):
    """A task or its product, packed: its number, its pickle, and where each of its buffers ends in its slot."""

    number: int
    pickled: bytes
    ends: list[int]


class Slots:
    """Shared memory for so many values at a time; a number's slot is used again by the one so many later."""

    def __init__(self, count: int) -> None:
        self._count, self._size = count, min(_SLOT, _ALL_SLOTS // count)
        self._memory = _shared(count * self._size)

    def pack(self, number: int, value: object) -> Parcel:
        """Pickle a value; its buffers go into its slot, as far as they fit."""
        slot = self._slot(number)
        ends = [0]

        def in_pickle(buffer: pickle.PickleBuffer) -> bool:
            with buffer.raw() as raw:
                start, end = ends[-1], ends[-1] + len(raw)
                if end > self._size:
                    return True
                slot[start:end] = raw
            ends.append(end)
            return False

        return Parcel(number, pickle.dumps(value, protocol=5, buffer_callback=in_pickle), ends)

    def unpack(self, parcel: Parcel) -> Any:
        """The value again. Its buffers are good until its slot is used for another one."""
        slot = self._slot(parcel.number)
        buffers = [slot[start:end] for start, end in zip(parcel.ends, parcel.ends[1:], strict=False)]
        return pickle.loads(parcel.pickled, buffers=buffers)  # noqa: S301 - from a process of our own

    def _slot(self, number: int) -> memoryview:
        start = number % self._count * self._size
        return memoryview(self._memory).cast("B")[start : start + self._size]


def _shared(size: int) -> Any:
    """Memory that processes inherit, or open by a name where they do not. Raises InputError if there is no more."""
    try:
        if get_start_method() == "fork":
            return mmap(-1, size)
        from multiprocessing import RawArray  # noqa: PLC0415 - where processes begin with nothing

        return RawArray("c", size)
    except (OSError, ValueError) as error:
        raise _not_started(error) from None


def _not_started(error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or str(error)
    return InputError("--jobs", f"no worker can be started: {reason}", "use --jobs 1, which needs none")


class Workers:
    """At most `jobs` processes that call `do(job, task)`, for at most `most` tasks at a time."""

    def __init__(self, jobs: int, most: int, do: Callable[[Any, Any], object], job: object) -> None:
        self._jobs, self._do, self._job = jobs, do, job
        self._slots = Slots(most)
        self._processes: list[Process] = []
        self._pipes: list[Connection] = []
        self._idle: list[Connection] = []
        self._packed: deque[Parcel] = deque()
        self._done: dict[int, Parcel] = {}

    def give(self, number: int, task: object) -> None:
        """Have a task done; its number is one more than that of the last one."""
        self._packed.append(self._slots.pack(number, task))
        if not self._idle and len(self._processes) < self._jobs:
            self._start_one()
        self._hand_out()

    def product(self, number: int) -> Any:
        """The product of a task, when it is done. Raises InputError if a worker has died, and what `do` raises."""
        self._collect(0)
        while number not in self._done:
            self._collect(None)
        return self._slots.unpack(self._done.pop(number))

    def close(self) -> None:
        """End all processes, whatever they do."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()

    def _start_one(self) -> None:
        try:
            here, there = Pipe()
            process = Process(target=_work, args=(there, self._do, self._job, self._slots), daemon=True)
            process.start()
        except OSError as error:
            raise _not_started(error) from None
        there.close()
        self._processes.append(process)
        self._pipes.append(here)
        self._idle.append(here)

    def _hand_out(self) -> None:
        while self._packed and self._idle:
            try:
                self._idle.pop().send(self._packed.popleft())
            except OSError:
                raise _died() from None

    def _collect(self, seconds: float | None) -> None:
        """What is done, waiting so long for it, or until there is something."""
        for pipe in cast("list[Connection]", wait(self._pipes, seconds)):
            try:
                product: Parcel | Exception = pipe.recv()
            except (EOFError, OSError):
                raise _died() from None
            if isinstance(product, Exception):
                raise product
            self._done[product.number] = product
            self._idle.append(pipe)
        self._hand_out()


def _died() -> InputError:
    return InputError(
        "--jobs", "a worker process died, perhaps for want of memory", "use fewer jobs; --resume takes the run up"
    )


def _work(pipe: Connection, do: Callable[[Any, Any], object], job: object, slots: Slots) -> None:
    """What a process does until it is ended. It goes with its parent, also when that is killed, which gets Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    gc.freeze()
    while True:
        parcel: Parcel = pipe.recv()
        try:
            product: Parcel | Exception = slots.pack(parcel.number, do(job, slots.unpack(parcel)))
        except Exception as error:  # noqa: BLE001 - raised where the product is asked for
            product = error
        pipe.send(product)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
