"""`verify`: statuses, several machines, formats, and what belongs to one machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

HEAD = "Linux version 6.1.0-18-arm64\nKernel command line: crashkernel=512M\nEarly memory node ranges\n"
RANGES = "  node   0: [mem 0x0000000040000000-0x000000023fffffff]\n"
RIGHT = "crashkernel reserved: 0x00000000e0000000 - 0x0000000100000000 (512 MB)\n"
WRONG = "crashkernel reserved: 0x00000000e0100000 - 0x0000000100100000 (512 MB)\n"


@pytest.fixture
def logs(tmp_path: Path) -> dict[str, str]:
    """Logs that agree, disagree, and lack something."""
    texts = {
        "right": HEAD + RANGES + RIGHT,
        "wrong": HEAD + RANGES + WRONG,
        "part": HEAD + RIGHT,
        "none": HEAD + RANGES,
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.log").write_text(text)
    return {name: str(tmp_path / f"{name}.log") for name in texts}


@pytest.mark.parametrize(
    ("given", "status", "word"),
    [
        pytest.param(["right"], 0, "agreed:", id="agreed"),
        pytest.param(["wrong"], 1, "disagreed:", id="disagreed"),
        pytest.param(["part"], 2, "not checkable:", id="no memory map"),
        pytest.param(["none"], 2, "not checkable:", id="no record"),
        pytest.param(["right", "wrong"], 1, "2 sources: 1 agreed, 1 disagreed, 0 not checkable", id="any disagrees"),
        pytest.param(["right", "part"], 0, "2 sources: 1 agreed, 0 disagreed, 1 not checkable", id="one checkable"),
        pytest.param(["part", "none"], 2, "2 sources: 0 agreed, 0 disagreed, 2 not checkable", id="none checkable"),
    ],
)
def test_status_and_answer(run: Run, logs: dict[str, str], given: list[str], status: int, word: str) -> None:
    """1 if any disagrees, else 2 if none could be checked, else 0."""
    result = run("verify", *(logs[name] for name in given))
    assert result.status == status
    assert word in result.out
    assert result.err == ""


def test_a_map_and_its_log_are_one_machine(run: Run, logs: dict[str, str], tmp_path: Path) -> None:
    """What the log lacks the listing has."""
    listing = tmp_path / "iomem"
    listing.write_text("40000000-23fffffff : System RAM\n  e0000000-ffffffff : Crash kernel\n")
    assert run("verify", "--map", str(listing), "--log", logs["part"]).status == 0
    assert run("verify", str(listing), "--log", logs["part"]).status == 0


def test_one_that_cannot_be_read_is_not_checkable_among_several(run: Run, logs: dict[str, str]) -> None:
    """Given alone, it is an error."""
    several = run("verify", logs["right"], "/nowhere")
    assert several.status == 0
    assert "1 not checkable" in several.out
    alone = run("verify", "/nowhere")
    assert alone.status == 2
    assert alone.err.startswith("error: /nowhere: ")


def test_a_log_is_refused_beside_several_machines(run: Run, logs: dict[str, str]) -> None:
    result = run("verify", logs["right"], logs["wrong"], "--log", logs["part"])
    assert result.status == 2
    assert "belong to one machine" in result.err


@pytest.mark.parametrize("value", ["512M", "1G,high", "2G-4G:256M,4G-:512M", "512M@0x80000000", "crashkernel=1G"])
def test_a_value_among_the_sources_is_refused(run: Run, logs: dict[str, str], value: str) -> None:
    line = f"error: SOURCE: {value!r} is not a file; give a value with --crashkernel {value}\n"
    assert run("verify", logs["right"], value) == (2, "", line)


def test_page_tables_are_compared(run: Run, logs: dict[str, str], tmp_path: Path) -> None:
    """A dump with a block where the kernel has base pages: that may be the image, whose place is not known."""
    dump = tmp_path / "dump"
    dump.write_text(
        "---[ Linear Mapping start ]---\n"
        "0xffff000000000000-0xffff000040000000  1G PUD  RW NX SHD AF BLK UXN MEM/NORMAL\n"
        "0xffff000040000000-0xffff000200000000  7G PTE  RW NX SHD AF     UXN MEM/NORMAL\n"
        "---[ Linear Mapping end ]---\n"
    )
    result = run("verify", logs["right"], "--page-tables", str(dump), "--format", "json")
    document = json.loads(result.out)
    checks = {check["what"]: check["outcome"] for check in document["sources"][0]["checks"]}
    assert checks == {"placement": "agreed", "granularity": "not checkable"}
    assert document["counts"] == {"agreed": 1, "disagreed": 0, "not_checkable": 0}
    assert result.status == 0


def test_markdown_has_the_words_and_both_columns_of_the_text(run: Run, logs: dict[str, str]) -> None:
    out = run("verify", logs["right"], "--format", "markdown").out
    assert out.startswith("**agreed**")
    assert "recorded" in out
    assert "planned" in out
