"""Names that the model knows, by kind of value, for completion."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from planner import sources
from planner.bbm.procedures import PROCEDURES
from planner.kernel.cputype import PARTS
from planner.kernel.profiles import PROFILES
from planner.kernel.vendors import NAMED
from planner.planning.presets import PRESETS
from planner.planning.strategies import STRATEGIES
from planner.sources.samples import samples

__all__ = ["NAMES"]

NAMES: dict[str, Callable[[], Iterable[str]]] = {
    "kernel version": lambda: dict.fromkeys([*(profile.name for profile in PROFILES), *NAMED]),
    "map format": lambda: sources.FORMATS,
    "preset": lambda: PRESETS,
    "procedure": lambda: PROCEDURES,
    "processor": lambda: [*PARTS, "other"],
    "source": lambda: ["live", *(f"sample:{sample.name}" for sample in samples())],
    "strategy": lambda: STRATEGIES,
}
"""The names of each kind of value, by the kind's own name."""
