"""The document of `parse`: a `crashkernel=` value as the kernel reads it."""

from __future__ import annotations

from dataclasses import dataclass

from planner.kernel.crashkernel import Reading
from planner.kernel.profile import Certainty
from planner.kernel.profiles import Selection

__all__ = ["Parsed", "parsed"]


@dataclass(frozen=True, slots=True)
class Parsed:
    """The reading of one value by one kernel. Integers are bytes."""

    text: str
    """The value as given."""
    ram: int
    """RAM of the machine."""
    profile: str
    """Name of the kernel profile."""
    certainty: Certainty
    """Certainty of the profile for this kernel."""
    valid: bool
    """True if the kernel goes on to reserve memory."""
    size: int
    """Size as parsed, before any rounding."""
    offset: int | None
    """Fixed start address, if one is given."""
    high: bool
    """True for a `,high` request."""
    low_size: int
    """Size of the low part; 0 if the request has none."""
    cma_size: int
    """Size requested with `,cma`; 0 if none is."""
    steps: tuple[str, ...]
    """The parser's steps, in order."""
    log: tuple[str, ...]
    """The kernel's log lines."""
    notes: tuple[str, ...]
    """Remarks for the user, one sentence each."""


def parsed(value: str, ram: int, selection: Selection, result: Reading) -> Parsed:
    """The document of a reading. selection: the kernel that reads."""
    return Parsed(
        text=value,
        ram=ram,
        profile=selection.profile.name,
        certainty=selection.certainty,
        valid=result.valid,
        size=result.size,
        offset=result.base or None,
        high=result.high,
        low_size=result.low,
        cma_size=result.cma,
        steps=result.steps,
        log=result.log,
        notes=(*([selection.note] if selection.note else []), *result.notes),
    )
