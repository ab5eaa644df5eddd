"""One task, from raw records to finished output, with its counts."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from planner.batch.defaults import Defaults
from planner.batch.inputs import Files, Group, Lines
from planner.batch.lines import answer_lines, encode_answer
from planner.batch.records import Answer, answer_record
from planner.batch.work import Counts, Job, Tally, answer_task, answers_to, total
from planner.planning.options import Options
from tests.batch import fleet

LINES = fleet.lines(40, bad_every=9).splitlines(keepends=True)
TASK = Lines(1, LINES)


def test_a_task_of_lines_gives_their_answers_in_order() -> None:
    job = Job(Defaults("64M"))
    done = answer_task(job, TASK)
    assert done.data == b"".join(encode_answer(answer) for answer in answer_lines(1, LINES, job.defaults))
    outcomes = [
        json.loads(line).get("report", {}).get("reservation", {}).get("outcome") for line in done.data.splitlines()
    ]
    assert done.counts == Counts(
        len(LINES), outcomes.count(None), outcomes.count("failed") + outcomes.count("none"), outcomes.count("fallback")
    )
    assert done.counts.errors
    assert done.counts.fallback


def test_each_file_of_a_task_has_an_answer_under_its_name(tmp_path: Path) -> None:
    """An unreadable file does not stop the others."""
    good, bad = tmp_path / "a.json", tmp_path / "b.json"
    good.write_text(json.dumps(fleet.memory(1)))
    answers = list(
        answers_to(
            Job(Defaults("64M", Options(kernel="6.1"))), Files([Group(one.name, (str(one),)) for one in (good, bad)])
        )
    )
    assert [answer.id for answer in answers] == ["a.json", "b.json"]
    assert answers[0].plan is not None
    assert (answers[0].plan.memory.source, answers[0].plan.kernel.profile) == (str(good), "6.1")
    assert (answers[1].error or "").startswith(f"{bad}: cannot be read")


def test_a_file_named_like_a_special_source_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`live` and `-` are names of files here."""
    monkeypatch.chdir(tmp_path)
    Path("live").write_text(json.dumps(fleet.memory(1)))
    (answer,) = answers_to(Job(Defaults("64M")), Files([Group("live", ("live",))]))
    assert answer.error is None


def test_a_task_of_columns_is_an_arrow_message() -> None:
    pa = pytest.importorskip("pyarrow")
    from planner.batch.columns import output_schema

    done = answer_task(Job(Defaults("64M"), "columns"), TASK)
    batch = pa.ipc.read_record_batch(pa.py_buffer(done.data), output_schema())
    assert (batch.num_rows, done.counts.records) == (len(LINES), len(LINES))
    assert sum(error is not None for error in batch.column("error").to_pylist()) == done.counts.errors


def test_answers_are_counted_as_they_are_taken() -> None:
    answers = [Answer("a", None, "no map"), answer_record(fleet.record(0), Defaults())]
    tally = Tally()
    counted = tally.counting(answers)
    assert next(counted) is answers[0]
    assert tally.counts == Counts(records=1, errors=1)
    assert list(counted) == answers[1:]
    assert tally.counts.records == 2


def test_counts_add_up() -> None:
    assert total([Counts(3, 1, 1, 0), Counts(2, 0, 0, 2)]) == Counts(5, 1, 1, 2)
    assert total([]) == Counts()


def test_a_job_and_its_tasks_can_be_sent_to_a_worker() -> None:
    job = Job(Defaults("64M", Options(kernel="6.1")), "columns", with_report=True)
    assert pickle.loads(pickle.dumps((job, TASK))) == (job, TASK)  # noqa: S301 - its own
