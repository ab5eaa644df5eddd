"""Verdicts on what a source records, as blocks."""

from __future__ import annotations

from planner.base.ranges import Range
from planner.render.blocks.model import Block, Bullets, Heading, Lead, Mood, Paragraph, Table
from planner.render.blocks.numbers import size
from planner.studies.check import Outcome
from planner.studies.verify import Verdict, Verification

__all__ = ["blocks"]

_MOODS: dict[Outcome, Mood] = {"agreed": "good", "disagreed": "bad", "not checkable": "warn"}


def blocks(result: Verification) -> list[Block]:
    """All verdicts, in the order of the sources; several are followed by a count."""
    if len(result.sources) == 1:
        return _one_verdict(result.sources[0])
    found: list[Block] = []
    for verdict in result.sources:
        found += [Heading(verdict.source), *_one_verdict(verdict)]
    n = result.counts
    counts = f"{n.agreed} agreed, {n.disagreed} disagreed, {n.not_checkable} not checkable"
    return [*found, Heading("All sources"), Paragraph(f"{len(result.sources)} sources: {counts}")]


def _one_verdict(verdict: Verdict) -> list[Block]:
    outcome = verdict.outcome
    why = next(check.why for check in verdict.checks if check.outcome == outcome)
    found: list[Block] = [Lead(outcome, why, _MOODS[outcome])]
    recorded, planned = verdict.recorded, verdict.planned
    if (recorded.crash or recorded.low) and verdict.profile is not None:
        parts = (("crash kernel", recorded.crash, planned.crash), ("low memory", recorded.low, planned.low))
        rows = [(name, _span(got), _span(wanted)) for name, got, wanted in parts if got or wanted]
        found.append(Table(f"Kernel {verdict.kernel or verdict.profile}", "lll", ("", "recorded", "planned"), rows))
    others = [f"{check.what}: {check.outcome}: {check.why}" for check in verdict.checks if check.why != why]
    return [*found, Bullets("Also", others), Bullets("Notes", verdict.notes)]


def _span(span: Range | None) -> str:
    return f"[{span.start:#x}, {span.end:#x}) ({size(span.size)})" if span is not None else "none"
