"""A whole run: in order, on several processes, resumable after any interruption, written atomically."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.batch.defaults import Defaults
from planner.batch.results import LinesFile, partial_of
from planner.batch.running import is_complete, open_input, run_batch, summarize
from planner.batch.work import Counts, Job
from planner.planning.options import Options
from tests.batch import fleet

ROOT = Path(__file__).parent.parent.parent
RECORDS = fleet.lines(300, bad_every=9)


@pytest.fixture
def records(tmp_path: Path) -> str:
    """A file of records, some of them bad."""
    path = tmp_path / "fleet.jsonl"
    path.write_bytes(RECORDS)
    return str(path)


def undisturbed(records: str, *, jobs: int = 1) -> tuple[bytes, Counts]:
    """The output of an uninterrupted run, and its counts."""
    out = io.BytesIO()
    counts = run_batch(open_input(records), Job(), out, jobs=jobs)
    return out.getvalue(), counts


def test_answers_come_in_order_one_for_each_record(records: str) -> None:
    """Bad ones included; the counts are those of the lines."""
    data, counts = undisturbed(records)
    told = [json.loads(line) for line in data.splitlines()]
    asked = RECORDS.splitlines()
    assert len(told) == len(asked) == counts.records
    for line, answer in zip(asked, told, strict=True):
        good = line.startswith(b'{"id": "host-')
        assert good == ("report" in answer)
        if good:
            assert json.loads(line)["id"] == answer["id"]
    outcomes = [answer["report"]["reservation"]["outcome"] for answer in told if "report" in answer]
    assert counts.errors == len(told) - len(outcomes) > 0
    assert counts.fallback == outcomes.count("fallback") > 0
    assert counts.failed == outcomes.count("failed") + outcomes.count("none") > 0


def test_several_processes_give_the_same_bytes(records: str) -> None:
    assert undisturbed(records, jobs=3) == undisturbed(records)


@pytest.mark.parametrize("torn", [0, 1, 57, 20_000], ids=lambda n: f"{n} bytes torn off")
def test_a_partial_result_is_resumed(records: str, tmp_path: Path, torn: int) -> None:
    """No answer is lost or duplicated, a truncated line is rewritten; the counts are of the whole run."""
    whole, counts = undisturbed(records)
    out = tmp_path / "plans.jsonl"
    first = whole[: whole.index(b"\n", len(whole) // 2) + 1]
    Path(partial_of(str(out))).write_bytes(first[: len(first) - torn])
    assert run_batch(open_input(records), Job(), str(out), resume=True) == counts
    assert out.read_bytes() == whole
    assert not Path(partial_of(str(out))).exists()


def test_without_resume_a_run_starts_from_the_beginning(records: str, tmp_path: Path) -> None:
    out = tmp_path / "plans.jsonl"
    Path(partial_of(str(out))).write_bytes(b'{"id":"another run","error":"x"}\n' * 9)
    counts = run_batch(open_input(records), Job(), str(out))
    assert (out.read_bytes(), counts) == undisturbed(records)


def test_resuming_without_a_partial_result_starts_from_the_beginning(records: str, tmp_path: Path) -> None:
    out = tmp_path / "plans.jsonl"
    run_batch(open_input(records), Job(), str(out), resume=True)
    assert out.read_bytes() == undisturbed(records)[0]


@pytest.mark.parametrize(
    ("partial", "what"),
    [
        pytest.param(
            b'{"id":"else","error":"x"}\n',
            "answer 1 of the partial result is not the answer to record 1; resume with the input and the options",
            id="another id",
        ),
        pytest.param(b'{"id":null,"error":"x"}\n' * 301, "has 300 records, but 301 are done already", id="too many"),
    ],
)
def test_a_run_over_another_input_is_refused_and_its_partial_result_kept(
    records: str, tmp_path: Path, partial: bytes, what: str
) -> None:
    out = tmp_path / "plans.jsonl"
    Path(partial_of(str(out))).write_bytes(partial)
    with pytest.raises(InputError, match=what):
        run_batch(open_input(records), Job(), str(out), resume=True)
    assert Path(partial_of(str(out))).read_bytes() == partial
    assert not out.exists()


def test_other_options_are_refused(records: str, tmp_path: Path) -> None:
    """A result must not mix two strategies."""
    out = tmp_path / "plans.jsonl"
    whole, _ = undisturbed(records)
    partial = whole[: whole.index(b"\n", len(whole) // 2) + 1]
    Path(partial_of(str(out))).write_bytes(partial)
    with pytest.raises(InputError, match="is not the answer to record"):
        run_batch(open_input(records), Job(Defaults(options=Options(cpu="neoverse-n1"))), str(out), resume=True)
    assert Path(partial_of(str(out))).read_bytes() == partial


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
@pytest.mark.parametrize("ident", [7, "7", None, "caf\u00e9", "\n"])
def test_a_run_is_resumed_whatever_the_ids_are(tmp_path: Path, suffix: str, ident: object) -> None:
    """A table stores a numeric id as text: such an id is recognised, too."""
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    records = tmp_path / "fleet.jsonl"
    asked = [{**fleet.record(number), "id": ident} for number in range(200)]
    records.write_bytes(b"".join(json.dumps(record).encode() + b"\n" for record in asked))
    whole, out = tmp_path / f"whole.{suffix}", tmp_path / f"out.{suffix}"
    run_batch(open_input(str(records)), Job(), str(whole))
    with pytest.raises(KeyboardInterrupt):
        run_batch(open_input(str(records)), Job(), str(out), progress=_interrupt)
    assert not out.exists()
    assert run_batch(open_input(str(records)), Job(), str(out), resume=True).records == 200
    assert out.read_bytes() == whole.read_bytes()


def _interrupt(counts: Counts) -> None:
    if counts.records > 100:
        raise KeyboardInterrupt


def test_an_older_result_does_not_count_as_the_interrupted_one(records: str, tmp_path: Path) -> None:
    """A repeated run over the same file was interrupted: the complete result is the older one."""
    out = tmp_path / "plans.jsonl"
    out.write_bytes(b"old")
    assert is_complete(str(out))
    Path(partial_of(str(out))).write_bytes(b"")
    assert not is_complete(str(out))
    run_batch(open_input(records), Job(), str(out), resume=True)
    assert out.read_bytes() == undisturbed(records)[0]
    assert is_complete(str(out))


def test_a_new_result_has_the_permissions_of_the_old_one(records: str, tmp_path: Path) -> None:
    out = tmp_path / "plans.jsonl"
    out.write_bytes(b"old")
    out.chmod(0o600)
    run_batch(open_input(records), Job(), str(out))
    assert out.stat().st_mode & 0o777 == 0o600


def test_a_partial_file_that_became_the_result_meanwhile_is_not_written(tmp_path: Path) -> None:
    """Another run may finish between opening and locking."""
    out = tmp_path / "plans.jsonl"
    first = LinesFile(str(out), resume=False)
    first.write(b"first\n")
    first.finish()
    second = LinesFile(str(out), resume=False)
    second.write(b"second\n")
    second.close()
    assert out.read_bytes() == b"first\n"
    assert Path(partial_of(str(out))).read_bytes() == b"second\n"


def test_a_killed_run_is_resumed_to_the_same_bytes(tmp_path: Path) -> None:
    """Three times kill -9 at random moments; no worker outlives its parent."""
    records, out = tmp_path / "fleet.jsonl", tmp_path / "plans.jsonl"
    records.write_bytes(fleet.lines(1000, bad_every=50))
    whole, _ = undisturbed(str(records))
    partial = Path(partial_of(str(out)))
    moments = random.Random(7)  # noqa: S311 - any moments will do
    command = [sys.executable, "-m", "planner", "batch", str(records), "-o", str(out), "--jobs", "2", "--resume"]
    for kill in (True, True, True, False):
        run = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True)
        least = (partial.stat().st_size if partial.exists() else 0) + moments.randrange(1, len(whole) // 8)
        while kill and run.poll() is None and not (partial.exists() and partial.stat().st_size >= least):
            time.sleep(0.002)
        if kill:
            assert run.poll() is None, "the run was over before it could be killed"
            run.kill()
        status = run.wait()
        assert status == (-signal.SIGKILL if kill else 0)
        assert not out.exists() or not kill
        _wait_for_end_of(run.pid)
    assert out.read_bytes() == whole


def test_an_interrupted_run_says_how_to_resume_it(tmp_path: Path) -> None:
    """It is one line without a traceback of any worker; the same command with --resume then gives the same bytes."""
    records, out = tmp_path / "fleet.jsonl", tmp_path / "plans.jsonl"
    records.write_bytes(fleet.lines(3000))
    partial = Path(partial_of(str(out)))
    command = [sys.executable, "-m", "planner", "batch", str(records), "-o", str(out), "--jobs", "2"]
    former = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore the signal
    run = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True)
    signal.signal(signal.SIGINT, former)
    while run.poll() is None and not (partial.exists() and partial.stat().st_size):
        time.sleep(0.002)
    os.killpg(run.pid, signal.SIGINT)
    _, told = run.communicate()
    assert run.returncode == 130
    assert told.decode() == f"{partial} has the finished part: run the same command with --resume\n"
    assert not out.exists()
    subprocess.run([*command, "--resume"], cwd=ROOT, check=True)
    assert out.read_bytes() == undisturbed(str(records))[0]


def _wait_for_end_of(session: int) -> None:
    """Wait until no process of a session runs; a zombie counts as ended."""
    for _ in range(500):
        if not any(_runs_in(session, stat) for stat in Path("/proc").glob("[0-9]*/stat")):
            return
        time.sleep(0.02)
    raise AssertionError("a worker outlives its parent")


def _runs_in(session: int, stat: Path) -> bool:
    """Whether the process of a `/proc/PID/stat` runs in a session (state and session are its fields 3 and 6)."""
    with suppress(OSError):
        state, _, _, its_session, *_ = stat.read_text().rpartition(")")[2].split()
        return its_session == str(session) and state != "Z"
    return False


def test_two_runs_do_not_write_one_file(records: str, tmp_path: Path) -> None:
    """The second is refused, and the first one's partial result is unchanged."""
    out = tmp_path / "plans.jsonl"
    code = (
        "import sys, time; from planner.batch.results import LinesFile\n"
        f"f = LinesFile({str(out)!r}, resume=False); f.write(b'kept'); print('open', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(InputError, match="another run is writing it"):
            run_batch(open_input(records), Job(), str(out))
        assert Path(partial_of(str(out))).read_bytes() == b"kept"
    finally:
        holder.kill()
        holder.wait()
        assert holder.stdout is not None
        holder.stdout.close()


def test_a_summary_does_not_depend_on_the_processes(records: str) -> None:
    one, three = (summarize(open_input(records), Job(), (), jobs=jobs) for jobs in (1, 3))
    assert vars(one) == vars(three)
