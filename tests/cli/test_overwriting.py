"""`-o` that names an input is refused before anything is written, whatever the spelling."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Run

IOMEM = "40000000-13fffffff : System RAM\n  40210000-4220ffff : Kernel code\n  42300000-423fffff : reserved\n"
MAP = {"memory": [{"start": "2G", "size": "4G"}], "kernel": "6.1", "page_size": "4K"}
FILES = {
    "m.json": json.dumps(MAP),
    "b.jsonl": json.dumps({"map": MAP, "crashkernel": "512M"}) + "\n",
    "b.jsonl.partial": json.dumps({"map": MAP, "crashkernel": "512M"}) + "\n",
    "b.jsonl.partial.input": IOMEM,
    "m.txt": IOMEM,
    "c.txt": "CONFIG_ARM64=y\nCONFIG_ARM64_4K_PAGES=y\n",
    "l.txt": "paths\n",
    "fleet/h1.txt": IOMEM,
    "fleet/h2.json": json.dumps(MAP),
    "list.txt": "m.txt\n\nfleet\nsos\nlisted.partial\n",
    "listed.partial": IOMEM,
    "sos/proc/iomem": IOMEM,
    "sos/proc/version": "Linux version 6.1.0 (gcc) #1 SMP\n",
    "sos/sos_commands/kernel/getconf_PAGESIZE": "4096\n",
    "sos/sos_commands/memory/free": "total\n",
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of sources, which is the current one, and links to them."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "link.json").symlink_to("m.json")
    (tmp_path / "hard.json").hardlink_to(tmp_path / "m.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("plan 512M --map m.json -o m.json", id="plan"),
        pytest.param("plan 512M --map m.json -o ./fleet/../m.json", id="another spelling"),
        pytest.param("plan 512M --map m.json -o link.json", id="a link to it"),
        pytest.param("plan 512M --map link.json -o m.json", id="the input is a link"),
        pytest.param("plan 512M --map link.json -o hard.json", id="a hard link"),
        pytest.param("explain 512M --map m.txt --map m.json -o m.json", id="one of several"),
        pytest.param("fit --map m.txt --log l.txt -o l.txt", id="a log"),
        pytest.param("compare 512M --map m.txt --config c.txt -o c.txt", id="a configuration"),
        pytest.param("diff m.txt m.json 512M -o m.txt", id="a side"),
        pytest.param("verify m.json -o m.json", id="an argument"),
        pytest.param("verify m.json --meminfo m.txt -o m.txt", id="page tables"),
        pytest.param("batch b.jsonl -o b.jsonl", id="batch"),
        pytest.param("batch b.jsonl.partial -o b.jsonl", id="where batch writes first"),
        pytest.param("batch --files b.jsonl.partial.input 512M -o b.jsonl", id="where it notes what it has read"),
        pytest.param("batch --files-from list.txt 512M -o listed", id="where batch writes first, in a list"),
        pytest.param("batch b.jsonl --summary -o b.jsonl --format json", id="a summary"),
        pytest.param("batch --files fleet 512M -o fleet/h1.txt", id="a source in a folder"),
        pytest.param("batch --files-from l.txt 512M -o l.txt", id="a list of sources"),
        pytest.param("batch --files-from list.txt 512M -o m.txt", id="a source in a list"),
        pytest.param("batch --files-from list.txt 512M -o fleet/h1.txt", id="a source in a folder in a list"),
        pytest.param("batch --files-from list.txt 512M --summary -o m.txt", id="a summary of a list"),
        pytest.param("batch --files-from list.txt 512M --resume -o m.txt", id="resuming"),
        pytest.param("batch --files-from list.txt 512M -o sos/sos_commands/memory/free", id="a report in a list"),
        pytest.param("plan 512M --map sos -o sos/proc/iomem", id="a file of a report"),
        pytest.param("plan 512M --map sos -o sos/sos_commands/memory/free", id="one of a report that is not read"),
        pytest.param("plan 512M --map sos/proc/.. -o sos/proc/version", id="a report, another spelling"),
        pytest.param("survey --map fleet --map m.txt -o m.txt", id="survey"),
        pytest.param("default --map fleet -o fleet/h2.json", id="default"),
        pytest.param("need --initrd m.txt -o m.txt", id="an initrd"),
    ],
)
def test_an_input_is_not_overwritten(run: Run, place: Path, words: str) -> None:
    status, out, err = run(*words.split())
    assert (status, out) == (2, "")
    assert err.startswith("error: --output: ")
    assert err.endswith(" is one of the inputs; name another file\n")
    assert {name: (place / name).read_text() for name in FILES} == FILES


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("plan 512M --map m.txt -o m.json", id="a file that is not read"),
        pytest.param("plan 512M --map m.txt -o new.json", id="a new file"),
        pytest.param("plan 512M --map sample:altra-32g -o sample:altra-32g --format json", id="a sample's name"),
        pytest.param("plan 512M --map m.json -o /dev/null --format json", id="a device"),
        pytest.param("batch b.jsonl -o fleet/b.jsonl", id="batch"),
        pytest.param("survey --map fleet --request 512M -o fleet/survey.svg", id="a result in the folder"),
        pytest.param("batch --files-from list.txt 512M -o fleet/b.jsonl", id="a list"),
        pytest.param("batch --files-from list.txt 512M --resume -o fleet/b.jsonl", id="a list, resumed"),
        pytest.param("batch --files fleet 512M --resume -o fleet/b.jsonl", id="a folder, resumed"),
        pytest.param("batch --files fleet 512M -o fleet/b.json", id="a result named like a map"),
        pytest.param("batch --files fleet 512M -o fleet/b.txt", id="a result named like a text"),
        pytest.param("batch --files . 512M -o l.txt", id="a file that is no source, beside a report in the folder"),
        pytest.param("plan 512M --map sos -o /dev/null", id="a report to a device"),
        pytest.param("plan 512M --map sos -o /dev/stdout", id="a report to standard output"),
        pytest.param("batch --files-from list.txt 512M -o /dev/stdout", id="a list to standard output"),
        pytest.param("schema -o m.json", id="a command that reads nothing"),
    ],
)
def test_files_that_the_command_does_not_read_are_written_and_replaced(run: Run, place: Path, words: str) -> None:
    del place
    assert run(*words.split()).status == 0
    assert run(*words.split()).status == 0


def test_a_file_on_standard_input_counts(run: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (place / "m.json").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert run("plan", "512M", "--map", "-", "-o", "m.json").status == 2


def test_a_list_on_standard_input_counts(run: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (place / "list.txt").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        status, out, err = run("batch", "--files-from", "-", "512M", "-o", "m.txt")
    assert (status, out) == (2, "")
    assert err == "error: --output: m.txt is one of the inputs; name another file\n"
    assert (place / "m.txt").read_text() == IOMEM


def test_a_new_file_in_a_report(run: Run, place: Path) -> None:
    """It is not one of the report's."""
    assert run("plan", "512M", "--map", "sos", "-o", "sos/plan.json").status == 0
    assert json.loads((place / "sos/plan.json").read_text())


def test_standard_output_may_be_a_file_in_a_report(run: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell has made it there, before anything is read."""
    with (place / "sos/plan.txt").open("w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        assert run("plan", "512M", "--map", "sos", "-o", "sos/plan.txt").status == 0
    assert "512M" in (place / "sos/plan.txt").read_text()


@pytest.mark.parametrize("files", [("--files", "fleet"), ("--files-from", "list.txt")], ids=["a folder", "a list"])
@pytest.mark.parametrize("ending", ["jsonl", "ndjson", "json", "txt"])
def test_a_partial_result_in_a_folder_that_is_read_is_resumed(
    run: Run, place: Path, files: tuple[str, str], ending: str
) -> None:
    words = ("batch", *files, "512M", "-o", f"fleet/out.{ending}")
    assert run(*words).status == 0
    out, partial = place / f"fleet/out.{ending}", place / f"fleet/out.{ending}.partial"
    whole = out.read_bytes()
    partial.write_bytes(b"".join(whole.splitlines(keepends=True)[:1]))
    assert run(*words, "--resume").status == 0
    assert out.read_bytes() == whole
    assert not partial.exists()
    assert run(*words, "--resume").err == f"fleet/out.{ending} is complete\n"
