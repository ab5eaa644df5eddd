"""The kernel command line, split as in lib/cmdline.c and kernel/params.c."""

from __future__ import annotations

import pytest

from planner.kernel.cmdline import has_word, truth, values, words


@pytest.mark.parametrize(
    ("cmdline", "split"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("a  b\tc\n", ["a", "b", "c"], id="any blank ends a word"),
        pytest.param('dyndbg="file a +p" b', ["dyndbg=file a +p", "b"], id="quotes keep blanks"),
        pytest.param("a -- mem=1G", ["a"], id="words after -- are for init"),
        pytest.param('a "--" b', ["a"], id="quoted or not"),
    ],
)
def test_words(cmdline: str, split: list[str]) -> None:
    assert words(cmdline) == split


@pytest.mark.parametrize(
    ("cmdline", "found"),
    [
        pytest.param("mem=1G mem=2G", ("1G", "2G"), id="every value, in order"),
        pytest.param("memx=1G xmem=2G", (), id="the whole name"),
        pytest.param("mem", (), id="a bare word has no value"),
        pytest.param("mem=", ("",), id="an empty value"),
        pytest.param("mem=a=b", ("a=b",), id="the first = parts name and value"),
    ],
)
def test_values(cmdline: str, found: tuple[str, ...]) -> None:
    assert values(cmdline, "mem") == found


def test_a_dash_is_an_underscore() -> None:
    """The kernel's parameq() treats both the same."""
    assert values("debug-pagealloc=on debug_pagealloc=off", "debug_pagealloc") == ("on", "off")
    assert has_word("movable-node", "movable_node")


def test_a_word_is_there_with_a_value_or_without() -> None:
    assert has_word("crashkernel", "crashkernel")
    assert has_word("crashkernel=1G", "crashkernel")
    assert not has_word("xcrashkernel=1G", "crashkernel")
    assert not has_word("movable_node", "movable")


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        pytest.param("on", True, id="on"),
        pytest.param("OFF", False, id="off, whatever its case"),
        pytest.param("yes", True, id="the first letter counts"),
        pytest.param("0x1", False, id="or digit"),
        pytest.param("o", None, id="o alone"),
        pytest.param("2", None, id="no switch"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_truth(value: str, *, meaning: bool | None) -> None:
    assert truth(value) is meaning
