"""A range that was freed to get back to the moment of the reservation."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AFTERWARDS", "Rewound"]

AFTERWARDS = "allocated after the crash kernel"
"""The usual reason to put a range back, after its name."""


@dataclass(frozen=True, slots=True)
class Rewound:
    """A reserved range that was freed because it was allocated after the crash kernel.

    reason: in words; mostly `NAME: allocated after the crash kernel`.
    """

    start: int
    """First byte."""
    end: int
    """First byte after the range."""
    reason: str
    """The reason why it is known to be later."""
