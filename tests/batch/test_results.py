"""Outputs: complete lines of an earlier run are kept, a truncated one is not; a file is written atomically."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.batch.results import LinesFile, LinesStream, open_partial, partial_of, put_in_place, whole_lines
from planner.batch.work import Counts

GOOD = b'{"id":"a","report":{"reservation":{"outcome":"aligned"}}}\n'
FELL = b'{"id":"b","report":{"reservation":{"outcome":"fallback"}}}\n'
FAILED = b'{"id":"c","report":{"reservation":{"outcome":"failed"}}}\n'
NONE = b'{"id":"d","report":{"reservation":{"outcome":"none"}}}\n'
SHORT = b'{"id":"f","error":"no map"}\n'
BAD = b'{"id":"e","error":"no map: \\"reservation\\":{\\"outcome\\":\\"failed\\""}\n'


@pytest.mark.parametrize(
    ("data", "counts", "last", "end"),
    [
        pytest.param(b"", Counts(), b"", 0, id="nothing"),
        pytest.param(GOOD + FELL, Counts(2, 0, 0, 1), FELL, len(GOOD + FELL), id="whole lines"),
        pytest.param(FAILED + NONE, Counts(2, 0, 2, 0), NONE, len(FAILED + NONE), id="nothing reserved"),
        pytest.param(BAD, Counts(1, 1, 0, 0), BAD, len(BAD), id="an error, whatever it quotes"),
        pytest.param(GOOD + FELL[:-9], Counts(1, 0, 0, 0), GOOD, len(GOOD), id="a torn last line"),
        pytest.param(
            GOOD + b"rubbish\n" + FELL, Counts(1, 0, 0, 0), GOOD, len(GOOD), id="nothing after an incomplete line"
        ),
    ],
)
def test_the_complete_lines_of_an_earlier_run(data: bytes, counts: Counts, last: bytes, end: int) -> None:
    assert whole_lines(io.BytesIO(data)) == (counts, last, end)


def test_a_run_is_resumed_after_its_last_complete_line(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    Path(partial_of(str(path))).write_bytes(GOOD + FELL[:-2])  # longer than the line that takes its place
    results = LinesFile(str(path), resume=True)
    assert results.done == Counts(1, 0, 0, 0)
    assert results.ends_with(GOOD)
    assert not results.ends_with(FELL)
    results.write(SHORT)
    assert not path.exists()
    results.finish()
    assert path.read_bytes() == GOOD + SHORT
    assert not Path(partial_of(str(path))).exists()


def test_a_run_that_is_not_resumed_starts_from_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    Path(partial_of(str(path))).write_bytes(GOOD + GOOD)
    results = LinesFile(str(path), resume=False)
    assert results.done == Counts()
    results.write(FELL)
    results.close()
    assert Path(partial_of(str(path))).read_bytes() == FELL
    assert not path.exists()


def test_a_partial_file_has_one_writer(tmp_path: Path) -> None:
    """A process's own lock does not exclude it; the lock is released with the file."""
    path = str(tmp_path / "out.jsonl")
    with open_partial(path) as file:
        file.write(b"x")
    with open_partial(path) as again:
        assert again.read() == b"x"


def test_a_new_file_has_the_permissions_of_the_old_one(tmp_path: Path) -> None:
    old, new = tmp_path / "out", tmp_path / "out.partial"
    old.write_bytes(b"old")
    old.chmod(0o640)
    new.write_bytes(b"new")
    put_in_place(str(new), str(old))
    assert (old.read_bytes(), stat.S_IMODE(old.stat().st_mode), new.exists()) == (b"new", 0o640, False)


def test_a_stream_gets_each_answer_at_once_and_stays_open() -> None:
    """Whoever opened it closes it."""
    stream = io.BytesIO()
    results = LinesStream(stream)
    results.write(GOOD)
    assert stream.getvalue() == GOOD
    assert not results.ends_with(GOOD)
    results.finish()
    results.close()
    assert not stream.closed
    LinesStream(stream, owned=True).close()
    assert stream.closed


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises((InputError, OSError)):
        LinesFile(str(tmp_path / "none" / "out.jsonl"), resume=False)
