"""Limits on inputs, common to all formats: reading any input takes at most 200 MiB of memory."""

from __future__ import annotations

from planner.base.errors import InputError, Location
from planner.base.sizes import KIB, MIB
from planner.kernel.memory_map import PHYSICAL_TOP

__all__ = [
    "JSON_LIMITS",
    "MAX_EVENTS",
    "MAX_INPUT",
    "MAX_LINE",
    "MAX_LINES",
    "MAX_MODULES",
    "MAX_QUOTED",
    "MAX_QUOTED_LINES",
    "MAX_ROWS",
    "MAX_SYMBOLS",
    "check_range",
    "may_be_quoted",
    "too_many_rows",
]

MAX_INPUT = 32 * MIB
"""Bytes of one text, both in the file and in memory. A boot log has about 1 MiB, a map of 100,000 ranges 4 MiB."""

MAX_LINE = 64 * KIB
"""Characters of a line, and of a command line joined from several; arm64's COMMAND_LINE_SIZE is 2048."""

MAX_LINES = 1 << 20
"""Lines of one text; the slowest reader takes a second for a fifth of them."""

MAX_QUOTED, MAX_QUOTED_LINES = 16 * MIB, 250_000
"""Characters and lines of a text that is treated as quoted: larger ones are files of a machine."""

MAX_ROWS = 1 << 17
"""Memory ranges and reserved ranges of one map: more than the 100,000 that are supported."""

JSON_LIMITS = (("{", "objects", MAX_ROWS), ("[", "lists", 2 * MAX_ROWS), (",", "values", 8 * MAX_ROWS))
"""Limits on the values of one JSON text, by the mark that each kind has: a row of a map has five, and its flags."""

MAX_EVENTS = 1 << 10
"""Early allocations in the log of one boot: as many as arm64 can have NUMA nodes."""

MAX_MODULES = 1 << 14
"""Modules of one kernel, loaded or in an initrd; all of Linux has about 6,000."""

MAX_SYMBOLS = 1 << 16
"""Symbols of one kernel configuration; all of Linux has about 20,000."""


def may_be_quoted(text: str) -> bool:
    """True for a text that is no larger than one that people quote."""
    # Only a text of more characters can have as many lines, and counting them takes time.
    few = len(text) <= MAX_QUOTED_LINES or text.count("\n") <= MAX_QUOTED_LINES
    return len(text) <= MAX_QUOTED and few


def check_range(start: int, end: int, name: str, line: int) -> None:
    """Refuse an empty range, and one beyond the physical address space. Raises InputError at its line."""
    if end <= start or end > PHYSICAL_TOP:
        what = "ends before it starts" if end <= start else "lies beyond 52 physical address bits"
        raise InputError(Location(name, line, 1), f"the range {what}", "check the line")


def too_many_rows(where: Location | str) -> InputError:
    """The error at the first row beyond `MAX_ROWS`, which is raised before the row is stored."""
    return InputError(where, f"has more than {MAX_ROWS} rows", "give the map of one machine")
