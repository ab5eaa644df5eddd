"""The states of memory at the reservation, the ranges that were freed to get there, and the doubts about them."""

from __future__ import annotations

from dataclasses import dataclass

from planner.base.ranges import Span
from planner.kernel.memory_map import MemoryMap

__all__ = ["AFTERWARDS", "UNNAMED", "UNTOLD", "MapReading", "Rewound"]

AFTERWARDS = "allocated after the crash kernel"
"""The usual reason to put a range back, after its name."""

UNTOLD = "the listing does not tell all that came later"
"""The doubt about a listing to which no usual boot leads."""

UNNAMED = "the log does not name all that came later"
"""The doubt about a listing that the allocations of its boot's log do not explain."""


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


@dataclass(frozen=True, slots=True)
class MapReading:
    """One state of memory at the reservation, under an assumption."""

    assumption: str
    """The assumption, in words."""
    memory: MemoryMap
    """The map at the reservation."""
    rewound: tuple[Rewound, ...] = ()
    """What was freed to get there."""
    more: bool = False
    """True if it has more RAM than the source lists; then what is reserved has no names."""
    other_nomap: tuple[Span, ...] = ()
    """Regions whose NOMAP flag is the other way round than in the map that is planned."""
