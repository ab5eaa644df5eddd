"""Documents with marked blocks: found, brought up to date, checked; and what does not run in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from docutils.core import publish_doctree
from markdown_it import MarkdownIt

from planner.base.errors import InputError
from planner.render.docs import Output, blocks, updated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.cli.conftest import Run

PLAN = "plan 512M --map sample:altra-32g"
BEGIN, END = "<!-- crashkernel-planner {} -->", "<!-- /crashkernel-planner -->"


def block(command: str, body: str = "") -> str:
    """One marked block in Markdown."""
    return f"{BEGIN.format(command)}\n{body}{END}\n"


def echo(words: Sequence[str]) -> Output:
    """A command that prints its own words; its format is its first."""
    return Output("\n".join(words) + "\n", words[0])


# -- finding and filling ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "lines"),
    [
        pytest.param(
            "text", ["```console", "$ crashkernel-planner text `x`", "text", "`x`", "```"], id="text is fenced"
        ),
        pytest.param("markdown", ["", "markdown", "`x`", ""], id="Markdown stands as it is"),
        pytest.param("svg", ["", "svg", "`x`", ""], id="and so does a picture"),
    ],
)
def test_what_a_block_shows(form: str, lines: list[str]) -> None:
    """Between the marks, which stay."""
    new, count, stale = updated(block(f"{form} `x`"), "x.md", echo)
    assert new.splitlines() == [BEGIN.format(f"{form} `x`"), *lines, END]
    assert (count, stale) == (1, 1)
    assert updated(new, "x.md", echo) == (new, 1, 0)


def test_rest_of_the_document_stays_as_it_is() -> None:
    """Line ends too."""
    text = f"# A\r\n\r\n{block('text').replace(chr(10), chr(13) + chr(10))}after  \r\nlast"
    new, _, _ = updated(text, "x.md", echo)
    assert new.startswith("# A\r\n\r\n<!--")
    assert new.endswith("-->\r\nafter  \r\nlast")
    assert "\n" not in new.replace("\r\n", "")


def test_marks_in_a_fence_are_text() -> None:
    """A document may explain them."""
    assert blocks(f"````\n```\n{block('text')}```\n````\n", "x.md") == []
    assert len(blocks(f"```\n{block('a')}```\n{block('text')}", "x.md")) == 1


def test_a_fence_is_longer_than_any_in_the_output() -> None:
    """The output cannot end its own block."""
    new, _, _ = updated(block("text ````"), "x.md", echo)
    fences = [token for token in MarkdownIt("commonmark").parse(new) if token.type == "fence"]
    assert [fence.content for fence in fences] == ["$ crashkernel-planner text ````\ntext\n````\n"]


def test_a_page_shows_text_as_text() -> None:
    """Nothing of the output is markup there."""
    new, _, _ = updated(block("text '<b>&'"), "x.HTML", echo)
    assert new.splitlines()[1:-1] == [
        "<pre>$ crashkernel-planner text &#x27;&lt;b&gt;&amp;&#x27;",
        "text",
        "&lt;b&gt;&amp;",
        "</pre>",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(f"x\n{BEGIN.format('a')}\n", "x.md:2:1: this block has no end; ", id="no end"),
        pytest.param(f"x\n\n{END}\n", "x.md:3:1: a block ends that was not begun; ", id="no begin"),
        pytest.param(
            f"{BEGIN.format('a')}\n{block('b')}", "x.md:2:1: the block of line 1 has no end yet; ", id="one in another"
        ),
        pytest.param(block("plan '1G"), 'x.md:1:1: "plan \'1G": no closing quotation; ', id="a quotation without end"),
    ],
)
def test_a_broken_document_is_refused_by_line(text: str, message: str) -> None:
    """Where, and what."""
    with pytest.raises(InputError) as caught:
        updated(text, "x.md", echo)
    assert str(caught.value).startswith(message)


# -- the command -----------------------------------------------------------------------------------------------


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


def test_a_number_that_went_stale_is_found(run: Run, tmp_path: Path) -> None:
    """One digit is enough."""
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


def test_paths_are_relative_to_the_document(run: Run, tmp_path: Path, server: str) -> None:
    """Wherever the command is started."""
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
        pytest.param("plan 512M", "--map: without it the command asks this machine", id="this machine"),
        pytest.param("plan 512M --map live", "plan: live is not the same everywhere", id="this machine by name"),
        pytest.param("plan 512M --map -", "plan: - is not the same everywhere", id="standard input"),
        pytest.param(f"{PLAN} -o /tmp/x", "--output: a command inside a document writes no files", id="a file"),
        pytest.param(
            f"{PLAN} --output=x", "--output: a command inside a document writes no files", id="by its long name"
        ),
        pytest.param("batch -", "batch: - is not the same everywhere", id="standard input as an argument"),
        pytest.param(f"{PLAN} --format html", "--format: html does not fit into a document", id="a page in a page"),
        pytest.param(
            "plan 512M --map none.txt", "none.txt: cannot be read: No such file", id="a file that is not there"
        ),
        pytest.param("sh -c true", "<command line>: no such command 'sh'", id="a shell"),
        pytest.param(
            "plan 512M --map sample:altra-32g ; rm x", "<command line>: got unexpected extra", id="a shell's ;"
        ),
    ],
)
def test_what_does_not_run_in_a_document(run: Run, tmp_path: Path, command: str, message: str) -> None:
    """One line with the block's place, status 2, and the document as it was."""
    path = tmp_path / "x.md"
    text = block(PLAN) + block(command)
    path.write_text(text)
    status, out, err = run("docs", str(path))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"error: {path}:3:1: {message}")
    assert path.read_text() == text
