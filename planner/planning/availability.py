"""Can a strategy be had on a kernel and its processors? What stands in its way, in words."""

from __future__ import annotations

from planner.planning.context import Context
from planner.planning.result import ProcessorsView
from planner.planning.strategies import Strategy

__all__ = ["obstacle_to"]


def obstacle_to(strategy: Strategy, context: Context, processors: ProcessorsView) -> str | None:
    """The reason why a strategy is not available here; None where nothing that is known stands in its way.

    The kernel's own behaviour is always available. context: under that or any other strategy.
    """
    if strategy.effect is None:
        return None
    if processors.may_run is False:
        return f"these processors cannot run it: {processors.why}"
    if strategy.bbm_level > 0 and not context.no_aborts:
        return "no processor here is known to split blocks live"
    if strategy.early and context.zones and context.profile.effect != "isolated":
        return "with DMA zones the limit is not known that early"
    return None
