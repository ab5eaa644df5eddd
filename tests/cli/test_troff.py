"""Markup of manual pages: what troff would read as its own is escaped, and lists and examples keep their form."""

from __future__ import annotations

import pytest

from planner.cli.troff import escaped, line, paragraphs, quoted, terms


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("--map", r"\-\-map", id="a hyphen of an option is a minus"),
        pytest.param("a\\b", r"a\eb", id="a backslash is itself"),
        pytest.param("~/x^`", r"\(ti/x\(ha\(ga", id="what some fonts turn into accents"),
    ],
)
def test_escaped(text: str, shown: str) -> None:
    assert escaped(text) == shown


@pytest.mark.parametrize("text", [".config is read", "'quoted'"])
def test_a_line_that_begins_like_a_request_is_text(text: str) -> None:
    assert line(text) == rf"\&{escaped(text)}"


def test_an_argument_is_one_even_with_quotes() -> None:
    assert quoted('a "b"') == r'"a \(dqb\(dq"'


def test_paragraphs_are_filled_and_examples_are_not() -> None:
    """A line with a backspace keeps the line breaks of what follows, as it does in click's help."""
    text = "One\ntwo.\n\n\b\nExample:\n  run this\n"
    assert paragraphs(text) == ["One", "two.", ".PP", ".nf", "Example:", "  run this", ".fi"]


def test_terms_stand_in_bold_above_their_text() -> None:
    assert list(terms([("-o FILE", "Where to.")])) == [".TP", r"\fB\-o FILE\fR", "Where to."]
