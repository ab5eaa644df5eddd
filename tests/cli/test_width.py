"""How wide a text is: as wide as the terminal, or COLUMNS, and the same everywhere in a file."""

from __future__ import annotations

import io
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import planner
from planner.cli import output

ROOT = str(Path(planner.__file__).parent.parent)
PROGRAM = [sys.executable, "-m", "planner"]


class Screen(io.TextIOWrapper):
    """A standard output with a descriptor of its own."""

    def fileno(self) -> int:
        return 77


@pytest.mark.parametrize(
    ("terminal", "environment", "path", "wide"),
    [
        pytest.param(60, None, None, 60, id="as wide as the terminal"),
        pytest.param(60, None, "-", 60, id="a dash is the terminal too"),
        pytest.param(200, None, None, 80, id="no wider than 80"),
        pytest.param(20, None, None, 40, id="no narrower than 40"),
        pytest.param(0, None, None, 80, id="a terminal that does not know its width"),
        pytest.param(None, None, None, 80, id="a pipe"),
        pytest.param(60, "50", None, 50, id="COLUMNS wins over the terminal"),
        pytest.param(None, "50", None, 50, id="and counts for a pipe"),
        pytest.param(60, "wide", None, 60, id="unless it is no number"),
        pytest.param(60, "-50", None, 60, id="or is negative"),
        pytest.param(60, "0", None, 60, id="or zero"),
        pytest.param(60, "9" * 5000, None, 60, id="or endless"),
        pytest.param(60, "50", "plan.txt", 80, id="a file is the same everywhere"),
    ],
)
def test_the_width_is_that_of_columns_then_of_the_terminal_then_80(
    terminal: int | None, environment: str | None, path: str | None, wide: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def size_of(descriptor: int) -> os.terminal_size:
        assert descriptor == 77
        if terminal is None:
            raise OSError(25, "Inappropriate ioctl for device")
        return os.terminal_size((terminal, 24))

    monkeypatch.delenv("COLUMNS", raising=False)
    if environment is not None:
        monkeypatch.setenv("COLUMNS", environment)
    monkeypatch.setattr(os, "get_terminal_size", size_of)
    screen = Screen(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "__stdout__", screen)
    assert output.columns(path) == wide


@pytest.mark.parametrize("stream", [None, io.StringIO()], ids=["closed", "no file"])
def test_the_width_without_a_terminal_is_80(stream: io.StringIO | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "__stdout__", stream)
    assert output.columns() == 80


def test_a_terminal_of_60_columns_is_used_and_not_exceeded(server: str) -> None:
    """The terminal is a real one, with colours."""
    fcntl, pty, termios = (pytest.importorskip(name) for name in ("fcntl", "pty", "termios"))
    reader, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR"}}
    environment |= {"TERM": "xterm", "PYTHONPATH": ROOT}
    seen = b""
    with subprocess.Popen([*PROGRAM, "plan", "512M", "--map", server], stdout=terminal, env=environment) as child:
        os.close(terminal)
        try:
            while chunk := os.read(reader, 65536):
                seen += chunk
        except OSError:
            pass  # Linux says so when the other end is closed.
    os.close(reader)
    assert child.returncode == 0
    assert b"\x1b[" in seen
    lines = re.sub(r"\x1b\[[0-9;]*m", "", seen.decode()).splitlines()
    assert lines[0].startswith("aligned: ")
    assert 55 < max(map(len, lines)) <= 60


def test_a_document_does_not_depend_on_the_terminal(server: str) -> None:
    """`docs` writes what it wrote on any other."""
    document = Path(server).parent / "plan.md"
    document.write_text("<!-- crashkernel-planner plan 512M --map server.json -->\n<!-- /crashkernel-planner -->\n")
    for columns, arguments in (("80", []), ("50", ["--check"])):
        environment = {**os.environ, "PYTHONPATH": ROOT, "COLUMNS": columns}
        subprocess.run([*PROGRAM, "docs", *arguments, str(document)], env=environment, check=True)
    assert max(map(len, document.read_text().splitlines())) > 60
