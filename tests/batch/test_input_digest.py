"""Detection of an input that changed before the point of resumption."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.batch.defaults import Defaults
from planner.batch.input_digest import digest_path
from planner.batch.running import open_input, run_batch
from planner.batch.work import Job
from planner.planning.options import Options
from tests.cli.conftest import SERVER

JOB = Job(Defaults("512M", Options(), None))


def lines(count: int) -> list[str]:
    """Records of one machine."""
    return [json.dumps({"id": f"m{i}", "map": SERVER}) + "\n" for i in range(count)]


def stopped(folder: Path, records: list[str], after: int) -> Path:
    """The output of a run interrupted after some tasks, of which only the partial file exists."""
    source, out = folder / "in.jsonl", folder / "out.jsonl"
    source.write_text("".join(records))

    def stop(counts: object) -> None:
        if getattr(counts, "records", 0) >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(open_input(str(source)), JOB, str(out), progress=stop)
    assert Path(digest_path(f"{out}.partial")).exists()
    return out


@pytest.mark.parametrize("place", [0, 30, 63])
def test_a_changed_record_stops_the_resumption(tmp_path: Path, place: int) -> None:
    """A record may change at any place before the last answer, and the last answer may be the same."""
    records = lines(200)
    out = stopped(tmp_path, records, 64)
    records[place] = json.dumps({"id": "other", "map": SERVER}) + "\n"
    (tmp_path / "in.jsonl").write_text("".join(records))
    with pytest.raises(InputError, match=r"--resume: (the input changed|answer)"):
        run_batch(open_input(str(tmp_path / "in.jsonl")), JOB, str(out), resume=True)


def test_a_run_is_resumed_if_only_records_not_yet_answered_differ(tmp_path: Path) -> None:
    """Records not answered yet may differ; at the end only the result remains."""
    records = lines(200)
    out = stopped(tmp_path, records, 64)
    (tmp_path / "in.jsonl").write_text("".join(records[:150]) + "\n")
    assert run_batch(open_input(str(tmp_path / "in.jsonl")), JOB, str(out), resume=True).records == 150
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_a_run_from_the_start_removes_the_earlier_digest(tmp_path: Path) -> None:
    """The digest is that of the new run."""
    out = stopped(tmp_path, lines(200), 64)
    run_batch(open_input(str(tmp_path / "in.jsonl")), JOB, str(out))
    assert not Path(digest_path(f"{out}.partial")).exists()


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_answers_not_covered_by_the_digest_are_made_again(tmp_path: Path, suffix: str) -> None:
    """After a kill between an answer and its digest, a record that changed there is answered again."""
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    records = lines(300)
    source, out, whole = tmp_path / "in.jsonl", tmp_path / f"out.{suffix}", tmp_path / f"whole.{suffix}"
    source.write_text("".join(records))
    stored = Path(digest_path(f"{out}.partial"))
    kept: list[str] = []

    def stop(_: object) -> None:
        kept.append(stored.read_text())
        if len(kept) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(open_input(str(source)), JOB, str(out), progress=stop)
    stored.write_text(kept[1])
    records[150] = json.dumps({"id": "other", "map": SERVER}) + "\n"
    source.write_text("".join(records))
    run_batch(open_input(str(source)), JOB, str(out), resume=True)
    run_batch(open_input(str(source)), JOB, str(whole))
    assert out.read_bytes() == whole.read_bytes()
