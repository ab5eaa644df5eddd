"""Results of an earlier plan whose report is taken as a map, repeated if the new plan gives the same answer."""

from __future__ import annotations

from planner.kernel.machine import Answered, Facts
from planner.planning.outcomes import outcome_named
from planner.planning.result import Help, KernelView, OtherReading, Plan, ReservationView
from planner.planning.views import DISTINGUISHING
from planner.rewind.rewound import Rewound

__all__ = ["former_answer", "former_help", "repeated", "undone_before"]


def former_answer(facts: Facts, text: str, kernel: KernelView, view: ReservationView) -> Answered | None:
    """The earlier plan's results, if request, kernel and placement are the same now."""
    former = facts.answered
    if former is None or (former.text, former.outcome) != (text, view.outcome):
        return None
    modelled = tuple(getattr(kernel, name) for name in DISTINGUISHING)
    same = (former.kernel, former.crash, former.low) == (modelled, view.crash, view.low)
    return former if same else None


def repeated(former: Answered) -> tuple[OtherReading, ...]:
    """The other readings in the report."""
    return tuple(OtherReading(what, outcome_named(outcome), crash, low) for what, outcome, crash, low in former.others)


def former_help(facts: Facts, plan: Plan) -> tuple[Help, ...] | None:
    """The changes listed as helpful in the report, if the plan gives the same answer."""
    former = former_answer(facts, plan.request.text, plan.kernel, plan.reservation)
    if former is None or former.help is None:
        return None
    return tuple(
        Help(text, crashkernel, outcome_named(outcome), crash, lacks)
        for text, crashkernel, outcome, crash, lacks in former.help
    )


def undone_before(facts: Facts) -> tuple[Rewound, ...]:
    """Allocations that are already undone in the report's map."""
    return tuple(Rewound(*each) for each in facts.answered.rewound) if facts.answered is not None else ()
