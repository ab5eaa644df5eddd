"""The outcomes of a reservation, each with its meaning; the names are stable, for scripts."""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ["ALIGNED", "GOOD", "OUTCOMES", "RESERVED", "Outcome", "outcome_named"]

Outcome: TypeAlias = Literal["aligned", "fallback", "exact", "failed", "none"]

OUTCOMES: dict[Outcome, str] = {
    "aligned": "the aligned attempt succeeded: the crash memory starts an aligned area that holds nothing else",
    "fallback": "no aligned area was available: the ordinary reservation is used and stays mapped",
    "exact": "the ordinary reservation; no aligned attempt is made for this strategy or request",
    "failed": "the request is valid, but no range that the kernel searches can hold it",
    "none": "nothing valid is requested",
}

GOOD: tuple[Outcome, ...] = ("aligned", "exact")
"""Outcomes that satisfy the request."""

ALIGNED, RESERVED = ("aligned",), ("aligned", "exact", "fallback")
"""Outcomes that count as aligned, and as reserved."""


def outcome_named(name: object) -> Outcome:
    """The outcome with this name. Raises KeyError if there is none."""
    for outcome in OUTCOMES:
        if outcome == name:
            return outcome
    raise KeyError(name)
