"""The library's calls: the same inputs as the commands, typed results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from planner.errors import InputError
from planner.machine import Machine
from planner.memory_map import MemoryMap
from planner.planning import Options, make_plan
from planner.result import Plan
from planner.sizes import memparse

if TYPE_CHECKING:
    from planner.comparing import Comparison

__all__ = ["compare", "plan"]


def plan(source: Machine | MemoryMap | str, crashkernel: str | None = None, **options: Any) -> Plan:
    """Where the crash kernel of one machine goes, and what that costs.

    source: a `Machine`, a bare `MemoryMap`, or what `--map` takes: a path, `sample:NAME`, `live`.
    crashkernel: a value (`512M`), `crashkernel=` tokens or a kernel command line; None takes the source's own.
    options: the fields of `Options` by name, as the command's options are called.
    Raises InputError for what cannot be read or does not fit together, KernelBugError where the modelled kernel
    would stop at boot.
    """
    return make_plan(_machine(source), crashkernel, Options(**options))


def compare(
    source: Machine | MemoryMap | str,
    crashkernel: str | None = None,
    *,
    sizes: Sequence[int | str] = (),
    aim: str = "protected",
    **options: Any,
) -> Comparison:
    """Every strategy on one machine, and which serves an aim best.

    sizes: bytes, or texts as the kernel reads them (`512M`), each in place of the size of CRASHKERNEL. aim:
    `protected`, `fast` or `small`. The other parameters and the errors are those of `plan`.
    """
    from planner.comparing import make_comparison  # noqa: PLC0415 - a plan alone does without

    numbers = [size if isinstance(size, int) else _bytes(size) for size in sizes]
    return make_comparison(_machine(source), crashkernel, Options(**options), sizes=numbers, aim=aim)


def _bytes(text: str) -> int:
    size, end = memparse(text)
    if end != len(text) or not size:
        raise InputError("sizes", f"{text!r} is no size", "give one such as 512M")
    return size


def _machine(source: Machine | MemoryMap | str) -> Machine:
    if isinstance(source, str):
        from planner.sources import read_source  # noqa: PLC0415 - a map in memory needs no reader

        return read_source(source)
    if isinstance(source, MemoryMap):
        return Machine(source="<map>", kind="json", memory=source)
    return source
