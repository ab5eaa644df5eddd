"""`-o`: whole or absent, also on a full disk and when the process is killed in the middle."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import planner

ROOT = str(Path(planner.__file__).parent.parent)
ENVIRONMENT = {**os.environ, "PYTHONPATH": ROOT}
PLAN = [sys.executable, "-m", "planner", "plan", "512M", "--map", "sample:d06-16g-holes", "--format", "json"]

SLOW = """
import sys
from planner.cli import output
class Slow:
    def __init__(self, file): self.file = file
    def __enter__(self): return self
    def __exit__(self, *error): return self.file.__exit__(*error)
    def write(self, data):
        for at in range(0, len(data), 512):
            self.file.write(data[at:at + 512]); self.file.flush()
            print(at, flush=True); sys.stdin.readline()
    def __getattr__(self, name): return getattr(self.file, name)
import pathlib
opened = pathlib.Path.open
def slowly(self, mode="r", **more):
    file = opened(self, mode, **more)
    return Slow(file) if "b" in mode else file
pathlib.Path.open = slowly
output.emit("x" * 4096, sys.argv[1])
"""
"""The program's own writer, slowed down to one block per line of its standard input."""


@pytest.mark.parametrize("old", [None, "old"])
@pytest.mark.parametrize("blocks", [0, 3, 7])
def test_killed_while_writing(old: str | None, blocks: int, tmp_path: Path) -> None:
    """Nothing runs any more that could clean up: the target is as it was."""
    target = tmp_path / "plan.json"
    if old is not None:
        target.write_text(old)
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, str(target)], env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        for _ in range(blocks):
            child.stdin.write(b"\n")
            child.stdin.flush()
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert child.returncode == -signal.SIGKILL
    assert (target.read_text() if target.exists() else None) == old


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """The program itself, killed after more and more time: no file, or the whole one."""
    target = tmp_path / "plan.json"
    begin = time.monotonic()
    subprocess.run([*PLAN, "-o", target], env=ENVIRONMENT, check=True)
    needed = time.monotonic() - begin
    whole = target.read_bytes()
    for part in range(1, 8, 2):
        target.unlink(missing_ok=True)
        with subprocess.Popen([*PLAN, "-o", target], env=ENVIRONMENT) as child:
            time.sleep(needed * part / 7)
            child.send_signal(signal.SIGKILL)
        assert not target.exists() or target.read_bytes() == whole


@pytest.mark.parametrize("old", [None, "old"])
@pytest.mark.parametrize("limit", [0, 1, 512, 4096])
def test_a_disk_that_fills_up(old: str | None, limit: int, tmp_path: Path) -> None:
    """The kernel refuses what goes beyond so many bytes: one line, status 2, and nothing new in the folder."""
    target = tmp_path / "plan.json"
    if old is not None:
        target.write_text(old)

    def bounded() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    environment = {**ENVIRONMENT, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*PLAN, "-o", target],
        env=environment,
        preexec_fn=bounded,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == f"error: {target}: file too large; free some space, or write elsewhere\n"
    assert [path.name for path in tmp_path.iterdir()] == ([] if old is None else ["plan.json"])
    assert old is None or target.read_text() == old
