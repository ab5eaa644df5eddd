"""A plan as blocks: the verdict first, then how it came about, the map, what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.render.blocks import bar, tables
from planner.render.blocks.model import Block, Bullets, Facts, Lead, Listing, Mood, Picture, Terms
from planner.render.formats.terminal import WIDTH
from planner.render.layout import lay_out

if TYPE_CHECKING:
    from planner.planning.result import Plan

__all__ = ["blocks", "mood", "render"]

_MOODS: dict[str, Mood] = {"aligned": "good", "exact": "good", "fallback": "warn", "failed": "bad", "none": "bad"}


def mood(outcome: str) -> Mood:
    """How an outcome is to be taken."""
    return _MOODS.get(outcome, "plain")


def blocks(plan: Plan, *, wide: bool = False) -> list[Block]:
    """Everything the plan says. wide: long lists in full, where a page has room for them."""
    outcome, _, rest = tables.verdict(plan).partition(": ")
    return [
        Lead(outcome, rest, mood(outcome)),
        Facts(tables.facts(plan)),
        tables.put_back(plan, wide=wide),
        tables.attempts(plan),
        tables.placement(plan),
        Picture("Memory, one bar per bank", lambda width, color: bar.draw(plan, width, color=color)),
        tables.granularity(plan),
        tables.waste(plan),
        tables.steps(plan) if plan.steps != () else Terms("How the map is changed", ("not at all",)),
        Listing("Kernel log", tables.log(plan)),
        Bullets("Other readings of this map", tables.other_readings(plan)),
        Bullets("Notes", tables.notes(plan)),
        Terms("Assumed, as no source says", tables.assumptions(plan)),
    ]


def render(plan: Plan, form: str = "text", *, color: bool = False, width: int = WIDTH) -> str:
    """The whole plan in a format; ends with a newline."""
    return lay_out(blocks(plan, wide=form != "text"), form, color=color, width=width)
