"""The progress bar: on a terminal, on standard error, and only for what takes a while."""

from __future__ import annotations

import io
import sys

import pytest

from planner.cli.progress import progress


class Terminal(io.StringIO):
    """Standard error as a terminal."""

    def isatty(self) -> bool:
        return True


def drawn(monkeypatch: pytest.MonkeyPatch, stderr: io.StringIO, seconds: float) -> str:
    """What ten steps that take so long each leave on standard error."""
    now = [0.0]
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr("planner.cli.progress.time.monotonic", lambda: now[0])
    tick = progress("sizes")
    for done in range(11):
        if tick is not None:
            tick(done, 10)
        now[0] += seconds
    return stderr.getvalue()


def test_a_bar_is_drawn_to_its_end_once_a_second_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = drawn(monkeypatch, Terminal(), 0.4)
    assert "sizes" in shown
    assert "100%" in shown


@pytest.mark.parametrize(
    ("stderr", "seconds"),
    [pytest.param(Terminal(), 0.01, id="quick"), pytest.param(io.StringIO(), 5.0, id="no terminal")],
)
def test_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch, stderr: io.StringIO, seconds: float) -> None:
    """Where it is not worth it, or nobody looks."""
    assert drawn(monkeypatch, stderr, seconds) == ""
