"""A summary of an earlier run's answers: the same sums, without planning."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

import planner.batch.summing
from planner.batch.finished import finished
from planner.batch.fleet import DEFAULT_CHANGES
from planner.batch.inputs import Lines
from planner.batch.running import open_input, run_batch, summarize
from planner.batch.work import Job
from planner.report.document import plain
from tests.batch import fleet


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "parquet", "arrow"])
def test_finished_answers_are_only_added_up(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sums equal those of the records; bad ones are counted, and no plan is made."""
    if suffix in {"parquet", "arrow"}:
        pytest.importorskip("pyarrow")
    records, out = tmp_path / "fleet.jsonl", tmp_path / f"plans.{suffix.removesuffix('.gz')}"
    records.write_bytes(fleet.lines(300, bad_every=9))
    run_batch(open_input(str(records)), Job(), str(out))
    if suffix.endswith(".gz"):
        (tmp_path / f"plans.{suffix}").write_bytes(gzip.compress(out.read_bytes()))
        out = tmp_path / f"plans.{suffix}"
    whole = summarize(open_input(str(records)), Job(), ())
    monkeypatch.setattr(planner.batch.summing, "answers_to", None)
    found = summarize(open_input(str(out)), Job(), DEFAULT_CHANGES)
    assert found.finished == found.records - found.errors
    assert found.effects == {}
    one, other = plain(found.summary()), plain(whole.summary())
    for told in (one, other):
        for bad in told["first_errors"]:
            del bad["id"]  # a record without one is told by its line, which an answer has in its error, or not at all
            bad["error"] = re.sub(r"^line \d+: ", "", bad["error"])
    assert one == other


def test_records_are_no_answers() -> None:
    """An answer is recognised by its keys, not by words in it."""
    record = json.dumps({"id": "report", "map": {}, "crashkernel": '"error"'}, separators=(",", ":")).encode()
    answer = b'{"id":"a","error":"no RAM"}\n'
    assert finished(Lines(1, [record])) is None
    assert finished(Lines(1, [record, answer])) is None
    assert finished(Lines(1, [b"[]", None])) is None
    assert finished(Lines(1, [b'"report"'])) is None
    told = finished(Lines(1, [answer, b"\n", b'{"id":2,"report":{"reservation":{}}}']))
    assert told is not None
    assert [(one.id, one.row, one.error) for one in told] == [
        ("a", None, "no RAM"),
        ("2", None, "a damaged answer; make it again"),
    ]
