"""Completion as one types it: a real shell on a terminal of its own, a line, a tab; then what the program gets."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import planner
from planner.cli import PROGRAM
from planner.sources.samples import samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Run

pty = pytest.importorskip("pty")

ROOT = Path(planner.__file__).parent.parent
WRAPPER = f"""\
#!/bin/sh
if [ -n "$_CRASHKERNEL_PLANNER_COMPLETE" ]; then PYTHONPATH='{ROOT}' exec '{sys.executable}' -m planner "$@"; fi
printf '<%s>' "$@"
echo '<END>'
"""
"""Completes as the program does; called, it shows its arguments."""

START = {
    "bash": (["--norc", "--noprofile", "-i"], "source {}"),
    "zsh": (["-f", "-i"], "autoload -U compinit; compinit -u -D; source {}"),
}
FILES = ("boot.log", "my.config", "q r.txt")


def _folder(folder: Path, script: str) -> dict[str, str]:
    """Fills a folder with `FILES`, and `bin` with the program and the script; the environment of a shell in it."""
    programs = folder / "bin"
    programs.mkdir()
    (programs / PROGRAM).write_text(WRAPPER)
    (programs / PROGRAM).chmod(0o755)
    (programs / "script").write_text(script)
    for name in FILES:
        (folder / name).touch()
    return {
        **{key: value for key, value in os.environ.items() if key != "PROMPT_COMMAND"},
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PS1": "READY> ",
        "TERM": "dumb",
        "HOME": str(programs),
        "INPUTRC": os.devnull,
    }


class Terminal:
    """An interactive shell, in a folder with `FILES`."""

    def __init__(self, shell: str, folder: Path, script: str) -> None:
        environment = _folder(folder, script)
        words, setup = START[shell]
        self._ours, theirs = pty.openpty()
        self._shell = subprocess.Popen(
            [shell, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)
        self._told = b""
        self._until(b"READY> ")
        self._type(f"{setup.format('bin/script')}; echo S=$((40 + 2))\n")
        self._until(rb"S=42(?s:.*)READY> ")

    def complete(self, line: str) -> list[str]:
        """The arguments that the program gets when a tab is typed after the line."""
        self._type(f"{PROGRAM} {line}\t\n")
        words = self._until(rb"((?:<[^<>]*>)*)<END>(?s:.*)READY> ")
        return [word.decode() for word in re.findall(b"<([^<>]*)>", words)]

    def _type(self, text: str) -> None:
        self._told = b""
        os.write(self._ours, text.encode())

    def _until(self, pattern: bytes) -> bytes:
        """Read on until something is told; its first group."""
        end = time.monotonic() + 30
        while (found := re.search(pattern, self._told)) is None:
            ready, _, _ = select.select([self._ours], [], [], max(0, end - time.monotonic()))
            assert ready, self._told
            self._told += os.read(self._ours, 4096)
        return found.group(1) if found.groups() else b""

    def close(self) -> None:
        """End the shell."""
        self._shell.kill()
        self._shell.wait()
        os.close(self._ours)


@pytest.fixture(scope="module", params=sorted(START))
def terminal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Each shell that is installed, with the program's script."""
    shell = request.param
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    done = subprocess.run(
        [sys.executable, "-m", "planner", "completion", shell],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    found = Terminal(shell, tmp_path_factory.mktemp(shell), done.stdout)
    yield found
    found.close()


LINES = [
    pytest.param("plan --map sample:rpi4-4", ["plan", "--map", "sample:rpi4-4g"], id="a sample, after the colon"),
    pytest.param("plan --map sample:", ["plan", "--map", "sample:"], id="what is common to all stays"),
    pytest.param("plan --map sam", ["plan", "--map", "sample:"], id="a sample, before the colon"),
    pytest.param("plan --map=sample:rpi4-4", ["plan", "--map=sample:rpi4-4g"], id="after an equals sign, too"),
    pytest.param('plan --map "sample:rpi4-4', ["plan", "--map", "sample:rpi4-4g"], id="inside quotes"),
    pytest.param("plan --map li", ["plan", "--map", "live"], id="this machine"),
    pytest.param("plan --map bo", ["plan", "--map", "boot.log"], id="a file as a map"),
    pytest.param("plan --log bo", ["plan", "--log", "boot.log"], id="a log"),
    pytest.param("plan --log=bo", ["plan", "--log=boot.log"], id="a log after an equals sign"),
    pytest.param("plan --log q", ["plan", "--log", "q r.txt"], id="a file whose name has a blank"),
    pytest.param("plan --config ./my", ["plan", "--config", "./my.config"], id="a configuration"),
    pytest.param("verify --page-tables my", ["verify", "--page-tables", "my.config"], id="page tables"),
    pytest.param("verify sample:x13", ["verify", "sample:x13s-32g"], id="an argument of verify"),
    pytest.param("verify sample:x13s-32g bo", ["verify", "sample:x13s-32g", "boot.log"], id="another one"),
    pytest.param("diff sample:x13", ["diff", "sample:x13s-32g"], id="one side of diff"),
    pytest.param("diff sample:rpi4-4g bo", ["diff", "sample:rpi4-4g", "boot.log"], id="the other side"),
    pytest.param("batch bo", ["batch", "boot.log"], id="records"),
    pytest.param("batch --files-from bo", ["batch", "--files-from", "boot.log"], id="a list of files"),
    pytest.param("bbm --procedure bo", ["bbm", "--procedure", "boot.log"], id="a procedure"),
    pytest.param("plan --strategy=pud-aligned-t", ["plan", "--strategy=pud-aligned-trimmed"], id="a strategy"),
    pytest.param("plan --rod", ["plan", "--rodata"], id="an option"),
    pytest.param("surv", ["survey"], id="a command"),
]


@pytest.mark.parametrize(("line", "words"), LINES)
def test_the_unfinished_word_is_completed(terminal: Terminal, line: str, words: list[str]) -> None:
    """In bash and in zsh, whatever they take for a word."""
    assert terminal.complete(line) == words


def test_fish_lists_the_words_that_may_follow(run: Run, tmp_path: Path) -> None:
    """It can be asked without a terminal."""
    fish = shutil.which("fish")
    if fish is None:
        pytest.skip("needs fish")
    environment = _folder(tmp_path, run("completion", "fish").out)
    asked = {
        "plan --map sample:rpi4-4": ["sample:rpi4-4g"],
        "plan --map=sample:rpi4-4": ["--map=sample:rpi4-4g"],
        "plan --map sample:": [f"sample:{sample.name}" for sample in samples()],
        "plan --log bo": ["boot.log"],
        "plan --log=bo": ["--log=boot.log"],
        "plan --log q": ["q r.txt"],
        "verify sample:x13": ["sample:x13s-32g"],
        "diff sample:x13": ["sample:x13s-32g"],
        "batch --files-from bo": ["boot.log"],
    }
    code = "source bin/script\n" + "".join(f"complete -C '{PROGRAM} {line}'\necho ==\n" for line in asked)
    done = subprocess.run(
        [fish, "--no-config", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, env=environment
    )
    found = [sorted(part.splitlines()) for part in done.stdout.removesuffix("\n==\n").split("\n==\n")]
    assert dict(zip(asked, found, strict=True)) == {line: sorted(names) for line, names in asked.items()}


@pytest.mark.parametrize(
    ("line", "text", "found"),
    [
        pytest.param(f"{PROGRAM} plan --map sample:rpi4-4", "rpi4-4", "rpi4-4g", id="after a colon"),
        pytest.param(f"{PROGRAM} plan --map sample:", "", "rpi4-4g", id="right after it"),
        pytest.param(f"{PROGRAM} plan --map sample:", ":", "rpi4-4g", id="where the colon is told as the word"),
        pytest.param(f"{PROGRAM} plan --map=", "=", "live", id="where the equals sign is"),
        pytest.param(f"{PROGRAM} plan --map sample:rp", "sample:rp", "sample:rpi4-4g", id="no word breaks at all"),
        pytest.param(f"{PROGRAM} plan --map=sample:rp", "--map=sample:rp", "--map=sample:rpi4-4g", id="nor here"),
        pytest.param(f"X=1 {PROGRAM} plan --map li", "li", "live", id="a variable before the command"),
    ],
)
def test_bash_gets_the_part_after_its_last_word_break(
    run: Run, monkeypatch: pytest.MonkeyPatch, line: str, text: str, found: str
) -> None:
    """The script for bash asks for that part only."""
    monkeypatch.setenv("_CRASHKERNEL_PLANNER_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_COMMAND", PROGRAM)
    monkeypatch.setenv("COMP_TEXT", text)
    assert f"plain,{found}" in run().out.splitlines()
