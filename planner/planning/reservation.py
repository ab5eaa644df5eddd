"""What became of a request: the outcome, the ranges, and whether the crash memory can be unmapped."""

from __future__ import annotations

from planner.base.ranges import Range
from planner.kernel import crashkernel as ck
from planner.kernel.crash_reserve import Placement
from planner.planning.context import Context
from planner.planning.outcomes import Outcome
from planner.planning.result import ReservationView

__all__ = ["outcome_of", "protected", "reservation_view"]


def outcome_of(request: ck.Reading, placement: Placement, context: Context) -> Outcome:
    """`aligned`, `fallback`, `exact`, `failed` or `none`: what became of a request."""
    if not request.valid:
        return "none"
    if placement.crash is None:
        return "failed"
    if placement.area is not None:
        return "aligned"
    return "fallback" if context.proposal is not None and not request.base else "exact"


def reservation_view(request: ck.Reading, placement: Placement, context: Context, *, whole: bool) -> ReservationView:
    """The reservation as the report shows it. whole: the area consists of whole leaves of the linear map."""
    log = (*request.log, *placement.log)
    attempts = tuple(placement.attempts)
    outcome = outcome_of(request, placement, context)
    crash, area = placement.crash, placement.area
    cma = tuple(placement.cma)
    if crash is None:
        return ReservationView(outcome, cma=cma, attempts=attempts, log=log)
    returned = (Range(crash.end, area.end),) if area is not None and crash.end < area.end else ()
    return ReservationView(
        outcome=outcome,
        crash=crash,
        low=placement.low,
        cma=cma,
        area=area,
        returned=returned,
        protected=protected(outcome, context, whole=whole),
        attempts=attempts,
        log=log,
    )


def protected(outcome: str, context: Context, *, whole: bool) -> bool:
    """Whether the memory has base pages, or leaves of its own, and somebody unmaps it."""
    strategy, mapped = context.strategy, context.effect != "none" or bool(context.forcing.reasons)
    if strategy.proposal:
        return whole if outcome == "aligned" else context.proposal is None and mapped
    if strategy.protects is not None:
        return strategy.protects and mapped
    return mapped and context.profile.protects
