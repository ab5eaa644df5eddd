"""The library's one call: the same inputs as the command, a typed result."""

from __future__ import annotations

from typing import Any

from planner.machine import Machine
from planner.memory_map import MemoryMap
from planner.planning import Options, make_plan
from planner.result import Plan

__all__ = ["plan"]


def plan(source: Machine | MemoryMap | str, crashkernel: str | None = None, **options: Any) -> Plan:
    """Where the crash kernel of one machine goes, and what that costs.

    source: a `Machine`, a bare `MemoryMap`, or what `--map` takes: a path, `sample:NAME`, `live`.
    crashkernel: a value (`512M`), `crashkernel=` tokens or a kernel command line; None takes the source's own.
    options: the fields of `Options` by name, as the command's options are called.
    Raises InputError for what cannot be read or does not fit together, KernelBugError where the modelled kernel
    would stop at boot.
    """
    if isinstance(source, str):
        from planner.sources import read_source  # noqa: PLC0415 - a map in memory needs no reader

        source = read_source(source)
    elif isinstance(source, MemoryMap):
        source = Machine(source="<map>", kind="json", memory=source)
    return make_plan(source, crashkernel, Options(**options))
