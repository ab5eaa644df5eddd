"""crashkernel-planner: where the crash kernel goes on an arm64 machine, and what that costs.

The public names; they are resolved on first use, so that importing the package takes no time.

>>> import planner
>>> planner.plan("sample:rpi4-4g", "512M").reservation.outcome
'aligned'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from planner._version import __version__

if TYPE_CHECKING:
    from planner import batch, bbm, render
    from planner.api import (
        Plan,
        PlanOptions,
        compare,
        default,
        defaults,
        diff,
        explain,
        fit,
        give_back,
        maps,
        need,
        parse,
        plan,
        recommend,
        survey,
        sweep,
        verify,
    )
    from planner.base.errors import InputError, KernelBugError, PlannerError
    from planner.base.ranges import Range
    from planner.kernel.machine import Facts, Machine
    from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
    from planner.planning.options import Options
    from planner.studies.compare import Comparison

__all__ = [
    "Comparison",
    "Facts",
    "Flag",
    "InputError",
    "KernelBugError",
    "Machine",
    "MemoryMap",
    "Options",
    "Plan",
    "PlanOptions",
    "PlannerError",
    "Range",
    "Region",
    "Reserved",
    "__version__",
    "batch",
    "bbm",
    "compare",
    "default",
    "defaults",
    "diff",
    "explain",
    "fit",
    "give_back",
    "maps",
    "need",
    "parse",
    "plan",
    "recommend",
    "render",
    "survey",
    "sweep",
    "verify",
]

_HOMES = {
    "Comparison": "studies.compare",
    "Facts": "kernel.machine",
    "Flag": "kernel.memory_map",
    "InputError": "base.errors",
    "KernelBugError": "base.errors",
    "Machine": "kernel.machine",
    "MemoryMap": "kernel.memory_map",
    "Options": "planning.options",
    "PlannerError": "base.errors",
    "Range": "base.ranges",
    "Region": "kernel.memory_map",
    "Reserved": "kernel.memory_map",
}
"""The modules of public names; names not listed here are in `api`."""
_PACKAGES = ("batch", "bbm", "render")
"""Modules that are public, with names of their own."""


if not TYPE_CHECKING:  # a checker sees a wrong name

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module 'planner' has no attribute {name!r}")

        module = import_module(f"planner.{name if name in _PACKAGES else _HOMES.get(name, 'api')}")
        value = module if name in _PACKAGES else getattr(module, name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
