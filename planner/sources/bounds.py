"""Limits on inputs of every format, so that reading any of them takes at most 200 MiB of memory."""

from __future__ import annotations

from planner.base.errors import InputError, Location
from planner.base.sizes import KIB, MIB

__all__ = [
    "MAX_EVENTS",
    "MAX_INPUT",
    "MAX_LINE",
    "MAX_LINES",
    "MAX_ROWS",
    "MAX_SYMBOLS",
    "PHYSICAL_TOP",
    "check_range",
    "too_many_rows",
]

MAX_INPUT = 32 * MIB
"""Bytes of one text, in the file and in Python's memory; a boot log has about 1 MiB, 100,000 ranges about 4."""

MAX_LINE = 64 * KIB
"""Characters of a line, and of a command line however it is put together; arm64's has 2048."""

MAX_LINES = 1 << 20
"""Lines of one text: a second of work for the slowest reader takes a fifth of them."""

MAX_ROWS = 1 << 17
"""Ranges of memory and reserved ranges of one map: above the 100,000 that are promised to be read."""

MAX_EVENTS = 1 << 10
"""Early allocations that one boot's log names: as many as arm64 may have nodes."""

MAX_SYMBOLS = 1 << 16
"""Symbols of one kernel configuration; all of Linux has 20,000."""


PHYSICAL_TOP = 1 << 52
"""The end of the physical addresses of arm64: 52 bits."""


def check_range(start: int, end: int, name: str, line: int) -> None:
    """Refuse a range of physical memory that no machine has. Raises InputError at its line."""
    if end <= start or end > PHYSICAL_TOP:
        what = "ends before it starts" if end <= start else "lies beyond 52 physical address bits"
        raise InputError(Location(name, line, 1), f"the range {what}", "check the line")


def too_many_rows(where: Location | str) -> InputError:
    """The error of a reader at the first row beyond `MAX_ROWS`, before it spends memory on it."""
    return InputError(where, f"has more than {MAX_ROWS} rows", "give the map of one machine")
