"""A plan as blocks: an answer that stands alone, then the map, the cost, and the search."""

from __future__ import annotations

from planner.planning.outcomes import GOOD
from planner.planning.result import Plan
from planner.render.blocks import bar, sentences, tables
from planner.render.blocks.model import Block, Bullets, Facts, Lead, Listing, Mood, Picture, Terms

__all__ = ["blocks", "mood", "short"]

_MOODS: dict[str, Mood] = {"aligned": "good", "exact": "good", "fallback": "warn", "failed": "bad", "none": "bad"}


def mood(outcome: str) -> Mood:
    """The mood of an outcome."""
    return _MOODS.get(outcome, "plain")


def short(plan: Plan) -> list[Block]:
    """The answer alone: the verdict, the place, the cost, and the first thing that would help, where help is needed."""
    word, text = sentences.answer(plan)
    advice = sentences.changes(plan.help or ())[:1] or _helpless(plan)
    return [Lead(word, text, mood(word)), Facts([*sentences.summary(plan), *[("To do", each) for each in advice]])]


def _helpless(plan: Plan) -> list[str]:
    """The advice where no change helps; nothing where none was tried or none is needed."""
    if plan.help is None or plan.reservation.outcome in GOOD:
        return []
    if plan.request.unheard is not None:
        return ["boot a kernel that supports crash kernels: arm64 from 4.12 on, built with kexec and crash dumps"]
    if plan.reservation.outcome == "none":
        return ["see `parse` for how the kernel reads the request"]
    return ["no change tried here helps; `explain` shows what is in the way"]


def blocks(plan: Plan, *, wide: bool = False) -> list[Block]:
    """The whole plan, the most interesting part first. wide: long lists in full, for pages and documents."""
    costs: list[Block] = [tables.waste(plan), tables.page_tables(plan), tables.granularity(plan)]
    searched: list[Block] = [tables.attempts(plan), Listing("Kernel log", plan.reservation.log)]
    steps = tables.steps(plan) if plan.steps != () else Terms("How the map is changed", ("not at all",))
    return [
        *short(plan),
        Bullets("What else would help", sentences.changes(plan.help or ())[1:]),
        Bullets("Other readings", sentences.other_readings(plan)),
        Facts(sentences.facts(plan)),
        Picture("Memory, one bar per bank", lambda width, color: bar.draw(plan, width, color=color)),
        tables.placement(plan),
        *([*costs, steps, *searched] if plan.reservation.crash is not None else [*searched, *costs, steps]),
        tables.undone(plan, wide=wide),
        *sentences.closing(sentences.further_notes(plan), plan.kernel),
    ]
