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
    "m.txt": IOMEM,
    "c.txt": "CONFIG_ARM64=y\nCONFIG_ARM64_4K_PAGES=y\n",
    "l.txt": "paths\n",
    "fleet/h1.txt": IOMEM,
    "fleet/h2.json": json.dumps(MAP),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of sources, which is the current one, and links to them."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
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
        pytest.param("batch b.jsonl --summary -o b.jsonl --format json", id="a summary"),
        pytest.param("batch --files fleet 512M -o fleet/h1.txt", id="a source in a folder"),
        pytest.param("batch --files-from l.txt 512M -o l.txt", id="a list of sources"),
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
        pytest.param("schema -o m.json", id="a command that reads nothing"),
    ],
)
def test_other_files_are_written(run: Run, place: Path, words: str) -> None:
    """Twice: an earlier result is replaced."""
    del place
    assert run(*words.split()).status == 0
    assert run(*words.split()).status == 0


def test_a_file_on_standard_input_counts(run: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (place / "m.json").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert run("plan", "512M", "--map", "-", "-o", "m.json").status == 2
