"""Processors that change a linear map without conflict aborts (BBML2_NOABORT), by main ID register.

The kernel does not believe the ID register's BBM level: only processors on its own list count. Imports `errors`
only. Source: the list in arch/arm64/kernel/cpufeature.c @ 6.18, 7.2; part numbers in
arch/arm64/include/asm/cputype.h @ 6.12.
"""

from __future__ import annotations

from planner.errors import InputError
from planner.records import dataclass

__all__ = ["PROCESSORS", "Processor", "processor_named", "split_live"]


@dataclass(frozen=True, slots=True)
class Processor:
    """One model. implementer, part: fields of MIDR_EL1. since: least `(variant, revision)` that is on the list."""

    name: str
    implementer: int
    part: int
    since: tuple[int, int] = (0, 0)

    def covers(self, midr: int) -> bool:
        """Whether a main ID register is of this model and recent enough."""
        model = (midr >> 24 & 0xFF, midr >> 4 & 0xFFF)
        return model == (self.implementer, self.part) and (midr >> 20 & 0xF, midr & 0xF) >= self.since


_ARM, _NVIDIA, _AMPERE = 0x41, 0x4E, 0xC0

PROCESSORS: dict[str, Processor] = {
    p.name: p
    for p in (
        Processor("cortex-x4", _ARM, 0xD82, (0, 3)),
        Processor("neoverse-v3", _ARM, 0xD84, (0, 2)),
        Processor("neoverse-v3ae", _ARM, 0xD83, (0, 2)),
        Processor("olympus", _NVIDIA, 0x010),
        Processor("ampereone", _AMPERE, 0xAC3),
        Processor("ampereone-a", _AMPERE, 0xAC4),
    )
}
"""The kernel's list, by name."""


def processor_named(name: str) -> Processor | None:
    """A processor of the list; None for `other`, any that is not on it. Raises InputError for another name."""
    if name.lower() == "other":
        return None
    found = PROCESSORS.get(name.lower())
    if found is None:
        known = ", ".join(PROCESSORS)
        raise InputError("--cpu", f"{name!r} is not on the kernel's list", f"use one of {known}, or other")
    return found


def split_live(midrs: tuple[int, ...], name: str | None = None) -> bool:
    """Whether all processors are on the list: the one of a name, or else all that were seen (False for none)."""
    if name is not None:
        return processor_named(name) is not None
    return bool(midrs) and all(any(p.covers(midr) for p in PROCESSORS.values()) for midr in midrs)
