"""The outcome of a request: its ranges, and whether the crash memory can be unmapped."""

from __future__ import annotations

from planner.base.ranges import Range
from planner.kernel import crashkernel as ck
from planner.kernel.crash_reserve import Placement
from planner.planning.context import Context, placed_in
from planner.planning.outcomes import Outcome
from planner.planning.result import OwnView, ReservationView

__all__ = ["outcome_of", "own_view", "protected", "reservation_view"]


def outcome_of(request: ck.Reading, placement: Placement, context: Context) -> Outcome:
    """`aligned`, `fallback`, `exact`, `failed` or `none`: what became of a request."""
    if not request.valid:
        return "none"
    if placement.crash is None:
        return "failed"
    if placement.area is not None:
        return "aligned"
    return "fallback" if context.proposal is not None and not request.base else "exact"


def reservation_view(
    request: ck.Reading, placement: Placement, context: Context, *, whole: bool, obstacle: str | None = None
) -> ReservationView:
    """The reservation as the report shows it.

    whole: the area consists of whole leaves of the linear map. obstacle: why the strategy is not available here.
    """
    outcome = outcome_of(request, placement, context)
    crash, area = placement.crash, placement.area
    tail = (Range(crash.end, area.end),) if crash and area and crash.end < area.end else ()
    return ReservationView(
        outcome=outcome,
        crash=crash,
        low=placement.low,
        cma=tuple(placement.cma),
        area=area,
        returned=tail,
        protected=crash is not None and protected(outcome, context, whole=whole),
        attempts=tuple(placement.attempts),
        log=(*request.log, *placement.log),
        available=obstacle is None,
        obstacle=obstacle,
    )


def own_view(mainline: Context, request: ck.Reading, placement: Placement) -> OwnView:
    """The outcome under the machine's own kernel. mainline: the context of its own behaviour."""
    done = reservation_view(request, placement, placed_in(mainline, request, placement), whole=False)
    known, map_known = mainline.kernel.certainty != "unknown", mainline.kernel.map_certainty != "unknown"
    return OwnView(mainline.profile.name, done.outcome, done.crash, done.low, done.protected, known, map_known)


def protected(outcome: str, context: Context, *, whole: bool) -> bool:
    """True if the memory has base pages, or leaves of its own, and somebody unmaps it."""
    strategy, mapped = context.strategy, context.effect != "none" or bool(context.forcing.reasons)
    if strategy.proposal:
        return whole if outcome == "aligned" else context.proposal is None and mapped
    if strategy.protects is not None:
        return strategy.protects and mapped
    return mapped and context.profile.protects
