"""The Sphinx directive: a tiny project is built, as anyone would build it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import planner
from planner.render.blocks.compare import blocks as compare_blocks
from planner.render.blocks.model import Table
from planner.render.blocks.plan import blocks
from planner.sphinx import DIRECTIVES
from tests.cli.conftest import SERVER

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
"""

EVERY = """\
Everything
==========

.. crashkernel-plan:: 512M
   :map: server.json
   :page-size: 4K
   :no-kfence:
   :steps:

.. crashkernel-explain:: 512M
   :map: sample:altra-32g
   :any-image:
   :image-size: 40M

.. crashkernel-compare:: 512M
   :map: sample:honeycomb-30g
   :sizes: 256M,512M
   :aim: fast

.. crashkernel-fit:: ,high
   :map: sample:altra-32g
   :keep-low: 256M

.. crashkernel-sweep:: 128M..8G
   :map: server.json
   :step: 512M

.. crashkernel-survey::

.. crashkernel-survey::
   :map: server.json sample:rpi4-4g
   :request: 512M 1G,high
   :sort: -low_free

.. crashkernel-size:: 512M
   :map: sample:sa8775p-36g
   :aim: protected
   :sure: 90%

.. crashkernel-presets::
   :map: sample:sa8775p-36g

.. crashkernel-give-back:: 256M
   :map: sample:rpi4-4g
   :crashkernel: 512M

.. crashkernel-verify::
   :map: sample:sa8775p-36g

.. crashkernel-diff:: 512M 1G
   :map: sample:altra-32g
   :b: kernel=6.12 prefer-aligned

.. crashkernel-diff:: 512M
   :map: sample:altra-32g
   :map-b: sample:rpi4-4g

.. crashkernel-default::
   :map: sample:sa8775p-36g sample:altra-32g
   :need: 512M

.. crashkernel-need::
   :map: sample:sa8775p-36g
   :initrd-size: 60M
   :rootfs-limit: 70%
   :cpus: 2

.. crashkernel-parse:: 2G-4G:256M,4G-:512M
   :ram: 8G
   :kernel: 6.6

.. crashkernel-bbm:: pud-aligned switch-table
   :bbm-level: 0

.. crashkernel-kernels:: 6.6 rhel9

.. crashkernel-kernels::

.. crashkernel-maps::

.. crashkernel-batch:: fleet.jsonl
   :what-if: kernel=6.12
"""
"""Every directive, with options of its own."""

SAID = [
    "Crash kernel memory on server.json",
    "Outcome by position of the kernel image",
    "Strategies for 512M, with sizes 256M, 512M on sample:honeycomb-30g",
    "Outcome by size on sample:altra-32g",
    "Sizes from 128M to 8G on server.json",
    "Each candidate on each machine",
    "crashkernel=",
    "distribution defaults",
    "stays reserved",
    "agreed",
    "Differences",
    "serves 2 of 2 machines",
    "margin",
    "accepted",
    "Procedures and what makes them safe",
    "Bundled maps",
    "By outcome",
]
"""What a page with all of them says, one text for each."""


def build(folder: Path, index: str, builder: str = "html") -> subprocess.CompletedProcess[str]:
    """A project of one document; a warning is an error."""
    source = folder / "source"
    source.mkdir(exist_ok=True)
    (source / "conf.py").write_text('extensions = ["planner.sphinx"]\n', encoding="utf-8")
    (source / "server.json").exists() or (source / "server.json").write_text(json.dumps(SERVER), encoding="utf-8")
    record = json.dumps({"id": "a", "map": SERVER, "crashkernel": "512M"})
    (source / "fleet.jsonl").write_text(f"{record}\n", encoding="utf-8")
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
    assert page.count('<svg xmlns="http://www.w3.org/2000/svg"') == 1
    assert "Machine     server.json" in page
    server.write_text(json.dumps({**SERVER, "memory": [{"start": "2G", "size": "1G"}]}), encoding="utf-8")
    done = build(tmp_path, INDEX)
    assert (done.returncode, done.stderr) == (0, "")
    again = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "1G of RAM in 1 region" in again
    assert "1G of RAM in 1 region" not in page


def test_every_directive_with_options_of_its_own(tmp_path: Path) -> None:
    """A picture by default where there is one, all ids different; every directive is in the document."""
    assert set(re.findall(r"^\.\. (\S+)::", EVERY, re.MULTILINE)) == set(DIRECTIVES)
    done = build(tmp_path, EVERY)
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    for text in SAID:
        assert text in page, text
    assert page.count('<svg xmlns="http://www.w3.org/2000/svg"') == 7
    assert len(re.findall(r'<div style="overflow-x:auto"><svg [^>]* style="max-width:100%;[^>]*>', page)) == 7
    ids = re.findall(r' id="(ckp[^"]*)"', page)
    assert len(ids) == len(set(ids)) >= 14


@pytest.mark.skipif(shutil.which("pdftotext") is None or shutil.which("latexmk") is None, reason="needs LaTeX, poppler")
@pytest.mark.skipif("CRASHKERNEL_WHOLE" not in os.environ, reason="takes long; CRASHKERNEL_WHOLE=1 runs it")
def test_nothing_is_lost_in_a_pdf(tmp_path: Path) -> None:
    """Every strategy's name stands in its text, and every table's last column is on the paper."""
    done = build(tmp_path, EVERY, "latex")
    assert (done.returncode, done.stderr) == (0, "")
    made = subprocess.run(
        ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error"],
        cwd=tmp_path / "out",
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert made.returncode == 0, made.stdout[-2000:]
    pdf = next((tmp_path / "out").glob("*.pdf"))
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    for row in planner.compare("sample:honeycomb-30g", "512M").rows:
        assert row.strategy in text.replace("-\n", "-")
    log = next((tmp_path / "out").glob("*.log")).read_text(encoding="utf-8", errors="replace")
    wide = [float(points) for points in re.findall(r"Overfull \\hbox \((\d+\.\d+)pt too wide\)", log)]
    assert all(points < 72 for points in wide), sorted(wide)[-5:]  # the margin of the paper
    assert not re.findall(r"Overfull \\vbox \((\d{2,}\.\d+)pt too high\)", log)


def test_a_table_as_text_is_wide_enough_to_break_no_cell(tmp_path: Path) -> None:
    options = "   :map: sample:altra-32g\n   :page-size: 64K\n   :format: table\n"
    done = build(tmp_path, f"A\n=\n\n.. crashkernel-plan:: 512M\n{options}", "text")
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "out" / "index.txt").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.count(" | ") > 1]  # a memory bar has one at most
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
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
    ".. crashkernel-plan:: 512M\n   :map: sample:rpi4-4g\n   :page-size: 4KB\n": "page_size: '4KB' is not",
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
    columns = [
        line
        for line in tex.splitlines()
        if line.startswith(("\\begin{tabulary}", "\\begin{tabular}", "\\begin{longtable}"))
    ]
    compared = planner.compare("sample:altra-32g", "512M")
    told = [*blocks(made, wide=True), *compare_blocks(compared)]
    assert len(columns) == len([b for b in told if isinstance(b, Table) and b.rows])
    wraps = re.compile(r"\\begin\{tabulary\}\{\\linewidth\}\[t\]\{[|TLRC]+\}|.*\{(\\X\{\d+\}\{\d+\})+\}")
    assert all(wraps.fullmatch(line) for line in columns), columns
    for part in ("0x00000000b5400000", "TLB entries", *[row.strategy for row in compared.rows]):
        assert part in tex
