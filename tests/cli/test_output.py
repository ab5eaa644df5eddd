"""Where results go: standard output, or a file that is whole or not there."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import planner
from planner.cli import output
from planner.cli.failures import OutputError

if TYPE_CHECKING:
    from tests.cli.conftest import Run

FULL = Path("/dev/full")
ROOT = str(Path(planner.__file__).parent.parent)
PROGRAM = [sys.executable, "-m", "planner"]


class Terminal(io.TextIOWrapper):
    """A standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_results_and_only_results_go_to_standard_output(run: Run, server: str) -> None:
    """A plan prints nothing on standard error."""
    status, out, err = run("plan", "512M", "--map", server)
    assert (status, err) == (0, "")
    assert out.startswith("aligned: ")


def test_a_file_gets_the_bytes_and_standard_output_nothing(run: Run, server: str, tmp_path: Path) -> None:
    """Nothing else is left in the folder."""
    folder = tmp_path / "out"
    folder.mkdir()
    for fmt in ("text", "json", "markdown"):
        printed = run("plan", "512M", "--map", server, "--format", fmt)
        target = folder / f"plan.{fmt}"
        assert run("plan", "512M", "--map", server, "--format", fmt, "-o", str(target)) == (0, "", "")
        assert target.read_bytes().decode() == printed.out
    assert len(list(folder.iterdir())) == 3


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    """Through a link, keeping its permissions; the old content stays readable to who has it open."""
    target, link = tmp_path / "plan.txt", tmp_path / "link.txt"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    with target.open() as reader:
        output.emit("new", str(link))
        assert reader.read() == "old"
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_failure_leaves_only_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full before the last byte is down."""
    target = tmp_path / "plan.txt"
    target.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="no space left on device; free some space, or write elsewhere"):
        output.emit("new", str(target))
    assert [path.name for path in tmp_path.iterdir()] == ["plan.txt"]
    assert target.read_text() == "old"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param("{}/none/plan.txt", "no such file or directory; create its folder first", id="no folder"),
        pytest.param("{}", "is a directory; name a file in it", id="a folder"),
        pytest.param("{}/plan\0", "the name holds a NUL; choose another name", id="no file name at all"),
        pytest.param("{}/" + "n" * 300, "file name too long; choose a shorter name", id="too long a name"),
    ],
)
def test_a_place_that_cannot_be_written_is_one_line_that_says_what_to_do(path: str, line: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        output.emit("new", path.format(tmp_path))
    assert str(caught.value).endswith(f": {line}")
    assert list(tmp_path.iterdir()) == []


def test_no_file_name_at_all_is_reported_as_the_option() -> None:
    """There is no name to begin the line with."""
    with pytest.raises(OutputError, match=r"^--output: is empty; name a file"):
        output.emit("new", "")


def test_a_device_is_written_to_and_not_replaced() -> None:
    """`-o /dev/null` is not the end of /dev/null."""
    output.emit("new", os.devnull)
    assert not Path(os.devnull).is_file()


def _program(script: str, *args: str, folder: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """A bash script in which `"$@"` is the program with these arguments."""
    command = ["bash", "-c", script, "bash", *PROGRAM, *args]
    environment = {**os.environ, "PYTHONPATH": ROOT}
    return subprocess.run(command, capture_output=True, check=False, cwd=folder, env=environment)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
@pytest.mark.parametrize(
    "script",
    [
        pytest.param('"$@" -o /dev/stdout', id="standard output is a pipe"),
        pytest.param('"$@" -o /dev/stdout > out; cat out', id="or a file"),
        pytest.param(
            'echo first > out; "$@" -o /dev/stdout >> out; echo last >> out; cat out', id="that has more in it"
        ),
        pytest.param('{ echo first; "$@" -o /dev/stdout; echo last; } > out; cat out', id="or gets more"),
        pytest.param('{ "$@" -o >(cat >&3); } 3>&1 | cat', id="another process"),
        pytest.param('mkfifo pipe; cat pipe & "$@" -o pipe; wait', id="a named pipe"),
        pytest.param('exec 7<> gone; rm gone; "$@" -o /dev/fd/7; cat /dev/fd/7', id="a file without a name"),
    ],
)
@pytest.mark.parametrize("command", ["plan 512M --map server.json", "batch fleet.jsonl"])
def test_pipes_and_devices_are_written_to_in_place(
    run: Run, monkeypatch: pytest.MonkeyPatch, script: str, command: str, server: str
) -> None:
    """The bytes are those of standard output; what stands before and after them stays."""
    folder = Path(server).parent
    record = {"id": 1, "map": json.loads(Path(server).read_text()), "crashkernel": "512M"}
    (folder / "fleet.jsonl").write_text(json.dumps(record) + "\n")
    monkeypatch.chdir(folder)
    plain = run(*command.split())
    done = _program(script, *command.split(), folder=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    around = (b"first\n", b"last\n") if "first" in script else (b"", b"")
    assert plain.status == 0
    assert done.stdout == around[0] + plain.out.encode() + around[1]
    assert {path.name for path in folder.iterdir()} <= {"server.json", "fleet.jsonl", "out", "pipe"}


@pytest.mark.parametrize(
    "args",
    [
        pytest.param("plan 512M --map -", id="a map"),
        pytest.param("plan 512M --map {} --log -", id="a log"),
        pytest.param("plan 512M --map {} --config -", id="a configuration"),
        pytest.param("verify -", id="verify"),
        pytest.param("diff - {} 512M", id="one side of a difference"),
        pytest.param("bbm --procedure -", id="a procedure"),
        pytest.param("batch --files-from -", id="a list of files"),
        pytest.param("batch -", id="records"),
    ],
)
def test_a_closed_standard_input_is_one_line(args: str, server: str) -> None:
    """A shell closes it for `<&-`: there is nothing to read."""
    done = _program('"$@" <&-', *args.format(server).split())
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"error: <stdin>: it is closed; name a file")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
@pytest.mark.parametrize("where", ["stdout", "file"])
def test_a_full_disk_is_one_line(where: str, server: str) -> None:
    """Status 2, whether the shell opened the file or we did."""
    args = [*PROGRAM, "plan", "512M", "--map", server]
    with FULL.open("wb") as full:
        done = subprocess.run(
            [*args, "-o", str(FULL)] if where == "file" else args,
            stdout=subprocess.PIPE if where == "file" else full,
            stderr=subprocess.PIPE,
            check=False,
        )
    name = str(FULL) if where == "file" else "<stdout>"
    assert done.stderr.decode() == f"error: {name}: no space left on device; free some space, or write elsewhere\n"
    assert done.returncode == 2


@pytest.mark.parametrize("args", ["plan 512M --map {}", "plan 512M --map {} --format json", "--help", "schema"])
def test_a_reader_that_stops_early_sees_no_traceback(args: str, server: str) -> None:
    """`| head` ends it quietly, with the status of a closed pipe."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = subprocess.run(
            [*PROGRAM, *args.format(server).split()], stdout=closed, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_closed_standard_output_is_an_error_and_no_traceback(server: str) -> None:
    """`>&-`: nobody gets the result, so it must not look like success."""
    done = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *PROGRAM, "plan", "512M", "--map", server], capture_output=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.decode().count("\n") == 1


def test_output_has_the_same_bytes_in_any_locale(server: str) -> None:
    """An ASCII locale is the hardest."""
    name = "s\u00e9rveur.json"
    folder = Path(server).parent
    Path(server).rename(folder / name)
    runs = [
        subprocess.run(
            [*PROGRAM, "plan", "512M", "--map", name],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": ROOT, "PYTHONIOENCODING": encoding, "LC_ALL": "C"},
            capture_output=True,
            check=True,
        )
        for encoding in ("ascii", "utf-8")
    ]
    assert runs[0].stdout == runs[1].stdout
    assert "s\u00e9rveur".encode() in runs[0].stdout


STRAY = b"root=/dev/\xff\xe9 caf=\xc3\xbc crashkernel=256M"
SHOWN = "root=/dev/\\xff\\xe9 caf=\u00fc"
LOG = b"""[    0.000000] Linux version 6.1.0-18-arm64 (gcc-12) #1 SMP Debian 6.1.76-1
[    0.000000] Early memory node ranges
[    0.000000]   node   0: [mem 0x0000000040000000-0x000000023fffffff]
[    0.000000] Kernel command line: %s
"""


def _stray(kind: str) -> list[str]:
    """What `plan` is called with: a command line with bytes that are no UTF-8, in a source of this kind."""
    if kind == "an argument":
        return [os.fsdecode(STRAY), "--map", "sample:altra-32g"]
    path = Path("source")
    if kind == "a boot log":
        path.write_bytes(LOG % STRAY)
    elif kind == "a journal":
        path.write_text("".join(json.dumps({"MESSAGE": list(line)}) + "\n" for line in (LOG % STRAY).splitlines()))
    elif kind == "a JSON map":
        text = STRAY.decode("utf-8", "surrogateescape")
        path.write_text(json.dumps({"memory": [{"start": "1G", "size": "8G"}], "cmdline": text}))
    else:
        (path / "proc").mkdir(parents=True)
        (path / "proc" / "iomem").write_text("40000000-23fffffff : System RAM\n")
        (path / "proc" / "cmdline").write_bytes(STRAY + b"\n")
    return ["--map", "source"]


@pytest.mark.parametrize("kind", ["an argument", "a boot log", "a journal", "a JSON map", "/proc/cmdline"])
def test_stray_bytes_of_a_command_line_are_shown_in_one_way_in_every_format(
    kind: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = _stray(kind)
    for form in ("text", "json", "markdown", "rst", "html"):
        status, out, err = run("plan", *given, "--format", form)
        assert (status in {0, 1}, err) == (True, "")
        shown = {"json": json.dumps(SHOWN)[1:-1]}.get(form, SHOWN)
        assert (shown in out, "\ufffd" in out, "\\udc" in out) == (True, False, False) or (
            form in {"markdown", "rst"} and SHOWN.replace("\\", "\\\\") in out
        )


@pytest.mark.parametrize("utf8", ["0", "1"])
@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8"])
def test_a_command_line_is_shown_alike_under_every_locale(locale: str, utf8: str) -> None:
    """Whether Python decodes it as ASCII or as UTF-8."""
    environment = {"LC_ALL": locale, "PYTHONUTF8": utf8, "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": ROOT}
    done = subprocess.run(
        [*PROGRAM, "parse", STRAY, "--ram", "8G"], env={**os.environ, **environment}, capture_output=True, check=True
    )
    assert SHOWN in done.stdout.decode()


@pytest.mark.parametrize(
    ("choice", "environment", "path", "coloured"),
    [
        pytest.param("auto", {}, None, True, id="a terminal gets colour"),
        pytest.param("auto", {"NO_COLOR": "1"}, None, False, id="unless NO_COLOR is set"),
        pytest.param("auto", {"NO_COLOR": ""}, None, True, id="an empty NO_COLOR is not set"),
        pytest.param("auto", {"TERM": "dumb"}, None, False, id="or the terminal has none"),
        pytest.param("auto", {}, "plan.txt", False, id="a file gets none"),
        pytest.param("always", {"NO_COLOR": "1"}, "plan.txt", True, id="unless it is asked for"),
        pytest.param("never", {}, None, False, id="nor where it is not wanted"),
    ],
)
def test_colour(
    choice: str,
    environment: dict[str, str],
    path: str | None,
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An explicit choice wins, then NO_COLOR, then the terminal."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", Terminal(io.BytesIO()))
    assert output.colored(choice, path) is coloured


def test_a_pipe_is_not_coloured(run: Run, server: str) -> None:
    """A terminal is, and whatever is asked to be."""
    assert "\x1b" not in run("plan", "512M", "--map", server).out
    assert "\x1b[1;32maligned" in run("plan", "512M", "--map", server, "--color", "always").out


def test_a_terminal_that_cannot_show_a_character_gets_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A traceback would be worse than an escape."""
    screen = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", Terminal(screen, encoding="ascii"))
    output.emit("\u00e9\n")
    assert screen.getvalue() == b"\\xe9\n"
