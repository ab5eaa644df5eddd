"""Availability of a strategy: the processors that support it, and other obstacles."""

from __future__ import annotations

from functools import lru_cache

from planner.kernel.cputype import ALLOWED, AllowedPart, Processor, allowed_row, older_than_bbm, show
from planner.planning.context import Context
from planner.planning.result import ProcessorsView
from planner.planning.strategies import Strategy

__all__ = ["obstacle_to", "processors"]

_NO_LEVEL, _NOABORT = -1, 3  # of Strategy.bbm_level


@lru_cache(maxsize=64)
def processors(
    strategy: Strategy, cpus: tuple[Processor, ...], allowed: tuple[AllowedPart, ...] = ALLOWED
) -> ProcessorsView:
    """CPUs a strategy supports, and whether `cpus` (empty: unknown) qualify. allowed: the kernel's list."""
    cpus = tuple(dict.fromkeys(cpus))
    level = strategy.bbm_level
    if level == _NO_LEVEL:
        return ProcessorsView("any processor", True, "no live entry is modified", cpus, ())
    if level < _NOABORT:
        needs = f"FEAT_BBM level {level}, and a handler for conflict aborts if the processor raises them"
    else:
        needs = f"FEAT_BBM level {_NOABORT - 1} without conflict aborts"
    if not cpus:
        return ProcessorsView(needs, None, "the processor is not known from any source", cpus, allowed)
    rows = [allowed_row(cpu, allowed) for cpu in cpus]
    missing = [cpu for cpu, row in zip(cpus, rows, strict=True) if row is None]
    if missing:
        names = ", ".join(show(cpu) for cpu in missing)
        without = [cpu for cpu in missing if older_than_bbm(cpu)]
        if without:
            names = ", ".join(show(cpu) for cpu in without)
            return ProcessorsView(needs, False, f"{names}: older than FEAT_BBM", cpus, allowed)
        if level < _NOABORT:
            why = f"{names}: not on the kernel's list, which does not cover level {level} with aborts"
            return ProcessorsView(needs, None, why, cpus, allowed)
        return ProcessorsView(needs, False, f"{names}: not on the kernel's list", cpus, allowed)
    names = ", ".join(
        f"{show(cpu)} from r{row.least_variant}p{row.least_revision} on"
        if row and row.least_revision is not None and cpu.midr is None
        else show(cpu)
        for cpu, row in zip(cpus, rows, strict=True)
    )
    return ProcessorsView(needs, True, f"{names}: on the kernel's list", cpus, allowed)


def obstacle_to(strategy: Strategy, context: Context, processors: ProcessorsView) -> str | None:
    """The reason why a strategy is not available here; None if no obstacle is known.

    The kernel's own behaviour is always available. context: under any strategy.
    """
    if strategy.effect is None:
        return None
    if processors.may_run is False:
        return f"these processors cannot run it: {processors.why}"
    if strategy.bbm_level > 0 and not context.no_aborts:
        return "no processor here is known to split live blocks"
    if strategy.early and context.zones and context.profile.effect != "isolated":
        return "with DMA zones the DMA limit is not known that early"
    return None
