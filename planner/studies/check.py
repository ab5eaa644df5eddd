"""One comparison of a machine's record with its plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Check", "Outcome"]

Outcome: TypeAlias = Literal["agreed", "disagreed", "not checkable"]


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison. what: `placement`, `size` or `granularity`. why: the reason for its outcome, in one sentence."""

    what: str
    outcome: Outcome
    why: str
