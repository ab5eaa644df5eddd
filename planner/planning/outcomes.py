"""The outcomes of a reservation, each in a sentence; scripts know them by these names."""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ["GOOD", "OUTCOMES", "Outcome", "outcome_named"]

Outcome: TypeAlias = Literal["aligned", "fallback", "exact", "failed", "none"]

OUTCOMES: dict[Outcome, str] = {
    "aligned": "the aligned attempt succeeded: the crash memory starts an aligned area that holds nothing else",
    "fallback": "no aligned area was available: the ordinary reservation, which stays mapped",
    "exact": "the ordinary reservation; no aligned attempt is made for this strategy or request",
    "failed": "the request is valid, but no range that the kernel searches can hold it",
    "none": "nothing valid is requested",
}

GOOD: tuple[Outcome, ...] = ("aligned", "exact")
"""Outcomes that are what was asked for."""


def outcome_named(name: object) -> Outcome:
    """The outcome of a name in a document. Raises KeyError where there is none."""
    for outcome in OUTCOMES:
        if outcome == name:
            return outcome
    raise KeyError(name)
