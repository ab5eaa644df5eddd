"""A machine for the tests of planning: by default 8 GiB at 1 GiB and a 6.1 kernel with 4K pages."""

from __future__ import annotations

from typing import Any

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.context import Context, with_strategy
from planner.planning.options import Options
from planner.planning.plan import Question, ask, make_plan
from planner.planning.result import Plan
from planner.planning.strategies import STRATEGIES

__all__ = ["MEMORY", "context_of", "machine", "plan", "question"]

MEMORY = MemoryMap((Region(GIB, 9 * GIB),), (Reserved(GIB + 2 * MIB, GIB + 64 * MIB, "Kernel code"),))


def machine(memory: MemoryMap = MEMORY, *, kind: str = "json", **facts: Any) -> Machine:
    known: dict[str, Any] = {"kernel": "6.1", "page_size": 4 * KIB, "va_bits": 48, **facts}
    return Machine("machine", kind, memory, Facts(**known))


def question(
    value: str = "256M", memory: MemoryMap = MEMORY, facts: dict[str, Any] | None = None, **options: Any
) -> Question:
    """The question, before a strategy is chosen."""
    return ask(machine(memory, **(facts or {})), value, Options(**options))


def context_of(
    strategy: str, value: str = "256M", memory: MemoryMap = MEMORY, facts: dict[str, Any] | None = None, **options: Any
) -> Context:
    """The context of one strategy."""
    return with_strategy(question(value, memory, facts, **options).mainline, STRATEGIES[strategy])


def plan(value: str = "256M", memory: MemoryMap = MEMORY, facts: dict[str, Any] | None = None, **options: Any) -> Plan:
    return make_plan(machine(memory, **(facts or {})), value, Options(**options))
