"""The Sphinx directive: a tiny project is built, as anyone would build it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import planner
from planner.render.blocks.compare import blocks as compare_blocks
from planner.render.blocks.model import Table
from planner.render.blocks.plan import blocks
from tests.cli.conftest import SERVER

pytest.importorskip("sphinx")

INDEX = """\
A machine
=========

.. crashkernel-plan:: 512M
   :map: server.json
   :format: table

.. crashkernel-plan:: 512M
   :map: server.json
   :format: text
   :strategy: pud-aligned-trimmed

.. crashkernel-plan:: 256M
   :map: sample:rpi4-4g

.. crashkernel-explain:: 512M
   :map: server.json

.. crashkernel-compare:: 512M
   :map: server.json
   :aim: fast

.. crashkernel-fit:: 512M
   :map: server.json

.. crashkernel-sweep:: 128M..8G
   :map: server.json
"""


def build(folder: Path, index: str, builder: str = "html") -> subprocess.CompletedProcess[str]:
    """A project of one document; a warning is an error."""
    source = folder / "source"
    source.mkdir(exist_ok=True)
    (source / "conf.py").write_text('extensions = ["planner.sphinx"]\n', encoding="utf-8")
    document = source / "index.rst"
    if not document.exists():
        document.write_text(index, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", builder, str(source), str(folder / "out")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(planner.__file__).parent.parent)},
    )


def test_a_document_shows_the_plan_of_today(tmp_path: Path) -> None:
    """Tables, text and a picture; a changed map is a changed page, without touching the document."""
    (tmp_path / "source").mkdir()
    server = tmp_path / "source" / "server.json"
    server.write_text(json.dumps(SERVER), encoding="utf-8")
    done = build(tmp_path, INDEX)
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "<strong>aligned</strong>: 512M at 0x" in page
    assert "pud-aligned-trimmed" in page
    assert page.count('<svg xmlns="http://www.w3.org/2000/svg"') == 5
    ids = re.findall(r' id="(ckp[^"]*)"', page)
    assert len(ids) == len(set(ids)) >= 10
    assert "Machine     server.json" in page
    server.write_text(json.dumps({**SERVER, "memory": [{"start": "2G", "size": "1G"}]}), encoding="utf-8")
    done = build(tmp_path, INDEX)
    assert (done.returncode, done.stderr) == (0, "")
    again = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "1G of RAM in 1 region" in again
    assert "1G of RAM in 1 region" not in page


def test_a_table_as_text_is_as_wide_as_what_it_holds(tmp_path: Path) -> None:
    """No cell is broken."""
    options = "   :map: sample:altra-32g\n   :page-size: 64K\n   :format: table\n"
    done = build(tmp_path, f"A\n=\n\n.. crashkernel-plan:: 512M\n{options}", "text")
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "out" / "index.txt").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in page.splitlines() if " | " in line]
    made = planner.plan("sample:altra-32g", "512M", page_size="64K")
    table = next(block for block in blocks(made) if isinstance(block, Table))
    assert [list(table.head), *(list(row) for row in table.rows)] == rows[: len(table.rows) + 1]


WRONG = {
    ".. crashkernel-plan:: 512M\n": "crashkernel-plan needs :map:, a file or sample:NAME",
    ".. crashkernel-plan:: 512M\n   :map: live\n": "crashkernel-plan cannot use live",
    ".. crashkernel-plan:: 512M\n   :map: ../above.json\n": "../above.json lies outside the document's folder",
    ".. crashkernel-plan:: 512M\n   :map: link.json\n": "link.json lies outside the document's folder: name a file",
    ".. crashkernel-plan:: 512M\n   :map: pipe\n": "pipe is not a regular file: name a file",
    ".. crashkernel-plan:: 512M\n   :map: none.json\n": "none.json: cannot be read",
    ".. crashkernel-plan:: 512M\n   :map: sample:rpi4-4g\n   :page-size: 4KB\n": "page_size: '4KB' is no page size",
}


def test_what_cannot_be_planned_is_an_error_of_the_document(tmp_path: Path) -> None:
    """Each with its line; the build fails. Nothing is read but files below the source folder."""
    (tmp_path / "above.json").write_text(json.dumps(SERVER), encoding="utf-8")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "link.json").symlink_to("../above.json")
    os.mkfifo(tmp_path / "source" / "pipe")
    done = build(tmp_path, "A\n=\n\n" + "\n".join(WRONG))
    assert done.returncode == 1
    line = 4
    for directive, message in WRONG.items():
        told = [text for text in done.stderr.splitlines() if f"index.rst:{line}:" in text]
        assert told, (line, done.stderr)
        assert message in done.stderr
        line += directive.count("\n") + 1


def test_nothing_is_lost_on_paper(tmp_path: Path) -> None:
    """LaTeX is not installed here, so its input is looked at: columns that wrap, and every row in it."""
    done = build(
        tmp_path,
        "A\n=\n\n.. crashkernel-plan:: 512M\n   :map: sample:altra-32g\n\n"
        ".. crashkernel-compare:: 512M\n   :map: sample:altra-32g\n",
        "latex",
    )
    assert (done.returncode, done.stderr) == (0, "")
    tex = next((tmp_path / "out").glob("*.tex")).read_text(encoding="utf-8").replace("\\sphinxhyphen{}", "-")
    made = planner.plan("sample:altra-32g", "512M")
    columns = [line for line in tex.splitlines() if line.startswith(("\\begin{tabulary}", "\\begin{tabular}"))]
    compared = planner.compare("sample:altra-32g", "512M")
    told = [*blocks(made, wide=True), *compare_blocks(compared)]
    assert len(columns) == len([b for b in told if isinstance(b, Table) and b.rows])
    assert all("tabulary" in line and set(line.rpartition("{")[2].strip("|}")) <= set("TLRC|") for line in columns)
    for part in ("0x00000000b5400000", "TLB entries", *[row.strategy for row in compared.rows]):
        assert part in tex
