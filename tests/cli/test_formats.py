"""Formats: what a file's ending asks for, pictures and their extra, the man page, the survey, the examples."""

from __future__ import annotations

import json
import os
import re
import shlex
import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from planner.cli import COMMANDS, PROGRAM, cli
from planner.cli.options import FORMATS
from planner.cli.output import PICTURES
from planner.sources.samples import samples
from tests.cli.conftest import SERVER

if TYPE_CHECKING:
    from tests.cli.conftest import Run

CONTEXT = click.Context(cli, info_name=PROGRAM)
BEGINNINGS = {
    "txt": "aligned: ",
    "json": '{\n  "schema_version": 1',
    "md": "**aligned**: ",
    "rst": "**aligned**: ",
    "html": "<!DOCTYPE html>",
    "svg": "<svg ",
}


@pytest.mark.parametrize("ending", sorted(BEGINNINGS))
def test_the_ending_of_a_file_names_its_format_as_the_option_does(
    run: Run, tmp_path: Path, server: str, ending: str
) -> None:
    target = tmp_path / f"plan.{ending}"
    assert run("plan", "512M", "--map", server, "-o", str(target)) == (0, "", "")
    form = {"txt": "text", "md": "markdown"}.get(ending, ending)
    assert target.read_text(encoding="utf-8") == run("plan", "512M", "--map", server, "--format", form).out
    assert target.read_text(encoding="utf-8").startswith(BEGINNINGS[ending])


PLANS = """
import sys
from planner.cli import main
folder, *formats = sys.argv[1:]
for form in formats:
    for name in ("altra-32g", "honeycomb-30g"):
        main(["plan", "512M", "--map", f"sample:{name}", "--steps", "--format", form, "-o", f"{folder}/{name}.{form}"])
"""


def test_the_same_bytes_whatever_the_order_of_sets(tmp_path: Path) -> None:
    """Outputs in every format can thus be kept under version control."""
    forms = [form for form in (*FORMATS, *PICTURES) if form != "png" or find_spec("resvg_py")]
    made: list[dict[str, bytes]] = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", PLANS, str(folder), *forms],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
        )
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    first, second = made
    assert len(first) == 2 * len(forms)
    assert all(first.values())
    assert [name for name in first if first[name] != second[name]] == []


def test_an_explicit_format_wins_and_an_unknown_ending_is_refused(run: Run, tmp_path: Path, server: str) -> None:
    """Text under a name that says otherwise would mislead whoever opens the file."""
    target = tmp_path / "plan.svg"
    assert run("plan", "512M", "--map", server, "--format", "json", "-o", str(target)).status == 0
    assert target.read_text(encoding="utf-8").startswith("{")
    status, _, err = run("plan", "512M", "--map", server, "-o", str(tmp_path / "plan.out"))
    assert (status, (tmp_path / "plan.out").exists()) == (2, False)
    assert ".out is not a format of results; name FILE.txt, FILE.md" in err
    assert run("plan", "512M", "--map", server, "--format", "text", "-o", str(tmp_path / "plan.out")).status == 0
    assert (tmp_path / "plan.out").read_text(encoding="utf-8").startswith("aligned: ")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        pytest.param(
            ["parse", "512M", "--ram", "8G", "-o", "x.svg"], "this command writes no svg; use one of text", id="parse"
        ),
        pytest.param(
            ["size", "--map", "{}", "--format", "svg"], "--format: only a sweep is drawn; give --sweep", id="size"
        ),
        pytest.param(["size", "--map", "{}", "-o", "x.png"], "-o: only a sweep is drawn", id="size, by a file's name"),
    ],
)
def test_a_result_without_a_picture_is_refused_in_one_line(
    run: Run, server: str, args: list[str], message: str
) -> None:
    status, out, err = run(*[arg.format(server) for arg in args])
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_a_png_is_the_picture(run: Run, tmp_path: Path, server: str) -> None:
    """Twice as many pixels as the drawing has."""
    pytest.importorskip("resvg_py")
    target = tmp_path / "plan.png"
    assert run("plan", "512M", "--map", server, "-o", str(target)) == (0, "", "")
    data = target.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">I", data[16:20]) == (1920,)


def test_a_missing_extra_is_named_in_one_line_and_nothing_is_written(
    run: Run, monkeypatch: pytest.MonkeyPatch, server: str, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    target = tmp_path / "plan.png"
    said = "error: --format: PNG needs the extra 'png', which is not installed; install the extra: pip install "
    assert run("plan", "512M", "--map", server, "-o", str(target)) == (2, "", f"{said}'crashkernel-planner[png]'\n")
    assert not target.exists()


@pytest.mark.parametrize("form", ["html", "svg", "rst", "markdown"])
@pytest.mark.parametrize("args", ["compare 512M", "size --sweep 64M..2G"])
def test_every_result_with_a_picture_has_all_formats_the_same_bytes_twice(
    run: Run, server: str, args: str, form: str
) -> None:
    first = run(*args.split(), "--map", server, "--format", form)
    assert (first.status, first.err) == (0, "")
    assert first == run(*args.split(), "--map", server, "--format", form)


# -- the man page, the survey, the examples ----------------------------------------------------------------------


@pytest.mark.parametrize("what", ["report", "map"])
def test_a_schema_has_a_name_and_a_version(run: Run, what: str) -> None:
    """A file can thus say which one it follows."""
    assert json.loads(run("schema", what).out)["$id"] == f"urn:crashkernel-planner:{what}:1"


def test_the_survey_covers_every_machine(run: Run) -> None:
    """Four requests each; its sentence counts what the rows show."""
    rows = [
        line.split()
        for line in run("survey").out.splitlines()
        if (line.startswith("  ") and "0x" in line) or " - " in line
    ]
    outcomes = [row[2] for row in rows if len(row) == 5]
    assert len(outcomes) == 4 * len(samples())
    sentence = " ".join(run("survey").out.split("\n\n")[0].split())
    assert f"{len(outcomes)} plans on {len(samples())} machines: {outcomes.count('aligned')} are aligned, " in sentence


def examples() -> list[str]:
    """The first example of every help text."""
    found = []
    for name in ["", *COMMANDS]:
        command = cli.get_command(CONTEXT, name) if name else cli
        assert command is not None
        match = re.search(rf"^\s*crashkernel-planner ({name} ?.*)$", command.epilog or "", re.MULTILINE)
        assert match is not None, f"{name} has no example"
        found.append(match[1])
    return found


@pytest.mark.parametrize("example", examples())
def test_the_example_of_every_help_runs(
    run: Run, example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is run as printed, up to what a shell does with its output, in a folder with the files it names."""
    words = shlex.split(re.split(r" (?:[|]|>>?) ", example.strip())[0])
    monkeypatch.chdir(tmp_path)
    if words[0] == "docs":
        Path("README.md").write_text("# A document without blocks\n", encoding="utf-8")
    if words[0] == "batch":
        record = {"id": "one", "map": SERVER, "crashkernel": "512M"}
        Path("fleet.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    status, out, err = run(*words)
    assert status in {0, 1}, err
    assert out or words[0] == "docs" or Path(words[words.index("-o") + 1]).exists()
