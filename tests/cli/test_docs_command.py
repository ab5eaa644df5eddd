"""Documents with marked blocks: found, brought up to date, checked; and what does not run in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from docutils.core import publish_doctree

from tests.cli.conftest import SERVER
from tests.render.test_docs import BEGIN, END, block

if TYPE_CHECKING:
    from tests.cli.conftest import Run

PLAN = "plan 512M --map sample:altra-32g"


ODD = "\ufeff# A\x0c\x0bb\x85c\u2028d\u2029e\x1c\x1d\x1e  \r\nlone\rreturn\n\r\n"


def test_every_byte_outside_the_blocks_stays(run: Run, tmp_path: Path) -> None:
    """Byte order mark, form feeds, other line separators, lone carriage returns, mixed line ends."""
    path = tmp_path / "x.md"
    made = [f"{BEGIN.format(PLAN)}\r\n", f"old\n{END}\r\n"]
    path.write_bytes((ODD + "".join(made) + ODD).encode())
    assert run("docs", str(path)).status == 0
    written = path.read_bytes().decode()
    assert written.startswith(ODD + made[0])
    assert written.endswith(f"{END}\r\n{ODD}")
    assert "old" not in written
    body = written.removeprefix(ODD).removesuffix(ODD)
    assert body.count("\n") == body.count("\r\n")
    assert run("docs", "--check", str(path)).status == 0


# -- the command -----------------------------------------------------------------------------------------------


def test_an_empty_file_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text("")
    line = f"error: {tmp_path / 'x.md'}: is empty; give a document in Markdown or reStructuredText\n"
    assert run("docs", str(tmp_path / "x.md")) == (2, "", line)


def test_check_says_what_is_stale_and_changes_nothing(run: Run, tmp_path: Path) -> None:
    """A diff on standard output, status 1; after `docs` status 0 and silence."""
    path = tmp_path / "x.md"
    path.write_text(block(PLAN, "old\n"))
    status, out, err = run("docs", "--check", str(path))
    assert (status, err) == (1, "")
    assert "-old\n" in out
    assert "\n+fallback: 512M at 0xb5400000" in out
    assert path.read_text() == block(PLAN, "old\n")
    assert run("docs", str(path)) == (0, f"{path}: 1 of 1 blocks brought up to date\n", "")
    assert run("docs", "--check", str(path)) == (0, "", "")
    shown = path.read_text().split("```console\n")[1].split("```")[0]
    assert shown == f"$ crashkernel-planner {PLAN}\n{run(*PLAN.split()).out}"


def test_one_digit_that_went_stale_is_found(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_text(block(f"{PLAN} --format markdown"))
    assert run("docs", str(path)).status == 0
    path.write_text(path.read_text().replace("0xb5400000", "0xb5400001", 1))
    assert run("docs", "--check", str(path)).status == 1


@pytest.mark.parametrize("form", ["text", "rst", "svg", "json"])
def test_a_restructuredtext_document(run: Run, tmp_path: Path, form: str) -> None:
    """Marks are comments; docutils reads the result without a message."""
    path = tmp_path / "x.rst"
    path.write_text(f"A\n=\n\n.. crashkernel-planner {PLAN} --format {form}\n\n.. /crashkernel-planner\n\nB\n")
    assert run("docs", str(path)).status == 0
    assert run("docs", "--check", str(path)).status == 0
    tree = publish_doctree(path.read_text(), settings_overrides={"report_level": 1, "halt_level": 1})
    assert "fallback" in tree.astext()
    assert tree.astext().endswith("B")


def test_paths_are_relative_to_the_document_wherever_the_command_is_started(
    run: Run, tmp_path: Path, server: str
) -> None:
    path = tmp_path / "x.md"
    path.write_text(block(f"plan 512M --map {Path(server).name}"))
    before = Path.cwd()
    assert run("docs", str(path)).status == 0
    assert "aligned: 512M" in path.read_text()
    assert Path.cwd() == before


@pytest.mark.parametrize(
    ("command", "message"),
    [
        pytest.param("docs x.md", "docs: this command does not run inside a document", id="docs"),
        pytest.param("completion bash", "completion: this command does not run", id="what nobody reads"),
        pytest.param("plan 512M", "<command line>: without --map the command asks this machine", id="this machine"),
        pytest.param("need --map live", "--map: live is not the same everywhere", id="this machine by name"),
        pytest.param("plan 512M --map -", "--map: - is not the same everywhere", id="standard input"),
        pytest.param(f"{PLAN} -o /tmp/x", "-o: no such option", id="a file"),
        pytest.param(f"{PLAN} --output=x", "--output: no such option", id="by its long name"),
        pytest.param(f"{PLAN} --outp x", "--outp: no such option", id="by part of it"),
        pytest.param("verify -", "SOURCE: - is not the same everywhere", id="standard input as an argument"),
        pytest.param(f"{PLAN} --format html", "<command line>: html does not fit into a document", id="a page"),
        pytest.param(
            "plan 512M --map none.txt", "none.txt: cannot be read: No such file", id="a file that is not there"
        ),
        pytest.param("sh -c true", "sh: this command does not run inside a document", id="a shell"),
        pytest.param(
            "plan 512M --map sample:altra-32g ; rm x", "<command line>: got unexpected extra", id="a shell's ;"
        ),
    ],
)
def test_commands_that_do_not_run_in_a_document(run: Run, tmp_path: Path, command: str, message: str) -> None:
    """One line with the block's place, status 2, and the document as it was."""
    path = tmp_path / "x.md"
    text = block(PLAN) + block(command)
    path.write_text(text)
    status, out, err = run("docs", str(path))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"error: {path}:3:1: {message}")
    assert path.read_text() == text


# -- documents that mean harm ----------------------------------------------------------------------------------

PRIVATE = "[0-9]+ of a password that nobody may read"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder with a document's own files, a secret beside it, and links that lead out."""
    folder = tmp_path / "repository"
    (folder / "maps").mkdir(parents=True)
    (folder / "maps" / "server.json").write_text(json.dumps(SERVER))
    (tmp_path / "secret.txt").write_text(PRIVATE)
    (tmp_path / "server.json").write_text(json.dumps(SERVER))
    (folder / "link.json").symlink_to("../server.json")
    (folder / "way").symlink_to("..")
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "pipe")
    (folder / "list.txt").write_text("../secret.txt\n")
    return folder


HOSTILE = [
    pytest.param("plan -o hook --map maps/server.json 512M -- -h", id="help among the arguments"),
    pytest.param("-- plan -o hook --map maps/server.json 512M", id="a command after the end of options"),
    pytest.param("-- docs README.md", id="a document in a document"),
    pytest.param("-- plan 512M --map live", id="this machine after the end of options"),
    pytest.param("batch --files-from list.txt", id="a list whose lines are told"),
    pytest.param("batch ../secret.txt 512M", id="records"),
    pytest.param("plan 512M --map /dev/stdin", id="a device"),
    pytest.param("plan 512M --map pipe", id="a pipe"),
    pytest.param("plan 512M --map loop", id="a link to itself"),
    pytest.param("plan 512M --map maps", id="a folder"),
    pytest.param("plan 512M --map ../server.json", id="a file above"),
    pytest.param("plan 512M --map link.json", id="a link to a file above"),
    pytest.param("plan 512M --map way/server.json", id="a link to a folder above"),
    pytest.param("plan 512M --map maps/../../server.json", id="a way around"),
    pytest.param("plan 512M --map maps/server.json --config ../secret.txt", id="a configuration"),
    pytest.param("plan 512M --map=maps/server.json --log=../secret.txt", id="a log"),
    pytest.param("bbm --procedure ../secret.txt", id="a procedure"),
    pytest.param("verify --page-tables ../secret.txt --map maps/server.json", id="a dump"),
    pytest.param("verify --meminfo ../secret.txt --map maps/server.json", id="memory's figures"),
    pytest.param("need --initrd ../secret.txt", id="an initrd"),
    pytest.param("diff ../server.json maps/server.json 512M", id="a side"),
    pytest.param("diff maps/server.json 512M --a map=../server.json", id="a side's own map"),
    pytest.param("plan 512M --map sample:../../../../secret.txt", id="a bundled map elsewhere"),
    pytest.param("schema -o hook", id="a schema into a file"),
    pytest.param("man -ohook", id="a manual page into a file"),
    pytest.param("collect -o hook", id="a script into a file"),
    pytest.param("size --sweep 128M..1G --map maps/server.json --output hook", id="a sweep into a file"),
    pytest.param("plan @list.txt --map ../server.json", id="arguments from a file"),
    pytest.param("plan 512M --map /proc/self/environ", id="the runner's environment"),
    pytest.param("plan 512M --map /proc/self/cwd/../secret.txt", id="the runner's folder"),
    pytest.param("plan 512M --map /dev/fd/0", id="an open file"),
    pytest.param("plan -h --map ../secret.txt", id="help and more"),
    pytest.param("plan --map ../secret.txt --help", id="more and help"),
    pytest.param("plan 512M --map maps/server.json --conf ../secret.txt", id="part of an option"),
    pytest.param("plan 512M --map maps/server.json --memory ../secret.txt", id="RAM"),
    pytest.param("plan ../secret.txt --map way/secret.txt", id="a way back through a link"),
    pytest.param("need --initrd pipe", id="a pipe as an initrd"),
    pytest.param("default --map ..", id="a fleet in a folder above"),
    pytest.param("survey --map ../server.json", id="a fleet above"),
    pytest.param("survey --map maps --need ../secret.txt", id="a need from a file"),
    pytest.param("diff maps/server.json 512M --b config=../secret.txt", id="a side's own configuration"),
    pytest.param("kernels -ohook", id="a list into a file"),
    pytest.param("completion bash -o hook", id="a completion script into a file"),
]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("command", HOSTILE)
def test_a_hostile_document_does_no_harm(run: Run, repository: Path, command: str, check: bool) -> None:
    """Neither changes nor discloses a file, nor itself: one line with its place."""
    document = repository / "README.md"
    document.write_text(f"# A\n\n{block(command)}")
    before = {path: path.read_bytes() for path in repository.parent.rglob("*") if path.is_file()}
    status, out, err = run("docs", *(["--check"] if check else []), str(document))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"error: {document}:3:1: ")
    assert "password" not in err
    assert {path: path.read_bytes() for path in repository.parent.rglob("*") if path.is_file()} == before


def test_long_documents_are_compared_quickly(run: Run, tmp_path: Path) -> None:
    """Lines that are alike here and there are laid side by side in time that grows with their square."""
    path = tmp_path / "x.md"
    kept = [line for line in run(*PLAN.split(), "--format", "json").out.splitlines() for _ in range(2)]
    body = "".join(f"{line}\n{number}\n" for number, line in enumerate(kept * 40))
    path.write_text(block(f"{PLAN} --format json", body))
    status, out, err = run("docs", "--check", str(path))
    assert (status, err) == (1, "")
    assert out.splitlines()[:2] == [f"--- {path}", f"+++ {path} (now)"]
    assert out.count("\n-") > 10_000
    assert out.count("\n+") == len(run(*PLAN.split(), "--format", "json").out.splitlines()) + 4


@pytest.mark.parametrize("variable", ["MAP", "OUTPUT", "PLAN_OUTPUT", "PLAN_MAP"])
def test_no_option_of_a_shown_command_comes_from_the_environment(
    run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(f"CRASHKERNEL_PLANNER_{variable}", "hook")
    document = repository / "README.md"
    document.write_text(block("plan 512M --map maps/server.json"))
    assert run("docs", str(document)).status == 0
    assert not (repository / "hook").exists()
    assert "aligned: 512M" in document.read_text()


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("plan", "--help"), ("docs", "-h"), ("--version",)])
def test_help_may_be_shown_whole_as_it_is_printed(run: Run, repository: Path, words: tuple[str, ...]) -> None:
    document = repository / "README.md"
    document.write_text(block(" ".join(words)))
    assert run("docs", str(document)).status == 0
    shown = document.read_text().split("```console\n")[1].split("```")[0].partition("\n")[2]
    assert shown == run(*words).out


def test_help_names_all_its_options_in_a_process_that_has_shown_none(tmp_path: Path) -> None:
    """A command keeps its option for help as the first that asks for it has it."""
    document = tmp_path / "README.md"
    document.write_text(block("plan --help"))
    for words in (["docs", str(document)], ["plan", "--help"]):
        done = subprocess.run([sys.executable, "-m", "planner", *words], capture_output=True, check=True)
    assert done.stdout.decode() in document.read_text()


def test_a_request_is_not_taken_for_a_file(run: Run, repository: Path) -> None:
    """What `diff` compares on one map; several options that read."""
    document = repository / "README.md"
    document.write_text(
        block("diff 512M 512M,high --map maps/server.json")
        + block("diff 512M --map sample:altra-32g --b kernel=6.12")
        + block("compare 'crashkernel=512M root=/dev/sda1' --map maps/server.json --sizes 256M,512M")
    )
    assert run("docs", str(document)).status == 0
    assert run("docs", "--check", str(document)).status == 0
