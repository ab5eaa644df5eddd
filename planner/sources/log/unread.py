"""Lines of a long log that are not needed, made empty: all without facts.

In the log of a machine that ran for days, or of a test, there are thousands of other messages, and of other programs.
"""

from __future__ import annotations

from planner.sources.log.others import is_long, shortened

__all__ = ["TOLD", "without_unread"]

TOLD = 40
"""Lines at its beginning, by which a log is recognised."""


def without_unread(text: str) -> str:
    """The text with runs of such lines made empty, but for a few of each; a short one as it is."""
    return shortened(text, TOLD) if is_long(text) else text
