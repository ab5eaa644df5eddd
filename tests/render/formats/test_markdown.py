"""Markdown that a parser reads as what was meant, whatever the input holds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from planner.base.errors import printable
from planner.render.blocks.model import Block, Bullets, Facts, Paragraph
from planner.render.formats import markdown
from planner.render.layout import lay_out
from tests.plans import PLANS, plan_of, render, tables_of

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def cells(source: str) -> list[list[str]]:
    """The text of every table cell, row by row, as a reader sees it."""
    rows: list[list[str]] = []
    for before, token in pairwise(PARSER.parse(source)):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and before.type in {"td_open", "th_open"}:
            rows[-1].append(shown(token))
    return rows


def shown(token: Token) -> str:
    """Plain text of an inline token; any markup in it is a failure."""
    children = token.children or []
    assert {child.type for child in children} <= {"text", "text_special"}, [child.type for child in children]
    return "".join(child.content for child in children)


@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_cell_reads_as_the_plan_says(name: str) -> None:
    """A parser finds exactly our rows, without any markup in them."""
    plan = plan_of(name)
    wanted: list[list[str]] = []
    for table in tables_of(plan):
        if table.rows:
            wanted += [list(table.head), *[list(row) for row in table.rows]]
    assert cells(render(plan, "markdown")) == wanted


@pytest.mark.parametrize("name", sorted(PLANS))
def test_nothing_from_the_input_becomes_markup(name: str) -> None:
    """No HTML, links, images or emphasis beyond our own; code only where the kernel speaks."""
    tokens = PARSER.parse(render(plan_of(name), "markdown"))
    blocks = {token.type for token in tokens}
    assert not blocks & {"html_block", "code_block", "blockquote_open", "ordered_list_open"}
    inline = [child.type for token in tokens for child in token.children or []]
    assert set(inline) <= {"text", "text_special", "strong_open", "strong_close"}
    assert inline.count("strong_open") == 1


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
@example("# heading")
@example("1. item")
@example("1) item")
@example("- item")
@example("+ item")
@example("--- ")
@example("=== ")
@example("<b>&amp;</b>")
@example("a|b\\|c\\")
@example("[x](http://example.org) ![y](z)")
@example("    code")
@example("~~~")
def test_escaped_text_stands_for_itself(raw: str) -> None:
    """Alone in a paragraph and in a table cell, it reads as printable text."""
    want = " ".join(printable(raw).split())
    if not want:
        return
    escaped = markdown.escape(raw)
    paragraph = [token for token in PARSER.parse(escaped) if token.type == "inline"]
    assert [shown(token) for token in paragraph] == [want]
    assert cells(f"| h |\n| :--- |\n| {escaped} |") == [["h"], [want]]


@given(
    st.lists(
        st.sampled_from([*"-+=:|", "---", "===", ":-:", "1.", "23)", "+4K", "-512M", "a" * 76]), min_size=1, max_size=40
    )
)
def test_a_text_is_one_line(words: list[str]) -> None:
    """A comment on GitHub shows every line break; a paragraph and an item of a list have none, however long."""
    text = " ".join(words)
    source = lay_out([Paragraph(text), Bullets("", [text])], "markdown")
    inline = [token.children or [] for token in PARSER.parse(source) if token.type == "inline"]
    told = [["" if child.type == "softbreak" else child.content for child in children] for children in inline]
    assert ["".join(parts) for parts in told] == [text, text]
    assert len(source.splitlines()) == 3


def test_lists_do_not_run_together() -> None:
    """Facts after another list are a list of their own, not more items below its title."""
    parts: list[Block] = [Facts([("a", "b")]), Bullets("Help", ["c", "d"]), Facts([("e", "f")]), Facts([("g", "h")])]
    tokens = [token.type for token in PARSER.parse(lay_out(parts, "markdown"))]
    assert (tokens.count("bullet_list_open"), tokens.count("list_item_open"), tokens.count("hr")) == (4, 5, 2)


def test_a_fence_is_longer_than_any_run_of_backticks_in_it() -> None:
    """A log line cannot end its block; the first is the memory bar."""
    plan = plan_of("hostile")
    rendered, log = render(plan, "markdown"), plan.reservation.log
    fences = [token for token in PARSER.parse(rendered) if token.type == "fence"]
    assert [fence.content.splitlines() for fence in fences][1:] == ([list(log)] if log else [])
