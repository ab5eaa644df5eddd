"""What a comparison of all strategies costs, beside one plan of the same machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import planner
from tests.benchmarks.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planner.kernel.machine import Machine

__all__ = ["ratios"]


def ratios(machines: dict[str, Machine], per_call: Callable[..., Sequence[float]], bound: float = 4) -> list[Figure]:
    """The ratio of each machine."""
    found = []
    for name, machine in machines.items():
        times = per_call(
            lambda: planner.plan(machine, "512M"),  # noqa: B023 - used at once
            lambda: planner.compare(machine, "512M"),  # noqa: B023
        )
        found.append(Figure(f"nine strategies / one plan, {name}", times[1] / times[0], bound))
    return found
