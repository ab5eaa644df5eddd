"""Marked blocks of a document: found, refused by line, brought up to date."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from markdown_it import MarkdownIt

from planner.base.errors import InputError
from planner.render.docs import Output, blocks, updated

BEGIN, END = "<!-- crashkernel-planner {} -->", "<!-- /crashkernel-planner -->"


def block(command: str, body: str = "") -> str:
    """One marked block in Markdown."""
    return f"{BEGIN.format(command)}\n{body}{END}\n"


def echo(words: Sequence[str]) -> Output:
    """A command that prints its own words; its format is its first."""
    return Output("\n".join(words) + "\n", words[0])


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


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_an_output_takes_the_line_ends_of_its_mark(end: str) -> None:
    """It counts as up to date whatever its own line ends are."""
    new, _, stale = updated(block("text a").replace("\n", end), "x.md", echo)
    assert stale == 1
    assert (
        new.replace(end, "\n")
        == f"{BEGIN.format('text a')}\n```console\n$ crashkernel-planner text a\ntext\na\n```\n{END}\n"
    )
    assert updated(new, "x.md", echo) == (new, 1, 0)


def test_blocks_below_a_heading_that_looks_like_a_fence() -> None:
    """reStructuredText has no fences; its comments alone are marks there."""
    rst = "Title\n~~~~~\n\n.. crashkernel-planner a\n\n.. /crashkernel-planner\n"
    for name in ("x.rst", "X.RST", "x.txt"):
        assert [found.command for found in blocks(rst, name)] == ["a"]
    assert blocks(block("a"), "x.rst") == []
    assert blocks(f"~~~\n{block('a')}~~~\n", "x.md") == []
    assert len(blocks(f"```a``` b\n{block('a')}", "x.md")) == 1


def test_the_end_of_a_block_is_in_its_own_markup() -> None:
    """What has no end is told how to end."""
    with pytest.raises(InputError, match=r"x.rst:1:1: this block has no end; write \.\. /crashkernel-planner below"):
        blocks(".. crashkernel-planner a\n", "x.rst")
    with pytest.raises(InputError, match=r"x.md:1:1: this block has no end; write <!-- /crashkernel-planner --> below"):
        blocks(f"{BEGIN.format('a')}\n.. /crashkernel-planner\n", "x.md")


def test_an_output_cannot_end_its_block() -> None:
    """The mark in it would make text of the rest."""
    with pytest.raises(InputError, match=r"x.md:1:1: the output has the mark that ends a block"):
        updated(block("markdown"), "x.md", lambda _: Output(f"{END}\n", "markdown"))


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
        pytest.param(f"x\n\n{END}\n", "x.md:3:1: this mark ends no block; ", id="no begin"),
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
