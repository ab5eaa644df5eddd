"""Running digest of the answered input, stored beside the partial result.

A resumed run reads the records that it skips, and so detects any that was changed, added or removed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256

from planner.batch.columns import as_bytes, pyarrow
from planner.batch.inputs import Files, Lines, Task

__all__ = ["Trail", "known_trail", "trail_of"]


class Trail:
    """The digest of the records so far. known: the number of records that an earlier run answered, and their digest."""

    def __init__(self, known: tuple[int, str] | None = None) -> None:
        self._hash = sha256()
        self._known = known
        self.records = 0
        self.differs = False

    def add(self, task: Task) -> None:
        """Add records that were answered or skipped."""
        for record in _records(task):
            self._hash.update(len(record).to_bytes(8, "big") + record)
            self.records += 1
            if self._known is not None and self.records == self._known[0]:
                self.differs = self._hash.hexdigest() != self._known[1]

    def __str__(self) -> str:
        return f"{self.records} {self._hash.hexdigest()}\n"


def trail_of(partial: str) -> str:
    """The path of the digest of a partial result's input."""
    return f"{partial}.input"


def known_trail(partial: str) -> tuple[int, str] | None:
    """The stored digest of an earlier run, or None."""
    with suppress(OSError, ValueError), open(trail_of(partial), encoding="ascii") as file:  # noqa: PTH123 - one call
        count, digest = file.read(200).split()
        if count.isdecimal() and len(count) < 20 and len(digest) == 64:
            return int(count), digest
    return None


def _records(task: Task) -> Iterator[bytes]:
    """Each record of a task as bytes: a line, paths with the files' sizes and times, or a row."""
    if isinstance(task, Lines):
        yield from (b"too long" if line is None else line for line in task.lines if line is None or line.strip())
    elif isinstance(task, Files):
        for machine in task.machines:
            yield b"\0".join(map(_of_file, machine.paths))
    else:
        for batch in pyarrow().ipc.open_stream(task.stream):
            rows: list[bytes] = [b"unreadable"] * batch.num_rows
            with suppress(UnicodeDecodeError, ValueError):
                rows = [repr(row).encode("utf-8", "backslashreplace") for row in as_bytes(batch).to_pylist()]
            yield from rows


def _of_file(path: str) -> bytes:
    size, time = -1, 0
    with suppress(OSError, ValueError):
        stat = os.stat(path)  # noqa: PTH116 - one call
        size, time = stat.st_size, stat.st_mtime_ns
    return f"{path}\0{size}\0{time}".encode("utf-8", "surrogateescape")
