"""The built wheel, alone in an empty environment and outside the checkout, runs every command.

Slow, and needs a package index for the dependencies: marked `wheel`, run by the gate.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from planner.cli import COMMANDS
from tests.sources.reports import packed, report_of, running_machine

pytestmark = pytest.mark.wheel
CHECKOUT = Path(__file__).parent.parent

EXAMPLES = {
    "batch": "batch fleet.jsonl -o plans.jsonl --resume",
    "collect": "collect -o collect.sh",
    "completion": "completion bash",
    "docs": "docs --check page.md",
    "man": "man",
    "plan": "plan 512M --map machine.tar.xz --strategy mainline",
    "schema": "schema",
}
"""Where the first example of a command's help is not one line that runs as it stands."""

EXTRAS = {
    "batch fleet.parquet -o plans.parquet": "batch",
    "plan 512M --map sample:rpi4-4g -o plan.png": "png",
}
"""Commands that need an extra, and which."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, as an installation builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def place(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an environment that holds the wheel and what it requires, and small inputs."""
    folder = tmp_path_factory.mktemp("place")
    venv.create(folder / "env", with_pip=True)
    python = str(folder / "env" / "bin" / "python")
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    report = report_of(running_machine("deb61-4k_8G_plain_c"))
    (folder / "machine.tar.xz").write_bytes(packed(report))
    record = {"id": 1, "map": {"memory": [{"start": "1G", "size": "8G"}]}, "crashkernel": "512M"}
    (folder / "fleet.jsonl").write_text(json.dumps(record) + "\n")
    (folder / "page.md").write_text("<!-- crashkernel-planner maps -->\n<!-- /crashkernel-planner -->\n")
    (folder / "fleet.parquet").write_bytes(b"PAR1" + bytes(64) + b"PAR1")
    return folder


def run(place: Path, arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed program, with nothing of the checkout in its way."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return subprocess.run(
        [place / "env" / "bin" / "crashkernel-planner", *shlex.split(arguments)],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def example_of(place: Path, name: str) -> str:
    """A real example: our own, or the first of the command's help."""
    if name in EXAMPLES:
        return EXAMPLES[name]
    found = re.search(r"^ +crashkernel-planner (.*)$", run(place, f"{name} --help").stdout, re.MULTILINE)
    assert found, f"the help of {name} has no example"
    return found[1]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_runs(place: Path, name: str) -> None:
    """Its status is success, or that of a plan that fails; nothing is a traceback or a complaint."""
    done = run(place, example_of(place, name))
    assert done.returncode in {0, 1}, done.stderr
    assert "Traceback" not in done.stderr
    assert "error: " not in done.stderr


def test_what_a_report_gives_is_right_there_too(place: Path) -> None:
    """The samples and the readers are in the wheel."""
    done = run(place, "plan --map machine.tar.xz --strategy mainline --format json")
    crash = json.loads(done.stdout)["reservation"]["crash"]
    assert [crash["start"], crash["end"]] == running_machine("deb61-4k_8G_plain_c")["crash_res"]


@pytest.mark.parametrize(("arguments", "extra"), EXTRAS.items())
def test_a_missing_extra_is_named_in_one_line(place: Path, arguments: str, extra: str) -> None:
    """Status 2, and how to get it."""
    done = run(place, arguments)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert re.match(rf"error: .*crashkernel-planner\[{extra}\]", done.stderr), done.stderr


def test_the_manual_page_and_completions_are_installed(place: Path) -> None:
    """Where `man` and the shells look for them, as the program itself writes them."""
    share = place / "env" / "share"
    assert (share / "man/man1/crashkernel-planner.1").read_text("utf-8") == run(place, "man").stdout
    for path, shell in (
        ("bash-completion/completions/crashkernel-planner", "bash"),
        ("zsh/site-functions/_crashkernel-planner", "zsh"),
        ("fish/vendor_completions.d/crashkernel-planner.fish", "fish"),
    ):
        assert (share / path).read_text("utf-8") == run(place, f"completion {shell}").stdout


def test_only_the_package_is_in_it(wheel: Path) -> None:
    """No tests, no build leftovers; the samples and the type marker are."""
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"planner", "crashkernel_planner"}
    assert "planner/py.typed" in names
    assert sum(name.startswith("planner/sources/samples/") for name in names) > 8
    assert not any("__pycache__" in name for name in names)
