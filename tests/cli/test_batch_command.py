"""`batch` as one types it: arguments, standard streams, exit status."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from planner.batch.work import Counts
from planner.cli import batch_command
from planner.sources import samples
from tests.batch import fleet
from tests.cli.conftest import check_refused

if TYPE_CHECKING:
    from tests.cli.conftest import Run

GOOD = json.dumps(fleet.record(0)).encode()
"""`aligned`."""
FALLBACK = json.dumps({**fleet.record(0), "id": "b", "map": fleet.memory(1)}).encode()
FAILED = json.dumps({**fleet.record(0), "id": "f", "crashkernel": "9G"}).encode()
NOTHING = json.dumps({**fleet.record(0), "id": "n", "crashkernel": "quiet splash"}).encode()
BAD = b"no json"
SAMPLES = Path(samples.__file__).parent


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets what standard input holds."""

    def set_(*lines: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n".join(lines) + b"\n")))

    return set_


def outcomes(out: str) -> list[str]:
    """The outcome of each line, or `error`."""
    told = map(json.loads, out.splitlines())
    return [answer["report"]["reservation"]["outcome"] if "report" in answer else "error" for answer in told]


def test_records_come_through_a_pipe(run: Run, stdin: Any) -> None:
    """One line each; the bad one is counted at the end, and is no failure of the run."""
    stdin(GOOD, BAD, FALLBACK, FAILED, NOTHING)
    status, out, err = run("batch", "--jobs", "1")
    assert (status, outcomes(out)) == (0, ["aligned", "error", "fallback", "failed", "none"])
    assert err == "5 records, 1 of them in error\n"
    stdin(BAD)
    assert run("batch", "--jobs", "1").err == "1 record, 1 of them in error\n"
    stdin(BAD)
    told = " ".join(run("batch", "--jobs", "1", "--summary").out.split())
    assert told.startswith("0 machines: 1 record is broken ")
    stdin(BAD, GOOD)
    assert "; in addition, 1 record is broken " in " ".join(run("batch", "--jobs", "1", "--summary").out.split())


@pytest.mark.parametrize(
    ("lines", "fail_on", "status"),
    [
        pytest.param([GOOD, BAD], ["error"], 1, id="an error"),
        pytest.param([GOOD, BAD], ["failed", "fallback"], 0, id="an error is not what is looked for"),
        pytest.param([GOOD, FAILED], ["failed"], 1, id="nothing fits"),
        pytest.param([GOOD, NOTHING], ["failed"], 1, id="nothing is requested"),
        pytest.param([GOOD, FALLBACK], ["fallback"], 1, id="a fallback"),
        pytest.param([GOOD, FALLBACK], ["error", "failed"], 0, id="a fallback is not what is looked for"),
        pytest.param([GOOD], ["error", "failed", "fallback"], 0, id="all is well"),
    ],
)
@pytest.mark.parametrize("summary", [False, True], ids=["answers", "a summary"])
def test_a_run_fails_only_on_the_conditions_of_fail_on(
    run: Run, stdin: Any, lines: list[bytes], fail_on: list[str], status: int, *, summary: bool
) -> None:
    stdin(*lines)
    options = [word for condition in fail_on for word in ("--fail-on", condition)]
    assert run("batch", "--jobs", "1", *options, *(["--summary"] if summary else [])).status == status


def test_options_are_defaults_of_records(run: Run, stdin: Any) -> None:
    stdin(json.dumps({"map": fleet.memory(0)}).encode(), GOOD)
    out = run("batch", "crashkernel=64M", "--kernel", "5.10", "--page-size", "16K", "--dma-limit", "none").out
    kernels = [json.loads(line)["report"]["kernel"] for line in out.splitlines()]
    assert [(k["version"], k["page_size"], k["dma_limit"]) for k in kernels] == [
        ("5.10", 16384, None),
        ("5.10", 4096, None),
    ]


def test_an_interrupted_run_is_resumed(run: Run, tmp_path: Path) -> None:
    """A complete one is left alone; the counts of the first part are not forgotten."""
    records, out = tmp_path / "fleet.jsonl", tmp_path / "plans.jsonl"
    records.write_bytes(b"\n".join([FAILED, BAD, GOOD]))
    run("batch", str(records), "-o", str(out))
    whole = out.read_bytes()
    out.rename(tmp_path / "plans.jsonl.partial")
    (tmp_path / "plans.jsonl.partial").write_bytes(whole[: len(whole) // 2])
    status, told, err = run("batch", str(records), "-o", str(out), "--resume", "--fail-on", "failed")
    assert (status, told, err) == (1, "", "3 records, 1 of them in error\n")
    assert out.read_bytes() == whole
    for condition, expected in (("failed", 1), ("fallback", 0)):
        done = run("batch", str(records), "-o", str(out), "--resume", "--fail-on", condition)
        assert done == (expected, "", f"{out} is complete\n")
    out.write_bytes(b"mine")
    assert run("batch", str(records), "-o", str(out), "--resume") == (0, "", f"{out} is complete\n")
    assert out.read_bytes() == b"mine"


@pytest.mark.parametrize("words", [["FOLDER"], ["FOLDER/a.json", "FOLDER/b.json"]], ids=["a folder", "a list of files"])
def test_sources_are_planned_one_machine_each(run: Run, tmp_path: Path, words: list[str]) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps(fleet.memory(2)))
    paths = [word.replace("FOLDER", str(tmp_path)) for word in words]
    out = run("batch", "--files", *paths, "crashkernel=64M").out
    named = ["a.json", "b.json"] if words == ["FOLDER"] else paths
    assert [json.loads(line)["id"] for line in out.splitlines()] == named
    listed = tmp_path / "list"
    listed.write_text("".join(f"{tmp_path / name}\n" for name in ("a.json", "b.json")))
    again = run("batch", "--files-from", str(listed), "--crashkernel", "crashkernel=64M").out
    assert again.replace(f'"id":"{tmp_path}/', '"id":"') == out.replace(f'"id":"{tmp_path}/', '"id":"')


def test_skipped_files_are_named_and_empty_ones_are_errors(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(fleet.memory(0)))
    (tmp_path / "b.iomem").write_text("")
    for name in ("c", "d", "e\x1b", "f"):
        (tmp_path / name).write_text("cat: /proc/iomem: Permission denied\n")
    status, told, err = run("batch", "--files", str(tmp_path), "64M", "--fail-on", "error")
    assert (status, outcomes(told)) == (1, ["aligned", "error"])
    assert err.splitlines() == [
        "4 files are not sources and were skipped: c, d, e\\x1b and 1 more",
        "2 records, 1 of them in error",
    ]
    (tmp_path / "b.iomem").unlink()
    for name in ("d", "e\x1b", "f"):
        (tmp_path / name).unlink()
    assert run("batch", "--files", str(tmp_path), "64M").err == "1 file is not a source and was skipped: c\n"


def test_a_missing_file_in_a_list_does_not_stop_the_others(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(fleet.memory(2)))
    listed = tmp_path / "list"
    listed.write_text(f"{tmp_path / 'gone.json'}\n{tmp_path / 'a.json'}\n")
    status, told, err = run("batch", "--files-from", str(listed), "--crashkernel", "64M")
    gone, planned = (json.loads(line) for line in told.splitlines())
    assert (status, err) == (0, "2 records, 1 of them in error\n")
    assert "No such file" in gone["error"]
    assert planned["report"]["reservation"]["crash"]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        pytest.param(["none.jsonl"], "error: none.jsonl: cannot be read: No such file or directory; check the path and "
                     "its permissions\n", id="no such file"),
        pytest.param(["."], "error: .: this is a directory; give a file of records, or its sources with --files\n",
                     id="a folder without --files"),
        pytest.param(["--files", "none"], "error: none: cannot be read: No such file or directory; give a folder of "
                     "sources, or a source\n", id="no such folder"),
        pytest.param(["x.jsonl", "--resume"], "error: <command line>: --resume needs a file to resume; add -o FILE\n",
                     id="--resume without a file"),
        pytest.param(["x.jsonl", "--format", "json"], "error: <command line>: --format is for a summary; add --summary,"
                     " or leave it out\n", id="--format without --summary"),
        pytest.param(["x.jsonl", "--summary", "--what-if", "more"], "error: --what-if: unknown change 'more'; give "
                     "high, size=SIZE, crashkernel=VALUE, preset=NAME, strategy=NAME, align=WHAT, kernel=VERSION, "
                     "page-size=4K|16K|64K or rodata=off|on|full\n", id="no change"),
        pytest.param(["x.jsonl", "--summary", "--what-if", "align=3M"], "error: --what-if: 'align=3M': '3M' is not "
                     "a power of two; give one such as 2M, 32M or 1G\n", id="no alignment"),
        pytest.param(["x.jsonl", "-o", ""], "error: <command line>: -o is empty; name a file, or leave it out\n",
                     id="an empty name"),
        pytest.param(["x.jsonl", "--with-report", "-o", "y.jsonl"], "error: <command line>: --with-report is for "
                     "tables, lines are reports anyway; give -o FILE.parquet, or leave it out\n",
                     id="--with-report of lines"),
        pytest.param(["x.jsonl", "-o", "folder.parquet"], "error: folder.parquet: this is not a file; write a table "
                     "to a file\n", id="a folder for a table"),
        pytest.param(["x.jsonl", "64M", "--preset", "rhel9"], "error: <command line>: a preset and a CRASHKERNEL value "
                     "were both given; give one of them\n", id="a preset and a value"),
        pytest.param(["x.jsonl", "64M.jsonl"], "error: <command line>: one file of records is read, not 2; give one "
                     "FILE, or sources with --files\n", id="a file is no request, whatever its name"),
        pytest.param(["x.jsonl", "-o", "none/y.jsonl"], "error: none/y.jsonl: no such file or directory; create its "
                     "folder first\n", id="no folder for the output"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], error: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("x.jsonl", "64M.jsonl"):
        (tmp_path / name).write_bytes(GOOD)
    (tmp_path / "folder.parquet").mkdir()
    assert run("batch", *args) == (2, "", error)
    assert not list(tmp_path.glob("*.partial*"))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--kernel", "foo"),
        ("--strategy", "foo"),
        ("--cpu", "foo"),
        ("--preset", "foo"),
        ("--map-format", "foo"),
        ("--va-bits", "100"),
        ("--align", "1K"),
        ("--page-size", "8K"),
        ("--dma-limit", "x"),
    ],
)
@pytest.mark.parametrize("summary", [False, True], ids=["answers", "a summary"])
def test_a_wrong_value_is_refused_before_any_record_is_read(
    run: Run, option: str, value: str, *, summary: bool
) -> None:
    """One line that names the option, as `plan` does; not one error for each record."""
    told = run("batch", "gone.jsonl", option, value, *(["--summary"] if summary else []))
    check_refused(told, f"error: {option}: ")
    assert told.err == run("plan", "--map", "gone.iomem", option, value).err


def test_an_empty_list_of_files_is_refused(run: Run, stdin: Any) -> None:
    stdin(b"")
    told = run("batch", "--files-from", "-", "64M")
    assert told == (2, "", "error: <stdin>: is empty; give a list of paths, one a line\n")


def test_a_table_without_its_extra_is_one_line(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = tmp_path / "fleet.parquet"
    path.write_bytes(b"PAR1")
    remedy = "install the extra: pip install 'crashkernel-planner[batch]'"
    error = f"error: pyarrow: is not installed, and tables need it; {remedy}\n"
    assert run("batch", str(path)) == (2, "", error)


def test_the_columns_are_published_even_without_the_extra(run: Run) -> None:
    told = json.loads(run("schema", "batch").out)
    assert [column["name"] for column in told["input"][:3]] == ["id", "map", "source"]
    assert told["spark_ddl"].startswith(
        "id STRING, error STRING, outcome STRING, protected BOOLEAN, crash_start BIGINT"
    )
    assert told["output_with_report"][:-1] == told["output"]


@pytest.mark.parametrize("name", ["plans.tsv", "plans.xlsx", "plans.jsonl.gz"])
def test_an_unknown_ending_is_refused(run: Run, tmp_path: Path, name: str) -> None:
    """Lines under a name that says otherwise would mislead whoever opens the file."""
    (tmp_path / "in.jsonl").write_text("")
    status, _, err = run("batch", str(tmp_path / "in.jsonl"), "-o", str(tmp_path / name))
    assert (status, err.count("\n")) == (2, 1)
    assert f"{Path(name).suffix} is not a format of results" in err
    assert not (tmp_path / name).exists()


def test_a_summary_is_written_as_its_name_says(run: Run, tmp_path: Path) -> None:
    """A name that no format has is an error before anything is read."""
    source = tmp_path / "in.jsonl"
    source.write_bytes(GOOD + b"\n")
    for name, begin in (("x.md", "**1 machine**"), ("x.json", "{"), ("x", "1 machine:")):
        assert run("batch", str(source), "--summary", "-o", str(tmp_path / name)).status == 0
        assert (tmp_path / name).read_text().startswith(begin)
    status, _, err = run("batch", str(source), "--summary", "-o", str(tmp_path / "x.xls"))
    assert (status, err.count("\n")) == (2, 1)
    assert ".xls is not a format of results; name FILE.txt, FILE.md" in err


def test_a_summary_is_drawn(run: Run, tmp_path: Path) -> None:
    """Each machine as asked and after each change; the page has the picture and the data, which satisfy the schema."""
    source = tmp_path / "in.jsonl"
    source.write_bytes(b"\n".join([GOOD, BAD, FALLBACK, FAILED]) + b"\n")
    command = ("batch", str(source), "--summary", "--what-if", "high")
    drawn = run(*command, "--format", "svg").out
    titles = re.findall(r"<title>([^<]*)</title>", drawn)
    assert sum(title.endswith("as asked") or ", as asked: " in title for title in titles) == 4
    assert sum(", high: " in title for title in titles) == 3
    assert run(*command, "-o", str(tmp_path / "fleet.png")).status == 0
    assert (tmp_path / "fleet.png").read_bytes().startswith(b"\x89PNG")
    page = run(*command, "--format", "html").out
    assert page.count("<svg") >= 2
    schema = json.loads(run("schema", "summary").out)
    Draft202012Validator(schema).validate(json.loads(run(*command, "--format", "json").out))


def test_comma_separated_values(run: Run, tmp_path: Path) -> None:
    """One row a record under the names of the columns; sizes in bytes, what is not there is empty."""
    pytest.importorskip("pyarrow")
    source, out = tmp_path / "in.jsonl", tmp_path / "plans.csv"
    source.write_bytes(b"\n".join([GOOD, BAD, FALLBACK, FAILED]) + b"\n")
    assert run("batch", str(source), "-o", str(out)).status == 0
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["outcome"] for row in rows] == ["aligned", "", "fallback", "failed"]
    assert rows[0]["request_size"] == str(512 << 20)
    assert (rows[1]["error"][:8], rows[1]["crash_start"]) == ("line 2: ", "")
    status, _, err = run("batch", str(source), "-o", str(out), "--resume", "--fail-on", "failed")
    assert (status, err) == (1, f"{out} is complete\n")


def test_finished_results_are_added_up_without_planning_again(run: Run, tmp_path: Path) -> None:
    """No change can be tried on them."""
    source, out = tmp_path / "in.jsonl", tmp_path / "plans.jsonl"
    source.write_bytes(b"\n".join([GOOD, BAD, FALLBACK, FAILED]) + b"\n")
    assert run("batch", str(source), "-o", str(out)).status == 0
    told = run("batch", str(source), "--summary", "--what-if", "none", "--format", "json")
    again = run("batch", str(out), "--summary", "--format", "json")
    assert {**json.loads(told.out), "first_errors": []} == {**json.loads(again.out), "first_errors": []}
    status, _, err = run("batch", str(out), "--summary", "--what-if", "high")
    assert (status, err.count("\n")) == (2, 1)
    assert "--what-if plans again, and these are finished results" in err


@pytest.mark.parametrize(
    ("done", "total", "rate", "line"),
    [
        pytest.param(1200, 5000, 100.0, "1,200 of 5,000 records, 3 in error, 100 a second, 0:38 left", id="seconds"),
        pytest.param(10, 10_010, 1.0, "10 of 10,010 records, 3 in error, 1 a second, 2:46:40 left", id="hours"),
        pytest.param(10, 10, 5.0, "10 of 10 records, 3 in error, 5 a second, 0:00 left", id="the end"),
        pytest.param(10, None, 5.0, "10 records, 3 in error, 5 a second", id="a pipe"),
        pytest.param(10, 99, 0.0, "10 of 99 records, 3 in error, 0 a second", id="the first"),
    ],
)
def test_the_progress_line(done: int, total: int | None, rate: float, line: str) -> None:
    assert batch_command._progress_line(Counts(done, 3), total, rate) == line


def test_a_summary_of_nothing_is_an_error(run: Run, tmp_path: Path) -> None:
    """The result may never have been written; a run over no records has no output either."""
    source, out = tmp_path / "x.jsonl", tmp_path / "y.jsonl"
    source.write_text("\n")
    line = f"error: {source}: there is no record in it; give one JSON object a line, or sources with --files\n"
    assert run("batch", str(source), "--summary") == (2, "", line)
    assert run("batch", str(source), "-o", str(out)) == (2, "", line)
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("summary", [False, True], ids=["records", "a summary of answers"])
def test_a_first_line_that_is_cut_off(run: Run, tmp_path: Path, *, summary: bool) -> None:
    """It is not taken for a JSON map, which `--files` would not read either."""
    path = tmp_path / "cut.jsonl"
    assert run("batch", "--files", str(SAMPLES / "altra-1p-32g.iomem"), "512M", "-o", str(path)).status == 0
    path.write_text(path.read_text()[:900])
    line = f"error: {path}: its only line is not JSON: it is damaged, or cut off; give the whole file\n"
    check_refused(run("batch", str(path), *(["--summary"] if summary else [])), line)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        pytest.param("altra-1p-32g.iomem", "is a listing of /proc/iomem, not records; ", id="a listing"),
        pytest.param("apple-m1-mini-16k-8g.dmesg", "is a boot log, not records; ", id="a log"),
        pytest.param("qemu-virt-2g-dt-reserved.memblock", "is memblock's debugfs files, not records; ", id="memblock"),
    ],
)
@pytest.mark.parametrize("summary", [False, True], ids=["answers", "a summary"])
def test_a_source_in_place_of_records_is_one_line(run: Run, stdin: Any, name: str, line: str, *, summary: bool) -> None:
    """Not an error for each of its lines."""
    path, more = SAMPLES / name, ["--summary"] if summary else []
    check_refused(run("batch", str(path), "512M", *more), f"error: {path}: {line}give it with --files\n")
    stdin(path.read_bytes())
    refused = f"error: <stdin>: {line}save it to a file, and give that with --files\n"
    check_refused(run("batch", "-", "512M", *more), refused)
