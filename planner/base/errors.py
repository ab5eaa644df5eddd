"""Errors of one line that a person can act on."""

from __future__ import annotations

from typing import NamedTuple

from planner.base.text import valid_utf8

__all__ = [
    "InputError",
    "KernelBugError",
    "Location",
    "PlannerError",
    "after_name",
    "first_of",
    "printable",
    "unreadable",
]


class PlannerError(Exception):
    """Base of all errors that this package raises on purpose."""


class Location(NamedTuple):
    """The place in an input where something is wrong.

    file: path as the user gave it, or `<stdin>`, `<crashkernel>`, `<cmdline>`, `<live>`.
    line, column: from 1; 0 is "not known". offset: byte offset of a binary input, or None.
    """

    file: str
    line: int = 0
    column: int = 0
    offset: int | None = None

    def __str__(self) -> str:
        if self.offset is not None:
            return f"{self.file}:+{self.offset:#x}"
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column or 1}"


class InputError(PlannerError):
    """An input that cannot be used: where, what is wrong, and what to do. Exit status 2."""

    def __init__(self, where: Location | str, what: str, remedy: str) -> None:
        super().__init__(where, what, remedy)
        self.where, self.what, self.remedy = where, what, remedy

    def __str__(self) -> str:
        return f"{printable(str(self.where))}: {printable(self.what)}; {printable(self.remedy)}"


def first_of(name: str, error: str, others: int, remedy: str) -> InputError:
    """The error of the first of several machines, where none of them can be used, as one error.

    name: of the machine; error: its error in one line; others: how many more there are; remedy: if the error has none.
    """
    rest = after_name(name, error)
    if rest is not None:
        place, _, error = rest.partition(": ")
        name += place
    what, mark, own = error.rpartition("; ")
    more = f", and none of {others} others can be used" if others > 1 else ", nor can the other be used" * others
    return InputError(name, f"{what if mark else own}{more}", own if mark else remedy)


def after_name(name: str, error: str) -> str | None:
    """The rest of an error's line after the name of its input: `: WHAT` or `:LINE:COLUMN: WHAT`.

    None if the line does not begin with that name.
    """
    shown = printable(name)
    return error[len(shown) :] if error.startswith(f"{shown}:") else None


def unreadable(name: str, error: Exception, remedy: str = "check the path and its permissions") -> InputError:
    """The error for a file that cannot be opened or read. error: the reason, an OSError or a ValueError."""
    reason = getattr(error, "strerror", None) or str(error)
    return InputError(name, f"cannot be read: {reason}", remedy)


class KernelBugError(PlannerError):
    """The modelled kernel would stop with a BUG on this input."""


def printable(text: str) -> str:
    r"""Text from an input, safe for a terminal: control characters and stray bytes shown as `\\x1b` and the like.

    Bidirectional overrides and other invisible format characters are escaped too; a tab becomes `\\t`.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in valid_utf8(text))
