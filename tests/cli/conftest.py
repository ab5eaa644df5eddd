"""Running the command line in this process, and small inputs for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import pytest

from planner.cli import main

if TYPE_CHECKING:
    from pathlib import Path


class Result(NamedTuple):
    """What one run left behind."""

    status: int
    out: str
    err: str


class Run(Protocol):
    """Runs the program with these arguments."""

    def __call__(self, *args: str) -> Result:
        """Status, standard output and standard error."""


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("plan", "512M")` without a new process."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("CRASHKERNEL_PLANNER_TRACEBACK", raising=False)

    def run_(*args: str) -> Result:
        capfdbinary.readouterr()
        status = main(args)
        out, err = capfdbinary.readouterr()
        return Result(status, out.decode(), err.decode())

    return run_


SERVER = {
    "schema_version": 1,
    "memory": [{"start": "2G", "size": "2G"}, {"start": "0x8080000000", "size": "30G"}],
    "reserved": [{"start": "0x80000000", "size": "32M", "name": "firmware"}],
    "kernel": "6.1.69",
    "page_size": "4K",
}


@pytest.fixture
def server(tmp_path: Path) -> str:
    """A JSON map of a machine with 32 GiB, on which 512M is aligned and 3G fits nowhere."""
    path = tmp_path / "server.json"
    path.write_text(json.dumps(SERVER))
    return str(path)


@pytest.fixture
def crowded(tmp_path: Path) -> str:
    """A JSON map on which 512M is reserved, but not aligned."""
    path = tmp_path / "crowded.json"
    taken = [{"start": f"0x{start:x}", "size": "1M"} for start in (0x8800_0000, 0xC800_0000)]
    path.write_text(json.dumps({**SERVER, "reserved": taken}))
    return str(path)


def answered(run: Run, *args: str) -> dict[str, Any]:
    """The JSON of a command that says nothing on standard error."""
    _, out, err = run(*args, "--format", "json")
    assert err == ""
    document: dict[str, Any] = json.loads(out)
    assert next(iter(document.items())) == ("schema_version", 1)
    return document


def check_answer(result: Result, status: int, opening: str) -> None:
    """An answer that begins so, nothing on standard error."""
    assert (result.status, result.err) == (status, "")
    assert result.out.startswith(opening)


def check_refused(result: Result, line: str) -> None:
    """One line that begins so, status 2, nothing on standard output."""
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(line)
    assert result.err.count("\n") == 1
