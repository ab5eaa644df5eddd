"""Inputs of records: lines with their numbers and source files, split into tasks of bounded size."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.batch import inputs
from planner.batch.defaults import Defaults
from planner.batch.inputs import FileList, Files, Group, Lines, LinesInput, Task, is_table, open_lines
from planner.batch.running import open_input, run_batch
from planner.batch.work import Job
from tests.batch import fleet
from tests.batch.test_running import RECORDS, undisturbed


def test_lines_keep_their_numbers_in_any_split_into_tasks() -> None:
    """Blank lines count, too."""
    data = b"\n".join(b"%d" % n if n % 3 else b"" for n in range(1, 200))
    seen = [
        (number, line)
        for task in LinesInput(io.BytesIO(data), "x").tasks()
        if isinstance(task, Lines)
        for number, line in enumerate(task.lines, task.first)
    ]
    assert seen == [(n, (b"%d" % n if n % 3 else b"") + b"\n" * (n < 199)) for n in range(1, 200)]


def test_a_line_that_is_too_long_is_an_error_and_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MAX_RECORD", 100)
    data = b"[1]\n" + b"x" * 5000 + b"\n[2]\n" + b"y" * 101
    task = next(iter(LinesInput(io.BytesIO(data), "x").tasks()))
    assert isinstance(task, Lines)
    assert task.lines == [b"[1]\n", None, b"[2]\n", None]


def test_a_packed_file_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "fleet.jsonl.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + RECORDS))
    out = io.BytesIO()
    run_batch(open_lines(str(path)), Job(), out)
    plain = tmp_path / "fleet.jsonl"
    plain.write_bytes(RECORDS)
    assert out.getvalue() == undisturbed(str(plain))[0]


def test_wherever_a_packed_file_is_damaged_the_records_before_are_answered(tmp_path: Path) -> None:
    """The damage is one error line."""
    packed = gzip.compress(RECORDS)
    for at in (1, len(packed) // 2, len(packed) - 6):
        path = tmp_path / "fleet.jsonl.gz"
        path.write_bytes(packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :])
        with pytest.raises(InputError, match=r"fleet\.jsonl\.gz: cannot be read: "):
            run_batch(open_lines(str(path)), Job(), io.BytesIO())


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        pytest.param(b"", 0, id="none"),
        pytest.param(b"1\n\n2\n", 3, id="a blank one"),
        pytest.param(b"1\n2", 2, id="the last one without an end"),
        pytest.param(b"x" * (3 << 20) + b"\n" + b"y\n" * (1 << 20), (1 << 20) + 1, id="more than is read at once"),
    ],
)
def test_lines_of_a_file_are_counted(data: bytes, lines: int, tmp_path: Path) -> None:
    """For the progress; those of a packed file, or of standard input, are not known."""
    (tmp_path / "r.jsonl").write_bytes(data)
    (tmp_path / "r.jsonl.gz").write_bytes(gzip.compress(data))
    sources = [open_lines(str(tmp_path / name)) for name in ("r.jsonl", "r.jsonl.gz")]
    assert [source.count() for source in (*sources, open_lines("-", io.BytesIO(data)))] == [lines, None, None]
    for source in sources:
        source.close()


def test_files_of_sources_are_records(tmp_path: Path) -> None:
    """Each is one machine with its path as id, in the order of names; an unreadable one is one bad record."""
    folder = tmp_path / "sources"
    folder.mkdir()
    for name in ("b.json", "a.json", "live"):
        (folder / name).write_text(json.dumps(fleet.memory(1)))
    (folder / "c.txt").write_text("nothing\n")
    out = io.BytesIO()
    counts = run_batch(open_input("-", (str(folder),)), Job(Defaults("64M")), out)
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [answer["id"] for answer in told] == ["a.json", "b.json", "live"]
    assert [("report" in answer) for answer in told] == [True, True, True]
    assert (counts.records, counts.errors) == (3, 0)
    assert told[0]["report"]["memory"]["source"] == str(folder / "a.json")


@pytest.mark.parametrize("records", [0, 1, 3, 5])
def test_answered_records_are_skipped(records: int) -> None:
    """Blank lines are not records; the last one skipped is returned, and all are passed to `seen` in order."""
    source = LinesInput(io.BytesIO(b"1\n\n2\n3\n\n\n4\n5\n6\n"), "x")
    seen: list[Task] = []
    last = source.skip(records, seen.append)
    numbers = [1, 3, 4, 7, 8][:records]
    assert [task.first for task in seen if isinstance(task, Lines)] == numbers
    assert last == (seen[-1] if records else None)
    rest = [line for task in source.tasks() if isinstance(task, Lines) for line in task.lines if line and line.strip()]
    assert rest == [b"%d\n" % n for n in range(records + 1, 7)]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        pytest.param(b"", "x: there is no record in it; ", id="empty"),
        pytest.param(b"\n \n\r\n", "x: there is no record in it; ", id="blank"),
        pytest.param(b"\n40000000-7fffffff : System RAM\n", "x: is a listing of /proc/iomem, not ", id="a listing"),
        pytest.param(b'{\n"memory": [{"start": 0, "size": "4G"}]\n}\n', "x: is a JSON map, not ", id="a JSON map"),
        pytest.param(b"\xd0\x0d\xfe\xed\0\0\0\x38", "x: is a device tree, not ", id="a device tree"),
        pytest.param(gzip.compress(b"{}\n"), "x: is compressed, not ", id="packed"),
        pytest.param(b"\x7fELF\2\1\1\0\n", "x: is binary, not ", id="a program"),
        pytest.param(bytes(range(1, 256)), "x: is binary, not ", id="bytes that are not text"),
    ],
)
def test_an_input_that_is_not_records_is_refused(data: bytes, line: str) -> None:
    with pytest.raises(InputError) as refused:
        LinesInput(io.BytesIO(data), "x").check()
    assert str(refused.value).startswith(line)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"no json\n{}\n", id="a line that is not recognised"),
        pytest.param(b"{}\n40000000-7fffffff : System RAM\n", id="a later line"),
        pytest.param(b"\xef\xbb\xbf\n\n{}\n\n" + b"1\n" * 100, id="blank lines and a byte order mark"),
        pytest.param(b"no json\n" * 200, id="more lines than are looked at"),
    ],
)
def test_lines_read_for_the_check_are_planned_under_their_numbers(data: bytes) -> None:
    source, plain = (LinesInput(io.BytesIO(data), "x") for _ in range(2))
    source.check()
    assert list(source.tasks()) == list(plain.tasks())


def test_answered_files_are_skipped() -> None:
    machines = [Group(str(n), (f"{n}.json",)) for n in range(20)]
    source = FileList(machines)
    assert source.count() == 20
    assert source.skip(3) == Files(machines[2:3])
    tasks = [task.machines for task in source.tasks() if isinstance(task, Files)]
    assert tasks == [machines[3:11], machines[11:19], machines[19:]]


@pytest.mark.parametrize(
    "source", [LinesInput(io.BytesIO(b"1\n"), "x"), FileList([Group("a", ("a",))])], ids=["lines", "files"]
)
def test_an_input_with_fewer_records_than_were_answered_is_refused(source: LinesInput | FileList) -> None:
    with pytest.raises(InputError, match="has 1 records, but 2 are done already; resume with the input of the first"):
        source.skip(2)


def test_a_task_is_bounded_in_lines_and_in_bytes() -> None:
    small = list(LinesInput(io.BytesIO(b"{}\n" * 200), "x").tasks())
    large = list(LinesInput(io.BytesIO((b"x" * 200_000 + b"\n") * 6), "x").tasks())
    assert [len(task.lines) for task in small if isinstance(task, Lines)] == [64, 64, 64, 8]
    assert [len(task.lines) for task in large if isinstance(task, Lines)] == [2, 2, 2]


@pytest.mark.parametrize(
    ("path", "table"),
    [("a.parquet", True), ("a.ARROW", True), ("a.feather", True), ("a.jsonl", False), ("arrow", False)],
)
def test_tables_are_known_by_their_suffix(path: str, table: bool) -> None:
    assert is_table(path) is table


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param(".", "this is a directory; give a file of records, or its sources with --files", id="a folder"),
        pytest.param("none.jsonl", "cannot be read: No such file", id="no file"),
    ],
)
def test_unreadable_inputs_are_refused(path: str, line: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=line):
        open_lines(str(tmp_path / path))


def test_a_closed_standard_input_is_refused() -> None:
    with pytest.raises(InputError, match=r"^<stdin>: it is closed; name a file of records$"):
        open_lines("-", None)
