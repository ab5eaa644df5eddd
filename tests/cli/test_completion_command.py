"""`completion`: the shells themselves accept the scripts, and offer names that the model knows."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from planner.cli import PROGRAM

if TYPE_CHECKING:
    from tests.cli.conftest import Run


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run: Run, shell: str) -> None:
    """The shell itself finds them correct, where it is installed."""
    status, script, err = run("completion", shell)
    assert (status, err) == (0, "")
    assert PROGRAM in script
    program = shutil.which(shell)
    if program:
        subprocess.run([program, "-n"], input=script.encode(), check=True)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        pytest.param("pl", "plan", id="commands"),
        pytest.param("plan --stra", "--strategy", id="options"),
        pytest.param("plan --strategy pud", "pud-aligned-trimmed", id="strategies"),
        pytest.param("plan --page-size ", "16K", id="page sizes"),
        pytest.param("plan --align c", "cont-pmd", id="alignments"),
        pytest.param("plan --kernel 6", "6.12", id="kernels"),
        pytest.param("plan --preset rhel9", "rhel9-64k", id="presets"),
        pytest.param("plan --map sample:honey", "sample:honeycomb-30g", id="samples"),
        pytest.param("plan --map li", "live", id="this machine"),
        pytest.param("plan --map /pr", "/pr", id="files are left to the shell"),
        pytest.param("plan --rodata ", "full", id="choices"),
        pytest.param("plan --dma-limit n", "none", id="words beside sizes"),
    ],
)
def test_completion(run: Run, monkeypatch: pytest.MonkeyPatch, line: str, found: str) -> None:
    """Names that the model knows, as the shell asks for them."""
    words = f"{PROGRAM} {line}"
    monkeypatch.setenv("_CRASHKERNEL_PLANNER_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    assert found in [item.split(",", 1)[1] for item in run().out.splitlines()]
