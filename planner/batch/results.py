"""Where answers go: to a stream, or to a file that is whole or not there.

Until a run is done, its answers are in `FILE.partial`: whole ones, in order, and perhaps a torn last one. A run
that was ended by whatever cause is taken up from there.
"""

from __future__ import annotations

import os
from typing import BinaryIO, NamedTuple, Protocol

from planner.batch.inputs import Buffer
from planner.batch.lines import id_of_line
from planner.batch.places import replaceable
from planner.batch.work import Counts
from planner.errors import InputError

__all__ = ["Done", "LinesFile", "LinesStream", "Results", "finish", "partial_of", "sync_folder"]


class Done(NamedTuple):
    """What a partial file holds: records counted, and the id of the last one."""

    counts: Counts
    last: object = None


class Results(Protocol):
    """Takes finished output piece by piece. done: what was there before."""

    done: Done

    def write(self, data: Buffer) -> None:
        """Take one piece."""

    def close(self) -> None:
        """All pieces are there."""

    def leave(self) -> None:
        """No more comes, whether or not all is there; the caller's last call."""


def partial_of(path: str) -> str:
    """Where unfinished output lives."""
    return f"{path}.partial"


class LinesStream:
    """Lines to an open stream, each piece at once."""

    def __init__(self, stream: BinaryIO, *, owned: bool = False) -> None:
        self._stream, self._owned = stream, owned
        self.done = Done(Counts())

    def write(self, data: Buffer) -> None:
        """Write and flush."""
        self._stream.write(data)
        self._stream.flush()

    def close(self) -> None:
        """A stream ends where it ends."""

    def leave(self) -> None:
        """Close the stream, unless it is the caller's."""
        if self._owned:
            self._stream.close()


class LinesFile:
    """Lines to a file, by way of its partial file. done: what a former run left, if that is taken up."""

    def __init__(self, path: str, *, resume: bool) -> None:
        self.path = os.path.realpath(path)
        self._file = open_partial(self.path)
        self.done, keep = whole_lines(self._file) if resume else (Done(Counts()), 0)
        self._file.truncate(keep)
        self._file.seek(keep)

    def write(self, data: Buffer) -> None:
        """Hand over to the system, so that a killed run keeps what it wrote."""
        self._file.write(data)
        self._file.flush()

    def close(self) -> None:
        """Put the file in its place."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        finish(partial_of(self.path), self.path)

    def leave(self) -> None:
        """Keep what is there for another run."""
        self._file.close()


def open_partial(path: str) -> BinaryIO:
    """The partial file of a path, as it is, for this process alone. Raises InputError if another one writes it."""
    partial = partial_of(path)
    file = os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
    try:
        from fcntl import LOCK_EX, LOCK_NB, lockf  # noqa: PLC0415 - not on every system
    except ImportError:
        return file
    try:
        lockf(file, LOCK_EX | LOCK_NB)  # of this process, not of its workers: it goes when this process goes
    except BlockingIOError:
        file.close()
        raise InputError(partial, "another run is writing it", "wait for it, or write to another file") from None
    except OSError:
        pass  # a file system without locks
    return file


_OUTCOME = b'"reservation":{"outcome":"'


def whole_lines(file: BinaryIO) -> tuple[Done, int]:
    """What the whole lines of a partial file come to, and where they end.

    Quotes inside a text of JSON are always escaped, so the bytes looked for stand at one place only.
    """
    records = errors = failed = fallback = end = 0
    last = b""
    for line in file:
        if not (line.startswith(b'{"id":') and line.endswith(b"}\n")):
            break
        records, end, last = records + 1, end + len(line), line
        at = line.find(_OUTCOME)
        if at < 0:
            errors += 1
            continue
        outcome = line[at + len(_OUTCOME) :].partition(b'"')[0]
        failed += outcome in (b"failed", b"none")
        fallback += outcome == b"fallback"
    return Done(Counts(records, errors, failed, fallback), id_of_line(last)), end


def finish(partial: str, path: str) -> None:
    """Rename a complete file into its place, for good; what is there and is no file gets its content."""
    if not replaceable(path):
        from shutil import copyfileobj  # noqa: PLC0415 - seldom needed

        with open(partial, "rb") as made, open(path, "wb") as place:  # noqa: PTH123 - as elsewhere here
            copyfileobj(made, place)
        os.unlink(partial)  # noqa: PTH108 - one call
        return
    os.replace(partial, path)  # noqa: PTH105 - one call
    sync_folder(path)


def sync_folder(path: str) -> None:
    """Make a rename last, where the system can."""
    try:
        folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY)  # noqa: PTH120 - one call
    except OSError:
        return
    try:
        os.fsync(folder)
    except OSError:
        pass
    finally:
        os.close(folder)


def check_same(done: Done, last_id: object) -> None:
    """Refuse to take up a run whose last record was another one. Raises InputError."""
    if done.last != last_id:
        raise InputError(
            "--resume",
            f"answer {done.counts.records} of the partial result is for {done.last!r}, the record is {last_id!r}",
            "resume with the input of the first run, or start afresh without --resume",
        )
