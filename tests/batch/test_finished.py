"""A summary of an earlier run's answers: the same sums, without planning."""

from __future__ import annotations

import csv
import gzip
import json
import re
from pathlib import Path

import pytest

import planner.batch.summing
from planner.batch.changes import DEFAULT_CHANGES
from planner.batch.finished import Finished, finished_line
from planner.batch.running import open_answers, open_input, run_batch, summarize
from planner.batch.work import Job
from planner.render.blocks.batch import blocks
from planner.report.document import plain
from tests.batch import fleet


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "parquet", "arrow", "csv"])
def test_finished_answers_are_summed_without_planning(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sums equal those of the records; bad ones are counted, and no plan is made."""
    if suffix in {"parquet", "arrow", "csv"}:
        pytest.importorskip("pyarrow")
    records, out = tmp_path / "fleet.jsonl", tmp_path / f"plans.{suffix.removesuffix('.gz')}"
    records.write_bytes(fleet.lines(300, bad_every=9))
    run_batch(open_input(str(records)), Job(), str(out))
    if suffix.endswith(".gz"):
        (tmp_path / f"plans.{suffix}").write_bytes(gzip.compress(out.read_bytes()))
        out = tmp_path / f"plans.{suffix}"
    whole = summarize(open_input(str(records)), Job(), ())
    monkeypatch.setattr(planner.batch.summing, "answers_to", None)
    found = summarize(open_answers(str(out)), Job(), DEFAULT_CHANGES)
    assert found.finished == found.records - found.errors
    assert found.effects == {}
    one, other = plain(found.summary()), plain(whole.summary())
    for told in (one, other):
        for bad in told["first_errors"]:
            del bad["id"]  # a record without one is told by its line, which an answer has in its error, or not at all
            bad["error"] = re.sub(r"^line \d+: ", "", bad["error"])
    assert one == other


def test_a_table_without_the_column_of_protection_tells_it_by_what_is_protected(tmp_path: Path) -> None:
    """As tables of earlier versions do: it is there or not."""
    pytest.importorskip("pyarrow")
    records, out = tmp_path / "fleet.jsonl", tmp_path / "plans.csv"
    records.write_bytes(fleet.lines(60))
    run_batch(open_input(str(records)), Job(), str(out))
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name != "protection"]
    with out.open("w", newline="") as file:
        older = csv.DictWriter(file, names, extrasaction="ignore")
        older.writeheader()
        older.writerows(rows)
    total = summarize(open_answers(str(out)), Job(), ()).all
    reserved = [row["protected"] for row in rows if row["crash_start"]]
    assert {"true", "false"} == set(reserved)
    assert (total.reserved, total.unprotected) == (len(reserved), reserved.count("false"))


RECORD = json.dumps({"id": "report", "map": {}, "crashkernel": '"error"'}, separators=(",", ":")).encode()


@pytest.mark.parametrize("line", [RECORD, b"[]", None, b'"report"', b'{"id":1,"report":{"reser', b"garbage", b"\n"])
def test_records_are_not_taken_for_answers(line: bytes | None) -> None:
    """An answer is recognised by its keys, not by words in it."""
    assert finished_line(line, 1) is None


def test_a_damaged_answer_is_an_error() -> None:
    assert finished_line(b'{"id":"a","error":"no RAM"}\n', 1) == Finished("a", None, "no RAM")
    damaged = Finished("2", None, "a damaged answer; make it again", 7)
    assert finished_line(b'{"id":2,"report":{"reservation":{}}}', 7) == damaged


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_lines_that_are_not_answers_are_counted_and_the_first_is_named(tmp_path: Path, suffix: str) -> None:
    """A file that was cut off within a line, or that another program wrote into."""
    if suffix == "csv":
        pytest.importorskip("pyarrow")
    records, out = tmp_path / "fleet.jsonl", tmp_path / f"plans.{suffix}"
    records.write_bytes(fleet.lines(100))
    run_batch(open_input(str(records)), Job(), str(out))
    lines = out.read_bytes().splitlines(keepends=True)
    begins = [n for n, line in enumerate(lines) if line.startswith((b'{"id"', b'"box', b'"'))]
    at = begins[80]
    out.write_bytes(b"".join([*lines[:at], b"garbage\n", *lines[at:-1], lines[-1][: len(lines[-1]) // 2]]))
    found = summarize(open_answers(str(out)), Job(), DEFAULT_CHANGES)
    assert (found.records, found.errors, found.finished, found.unread) == (101, 2, 99, at + 1)
    assert found.effects == {}
    (lead, *_) = blocks(found)
    assert f"in addition, 2 records are broken (line {at + 1} is the first that is not an answer)" in str(lead)


def test_records_among_answers_are_planned(tmp_path: Path) -> None:
    records, out, both = (tmp_path / f"{name}.jsonl" for name in ("fleet", "plans", "both"))
    records.write_bytes(fleet.lines(3))
    run_batch(open_input(str(records)), Job(), str(out))
    both.write_bytes(out.read_bytes() + records.read_bytes())
    found = summarize(open_answers(str(both)), Job(), DEFAULT_CHANGES)
    assert (found.records, found.errors, found.finished, found.effects) == (6, 0, 3, {})
