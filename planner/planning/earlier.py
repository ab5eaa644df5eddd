"""Results of an earlier plan whose report is taken as a map, repeated if the new plan gives the same answer."""

from __future__ import annotations

from contextlib import suppress

from planner.base.errors import InputError
from planner.base.sizes import format_size
from planner.kernel.cma import cma_align
from planner.kernel.machine import Answered, Facts, Machine
from planner.kernel.profiles import Profile, select_profile
from planner.planning.early_memory import FIRST_UNKNOWN
from planner.planning.outcomes import outcome_named
from planner.planning.result import Help, KernelView, OtherReading, Plan, ReservationView
from planner.planning.views import DISTINGUISHING
from planner.rewind.rewound import Rewound

__all__ = ["earlier_answer", "earlier_help", "other_maps", "placed_otherwise", "repeated", "undone_before"]


def earlier_answer(facts: Facts, text: str, kernel: KernelView, view: ReservationView) -> Answered | None:
    """The earlier plan's results, if request, kernel and placement are the same now."""
    earlier = facts.answered
    if earlier is None or (earlier.text, earlier.outcome) != (text, view.outcome):
        return None
    modelled = {name: getattr(kernel, name) for name in DISTINGUISHING}
    same = (earlier.kernel, earlier.crash, earlier.low) == (modelled, view.crash, view.low)
    return earlier if same else None


def repeated(earlier: Answered) -> tuple[OtherReading, ...]:
    """The other readings in the report."""
    return tuple(
        OtherReading(each.assumption, outcome_named(each.outcome), each.crash, each.low) for each in earlier.others
    )


def earlier_help(facts: Facts, plan: Plan) -> tuple[Help, ...] | None:
    """The changes listed as helpful in the report, if the plan gives the same answer."""
    earlier = earlier_answer(facts, plan.request.text, plan.kernel, plan.reservation)
    if earlier is None or earlier.help is None:
        return None
    return tuple(
        Help(each.text, each.crashkernel, outcome_named(each.outcome), each.crash, each.lacks) for each in earlier.help
    )


def other_maps(facts: Facts, doubt: str = "") -> str:
    """The doubt about a report's map under another question, if it allowed other readings; "" for none, or if told.

    The report has their answers to its own question, and not the maps. doubt: what is in doubt already.
    """
    several = facts.answered is not None and bool(facts.answered.others)
    return "the report's map allows another reading" if several and "allows another reading" not in doubt else ""


def undone_before(facts: Facts) -> tuple[Rewound, ...]:
    """Allocations that are already undone in the report's map."""
    return tuple(Rewound(*each) for each in facts.answered.rewound) if facts.answered is not None else ()


def placed_otherwise(machine: Machine, profile: Profile, page_size: int) -> str:
    """The doubt about a device tree's reservations in a report, whose kernel may place them elsewhere; "" for none.

    The report has the places, and not the tree that decides about them: CMA pools depend on the page size.
    """
    earlier = machine.facts.answered
    if earlier is None or FIRST_UNKNOWN not in machine.doubt or not machine.memory.reserved:
        return ""
    name, pages = earlier.kernel["profile"], earlier.kernel["page_size"]
    if not isinstance(name, str) or not isinstance(pages, int):
        return ""
    with suppress(InputError):  # a name that another version of this program knows
        if _rules(select_profile(name).profile, pages) == _rules(profile, page_size):
            return ""
    return f"reserved memory is as {name} with {format_size(pages)} pages places it"


def _rules(profile: Profile, page_size: int) -> tuple[object, ...]:
    """What a kernel's reservations from a device tree depend on."""
    nodes = profile.reserved_nodes, profile.reserved_reg, profile.removes_nomap
    return cma_align(profile, page_size), nodes, profile.keeps_pools
