"""How much a map may hold, whatever it is written in."""

from __future__ import annotations

from planner.base.errors import InputError, Location

__all__ = ["MAX_ROWS", "too_many_rows"]

MAX_ROWS = 1 << 20
"""Ranges of memory and reserved ranges of one map: above the million that is promised to be read."""


def too_many_rows(where: Location | str) -> InputError:
    """What a reader raises at the first row too many, before it spends memory on it."""
    return InputError(where, f"has more than {MAX_ROWS} rows", "give the map of one machine")
