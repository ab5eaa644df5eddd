"""Every result as a document: valid for docutils, CommonMark and HTML parsers, and the same bytes every time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
from docutils import nodes
from markdown_it import MarkdownIt

from planner.base.errors import InputError
from planner.cli import cli, documents
from tests.render.formats.test_html import assert_self_contained
from tests.render.formats.test_rst import parsed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

COMMANDS = [
    "plan 512M --map sample:altra-2node-512g",
    "plan 3G --map sample:rpi4-4g",
    "compare 512M --map sample:altra-32g",
    "compare --sizes 256M,1G --map sample:thunderx-128g-64k",
    "explain 512M --map sample:altra-32g",
    "explain 1G --map sample:d05-64g-numa",
    "size --map sample:honeycomb-30g",
    "size --sweep 64M..4G --map sample:rpi4-4g",
    "fit --map sample:x13s-32g",
    "diff sample:rpi4-4g sample:rpi4-2g-zonedma 256M",
    "parse 2G-4G:256M,4G-:512M --ram 8G",
    "bbm rebuild-margins --bbm-level 1",
    "maps",
    "survey",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_restructuredtext_is_valid(run: Run, command: str) -> None:
    """docutils has nothing to say about it, and finds its tables."""
    status, out, err = run(*command.split(), "--format", "rst")
    assert (status in {0, 1}, err) == (True, "")
    assert list(parsed(out).findall(nodes.table))
    assert run(*command.split(), "--format", "rst").out == out


@pytest.mark.parametrize("command", COMMANDS)
def test_markdown_has_only_the_markup_that_we_write(run: Run, command: str) -> None:
    """Every row of a table has the cells of its head."""
    status, out, err = run(*command.split(), "--format", "markdown")
    assert (status in {0, 1}, err) == (True, "")
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(out)
    assert not {token.type for token in tokens} & {"html_block", "code_block", "blockquote_open"}
    inline = {child.type for token in tokens for child in token.children or []}
    assert inline <= {"text", "text_special", "strong_open", "strong_close"}
    assert sum(token.type == "table_open" for token in tokens) >= 1
    # Each line that looks like a row became one: none was lost in a paragraph.
    rows = sum(token.type == "tr_open" for token in tokens)
    assert rows == sum(
        line.startswith("| ") and not line.startswith("| :") and "---" not in line for line in out.splitlines()
    )
    assert run(*command.split(), "--format", "markdown").out == out


@pytest.mark.parametrize("command", COMMANDS)
def test_html_is_valid(run: Run, command: str) -> None:
    """A strict parser reads it; it loads nothing."""
    status, out, err = run(*command.split(), "--format", "html")
    assert (status in {0, 1}, err) == (True, "")
    assert_self_contained(out)
    assert run(*command.split(), "--format", "html").out == out


def test_a_free_text_in_a_document_is_admitted_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It might name a file: a parameter that is not in the list is unknown there."""
    words = ["plan", "512M", "--map", "sample:altra-32g"]
    assert documents.run_shown(tmp_path, words).form == "text"
    monkeypatch.setattr(documents, "_FREE_TEXTS", ())
    with pytest.raises(InputError, match="unexpected extra argument"):
        documents.run_shown(tmp_path, words)


def test_each_name_in_that_list_is_a_free_text_of_a_command() -> None:
    root = click.Context(cli)
    params = [one for name in documents._COMMANDS for one in cli.get_command(root, name).params]  # type: ignore[union-attr]
    assert set(documents._FREE_TEXTS) == {one.name for one in params if isinstance(one.type, type(click.STRING))}
