"""Lines of a long log that are not needed, made empty: all without facts.

In the log of a machine that ran for days, or of a test, there are thousands of other messages, and of other programs.
"""

from __future__ import annotations

from planner.base.sizes import KIB
from planner.sources.log.others import shortened

__all__ = ["LONG", "TOLD", "without_unread"]

LONG = 64 * KIB
"""Characters of a text in which most lines may be without facts."""

TOLD = 40
"""Lines at its beginning, by which a log is recognised."""


def without_unread(text: str) -> str:
    """The text with runs of such lines made empty, but for a few of each; a short one as it is."""
    if len(text) < LONG or len(text) - text.count("\n") < LONG:
        return text
    return shortened(text, TOLD)
