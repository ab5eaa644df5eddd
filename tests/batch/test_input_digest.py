"""Detection of an input that changed before the point of resumption."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.batch.defaults import Defaults
from planner.batch.input_digest import Answered, digest_path, stored_digest
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


@pytest.mark.parametrize(
    ("text", "seconds", "differs"),
    [
        pytest.param(json.dumps(SERVER), 1, False, id="as it was"),
        pytest.param(json.dumps(SERVER), 2, True, id="written again later"),
        pytest.param(json.dumps(SERVER) + "\n", 1, True, id="longer"),
        pytest.param(None, 1, True, id="gone"),
    ],
)
def test_a_changed_source_stops_the_resumption(
    tmp_path: Path, text: str | None, seconds: int, *, differs: bool
) -> None:
    """By its size or its time: what is in it is not read again."""
    paths = [tmp_path / f"m{number:02}.json" for number in range(20)]
    for path in paths:
        path.write_text(json.dumps(SERVER))
        os.utime(path, (1, 1))
    out, sources = tmp_path / "out.jsonl", tuple(map(str, paths))

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(open_input("-", sources), JOB, str(out), progress=stop)
    if text is None:
        paths[0].unlink()
    else:
        paths[0].write_text(text)
        os.utime(paths[0], (seconds, seconds))
    if not differs:
        assert run_batch(open_input("-", sources), JOB, str(out), resume=True).records == 20
        return
    with pytest.raises(InputError, match="--resume: the input changed"):
        run_batch(open_input("-", sources), JOB, str(out), resume=True)


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        pytest.param(f"64 {'a' * 64}\n", Answered(64, "a" * 64), id="whole"),
        pytest.param(f"64 {'a' * 63}\n", None, id="a digest cut short"),
        pytest.param(f"-1 {'a' * 64}\n", None, id="no number"),
        pytest.param(f"{'1' * 20} {'a' * 64}\n", None, id="a number too long"),
        pytest.param("64\n", None, id="a number alone"),
        pytest.param("", None, id="nothing"),
        pytest.param(None, None, id="no file"),
    ],
)
def test_the_digest_of_an_earlier_run(tmp_path: Path, stored: str | None, found: Answered | None) -> None:
    """A damaged one is as none: all is answered again."""
    if stored is not None:
        (tmp_path / "out.partial.input").write_text(stored)
    assert stored_digest(str(tmp_path / "out.partial")) == found


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
