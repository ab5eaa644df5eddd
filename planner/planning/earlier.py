"""Results of an earlier plan whose report is taken as a map, repeated if the new plan gives the same answer."""

from __future__ import annotations

from planner.kernel.machine import Answered, Facts
from planner.planning.outcomes import outcome_named
from planner.planning.result import Help, KernelView, OtherReading, Plan, ReservationView
from planner.planning.views import DISTINGUISHING
from planner.rewind.rewound import Rewound

__all__ = ["earlier_answer", "earlier_help", "repeated", "undone_before"]


def earlier_answer(facts: Facts, text: str, kernel: KernelView, view: ReservationView) -> Answered | None:
    """The earlier plan's results, if request, kernel and placement are the same now."""
    earlier = facts.answered
    if earlier is None or (earlier.text, earlier.outcome) != (text, view.outcome):
        return None
    modelled = tuple(getattr(kernel, name) for name in DISTINGUISHING)
    same = (earlier.kernel, earlier.crash, earlier.low) == (modelled, view.crash, view.low)
    return earlier if same else None


def repeated(earlier: Answered) -> tuple[OtherReading, ...]:
    """The other readings in the report."""
    return tuple(OtherReading(what, outcome_named(outcome), crash, low) for what, outcome, crash, low in earlier.others)


def earlier_help(facts: Facts, plan: Plan) -> tuple[Help, ...] | None:
    """The changes listed as helpful in the report, if the plan gives the same answer."""
    earlier = earlier_answer(facts, plan.request.text, plan.kernel, plan.reservation)
    if earlier is None or earlier.help is None:
        return None
    return tuple(
        Help(text, crashkernel, outcome_named(outcome), crash, lacks)
        for text, crashkernel, outcome, crash, lacks in earlier.help
    )


def undone_before(facts: Facts) -> tuple[Rewound, ...]:
    """Allocations that are already undone in the report's map."""
    return tuple(Rewound(*each) for each in facts.answered.rewound) if facts.answered is not None else ()
