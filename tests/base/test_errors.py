"""Errors: one line that says where, what is wrong and what to do; they can be pickled for a process pool."""

from __future__ import annotations

import pickle

import pytest

from planner.base.errors import InputError, KernelBugError, Location, PlannerError, after_name, first_of, printable


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        pytest.param(Location("a.log"), "a.log", id="a file"),
        pytest.param(Location("a.log", 3), "a.log:3:1", id="a line"),
        pytest.param(Location("a.log", 3, 7), "a.log:3:7", id="a column"),
        pytest.param(Location("a.dtb", offset=28), "a.dtb:+0x1c", id="an offset in a binary file"),
        pytest.param("--align", "--align", id="an option"),
    ],
)
def test_an_input_error_is_one_line(where: Location | str, shown: str) -> None:
    error = InputError(where, "it is wrong", "mend it")
    assert str(error) == f"{shown}: it is wrong; mend it"
    assert isinstance(error, PlannerError)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert str(again) == str(error)
    assert str(again.where) == str(where)


def test_an_error_never_reaches_into_a_terminal() -> None:
    """Control characters of an input are escaped."""
    assert str(InputError("a\x1b[2J", "b\n", "c\u202e")) == "a\\x1b[2J: b\\n; c\\u202e"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("tab\t", "tab\\t"),
        ("é", "é"),
        ("\x00", "\\x00"),
        ("\u200b", "\\u200b"),
        ("\udcff", "\\xff"),
    ],
    ids=["plain", "a tab", "a letter", "NUL", "a zero-width blank", "not UTF-8"],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_kernel_bug_is_no_input_error() -> None:
    """A machine that such a map describes stops on its own kernel: the fault is not in the form of the input."""
    assert not isinstance(KernelBugError("BUG"), InputError)


@pytest.mark.parametrize(
    ("error", "others", "line"),
    [
        pytest.param("a.json: is empty; give a map", 0, "a.json: is empty; give a map", id="the file's own error"),
        pytest.param("a.json:1:30: memory: is empty; see it", 0, "a.json:1:30: memory: is empty; see it", id="a place"),
        pytest.param("--va-bits: no; use 48", 0, "a.json: --va-bits: no; use 48", id="another place"),
        pytest.param("it stops", 0, "a.json: it stops; give another", id="no remedy"),
        pytest.param("a.json: no; mend it", 1, "a.json: no, nor can the other be used; mend it", id="two machines"),
        pytest.param("it stops", 9, "a.json: it stops, and none of 9 others can be used; give another", id="many"),
    ],
)
def test_the_first_error_of_many_is_said_once(error: str, others: int, line: str) -> None:
    assert str(first_of("a.json", error, others, "give another")) == line


@pytest.mark.parametrize(
    ("name", "error", "rest"),
    [
        pytest.param("a.json", "a.json: is empty", ": is empty", id="a file"),
        pytest.param("a.json", "a.json:1:30: is empty", ":1:30: is empty", id="a place in it"),
        pytest.param("a\tb", "a\\tb: is empty", ": is empty", id="a name that is shown escaped"),
        pytest.param("a", "a.json: is empty", None, id="a longer name"),
        pytest.param("a.json", "--va-bits: no", None, id="an option"),
    ],
)
def test_what_follows_the_name_in_an_error(name: str, error: str, rest: str | None) -> None:
    assert after_name(name, error) == rest
