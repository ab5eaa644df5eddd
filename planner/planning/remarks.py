"""Notes and assumptions, gathered while a plan is made."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Remarks"]


@dataclass(slots=True)
class Remarks:
    """notes: remarks for the user, in the order found. assumed: keys of facts that no source gave."""

    notes: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)

    def note(self, *notes: str) -> None:
        """Add notes."""
        self.notes += notes

    def assume(self, *keys: str) -> None:
        """Add keys of facts that no source gave."""
        self.assumed += keys

    def copy(self) -> Remarks:
        """An independent copy."""
        return Remarks(list(self.notes), list(self.assumed))
