"""Inputs of records: JSON Lines, source files, tables; split into tasks for workers.

Tasks are small (a worker answers one in well under a second) and bounded in bytes, so that the memory of a run does not
depend on the number of records. Every input can skip finished records.
"""

from __future__ import annotations

import gzip
import os
import stat
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple

from planner.base.errors import InputError, unreadable
from planner.base.sizes import KIB, MIB
from planner.batch.lines import MAX_RECORD, decode
from planner.sources import kind_of_bytes
from planner.sources.reading import decode_most

__all__ = [
    "TASK_RECORDS",
    "Cells",
    "FileList",
    "Files",
    "Group",
    "Lines",
    "LinesInput",
    "Rows",
    "Task",
    "is_csv",
    "is_table",
    "makes_table",
    "no_record",
    "open_lines",
    "too_few",
]

TASK_RECORDS, _TASK_BYTES = 64, 384 * KIB
"""Maximum records (lines, rows) of one task, and their bytes. Larger results make every process fault in new pages."""

_TASK_MACHINES = 8
"""Machines of one task of source files: a boot log is much larger than a map."""


class Lines(NamedTuple):
    """Raw lines, with the number of the first; None for a line that is too long."""

    first: int
    lines: Sequence[bytes | None]


class Group(NamedTuple):
    """The source files of one machine. name: its id in the answer."""

    name: str
    paths: tuple[str, ...]


class Files(NamedTuple):
    """Machines by their source files."""

    machines: Sequence[Group]


class Rows(NamedTuple):
    """Rows of a table: a record batch as an Arrow stream with its schema."""

    stream: bytes


class Cells(NamedTuple):
    """Rows of a CSV table of answers: the number of the line, and the values by column; None for a damaged row."""

    rows: Sequence[tuple[int, Mapping[str, object] | None]]


Task = Lines | Files | Rows


class LinesInput:
    """JSON Lines from a binary stream, which `close` closes if it was opened here. Blank lines are not records.

    Every input has these methods. check: refuses an input without a record, and one that is not records, before
    anything is written; raises InputError. count: None if it is not known before the records are read.
    """

    def __init__(self, stream: BinaryIO, name: str, *, close: Callable[[], None] | None = None) -> None:
        self._stream, self._name, self._number = stream, name, 0
        self._close = close
        self._ahead: deque[bytes | None] = deque()

    def check(self) -> None:
        """Look at the first lines, and keep them for `tasks`. A source is recognised if its first line is not JSON."""
        while (line := self._read()) is not None and not line.strip():
            self._ahead.append(line)
            if not line:
                raise no_record(self._name, "give one JSON object a line, or sources with --files")
        self._ahead.append(line)
        if line is None or _is_json(line):
            return
        held = 0  # bytes
        while (line := self._read()) != b"":
            self._ahead.append(line)
            held += len(line or b"")
            if len(self._ahead) >= TASK_RECORDS or held >= _TASK_BYTES:
                break
        _refuse_source(b"".join([line or b"" for line in self._ahead]), self._name)

    def _next(self) -> bytes | None:
        """The next line, b"" at the end, None for a line that is too long, which is skipped."""
        line = self._ahead.popleft() if self._ahead else self._read()
        self._number += 1
        return line

    def _read(self) -> bytes | None:
        """The next line of the stream, as of `_next`. Raises InputError if it cannot be read."""
        try:
            line = self._stream.readline(MAX_RECORD + 1)
            too_long = len(line) > MAX_RECORD
            while too_long and line and not line.endswith(b"\n"):
                line = self._stream.readline(MIB)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise unreadable(self._name, error, "check the file") from None
        if not self._number and not self._ahead and line.startswith(b"\xef\xbb\xbf"):
            line = line[3:]
        return None if too_long else line

    def skip(self, records: int, note: Callable[[Task], None] | None = None) -> Task | None:
        """Skip records, and return the last of them as a task. note: called with all of them, in order.

        Raises InputError if there are fewer.
        """
        last: Lines | None = None
        done = 0
        while done < records:
            line = self._next()
            if line == b"":
                raise too_few(self._name, done, records)
            if line is None or line.strip():
                last, done = Lines(self._number, [line]), done + 1
                if note is not None:
                    note(last)
        return last

    def tasks(self) -> Iterator[Task]:
        """The remaining lines, blank ones included to keep the numbering."""
        lines: list[bytes | None] = []
        held, first = 0, self._number + 1
        while (line := self._next()) != b"":
            lines.append(line)
            held += len(line or b"")
            if len(lines) == TASK_RECORDS or held >= _TASK_BYTES:
                yield Lines(first, lines)
                lines, held, first = [], 0, self._number + 1
        if lines:
            yield Lines(first, lines)

    def count(self) -> int | None:
        """Number of lines in a regular, uncompressed file, blank ones included."""
        if self._close is None or self._name.endswith(".gz"):
            return None
        try:
            with open(self._name, "rb") as file:  # noqa: PTH123 - a file that is open anyway
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return None
                lines, last = 0, b""
                while block := file.read(MIB):
                    lines, last = lines + block.count(b"\n"), block[-1:]
        except OSError:
            return None
        return lines + (last not in {b"", b"\n"})

    def close(self) -> None:
        """Close the stream if it was opened here."""
        if self._close is not None:
            self._close()


_IN_WORDS = {
    "json": "a JSON map",
    "memblock": "memblock's debugfs files",
    "iomem": "a listing of /proc/iomem",
    "dmesg": "a boot log",
    "kdump": "the output of kdumpctl or kdumptool",
    "config": "a kernel configuration",
    "lsmem": "the output of lsmem",
    "dtb": "a device tree",
    "sosreport": "an archive of a machine's files",
    "packed": "compressed",
}
"""Names of inputs that are not records, by the kinds of `kind_of_bytes`."""


def _is_json(line: bytes) -> bool:
    """True if a line is JSON; a long one, which takes much memory when decoded, if it begins like an object."""
    if len(line) > _TASK_BYTES:
        return line.lstrip().startswith(b"{")
    try:
        decode(line)
    except ValueError:
        return False
    return True


def _refuse_source(head: bytes, name: str) -> None:
    """Refuse an input that begins like a source or is binary. Raises InputError."""
    kind = kind_of_bytes(head, name)
    save = "save it to a file, and give that" if name == "<stdin>" else "give it"
    if kind == "json" and b"\n" not in head.strip():
        raise InputError(name, "its only line is not JSON: it is damaged, or cut off", "give the whole file")
    if kind is not None:
        raise InputError(name, f"is {_IN_WORDS[kind]}, not records", f"{save} with --files")
    try:
        if b"\0" not in head.partition(b"\n")[0]:
            decode_most(head, name)
            return
    except InputError:
        pass
    raise InputError(name, "is binary, not records", "give one JSON object a line, or a table by its ending")


def no_record(name: str, remedy: str) -> InputError:
    """The error for an input without a record."""
    return InputError(name, "there is no record in it", remedy)


class FileList:
    """Machines as lists of source files. skipped: the files in their folders that are not sources."""

    def __init__(self, machines: Sequence[Group], skipped: Sequence[str] = ()) -> None:
        self._machines, self.skipped = machines, skipped
        self._at = 0

    def check(self) -> None:
        """Nothing to do: folders without sources are refused when they are looked through."""

    def skip(self, records: int, note: Callable[[Task], None] | None = None) -> Task | None:
        """Skip machines."""
        if records > len(self._machines):
            raise too_few("--files", len(self._machines), records)
        self._at = records
        if note is not None:
            note(Files(self._machines[:records]))
        return Files(self._machines[records - 1 : records]) if records else None

    def tasks(self) -> Iterator[Task]:
        """The remaining machines, a few for each task."""
        for start in range(self._at, len(self._machines), _TASK_MACHINES):
            yield Files(self._machines[start : start + _TASK_MACHINES])

    def count(self) -> int:
        """The number of machines."""
        return len(self._machines)

    def close(self) -> None:
        """Nothing to close: every file is closed after reading."""


def too_few(name: str, found: int, wanted: int) -> InputError:
    """The error for an input with fewer records than a partial result."""
    return InputError(
        name,
        f"has {found} records, but {wanted} are done already",
        "resume with the input of the first run, or start again without --resume",
    )


def open_lines(path: str, stdin: BinaryIO | None = None) -> LinesInput:
    """JSON Lines from a file (`.gz` is unpacked) or, for `-`, from standard input. Raises InputError."""
    if path == "-":
        if stdin is None:
            raise InputError("<stdin>", "it is closed", "name a file of records")
        return LinesInput(stdin, "<stdin>")
    try:
        if os.path.isdir(path):  # noqa: PTH112 - for the message
            raise InputError(path, "this is a directory", "give a file of records, or its sources with --files")
        if path.endswith(".gz"):
            packed = gzip.open(path, "rb")  # noqa: SIM115 - to the end of the run
            return LinesInput(packed, path, close=packed.close)  # type: ignore[arg-type]
        file = open(path, "rb", buffering=MIB)  # noqa: PTH123, SIM115 - to the end of the run
        return LinesInput(file, path, close=file.close)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def is_table(path: str) -> bool:
    """True if a path has a suffix of Parquet or of an Arrow file."""
    return path.lower().endswith((".parquet", ".arrow", ".feather"))


def is_csv(path: str) -> bool:
    """True if a path has the suffix of CSV, which is for answers alone."""
    return path.lower().endswith(".csv")


def makes_table(path: str) -> bool:
    """True if answers to this path are written as a table: Parquet, Arrow or CSV."""
    return is_table(path) or is_csv(path)
