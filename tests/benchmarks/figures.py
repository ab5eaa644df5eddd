"""What a benchmark finds: a number beside its bound."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import planner

__all__ = ["ROOT", "Figure"]

ROOT = str(Path(planner.__file__).parent.parent)


class Figure(NamedTuple):
    """One measured number and its bound."""

    what: str
    value: float
    bound: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        """Whether it is within the bound."""
        return self.value <= self.bound
