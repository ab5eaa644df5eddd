"""The document of `parse`: a `crashkernel=` value as the kernel reads it."""

from __future__ import annotations

from dataclasses import dataclass

from planner.kernel.crashkernel import Reading
from planner.kernel.profile import Certainty
from planner.kernel.profiles import Selection

__all__ = ["Parsed", "parsed"]


@dataclass(frozen=True, slots=True)
class Parsed:
    """The reading of one value by one kernel; sizes are bytes, before any rounding.

    text: the value as given. ram: of the machine. profile: name of the kernel profile; certainty: of that profile.
    doubt: what of the kernel is not known, if the reading depends on it; "" for nothing.
    valid: whether the kernel goes on to reserve memory. offset: fixed start address, if any. low_size, cma_size: 0 if
    the request has none. steps: the parser's. log: the kernel's lines.
    """

    text: str
    ram: int
    profile: str
    certainty: Certainty
    valid: bool
    size: int
    offset: int | None
    high: bool
    low_size: int
    cma_size: int
    steps: tuple[str, ...]
    log: tuple[str, ...]
    notes: tuple[str, ...]
    doubt: str


def parsed(value: str, ram: int, selection: Selection, result: Reading, unsure: str = "") -> Parsed:
    """The document of a reading. selection: the kernel that reads. unsure: the beginning of the answer in words."""
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
        doubt=unsure.rstrip(":, "),
    )
