"""The question of one record: what `make_plan` takes."""

from __future__ import annotations

from typing import NamedTuple

from planner.kernel.machine import Machine
from planner.planning.options import Options

__all__ = ["Ask"]


class Ask(NamedTuple):
    """A record's question: the arguments of `make_plan`."""

    machine: Machine
    crashkernel: str | None
    options: Options
