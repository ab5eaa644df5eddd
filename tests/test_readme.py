"""The README is true: its blocks show what the commands print, its picture is drawn anew, its Python runs."""

from __future__ import annotations

import gzip
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from planner.render.docs import blocks

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
DATA = Path(__file__).parent / "oracle" / "data"
CONSOLE = re.findall(r"```console\n\$ crashkernel-planner (.*)\n((?s:.*?))```", README)
PICTURES = re.findall(r"<!-- picture: (.*) -o (\S+) -->", README)
PYTHON = re.findall(r"```python\n((?s:.*?))```", README)


@pytest.mark.parametrize(("command", "shown"), CONSOLE, ids=[command for command, _ in CONSOLE])
def test_a_console_block_shows_what_the_command_prints(command: str, shown: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "planner", *shlex.split(command)], capture_output=True, text=True, check=False
    )
    assert run.stderr == ""
    assert run.stdout.rstrip() == shown.rstrip()


def test_the_readme_counts_all_bundled_boots() -> None:
    recorded = [f"{name}.jsonl.gz" for name in ("boots", "bootlogs", "fresh_boots", "more_boots", "odd_boots")]
    boots = sum(gzip.decompress((DATA / name).read_bytes()).count(b"\n") for name in recorded)
    assert f"{boots} recorded boots" in README


def test_its_blocks_are_kept_by_docs() -> None:
    """`docs --check` finds nothing stale, and knows every console block."""
    readme = Path(__file__).parent.parent / "README.md"
    run = subprocess.run(
        [sys.executable, "-m", "planner", "docs", "--check", str(readme)], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    kept = {block.command for block in blocks(README, "README.md")}
    assert {command for command, _ in CONSOLE} <= kept


def test_it_is_short() -> None:
    """What is looked up stands in `--help`, the man page and docstrings."""
    assert len(README.splitlines()) <= 180


@pytest.mark.parametrize(("command", "picture"), PICTURES, ids=[picture for _, picture in PICTURES])
def test_a_picture_is_what_the_command_draws(command: str, picture: str, tmp_path: Path) -> None:
    """It is so byte for byte, and the README shows it."""
    drawn = tmp_path / Path(picture).name
    subprocess.run([sys.executable, "-m", "planner", *shlex.split(command), "-o", str(drawn)], check=True)
    assert drawn.read_bytes() == (Path(__file__).parent.parent / picture).read_bytes()
    assert f"]({picture})" in README


@pytest.mark.parametrize("code", PYTHON)
def test_the_library_example_runs(code: str) -> None:
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("aligned 0x")


def test_the_first_shell_block_has_two_commands_one_line_each() -> None:
    """One ends in a plan for a bundled map, one in the tests."""
    block = re.findall(r"```sh\n((?s:.*?))```", README)[0].strip().splitlines()
    assert len(block) == 2
    assert block[0].endswith("crashkernel-planner plan 512M --map sample:honeycomb-30g")
    assert block[1].endswith("-m pytest -q")
