"""Outputs of answers: a stream, or a file that is written atomically.

Until a run ends, its answers are in `FILE.partial`: complete ones, in order, and possibly a truncated last one. An
interrupted run is resumed from there, whatever ended it.

File locks are imported if the system has them.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from planner.base.errors import InputError
from planner.batch.work import Counts

__all__ = ["LinesFile", "LinesStream", "PartialFile", "WholeLines", "partial_of", "put_in_place", "whole_lines"]


def partial_of(path: str) -> str:
    """Path of the partial output."""
    return f"{path}.partial"


class LinesStream:
    """Lines written to an open stream, and flushed at once.

    Every output has these methods. done: the counts of an earlier run. ends_with: True for that run's last answer.
    finish: all answers are written. close: comes last, also after an error.
    """

    def __init__(self, stream: BinaryIO, *, owned: bool = False) -> None:
        self._stream, self._owned = stream, owned
        self.done = Counts()

    def ends_with(self, data: bytes) -> bool:
        """Always False: there is no earlier run to compare with."""
        del data
        return False

    def write(self, data: bytes) -> None:
        """Write and flush."""
        self._stream.write(data)
        self._stream.flush()

    def finish(self) -> None:
        """Nothing to do: every answer is flushed."""

    def close(self) -> None:
        """Close the stream, unless it is the caller's."""
        if self._owned:
            self._stream.close()


class PartialFile:
    """A file written through its partial file, which is locked for this process."""

    def __init__(self, path: str) -> None:
        self.path = os.path.realpath(path)
        self._file = open_partial(self.path)

    def _keep(self, end: int) -> None:
        """Truncate the partial file at `end`, and continue from there."""
        self._file.truncate(end)
        self._file.seek(end)

    def write(self, data: bytes) -> None:
        """Write and flush, so that a killed run keeps its answers."""
        self._file.write(data)
        self._file.flush()

    def close(self) -> None:
        """Close the partial file; an unfinished one is kept for another run."""
        self._file.close()


class LinesFile(PartialFile):
    """Lines to a file.

    done: the counts of an earlier run that is resumed; most: resume after at most this many answers.
    """

    def __init__(self, path: str, *, resume: bool, most: int | None = None) -> None:
        super().__init__(path)
        kept = whole_lines(self._file, most) if resume else WholeLines()
        self.done, self._last = kept.counts, kept.last
        self._keep(kept.end)

    def ends_with(self, data: bytes) -> bool:
        """True if these bytes are the last answer of the earlier run."""
        return self._last == data

    def finish(self) -> None:
        """Rename the partial file to the output."""
        self._file.flush()
        os.fsync(self._file.fileno())
        put_in_place(partial_of(self.path), self.path)  # before another run can have the lock
        self._file.close()


def open_partial(path: str) -> BinaryIO:
    """The partial file of a path, locked for this process. Raises InputError if another one writes it."""
    partial = partial_of(path)
    while True:
        file = _locked(partial)
        with suppress(OSError):
            if os.path.samestat(os.fstat(file.fileno()), os.stat(partial)):  # noqa: PTH116 - one call
                return file
        file.close()  # another run finished in the meantime and renamed it


def _locked(partial: str) -> BinaryIO:
    """A partial file, created if need be and locked. Raises InputError if another run has the lock."""
    file = os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
    try:
        from fcntl import LOCK_EX, LOCK_NB, lockf
    except ImportError:
        return file
    try:
        lockf(file, LOCK_EX | LOCK_NB)  # held by this process, not by its workers; released when it exits
    except BlockingIOError:
        file.close()
        raise InputError(partial, "another run is writing it", "wait for it, or write to another file") from None
    except OSError:
        pass  # a file system without locks
    return file


_OUTCOME = b'"reservation":{"outcome":"'


class WholeLines(NamedTuple):
    """The complete lines at the beginning of a partial file. last: the last of them. end: its offset in bytes."""

    counts: Counts = Counts()
    last: bytes = b""
    end: int = 0


def whole_lines(file: BinaryIO, most: int | None = None) -> WholeLines:
    """The complete lines of a partial file, at most the first `most`.

    Quotes inside a JSON string are always escaped, so the bytes searched for occur only once in a line.
    """
    records = errors = failed = fallback = end = 0
    last = b""
    for line in file:
        if records == most or not (line.startswith(b'{"id":') and line.endswith(b"}\n")):
            break
        records, end, last = records + 1, end + len(line), line
        at = line.find(_OUTCOME)
        if at < 0:
            errors += 1
            continue
        outcome = line[at + len(_OUTCOME) :].partition(b'"')[0]
        failed += outcome in (b"failed", b"none")
        fallback += outcome == b"fallback"
    return WholeLines(Counts(records, errors, failed, fallback), last, end)


def put_in_place(partial: str, path: str) -> None:
    """Rename a complete file into its place, durably and with the permissions of the file that it replaces."""
    with suppress(OSError):
        os.chmod(partial, os.stat(path).st_mode & 0o7777)  # noqa: PTH101, PTH116 - one call
    os.replace(partial, path)  # noqa: PTH105 - one call
    with suppress(OSError):  # not every system can
        folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY)  # noqa: PTH120 - one call
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
