"""Digest of the answered records, stored beside the partial result.

A resumed run reads the records that it skips, and so detects any that was changed, added or removed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from typing import NamedTuple

from planner.batch.columns import as_bytes, pyarrow
from planner.batch.inputs import Files, Lines, Task

__all__ = ["Answered", "InputDigest", "digest_path", "stored_digest"]


_LONGEST = 200
"""Most characters that are read of a stored digest: more than any has."""


class Answered(NamedTuple):
    """The number of records that a run has answered, and their digest in hexadecimal."""

    records: int
    digest: str


class InputDigest:
    """The digest of the records seen so far; `differs` from that of an earlier run if their inputs do.

    earlier: the records that an earlier run answered, if any.
    """

    def __init__(self, earlier: Answered | None = None) -> None:
        self._hash = sha256()
        self._earlier = earlier
        self.records = 0
        self.differs = False

    def add(self, task: Task) -> None:
        """Add records that were answered or skipped."""
        for record in _records(task):
            self._hash.update(len(record).to_bytes(8, "big") + record)
            self.records += 1
            if self._earlier is not None and self.records == self._earlier.records:
                self.differs = self._hash.hexdigest() != self._earlier.digest

    def __str__(self) -> str:
        return f"{self.records} {self._hash.hexdigest()}\n"


def digest_path(partial: str) -> str:
    """The path of the digest that belongs to a partial result."""
    return f"{partial}.input"


def stored_digest(partial: str) -> Answered | None:
    """The stored digest of an earlier run; None if there is none, or a damaged one."""
    with suppress(OSError, ValueError), open(digest_path(partial), encoding="ascii") as file:  # noqa: PTH123 - one call
        count, digest = file.read(_LONGEST).split()
        if count.isdecimal() and len(count) < 20 and len(digest) == 2 * sha256().digest_size:
            return Answered(int(count), digest)
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
    """A file by its path, size and time of change; its content is not read."""
    size, time = -1, 0
    with suppress(OSError, ValueError):
        stat = os.stat(path)  # noqa: PTH116 - one call
        size, time = stat.st_size, stat.st_mtime_ns
    return f"{path}\0{size}\0{time}".encode("utf-8", "surrogateescape")
